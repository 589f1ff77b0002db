//! The links of a session: one, or two while it moves from one to the next.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    task::Poll,
};

use bytes::Bytes;
use chatroom_session::LinkId;

use crate::link::{Link, LinkNews, Opening};

/// The links, by their names.
#[derive(Default)]
pub(crate) struct Links(BTreeMap<LinkId, Link>);

impl Links {
    /// Begins to open a link.
    pub(crate) fn open(&mut self, id: LinkId, opening: Opening) {
        self.0.insert(id, Link::open(opening));
    }

    /// Queues one message.
    pub(crate) fn send(&mut self, id: LinkId, bytes: Bytes) {
        if let Some(link) = self.0.get_mut(&id) {
            link.send(bytes);
        }
    }

    /// Writes as much as the links take at once.
    pub(crate) async fn flush(&mut self) {
        poll_fn(|cx| {
            self.0.values_mut().for_each(|link| link.write(cx));
            Poll::Ready(())
        })
        .await;
    }

    /// What comes next over any of them; never, while there is none. Goes on writing meanwhile.
    ///
    /// Cancel safe: all progress is kept in the links.
    pub(crate) async fn news(&mut self) -> (LinkId, LinkNews) {
        let (id, news) = poll_fn(|cx| {
            let ready = self.0.iter_mut().find_map(|(id, link)| match link.poll_news(cx) {
                Poll::Ready(news) => Some((*id, news)),
                Poll::Pending => None,
            });
            ready.map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        if matches!(news, LinkNews::Closed(_)) {
            self.0.remove(&id);
        }
        (id, news)
    }

    /// Takes a link down: a future that writes what is queued and says goodbye, in 2 s at most.
    pub(crate) fn hang_up(&mut self, id: LinkId) -> Option<impl Future<Output = ()> + Send + use<>> {
        self.0.remove(&id)?.hang_up()
    }
}
