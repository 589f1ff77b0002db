//! The service's side of a storm: what it would answer if all were well, and what it does when the bytes want it worse.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use chatroom_mqtt::{Accept, ReasonCode, ServerEvent, ServerOutput, encode_publish};
use chatroom_session::{Access, Call, CallAnswer, Input, LinkError, Now};
use chatroom_wire::{
    Config, Message, RefreshToken, Time, Token, User,
    envelope::{self, Elements},
    rest::{MessagesPage, RefreshAnswer},
};
use jiff::Timestamp;

use super::Stage;
use crate::bytes_in::BytesIn;

const PUB: &str = "chat/t/room/pub";
const SUB: &str = "chat/t/room/sub";
/// What must never be printed.
pub(super) const SECRETS: [&str; 3] = ["canary-signature", "canary-refresh", "Y2FuYXJ5LXRva2Vu"];

pub(super) fn epoch() -> Timestamp {
    Timestamp::from_second(1_767_225_600).expect("the first moment of 2026")
}

pub(super) fn access(config_alone: bool, now: Now) -> Access {
    if config_alone {
        Access::Config(Box::new(config(now)))
    } else {
        Access::Api { token: token(now), refresh_token: Some(RefreshToken::new("canary-refresh")) }
    }
}

/// A token that lives for an hour.
fn token(now: Now) -> Token {
    let claims = format!(r#"{{"sub":"u","chat_id":"room","exp":{}}}"#, now.wall.as_second() + 3_600);
    let parts = ["{}", &claims, "canary-token"].map(|part| URL_SAFE_NO_PAD.encode(part));
    Token::new(parts.join("."))
}

fn config(now: Now) -> Config {
    let json = format!(
        r#"{{"connection":{{"endpoint":"room.example","authorizer":"a","token":"{}","signature":"canary-signature",
        "client_id":"c"}},"topic":{{"pub":"{PUB}","sub":"{SUB}"}},"user":{{"customer_id":"u","custom_name":"ada"}}}}"#,
        token(now).expose()
    );
    Config::from_json(json.as_bytes()).expect("it says all that a config must")
}

/// What a service answers that is well. It keeps the last ten messages.
pub(super) fn answer(call: &Call, now: Now, messages: u32) -> CallAnswer {
    match call {
        Call::Config => CallAnswer::Config(Box::new(config(now))),
        Call::Room => {
            let room = r#"{"id":"room","status":"CHAT_STATUS_ACTIVE","custom_counters":[{"key":"likes"}]}"#;
            CallAnswer::Room(Box::new(serde_json::from_str(room).expect("it is a room")))
        }
        Call::Refresh(_) => CallAnswer::Refreshed(RefreshAnswer { token: token(now), expires_in: Some(3_600) }),
        Call::History(query) => {
            let inside = |message: &Message| {
                query.before_at.is_none_or(|border| message.received_at < Some(border))
                    && query.after_at.is_none_or(|border| message.received_at > Some(border))
            };
            let kept = (messages.saturating_sub(10)..messages).rev().map(said).filter(inside);
            CallAnswer::History(MessagesPage { messages: Elements(kept.map(Ok).collect()) })
        }
        Call::Api(_) => CallAnswer::Api(Bytes::from_static(b"{}")),
    }
}

/// What somebody said as the so manyth.
fn said(number: u32) -> Message {
    let stamp = epoch() + std::time::Duration::from_millis(u64::from(number));
    Message {
        id: Some(format!("said-{number}").into()),
        received_at: Some(Time::nanoseconds(stamp)),
        ..Message::text_by(User::named("bob"), number.to_string())
    }
}

impl Stage {
    /// The newest link's server takes what came, and answers as `how` wants it.
    pub(super) fn serve(&mut self, how: u8) {
        let Some(place) = self.links.len().checked_sub(1) else { return };
        let now = self.now.mono;
        let mut to_client = Vec::new();
        let mut closes = false;
        let mut echoes = Vec::new();
        let link = &mut self.links[place];
        while let Some(output) = link.role.poll_output() {
            match output {
                ServerOutput::Send(bytes) => to_client.extend(bytes),
                ServerOutput::Close(_) => closes = true,
                ServerOutput::Event(ServerEvent::Connect(_)) => match how {
                    0..8 => link.role.refuse(now, ReasonCode::NOT_AUTHORIZED, None),
                    8..12 => link.role.refuse(now, ReasonCode::SERVER_BUSY, Some("busy\x1b[2J")),
                    12..16 => link.role.disconnect(now, ReasonCode::SHUTTING_DOWN, None),
                    _ => link.role.accept(now, Accept::new(30)),
                },
                ServerOutput::Event(ServerEvent::Subscribe { id, filters }) => {
                    let code = if how < 16 { ReasonCode::NOT_AUTHORIZED } else { ReasonCode::SUCCESS };
                    link.subscribed = !code.is_error();
                    link.role.suback(now, id, &vec![code; filters.len()], None);
                }
                ServerOutput::Event(ServerEvent::Publish(publish)) => {
                    let code = match how {
                        0..16 => ReasonCode::QUOTA_EXCEEDED,
                        16..24 => ReasonCode::PAYLOAD_FORMAT_INVALID,
                        _ => ReasonCode::SUCCESS,
                    };
                    if how & 1 == 0 && !code.is_error() {
                        echoes.push(publish.payload.clone());
                    }
                    if let Some(id) = publish.id.filter(|_| how & 2 == 0) {
                        let wait: &[(&str, &str)] = if how < 8 { &[("retry-after-ms", "500")] } else { &[] };
                        link.role.puback(now, id, code, None, wait);
                    }
                }
                ServerOutput::Event(_) => {}
            }
        }
        let id = link.id;
        if !to_client.is_empty() {
            self.received(place, to_client.into());
        }
        for payload in echoes {
            let echo = envelope::decode(&payload).expect("a client writes JSON").remove(0).expect("and messages");
            self.tell_room(&Message { received_at: Some(Time::nanoseconds(self.now.wall)), ..echo }, 0);
        }
        if closes {
            self.links.retain(|link| link.id != id);
            self.input(Input::LinkClosed(id, LinkError::Closed));
        }
    }

    /// Somebody says something; what comes may be numbered wrongly, twice, or lost.
    pub(super) fn deliver(&mut self, input: &mut BytesIn<'_>) {
        let how = input.byte();
        let number = if how & 0x0F == 1 { self.messages.saturating_sub(1) } else { self.messages };
        self.messages = self.messages.max(number + 1);
        self.tell_room(&said(number), how >> 4);
    }

    fn tell_room(&mut self, message: &Message, how: u8) {
        let Some(place) = self.links.iter().rposition(|link| link.subscribed) else { return };
        let link = &mut self.links[place];
        let previous = link.seq;
        link.seq += if how == 2 { 3 } else { 1 };
        let (seq, prev) = (link.seq.to_string(), if how == 3 { link.seq } else { previous }.to_string());
        let numbers = [("seq", seq.as_str()), ("prev", prev.as_str())];
        let numbers: &[(&str, &str)] = if how == 4 { &[] } else { &numbers };
        let payload = envelope::join([envelope::encode(message).as_slice()]);
        let packet = encode_publish(SUB, &payload, numbers).expect("a small packet");
        match how {
            5 => {}
            6 => {
                let id = self.links[place].id;
                self.received(place, packet.clone());
                if let Some(place) = self.links.iter().position(|link| link.id == id) {
                    self.received(place, packet);
                }
            }
            _ => self.received(place, packet),
        }
    }
}
