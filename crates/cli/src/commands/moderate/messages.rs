//! Pins, unpins and deletes messages.

use chatroom_client::CallError;
use chatroom_wire::{
    Message, MessageId, SafeText, UserId,
    payload::{DeleteMessage, PinUnpin, PinnedMessage},
};
use serde_json::Map;

use super::{Desk, failed, patience::patiently, people::told, person, search};
use crate::{
    args::moderate::{DeleteArgs, PinArgs, UnpinArgs},
    commands::{
        confirm::Reversal,
        resolve::{ambiguous, resolve},
        tail::start_printer,
    },
    failure::Failure,
    output::{Line, json_line},
    words::thousands,
};

pub(super) async fn pin(desk: &Desk<'_>, args: PinArgs) -> Result<(), Failure> {
    let what = failed("the message can't be pinned");
    let found = search::message(desk, &args.message, args.search).await?;
    let id = found.as_ref().and_then(|message| message.id.clone()).unwrap_or_else(|| MessageId::from(args.message));
    let before = desk.state().await?.pinned_messages.into_iter().find(|pin| pin.message.id.as_ref() == Some(&id));
    if let Some(pin) = before {
        return desk.done(&format!("already pinned{}", quoted(&pin.message.text)), &pin).await;
    }
    let pinned = if let Some(message) = found {
        desk.visitor.pin(&message).await.map_err(what)?;
        let text = message.text().unwrap_or_default().to_owned();
        PinnedMessage { id: Some(id), text, sender: Some(message.user), ..PinnedMessage::default() }
    } else {
        // The service may know what lies further back.
        let message = PinnedMessage { id: Some(id), ..PinnedMessage::default() };
        desk.visitor.pin_message(message.clone()).await.map_err(what)?;
        message
    };
    let told = format!("pinned{}", quoted(&pinned.text));
    desk.done(&told, &PinUnpin { message: pinned, ..PinUnpin::default() }).await
}

pub(super) async fn unpin(desk: &Desk<'_>, args: UnpinArgs) -> Result<(), Failure> {
    let room = desk.state().await?;
    let found =
        resolve(&room.pinned_messages, &args.message, |pin| Some(pin.message.id.as_ref()?.as_str()), |_| vec![]);
    let pin = match found {
        Ok(pin) => pin.clone(),
        // Whoever may not do this is told so by the service, whatever it is about.
        Err(found) if found.is_empty() && !desk.is_admin().await => PinUnpin {
            message: PinnedMessage { id: Some(MessageId::from(args.message)), ..PinnedMessage::default() },
            ..PinUnpin::default()
        },
        Err(found) if found.is_empty() => {
            return Err(Failure::Refused {
                problem: format!("the message {} is not pinned: nothing was done", SafeText::name(&args.message, "")),
                hint: "`chatroom moderate list` lists what is pinned",
            });
        }
        Err(found) => {
            let line = |pin: &&PinUnpin| {
                let id = pin.message.id.as_ref().map_or("-", |id| id.as_str());
                format!("{}  {}", SafeText::line(id), SafeText::line(&pin.message.text))
            };
            let lines: Vec<String> = found.iter().map(line).collect();
            return Err(ambiguous(&args.message, "messages", &lines, desk.global));
        }
    };
    if let Some(id) = &pin.message.id {
        desk.visitor.unpin(id).await.map_err(failed("the message can't be unpinned"))?;
    }
    desk.done(&format!("unpinned{}", quoted(&pin.message.text)), &pin).await
}

pub(super) async fn delete(desk: &Desk<'_>, args: DeleteArgs) -> Result<(), Failure> {
    if let Some(person) = args.person() {
        let user = person::find(desk, &person, &desk.state().await?).await?;
        let id = user.id.unwrap_or_else(|| UserId::from(""));
        let found = search::messages_of(&desk.visitor, &id, args.last, args.since, args.search).await?;
        return delete_all(desk, &id, found, args.sure.yes).await;
    }
    let said = args.message.unwrap_or_default();
    let found = search::message(desk, &said, args.search).await?;
    let received_at = found.as_ref().and_then(|message| message.received_at);
    // The service may know what lies further back.
    let author = found.as_ref().map(|message| format!(" of {}", told(&message.user))).unwrap_or_default();
    let was_found = found.is_some();
    let id = found.and_then(|message| message.id).unwrap_or_else(|| MessageId::from(said));
    if !was_found && search::is_deleted(&desk.visitor, &id, args.search).await? {
        return desk.done("the message is already deleted", &gone(id)).await;
    }
    let question = format!("delete the message {id}{author} for everybody?");
    if !desk.sure(&question, Reversal::Impossible, args.sure.yes)? {
        return Ok(());
    }
    desk.visitor.delete(&id, received_at).await.map_err(failed("the message can't be deleted"))?;
    desk.done(&format!("deleted the message{author} for everybody"), &gone(id)).await
}

async fn delete_all(desk: &Desk<'_>, user: &UserId, found: Vec<Message>, yes: bool) -> Result<(), Failure> {
    let user = SafeText::name(user.as_str(), "nobody");
    if found.is_empty() {
        desk.note(&format!("there is already nothing to delete: no message of {user} was found"));
        return Ok(());
    }
    let all = count(found.len());
    if !desk.sure(&format!("delete {all} of {user} for everybody?"), Reversal::Impossible, yes)? {
        return Ok(());
    }
    let printer = start_printer()?;
    let mut deleted = 0;
    let mut failure = None;
    for message in found {
        let Some(id) = message.id else { continue };
        match patiently(desk.global.color, async || desk.visitor.delete(&id, message.received_at).await).await {
            Ok(()) => deleted += 1,
            // Somebody else was faster, unless it is still listed: then nothing can delete it by this id.
            Err(error @ CallError::Status { status: 404, .. }) => {
                if search::is_listed(&desk.visitor, &id, message.received_at).await? {
                    failure = Some(failed("a message can't be deleted")(error));
                }
                continue;
            }
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
    if failure.is_none() && deleted == 0 {
        desk.note(&format!("{all} of {user} were already deleted"));
    } else if deleted > 0 {
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

fn quoted(text: &str) -> String {
    let text = SafeText::name(text, "");
    if text.as_str().is_empty() { String::new() } else { format!(": {text}") }
}
