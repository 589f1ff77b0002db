//! `chatroom sticker`: which stickers there are, and how to send one.

use chatroom_client::{CallError, DeliverError};
use chatroom_wire::{SafeText, StickerId, StickerPackId, rest::StickerPackAnswer, sticker::StickerPack};
use serde_json::json;

use super::{
    print_lines,
    resolve::{ambiguous, resolve},
    visit::{Stay, Visit},
    visitor,
};
use crate::{
    args::{
        GlobalArgs,
        access::VisitorArgs,
        sticker::{PackArgs, SendArgs, StickerArgs, StickerCommand},
    },
    cells, diagnostics,
    failure::Failure,
    output::json_line,
};

pub(super) async fn run(args: StickerArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let StickerArgs { command, json, visitor } = args;
    match command {
        StickerCommand::Packs => packs(&visitor, json, global).await,
        StickerCommand::Show(pack) => show(&visitor, pack, json, global).await,
        StickerCommand::Send(sticker) => send(visitor, sticker, json, global).await,
        StickerCommand::Enable(pack) => enable(&visitor, pack, true, json, global).await,
        StickerCommand::Disable(pack) => enable(&visitor, pack, false, json, global).await,
    }
}

async fn packs(args: &VisitorArgs, json: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let visitor = visitor(args, global)?;
    match visitor.all_sticker_packs().await {
        Ok(packs) if json => print_lines(packs.iter().map(json_line)).await,
        Ok(packs) => print_lines(table(packs.iter().map(|found| (&found.sticker_pack, found.enabled)))).await,
        // Viewers may know only what the room uses; services of others may not know this call.
        Err(CallError::Status { status: 403 | 404, .. }) => {
            let packs = visitor.sticker_packs().await.map_err(unread)?;
            if json {
                return print_lines(packs.iter().map(json_line)).await;
            }
            print_lines(table(packs.iter().map(|pack| (pack, true)))).await
        }
        Err(error) => Err(unread(error)),
    }
}

/// The pack of this id, of the only id that begins so, or of this name. What none of the known ones is, the service may
/// know all the same.
fn meant_pack<'a>(
    packs: impl IntoIterator<Item = &'a StickerPack>,
    said: &str,
    global: &GlobalArgs,
) -> Result<StickerPackId, Failure> {
    match resolve(packs, said, |pack| Some(pack.id.as_str()), |pack| vec![pack.name.as_str()]) {
        Ok(pack) => Ok(pack.id.clone()),
        Err(found) if found.is_empty() => Ok(StickerPackId::from(said.to_owned())),
        Err(found) => Err(ambiguous(said, "packs", &table(found.into_iter().map(|pack| (pack, true))), global)),
    }
}

/// The same for a sticker of a pack.
fn meant_sticker(found: &StickerPackAnswer, said: &str, global: &GlobalArgs) -> Result<StickerId, Failure> {
    match resolve(&found.stickers, said, |it| Some(it.id.as_str()), |it| vec![it.name.as_str(), it.text.as_str()]) {
        Ok(sticker) => Ok(sticker.id.clone()),
        Err(several) if several.is_empty() => Ok(StickerId::from(said.to_owned())),
        Err(several) => {
            let lines: Vec<String> = several
                .iter()
                .map(|it| format!("{}  {}", SafeText::line(it.id.as_str()), SafeText::line(&it.name)))
                .collect();
            Err(ambiguous(said, "stickers", &lines, global))
        }
    }
}

async fn show(args: &VisitorArgs, pack: PackArgs, json: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let visitor = visitor(args, global)?;
    let pack = meant_pack(&visitor.sticker_packs().await.map_err(unread)?, &pack.pack, global)?;
    let found = visitor.sticker_pack(&pack).await.map_err(unread)?;
    if json {
        return print_lines(found.stickers.iter().map(json_line)).await;
    }
    print_lines(stickers(&found)).await
}

async fn send(visitor: VisitorArgs, args: SendArgs, json: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let mut visit = Visit::begin(visitor, global, Stay { timeout: Some(args.timeout), once: true, ..Stay::default() })?;
    let room = visit.room.clone();
    let sent = visit
        .during(async {
            let pack = meant_pack(&room.sticker_packs().await.map_err(unread)?, &args.pack.pack, global)?;
            let sticker = match room.sticker_pack(&pack).await {
                Ok(found) => meant_sticker(&found, &args.sticker, global)?,
                // The answer to the sticker itself says why it can't be sent.
                Err(_) => StickerId::from(args.sticker),
            };
            room.stick(&pack, &sticker).await.map_err(|error| not_sent(&error))
        })
        .await;
    visit.end().await?;
    let receipt = sent??;
    diagnostics::note("delivered", global.color);
    if json {
        let ms = u64::try_from(receipt.took.as_millis()).unwrap_or(u64::MAX);
        return print_lines([json_line(&json!({"id": receipt.id, "state": "delivered", "ms": ms}))]).await;
    }
    Ok(())
}

async fn enable(
    args: &VisitorArgs,
    pack: PackArgs,
    enabled: bool,
    json: bool,
    global: &GlobalArgs,
) -> Result<(), Failure> {
    let visitor = visitor(args, global)?;
    let packs = match visitor.all_sticker_packs().await {
        Ok(packs) => packs,
        // Whoever may not do this is told so by the next call.
        Err(CallError::Status { status: 403 | 404, .. }) => Vec::new(),
        Err(error) => return Err(unread(error)),
    };
    let id = meant_pack(packs.iter().map(|found| &found.sticker_pack), &pack.pack, global)?;
    let was_so = packs.iter().any(|found| found.sticker_pack.id == id && found.enabled == enabled);
    let found = visitor
        .enable_sticker_pack(&id, enabled)
        .await
        .map_err(|source| Failure::Call { what: "the pack can't be switched", source })?;
    let name = SafeText::name(&found.sticker_pack.name, id.as_str());
    let told = match (enabled, was_so) {
        (true, false) => format!("the room uses the pack {name} now"),
        (true, true) => format!("the room uses the pack {name} already"),
        (false, false) => format!("the room does not use the pack {name} now"),
        (false, true) => format!("the room already does not use the pack {name}"),
    };
    diagnostics::note(&told, global.color);
    if json { print_lines([json_line(&found)]).await } else { Ok(()) }
}

fn table<'a>(packs: impl Iterator<Item = (&'a StickerPack, bool)>) -> Vec<String> {
    let row = |(pack, enabled): (&StickerPack, bool)| {
        [
            SafeText::line(pack.id.as_str()).into_string(),
            if enabled { "in use" } else { "off" }.to_owned(),
            SafeText::line(&pack.name).into_string(),
        ]
    };
    cells::columns(&packs.map(row).collect::<Vec<_>>())
}

fn stickers(found: &StickerPackAnswer) -> Vec<String> {
    let rows: Vec<[String; 3]> = found
        .stickers
        .iter()
        .map(|sticker| {
            [sticker.id.as_str(), &sticker.text, &sticker.name].map(|text| SafeText::line(text).into_string())
        })
        .collect();
    cells::columns(&rows)
}

fn unread(source: CallError) -> Failure {
    Failure::Call { what: "the stickers can't be read", source }
}

fn not_sent(error: &DeliverError) -> Failure {
    Failure::Refused {
        problem: format!("the sticker was not delivered: {error}"),
        hint: "`chatroom sticker packs` lists the packs, `chatroom sticker show PACK` what is in one",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_stickers_stand_in_columns() {
        let found: StickerPackAnswer = serde_json::from_str(
            r#"{"sticker_pack":{"id":"basic","name":"Basic"},
                "stickers":[{"id":"wave","text":"👋","name":"Wave"},{"id":"applause","text":"👏","name":"Bra\u001b[2Jvo"}]}"#,
        )
        .unwrap();
        insta::assert_snapshot!(stickers(&found).join("\n"), @r"
        wave      👋  Wave
        applause  👏  Bra�vo
        ");
        insta::assert_snapshot!(table([(&found.sticker_pack, false)].into_iter()).join("\n"), @"basic  off  Basic");
    }
}
