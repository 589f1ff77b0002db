//! Writes a profile for the server that runs, so that commands on this machine need no more than its name.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use chatroom_server::RunningServer;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::{
    environment::Environment,
    failure::Failure,
    output_file::OutputFile,
    profile::{beside, default_file, named_file},
};

/// A profile that was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// Whether commands must be told where the file is.
    pub(super) is_elsewhere: bool,
}

/// Why no profile was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("this platform tells no directory for configurations")]
    NoDirectory,
    #[error("{} can't be read or written: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is no TOML with profiles", path.display())]
    NotProfiles { path: PathBuf },
}

/// The profile's name, unless that of another server has it; then a number follows.
const NAME: &str = "local";

/// Writes the profile; what else the file holds stays, comments too.
///
/// # Errors
/// When the file can't be written. It is as it was then.
pub(super) fn write(
    server: &RunningServer,
    config_file: Option<&Path>,
    environment: &Environment<'_>,
) -> Result<Written, WriteError> {
    let named = named_file(config_file, environment);
    let is_elsewhere = named.is_some();
    let file = named.or_else(default_file).ok_or(WriteError::NoDirectory)?;
    let file = std::path::absolute(&file).unwrap_or(file);
    let failed = |source| WriteError::File { path: file.clone(), source };
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // Two servers that start at once write one after the other. Where a folder can't be locked, the later one wins.
    let _held = File::open(folder).and_then(|folder| folder.lock().map(|()| folder)).ok();
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let not_profiles = || WriteError::NotProfiles { path: file.clone() };
    let mut document: DocumentMut = text.parse().map_err(|_| not_profiles())?;
    let profiles = document.entry("profiles").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let profiles = profiles.as_table_mut().ok_or_else(not_profiles)?;
    let name = name(profiles, &file, server.org_token_file());
    let profile = profiles.entry(&name).or_insert_with(|| {
        let mut table = Table::new();
        table.decor_mut().set_prefix("\n# Kept by `chatroom serve`, whose data these files are.\n");
        Item::Table(table)
    });
    let profile = profile.as_table_like_mut().ok_or_else(not_profiles)?;
    let path = |path: &Path| value(path.to_string_lossy().into_owned());
    let api = server.tls_api().or_else(|| server.api()).unwrap_or_default();
    let mut set = |key: &str, item: Option<Item>| match item {
        Some(item) => drop(profile.insert(key, item)),
        None => drop(profile.remove(key)),
    };
    set("api", Some(value(api)));
    set("ca_file", server.ca_file().map(path));
    set("token_file", Some(path(server.admin_token_file())));
    // It belonged to another token.
    set("refresh_token_file", None);
    set("org_token_file", Some(path(server.org_token_file())));
    let new = document.to_string();
    if new != text {
        let written = OutputFile::create(&file, true).and_then(|open| open.write_secret(new.trim_end()));
        written.map_err(|failure| match failure {
            Failure::File { source, .. } => failed(source),
            other => failed(io::Error::other(other.to_string())),
        })?;
    }
    Ok(Written { name, file, is_elsewhere })
}

/// The name of this server's profile: that which is its already, else one that is free. One whose server's data is gone is
/// free, too.
fn name(profiles: &Table, file: &Path, org_token_file: &Path) -> String {
    let is_ours = |name: &str| {
        let Some(profile) = profiles.get(name) else { return true };
        let told = profile.get("org_token_file").and_then(Item::as_str).map(|path| beside(file, path));
        told.is_some_and(|path| path == org_token_file || !path.exists())
    };
    let numbered = (2_u32..).map(|number| format!("{NAME}-{number}"));
    let mut names = std::iter::once(NAME.to_owned()).chain(numbered);
    names.find(|name| is_ours(name)).unwrap_or_else(|| NAME.to_owned())
}
