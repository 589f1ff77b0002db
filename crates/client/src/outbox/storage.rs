//! The file itself: what can be done to it, and nothing of what it means.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::ownership;

/// A larger file is no outbox: a thousand messages of 100 KiB are the most that wait, and as much again has ended.
const LARGEST: u64 = 256 << 20;

/// What a journal needs of a disk. Tests bring one that fails.
pub(super) trait Storage {
    /// Writes at the end; where it fails, a part may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Writes over what stands there, and makes the file no longer; where it fails, a part may have been written.
    fn overwrite(&mut self, place: u64, bytes: &[u8]) -> io::Result<()>;
    /// Waits until all that was written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the end off, down to this length.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Writes a new file beside, and waits until it is on the disk.
    fn prepare(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Puts the new file in the place of this one. Where it fails, either may stand there.
    fn switch(&mut self) -> io::Result<()>;
}

/// A file that this program alone uses.
#[derive(Debug)]
pub(super) struct FileStorage {
    path: PathBuf,
    file: File,
    /// The new file, until it is in place.
    prepared: Option<File>,
    /// Held as long as this lives. It lies beside the file, which is replaced now and then.
    _lock: File,
}

/// Why a file can't be had.
#[derive(Debug)]
pub(super) enum OpenFault {
    /// Another program has it.
    InUse,
    /// It is not this user's alone, and why.
    Untrusted(&'static str),
    /// The system refuses.
    System(io::Error),
}

impl From<io::Error> for OpenFault {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl FileStorage {
    /// Takes the file for this program alone, and reads it; makes it, and its directory, where there is none.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<u8>), OpenFault> {
        make_directory(directory(path))?;
        ownership::check_directory(directory(path))?;
        let lock = ownership::open(&beside(path, ".lock"), private().create(true).append(true))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenFault::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut file = ownership::open(path, private().create(true).read(true).append(true))?;
        let bytes = read_all(&mut file)?;
        Ok((Self { path: path.to_owned(), file, prepared: None, _lock: lock }, bytes))
    }

    /// Reads a file that another program may have.
    pub(super) fn read(path: &Path) -> Result<Vec<u8>, OpenFault> {
        ownership::check_directory(directory(path))?;
        Ok(read_all(&mut ownership::open(path, File::options().read(true))?)?)
    }
}

#[cfg(test)]
impl FileStorage {
    /// From now on the file can't be written; a new one can.
    pub(super) fn spoil(&mut self) {
        self.file = File::open(&self.path).expect("the file is there");
    }
}

impl Storage for FileStorage {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn overwrite(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        // What is opened to append does so wherever it is told to write.
        let mut file = match ownership::open(&self.path, File::options().write(true)) {
            Ok(file) => file,
            Err(OpenFault::System(error)) => return Err(error),
            Err(OpenFault::Untrusted(problem)) => return Err(io::Error::other(problem)),
            Err(OpenFault::InUse) => return Err(io::ErrorKind::WouldBlock.into()),
        };
        file.seek(SeekFrom::Start(place))?;
        file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn prepare(&mut self, bytes: &[u8]) -> io::Result<()> {
        let path = beside(&self.path, ".new");
        let write = || {
            // One that an earlier program left is of no use, and may be read by others.
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let mut file = private().create_new(true).append(true).open(&path)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            Ok(file)
        };
        match write() {
            Ok(file) => {
                self.prepared = Some(file);
                Ok(())
            }
            Err(error) => {
                // It may fill the disk.
                drop(fs::remove_file(&path));
                Err(error)
            }
        }
    }

    fn switch(&mut self) -> io::Result<()> {
        let Some(file) = self.prepared.take() else { return Err(io::Error::other("there is no new file")) };
        fs::rename(beside(&self.path, ".new"), &self.path)?;
        self.file = file;
        #[cfg(unix)]
        File::open(directory(&self.path))?.sync_all()?;
        Ok(())
    }
}

/// All that a file holds, up to what an outbox may.
fn read_all(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

/// The same path with this at its end.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// For its owner alone: what people wrote stands in it. What is made is on the disk.
fn make_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    let missing: Vec<&Path> = path.ancestors().take_while(|place| !place.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    for place in missing {
        File::open(directory(place))?.sync_all()?;
    }
    Ok(())
}

/// A file that is made is for its owner alone.
fn private() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
