//! The rows of what belongs to the organisation: the word filter and stickers, and which of them a room uses
//! (docs/protocol.md, sections C.5 and C.6).

use axum::http::Method;
use chatroom_wire::rest::{
    DictionariesPage, DictionaryAnswer, Done, EnableDictionaries, EnableStickerPack, PatternAnswer, PatternsAnswer,
    PatternsPage, PlainTokenAnswer, RoomDictionariesPage, RoomStickerPack, RoomStickerPacks, StickerPackAnswer,
    StickerPacks, UploadAnswer, WriteDictionary, WritePattern, WritePatterns,
};
use serde_json::json;

use super::Family as _;
use crate::http::{
    access::{ADMIN, CHAT, DICTIONARY, ORGANISATION, STICKER},
    dictionaries::{self, in_room, patterns},
    org_tokens, parameters,
    route::Route,
    stickers,
};

pub(super) fn dictionaries() -> Vec<Route> {
    vec![
        Route::api(
            Method::POST,
            "/dictionaries/tokens",
            "createDictionaryToken",
            ORGANISATION,
            org_tokens::create_for_dictionaries,
        )
        .says("Makes a token for dictionaries.")
        .gives::<PlainTokenAnswer>(),
        Route::api(Method::POST, "/dictionaries", "createDictionary", DICTIONARY, dictionaries::create)
            .says("Makes a dictionary.")
            .takes::<WriteDictionary>(json!({"name": "Rude", "description": "What nobody wants to read"}))
            .gives::<DictionaryAnswer>()
            .refuses(&[409, 429]),
        Route::api(Method::GET, "/dictionaries", "listDictionaries", DICTIONARY, dictionaries::list)
            .says("The dictionaries, the oldest first.")
            .asks(parameters::pages())
            .gives::<DictionariesPage>(),
        Route::api(Method::GET, "/dictionaries/{id}", "getDictionary", DICTIONARY, dictionaries::read)
            .says("One dictionary.")
            .gives::<DictionaryAnswer>()
            .refuses(&[404]),
        Route::api(Method::PUT, "/dictionaries/{id}", "updateDictionary", DICTIONARY, dictionaries::update)
            .says("Gives a dictionary another name and description.")
            .takes::<WriteDictionary>(json!({"name": "Very rude", "description": "What nobody wants to read"}))
            .gives::<DictionaryAnswer>()
            .refuses(&[404, 409]),
        Route::api(Method::DELETE, "/dictionaries/{id}", "deleteDictionary", DICTIONARY, dictionaries::delete)
            .says("Deletes a dictionary, in all rooms.")
            .gives::<Done>()
            .refuses(&[404]),
        Route::api(Method::POST, "/dictionaries/{id}/patterns", "createPattern", DICTIONARY, patterns::create)
            .says("Adds a pattern.")
            .explains(
                "A pattern matches a whole message, whatever its case. A text that is there already keeps its id.",
            )
            .takes::<WritePattern>(json!({"text": "darn it"}))
            .gives::<PatternAnswer>()
            .refuses(&[404, 429]),
        Route::api(Method::GET, "/dictionaries/{id}/patterns", "listPatterns", DICTIONARY, patterns::list)
            .says("The patterns, in the order in which they came.")
            .asks(parameters::pages())
            .gives::<PatternsPage>()
            .refuses(&[404]),
        Route::api(
            Method::POST,
            "/dictionaries/{id}/patterns:batch-create",
            "batchCreatePatterns",
            DICTIONARY,
            patterns::batch_create,
        )
        .says("Adds patterns, all or none.")
        .takes::<WritePatterns>(json!({"texts": ["darn it", "heck"]}))
        .gives::<PatternsAnswer>()
        .refuses(&[404, 429]),
        Route::api(Method::POST, "/dictionaries/{id}/patterns:upload", "uploadPatterns", DICTIONARY, patterns::upload)
            .says("Puts the lines of a text in the place of all patterns.")
            .takes_text("darn it\nheck\n")
            .gives::<UploadAnswer>()
            .refuses(&[404, 429]),
        Route::api(
            Method::PUT,
            "/dictionaries/{id}/patterns/{pattern_id}",
            "updatePattern",
            DICTIONARY,
            patterns::update,
        )
        .says("Gives a pattern another text.")
        .takes::<WritePattern>(json!({"text": "darn it"}))
        .gives::<PatternAnswer>()
        .refuses(&[404, 409]),
        Route::api(
            Method::DELETE,
            "/dictionaries/{id}/patterns/{pattern_id}",
            "deletePattern",
            DICTIONARY,
            patterns::delete,
        )
        .says("Deletes a pattern.")
        .gives::<Done>()
        .refuses(&[404]),
        Route::api(Method::GET, "/chatrooms/dictionaries", "listChatroomDictionaries", ADMIN, in_room::list)
            .says("All dictionaries, and whether the room uses each.")
            .asks(parameters::pages())
            .gives::<RoomDictionariesPage>()
            .refuses(&[404]),
        Route::api(
            Method::POST,
            "/chatrooms/dictionaries:batch-update",
            "batchUpdateChatroomDictionaries",
            ADMIN,
            in_room::batch_update,
        )
        .says("The room uses these dictionaries, or does not; all or none.")
        .takes::<EnableDictionaries>(json!({"ids": ["01890a5d-ac96-774b-bcce-b302099a8057"], "enabled": true}))
        .gives::<RoomDictionariesPage>()
        .refuses(&[404]),
        Route::api(
            Method::POST,
            "/chatrooms/dictionaries/{id}:enable",
            "enableChatroomDictionary",
            ADMIN,
            in_room::enable_one,
        )
        .says("The room uses a dictionary.")
        .gives::<Done>()
        .refuses(&[404]),
        Route::api(
            Method::POST,
            "/chatrooms/dictionaries/{id}:disable",
            "disableChatroomDictionary",
            ADMIN,
            in_room::disable_one,
        )
        .says("The room uses a dictionary no longer.")
        .gives::<Done>()
        .refuses(&[404]),
    ]
    .tagged("Word filter")
}

pub(super) fn stickers() -> Vec<Route> {
    vec![
        Route::api(
            Method::POST,
            "/stickerpacks/tokens",
            "createStickerToken",
            ORGANISATION,
            org_tokens::create_for_stickers,
        )
        .says("Makes a token for packs of stickers.")
        .gives::<PlainTokenAnswer>(),
        Route::api(Method::GET, "/stickerpacks", "listStickerPacks", STICKER, stickers::list)
            .says("All packs.")
            .gives::<StickerPacks>(),
        Route::api(Method::GET, "/stickerpacks/{id}", "getStickerPack", STICKER, stickers::read)
            .says("One pack with its stickers.")
            .gives::<StickerPackAnswer>()
            .refuses(&[404]),
        Route::api(Method::GET, "/chatrooms/stickerpacks", "listChatroomStickerPacks", CHAT, stickers::list_in_room)
            .says("The packs that the room uses.")
            .gives::<StickerPacks>()
            .refuses(&[404]),
        Route::api(Method::GET, "/chatrooms/stickerpacks/{id}", "getChatroomStickerPack", CHAT, stickers::read_in_room)
            .says("One pack with its stickers; for a viewer, one that the room uses.")
            .gives::<StickerPackAnswer>()
            .refuses(&[404]),
        Route::api(
            Method::POST,
            "/chatrooms/stickerpacks:admin-list",
            "adminListStickerPacks",
            ADMIN,
            stickers::admin_list,
        )
        .says("All packs, and whether the room uses each.")
        .gives::<RoomStickerPacks>()
        .refuses(&[404]),
        Route::api(Method::PUT, "/chatrooms/stickerpacks/{id}", "updateChatroomStickerPack", ADMIN, stickers::enable)
            .says("The room uses a pack, or does not.")
            .takes::<EnableStickerPack>(json!({"enabled": false}))
            .gives::<RoomStickerPack>()
            .refuses(&[404]),
    ]
    .tagged("Stickers")
}
