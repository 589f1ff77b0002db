//! Blocks, unblocks, and goes by another name.

use chatroom_wire::{Chatroom, SafeText, User, UserId};
use serde_json::json;

use super::{
    Desk, failed,
    person::{self, People},
};
use crate::{
    args::moderate::{BlockArgs, PersonArgs},
    commands::confirm::Reversal,
    failure::Failure,
};

pub(super) async fn block(desk: &Desk<'_>, args: BlockArgs) -> Result<(), Failure> {
    let room = desk.state().await?;
    let mut user = person::find(desk, &args.person, &room).await?;
    if let Some(name) = args.user_name {
        user.custom_name = name;
    }
    if args.device.is_some() {
        user.device_id = args.device;
    }
    let told = told(&user);
    if is_blocked(&room, &user) {
        user.blocked = Some(true);
        return desk.done(&format!("{told} is already blocked"), &user).await;
    }
    let question = format!("block {told}? Nobody else sees what they write then.");
    if !desk.sure(&question, Reversal::Possible, args.sure.yes)? {
        return Ok(());
    }
    desk.visitor.block(&user).await.map_err(failed("the person can't be blocked"))?;
    user.blocked = Some(true);
    desk.done(&format!("blocked {told}: nobody else sees what they write from now on"), &user).await
}

pub(super) async fn unblock(desk: &Desk<'_>, args: PersonArgs) -> Result<(), Failure> {
    let room = desk.state().await?;
    let user = blocked(desk, &args, &room).await?;
    let told = told(&user);
    let not_blocked = || Failure::Refused {
        problem: format!("{told} is not blocked: nothing was done"),
        hint: "`chatroom moderate list` lists who is blocked",
    };
    let id = user.id.as_ref().ok_or_else(not_blocked)?;
    // Whoever may not do this is told so by the service, whomever it is about.
    if !is_blocked(&room, &user) && desk.is_admin().await {
        return Err(not_blocked());
    }
    desk.visitor.unblock(id).await.map_err(failed("the person can't be unblocked"))?;
    let told = format!("unblocked {told}: everybody sees what they write from now on");
    desk.done(&told, &User { blocked: Some(false), ..user }).await
}

pub(super) async fn rename(desk: &Desk<'_>, name: &str) -> Result<(), Failure> {
    desk.visitor.rename(name).await.map_err(failed("the name can't be changed"))?;
    let told = format!("in this room you go by {} now", SafeText::name(name, "nobody"));
    desk.done(&told, &json!({"custom_name": name})).await
}

/// Who is to be unblocked: of those who are blocked, before anybody else.
async fn blocked(desk: &Desk<'_>, args: &PersonArgs, room: &Chatroom) -> Result<User, Failure> {
    if let (Some(said), None, None) = (&args.user, &args.id, &args.message) {
        match People::of_blocked(room).resolve(said) {
            Ok(person) => return Ok(person.user.clone()),
            Err(found) if found.is_empty() => {}
            Err(found) => return Err(person::several(desk, said, &found)),
        }
    }
    person::find(desk, args, room).await
}

fn is_blocked(room: &Chatroom, user: &User) -> bool {
    user.id.is_some() && room.blocked_users.iter().any(|blocked| blocked.id == user.id)
}

/// A person by name and id.
pub(super) fn told(user: &User) -> String {
    let id = SafeText::name(user.id.as_ref().map_or("", UserId::as_str), "nobody").into_string();
    let name = SafeText::name(&user.custom_name, "").into_string();
    if name.is_empty() { id } else { format!("{name} ({id})") }
}
