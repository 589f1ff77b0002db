//! Blocks, unblocks, and goes by another name.

use chatroom_wire::{MessageId, SafeText, User, UserId};
use serde_json::json;

use super::{Desk, failed, search};
use crate::{
    args::moderate::{BlockArgs, PersonArgs},
    failure::Failure,
};

pub(super) async fn block(desk: &Desk<'_>, args: BlockArgs) -> Result<(), Failure> {
    let mut user = find(desk, &args.person).await?;
    if let Some(name) = args.user_name {
        user.custom_name = name;
    }
    if args.device.is_some() {
        user.device_id = args.device;
    }
    let told = told(&user);
    if !desk.sure(&format!("block {told}? Nobody else sees what they write then."), args.sure.yes)? {
        return Ok(());
    }
    desk.visitor.block(&user).await.map_err(failed("the person can't be blocked"))?;
    user.blocked = Some(true);
    desk.done(&format!("blocked {told}: nobody else sees what they write from now on"), &user).await
}

pub(super) async fn unblock(desk: &Desk<'_>, args: PersonArgs) -> Result<(), Failure> {
    let user = find(desk, &args).await?;
    let told = told(&user);
    let Some(id) = &user.id else { return Err(nobody()) };
    desk.visitor.unblock(id).await.map_err(failed("the person can't be unblocked"))?;
    let told = format!("unblocked {told}: everybody sees what they write from now on");
    desk.done(&told, &User { blocked: Some(false), ..user }).await
}

pub(super) async fn rename(desk: &Desk<'_>, name: &str) -> Result<(), Failure> {
    desk.visitor.rename(name).await.map_err(failed("the name can't be changed"))?;
    let told = format!("in this room you go by {} now", SafeText::name(name, "nobody"));
    desk.done(&told, &json!({"custom_name": name})).await
}

/// The person of an id, or the author of a message.
async fn find(desk: &Desk<'_>, person: &PersonArgs) -> Result<User, Failure> {
    if let Some(message) = &person.message {
        let id = MessageId::from(message.clone());
        let found = search::message(&desk.visitor, &id, person.search).await?;
        let author = found.ok_or_else(|| search::not_found(message, person.search))?.user;
        return if author.id.is_some() { Ok(only_who(author)) } else { Err(nobody()) };
    }
    let id = UserId::from(person.user.clone().unwrap_or_default());
    Ok(User { id: Some(id), ..User::default() })
}

/// Of an author, what says who it is.
fn only_who(author: User) -> User {
    User { id: author.id, device_id: author.device_id, custom_name: author.custom_name, ..User::default() }
}

fn told(user: &User) -> String {
    let id = user.id.as_ref().map_or("", |id| id.as_str());
    let id = SafeText::name(id, "nobody").into_string();
    let name = SafeText::name(&user.custom_name, "").into_string();
    if name.is_empty() { id } else { format!("{name} ({id})") }
}

fn nobody() -> Failure {
    Failure::Refused {
        problem: "the service does not say who wrote this message".to_owned(),
        hint: "give the person's id with --user, if you know it",
    }
}
