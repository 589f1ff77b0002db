//! Whether an outbox is this user's alone: own words stand in it, and who may write it says things in this user's name.

use std::{
    fs::{self, File, OpenOptions},
    path::Path,
};

use super::storage::OpenFault;

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};

/// Opens a file of an outbox. A symbolic link is not followed, and nothing but a regular file is waited for.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> Result<File, OpenFault> {
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path).map_err(|error| match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => OpenFault::Untrusted("it is a symbolic link"),
        Ok(found) if !found.is_file() => OpenFault::Untrusted("it is no regular file"),
        Ok(_) | Err(_) => OpenFault::System(error),
    })?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(OpenFault::Untrusted("it is no regular file"));
    }
    check(&found, "it belongs to another user", "others may write it")?;
    #[cfg(unix)]
    if found.permissions().mode() & 0o077 != 0 {
        // Made by somebody's own hands; what others have read by now, they have read.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Checks the directory of an outbox.
pub(super) fn check_directory(path: &Path) -> Result<(), OpenFault> {
    check(&fs::metadata(path)?, "its directory belongs to another user", "others may write in its directory")
}

#[cfg(unix)]
fn check(found: &fs::Metadata, foreign: &'static str, writable: &'static str) -> Result<(), OpenFault> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(OpenFault::Untrusted(foreign));
    }
    if found.permissions().mode() & 0o022 != 0 {
        return Err(OpenFault::Untrusted(writable));
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn check(_: &fs::Metadata, _: &'static str, _: &'static str) -> Result<(), OpenFault> {
    Ok(())
}
