//! `chatroom filter`

use crate::{
    args::{GlobalArgs, filter::FilterArgs},
    failure::Failure,
};

#[expect(clippy::unused_async, reason = "its commands make calls")]
pub(super) async fn run(args: FilterArgs, _: &GlobalArgs) -> Result<(), Failure> {
    match args.command {}
}
