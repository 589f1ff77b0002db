//! The REST service: configs, tokens, the room's state, its history.

use base64::Engine as _;
use bytes::Bytes;
use chatroom_session::{Call, CallAnswer, CallError, CallId, Input};
use chatroom_wire::{
    Chatroom, Config, Message, Token, envelope,
    rest::{ErrorBody, MessagesPage, MessagesQuery, RefreshAnswer},
};

use super::{PUB, SUB, World};

pub(crate) fn token(expires_at: i64) -> Token {
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"sub":"u","chat_id":"room","exp":{expires_at}}}"#);
    Token::new(format!("{}.{}.{}", part("{}".into()), part(claims), part("signature".into())))
}

pub(crate) fn config() -> Config {
    Config::from_json(
        format!(
            r#"{{"connection":{{"endpoint":"room.example","authorizer":"a","token":"{}","signature":"s","client_id":"c"}},
                "topic":{{"pub":"{PUB}","sub":"{SUB}"}},"user":{{"customer_id":"u","custom_name":"ada"}}}}"#,
            token(4_000_000_000).expose()
        )
        .as_bytes(),
    )
    .unwrap()
}

pub(crate) fn status(status: u16) -> CallError {
    CallError::Status { status, body: ErrorBody::default(), retry_after: None }
}

impl World {
    pub(super) fn answer(&mut self, number: usize, id: CallId, call: Call, token: Option<Token>) {
        self.clients[number].tokens_used.extend(token.map(|token| token.expose().to_owned()));
        let slow = match call {
            Call::History(_) => self.faults.slow_history,
            Call::Room => self.faults.slow_room,
            Call::Api(_) => self.faults.slow_api,
            _ => false,
        };
        let result = match call {
            Call::Config => {
                let mut config = config();
                if self.own_client_ids {
                    self.configs += 1;
                    config.connection.client_id = format!("c{}", self.configs).into();
                }
                self.faults.config.pop_front().map_or_else(|| Ok(CallAnswer::Config(Box::new(config))), Err)
            }
            Call::Room => {
                let room: Chatroom = serde_json::from_str(&self.room).unwrap();
                self.faults.room.pop_front().map_or_else(|| Ok(CallAnswer::Room(Box::new(room))), Err)
            }
            // The path comes back, so that a test sees what was asked.
            Call::Api(request) => {
                let path = Bytes::from(request.path.into_owned());
                self.faults.api.pop_front().map_or(Ok(CallAnswer::Api(path)), Err)
            }
            Call::Refresh(_) => {
                let fresh = self::token(self.exp(self.token_life));
                let answer = CallAnswer::Refreshed(RefreshAnswer { token: fresh, expires_in: Some(self.token_life) });
                self.faults.refresh.pop_front().map_or(Ok(answer), Err)
            }
            Call::History(query) => {
                let page = self.page(&query);
                self.history_calls.push(query);
                self.faults.history.pop_front().map_or(Ok(CallAnswer::History(page)), Err)
            }
        };
        let answer = Input::CallDone { id, result };
        if slow {
            self.on_the_way.push((number, answer));
        } else {
            self.clients[number].inbox.push_back(answer);
        }
    }

    /// The answer that has been on its way for longest arrives.
    pub(crate) fn release_one(&mut self) {
        let (number, answer) = self.on_the_way.remove(0);
        self.clients[number].inbox.push_back(answer);
        self.settle();
    }

    /// The answers that are on their way arrive.
    pub(crate) fn release(&mut self) {
        for (number, answer) in std::mem::take(&mut self.on_the_way) {
            self.clients[number].inbox.push_back(answer);
        }
        self.settle();
    }

    pub(super) fn page(&self, query: &MessagesQuery) -> MessagesPage {
        let inside = self.log[self.log.len().saturating_sub(self.retained)..].iter().filter(|message| {
            query.before_at.is_none_or(|border| message.received_at < Some(border))
                && query.after_at.is_none_or(|border| message.received_at > Some(border))
        });
        let limit = usize::from(query.limit.expect("the limit is always said"));
        let mut page: Vec<Message> = if query.from_oldest {
            inside.take(limit).cloned().collect()
        } else {
            inside.rev().take(limit).cloned().collect()
        };
        page.reverse();
        MessagesPage { messages: envelope::Elements(page.into_iter().map(Ok).collect()) }
    }
}
