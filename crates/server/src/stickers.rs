//! The stickers that the server brings along (docs/protocol.md, section C.6): one small pack, drawn for it.
//!
//! A picture is an SVG in this source, and goes out as a `data:` URL, so that a room with stickers needs no other server.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chatroom_wire::{
    StickerId, StickerPackId,
    rest::StickerPackAnswer,
    sticker::{Sticker, StickerPack},
};
use serde_json::Map;

/// All packs, in the order in which they are shown.
///
/// ```
/// use chatroom_server::stickers;
///
/// let pack = &stickers::packs()[0];
/// let heart = stickers::find(&pack.id, &"heart".into()).ok_or("every pack has one")?;
/// assert_eq!(heart.text, "❤️");
/// assert!(heart.image_url.starts_with("data:image/svg+xml;base64,"));
/// # Ok::<(), &str>(())
/// ```
pub fn packs() -> Vec<StickerPack> {
    PACKS.iter().map(|pack| pack.sticker_pack.clone()).collect()
}

/// One pack with its stickers.
pub fn pack(id: &StickerPackId) -> Option<StickerPackAnswer> {
    of_id(id).cloned()
}

/// One sticker of a pack.
pub fn find(pack: &StickerPackId, id: &StickerId) -> Option<Sticker> {
    of_id(pack)?.stickers.iter().find(|sticker| sticker.id == *id).cloned()
}

/// Whether a room uses this pack where nobody has said anything.
pub fn is_on_by_default(pack: &StickerPackId) -> bool {
    of_id(pack).is_some()
}

fn of_id(id: &StickerPackId) -> Option<&'static StickerPackAnswer> {
    PACKS.iter().find(|pack| pack.sticker_pack.id == *id)
}

static PACKS: LazyLock<Vec<StickerPackAnswer>> = LazyLock::new(|| {
    let live = StickerPack { id: "live".into(), name: "Live".to_owned(), extra: Map::new() };
    vec![StickerPackAnswer { sticker_pack: live, stickers: LIVE.iter().map(drawn).collect() }]
});

fn drawn(&(id, name, text, svg): &Drawn) -> Sticker {
    Sticker {
        id: id.into(),
        name: name.to_owned(),
        text: text.to_owned(),
        image_url: format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)),
        extra: Map::new(),
    }
}

/// Id, name, text, picture.
type Drawn = (&'static str, &'static str, &'static str, &'static str);

const LIVE: [Drawn; 12] = [
    ("clap", "Applause", "👏", include_str!("stickers/clap.svg")),
    ("heart", "Heart", "❤️", include_str!("stickers/heart.svg")),
    ("thumbs_up", "Thumbs up", "👍", include_str!("stickers/thumbs_up.svg")),
    ("laugh", "Laughing", "😆", include_str!("stickers/laugh.svg")),
    ("wow", "Wow", "😮", include_str!("stickers/wow.svg")),
    ("cry", "Crying", "😢", include_str!("stickers/cry.svg")),
    ("fire", "Fire", "🔥", include_str!("stickers/fire.svg")),
    ("party", "Party", "🎉", include_str!("stickers/party.svg")),
    ("rocket", "Rocket", "🚀", include_str!("stickers/rocket.svg")),
    ("star", "Star", "⭐", include_str!("stickers/star.svg")),
    ("trophy", "Trophy", "🏆", include_str!("stickers/trophy.svg")),
    ("hundred", "A hundred points", "💯", include_str!("stickers/hundred.svg")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sticker_is_found_by_its_id_and_has_all_that_is_shown() {
        for StickerPack { id: of, .. } in packs() {
            let answer = pack(&of).unwrap();
            assert!(!answer.stickers.is_empty());
            for sticker in &answer.stickers {
                assert_eq!(find(&of, &sticker.id).as_ref(), Some(sticker));
                assert!(!sticker.name.is_empty());
                assert!(sticker.text.chars().all(|c| !c.is_ascii()), "{}", sticker.text);
            }
            let ids: BTreeSet<_> = answer.stickers.iter().map(|sticker| sticker.id.as_str()).collect();
            assert_eq!(ids.len(), answer.stickers.len());
        }
    }

    #[test]
    fn every_picture_is_an_svg_that_asks_nobody_for_anything() {
        for sticker in pack(&"live".into()).unwrap().stickers {
            let data = sticker.image_url.strip_prefix("data:image/svg+xml;base64,").unwrap();
            let svg = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
            assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"), "{svg}");
            for foreign in ["href", "url(", "script", "style", "import", "<!"] {
                assert!(!svg.contains(foreign), "{foreign} in {svg}");
            }
            assert!(svg.len() < 2000, "{}", sticker.id);
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(pack(&"dead".into()), None);
        assert_eq!(find(&"dead".into(), &"heart".into()), None);
        assert_eq!(find(&"live".into(), &"brick".into()), None);
        assert!(is_on_by_default(&"live".into()));
        assert!(!is_on_by_default(&"dead".into()));
    }
}
