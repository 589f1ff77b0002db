//! Pins, unpins and deletes messages.

use chatroom_client::CallError;
use chatroom_wire::{
    Message, MessageId, SafeText, Time, UserId,
    payload::{DeleteMessage, PinUnpin, PinnedMessage},
};
use jiff::Timestamp;
use serde_json::Map;

use super::{Desk, failed, patience::patiently, search};
use crate::{
    args::moderate::{DeleteArgs, PinArgs, UnpinArgs},
    commands::tail::start_printer,
    failure::Failure,
    output::{Line, json_line},
    words::thousands,
};

pub(super) async fn pin(desk: &Desk<'_>, args: PinArgs) -> Result<(), Failure> {
    let id = MessageId::from(args.message);
    let what = failed("the message can't be pinned");
    let pinned = if let Some(message) = search::message(&desk.visitor, &id, args.search).await? {
        desk.visitor.pin(&message).await.map_err(what)?;
        let text = message.text().unwrap_or_default().to_owned();
        PinnedMessage { id: Some(id), text, sender: Some(message.user), ..PinnedMessage::default() }
    } else {
        // The service may know what lies further back.
        let message = PinnedMessage { id: Some(id), ..PinnedMessage::default() };
        desk.visitor.pin_message(message.clone()).await.map_err(what)?;
        message
    };
    let text = SafeText::name(&pinned.text, "");
    let text = if text.as_str().is_empty() { String::new() } else { format!(": {text}") };
    desk.done(&format!("pinned{text}"), &PinUnpin { message: pinned, ..PinUnpin::default() }).await
}

pub(super) async fn unpin(desk: &Desk<'_>, args: UnpinArgs) -> Result<(), Failure> {
    let id = MessageId::from(args.message);
    desk.visitor.unpin(&id).await.map_err(failed("the message can't be unpinned"))?;
    let message = PinnedMessage { id: Some(id), ..PinnedMessage::default() };
    desk.done("unpinned", &PinUnpin { message, ..PinUnpin::default() }).await
}

pub(super) async fn delete(desk: &Desk<'_>, args: DeleteArgs) -> Result<(), Failure> {
    if let Some(user) = args.user {
        let since = args.since.map(|since| Time::milliseconds(Timestamp::now()).earlier(since));
        let user = UserId::from(user);
        let found = search::messages_of(&desk.visitor, &user, args.last, since, args.search).await?;
        return delete_all(desk, &user, found, args.sure.yes).await;
    }
    let id = MessageId::from(args.message.unwrap_or_default());
    if !desk.sure(&format!("delete the message {id} for everybody?"), args.sure.yes)? {
        return Ok(());
    }
    desk.visitor.delete(&id, None).await.map_err(failed("the message can't be deleted"))?;
    desk.done("deleted the message for everybody", &gone(id)).await
}

async fn delete_all(desk: &Desk<'_>, user: &UserId, found: Vec<Message>, yes: bool) -> Result<(), Failure> {
    let user = SafeText::name(user.as_str(), "nobody");
    if found.is_empty() {
        desk.note(&format!("there is nothing to delete: no message of {user} was found"));
        return Ok(());
    }
    let all = count(found.len());
    if !desk.sure(&format!("delete {all} of {user} for everybody?"), yes)? {
        return Ok(());
    }
    let printer = start_printer()?;
    let mut deleted = 0;
    let mut failure = None;
    for message in found {
        let Some(id) = message.id else { continue };
        match patiently(desk.global.color, async || desk.visitor.delete(&id, message.received_at).await).await {
            Ok(()) => deleted += 1,
            // Somebody else was faster.
            Err(CallError::Status { status: 404, .. }) => continue,
            Err(error) => {
                failure = Some(failed("the messages can't be deleted")(error));
                break;
            }
        }
        let line =
            if desk.json { Line::Data(json_line(&gone(id))) } else { Line::Progress(format!("{deleted}/{all}")) };
        if printer.print(line).await.is_err() {
            break;
        }
    }
    printer.finish().await.map_err(Failure::Output)?;
    if failure.is_none() || deleted > 0 {
        desk.note(&format!("deleted {} of {user} for everybody", count(deleted)));
    }
    failure.map_or(Ok(()), Err)
}

fn count(messages: usize) -> String {
    match messages {
        1 => "1 message".to_owned(),
        many => format!("{} messages", thousands(u64::try_from(many).unwrap_or(u64::MAX))),
    }
}

fn gone(id: MessageId) -> DeleteMessage {
    DeleteMessage { id, extra: Map::new() }
}
