//! The table of routes: every call of the API (docs/protocol.md, section C), one row each.
//!
//! The router, the check of who may, and the description at `/openapi.json` are made from these rows and from nothing
//! else.
//!
//! - [`organisation`]: the rows of what belongs to the organisation

mod organisation;

use axum::http::Method;
use chatroom_wire::{
    Config,
    rest::{
        BarAnswer, BarUser, BarredUsers, Block, ChangePoll, ChatroomAnswer, CreateChatroom, CreateToken, Done,
        MessagesAnswer, Mute, Pin, PollBody, PollsPage, RefreshAnswer, RefreshRequest, Rename, SetViewerInfo,
        TokenAnswer, Unblock, Unpin,
    },
};

use serde_json::{Value, json};

use super::{
    access::{ADMIN, ANYBODY, CHAT, ORGANISATION, REFRESH},
    bars, config, messages, moderation, openapi, parameters, polls, rooms,
    route::Route,
    tokens, users,
};

/// Every row.
pub(crate) fn table() -> Vec<Route> {
    [rooms(), messages(), users(), polls(), organisation::dictionaries(), organisation::stickers(), service()]
        .into_iter()
        .flatten()
        .collect()
}

fn rooms() -> Vec<Route> {
    vec![
        Route::api(Method::POST, "/chatrooms", "createChatroom", ORGANISATION, rooms::create)
            .says("Makes a room.")
            .takes::<CreateChatroom>(json!({"custom_counters": [{"key": "like"}]}))
            .gives::<ChatroomAnswer>(),
        Route::api(Method::GET, "/chatrooms", "getChatroom", CHAT, rooms::read)
            .says("The room of the token.")
            .explains("Its state is what its listeners were told last.")
            .gives::<ChatroomAnswer>()
            .shared()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/{id}/tokens", "createChatroomToken", ORGANISATION, tokens::create)
            .says("Makes a chat token for a room.")
            .explains("What the request does not say is filled in: a guest with an id of its own.")
            .takes::<CreateToken>(json!({"role": "ROLE_ADMIN", "subject": "ada", "device_id": "phone", "name": "Ada"}))
            .gives::<TokenAnswer>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/tokens:refresh", "refreshChatroomToken", REFRESH, tokens::refresh)
            .says("Buys a new chat token with a refresh token.")
            .explains("The refresh token comes in the body and stays good until its own end.")
            .takes::<RefreshRequest>(json!({"refresh_token": "eyJ…"}))
            .gives::<RefreshAnswer>()
            .refuses(&[401, 403]),
        Route::api(Method::GET, "/chatrooms/config", "getChatroomConfig", CHAT, config::read)
            .says("How to connect over MQTT.")
            .explains("Each call gives a client id of its own.")
            .gives::<Config>()
            .refuses(&[400, 404]),
        Route::api(Method::POST, "/chatrooms:mute", "muteChatroom", ADMIN, moderation::mute)
            .says("Viewers may not write until the room is unmuted.")
            .takes::<Mute>(json!({"action_taker": {"custom_name": "Ada"}}))
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms:unmute", "unmuteChatroom", ADMIN, moderation::unmute)
            .says("Viewers may write again.")
            .takes::<Mute>(json!({"action_taker": {"custom_name": "Ada"}}))
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::PUT, "/chatrooms/viewer-infos", "updateViewerInfo", ADMIN, moderation::show_viewers)
            .says("Shows or hides the number of viewers.")
            .takes::<SetViewerInfo>(json!({"viewer_info": {"enabled": true}, "action_taker": {"custom_name": "Ada"}}))
            .gives::<Done>()
            .refuses(&[404]),
    ]
    .tagged("Rooms")
}

fn messages() -> Vec<Route> {
    vec![
        Route::api(Method::GET, "/chatrooms/messages", "listChatroomMessages", CHAT, messages::read)
            .says("The history, in pages.")
            .asks(parameters::messages())
            .gives::<MessagesAnswer>()
            .refuses(&[404]),
        Route::api(Method::DELETE, "/chatrooms/messages/{id}", "deleteChatroomMessage", ADMIN, messages::delete)
            .says("Deletes a message.")
            .asks(parameters::deletion())
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/messages:pin", "pinChatroomMessage", ADMIN, moderation::pin)
            .says("Puts a message at the top of the room.")
            .explains("Its id is enough: text and sender are taken from the room's own log. Only texts can be pinned.")
            .takes::<Pin>(
                json!({"pinned_message": {"message": {"id": MESSAGE}, "action_taker": {"custom_name": "Ada"}}}),
            )
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/messages:unpin", "unpinChatroomMessage", ADMIN, moderation::unpin)
            .says("Takes a message from there.")
            .takes::<Unpin>(
                json!({"unpinned_message": {"message": {"id": MESSAGE}, "action_taker": {"custom_name": "Ada"}}}),
            )
            .gives::<Done>()
            .refuses(&[404]),
    ]
    .tagged("Messages")
}

fn users() -> Vec<Route> {
    vec![
        Route::api(Method::POST, "/chatrooms/users:block", "blockChatroomUser", ADMIN, moderation::block)
            .says("Hides what somebody writes from now on from all others.")
            .explains(
                "The block is announced to everyone in the room and listed in its state, so that the blocked person may \
                learn of it.",
            )
            .takes::<Block>(
                json!({"blocked_user": {"id": "eve", "custom_name": "Eve", "action_taker": {"custom_name": "Ada"}}}),
            )
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/users:unblock", "unblockChatroomUser", ADMIN, moderation::unblock)
            .says("Shows what somebody writes from now on.")
            .explains("What was hidden stays hidden.")
            .takes::<Unblock>(json!({"unblocked_user": {"id": "eve", "action_taker": {"custom_name": "Ada"}}}))
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/{id}/users:bar", "barChatroomUser", ORGANISATION, bars::bar)
            .says("Keeps somebody out of a room.")
            .explains(
                "Ends the person's connections, and refuses all their calls, connections and messages until the bar is \
                taken back. It is announced to nobody, and what they wrote before stays. Not a call of the vendor's.",
            )
            .takes::<BarUser>(json!({"user_id": "eve"}))
            .gives::<BarAnswer>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/{id}/users:unbar", "unbarChatroomUser", ORGANISATION, bars::unbar)
            .says("Lets somebody in again.")
            .takes::<BarUser>(json!({"user_id": "eve"}))
            .gives::<BarAnswer>()
            .refuses(&[404]),
        Route::api(Method::GET, "/chatrooms/{id}/barred-users", "listBarredChatroomUsers", ORGANISATION, bars::list)
            .says("Who is kept out of a room, the oldest bar first.")
            .gives::<BarredUsers>()
            .refuses(&[404]),
        Route::api(Method::PUT, "/chatrooms/users", "updateChatroomUser", CHAT, users::rename)
            .says("The caller goes by another name in the room from now on.")
            .takes::<Rename>(json!({"custom_name": "Ada Lovelace"}))
            .gives::<Done>()
            .refuses(&[404]),
    ]
    .tagged("Users")
}

fn polls() -> Vec<Route> {
    vec![
        Route::api(Method::POST, "/chatrooms/polls", "createPoll", ADMIN, polls::create)
            .says("Makes a poll, queued.")
            .explains("Ids, status, counts and times are the server's; what a request says of them is ignored.")
            .takes::<PollBody>(poll())
            .gives::<PollBody>()
            .refuses(&[404]),
        Route::api(Method::GET, "/chatrooms/polls", "listPolls", CHAT, polls::list)
            .says("The polls of the room, the newest first.")
            .explains(
                "A viewer sees no poll before it starts, and learns which answer is right once it is closed. An admin \
                sees all of it.",
            )
            .asks(parameters::pages())
            .gives::<PollsPage>()
            .refuses(&[404]),
        Route::api(Method::GET, "/chatrooms/polls/{id}", "getPoll", ADMIN, polls::read)
            .says("One poll.")
            .gives::<PollBody>()
            .refuses(&[404]),
        Route::api(Method::PUT, "/chatrooms/polls/{id}", "updatePoll", ADMIN, polls::update)
            .says("Writes a queued poll anew.")
            .takes::<PollBody>(poll())
            .gives::<PollBody>()
            .refuses(&[404]),
        Route::api(Method::DELETE, "/chatrooms/polls/{id}", "deletePoll", ADMIN, polls::delete)
            .says("Deletes a poll that is not active.")
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::POST, "/chatrooms/polls/{id}:change", "changePoll", ADMIN, polls::change)
            .says("Starts, closes or archives a poll.")
            .explains(
                "START wants a queued one, and no other that is active; CLOSE an active one; ARCHIVE a closed one.",
            )
            .takes::<ChangePoll>(json!({"action": "ACTION_START", "action_taker": {"custom_name": "Ada"}}))
            .gives::<Done>()
            .refuses(&[404]),
    ]
    .tagged("Polls")
}

fn service() -> Vec<Route> {
    vec![
        Route::at(Method::GET, "/openapi.json".to_owned(), "getOpenApi", ANYBODY, openapi::read)
            .says("This description.")
            .shared()
            .tagged("Service"),
    ]
}

/// The id of a message, for examples.
const MESSAGE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A poll as a request says it.
fn poll() -> Value {
    let options = json!([{"text": "Tea", "corrected": true}, {"text": "Coffee", "corrected": false}]);
    json!({"poll": {"type": "POLL_TYPE_SINGLE_CHOICE", "multi_choice": {"question": "What?", "options": options}}})
}

/// The family that all these rows belong to.
trait Family {
    fn tagged(self, tag: &'static str) -> Self;
}

impl Family for Vec<Route> {
    fn tagged(self, tag: &'static str) -> Self {
        self.into_iter().map(|route| route.tagged(tag)).collect()
    }
}
