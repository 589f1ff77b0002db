//! The REST service: configs, tokens, the room, the history; asked at one moment, answered at another, or never.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chatroom_session::{Call, CallAnswer, CallError, CallId};
use chatroom_wire::{
    Chatroom, Claims, Config, Token, UserId,
    envelope::Elements,
    rest::{ErrorBody, MessagesPage, MessagesQuery, RefreshAnswer},
};
use serde_json::json;

use super::{
    air::Air,
    breach::Breach,
    gateway::{PUBLISH, SUBSCRIBE},
    server::Server,
};

/// How old a page of the vendor's history may be.
const STALE: Duration = Duration::from_millis(4_500);

/// A call under way.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) client: usize,
    pub(crate) life: u32,
    pub(crate) id: CallId,
    pub(crate) at: Duration,
    pub(crate) stage: Stage,
}

/// Where it is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// On its way to the service.
    Asking(Call, Option<Token>),
    /// On its way back.
    Answering(Box<Result<CallAnswer, CallError>>),
}

/// What the weather makes of a call: how long each way takes, and whether it fails. None if it is never answered.
pub(crate) fn fate(air: &mut Air, call: &Call) -> Option<(Duration, Duration, Option<CallError>)> {
    let bad = match call {
        Call::History(_) => air.weather.history,
        _ => air.weather.calls,
    } > air.now;
    let quick = (air.dice.milliseconds(2, 80), air.dice.milliseconds(2, 80));
    match (bad, air.dice.below(6)) {
        (false, _) | (true, 0) => Some((quick.0, quick.1, None)),
        (true, 1) => None,
        (true, 2) => Some((air.dice.seconds(0, 14), quick.1, None)),
        // Longer than anybody waits: the answer comes to nobody.
        (true, 3) => Some((quick.0, air.dice.seconds(2, 25), None)),
        (true, 4) => Some((quick.0, quick.1, Some(CallError::Unreachable("the network is gone".to_owned())))),
        (true, _) => {
            let retry_after = air.dice.chance(50).then(|| air.dice.seconds(0, 8));
            Some((quick.0, quick.1, Some(CallError::Status { status: 503, body: ErrorBody::default(), retry_after })))
        }
    }
}

impl Server {
    /// A token for somebody, with this life.
    pub(crate) fn token(&self, air: &Air, user: &UserId, life: i64) -> Token {
        let part = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
        let exp = self.date(air).as_second() + life;
        let claims = json!({"sub": user.as_str(), "chat_id": "room", "exp": exp});
        Token::new(format!("{}.{}.{}", part("{}".to_owned()), part(claims.to_string()), part("none".to_owned())))
    }

    /// The config of a client, under a client id of its own if the service gives such.
    pub(crate) fn config(&mut self, air: &Air, client: usize, user: &UserId, life: i64) -> Box<Config> {
        let client_id = if air.ours {
            self.next_client_id += 1;
            format!("c{client}-{}", self.next_client_id)
        } else {
            format!("device-{client}")
        };
        self.issued.insert(client_id.clone(), client);
        let token = self.token(air, user, life);
        let config = json!({
            "connection": {
                "endpoint": "room.example", "authorizer": "a", "token": token.expose(), "signature": "s",
                "client_id": client_id,
            },
            "topic": {"pub": PUBLISH, "sub": SUBSCRIBE},
            "user": {"customer_id": user.as_str(), "custom_name": user.as_str()},
        });
        Box::new(Config::from_json(config.to_string().as_bytes()).expect("this config has all that it needs"))
    }

    pub(crate) fn serve(
        &mut self,
        air: &mut Air,
        client: usize,
        user: &UserId,
        call: Call,
        token: Option<&Token>,
    ) -> Result<CallAnswer, CallError> {
        if !self.is_up() {
            return Err(CallError::Unreachable("connection refused".to_owned()));
        }
        if let Call::Refresh(_) = call {
            let life = air.weather.token_life;
            return Ok(CallAnswer::Refreshed(RefreshAnswer {
                token: self.token(air, user, life),
                expires_in: Some(life),
            }));
        }
        let claims = token.and_then(|token| Claims::of(token).ok());
        let ends = claims.and_then(|claims| claims.expires_at());
        let left = ends.map_or(0, |end| end.duration_since(self.date(air)).as_secs());
        if left <= 0 {
            let body = json!({"code": 16, "message": "expired", "details": [{"reason": "ERROR_REASON_TOKEN_INVALID"}]});
            let body: ErrorBody = serde_json::from_value(body).expect("this is the body of a refusal");
            return Err(CallError::Status { status: 401, body, retry_after: None });
        }
        match call {
            Call::Config => Ok(CallAnswer::Config(self.config(air, client, user, left))),
            Call::Room => Ok(CallAnswer::Room(Box::new(Chatroom::from(self.standing.record().clone())))),
            Call::History(query) => Ok(CallAnswer::History(self.page(air, user, &query))),
            Call::Refresh(_) | Call::Api(_) => Err(CallError::Answer("there is no such call here".to_owned())),
        }
    }

    fn page(&self, air: &mut Air, user: &UserId, query: &MessagesQuery) -> MessagesPage {
        // No document says how fresh a page is. Clients live with what the wait for an echo, and the overlap of reads,
        // bridge.
        let stale = !air.ours && air.now < air.weather.stale && air.dice.chance(60);
        let age = if stale { air.dice.between(Duration::ZERO, STALE) } else { Duration::ZERO };
        air.tally.stale += u64::from(stale);
        let mut page = self.log.page(user, query, self.inclusive, air.now.saturating_sub(age));
        if air.breaks(Breach::HistoryOmits) && page.len() > 1 {
            page.remove(air.dice.place(page.len()));
        }
        if !air.ours {
            // No document promises the order within a page.
            for place in 1..page.len() {
                page.swap(place, air.dice.place(place + 1));
            }
        }
        air.note(|| {
            let ids = page.iter().filter_map(|message| message.id.as_ref()).map(ToString::to_string);
            format!(
                "{user} gets the page {:?} to {:?}, {:.1} s old: {}",
                query.after_at,
                query.before_at,
                age.as_secs_f64(),
                ids.collect::<Vec<_>>().join(" ")
            )
        });
        MessagesPage { messages: Elements(page.into_iter().map(Ok).collect()) }
    }
}
