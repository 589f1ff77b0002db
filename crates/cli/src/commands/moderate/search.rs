//! Looks through the history, from the newest message back, so far and no further.

use chatroom_client::{
    HistoryError, Visitor,
    history::{From, History},
};
use chatroom_wire::{
    Kind, Message, MessageId, Payload, SafeText, Time, UserId, names,
    rest::{MessagesQuery, PAGE_MAX},
};

use super::{Desk, failed, person::People};
use crate::{cells, commands::resolve::ambiguous, failure::Failure, words::thousands};

/// What people write, and what can be deleted.
const WRITTEN: [Kind; 3] = [Kind::Text, Kind::Sticker, Kind::Custom];

/// What is announced of people.
const ABOUT_PEOPLE: [Kind; 4] = [Kind::BlockUser, Kind::UnblockUser, Kind::PinMessage, Kind::UnpinMessage];

/// The message of this id, or of the only id that begins so, if it is among the newest so many.
pub(super) async fn message(desk: &Desk<'_>, said: &str, search: u32) -> Result<Option<Message>, Failure> {
    let mut history = Bounded::new(desk.visitor.history(From::Newest).types(WRITTEN), search);
    let mut found = Vec::new();
    while let Some(message) = history.next().await? {
        let Some(id) = message.id.as_ref().map(MessageId::as_str) else { continue };
        if id == said {
            return Ok(Some(message));
        }
        if id.starts_with(said) {
            found.push(message);
        }
    }
    if found.len() < 2 {
        return Ok(found.pop());
    }
    let rows: Vec<[String; 3]> = found
        .iter()
        .map(|message| {
            [
                SafeText::line(message.id.as_ref().map_or("-", MessageId::as_str)).into_string(),
                format!("@{}", names::shown(&message.user)),
                SafeText::line(message.text().unwrap_or_default()).into_string(),
            ]
        })
        .collect();
    Err(ambiguous(said, "messages", &cells::columns(&rows), desk.global))
}

/// Whether the history still lists this message, among those up to its stamp.
pub(super) async fn is_listed(visitor: &Visitor, id: &MessageId, at: Option<Time>) -> Result<bool, Failure> {
    let query = MessagesQuery {
        before_at: at.map(Time::just_after),
        limit: Some(PAGE_MAX),
        types: WRITTEN.to_vec(),
        ..MessagesQuery::default()
    };
    let page = visitor.messages_page(&query).await.map_err(failed("the history can't be read"))?;
    Ok(page.messages.0.iter().flatten().any(|message| message.id.as_ref() == Some(id)))
}

/// Whether the newest so many deletions tell of this message.
pub(super) async fn is_deleted(visitor: &Visitor, id: &MessageId, search: u32) -> Result<bool, Failure> {
    let mut history = Bounded::new(visitor.history(From::Newest).types([Kind::DeleteMessage]), search);
    while let Some(message) = history.next().await? {
        if matches!(&message.payload, Payload::DeleteMessage(deleted) if deleted.id == *id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whom the newest so many messages show, with the newest name of each first.
pub(super) async fn people(desk: &Desk<'_>, search: u32) -> Result<People, Failure> {
    let shown = WRITTEN.into_iter().chain(ABOUT_PEOPLE);
    let mut history = Bounded::new(desk.visitor.history(From::Newest).types(shown), search);
    let mut people = People::default();
    while let Some(message) = history.next().await? {
        match &message.payload {
            Payload::BlockUser(user) | Payload::UnblockUser(user) => people.add(user),
            Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => {
                if let Some(sender) = &pin.message.sender {
                    people.add(sender);
                }
            }
            _ => {}
        }
        people.add(&message.user);
    }
    Ok(people)
}

/// What this person wrote, the newest first: at most `last` of it, since `since`, among the newest so many messages.
pub(super) async fn messages_of(
    visitor: &Visitor,
    user: &UserId,
    last: Option<u32>,
    since: Option<Time>,
    search: u32,
) -> Result<Vec<Message>, Failure> {
    let mut history = visitor.history(From::Newest).types(WRITTEN);
    if let Some(since) = since {
        history = history.after(since);
    }
    let mut history = Bounded::new(history, search);
    let last = last.map_or(usize::MAX, |last| usize::try_from(last).unwrap_or(usize::MAX));
    let mut found = Vec::new();
    while found.len() < last
        && let Some(message) = history.next().await?
    {
        if message.user.id.as_ref() == Some(user) && message.id.is_some() && !is_press(&message) {
            found.push(message);
        }
    }
    Ok(found)
}

/// That a message was not found, and how to find it.
pub(super) fn not_found(id: &str, search: u32) -> Failure {
    let id = SafeText::name(id, "");
    Failure::Refused {
        problem: format!("the message {id} is not among the newest {}", thousands(search)),
        hint: "is the id right? --search N looks further back; `chatroom history --ids` shows ids",
    }
}

/// A press counts, and says nothing.
fn is_press(message: &Message) -> bool {
    matches!(&message.payload, Payload::Custom(custom) if custom.incr.is_some())
}

struct Bounded {
    history: History,
    left: u32,
}

impl Bounded {
    fn new(history: History, most: u32) -> Self {
        Self { history, left: most }
    }

    async fn next(&mut self) -> Result<Option<Message>, Failure> {
        while self.left > 0 {
            self.left -= 1;
            match self.history.next().await {
                None | Some(Err(HistoryError::NoProgress)) => return Ok(None),
                Some(Ok(message)) => return Ok(Some(message)),
                Some(Err(HistoryError::Page(source))) => return Err(failed("the history can't be read")(source)),
                // What is no message is not the one.
                Some(Err(_)) => {}
            }
        }
        Ok(None)
    }
}
