//! The REST service of a room in memory.

use std::collections::BTreeMap;

use bytes::Bytes;
use chatroom_session::{ApiRequest, Call, CallAnswer, CallError, Verb};
use chatroom_wire::{
    Chatroom, Message, Token, User, UserId, body,
    envelope::Elements,
    poll::Poll,
    rest::{
        ActionTaker, Block, ChangePoll, ChatroomAnswer, Done, ErrorBody, MessagesAnswer, MessagesPage, MessagesQuery,
        Mute, PAGE_MAX, Pin, PollBody, RefreshAnswer, Rename, RoomDictionariesPage, RoomStickerPacks, SetViewerInfo,
        StickerPacks, Unblock, Unpin,
    },
};
use percent_encoding::percent_decode_str;
use serde::{Serialize, de::DeserializeOwned};

use super::{Hall, acts::Refusal};

const NOTHING: Refusal = (404, 5, "a room in memory has nothing there");
const POLLS: usize = 10;

impl Hall {
    pub(in super::super) fn answer(&mut self, call: Call, token: Option<&Token>) -> Result<CallAnswer, CallError> {
        if let Call::Refresh(refresh) = call {
            // Tokens of this room never end; whoever asks gets the one he has back.
            let token = Token::new(refresh.expose());
            let known = self.people.contains_key(token.expose());
            let answer = RefreshAnswer { token, expires_in: Some(i64::from(u32::MAX)) };
            return if known { Ok(CallAnswer::Refreshed(answer)) } else { Err(unknown_token()) };
        }
        let known = token.and_then(|token| Some((token, self.people.get(token.expose())?.clone())));
        let Some((token, user)) = known else { return Err(unknown_token()) };
        match call {
            Call::Config => {
                self.config(token).map(|config| CallAnswer::Config(Box::new(config))).ok_or_else(unknown_token)
            }
            Call::Room => Ok(CallAnswer::Room(Box::new(self.room(&user)))),
            Call::History(query) => {
                let messages = self.history(&query, &user).into_iter().map(Ok).collect();
                Ok(CallAnswer::History(MessagesPage { messages: Elements(messages) }))
            }
            Call::Refresh(_) => Err(unknown_token()),
            Call::Api(request) => self.serve(&request, token, user).map(CallAnswer::Api).map_err(refused),
        }
    }

    fn serve(&mut self, request: &ApiRequest, token: &Token, user: User) -> Result<Bytes, Refusal> {
        let path = request.path.strip_prefix("/chatrooms").ok_or(NOTHING)?;
        let parts: Vec<String> =
            path.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (body, query) = (request.body.as_ref(), Query::of(request));
        match (request.verb, path, &parts[..]) {
            (Verb::Get, "", _) => return json(&ChatroomAnswer { chatroom: self.room(&user) }),
            (Verb::Get, "/config", _) => return json(&self.config(token).ok_or(NOTHING)?),
            (Verb::Get, "/messages", _) => {
                let messages = self.history(&query.messages()?, &user);
                return json(&MessagesAnswer { messages });
            }
            (Verb::Get, "/polls", _) => {
                let (before, size) = (query.number("page_token", 0)?, query.number("page_size", POLLS)?);
                return json(&self.polls(user.is_admin(), before, size));
            }
            (Verb::Put, "/users", _) => {
                self.rename(user.id.as_ref(), &read::<Rename>(body)?.custom_name)?;
                return done();
            }
            (Verb::Get, "/stickerpacks", _) => return json(&StickerPacks::default()),
            (Verb::Get, _, ["stickerpacks", _]) => return Err(NOTHING),
            _ if !user.is_admin() => return Err((403, 7, "this is for admins alone")),
            (Verb::Get, "/dictionaries", _) => return json(&RoomDictionariesPage::default()),
            (Verb::Post, "/stickerpacks:admin-list", _) => return json(&RoomStickerPacks::default()),
            (Verb::Post, ":mute", _) => self.mute(acting(user, read::<Mute>(body)?.action_taker), true),
            (Verb::Post, ":unmute", _) => self.mute(acting(user, read::<Mute>(body)?.action_taker), false),
            (Verb::Post, "/users:block", _) => {
                let mut blocked = read::<Block>(body)?.blocked_user;
                self.block(acting(user, named(blocked.action_taker.take())), blocked)?;
            }
            (Verb::Post, "/users:unblock", _) => {
                let unblocked = read::<Unblock>(body)?.unblocked_user;
                self.unblock(acting(user, named(unblocked.action_taker)), unblocked.id.as_ref())?;
            }
            (Verb::Put, "/viewer-infos", _) => {
                let wanted = read::<SetViewerInfo>(body)?;
                self.show_viewers(acting(user, wanted.action_taker), wanted.viewer_info.enabled);
            }
            (Verb::Post, "/messages:pin", _) => {
                let pin = read::<Pin>(body)?.pinned_message;
                self.pin(acting(user, pin.action_taker), pin.message.id.as_ref())?;
            }
            (Verb::Post, "/messages:unpin", _) => {
                let unpin = read::<Unpin>(body)?.unpinned_message;
                self.unpin(acting(user, unpin.action_taker), &unpin.message.id);
            }
            (Verb::Delete, _, ["messages", id]) => {
                let custom_name = query.0.get("action_taker.custom_name").copied().unwrap_or_default().to_owned();
                self.delete(acting(user, ActionTaker { custom_name }), &(*id).into())?;
            }
            (Verb::Post, "/polls", _) => {
                let poll = self.create_poll(read::<PollBody>(body)?.poll)?;
                return json(&PollBody { poll });
            }
            (Verb::Get, _, ["polls", id]) => return json(&PollBody { poll: self.poll(&(*id).into())? }),
            (Verb::Put, _, ["polls", id]) => {
                let poll = self.update_poll(&(*id).into(), read::<PollBody>(body)?.poll)?;
                return json(&PollBody { poll });
            }
            (Verb::Delete, _, ["polls", id]) => self.delete_poll(&(*id).into())?,
            (Verb::Post, _, ["polls", id]) => {
                let id = id.strip_suffix(":change").ok_or(NOTHING)?;
                let change = read::<ChangePoll>(body)?;
                self.change_poll(acting(user, change.action_taker), &id.into(), change.action)?;
            }
            _ => return Err(NOTHING),
        }
        done()
    }

    fn room(&self, user: &User) -> Chatroom {
        let mut room = self.room.clone();
        // What was announced leaves out what viewers are not to know.
        let whole = |poll: Poll| poll.id.as_ref().and_then(|id| self.poll(id).ok()).unwrap_or(poll);
        let active = room.active_poll.take().map(whole);
        room.active_poll = active.map(|poll| if user.is_admin() { poll } else { poll.for_viewers() });
        room
    }

    fn history(&self, query: &MessagesQuery, user: &User) -> Vec<Message> {
        let sees = |only: &Option<UserId>| only.is_none() || *only == user.id;
        let wanted = |message: &&Message| {
            query.after_at.is_none_or(|after| message.received_at > Some(after))
                && query.before_at.is_none_or(|before| message.received_at < Some(before))
                && (query.types.is_empty() || query.types.contains(&message.kind()))
        };
        let visible = self.said.iter().filter(|said| sees(&said.only)).map(|said| &said.message);
        let all: Vec<_> = visible.filter(wanted).collect();
        let limit = usize::from(query.limit.unwrap_or(PAGE_MAX));
        let skipped = if query.from_oldest { 0 } else { all.len().saturating_sub(limit) };
        all.into_iter().skip(skipped).take(limit).cloned().collect()
    }
}

/// The pairs of a query; of equal ones the last.
struct Query<'a>(BTreeMap<&'a str, &'a str>, &'a ApiRequest);

impl<'a> Query<'a> {
    fn of(request: &'a ApiRequest) -> Self {
        Self(request.query.iter().map(|(key, value)| (&**key, value.as_str())).collect(), request)
    }

    fn messages(&self) -> Result<MessagesQuery, Refusal> {
        let pairs = self.1.query.iter().map(|(key, value)| (&**key, value.as_str()));
        MessagesQuery::from_pairs(pairs).map_err(|_| (400, 3, "a parameter can't be used"))
    }

    fn number(&self, key: &str, default: usize) -> Result<usize, Refusal> {
        let text = self.0.get(key);
        text.map_or(Ok(default), |text| text.parse()).map_err(|_| (400, 3, "a parameter is no number"))
    }
}

fn read<T: DeserializeOwned>(json: Option<&Bytes>) -> Result<T, Refusal> {
    body::read(json.map_or(&[], |json| &json[..])).map_err(|_| (400, 3, "the body can't be used"))
}

fn json(answer: &impl Serialize) -> Result<Bytes, Refusal> {
    serde_json::to_vec(answer).map(Bytes::from).map_err(|_| (500, 13, "the answer can't be written"))
}

fn done() -> Result<Bytes, Refusal> {
    json(&Done {})
}

/// Who acts: the token's bearer, under the name that the call says.
fn acting(user: User, taker: ActionTaker) -> User {
    if taker.custom_name.is_empty() { user } else { User { custom_name: taker.custom_name, ..user } }
}

fn named(taker: Option<Box<User>>) -> ActionTaker {
    ActionTaker { custom_name: taker.map(|taker| taker.custom_name).unwrap_or_default() }
}

fn refused((status, code, message): Refusal) -> CallError {
    CallError::Status {
        status,
        body: ErrorBody { code, message: message.to_owned(), ..ErrorBody::default() },
        retry_after: None,
    }
}

fn unknown_token() -> CallError {
    refused((401, 16, "the token is not of this room"))
}
