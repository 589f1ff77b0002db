//! What services write in more than one way is read in each of them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chatroom_wire::{
    Chatroom, Claims, Config, Token, body,
    claims::ClaimsError,
    rest::{ErrorBody, MessagesPage},
};

fn claims(json: &str) -> Result<Claims, ClaimsError> {
    Claims::of(&Token::new(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(json))))
}

#[test]
fn roles_may_be_a_list_one_word_or_nothing() {
    assert_eq!(claims(r#"{"roles":["ROLE_ADMIN","x"]}"#).unwrap().roles, ["ROLE_ADMIN", "x"]);
    assert_eq!(claims(r#"{"roles":"ROLE_ADMIN"}"#).unwrap().roles, ["ROLE_ADMIN"]);
    assert!(claims(r#"{"roles":null}"#).unwrap().roles.is_empty());
    assert!(claims("{}").unwrap().roles.is_empty());
    assert!(claims(r#"{"roles":7}"#).unwrap().roles.is_empty());
    assert_eq!(claims(r#"{"roles":[7,"ROLE_ADMIN",null]}"#).unwrap().roles, ["ROLE_ADMIN"]);
}

#[test]
fn a_claim_that_can_not_be_read_is_unknown_and_costs_no_other() {
    for odd in [r#""1722268288""#, "[]", "{}", "true", r#""soon""#] {
        let json = format!(r#"{{"exp":{odd},"iat":{odd},"sub":7,"chat_id":{{}},"device_id":[1],"type":true,"x":1}}"#);
        let read = claims(&json).unwrap();
        assert_eq!((read.exp, read.iat, read.sub, read.chat_id), (None, None, Some("7".into()), None), "{odd}");
        assert_eq!((read.device_id, read.kind, read.extra["x"].as_i64()), (None, None, Some(1)), "{odd}");
    }
    assert_eq!(claims("[]"), Err(ClaimsError::NotClaims));
}

#[test]
fn the_end_of_a_token_may_have_a_fraction_and_any_size() {
    let now = "2024-07-29T15:51:28Z".parse::<chatroom_wire::Time>().unwrap().instant();
    let is_expired = |exp: &str| claims(&format!(r#"{{"exp":{exp}}}"#)).unwrap().is_expired(now);
    for past in ["1722268288", "1722268288.5", "0", "-1", "-9223372036854775808", "-1e300"] {
        assert!(is_expired(past), "{past}");
    }
    for future in ["1722268289", "1.8e9", "9223372036854775807", "18446744073709551615", "1e300", "null"] {
        assert!(!is_expired(future), "{future}");
    }
}

#[test]
fn base64_with_padding_is_base64_too() {
    let token = Token::new("e30=.eyJzdWIiOiJhIn0=.c2ln");
    assert_eq!(Claims::of(&token).unwrap().sub.unwrap().as_str(), "a");
}

#[test]
fn null_is_an_empty_list_flag_or_text() {
    let room =
        r#"{"id":"r","muted":null,"status":null,"blocked_users":null,"pinned_messages":null,"custom_counters":null}"#;
    assert!(!body::read::<Chatroom>(room.as_bytes()).unwrap().muted);
    let page = body::read::<MessagesPage>(br#"{"messages":null}"#).unwrap();
    assert!(page.messages.0.is_empty());
    let error = br#"{"code":3,"message":null,"details":[{"reason":"R","domain":null,"metadata":null}]}"#;
    assert_eq!(body::read::<ErrorBody>(error).unwrap().details[0].reason, "R");
    let config = br#"{"connection":{"endpoint":"h","authorizer":"","token":"t","signature":"s","client_id":"c"},
        "topic":{"pub":"p","sub":"s"},"user":null,"token":null}"#;
    assert_eq!(Config::from_json(config).unwrap().user.custom_name, "");
}

#[test]
fn a_page_of_history_shows_its_good_messages_beside_a_bad_one() {
    let page = br#"{"messages":[{"type":2},{"type":1},{"type":3}],"next":"x"}"#;
    let good: Vec<_> = body::read::<MessagesPage>(page).unwrap().messages.0.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, true]);
}

#[test]
fn a_room_is_read_without_the_items_of_its_lists_that_can_not_be_read() {
    let room = br#"{"id":"r","blocked_users":[{"id":"a"},{"id":7},{"id":"b"}],
        "pinned_messages":[{"text":"no message"},{"message":{"id":"m","text":"hello"}},null],
        "custom_counters":[{"key":"like","value":0.5},{"key":"clap","value":2}]}"#;
    let room = body::read::<Chatroom>(room).unwrap();
    let ids: Vec<_> = room.blocked_users.iter().map(|user| user.id.as_ref().unwrap().as_str()).collect();
    assert_eq!(ids, ["a", "7", "b"]);
    assert_eq!(room.pinned_messages.iter().map(|pin| &*pin.message.text).collect::<Vec<_>>(), ["hello"]);
    let counters: Vec<_> = room.custom_counters.iter().map(|counter| (&*counter.key, counter.value)).collect();
    assert_eq!(counters, [("like", 0), ("clap", 2)]);
    let odd = body::read_answer::<Chatroom>(br#"{"id":"r","muted":true,"blocked_users":"a"}"#).unwrap();
    assert!(odd.muted && odd.blocked_users.is_empty());
}
