//! Files that hold secrets: read with a bound and a look at who else may.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use chatroom_wire::text_file;

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
    String::from_utf8(text_file::without_bom(&text).into_owned())
        .map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))
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
    is_foreign.then_some("another user").or_else(|| is_open.then_some("others"))
}

#[cfg(not(unix))]
pub(crate) fn writers(_file: &File) -> Option<&'static str> {
    None
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> bool {
    false
}
