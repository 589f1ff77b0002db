//! Files that hold secrets: read with a bound and a look at who else may, written so that nobody else can.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write as _},
    path::Path,
};

use super::AccessError;

/// More than any token or config has; a wrong path may be a whole film.
const FILE_MAX: u64 = 1 << 20;

/// What a token file holds.
pub(crate) fn secret_of(path: &Path, warnings: &mut Vec<String>) -> Result<String, AccessError> {
    let failed = |source| AccessError::TokenFile { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if is_open_to_others(&file) {
        warnings.push(format!("others may read the token file {0}; chmod 600 {0} keeps it to you", path.display()));
    }
    warnings.extend(writers(&file).map(|who| format!("{who} may change the token file {}", path.display())));
    let text = read(file).map_err(failed)?;
    String::from_utf8(text).map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))
}

/// All of a source, unless that is more than a token or a config can be.
pub(super) fn read(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is larger than {FILE_MAX} bytes")));
    }
    Ok(bytes)
}

/// Writes a secret into a file that nobody else can read; without `force` there must be none yet.
///
/// An old file is replaced, not written over: it may be open to others, and whoever reads it at this moment gets one
/// token or the other, never a half.
pub(crate) fn write(path: &Path, secret: &str, force: bool) -> io::Result<()> {
    if !force {
        let file = private(path)?;
        return fill(file, secret);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = private(&beside).and_then(|file| fill(file, secret)).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // It may not even have been made.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn fill(mut file: File, secret: &str) -> io::Result<()> {
    file.write_all(format!("{secret}\n").as_bytes())?;
    file.sync_all()
}

/// A new file that is private from its first moment on.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Whether a token file lies open. A pipe (`<(pass show chatroom)`) does not lie anywhere.
#[cfg(unix)]
fn is_open_to_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o077 != 0)
}

/// Who besides this user and the machine's owner may change a file, if anybody.
#[cfg(unix)]
pub(crate) fn writers(file: &File) -> Option<&'static str> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let data = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let is_foreign = data.uid() != 0 && data.uid() != rustix::process::geteuid().as_raw();
    let is_open = data.permissions().mode() & 0o022 != 0;
    is_foreign.then_some("another user").or(is_open.then_some("others"))
}

#[cfg(not(unix))]
pub(crate) fn writers(_file: &File) -> Option<&'static str> {
    None
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_written_over_only_by_force_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        write(&path, "one", false).unwrap();
        assert_eq!(write(&path, "two", false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        write(&path, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("nowhere").join("token"), "three", true).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_its_owner_s_alone_also_where_an_open_file_stood() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = folder.path().join("token");
        write(&path, "one", false).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, "two", true).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
