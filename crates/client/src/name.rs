//! Under which name somebody acts.

use std::sync::{Mutex, MutexGuard};

use chatroom_wire::{Claims, Token, safe_text};

/// What an admin of no name at all is called (docs/protocol.md, section C.1).
const NOBODY: &str = "Admin";

/// A name that was said, else one that the service knows.
#[derive(Debug)]
pub(crate) struct OwnName(Mutex<Names>);

#[derive(Debug)]
struct Names {
    said: Option<String>,
    known: String,
    /// Whether `known` is the service's word and not only the token's: a name that was taken stands in no older token.
    heard: bool,
}

impl OwnName {
    /// The name that was said, else the one in the token.
    pub(crate) fn new(said: Option<String>, token: &Token) -> Self {
        let claims = Claims::of(token).unwrap_or_default();
        let named = claims.extra.get("name").and_then(|name| name.as_str()).filter(|name| !safe_text::is_blank(name));
        let known = named.unwrap_or(NOBODY).to_owned();
        Self(Mutex::new(Names { said: said.filter(|name| !safe_text::is_blank(name)), known, heard: false }))
    }

    pub(crate) fn get(&self) -> String {
        let names = self.lock();
        names.said.as_ref().unwrap_or(&names.known).clone()
    }

    /// Whether the service need not be asked for the name.
    pub(crate) fn is_settled(&self) -> bool {
        let names = self.lock();
        names.said.is_some() || names.heard
    }

    /// From now on.
    pub(crate) fn set(&self, name: &str) {
        self.lock().said = Some(name.to_owned());
    }

    /// The service told by which name it knows us.
    pub(crate) fn heard(&self, name: &str) {
        let mut names = self.lock();
        names.heard = true;
        if !safe_text::is_blank(name) {
            name.clone_into(&mut names.known);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().expect("nothing panics while it holds the names")
    }
}
