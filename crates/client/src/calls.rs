//! All REST calls that a chat token may make, in one table: the same on a [`Room`] and on a [`Visitor`]
//! (docs/protocol.md, section C).
//!
//! A room makes them with its session's token; a visitor has a token and no session. Both buy one fresh token when a
//! call is refused for its token, and make the call once more.
//!
//! Calls that act write under the handle's own name, else under the one that the service knows (a visitor asks for it
//! once, a session is told it), else under the token's, else as `Admin`.

pub(crate) mod ask;
pub(crate) mod table;

use chatroom_session::CallError;
use chatroom_wire::{
    Chatroom, Config, DictionaryId, Message, MessageId, PollId, StickerPackId, Time, User, UserId,
    payload::PinnedMessage,
    poll::Poll,
    rest::{
        Block, ChangePoll, ChatroomAnswer, EnableDictionaries, EnableStickerPack, MessageRef, MessagesPage,
        MessagesQuery, Mute, Pin, PinBody, PollAction, PollBody, PollsPage, Rename, RoomDictionariesPage,
        RoomDictionary, RoomStickerPack, RoomStickerPacks, SetViewerInfo, StickerPackAnswer, StickerPacks, Unblock,
        Unpin, UnpinBody, ViewerInfoSwitch,
    },
    sticker::StickerPack,
};

use self::{
    ask::{answer, config, delete, done, get, known, page, post, put, read, segment, with},
    table::{calls, cancel, errors},
};
use crate::{Room, Visitor};

calls! {
    [Room "```" r##"
# let memory = chatroom_client::memory::MemoryRoom::new().with_counters(["like"]);
# let tea = r#"{"multi_choice":{"question":"Tea?","options":[{"text":"yes"},{"text":"no"}]}}"#;
# let tea: chatroom_client::wire::poll::Poll = serde_json::from_str(tea)?;
# memory.say("ada", "hello");
# let (host, _events) = memory.join_admin("host").build()?;"##]
    [Visitor "```" r##"
# let memory = chatroom_client::memory::MemoryRoom::new().with_counters(["like"]);
# let tea = r#"{"multi_choice":{"question":"Tea?","options":[{"text":"yes"},{"text":"no"}]}}"#;
# let tea: chatroom_client::wire::poll::Poll = serde_json::from_str(tea)?;
# memory.say("ada", "hello");
# let host = memory.visitor(memory.admin_token("host"));"##]
    => {
        /// Lets viewers write no more, until [`unmute`](Self::unmute); admins go on, and so do votes:
        /// `POST /chatrooms:mute`.
        admin acts mute() -> () {
            ask as me: post("/chatrooms:mute", &Mute { action_taker: me }),
            answer: done,
            example: "host.mute().await?;\n\
                     assert!(host.chatroom().await?.muted);"
        }

        /// Lets viewers write again: `POST /chatrooms:unmute`.
        admin acts unmute() -> () {
            ask as me: post("/chatrooms:unmute", &Mute { action_taker: me }),
            answer: done,
            example: "host.unmute().await?;\n\
                     assert!(!host.chatroom().await?.muted);"
        }

        /// Hides from all others what this person writes from now on: `POST /chatrooms/users:block`. The person's id is
        /// needed; what else the service wants is taken along.
        admin acts block(user: &User) -> () {
            ask as me: post("/chatrooms/users:block", &Block { blocked_user: User {
                id: Some(known(user.id.as_ref(), "the user has no id")?.clone()),
                device_id: user.device_id.clone(),
                custom_name: user.custom_name.clone(),
                action_taker: Some(Box::new(User::named(me.custom_name))),
                ..User::default()
            } }),
            answer: done,
            example: "# memory.token(\"eve\");\n\
                     let eve = chatroom_client::wire::User { id: Some(\"user-eve\".into()), ..Default::default() };\n\
                     host.block(&eve).await?;\n\
                     assert_eq!(host.chatroom().await?.blocked_users[0].id, eve.id);"
        }

        /// Shows again what this person writes from now on: `POST /chatrooms/users:unblock`. What was hidden stays hidden.
        admin acts unblock(user: &UserId) -> () {
            ask as me: post("/chatrooms/users:unblock", &Unblock { unblocked_user: User {
                id: Some(user.clone()),
                action_taker: Some(Box::new(User::named(me.custom_name))),
                ..User::default()
            } }),
            answer: done,
            example: "host.unblock(&\"user-eve\".into()).await?;\n\
                     assert!(host.chatroom().await?.blocked_users.is_empty());"
        }

        /// Puts a message at the top of the room: `POST /chatrooms/messages:pin`, with its id, its text and its sender.
        /// Only a text can be pinned.
        admin acts pin(message: &Message) -> () {
            ask as me: post("/chatrooms/messages:pin", &Pin { pinned_message: PinBody {
                message: PinnedMessage {
                    id: Some(known(message.id.as_ref(), "the message has no id")?.clone()),
                    text: message.text().unwrap_or_default().to_owned(),
                    sender: Some(User {
                        id: message.user.id.clone(),
                        device_id: message.user.device_id.clone(),
                        custom_name: message.user.custom_name.clone(),
                        ..User::default()
                    }),
                    ..PinnedMessage::default()
                },
                action_taker: me,
            } }),
            answer: done,
            example: "let page = host.messages_page(&Default::default()).await?;\n\
                     if let Some(Ok(message)) = page.messages.0.first() {\n    \
                         host.pin(message).await?;\n\
                     }\n\
                     assert_eq!(host.chatroom().await?.pinned_messages[0].message.text, \"hello\");"
        }

        /// The same as [`pin`](Self::pin), for whoever has no whole message: `POST /chatrooms/messages:pin`. `chatroom
        /// serve` needs the id alone; another service may want the text and the sender too.
        admin acts pin_message(message: PinnedMessage) -> () {
            ask as me: post("/chatrooms/messages:pin", &Pin { pinned_message: PinBody { message, action_taker: me } }),
            answer: done,
            example: "# let id = memory.messages()[0].id.clone();\n\
                     use chatroom_client::wire::payload::PinnedMessage;\n\
                     \n\
                     host.pin_message(PinnedMessage { id, ..PinnedMessage::default() }).await?;\n\
                     assert_eq!(host.chatroom().await?.pinned_messages[0].message.text, \"hello\");"
        }

        /// Takes a message from the top of the room: `POST /chatrooms/messages:unpin`.
        admin acts unpin(message: &MessageId) -> () {
            ask as me: post("/chatrooms/messages:unpin", &Unpin { unpinned_message: UnpinBody {
                message: MessageRef { id: message.clone() },
                action_taker: me,
            } }),
            answer: done,
            example: "# host.pin(&memory.messages()[0]).await?;\n\
                     for pinned in host.chatroom().await?.pinned_messages {\n    \
                         if let Some(id) = &pinned.message.id {\n        \
                             host.unpin(id).await?;\n    \
                         }\n\
                     }\n\
                     assert!(host.chatroom().await?.pinned_messages.is_empty());"
        }

        /// Deletes a message for all: `DELETE /chatrooms/messages/{id}`. Some services find it faster with its
        /// `received_at`.
        admin acts delete(message: &MessageId, received_at: Option<Time>) -> () {
            ask as me: with(
                [("action_taker.custom_name", Some(me.custom_name)), ("received_at", received_at.map(|at| at.to_string()))]
                    .into_iter()
                    .filter_map(|(key, value)| Some((key.into(), value?)))
                    .collect(),
                delete(format!("/chatrooms/messages/{}", segment(message.as_str())?)),
            ),
            answer: done,
            example: "# let id = memory.messages()[0].id.clone().unwrap();\n\
                     host.delete(&id, None).await?;\n\
                     let page = host.messages_page(&Default::default()).await?;\n\
                     assert!(page.messages.0.iter().flatten().all(|message| message.text() != Some(\"hello\")));"
        }

        /// Writes under this name in this room from now on, whatever the token says: `PUT /chatrooms/users`.
        anyone acts rename(name: &str) -> () {
            ask: put("/chatrooms/users", &Rename { custom_name: name.to_owned() }),
            answer: done,
            then as handle: handle.renamed(name),
            example: "host.rename(\"Grace\").await?;\n\
                     assert_eq!(host.config().await?.user.custom_name, \"Grace\");"
        }

        /// Shows everybody how many are here, or does so no more: `PUT /chatrooms/viewer-infos`.
        admin acts show_viewers(enabled: bool) -> () {
            ask as me: put("/chatrooms/viewer-infos", &SetViewerInfo {
                viewer_info: ViewerInfoSwitch { enabled },
                action_taker: me,
            }),
            answer: done,
            example: "host.show_viewers(true).await?;\n\
                     assert!(host.chatroom().await?.viewer_info.is_some_and(|info| info.enabled));"
        }

        /// Makes a poll, which waits for its start: `POST /chatrooms/polls`. The service gives it and its options ids.
        admin acts create_poll(poll: &Poll) -> Poll {
            ask: post("/chatrooms/polls", &PollBody { poll: poll.clone() }),
            answer: |body| read(body).map(|answer: PollBody| answer.poll),
            example: "use chatroom_client::wire::{poll::{MultiChoice, Poll, PollOption}, rest::PollAction};\n\
                     \n\
                     let option = |text: &str| PollOption { text: text.into(), ..PollOption::default() };\n\
                     let choice = MultiChoice {\n    \
                         question: \"Tea?\".into(),\n    \
                         options: vec![option(\"yes\"), option(\"no\")],\n    \
                         ..MultiChoice::default()\n\
                     };\n\
                     let poll = host.create_poll(&Poll { multi_choice: choice, ..Poll::default() }).await?;\n\
                     if let Some(id) = &poll.id {\n    \
                         host.change_poll(id, PollAction::Start).await?;\n\
                     }\n\
                     assert_eq!(host.chatroom().await?.active_poll.and_then(|active| active.id), poll.id);"
        }

        /// A page of the room's polls, the newest first: `GET /chatrooms/polls`. What gives the next page stands in this
        /// one; a page holds 10 polls unless said otherwise, and 100 at most.
        anyone reads polls(page_token: Option<&str>, page_size: Option<u16>) -> PollsPage {
            ask: with(page(page_token, page_size), get("/chatrooms/polls")),
            answer: read,
            example: "for poll in host.polls(None, Some(100)).await?.polls {\n    \
                         println!(\"{:?}: {} votes\", poll.status, poll.votes_count);\n\
                     }"
        }

        /// One poll: `GET /chatrooms/polls/{id}`.
        admin reads poll(poll: &PollId) -> Poll {
            ask: get(format!("/chatrooms/polls/{}", segment(poll.as_str())?)),
            answer: |body| read(body).map(|answer: PollBody| answer.poll),
            example: "# let id = host.create_poll(&tea).await?.id.unwrap();\n\
                     assert_eq!(host.poll(&id).await?.votes_count, 0);"
        }

        /// Writes a poll anew, which is possible before its start alone: `PUT /chatrooms/polls/{id}`, where the poll has
        /// its id.
        admin acts update_poll(poll: &Poll) -> Poll {
            ask: put(
                format!("/chatrooms/polls/{}", segment(known(poll.id.as_ref(), "the poll has no id")?.as_str())?),
                &PollBody { poll: poll.clone() },
            ),
            answer: |body| read(body).map(|answer: PollBody| answer.poll),
            example: "# let mut poll = host.create_poll(&tea).await?;\n\
                     poll.multi_choice.question = \"Coffee?\".to_owned();\n\
                     assert_eq!(host.update_poll(&poll).await?.multi_choice.question, \"Coffee?\");"
        }

        /// Deletes a poll, which is possible while it does not run: `DELETE /chatrooms/polls/{id}`.
        admin acts delete_poll(poll: &PollId) -> () {
            ask: delete(format!("/chatrooms/polls/{}", segment(poll.as_str())?)),
            answer: done,
            example: "# let id = host.create_poll(&tea).await?.id.unwrap();\n\
                     host.delete_poll(&id).await?;\n\
                     assert!(host.poll(&id).await.is_err());"
        }

        /// Starts, closes or archives a poll: `POST /chatrooms/polls/{id}:change`. One poll runs in a room at a time.
        admin acts change_poll(poll: &PollId, action: PollAction) -> () {
            ask as me: post(
                format!("/chatrooms/polls/{}:change", segment(poll.as_str())?),
                &ChangePoll { action, action_taker: me },
            ),
            answer: done,
            example: "# let id = host.create_poll(&tea).await?.id.unwrap();\n\
                     use chatroom_client::wire::{poll::PollStatus, rest::PollAction};\n\
                     \n\
                     host.change_poll(&id, PollAction::Start).await?;\n\
                     host.change_poll(&id, PollAction::Close).await?;\n\
                     assert_eq!(host.poll(&id).await?.status, PollStatus::Closed);"
        }

        /// A page of the dictionaries that there are, and whether this room uses them: `GET /chatrooms/dictionaries`.
        admin reads dictionaries(page_token: Option<&str>, page_size: Option<u16>) -> RoomDictionariesPage {
            ask: with(page(page_token, page_size), get("/chatrooms/dictionaries")),
            answer: read,
            example: "for found in host.dictionaries(None, None).await?.results {\n    \
                         println!(\"{} is in use: {}\", found.dictionary.id, found.enabled);\n\
                     }"
        }

        /// Has this room use dictionaries, or use them no more: `POST /chatrooms/dictionaries:batch-update`.
        admin acts enable_dictionaries(dictionaries: &[DictionaryId], enabled: bool) -> Vec<RoomDictionary> {
            ask: post("/chatrooms/dictionaries:batch-update", &EnableDictionaries { ids: dictionaries.to_vec(), enabled }),
            answer: |body| read(body).map(|answer: RoomDictionariesPage| answer.results),
            example: "for found in host.dictionaries(None, None).await?.results {\n    \
                         host.enable_dictionaries(&[found.dictionary.id], true).await?;\n\
                     }"
        }

        /// The packs of stickers that this room uses: `GET /chatrooms/stickerpacks`.
        anyone reads sticker_packs() -> Vec<StickerPack> {
            ask: get("/chatrooms/stickerpacks"),
            answer: |body| read(body).map(|answer: StickerPacks| answer.sticker_packs),
            example: "for pack in host.sticker_packs().await? {\n    \
                         println!(\"{}\", pack.id);\n\
                     }"
        }

        /// A pack and its stickers: `GET /chatrooms/stickerpacks/{id}`.
        anyone reads sticker_pack(pack: &StickerPackId) -> StickerPackAnswer {
            ask: get(format!("/chatrooms/stickerpacks/{}", segment(pack.as_str())?)),
            answer: read,
            example: "for pack in host.sticker_packs().await? {\n    \
                         println!(\"{} stickers\", host.sticker_pack(&pack.id).await?.stickers.len());\n\
                     }"
        }

        /// All packs of stickers, and whether this room uses them: `POST /chatrooms/stickerpacks:admin-list`.
        admin reads all_sticker_packs() -> Vec<RoomStickerPack> {
            ask: post("/chatrooms/stickerpacks:admin-list", &serde_json::json!({})),
            answer: |body| read(body).map(|answer: RoomStickerPacks| answer.results),
            example: "for found in host.all_sticker_packs().await? {\n    \
                         println!(\"{} is in use: {}\", found.sticker_pack.id, found.enabled);\n\
                     }"
        }

        /// Has this room use a pack of stickers, or use it no more: `PUT /chatrooms/stickerpacks/{id}`. The vendor's call
        /// is not known; this is what `chatroom serve` takes.
        admin acts enable_sticker_pack(pack: &StickerPackId, enabled: bool) -> RoomStickerPack {
            ask: put(format!("/chatrooms/stickerpacks/{}", segment(pack.as_str())?), &EnableStickerPack { enabled }),
            answer: read,
            example: "for found in host.all_sticker_packs().await? {\n    \
                         host.enable_sticker_pack(&found.sticker_pack.id, true).await?;\n\
                     }"
        }

        /// The room as the service knows it: `GET /chatrooms`.
        anyone reads chatroom() -> Chatroom {
            ask: get("/chatrooms"),
            answer: |body| read(body).map(|answer: ChatroomAnswer| answer.chatroom),
            example: "assert_eq!(host.chatroom().await?.custom_counters[0].key, \"like\");"
        }

        /// How to connect, and who we are: `GET /chatrooms/config`. Each call may give a client id of its own.
        anyone reads config() -> Config {
            ask: get("/chatrooms/config"),
            answer: config,
            example: "assert!(host.config().await?.user.is_admin);"
        }

        /// One page of what was said: `GET /chatrooms/messages`. [`history`](Self::history) turns the pages.
        anyone reads messages_page(query: &MessagesQuery) -> MessagesPage {
            ask: with(
                query.pairs().into_iter().map(|(key, value)| (key.into(), value)).collect(),
                get("/chatrooms/messages"),
            ),
            answer: read,
            example: "use chatroom_client::wire::rest::MessagesQuery;\n\
                     \n\
                     let query = MessagesQuery { limit: Some(10), ..MessagesQuery::default() };\n\
                     assert_eq!(host.messages_page(&query).await?.messages.0.len(), 1);"
        }
    }
}
