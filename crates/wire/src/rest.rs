//! Bodies of the REST calls (docs/protocol.md, section C).
//!
//! - [`rooms`]: a room is made and shown; [`tokens`]: chat tokens and their renewal; [`messages`]: the history
//! - [`moderation`]: mute, block, pin, rename; [`bars`]: who may not come in; [`polls`], [`dictionaries`], [`stickers`]: those of their calls
//! - [`errors`]: the body of every refusal

pub mod bars;
pub mod dictionaries;
pub mod errors;
pub mod messages;
pub mod moderation;
pub mod polls;
pub mod rooms;
pub mod stickers;
pub mod tokens;

pub use bars::{BarAnswer, BarUser, BarredUser, BarredUsers};
pub use dictionaries::{
    DictionariesPage, DictionaryAnswer, EnableDictionaries, PatternAnswer, PatternsAnswer, PatternsPage,
    PlainTokenAnswer, RoomDictionariesPage, RoomDictionary, UploadAnswer, WriteDictionary, WritePattern, WritePatterns,
};
pub use errors::{ErrorBody, ErrorDetail, TOKEN_INVALID};
pub use messages::{MessagesAnswer, MessagesPage, MessagesQuery, PAGE_MAX, QueryError};
pub use moderation::{
    ActionTaker, Block, Done, MessageRef, Mute, Pin, PinBody, Rename, SetViewerInfo, Unblock, Unpin, UnpinBody,
    ViewerInfoSwitch,
};
pub use polls::{ChangePoll, PollAction, PollBody, PollsPage};
pub use rooms::{ChatroomAnswer, CounterKey, CreateChatroom};
pub use stickers::{EnableStickerPack, RoomStickerPack, RoomStickerPacks, StickerPackAnswer, StickerPacks};
pub use tokens::{CreateToken, RefreshAnswer, RefreshRequest, Role, TokenAnswer};

/// The path that all calls share.
pub const PREFIX: &str = "/bv/chatroom/v1";
