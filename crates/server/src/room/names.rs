//! The names that people took in the room.

use std::collections::HashMap;

use chatroom_wire::UserId;

use super::task::Room;
use crate::store::StoreError;

/// Who goes by another name than the token's, as far as anybody asked.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<UserId, Option<String>>,
}

impl Names {
    /// The name that somebody took, if they took one and were looked up.
    pub(super) fn of(&self, user: &UserId) -> Option<&str> {
        self.known.get(user)?.as_deref()
    }

    /// Somebody goes by this name from now on.
    pub(super) fn take(&mut self, user: UserId, name: String) {
        self.known.insert(user, Some(name));
    }
}

impl Room {
    /// Looks somebody up who was not looked up yet.
    pub(super) async fn learn_name(&mut self, user: &UserId) -> Result<(), StoreError> {
        if !self.names.known.contains_key(user) {
            let name = self.tools.store.name_of(&self.id, user).await?;
            self.names.known.insert(user.clone(), name);
        }
        Ok(())
    }
}
