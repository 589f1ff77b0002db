//! Who may not come into which room, as an operator said. Asked at each call, each connection and each message, so it is
//! in memory; the store has the same.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use chatroom_wire::{RoomId, UserId};
use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};

use crate::store::Bar;

/// How many people may be barred from one room.
pub(crate) const MAX: usize = 10_000;

/// What somebody is told who is barred.
pub(crate) const BARRED: &str = "this user is barred from the room by its operator";

/// All bars.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    rooms: RwLock<HashMap<RoomId, HashMap<UserId, Timestamp>>>,
    turn: Mutex<()>,
}

impl Bars {
    /// As the store has them.
    pub(crate) fn new(bars: Vec<Bar>) -> Self {
        let new = Self::default();
        for bar in bars {
            new.insert(bar);
        }
        new
    }

    /// Whether this person may not come in.
    pub(crate) fn contains(&self, room: &RoomId, user: &UserId) -> bool {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(room).is_some_and(|users| users.contains_key(user))
    }

    /// How many people may not come in.
    pub(crate) fn count(&self, room: &RoomId) -> usize {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).get(room).map_or(0, HashMap::len)
    }

    /// Who may not come in, the oldest bar first.
    pub(crate) fn of_room(&self, room: &RoomId) -> Vec<(UserId, Timestamp)> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        let users = rooms.get(room).into_iter().flatten();
        let mut users: Vec<_> = users.map(|(user, at)| (user.clone(), *at)).collect();
        users.sort_by(|(one, since), (other, later)| since.cmp(later).then_with(|| one.cmp(other)));
        users
    }

    /// The right to change them, so that the store and this one change in the same order.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(crate) fn insert(&self, bar: Bar) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(bar.room).or_default().entry(bar.user).or_insert(bar.at);
    }

    pub(crate) fn remove(&self, room: &RoomId, user: &UserId) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(users) = rooms.get_mut(room) {
            users.remove(user);
            if users.is_empty() {
                rooms.remove(room);
            }
        }
    }
}
