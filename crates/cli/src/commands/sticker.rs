//! `chatroom sticker`

use crate::{
    args::{GlobalArgs, sticker::StickerArgs},
    failure::Failure,
};

#[expect(clippy::unused_async, reason = "its commands make calls")]
pub(super) async fn run(args: StickerArgs, _: &GlobalArgs) -> Result<(), Failure> {
    match args.command {}
}
