//! What callers send by mistake or on purpose: each refused in the documented form, and nothing changed by it.

mod stage;

use chatroom_wire::rest::PREFIX;
use serde_json::{Value, json};

use crate::bed::{call, get, http::bearer};
use stage::{Call, Stage, poll};

/// Every body that differs from a good one in one field, which is of a wrong type.
fn wrong_types(good: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    gather_pointers(good, "", &mut pointers);
    let mut bodies = Vec::new();
    for pointer in pointers {
        let wrong: &[Value] = match good.pointer(&pointer).unwrap() {
            Value::Object(_) => &[json!("text"), json!(7), json!(true), json!([]), json!(["text"])],
            Value::Array(_) => &[json!("text"), json!(7), json!({"0": 1})],
            Value::String(_) => &[json!(7), json!(true), json!(["text"]), json!({"text": "text"})],
            _ => &[json!("text"), json!(7), json!([true]), json!({})],
        };
        for wrong in wrong {
            let mut body = good.clone();
            *body.pointer_mut(&pointer).unwrap() = wrong.clone();
            bodies.push((pointer.clone(), body));
        }
    }
    bodies
}

fn gather_pointers(value: &Value, at: &str, pointers: &mut Vec<String>) {
    if !at.is_empty() {
        pointers.push(at.to_owned());
    }
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| gather_pointers(value, &format!("{at}/{name}"), pointers));
        }
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| gather_pointers(value, &format!("{at}/{index}"), pointers));
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_body_that_can_not_be_used_is_refused_and_changes_nothing() {
    let stage = Stage::new().await;
    let before = stage.state().await;
    let deep = "[".repeat(4_000) + &"]".repeat(4_000);
    let long = format!(r#"{{"unknown":"{}"}}"#, "x".repeat(1 << 20));
    for one in &stage.calls {
        let good = one.good.to_string();
        let cut = &good[..good.len() - 1];
        let mut bodies: Vec<(String, String, u16)> = wrong_types(&one.good)
            .into_iter()
            .map(|(pointer, body)| (format!("{pointer} in {body}"), body.to_string(), 400))
            .collect();
        for (what, body, status) in [
            ("half of it", cut.to_owned(), 400),
            ("twice", format!("{good}{good}"), 400),
            ("a list", "[]".to_owned(), 400),
            ("a list of it", format!("[{good}]"), 400),
            ("a text", "\"text\"".to_owned(), 400),
            ("null", "null".to_owned(), 400),
            ("no text", "{\"a\": \"\\ud800\"}".to_owned(), 400),
            ("a deep list", deep.clone(), 400),
            ("a deep field", format!("{cut},\"unknown\":{deep}}}"), 400),
            ("too much", long.clone(), 413),
        ] {
            bodies.push((what.to_owned(), body, status));
        }
        for (what, body, status) in bodies {
            let answer = stage.send(one, "application/json", &body).await;
            assert_eq!(answer.status, status, "{} {} with {what}: {answer:?}", one.method, one.path);
            assert_eq!(answer.refusal().0, 3, "{} {} with {what}", one.method, one.path);
            assert!(!answer.body.contains(&one.token));
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "nonsense"] {
            let answer = stage.send(one, kind, &good).await;
            assert_eq!((answer.status, answer.refusal().0), (415, 3), "{} {} as {kind}", one.method, one.path);
            assert!(answer.body.contains("application/json"), "{answer:?}");
        }
    }
    assert_eq!(stage.state().await, before);
}

#[tokio::test]
async fn null_in_a_body_is_the_same_as_missing() {
    let stage = Stage::new().await;
    for one in &stage.calls {
        let mut pointers = Vec::new();
        gather_pointers(&one.good, "", &mut pointers);
        for pointer in pointers {
            let (above, name) = pointer.rsplit_once('/').unwrap();
            let spoilt = |change: fn(&mut serde_json::Map<String, Value>, &str)| {
                let mut body = one.good.clone();
                body.pointer_mut(above).unwrap().as_object_mut().map(|fields| change(fields, name))?;
                Some(body.to_string())
            };
            let missing = spoilt(|fields, name| drop(fields.remove(name)));
            let null = spoilt(|fields, name| drop(fields.insert(name.to_owned(), Value::Null)));
            // An element of a list has no name under which it could be missing.
            let (Some(missing), Some(null)) = (missing, null) else { continue };
            let missing = stage.send(one, "application/json", &missing).await;
            let null = stage.send(one, "application/json", &null).await;
            let what = format!("{} {} with {pointer}: {missing:?} {null:?}", one.method, one.path);
            if missing.status == 400 {
                assert_eq!((null.status, null.body), (400, missing.body), "{what}");
            } else {
                // What was done once may be refused the second time: it is there already.
                assert!(null.status != 400 && null.status < 500, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_value_that_can_not_be_is_refused_by_the_name_of_its_field() {
    let stage = Stage::new().await;
    let before = stage.state().await;
    let long = "x".repeat(101);
    let pin = |id: &str, name: &str| json!({"pinned_message": {"message": {"id": id}, "action_taker": {"custom_name": name}}});
    let block = |id: &str, name: &str| json!({"blocked_user": {"id": id, "custom_name": name}});
    let choice = |question: &str, options: Value| json!({"poll": {"type": "POLL_TYPE_SINGLE_CHOICE", "multi_choice": {"question": question, "options": options}}});
    let two = json!([{"text": "Tea"}, {"text": "Coffee"}]);
    for (method, path, body, field) in [
        ("POST", "/chatrooms:mute", json!({"action_taker": {"custom_name": long}}), "action_taker.custom_name"),
        ("POST", "/chatrooms/messages:pin", json!({}), "pinned_message"),
        ("POST", "/chatrooms/messages:pin", json!({"pinned_message": {"message": {}}}), "pinned_message.message.id"),
        ("POST", "/chatrooms/messages:pin", pin("", "Host"), "pinned_message.message.id"),
        ("POST", "/chatrooms/messages:pin", pin(&"x".repeat(129), "Host"), "pinned_message.message.id"),
        ("POST", "/chatrooms/messages:pin", pin("id", &long), "pinned_message.action_taker.custom_name"),
        ("POST", "/chatrooms/messages:unpin", json!({"unpinned_message": {}}), "unpinned_message.message"),
        ("POST", "/chatrooms/users:block", block("", "Eve"), "blocked_user.id"),
        ("POST", "/chatrooms/users:block", json!({"blocked_user": {"custom_name": "Eve"}}), "blocked_user.id"),
        ("POST", "/chatrooms/users:block", block("host", "Me"), "blocked_user.id"),
        ("POST", "/chatrooms/users:block", block("eve", &long), "blocked_user.custom_name"),
        ("POST", "/chatrooms/users:unblock", json!({"unblocked_user": {}}), "unblocked_user.id"),
        ("PUT", "/chatrooms/users", json!({}), "custom_name"),
        ("PUT", "/chatrooms/users", json!({"custom_name": " "}), "custom_name"),
        ("PUT", "/chatrooms/users", json!({"custom_name": long}), "custom_name"),
        ("PUT", "/chatrooms/viewer-infos", json!({"viewer_info": {}}), "viewer_info.enabled"),
        ("POST", "/chatrooms/polls", choice("", two.clone()), "poll.multi_choice.question"),
        ("POST", "/chatrooms/polls", choice(&"x".repeat(1001), two), "poll.multi_choice.question"),
        ("POST", "/chatrooms/polls", choice("What?", json!([{"text": "Tea"}])), "poll.multi_choice.options"),
        (
            "POST",
            "/chatrooms/polls",
            choice("What?", json!([{"text": "Tea"}, {}])),
            "poll.multi_choice.options[1].text",
        ),
        ("POST", "/chatrooms/polls", json!({"poll": {"type": "POLL_TYPE_NONE"}}), "poll.type"),
        ("POST", "/chatrooms/polls/nowhere:change", json!({"action": "ACTION_DANCE"}), "action"),
    ] {
        let one = Call { method, path: path.to_owned(), token: stage.admin.clone(), good: Value::Null };
        let answer = stage.send(&one, "application/json", &body.to_string()).await;
        assert_eq!((answer.status, answer.refusal().0), (400, 3), "{method} {path} {body}: {answer:?}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(field), "{method} {path} {body}: {message}");
    }
    for (path, field) in [
        ("/chatrooms/polls?page_size=101", "page_size"),
        ("/chatrooms/polls?page_size=-1", "page_size"),
        ("/chatrooms/polls?page_size=ten", "page_size"),
        ("/chatrooms/polls?page_token=nonsense", "page_token"),
        ("/dictionaries?page_size=101", "page_size"),
        ("/dictionaries?page_token=nonsense", "page_token"),
        ("/chatrooms/dictionaries?page_token=nonsense", "page_token"),
        ("/chatrooms/messages?limit=101", "limit"),
        ("/chatrooms/messages?types=DANCE", "types"),
    ] {
        let answer = get(&stage.server, path, &stage.admin).await;
        assert_eq!((answer.status, answer.refusal().0), (400, 3), "{path}: {answer:?}");
        assert!(answer.json()["message"].as_str().unwrap().contains(field), "{path}: {answer:?}");
    }
    for query in ["received_at=now".to_owned(), "sent_at=7".to_owned(), format!("action_taker.custom_name={long}")] {
        let path = format!("{PREFIX}/chatrooms/messages/nowhere?{query}");
        let answer = call(&stage.server, "DELETE", &path, &[&bearer(&stage.admin)], "").await;
        assert_eq!((answer.status, answer.refusal().0), (400, 3), "{query}: {answer:?}");
        assert!(answer.json()["message"].as_str().unwrap().contains(query.split('=').next().unwrap()), "{answer:?}");
    }
    assert_eq!(stage.state().await, before);
}

#[tokio::test]
async fn who_sends_a_large_body_in_vain_gets_to_read_why() {
    let stage = Stage::new().await;
    let large = "x".repeat(3 << 20);
    let good = bearer(&stage.admin);
    for (method, path, lines, status) in [
        ("POST", "/chatrooms:mute", vec![], 401),
        ("POST", "/chatrooms", vec![good.as_str()], 403),
        ("POST", "/chatrooms:nothing", vec![good.as_str()], 404),
        ("POST", "/chatrooms/config", vec![good.as_str()], 405),
        ("POST", "/chatrooms:mute", vec![good.as_str()], 413),
        ("POST", "/chatrooms:mute", vec![good.as_str(), "Content-Type: text/plain"], 415),
    ] {
        let answer = call(&stage.server, method, &format!("{PREFIX}{path}"), &lines, &large).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.refusal().0 > 0);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let stage = Stage::new().await;
    let message = json!({"message": {"id": "nowhere"}});
    let change = json!({"action": "ACTION_START"});
    for (method, path, body) in [
        ("DELETE", "/chatrooms/messages/nowhere", Value::Null),
        ("DELETE", "/chatrooms/messages/a%2Fb%3Ac", Value::Null),
        ("DELETE", "/chatrooms/messages/%00", Value::Null),
        ("GET", "/chatrooms/polls/%00%25zz", Value::Null),
        ("POST", "/chatrooms/messages:pin", json!({"pinned_message": message})),
        ("GET", "/chatrooms/polls/nowhere", Value::Null),
        ("PUT", "/chatrooms/polls/nowhere", poll()),
        ("DELETE", "/chatrooms/polls/nowhere", Value::Null),
        ("POST", "/chatrooms/polls/nowhere:change", change.clone()),
        ("POST", "/chatrooms/polls/a%3Ab:change", change),
        ("GET", "/dictionaries/nowhere", Value::Null),
        ("POST", "/dictionaries/nowhere/patterns", json!({"text": "darn"})),
        ("POST", "/chatrooms/dictionaries/nowhere:enable", Value::Null),
        ("GET", "/chatrooms/stickerpacks/nowhere", Value::Null),
        ("PUT", "/chatrooms/stickerpacks/nowhere", json!({"enabled": true})),
    ] {
        let one = Call { method, path: path.to_owned(), token: stage.admin.clone(), good: Value::Null };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = stage.send(&one, "application/json", &body).await;
        assert_eq!((answer.status, answer.refusal().0), (404, 5), "{method} {path}: {answer:?}");
        assert!(!answer.body.contains("nothing at this path"), "{method} {path}");
    }
}
