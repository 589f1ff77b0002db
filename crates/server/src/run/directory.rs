//! The data directory: this server's alone, and private.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use chatroom_wire::rest::Role;
use tempfile::TempDir;

use crate::{Data, StartError, private_file};

/// A data directory that is this server's alone, until dropped.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    // The order of the fields is that of dropping: the locks go before what they stand in.
    _locks: Vec<File>,
    _ephemeral: Option<TempDir>,
}

/// How the names of directories begin that go away with their server.
const PREFIX: &str = "chatroom-";

/// The file that marks such a directory.
const MARKER: &str = "ephemeral";

/// The file that is locked.
const LOCK_FILE: &str = "lock";

/// How the names of files begin that a server makes in its data directory.
const OWN_FILES: [&str; 9] =
    ["chatroom", LOCK_FILE, ".lock", ".tmp", "ca", "tls", "token-key", "org-token", "lost+found"];

impl DataDir {
    /// Makes the directory, if need be, and takes it.
    pub(super) fn open(data: &Data) -> Result<Self, StartError> {
        let temporary = std::env::temp_dir();
        remove_stale(&temporary);
        let (path, ephemeral) = match data {
            Data::Directory(path) => {
                private_file::make_dir(path).map_err(at(path))?;
                (path.clone(), None)
            }
            Data::Ephemeral => {
                let mut builder = tempfile::Builder::new();
                builder.prefix(PREFIX);
                #[cfg(unix)]
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
                let directory = builder.tempdir().map_err(at(&temporary))?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let path = path.canonicalize().map_err(at(&path))?;
        let locks = lock(&path)?;
        if ephemeral.is_some() {
            // Last: from now on the directory is removed by whoever finds it unlocked.
            let marker = path.join(MARKER);
            private_file::write_secret(&marker, "").map_err(at(&marker))?;
        } else {
            tighten(&path)?;
        }
        Ok(Self { path, _locks: locks, _ephemeral: ephemeral })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a chat token for somebody of this role is kept.
    pub(super) fn token_file(&self, role: Role) -> PathBuf {
        self.path.join(match role {
            Role::Admin => "admin.token",
            Role::Viewer => "viewer.token",
        })
    }
}

/// Locks the directory: itself, since a file in it can be removed while it is locked, and a file in it, for systems where
/// directories can't be locked.
fn lock(path: &Path) -> Result<Vec<File>, StartError> {
    let mut locks = Vec::new();
    #[cfg(unix)]
    {
        let directory = File::open(path).map_err(at(path))?;
        match directory.try_lock() {
            Ok(()) => locks.push(directory),
            Err(TryLockError::WouldBlock) => return Err(StartError::DataInUse(path.to_owned())),
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "this file system locks no directories");
            }
        }
    }
    let file_path = path.join(LOCK_FILE);
    loop {
        let file = private_file::open_lock(&file_path).map_err(at(&file_path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StartError::DataInUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(StartError::Data { path: file_path, source }),
        }
        // Somebody may have replaced it meanwhile: then this lock is worth nothing.
        if private_file::is_at(&file, &file_path) {
            locks.push(file);
            return Ok(locks);
        }
    }
}

/// Takes away from other users what they may do with a data directory and its files.
#[cfg(unix)]
fn tighten(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::PermissionsExt as _;

    const STICKY: u32 = 0o1000;
    let mode = fs::metadata(path).map_err(at(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        let refuse = |why| Err(StartError::Data { path: path.to_owned(), source: io::Error::other(why) });
        let mut others = fs::read_dir(path).map_err(at(path))?.flatten().map(|entry| entry.file_name());
        let is_shared = others.any(|name| !is_own(&name.to_string_lossy()));
        if mode & STICKY != 0 || is_shared && mode & 0o022 != 0 {
            return refuse(
                "other users may write to it, and it holds other things; give the server a directory of its own",
            );
        }
        if is_shared {
            // It may be somebody's home. The server's files in it are private each for itself.
            tracing::warn!(path = %path.display(), "other users may list the data directory (chmod 700)");
        } else {
            private_file::tighten(path, 0o077).map_err(at(path))?;
        }
    }
    for name in ["chatroom.db", "chatroom.db-wal", "chatroom.db-shm", "chatroom.db-journal"] {
        let file = path.join(name);
        match private_file::tighten(&file, 0o077) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StartError::Data { path: file, source: error });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn tighten(_: &Path) -> Result<(), StartError> {
    Ok(())
}

fn is_own(name: &str) -> bool {
    OWN_FILES.iter().any(|own| name.starts_with(own)) || Path::new(name).extension().is_some_and(|end| end == "token")
}

/// Removes what servers left behind that were killed before they could clean up.
fn remove_stale(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        match remove_if_stale(&entry.path()) {
            Ok(false) => {}
            Ok(true) => tracing::info!(path = %entry.path().display(), "removed what a killed server left behind"),
            Err(error) => tracing::debug!(%error, path = %entry.path().display(), "a directory can't be looked at"),
        }
    }
}

/// Removes a directory that a server of this user marked as its own and holds no more.
#[cfg(unix)]
fn remove_if_stale(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let me = rustix::process::geteuid().as_raw();
    let directory = fs::symlink_metadata(path)?;
    if !directory.is_dir() || directory.uid() != me || directory.mode() & 0o077 != 0 {
        return Ok(false);
    }
    match fs::symlink_metadata(path.join(MARKER)) {
        Ok(marker) if marker.is_file() && marker.uid() == me => {}
        _ => return Ok(false),
    }
    let lock = File::open(path)?;
    if lock.try_lock().is_err() || !private_file::is_at(&lock, path) {
        return Ok(false);
    }
    fs::remove_dir_all(path)?;
    Ok(true)
}

#[cfg(not(unix))]
fn remove_if_stale(path: &Path) -> io::Result<bool> {
    let (marker, lock) = (path.join(MARKER), path.join(LOCK_FILE));
    if !marker.is_file() || private_file::open_lock(&lock)?.try_lock().is_err() {
        return Ok(false);
    }
    fs::remove_dir_all(path)?;
    Ok(true)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Data { path, source }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn open(path: &Path) -> Result<DataDir, StartError> {
        DataDir::open(&Data::Directory(path.to_owned()))
    }

    #[test]
    fn a_lock_holds_though_its_file_is_removed_or_the_directory_is_moved() {
        let temporary = tempfile::tempdir().unwrap();
        let (path, moved) = (temporary.path().join("data"), temporary.path().join("moved"));
        let held = open(&path).unwrap();
        fs::remove_file(path.join(LOCK_FILE)).unwrap();
        assert!(matches!(open(&path), Err(StartError::DataInUse(_))));
        fs::rename(&path, &moved).unwrap();
        assert!(matches!(open(&moved), Err(StartError::DataInUse(_))));
        drop(held);
        open(&moved).unwrap();
    }

    #[test]
    fn loose_permissions_are_tightened() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("data");
        drop(open(&path).unwrap());
        let files = ["chatroom.db", "chatroom.db-wal", "chatroom.db-shm"].map(|name| path.join(name));
        for file in &files {
            fs::write(file, "").unwrap();
            chmod(file, 0o666);
        }
        for loose in [0o755, 0o777, 0o2770] {
            chmod(&path, loose);
            drop(open(&path).unwrap());
            assert_eq!(mode(&path) & 0o777, 0o700);
        }
        assert!(files.iter().all(|file| mode(file) == 0o600));
    }

    #[test]
    fn a_directory_that_others_use_keeps_its_mode_or_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path();
        fs::write(path.join("letter.txt"), "").unwrap();
        chmod(path, 0o755);
        drop(open(path).unwrap());
        assert_eq!(mode(path), 0o755);
        for shared in [0o775, 0o1777] {
            chmod(path, shared);
            assert!(matches!(open(path), Err(StartError::Data { .. })), "{shared:o}");
            assert_eq!(mode(path), shared);
        }
    }

    #[test]
    fn only_directories_that_are_marked_and_not_held_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let make = |name: &str, marked: bool| {
            let path = temporary.path().join(name);
            fs::create_dir(&path).unwrap();
            chmod(&path, 0o700);
            fs::write(path.join("secret"), "").unwrap();
            if marked {
                fs::write(path.join(MARKER), "").unwrap();
            }
            path
        };
        let [stale, held, unmarked, open, other] = [
            make("chatroom-stale", true),
            make("chatroom-held", true),
            make("chatroom-data", false),
            make("chatroom-open", true),
            make("other", true),
        ];
        chmod(&open, 0o755);
        let link = temporary.path().join("chatroom-link");
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let _locks = lock(&held).unwrap();
        remove_stale(temporary.path());
        assert!(!stale.exists());
        assert!([held, unmarked, open, other, link].iter().all(|path| path.exists()));
    }
}
