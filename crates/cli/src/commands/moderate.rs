//! `chatroom moderate`

use crate::{
    args::{GlobalArgs, moderate::ModerateArgs},
    failure::Failure,
};

#[expect(clippy::unused_async, reason = "its commands make calls")]
pub(super) async fn run(args: ModerateArgs, _: &GlobalArgs) -> Result<(), Failure> {
    match args.command {}
}
