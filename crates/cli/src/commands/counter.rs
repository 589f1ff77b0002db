//! `chatroom counter`

use crate::{
    args::{GlobalArgs, counter::CounterArgs},
    failure::Failure,
};

#[expect(clippy::unused_async, reason = "its commands make calls")]
pub(super) async fn run(args: CounterArgs, _: &GlobalArgs) -> Result<(), Failure> {
    match args.command {}
}
