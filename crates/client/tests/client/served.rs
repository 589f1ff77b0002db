//! The calls against `chatroom serve` itself.

use chatroom_client::{
    Builder, CallError, Dictionaries, Event, Rest, Room, Rooms, Trust, Visitor,
    history::From,
    wire::{
        Kind, Message, OrgToken, Payload,
        poll::{MultiChoice, Poll, PollOption, PollStatus},
        rest::{CounterKey, CreateChatroom, CreateToken, PollAction, Role, WriteDictionary},
    },
};
use chatroom_server::{Options, RunningServer, Server};
use futures_util::StreamExt;

use crate::{joined, next};

/// A room on a server of its own, an admin without a session, and a viewer in it.
struct Bed {
    rest: Rest,
    rooms: Rooms,
    host: Visitor,
    ada: Room,
    heard: chatroom_client::EventStream,
    _server: RunningServer,
}

impl Bed {
    async fn new() -> Self {
        let server = Server::start(Options::ephemeral()).await.expect("this machine has a port left");
        let trust = Trust::new().add_ca_pem(server.ca_pem().expect("it has an authority").as_bytes());
        let rest = Rest::new(server.tls_api().expect("it has TLS"), &trust).expect("the URL is good");
        let org = OrgToken::new(std::fs::read_to_string(server.org_token_file()).expect("it is written"));
        let rooms = Rooms::new(&rest, org);
        let counters = vec![CounterKey { key: "like".to_owned() }];
        let room = rooms.create(&CreateChatroom { custom_counters: counters }).await.expect("a room is made");
        let token = async |role, name: &str| {
            let wanted = CreateToken {
                role,
                name: Some(name.to_owned()),
                subject: Some(format!("the {name}")),
                ..CreateToken::default()
            };
            rooms.create_token(&room.id, &wanted).await.expect("a token is made")
        };
        let host = token(Role::Admin, "host").await;
        let host = Visitor::new(&rest, host.token).refresh_token(host.refresh_token);
        let ada = token(Role::Viewer, "ada").await;
        let (ada, mut heard) = Builder::with_token(ada.token).rest(&rest).build().expect("all is said");
        joined(&mut heard).await;
        Self { rest, rooms, host, ada, heard, _server: server }
    }

    /// The next message of this type.
    async fn hear(&mut self, kind: Kind) -> Message {
        loop {
            if let Event::MessageAdded { message, .. } = next(&mut self.heard).await
                && message.kind() == kind
            {
                return std::sync::Arc::unwrap_or_clone(message);
            }
        }
    }
}

#[tokio::test]
async fn a_served_room_is_moderated() {
    let mut bed = Bed::new().await;
    bed.ada.deliver("hello").await.unwrap();
    let said = bed.hear(Kind::Text).await;
    let said = bed.host.history(From::Newest).types([said.kind()]).next().await.unwrap().unwrap();
    bed.host.pin(&said).await.unwrap();
    let Payload::PinMessage(pin) = bed.hear(Kind::PinMessage).await.payload else { unreachable!("it is one") };
    assert_eq!((&*pin.message.text, pin.message.id.as_ref()), ("hello", said.id.as_ref()));
    bed.host.unpin(said.id.as_ref().unwrap()).await.unwrap();
    bed.host.mute().await.unwrap();
    assert_eq!(bed.hear(Kind::Mute).await.user.custom_name, "host");
    assert!(bed.ada.deliver("me too").await.is_err());
    bed.host.unmute().await.unwrap();
    bed.host.delete(said.id.as_ref().unwrap(), said.received_at).await.unwrap();
    bed.hear(Kind::DeleteMessage).await;
    bed.host.block(&said.user).await.unwrap();
    assert_eq!(bed.host.chatroom().await.unwrap().blocked_users[0].id, said.user.id);
    bed.host.unblock(said.user.id.as_ref().unwrap()).await.unwrap();
    bed.host.show_viewers(true).await.unwrap();
    bed.hear(Kind::ViewerInfoEnabled).await;
    bed.ada.rename("Ada L.").await.unwrap();
    bed.ada.deliver("again").await.unwrap();
    let names: Vec<_> = bed.host.history(From::Oldest).types([Kind::Text]).collect().await;
    assert_eq!(names.iter().flatten().map(|message| &*message.user.custom_name).collect::<Vec<_>>(), ["Ada L."]);
    let refused = bed.ada.mute().await.unwrap_err();
    assert!(matches!(refused, CallError::Status { status: 403, .. }), "{refused:?}");
    let unknown = bed.host.delete(&"no/such:message é".into(), None).await.unwrap_err();
    assert!(matches!(unknown, CallError::Status { status: 404, .. }), "{unknown:?}");
}

#[tokio::test]
async fn a_served_room_counts_and_polls() {
    let mut bed = Bed::new().await;
    let option = |text: &str| PollOption { text: text.to_owned(), ..PollOption::default() };
    let choice = MultiChoice {
        question: "Tea?".to_owned(),
        options: vec![option("yes"), option("no")],
        ..MultiChoice::default()
    };
    let mut poll = bed.host.create_poll(&Poll { multi_choice: choice, ..Poll::default() }).await.unwrap();
    poll.multi_choice.question = "Coffee?".to_owned();
    let poll = bed.host.update_poll(&poll).await.unwrap();
    let (id, yes) = (poll.id.clone().unwrap(), poll.multi_choice.options[0].id.clone().unwrap());
    bed.host.change_poll(&id, PollAction::Start).await.unwrap();
    let Payload::PollStarted(Some(news)) = bed.hear(Kind::PollStarted).await.payload else { panic!("no poll") };
    assert_eq!(news.poll.multi_choice.question, "Coffee?");
    bed.ada.vote(&id, &[yes]).await.unwrap();
    bed.host.change_poll(&id, PollAction::Close).await.unwrap();
    let closed = bed.host.poll(&id).await.unwrap();
    assert_eq!((closed.status, closed.multi_choice.options[0].votes_count), (PollStatus::Closed, 1));
    assert_eq!(bed.host.polls(None, Some(10)).await.unwrap().polls.len(), 1);
    bed.host.delete_poll(&id).await.unwrap();

    bed.ada.press("like", None).await.unwrap();
    bed.ada.press("like", None).await.unwrap();
    bed.ada.leave().await;
    assert_eq!(bed.host.chatroom().await.unwrap().custom_counters[0].value, 2);
}

#[tokio::test]
async fn a_served_room_filters_words_and_takes_stickers() {
    let mut bed = Bed::new().await;
    let token = bed.rooms.dictionary_token().await.unwrap().token;
    let dictionaries = Dictionaries::new(&bed.rest, token);
    let rude = WriteDictionary { name: "rude".to_owned(), description: "for all".to_owned() };
    let rude = dictionaries.create(&rude).await.unwrap();
    let boo = dictionaries.add_pattern(&rude.id, "boo").await.unwrap();
    assert_eq!(dictionaries.add_patterns(&rude.id, &["bah".to_owned()]).await.unwrap().len(), 1);
    assert_eq!(dictionaries.update_pattern(&rude.id, &boo.id, "boooo").await.unwrap().text, "boooo");
    dictionaries.delete_pattern(&rude.id, &boo.id).await.unwrap();
    assert_eq!(dictionaries.upload(&rude.id, "go home\nboo\n").await.unwrap().pattern_count, 2);
    assert_eq!(dictionaries.patterns(&rude.id, None, None).await.unwrap().patterns.len(), 2);
    assert_eq!(dictionaries.get(&rude.id).await.unwrap().pattern_count, 2);
    assert!(dictionaries.list(None, None).await.unwrap().dictionaries.iter().any(|one| one.id == rude.id));

    let enabled = bed.host.enable_dictionaries(std::slice::from_ref(&rude.id), true).await.unwrap();
    assert!(enabled.iter().any(|found| found.dictionary.id == rude.id && found.enabled));
    let listed = bed.host.dictionaries(None, Some(100)).await.unwrap().results;
    assert!(listed.iter().any(|found| found.dictionary.id == rude.id && found.enabled));
    bed.ada.deliver("Go HOME").await.unwrap();
    let said = bed.host.history(From::Newest).types([Kind::Text]).next().await.unwrap().unwrap();
    assert!(matches!(&said.payload, Payload::Text(text) if text.filtered == Some(true)), "{said:?}");

    let packs = bed.host.all_sticker_packs().await.unwrap();
    let pack = &packs.iter().find(|pack| pack.enabled).expect("there is a built-in pack").sticker_pack.id;
    let stickers = bed.ada.sticker_pack(pack).await.unwrap().stickers;
    bed.ada.stick(pack, &stickers[0].id).await.unwrap();
    let Payload::Sticker(Some(_)) = bed.hear(Kind::Sticker).await.payload else { panic!("no sticker") };
    assert!(!bed.host.enable_sticker_pack(pack, false).await.unwrap().enabled);
    assert!(bed.ada.sticker_packs().await.unwrap().iter().all(|other| other.id != *pack));
    assert!(bed.ada.stick(pack, &stickers[0].id).await.is_err());
    dictionaries.delete(&rude.id).await.unwrap();
    assert!(!bed.rooms.sticker_token().await.unwrap().token.is_empty());
}
