//! No error and no `Debug` tells a secret, also where one stands in the wrong place.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chatroom_wire::{
    Claims, Config, Endpoint, LinkUrl, OrgToken, RefreshToken, Signature, Token, body, lenient,
    rest::{RefreshAnswer, RefreshRequest, TokenAnswer},
    user_name,
};
use serde_json::{Value, json};

/// Looks like a token, and breaks on every word that errors are cut at.
const CANARY: &str = "eyJCANARY expected eyJCANARY at line 1 missing field `eyJCANARY`.eyJCANARY.eyJCANARY";
const MARK: &str = "CANARY";

fn config() -> Value {
    json!({
        "connection": {
            "endpoint": "host.example", "authorizer": "a", "token": "t", "signature": "s", "client_id": "c",
            "url": "wss://host.example/mqtt"
        },
        "topic": {"pub": "p", "sub": "s"},
        "user": {"is_admin": false, "is_guest": false, "customer_id": "u", "device_id": "d", "custom_name": "n"},
        "token": {"expired_at": "2024-07-29T15:51:28Z"}
    })
}

/// The pointers to every value in a JSON value, its root too.
fn places(json: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    for (key, value) in json.as_object().into_iter().flatten() {
        places(value, &format!("{here}/{key}"), found);
    }
}

fn says_nothing(what: &str, shown: &str) {
    assert!(!shown.contains(MARK), "{what}: {shown}");
}

#[test]
fn a_token_in_any_place_of_a_config_is_never_quoted() {
    // These are names; who writes a token there shows it to the server's log as well.
    let shown_by_design =
        ["/connection/authorizer", "/connection/client_id", "/topic/pub", "/topic/sub", "/user/customer_id"];
    let shown_by_design = [&shown_by_design[..], &["/user/device_id", "/user/custom_name"]].concat();
    let mut all = Vec::new();
    places(&config(), "", &mut all);
    assert_eq!(all.len(), 19);
    let mut refused = 0;
    for place in &all {
        for wrong in [json!(CANARY), json!([CANARY]), json!({ CANARY: CANARY }), json!([[CANARY], CANARY])] {
            let mut config = config();
            *config.pointer_mut(place).expect("the place was found there") = wrong;
            match Config::from_json(config.to_string().as_bytes()) {
                Ok(_) if shown_by_design.contains(&place.as_str()) => {}
                Ok(config) => says_nothing(place, &format!("{config:?} {config:#?}")),
                Err(error) => {
                    refused += 1;
                    says_nothing(place, &format!("{error} {error:?} {error:#?}"));
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
    assert!(refused > 30, "only {refused} were refused, so little was tried");
}

#[test]
fn a_token_under_an_unknown_field_of_a_config_is_ignored() {
    for place in ["", "/connection", "/topic", "/user", "/token"] {
        let mut config = config();
        let object = config.pointer_mut(place).and_then(Value::as_object_mut).unwrap();
        object.insert("refresh_token".to_owned(), json!(CANARY));
        object.insert(CANARY.to_owned(), json!({ CANARY: [CANARY] }));
        let config = Config::from_json(config.to_string().as_bytes()).unwrap();
        says_nothing(place, &format!("{config:?}"));
    }
}

#[test]
fn a_config_that_is_no_json_is_refused_without_quoting_it() {
    let whole = config().to_string().replace("\"t\"", &format!("\"{MARK}\""));
    for end in 0..whole.len() {
        let error = Config::from_json(&whole.as_bytes()[..end]).unwrap_err();
        says_nothing("a cut config", &format!("{error} {error:?}"));
    }
    for text in [MARK.to_owned(), format!("{whole}{MARK}"), format!("{MARK}{whole}"), whole.replace(':', MARK)] {
        let error = Config::from_json(text.as_bytes()).unwrap_err();
        says_nothing("no config", &format!("{error} {error:?}"));
    }
}

#[test]
fn what_is_wrong_with_a_config_is_said_by_its_path() {
    let table = [
        (json!({}), "connection is missing"),
        (json!({"connection": CANARY}), "connection can't be used: expected an object"),
        (json!({"connection": {"endpoint": true}}), "connection.endpoint can't be used: expected a string"),
        (json!(7), "the config can't be used: expected an object"),
    ];
    for (config, expected) in table {
        assert_eq!(Config::from_json(config.to_string().as_bytes()).unwrap_err().to_string(), expected);
    }
    let mut empty = config();
    empty["connection"]["token"] = json!(" \n");
    let error = Config::from_json(empty.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "connection.token can't be used: it is empty");
}

#[test]
fn a_token_that_is_no_jwt_is_refused_without_quoting_it() {
    let middle = |json: &str| format!("{MARK}.{}.{MARK}", URL_SAFE_NO_PAD.encode(json));
    let tokens = [
        MARK.to_owned(),
        format!("{MARK}.{MARK}"),
        format!("{MARK}.{MARK}.{MARK}.{MARK}"),
        format!("{MARK}.{MARK}!.{MARK}"),
        format!("{MARK}.{MARK}A.{MARK}"),
        middle(MARK),
        middle(&format!("\"{MARK}\"")),
    ];
    let odd = [
        middle(&format!(r#"{{"sub":["{MARK}"]}}"#)),
        middle(&format!(r#"{{"exp":"{MARK}"}}"#)),
        middle(&format!(r#"{{"chat_id":{{"{MARK}":"{MARK}"}}}}"#)),
    ];
    for token in odd {
        let (claims, dropped) = lenient::collect(|| Claims::of(&Token::new(&*token)));
        says_nothing(&token, &format!("{claims:?} {dropped:?} {dropped}"));
    }
    for token in tokens {
        let error = Claims::of(&Token::new(&*token)).unwrap_err();
        says_nothing(&token, &format!("{error} {error:?}"));
    }
}

#[test]
fn a_user_name_without_credentials_is_refused_without_quoting_it() {
    let (name, signature, token) = ("x-amz-customauthorizer-name", "x-amz-customauthorizer-signature", "x-token");
    let user_names = [
        MARK.to_owned(),
        format!("?{MARK}"),
        format!("{MARK}?{name}={MARK}&{token}={MARK}"),
        format!("?{name}={MARK}&{signature}={MARK}"),
        format!("?{signature}={MARK}&{token}={MARK}&{token}={MARK}"),
        format!("?{signature}={MARK}%ff&{token}={MARK}"),
        format!("?{name}={MARK}%ff&{signature}={MARK}&{token}={MARK}"),
    ];
    for user_name in user_names {
        let error = user_name::decode(&user_name).unwrap_err();
        says_nothing(&user_name, &format!("{error} {error:?}"));
    }
    let credentials = user_name::decode(&format!("{MARK}?{name}=a&{signature}={MARK}&{token}={MARK}&{MARK}")).unwrap();
    says_nothing("credentials", &format!("{credentials:?} {credentials:#?}"));
}

#[test]
fn bodies_with_tokens_are_refused_and_shown_without_them() {
    let answer = json!({"token": "t", "expires_in": 1, "refresh_token": "r", "refresh_expires_in": 1});
    let mut all = Vec::new();
    places(&answer, "", &mut all);
    for place in &all {
        for wrong in [json!(CANARY), json!([CANARY]), json!({ CANARY: CANARY })] {
            let mut answer = answer.clone();
            *answer.pointer_mut(place).unwrap() = wrong;
            let text = answer.to_string();
            match body::read::<TokenAnswer>(text.as_bytes()) {
                Ok(answer) => says_nothing(place, &format!("{answer:?}")),
                Err(error) => says_nothing(place, &format!("{error} {error:?}")),
            }
            match body::read::<RefreshAnswer>(text.as_bytes()) {
                Ok(answer) => says_nothing(place, &format!("{answer:?}")),
                Err(error) => says_nothing(place, &format!("{error} {error:?}")),
            }
        }
    }
    let request = RefreshRequest { refresh_token: RefreshToken::new(CANARY), expired_at: None };
    says_nothing("a request", &format!("{request:?}"));
    assert!(serde_json::to_string(&request).unwrap().contains(MARK), "and yet the body carries it");
}

#[test]
fn a_secret_of_any_kind_does_not_print() {
    let shown = format!(
        "{:?} {:?} {:?} {:#?}",
        Token::new(CANARY),
        Signature::new(CANARY),
        RefreshToken::new(CANARY),
        OrgToken::new(CANARY)
    );
    says_nothing("secrets", &shown);
}

#[test]
fn an_endpoint_or_url_that_is_a_token_is_refused_without_quoting_it() {
    for text in
        [CANARY, "https://CANARY/", "CANARY@host", "wss://CANARY@host/", "host:CANARY", "[CANARY]", "ws://h#CANARY"]
    {
        if let Err(error) = text.parse::<Endpoint>() {
            says_nothing(text, &format!("{error} {error:?}"));
        }
        if let Err(error) = text.parse::<LinkUrl>() {
            says_nothing(text, &format!("{error} {error:?}"));
        }
    }
    let url: LinkUrl = "wss://host.example/mqtt?x-token=CANARY".parse().unwrap();
    says_nothing("a query", &format!("{url:?}"));
    assert!(url.to_string().ends_with("?x-token=CANARY"), "and yet it is dialled");
}
