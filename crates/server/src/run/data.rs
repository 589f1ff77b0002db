//! The files of the data directory that a first start makes.

use std::{fs, io, path::Path};

use chatroom_wire::{
    RoomId,
    rest::{CreateToken, Role},
};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    Settings, StartError,
    http::tokens,
    private_file,
    store::SqliteStore,
    token::{KEY_FILE, TokenKeys},
};

/// The store's file in the data directory.
const STORE_FILE: &str = "chatroom.db";

/// The store and the keys of this directory, if they belong together or `accept` says that they need not. The first time,
/// both are made: the store first, so that keys without a store are never the work of a start that was cut off.
pub(super) fn store_and_keys(dir: &Path, accept: bool) -> Result<(SqliteStore, TokenKeys), StartError> {
    let (store, keys) = (dir.join(STORE_FILE), dir.join(KEY_FILE));
    let is_empty = fs::metadata(&store).map_or(true, |file| file.len() == 0);
    if is_empty && keys.exists() && !accept {
        return Err(StartError::StoreMissing { store, keys });
    }
    let opened = SqliteStore::open(&store)?;
    let noted = opened.found().token_key.clone();
    if noted.is_some() && !keys.exists() && !accept {
        return Err(StartError::KeysMissing { store, keys });
    }
    let found = TokenKeys::load_or_create(dir)?;
    if noted.is_some_and(|noted| noted != found.public_key()) && !accept {
        return Err(StartError::OtherKeys { store, keys });
    }
    Ok((opened, found))
}

/// Keeps the token in a file good: leaves one that lives for another half of its life and says where the server is, writes
/// a new one otherwise.
pub(super) fn keep_token_good(
    file: &Path,
    room: &RoomId,
    role: Role,
    keys: &TokenKeys,
    settings: &Settings,
    now: Timestamp,
) -> Result<(), StartError> {
    // What others could read, or what can't be read at all, is replaced.
    if let Ok(Some(text)) = private_file::read_secret(file) {
        let good = keys.verify_chat(text.trim(), now).is_ok_and(|grant| {
            keys.is_up_to_date(text.trim())
                && grant.room == *room
                && grant.role == role
                && grant.expires_at.duration_since(now).as_secs_f64() >= settings.token_life.as_secs_f64() / 2.0
        });
        if good {
            return Ok(());
        }
    }
    let subject = match role {
        Role::Admin => "admin",
        Role::Viewer => "viewer",
    };
    let request = CreateToken {
        role,
        subject: Some(subject.to_owned()),
        device_id: Some("local".to_owned()),
        name: None,
        expired_at: None,
    };
    let grant = tokens::grant(room.clone(), request, settings, now)
        .map_err(|problem| StartError::Data { path: file.to_owned(), source: io::Error::other(problem) })?;
    let text = Zeroizing::new(format!("{}\n", keys.issue_chat(&grant, now).expose()));
    private_file::write_secret(file, &text).map_err(at(file))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Data { path, source }
}
