//! One guest of the party: a real session, and all that it was told.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use chatroom_client::{
    Builder, DeliverError, Draft, Event, Rest, Room, Rooms, Trust,
    wire::{
        Chatroom, Message, MessageId, OptionId, OrgToken, Payload, PollId, RefreshToken, RoomId, Token, User, UserId,
        chatroom::{CustomCounter, ViewerInfo},
        payload::PinUnpin,
        poll::Poll,
        rest::{CreateToken, Role},
    },
};
use chatroom_testkit::{serve::Ready, within};
use tokio::sync::watch;

use super::checker::Checker;

/// How to come to the server.
pub(super) struct Invitation {
    pub(super) rest: Rest,
    org_token_file: PathBuf,
}

impl Invitation {
    pub(super) fn of(ready: &Ready) -> Self {
        let rest = Rest::new(&ready.tls_api, &Trust::new().ca_file(&ready.ca_file)).expect("the authority can be read");
        Self { rest, org_token_file: ready.org_token_file.clone() }
    }

    pub(super) fn org_token(&self) -> OrgToken {
        OrgToken::new(fs::read_to_string(&self.org_token_file).expect("the server wrote it").trim())
    }
}

/// Somebody at the party.
#[derive(Clone)]
pub(super) struct Guest {
    pub(super) name: &'static str,
    pub(super) id: UserId,
    pub(super) room: Room,
    token: Token,
    checker: Checker,
    /// All messages as they were told last, and how often the room was joined.
    heard: watch::Receiver<Heard>,
}

#[derive(Default)]
struct Heard {
    messages: Vec<Arc<Message>>,
    joined: usize,
    /// How many own presses were delivered.
    counted: i64,
}

/// The room, as far as both sides know it.
#[derive(Debug, PartialEq)]
pub(super) struct Known {
    muted: bool,
    blocked: Vec<User>,
    pinned: Vec<PinUnpin>,
    counters: Vec<CustomCounter>,
    viewer_info: Option<ViewerInfo>,
    active_poll: Option<Poll>,
}

impl Guest {
    pub(super) async fn come(
        invitation: &Invitation,
        rooms: &Rooms,
        room: &RoomId,
        name: &'static str,
        role: Role,
        checker: &Checker,
    ) -> Self {
        let wanted =
            CreateToken { role, subject: Some(name.to_owned()), name: Some(name.to_owned()), ..CreateToken::default() };
        let answer = rooms.create_token(room, &wanted).await.expect("the organisation makes tokens");
        let token = answer.token;
        let refresh: RefreshToken = answer.refresh_token;
        let builder = Builder::with_token(token.clone()).rest(&invitation.rest).refresh_token(refresh).history(100);
        let (room, mut events) = builder.build().expect("there is nothing wrong with it");
        let (tell, heard) = watch::channel(Heard::default());
        let watcher = checker.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let event = event.expect("nobody is too slow here");
                watcher.told(name, &event);
                tell.send_modify(|heard| heard.take(event));
            }
        });
        let guest = Self { name, id: UserId::from(name), room, token, checker: checker.clone(), heard };
        guest.wait("the room is joined", |heard| (heard.joined > 0).then_some(())).await;
        guest
    }

    pub(super) fn token(&self) -> Token {
        self.token.clone()
    }

    pub(super) fn user(&self) -> User {
        User { id: Some(self.id.clone()), device_id: Some("phone".to_owned()), ..User::named(self.name) }
    }

    /// Says something and waits for what becomes of it.
    pub(super) async fn say(&self, text: &str) -> Result<MessageId, DeliverError> {
        let began = self.checker.now();
        let pending = self.room.submit(text).await?;
        self.checker.said(self.name, &pending.id, began);
        pending.delivered().await.map(|receipt| receipt.id)
    }

    /// Says one thing after the other, for as long as it is let.
    pub(super) async fn talk(self) {
        for number in 0_u32.. {
            // Who is muted is refused; the next time it may be otherwise.
            drop(self.say(&format!("{} {number}", self.name)).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) async fn vote(&self, poll: &PollId, option: &OptionId) {
        let vote = Draft::Vote { poll: poll.clone(), options: vec![option.clone()] };
        self.room.deliver(vote).await.expect("a vote is taken");
    }

    /// A message, as this guest was told it.
    pub(super) async fn message(&self, id: &MessageId) -> Message {
        self.heard(id).await
    }

    pub(super) async fn heard(&self, id: &MessageId) -> Message {
        let named = |heard: &Heard| {
            // The echo of an own message is what others see of it.
            let mut found = heard.messages.iter().rev().filter(|message| message.id.as_ref() == Some(id));
            found.find(|message| message.received_at.is_some()).cloned()
        };
        self.wait("a message", named).await.as_ref().clone()
    }

    /// Waits until so many own presses are delivered.
    pub(super) async fn counted(&self, presses: usize) {
        let presses = i64::try_from(presses).expect("a few thousand");
        self.wait("the presses", |heard| (heard.counted >= presses).then_some(())).await;
    }

    /// Waits until the room is joined for the second time.
    pub(super) async fn is_back(&self) {
        self.wait("the room is joined again", |heard| (heard.joined > 1).then_some(())).await;
    }

    pub(super) fn known(&self) -> Known {
        let state = self.room.state();
        Known {
            muted: state.muted,
            blocked: state.blocked.clone(),
            pinned: state.pinned.clone(),
            counters: state.counters.clone(),
            viewer_info: state.viewer_info.clone(),
            active_poll: state.active_poll.clone(),
        }
    }

    pub(super) async fn said_by_service(&self) -> Known {
        let room: Chatroom = self.room.chatroom().await.expect("the service answers");
        Known {
            muted: room.muted,
            blocked: room.blocked_users,
            pinned: room.pinned_messages,
            counters: room.custom_counters,
            viewer_info: room.viewer_info,
            active_poll: room.active_poll,
        }
    }

    async fn wait<T>(&self, what: &str, found: impl Fn(&Heard) -> Option<T>) -> T {
        let mut heard = self.heard.clone();
        within(&format!("{what}, for {}", self.name), async {
            loop {
                if let Some(found) = found(&heard.borrow_and_update()) {
                    return found;
                }
                heard.changed().await.expect("the session goes on");
            }
        })
        .await
    }
}

impl Heard {
    fn take(&mut self, event: Event) {
        match event {
            Event::Joined { .. } => self.joined += 1,
            Event::MessageAdded { message, .. } => self.messages.push(message),
            Event::DeliveryChanged { echo: Some(echo), .. } => {
                if let Payload::Custom(custom) = &echo.payload
                    && let Some(incr) = &custom.incr
                {
                    self.counted += incr.value;
                }
                self.messages.push(echo);
            }
            Event::MessageDeleted { id } => self.messages.retain(|message| message.id.as_ref() != Some(&id)),
            _ => {}
        }
    }
}
