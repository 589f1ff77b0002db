//! Files of the data directory that only their owner may read, written whole or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Makes the directory, for its owner only, where it is not there.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Makes the directory, for its owner only, and holds it until the answer is dropped: of two servers that start in it
/// for the first time, one makes the secrets and the other finds them.
pub(crate) fn hold(dir: &Path) -> io::Result<File> {
    make_dir(dir)?;
    let lock = open_lock(&dir.join(".lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Opens a file that is there to be locked, and makes it, for its owner only, where there is none.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether this file, once opened there, still stands at this path.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let id = |metadata: io::Result<fs::Metadata>| metadata.map(|it| (it.dev(), it.ino())).ok();
        id(file.metadata()).is_some_and(|opened| id(fs::metadata(path)) == Some(opened))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Takes these rights away from a file or directory, and says so.
#[cfg(unix)]
pub(crate) fn tighten(path: &Path, rights: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    let mode = permissions.mode();
    if mode & rights != 0 {
        permissions.set_mode(mode & !rights);
        fs::set_permissions(path, permissions).map_err(|error| {
            let what = format!("other users may use it, and this user can't take that right away: {error}");
            io::Error::new(error.kind(), what)
        })?;
        tracing::warn!(path = %path.display(), "other users could use this; that right was taken away");
    }
    Ok(())
}

/// Reads a secret; none where there is no such file. One that others can read is refused, for it is none any more.
pub(crate) fn read_secret(path: &Path) -> io::Result<Option<Zeroizing<String>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "other users may read or write this secret; take that right away (chmod 600), or remove the file to have a new one made",
        ));
    }
    let mut text = Zeroizing::new(String::new());
    io::Read::read_to_string(&mut file, &mut text)?;
    Ok(Some(text))
}

/// Reads what is no secret; none where there is no such file.
pub(crate) fn read_public(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a secret, mode 0600.
pub(crate) fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    write(path, text, 0o600)
}

/// Writes what everyone may read, mode 0644.
pub(crate) fn write_public(path: &Path, text: &str) -> io::Result<()> {
    write(path, text, 0o644)
}

/// On the disk under another name first, so that nobody finds half of it, not even after a power failure.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut file = NamedTempFile::new_in(dir)?;
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    #[cfg(not(unix))]
    let _ = mode;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read_secret(&dir.path().join("x")).unwrap().is_none());
        assert!(read_public(&dir.path().join("x")).unwrap().is_none());
    }

    #[test]
    fn writing_again_replaces_the_whole_and_leaves_nothing_else_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_secret(&path, "a long text").unwrap();
        write_secret(&path, "short").unwrap();
        assert_eq!(read_secret(&path).unwrap().unwrap().as_str(), "short");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_for_its_owner_and_one_that_is_not_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_secret(&path, "secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read_secret(&path).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn a_directory_is_held_by_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a").join("b");
        let held = hold(&inner).unwrap();
        let other = OpenOptions::new().append(true).open(inner.join(".lock")).unwrap();
        assert!(other.try_lock().is_err());
        drop(held);
        assert!(other.try_lock().is_ok());
    }
}
