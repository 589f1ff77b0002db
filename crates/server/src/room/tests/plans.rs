//! What acts come to: the cases that are refused, and those that are done already.

use chatroom_wire::{
    Message,
    poll::{MultiChoice, Poll, PollKind, PollOption, PollStatus},
    rest::PollAction,
};
use jiff::Timestamp;

use super::*;
use crate::{
    room::{moderation, plan::Plan, polls},
    rules::Standing,
};

async fn standing(change: Option<Change>) -> Standing {
    let bench = Bench::new(&[]).await;
    let mut standing = Standing::new(bench.tools.store.room(&ROOM.into()).await.unwrap().unwrap());
    if let Some(change) = change {
        standing.apply(&change, Timestamp::UNIX_EPOCH);
    }
    standing
}

fn user(id: &str) -> User {
    User { id: Some(id.into()), ..User::named(id) }
}

fn poll(status: PollStatus) -> Poll {
    let option = |id: &str| PollOption { id: Some(id.into()), text: id.to_owned(), ..PollOption::default() };
    let options = vec![option("a"), option("b")];
    let multi_choice = MultiChoice { question: "Tea?".to_owned(), options, ..MultiChoice::default() };
    Poll { id: Some("p".into()), status, multi_choice, ..Poll::default() }
}

fn ids() -> impl FnMut() -> String {
    let mut next = 0;
    move || {
        next += 1;
        format!("id{next}")
    }
}

fn text_of(error: &ActError) -> String {
    let kind = match error {
        ActError::NotFound(_) => "not found",
        ActError::Invalid(_) => "invalid",
        ActError::Precondition(_) => "precondition",
        ActError::Exhausted(_) => "exhausted",
        ActError::Store(_) | ActError::Stopped => "trouble",
    };
    format!("{kind}: {error}")
}

#[tokio::test]
async fn as_many_may_be_blocked_as_are_allowed_and_one_needs_an_id() {
    let room = standing(Some(Change::Block(user("bob")))).await;
    let boss = somebody("boss");
    assert_eq!(moderation::block(&room, &boss, user("bob"), 1).unwrap(), Plan::nothing(), "bob is blocked already");
    let error = moderation::block(&room, &boss, user("eve"), 1).unwrap_err();
    assert_eq!(text_of(&error), "exhausted: 1 users are blocked; that is the most");
    let error = moderation::block(&room, &boss, User::named("eve"), 9).unwrap_err();
    assert_eq!(text_of(&error), "invalid: the user has no id");
    assert_eq!(moderation::unblock(&room, &boss, "eve".into()), Plan::nothing());
}

#[tokio::test]
async fn only_what_people_said_is_deleted_and_only_what_all_see_is_pinned() {
    let room = standing(None).await;
    let boss = somebody("boss");
    let error = moderation::delete(&room, &boss, "m".into(), Some(Kind::Mute)).unwrap_err();
    assert_eq!(text_of(&error), "precondition: only what people said can be deleted");
    assert_eq!(moderation::delete(&room, &boss, "m".into(), None).unwrap(), Plan::nothing(), "it is deleted already");
    let hidden = Some((Message::text_by(user("ada"), "psst"), Audience::Author));
    let error = moderation::pin(&room, &boss, &"m".into(), hidden, 20).unwrap_err();
    assert_eq!(text_of(&error), "not found: there is no such message");
    assert_eq!(moderation::unpin(&room, notice::actor(&boss), "m".into(), true), Plan::nothing());
}

#[tokio::test]
async fn a_name_has_a_length() {
    let (room, boss) = (standing(None).await, Author { is_admin: true, ..somebody("boss") });
    for wrong in ["", "  ", "abcd"] {
        let error = moderation::rename(&room, &boss, wrong, 3).unwrap_err();
        assert_eq!(text_of(&error), "invalid: a name has 1 to 3 characters");
    }
    let plan = moderation::rename(&room, &boss, " abc ", 3).unwrap();
    let known = User { id: Some("boss".into()), ..User::named("abc") };
    assert_eq!(
        plan.silent,
        [Change::Rename { user: "boss".into(), name: "abc".to_owned() }, Change::AdminName(known)],
        "a moderator's name is known from then on"
    );
}

#[test]
fn a_poll_is_made_by_the_server_and_a_wrong_one_is_not() {
    let settings = Settings::default();
    let mut theirs = poll(PollStatus::Archived);
    theirs.votes_count = 7;
    theirs.kind = PollKind::MultiChoice;
    theirs.multi_choice.options[0].votes_count = 7;
    let Done::Poll(made) = polls::create(theirs, 0, &settings, &mut ids()).unwrap().done else { panic!("no poll") };
    let options: Vec<_> = made.multi_choice.options.iter().map(|option| option.id.clone().unwrap()).collect();
    assert_eq!((made.id.clone(), options), (Some("id1".into()), vec!["id2".into(), "id3".into()]));
    assert_eq!((made.status, made.votes_count, made.kind), (PollStatus::Queued, 0, PollKind::MultiChoice));

    let with = |change: fn(&mut Poll)| {
        let mut poll = poll(PollStatus::Queued);
        change(&mut poll);
        text_of(&polls::create(poll, 0, &Settings::default(), &mut ids()).unwrap_err())
    };
    assert_eq!(with(|it| it.multi_choice.question.clear()), "invalid: the question of a poll has 1 to 1000 characters");
    assert_eq!(with(|it| it.multi_choice.options.truncate(1)), "invalid: a poll has 2 to 20 options");
    assert_eq!(
        with(|it| it.multi_choice.options = vec![it.multi_choice.options[0].clone(); 21]),
        "invalid: a poll has 2 to 20 options"
    );
    assert_eq!(
        with(|it| it.multi_choice.options[1].text = "x".repeat(1001)),
        "invalid: an option of a poll has 1 to 1000 characters"
    );
    let error = polls::create(poll(PollStatus::Queued), 1000, &settings, &mut ids()).unwrap_err();
    assert_eq!(text_of(&error), "exhausted: the room has 1000 polls; that is the most");
}

#[test]
fn an_update_keeps_the_ids_of_options_that_were_there() {
    let mut new = poll(PollStatus::Queued);
    let option =
        |id: Option<&str>| PollOption { id: id.map(Into::into), text: "x".to_owned(), ..PollOption::default() };
    new.multi_choice.options = vec![option(Some("b")), option(Some("b")), option(Some("forged")), option(None)];
    let plan = polls::update(new.clone(), Some(poll(PollStatus::Queued)), &Settings::default(), &mut ids()).unwrap();
    let Done::Poll(written) = plan.done else { panic!("no poll") };
    let ids_now: Vec<_> = written.multi_choice.options.iter().map(|option| option.id.clone().unwrap()).collect();
    assert_eq!(ids_now, ["b".into(), "id1".into(), "id2".into(), "id3".into()]);
    for (known, wanted) in [
        (None, "not found: there is no such poll"),
        (Some(poll(PollStatus::Active)), "precondition: only a queued poll can be changed"),
    ] {
        let error = polls::update(new.clone(), known, &Settings::default(), &mut ids()).unwrap_err();
        assert_eq!(text_of(&error), wanted);
    }
}

#[tokio::test]
async fn a_poll_goes_forward_one_step_at_a_time() {
    use PollAction::{Archive, Close, Start};
    use PollStatus::{Active, Archived, Closed, Queued};
    let boss = somebody("boss");
    let room = standing(None).await;
    let at = Timestamp::UNIX_EPOCH;
    for (from, action, to) in [(Queued, Start, Active), (Active, Close, Closed), (Closed, Archive, Archived)] {
        let plan = polls::step(&room, &boss, Some(poll(from)), action, at).unwrap();
        let Done::Poll(now) = plan.done else { panic!("no poll") };
        assert_eq!((now.status, plan.announced.len()), (to, 1));
        let again = polls::step(&room, &boss, Some(*now.clone()), action, at).unwrap();
        assert_eq!(again, Plan::nothing().answer(Done::Poll(now)), "it is so already");
    }
    for (from, action, wanted) in [
        (Queued, Close, "the poll is queued; only one that is active can become closed"),
        (Queued, Archive, "the poll is queued; only one that is closed can become archived"),
        (Active, Archive, "the poll is active; only one that is closed can become archived"),
        (Closed, Start, "the poll is closed; only one that is queued can become active"),
        (Archived, Start, "the poll is archived; only one that is queued can become active"),
        (Archived, Close, "the poll is archived; only one that is active can become closed"),
    ] {
        let error = polls::step(&room, &boss, Some(poll(from)), action, at).unwrap_err();
        assert_eq!(text_of(&error), format!("precondition: {wanted}"));
    }
    let mut busy = standing(None).await;
    busy.count_votes(Poll { id: Some("other".into()), ..poll(Active) });
    let error = polls::step(&busy, &boss, Some(poll(Queued)), Start, at).unwrap_err();
    assert_eq!(text_of(&error), "precondition: another poll is active in this room");
    assert_eq!(text_of(&polls::step(&room, &boss, None, Start, at).unwrap_err()), "not found: there is no such poll");
}
