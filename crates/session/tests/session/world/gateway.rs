//! Links, and the server at their other end.

use chatroom_mqtt::{Accept, InboundPublish, ReasonCode, ServerEvent, ServerOutput, ServerRole};
use chatroom_session::{Input, LinkError, LinkId};
use chatroom_wire::envelope;

use super::{Link, PUB, SUB, World};

impl World {
    /// The server or the network closes the link without a word.
    pub(crate) fn cut(&mut self, client: usize) {
        for link in std::mem::take(&mut self.clients[client].links) {
            self.clients[client].inbox.push_back(Input::LinkClosed(link.id, LinkError::Closed));
        }
        self.settle();
    }

    pub(crate) fn disconnect(&mut self, client: usize, reason: ReasonCode) {
        let now = self.now;
        for link in &mut self.clients[client].links {
            link.role.disconnect(now, reason, None);
        }
        self.serve_all(client);
        self.settle();
    }

    pub(crate) fn link(&mut self, number: usize, id: LinkId) -> Option<&mut Link> {
        self.clients[number].links.iter_mut().find(|link| link.id == id)
    }

    pub(super) fn serve_all(&mut self, number: usize) {
        let ids: Vec<LinkId> = self.clients[number].links.iter().map(|link| link.id).collect();
        for id in ids {
            self.serve(number, id);
        }
    }

    pub(super) fn open(&mut self, number: usize, id: LinkId) {
        let now = self.now;
        let unreachable = LinkError::Unreachable { address: "room.example:443".into(), problem: "refused".into() };
        let error = self.faults.link_errors.pop_front().or_else(|| self.faults.unreachable.then_some(unreachable));
        let client = &mut self.clients[number];
        client.inbox.push_back(if let Some(error) = error {
            Input::LinkClosed(id, error)
        } else {
            client.connects.push(now);
            let role = ServerRole::new(now, self.server_options);
            client.links.push(Link { id, role, subscribed: false, last: self.log.len() as u64 });
            Input::LinkOpened(id)
        });
    }

    pub(super) fn serve(&mut self, number: usize, id: LinkId) {
        let now = self.now;
        let mut after = None;
        while let Some(output) = self.link(number, id).and_then(|link| link.role.poll_output()) {
            match output {
                ServerOutput::Send(bytes) => self.clients[number].inbox.push_back(Input::LinkReceived(id, bytes)),
                ServerOutput::Close(_) => self.lose_link(number, id),
                ServerOutput::Event(ServerEvent::Connect(_)) => {
                    let refusal = self.faults.connack.pop_front();
                    if self.faults.close_on_connect > 0 {
                        self.faults.close_on_connect -= 1;
                        self.lose_link(number, id);
                        continue;
                    }
                    let keep_alive = self.keep_alive;
                    let Some(link) = self.link(number, id) else { return };
                    match refusal {
                        Some(reason) => link.role.refuse(now, reason, None),
                        None => link.role.accept(now, Accept::new(keep_alive)),
                    }
                }
                ServerOutput::Event(ServerEvent::Subscribe { id: packet, .. }) => {
                    let code = self.faults.suback.unwrap_or(ReasonCode::SUCCESS);
                    let last = self.log.len() as u64;
                    let numbered = self.numbered;
                    let Some(link) = self.link(number, id) else { return };
                    link.role.suback(now, packet, &[code], None);
                    link.subscribed = !code.is_error();
                    link.last = last;
                    // The server says where the room stands, so that the loss of the first delivery shows too.
                    let says = link.subscribed && numbered;
                    if says && self.faults.lose_places > 0 {
                        self.faults.lose_places -= 1;
                    } else if says {
                        let last = last.to_string();
                        let packet = chatroom_mqtt::encode_publish(SUB, b"[]", &[("seq", &last), ("prev", &last)]);
                        after = Some(Input::LinkReceived(id, packet.unwrap()));
                    }
                }
                ServerOutput::Event(ServerEvent::Publish(publish)) => self.published(number, id, &publish),
                ServerOutput::Event(_) => {}
            }
        }
        self.clients[number].inbox.extend(after);
    }

    pub(super) fn published(&mut self, number: usize, id: LinkId, publish: &InboundPublish) {
        assert_eq!(publish.topic, PUB);
        self.publishes += 1;
        let now = self.now;
        if self.faults.cut_before_store > 0 {
            self.faults.cut_before_store -= 1;
            return self.lose_link(number, id);
        }
        let refusal = self.faults.puback.pop_front();
        if refusal.is_none() && !self.faults.swallow {
            let message = envelope::decode(&publish.payload).unwrap().remove(0).unwrap();
            self.publish(message);
        }
        if self.faults.cut_after_store > 0 {
            self.faults.cut_after_store -= 1;
            // What was on its way over this link is lost with it.
            self.clients[number].inbox.clear();
            return self.lose_link(number, id);
        }
        let (Some(link), Some(id)) = (self.link(number, id), publish.id) else { return };
        let (code, retry) = refusal.unwrap_or((ReasonCode::SUCCESS, None));
        let retry = retry.map(|ms| ms.to_string());
        let properties: Vec<(&str, &str)> = retry.iter().map(|ms| ("retry-after-ms", ms.as_str())).collect();
        link.role.puback(now, id, code, None, &properties);
    }

    pub(super) fn lose_link(&mut self, number: usize, id: LinkId) {
        self.clients[number].links.retain(|link| link.id != id);
        self.clients[number].inbox.push_back(Input::LinkClosed(id, LinkError::Closed));
    }
}
