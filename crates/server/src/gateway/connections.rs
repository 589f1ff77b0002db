//! Who is connected, how many may be, and who has to go when a client id comes twice.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use chatroom_wire::{ClientId, RoomId, UserId};
use tokio::sync::mpsc;

use crate::{Settings, room::Notice};

/// Everybody who is connected.
#[derive(Debug)]
pub(crate) struct Connections {
    max: usize,
    per_user: usize,
    here: Mutex<Here>,
}

#[derive(Debug, Default)]
struct Here {
    clients: HashMap<ClientId, Entry>,
    users: HashMap<User, usize>,
    next: u64,
}

type User = (RoomId, UserId);

#[derive(Debug)]
struct Entry {
    number: u64,
    user: User,
    inbox: mpsc::UnboundedSender<Notice>,
}

/// Why there is no place for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("the server has as many connections as it may have")]
    Server,
    #[error("this user has as many connections as one user may have")]
    User,
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    client: ClientId,
    number: u64,
    connections: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limit = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            max: limit(settings.connections_max),
            per_user: limit(settings.connections_per_user),
            here: Mutex::default(),
        }
    }

    /// Gives a connection a place. One that has the same client id loses its own and is told.
    ///
    /// # Errors
    /// When there is no place; then nobody has to go.
    pub(crate) fn admit(
        self: &Arc<Self>,
        client: ClientId,
        room: RoomId,
        user: UserId,
        inbox: mpsc::UnboundedSender<Notice>,
    ) -> Result<Place, Full> {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let user = (room, user);
        let older = here.clients.get(&client);
        let same = |is: Option<bool>| usize::from(is == Some(true));
        let of_user = count(&here.users, &user) - same(older.map(|older| older.user == user));
        if here.clients.len() - usize::from(older.is_some()) >= self.max {
            return Err(Full::Server);
        }
        if of_user >= self.per_user {
            return Err(Full::User);
        }
        let number = here.next;
        here.next += 1;
        *here.users.entry(user.clone()).or_default() += 1;
        if let Some(older) = here.clients.insert(client.clone(), Entry { number, user, inbox }) {
            let _ = older.inbox.send(Notice::TakenOver);
            here.forget(&older);
        }
        Ok(Place { client, number, connections: Arc::clone(self) })
    }

    /// Tells all connections of this person in this room to go; answers how many.
    pub(crate) fn bar(&self, room: &RoomId, user: &UserId) -> usize {
        let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let barred = here.clients.values().filter(|entry| (&entry.user.0, &entry.user.1) == (room, user));
        barred.filter(|entry| entry.inbox.send(Notice::Barred).is_ok()).count()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.here.lock().unwrap_or_else(PoisonError::into_inner).clients.len()
    }
}

impl Here {
    fn forget(&mut self, entry: &Entry) {
        uncount(&mut self.users, &entry.user);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut here = self.connections.here.lock().unwrap_or_else(PoisonError::into_inner);
        if here.clients.get(&self.client).is_some_and(|entry| entry.number == self.number)
            && let Some(entry) = here.clients.remove(&self.client)
        {
            here.forget(&entry);
        }
    }
}

fn count<K: Hash + Eq>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn uncount<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        connections: Arc<Connections>,
        inbox: mpsc::UnboundedSender<Notice>,
        notices: mpsc::UnboundedReceiver<Notice>,
    }

    impl Bench {
        fn new(settings: &[(&str, &str)]) -> Self {
            let mut all = Settings::default();
            for (key, value) in settings {
                all.set(key, value).unwrap();
            }
            let (inbox, notices) = mpsc::unbounded_channel();
            Self { connections: Arc::new(Connections::new(&all)), inbox, notices }
        }

        fn admit(&self, client: &str, user: &str) -> Result<Place, Full> {
            self.connections.admit(client.into(), "room".into(), user.into(), self.inbox.clone())
        }
    }

    #[test]
    fn a_user_has_so_many_places_and_gets_them_back() {
        let bench = Bench::new(&[("connections.per_user", "2")]);
        let _first = bench.admit("1", "ada").unwrap();
        let second = bench.admit("2", "ada").unwrap();
        assert_eq!(bench.admit("3", "ada").unwrap_err(), Full::User);
        let _other = bench.admit("4", "bob").unwrap();
        drop(second);
        let _again = bench.admit("3", "ada").unwrap();
        assert_eq!(bench.connections.len(), 3);
    }

    #[test]
    fn the_server_has_so_many_places() {
        let bench = Bench::new(&[("connections.max", "2")]);
        let _first = bench.admit("1", "a").unwrap();
        let second = bench.admit("2", "b").unwrap();
        assert_eq!(bench.admit("3", "c").unwrap_err(), Full::Server);
        drop(second);
        let _third = bench.admit("3", "c").unwrap();
    }

    #[test]
    fn the_same_client_id_takes_over_in_the_place_of_the_older() {
        let mut bench = Bench::new(&[("connections.per_user", "1"), ("connections.max", "1")]);
        let older = bench.admit("1", "ada").unwrap();
        assert!(bench.notices.try_recv().is_err());
        let newer = bench.admit("1", "ada").unwrap();
        assert!(matches!(bench.notices.try_recv(), Ok(Notice::TakenOver)));
        drop(older);
        assert_eq!(bench.connections.len(), 1, "the older one gives back what it no longer has");
        drop(newer);
        assert_eq!(bench.connections.len(), 0);
        let here = bench.connections.here.lock().unwrap();
        assert!(here.users.is_empty());
    }
}
