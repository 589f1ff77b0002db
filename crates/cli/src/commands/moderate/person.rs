//! Who is meant: a person of the room by name, by id, by the beginning of an id, or by a message.

use std::collections::BTreeMap;

use chatroom_wire::{Chatroom, SafeText, User, UserId};

use super::{Desk, search};
use crate::{
    args::moderate::PersonArgs,
    cells,
    commands::resolve::{ambiguous, resolve},
    failure::Failure,
    words::thousands,
};

/// Somebody who is known in the room, with all the names that were seen.
#[derive(Debug, Default)]
pub(super) struct Person {
    pub(super) user: User,
    names: Vec<String>,
}

/// The people of a room by their ids.
#[derive(Debug, Default)]
pub(super) struct People(BTreeMap<UserId, Person>);

impl People {
    /// Those whom the room's state names.
    pub(super) fn of_room(room: &Chatroom) -> Self {
        let mut people = Self::of_blocked(room);
        let pinned = room.pinned_messages.iter().filter_map(|pin| pin.message.sender.as_ref());
        for user in pinned.chain(&room.admins) {
            people.add(user);
        }
        people
    }

    /// Those who are blocked.
    pub(super) fn of_blocked(room: &Chatroom) -> Self {
        let mut people = Self::default();
        for user in &room.blocked_users {
            people.add(user);
        }
        people
    }

    /// Adds somebody; what was known first of a person stays.
    pub(super) fn add(&mut self, user: &User) {
        let Some(id) = &user.id else { return };
        let person = self.0.entry(id.clone()).or_default();
        person.user.id = Some(id.clone());
        if person.user.device_id.is_none() {
            person.user.device_id.clone_from(&user.device_id);
        }
        let name = user.custom_name.trim();
        if !name.is_empty() && !person.names.iter().any(|known| known == name) {
            person.names.push(name.to_owned());
        }
        if person.user.custom_name.is_empty() {
            name.clone_into(&mut person.user.custom_name);
        }
    }

    /// The one who is meant.
    pub(super) fn resolve(&self, said: &str) -> Result<&Person, Vec<&Person>> {
        resolve(
            self.0.values(),
            said,
            |person| person.user.id.as_ref().map(UserId::as_str),
            |person| person.names.iter().map(String::as_str).collect(),
        )
    }
}

/// The person whom the arguments mean.
pub(super) async fn find(desk: &Desk<'_>, args: &PersonArgs, room: &Chatroom) -> Result<User, Failure> {
    if let Some(message) = &args.message {
        let found = search::message(desk, message, args.search).await?;
        let author = found.ok_or_else(|| search::not_found(message, args.search))?.user;
        return if author.id.is_some() { Ok(only_who(author)) } else { Err(nobody()) };
    }
    let said = args.user.as_deref().unwrap_or_default();
    if let Some(id) = &args.id {
        let id = if id.is_empty() { said } else { id };
        let known = room.blocked_users.iter().find(|user| user.id.as_ref().is_some_and(|known| known.as_str() == id));
        return Ok(known.cloned().map_or_else(|| with_id(id), only_who));
    }
    named(desk, said, room, args.search).await
}

/// The person of this name, id, or beginning of an id.
pub(super) async fn named(desk: &Desk<'_>, said: &str, room: &Chatroom, search: u32) -> Result<User, Failure> {
    let mut people = search::people(desk, search).await?;
    for person in People::of_room(room).0.into_values() {
        for name in &person.names {
            people.add(&User { custom_name: name.clone(), ..person.user.clone() });
        }
        people.add(&person.user);
    }
    match people.resolve(said) {
        Ok(person) => Ok(person.user.clone()),
        // Whoever may not do this is told so by the service, whomever it is about.
        Err(found) if found.is_empty() && !desk.is_admin().await => Ok(with_id(said)),
        Err(found) if found.is_empty() => Err(Failure::Refused {
            problem: format!(
                "nobody here has the name or the id “{}”: neither the room's state nor its newest {} messages show one",
                SafeText::name(said, ""),
                thousands(search)
            ),
            hint: "`chatroom history --ids` shows ids; --search N looks further back, --id takes an id that nobody has shown",
        }),
        Err(found) => Err(several(desk, said, &found)),
    }
}

/// That several people may be meant, with a line for each.
pub(super) fn several(desk: &Desk<'_>, said: &str, found: &[&Person]) -> Failure {
    let rows: Vec<[String; 3]> = found
        .iter()
        .map(|person| {
            let names: Vec<String> =
                person.names.iter().map(|name| format!("@{}", SafeText::name(name, "?"))).collect();
            [
                SafeText::line(person.user.id.as_ref().map_or("-", |id| id.as_str())).into_string(),
                names.join(" "),
                format!("device {}", SafeText::name(person.user.device_id.as_deref().unwrap_or_default(), "-")),
            ]
        })
        .collect();
    ambiguous(said, "people", &cells::columns(&rows), desk.global)
}

/// Of an author, what says who it is.
fn only_who(author: User) -> User {
    User { id: author.id, device_id: author.device_id, custom_name: author.custom_name, ..User::default() }
}

fn with_id(id: &str) -> User {
    User { id: Some(UserId::from(id.to_owned())), ..User::default() }
}

fn nobody() -> Failure {
    Failure::Refused {
        problem: "the service does not say who wrote this message".to_owned(),
        hint: "give the person's id with --user, if you know it",
    }
}
