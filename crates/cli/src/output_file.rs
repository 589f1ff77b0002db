//! The files that commands write: exports and tokens, all in the same way.
//!
//! - A regular file is written under a random name in its directory and renamed once it is complete: its name never stands
//!   for half a file, and an interrupted or failed command leaves what was there before. A new one is its owner's alone; one
//!   that is replaced keeps its mode, and its owner as far as this user may set it.
//! - What is not a regular file (a pipe, a device, `/dev/stdout`, `>(…)`) is written into: there is nothing to replace.
//! - A symbolic link is followed: what it names is written.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

use crate::failure::Failure;

/// How many symbolic links are followed, as on Linux.
const LINKS_MAX: usize = 40;

/// How many interrupted files of one name may lie around.
const PARTS_MAX: usize = 100;

/// Where a command writes to, checked before it does anything else.
#[derive(Debug)]
pub(crate) enum OutputFile {
    /// A regular file.
    File(Box<NewFile>),
    /// Anything else.
    Stream(Stream),
}

/// A regular file in the making; it is gone when this is dropped before [`NewFile::commit`].
#[derive(Debug)]
pub(crate) struct NewFile {
    /// Its name, as the user wrote it.
    name: PathBuf,
    /// Its place, behind all links.
    path: PathBuf,
    temporary: BufWriter<NamedTempFile>,
    /// What it replaces.
    existing: Option<Metadata>,
}

/// A pipe, a device, or an open descriptor.
#[derive(Debug)]
pub(crate) struct Stream {
    name: PathBuf,
    path: PathBuf,
    is_descriptor: bool,
}

impl OutputFile {
    /// Finds out where `name` leads to. A regular file that is there already must be allowed by `force`.
    pub(crate) fn create(name: &Path, force: bool) -> Result<Self, Failure> {
        Self::try_create(name, force).map_err(failed(name))
    }

    fn try_create(name: &Path, force: bool) -> io::Result<Self> {
        let mut path = name.to_owned();
        for _ in 0..LINKS_MAX {
            let stream = |is_descriptor| Stream { name: name.to_owned(), path: path.clone(), is_descriptor };
            if is_descriptor(&path) {
                return Ok(Self::Stream(stream(true)));
            }
            match path.symlink_metadata() {
                Ok(there) if there.is_symlink() => path = parent(&path).join(fs::read_link(&path)?),
                Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
                Ok(there) if there.is_file() && !force => return Err(already_there()),
                Ok(there) if there.is_file() => {
                    return NewFile::create(name, path, Some(there)).map(|file| Self::File(Box::new(file)));
                }
                Ok(_) => return Ok(Self::Stream(stream(false))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return NewFile::create(name, path, None).map(|file| Self::File(Box::new(file)));
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many symbolic links"))
    }

    /// Whether both are the same regular file.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let place = |file: &Self| match file {
            Self::File(file) => Some((parent(&file.path).canonicalize().ok()?, file.path.file_name()?.to_owned())),
            Self::Stream(_) => None,
        };
        place(self).is_some_and(|own| place(other) == Some(own))
    }

    /// Writes a secret as one line, and completes the file. Only the group of a file that is replaced may go on reading it:
    /// one that everybody could read becomes its owner's alone.
    pub(crate) fn write_secret(self, secret: &str) -> Result<(), Failure> {
        let line = format!("{secret}\n");
        match self {
            Self::File(mut file) => {
                file.write(&line)?;
                file.commit(true)
            }
            Self::Stream(stream) => {
                let name = stream.name.clone();
                let written = stream.open().and_then(|mut open| open.write_all(line.as_bytes()));
                written.map_err(failed(&name))
            }
        }
    }
}

impl NewFile {
    fn create(name: &Path, path: PathBuf, existing: Option<Metadata>) -> io::Result<Self> {
        let directory = parent(&path);
        // Random, and created exclusively with mode 0600: nobody can have put a link or a file of theirs there.
        let created = Builder::new().prefix(".chatroom-").suffix(".tmp").tempfile_in(directory);
        let temporary = created.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                io::Error::new(io::ErrorKind::NotFound, format!("there is no directory {}", directory.display()))
            }
            // Its own words name the temporary file.
            kind => kind.into(),
        })?;
        Ok(Self { name: name.to_owned(), path, temporary: BufWriter::new(temporary), existing })
    }

    /// Writes on.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.temporary.write_all(text.as_bytes()).map_err(failed(&self.name))
    }

    /// Gives the complete file its name.
    pub(crate) fn commit(self, is_secret: bool) -> Result<(), Failure> {
        let Self { name, path, temporary, existing } = self;
        let committed = finished(temporary).and_then(|temporary| {
            let Some(existing) = existing else {
                // Somebody else may have made it meanwhile.
                let kept = temporary.persist_noclobber(&path);
                return kept.map(drop).map_err(|kept| match kept.error.kind() {
                    io::ErrorKind::AlreadyExists => already_there(),
                    _ => kept.error,
                });
            };
            take_over(temporary.as_file(), &existing, is_secret)?;
            temporary.persist(&path).map(drop).map_err(|kept| kept.error)
        });
        committed.map_err(failed(&name))
    }

    /// Keeps what there is under a name of its own beside the target: that of the target with `.part`, or the first with a
    /// number behind it that is free.
    pub(crate) fn keep_part(self) -> Result<PathBuf, Failure> {
        let Self { name, path, temporary, .. } = self;
        let kept = finished(temporary).and_then(|mut temporary| {
            for number in 1..=PARTS_MAX {
                let mut part = path.clone().into_os_string();
                part.push(if number == 1 { ".part".to_owned() } else { format!(".part{number}") });
                match temporary.persist_noclobber(&part) {
                    Ok(_) => return Ok(part.into()),
                    Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => temporary = taken.file,
                    Err(failed) => return Err(failed.error),
                }
            }
            Err(already_there())
        });
        kept.map_err(failed(&name))
    }
}

impl Stream {
    /// Opens it. Blocks until a pipe has a reader.
    pub(crate) fn open(self) -> io::Result<File> {
        // Opened by its path, a regular file behind a descriptor would be written from its beginning, and a socket not at
        // all.
        #[cfg(unix)]
        if self.is_descriptor {
            use std::os::fd::AsFd as _;

            match self.path.file_name().and_then(|name| name.to_str()) {
                Some("1" | "stdout") => return io::stdout().as_fd().try_clone_to_owned().map(File::from),
                Some("2" | "stderr") => return io::stderr().as_fd().try_clone_to_owned().map(File::from),
                _ => {}
            }
        }
        OpenOptions::new().write(true).append(self.is_descriptor).open(&self.path)
    }
}

/// Whether the path names an open descriptor of this process, such as `/dev/stdout`, `/dev/fd/3` or `>(…)`.
fn is_descriptor(path: &Path) -> bool {
    if ["/dev/stdout", "/dev/stderr"].iter().any(|known| path == Path::new(known)) {
        return true;
    }
    let Some(directory) = path.parent().filter(|directory| directory.ends_with("fd")) else { return false };
    directory == Path::new("/dev/fd")
        || directory.canonicalize().is_ok_and(|real| real.starts_with("/proc") && real.ends_with("fd"))
}

/// Everything on the disk: a name that stands for half a file would be worse than none.
fn finished(temporary: BufWriter<NamedTempFile>) -> io::Result<NamedTempFile> {
    let temporary = temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Gives a new file the owner and the mode of the one that it replaces.
#[cfg(unix)]
fn take_over(file: &File, existing: &Metadata, is_secret: bool) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

    // Only root may give files away, and only to one's own groups: where it can't be, the mode alone is kept.
    if fchown(file, Some(existing.uid()), Some(existing.gid())).is_err() {
        let _ = fchown(file, None, Some(existing.gid()));
    }
    let mode = existing.permissions().mode() & 0o7777;
    let is_open = is_secret && mode & 0o007 != 0;
    file.set_permissions(fs::Permissions::from_mode(if is_open { 0o600 } else { mode }))
}

#[cfg(not(unix))]
fn take_over(_file: &File, _existing: &Metadata, _is_secret: bool) -> io::Result<()> {
    Ok(())
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn already_there() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "it is there already")
}

fn failed(name: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = name.to_owned();
    |source| Failure::File { path, source }
}

#[cfg(all(test, unix))]
mod tests;
