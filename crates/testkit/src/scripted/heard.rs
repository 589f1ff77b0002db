//! What a scripted endpoint heard.

use chatroom_mqtt::ServerEvent;
use tokio::sync::watch;

use crate::within;

/// What clients said to a scripted endpoint, in order, each with the number of its connection (from 0); clones hold the
/// same.
#[derive(Clone, Debug, Default)]
pub struct Heard(watch::Sender<Vec<(usize, ServerEvent)>>);

impl Heard {
    /// What was said so far on all connections.
    pub fn all(&self) -> Vec<(usize, ServerEvent)> {
        self.0.borrow().clone()
    }

    /// What was said so far on one connection.
    pub fn on(&self, connection: usize) -> Vec<ServerEvent> {
        let all = self.0.borrow();
        all.iter().filter(|(number, _)| *number == connection).map(|(_, event)| event.clone()).collect()
    }

    /// Waits until `count` such things were said on a connection, and answers with the last of them.
    ///
    /// # Panics
    /// If it takes too long.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn nth<T>(
        &self,
        what: &str,
        connection: usize,
        count: usize,
        look: impl Fn(&ServerEvent) -> Option<T>,
    ) -> T {
        let mut heard = self.0.subscribe();
        let found = |all: &[(usize, ServerEvent)]| {
            all.iter().filter(|(number, _)| *number == connection).filter_map(|(_, event)| look(event)).nth(count - 1)
        };
        loop {
            if let Some(found) = found(&heard.borrow_and_update()) {
                return found;
            }
            within(what, heard.changed()).await.expect("this holds the sender");
        }
    }

    pub(super) fn add(&self, connection: usize, event: &ServerEvent) {
        self.0.send_modify(|heard| heard.push((connection, event.clone())));
    }
}
