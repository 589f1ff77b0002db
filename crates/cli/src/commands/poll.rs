//! `chatroom poll`

use crate::{
    args::{GlobalArgs, poll::PollArgs},
    failure::Failure,
};

#[expect(clippy::unused_async, reason = "its commands make calls")]
pub(super) async fn run(args: PollArgs, _: &GlobalArgs) -> Result<(), Failure> {
    match args.command {}
}
