//! Polls and votes.

use chatroom_mqtt::ReasonCode;
use chatroom_wire::rest::Role;
use serde_json::{Value, json};

use super::{Stage, kinds};
use crate::bed::{Ack, Client};

const UPDATE: &str = "INTERACTION_TYPE_POLL_UPDATE";

/// Makes a poll of two options and starts it; answers it.
async fn started(stage: &Stage, kind: &str) -> Value {
    let options = json!([{"text": "yes", "corrected": true}, {"text": "no", "corrected": false}]);
    let poll = json!({"poll": {"type": kind, "multi_choice": {"question": "Tea?", "options": options}}});
    let poll = stage.act("POST", "/polls", &poll).await["poll"].clone();
    assert_eq!(poll["status"], "POLL_STATUS_QUEUED");
    step(stage, &poll, "START").await
}

async fn step(stage: &Stage, poll: &Value, action: &str) -> Value {
    let id = poll["id"].as_str().unwrap();
    stage.act("POST", &format!("/polls/{id}:change"), &json!({"action": format!("ACTION_{action}")})).await;
    stage.act("GET", &format!("/polls/{id}"), &Value::Null).await["poll"].clone()
}

fn vote(id: &str, poll: &Value, options: &[usize]) -> Value {
    let options: Vec<&Value> = options.iter().map(|place| &poll["multi_choice"]["options"][*place]["id"]).collect();
    json!({
        "id": id, "type": "INTERACTION_TYPE_POLL_USER_VOTE",
        "poll_user_vote": {"poll_id": poll["id"], "option_ids": options}
    })
}

fn counts(poll: &Value) -> (i64, Vec<i64>) {
    let options = poll["multi_choice"]["options"].as_array().unwrap().iter();
    (poll["votes_count"].as_i64().unwrap(), options.map(|option| option["votes_count"].as_i64().unwrap()).collect())
}

/// Waits until these counts are told.
async fn told(client: &mut Client, votes: i64, options: &[i64]) -> Value {
    loop {
        let update = client.message_of(UPDATE).await;
        if counts(&update["poll_message"]["poll"]) == (votes, options.to_vec()) {
            return update;
        }
    }
}

#[tokio::test]
async fn a_vote_counts_once_and_a_later_one_takes_its_place() {
    let stage = Stage::new(&[("poll.interval", "50ms"), ("rate.viewer", "1000")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let mut bob = stage.join("bob", Role::Viewer).await;
    let poll = started(&stage, "POLL_TYPE_SINGLE_CHOICE").await;
    for _ in 0..3 {
        ada.must_say(&vote("a1", &poll, &[0])).await;
    }
    bob.must_say(&vote("b1", &poll, &[0])).await;
    assert_eq!(counts(&stage.state().await["active_poll"]), (2, vec![2, 0]));
    ada.must_say(&vote("a2", &poll, &[1])).await;
    ada.must_say(&vote("a1", &poll, &[0])).await;
    let update = told(&mut bob, 2, &[1, 1]).await;
    assert_eq!(update["user"]["custom_name"], "System");
    assert_eq!(counts(&stage.state().await["active_poll"]), (2, vec![1, 1]), "what is sent again changes nothing");

    let closed = step(&stage, &poll, "CLOSE").await;
    assert_eq!(counts(&closed), (2, vec![1, 1]));
    assert_eq!(stage.state().await["active_poll"], Value::Null);
    ada.must_say(&vote("a2", &poll, &[1])).await;
    let late = ada.say(&vote("a3", &poll, &[0])).await;
    let Ack::Refused { reason, text, .. } = late else { panic!("a closed poll takes no votes") };
    assert_eq!((reason, text.as_str()), (ReasonCode::PAYLOAD_FORMAT_INVALID, "this poll takes no votes now"));
}

#[tokio::test]
async fn nobody_sees_who_voted_and_the_voter_gets_the_echo() {
    let stage = Stage::new(&[("poll.interval", "1h")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let mut bob = stage.join("bob", Role::Viewer).await;
    let poll = started(&stage, "POLL_TYPE_MULTI_CHOICE").await;
    ada.must_say(&vote("a", &poll, &[0, 1])).await;
    bob.must_say(&super::text("b", "over")).await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last: &Value| last["type"] != "INTERACTION_TYPE_TEXT") {
        heard.push(bob.message().await);
    }
    assert_eq!(kinds(&heard), ["POLL_STARTED", "POLL_UPDATE", "TEXT"]);
    assert_eq!(bob.numbers.last().unwrap().1, 3, "the vote has its number all the same");
    let echo = ada.message_of("INTERACTION_TYPE_POLL_USER_VOTE").await;
    assert_eq!((&echo["id"], &echo["user"]["id"]), (&json!("a"), &json!("ada")));
    assert_eq!(kinds(&stage.history("bob").await), ["POLL_STARTED", "TEXT"]);
    assert_eq!(kinds(&stage.history("ada").await), ["POLL_STARTED", "POLL_USER_VOTE", "TEXT"]);
}

#[tokio::test]
async fn which_answer_is_right_is_told_when_the_poll_is_closed() {
    let stage = Stage::new(&[("poll.interval", "50ms")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let poll = started(&stage, "POLL_TYPE_SINGLE_CHOICE").await;
    assert_eq!(poll["multi_choice"]["options"][0]["corrected"], true, "an admin knows");
    ada.must_say(&vote("a", &poll, &[0])).await;
    let corrected = |poll: &Value| poll["multi_choice"]["options"][0]["corrected"].clone();
    let heard = ada.message().await;
    assert_eq!(
        (&heard["type"], corrected(&heard["poll_message"]["poll"])),
        (&json!("INTERACTION_TYPE_POLL_STARTED"), Value::Null)
    );
    let heard = told(&mut ada, 1, &[1, 0]).await;
    assert_eq!(corrected(&heard["poll_message"]["poll"]), Value::Null);
    assert_eq!(corrected(&stage.state().await["active_poll"]), Value::Null);
    step(&stage, &poll, "CLOSE").await;
    let closed = ada.message_of("INTERACTION_TYPE_POLL_CLOSED").await;
    assert_eq!(corrected(&closed["poll_message"]["poll"]), true);
    assert_eq!(counts(&closed["poll_message"]["poll"]), (1, vec![1, 0]));
    assert_eq!(closed["poll_message"]["action_taker"]["id"], "boss");
}

#[tokio::test]
async fn one_poll_is_active_and_each_step_has_its_place() {
    let stage = Stage::new(&[("polls.max", "2")]).await;
    let first = started(&stage, "POLL_TYPE_SINGLE_CHOICE").await;
    let body = json!({"poll": {"multi_choice": {"question": "Coffee?", "options": [{"text": "yes"}, {"text": "no"}]}}});
    let second = stage.act("POST", "/polls", &body).await["poll"].clone();
    let third = stage.call("POST", "/polls", &body).await;
    assert_eq!((third.status, third.refusal().0), (429, 8));
    let (one, two) = (first["id"].as_str().unwrap(), second["id"].as_str().unwrap());
    for (method, path, body) in [
        ("POST", format!("/polls/{two}:change"), json!({"action": "ACTION_START"})),
        ("POST", format!("/polls/{two}:change"), json!({"action": "ACTION_CLOSE"})),
        ("POST", format!("/polls/{one}:change"), json!({"action": "ACTION_ARCHIVE"})),
        ("PUT", format!("/polls/{one}"), body.clone()),
        ("DELETE", format!("/polls/{one}"), Value::Null),
    ] {
        let answer = stage.call(method, &path, &body).await;
        assert_eq!((answer.status, answer.refusal().0), (400, 9), "{method} {path}");
    }
    step(&stage, &first, "START").await;
    step(&stage, &first, "CLOSE").await;
    step(&stage, &second, "START").await;
    step(&stage, &first, "ARCHIVE").await;
    stage.act("DELETE", &format!("/polls/{one}"), &Value::Null).await;
    assert_eq!(stage.call("DELETE", &format!("/polls/{one}"), &Value::Null).await.status, 404);
    stage.act("POST", "/polls", &body).await;
    assert_eq!(stage.state().await["active_poll"]["id"], two);
    assert_eq!(kinds(&stage.history("eve").await), ["POLL_STARTED", "POLL_CLOSED", "POLL_STARTED", "POLL_ARCHIVED"]);
}

#[tokio::test]
async fn a_queued_poll_is_shown_to_admins_only() {
    let stage = Stage::new(&[("polls.max", "200")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let ada_token = crate::bed::token_in(&stage.server, &stage.room, "ada", Role::Viewer).await.token;
    let first = started(&stage, "POLL_TYPE_SINGLE_CHOICE").await;
    step(&stage, &first, "CLOSE").await;
    let body =
        json!({"poll": {"multi_choice": {"question": "Surprise?", "options": [{"text": "yes"}, {"text": "no"}]}}});
    let mut queued = Value::Null;
    // More than one read of the store, so that what a viewer may see lies behind all of it.
    for _ in 0..120 {
        queued = stage.act("POST", "/polls", &body).await["poll"].clone();
    }
    let listed = async |path: &str, token: &str| {
        let path = format!("/chatrooms/polls?{path}");
        crate::bed::get(&stage.server, &path, token).await.json()
    };
    let page = listed("page_size=2", ada_token.expose()).await;
    assert_eq!((page["polls"].as_array().unwrap().len(), &page["polls"][0]["id"]), (1, &first["id"]));
    assert_eq!(page["next_page_token"], "", "it does not tell that there are more");
    let all = stage.act("GET", "/polls?page_size=100", &Value::Null).await;
    assert_eq!(all["polls"].as_array().unwrap().len(), 100);

    let Ack::Refused { text: refusal, .. } = ada.say(&vote("v1", &queued, &[0])).await else { panic!("it was taken") };
    let mut unknown = vote("v2", &queued, &[0]);
    unknown["poll_user_vote"]["poll_id"] = json!("nowhere");
    let Ack::Refused { text, .. } = ada.say(&unknown).await else { panic!("it was taken") };
    assert_eq!(refusal, text, "the refusal does not tell that the poll exists");

    step(&stage, &queued, "START").await;
    let page = listed("page_size=2", ada_token.expose()).await;
    assert_eq!((page["polls"].as_array().unwrap().len(), &page["polls"][0]["id"]), (2, &queued["id"]));
    let history = Value::from(stage.history("ada").await).to_string();
    assert_eq!(history.matches("Surprise?").count(), 1, "only the one that started");
}
