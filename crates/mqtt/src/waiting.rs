//! The requests of a client that wait for their answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::{Deadline, PacketId};

/// What an answer is awaited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Subscribe,
    Publish,
}

impl Request {
    fn deadline(self) -> Deadline {
        match self {
            Self::Subscribe => Deadline::Suback,
            Self::Publish => Deadline::Puback,
        }
    }
}

/// Packet identifiers in use, each with its request and the time its answer is due.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    requests: BTreeMap<PacketId, (Request, Duration)>,
    by_deadline: BTreeSet<(Duration, PacketId)>,
    publishes: usize,
    last: u16,
}

impl Waiting {
    /// A free identifier, or `None` if all 65,535 are in use. They go round, so that a
    /// late answer does not meet a new request.
    pub(crate) fn free_id(&self) -> Option<PacketId> {
        if self.requests.len() >= usize::from(u16::MAX) {
            return None;
        }
        let mut number = self.last;
        loop {
            number = number.wrapping_add(1);
            if let Some(id) = PacketId::new(number)
                && !self.requests.contains_key(&id)
            {
                return Some(id);
            }
        }
    }

    pub(crate) fn add(&mut self, id: PacketId, request: Request, deadline: Duration) {
        self.last = id.get();
        self.requests.insert(id, (request, deadline));
        self.by_deadline.insert((deadline, id));
        self.publishes += usize::from(request == Request::Publish);
    }

    /// What this identifier waits for.
    pub(crate) fn request(&self, id: PacketId) -> Option<Request> {
        self.requests.get(&id).map(|(request, _)| *request)
    }

    /// Frees an identifier.
    pub(crate) fn settle(&mut self, id: PacketId) {
        if let Some((request, deadline)) = self.requests.remove(&id) {
            self.by_deadline.remove(&(deadline, id));
            self.publishes -= usize::from(request == Request::Publish);
        }
    }

    /// How many messages wait for their PUBACK.
    pub(crate) fn publishes(&self) -> usize {
        self.publishes
    }

    /// The earliest answer that is due, and which.
    pub(crate) fn earliest(&self) -> Option<(Duration, Deadline)> {
        let (deadline, id) = self.by_deadline.first()?;
        self.request(*id).map(|request| (*deadline, request.deadline()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn identifiers_go_round_and_skip_zero_and_those_in_use() {
        let mut waiting = Waiting::default();
        let first = waiting.free_id().unwrap();
        waiting.add(first, Request::Publish, NOW);
        for _ in 1..u16::MAX {
            let id = waiting.free_id().unwrap();
            waiting.add(id, Request::Publish, NOW);
            waiting.settle(id);
        }
        assert_eq!(waiting.free_id().unwrap().get(), 2);
        assert_eq!(waiting.publishes(), 1);
    }

    #[test]
    fn there_is_no_identifier_when_all_are_in_use() {
        let mut waiting = Waiting::default();
        while let Some(id) = waiting.free_id() {
            waiting.add(id, Request::Subscribe, NOW);
        }
        assert_eq!(waiting.requests.len(), 65_535);
    }

    #[test]
    fn the_earliest_deadline_is_that_of_the_oldest_request_left() {
        let mut waiting = Waiting::default();
        let [a, b] = [1, 2].map(|number| PacketId::new(number).unwrap());
        waiting.add(a, Request::Subscribe, Duration::from_secs(1));
        waiting.add(b, Request::Publish, Duration::from_secs(2));
        assert_eq!(waiting.earliest(), Some((Duration::from_secs(1), Deadline::Suback)));
        waiting.settle(a);
        assert_eq!(waiting.earliest(), Some((Duration::from_secs(2), Deadline::Puback)));
        waiting.settle(b);
        assert_eq!(waiting.earliest(), None);
    }
}
