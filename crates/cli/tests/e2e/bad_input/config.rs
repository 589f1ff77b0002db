//! Configs and tokens that can't be used: said before anything is dialled.

use chatroom_mqtt::ReasonCode;
use chatroom_testkit::certs::Leaf;
use chatroom_testkit::process::Home;
use chatroom_testkit::scripted::{OnConnect, Script};
use chatroom_testkit::token;
use serde_json::{Value, json};

use super::{Bed, Command, check, details};
use crate::support::{chatroom, refusal};

/// Sets or removes one field, by its path.
type Change<'a> = (&'a str, Option<Value>);

#[tokio::test]
async fn a_config_that_can_t_be_used_is_refused_before_anything_is_dialled() {
    let bed = Bed::new();
    let good = bed.endpoint().await;
    let host = good.host();
    drop(good);
    let elsewhere = |text: String| Some(json!(text));
    let changes: Vec<(Change<'_>, i32, &str)> = vec![
        (("connection", None), 1, "connection"),
        (("connection.endpoint", None), 1, "connection.endpoint"),
        (("connection.authorizer", None), 1, "connection.authorizer"),
        (("connection.token", None), 1, "connection.token"),
        (("connection.signature", None), 1, "connection.signature"),
        (("connection.client_id", None), 1, "connection.client_id"),
        (("topic", None), 1, "topic"),
        (("topic.pub", None), 1, "topic.pub"),
        (("topic.sub", None), 1, "topic.sub"),
        (("connection.endpoint", Some(json!(7))), 1, "connection.endpoint"),
        (("connection.endpoint", Some(json!(""))), 1, "connection.endpoint"),
        (("connection.endpoint", elsewhere(format!("user:secret@{host}"))), 1, "user info"),
        (("connection.endpoint", elsewhere(format!("{host}/elsewhere"))), 1, "path"),
        (("connection.endpoint", elsewhere(format!("wss://{host}"))), 1, "connection.endpoint"),
        (("connection.endpoint", elsewhere("local host".to_owned())), 1, "connection.endpoint"),
        (("connection.endpoint", elsewhere("localhost:0".to_owned())), 1, "connection.endpoint"),
        (("connection.endpoint", elsewhere("localhost:99999".to_owned())), 1, "connection.endpoint"),
        (("connection.client_id", Some(json!(""))), 1, "connection.client_id"),
        (("topic.pub", Some(json!(""))), 1, "topic.pub"),
        (("connection.token", Some(json!(""))), 1, "connection.token"),
        (("connection.token", Some(json!(" \n"))), 1, "connection.token"),
    ];
    let mut cases = Vec::new();
    for ((path, value), code, words) in changes {
        let endpoint = bed.endpoint().await;
        let mut config = details(&endpoint);
        // A changed endpoint still names the one that would know of a dial.
        let value = value.map(|value| match value.as_str() {
            Some(text) => json!(text.replace(&host, &endpoint.host())),
            None => value,
        });
        let name = format!("{path} = {value:?}");
        change(&mut config, path, value);
        let case = bed.case(name, Command::Tail, &config.to_string(), code, words);
        cases.push(case.never_dials(endpoint));
    }
    for (name, text) in [
        ("empty", ""),
        ("half", "{\"connection\":"),
        ("an array", "[]"),
        ("a text", "\"wss://localhost\""),
        ("not UTF-8", "\u{0}\u{fffd}"),
    ] {
        cases.push(bed.case(name, Command::Send, text, 1, "config"));
    }
    check(cases).await;
}

#[tokio::test]
async fn an_odd_or_opaque_connection_token_is_tried() {
    let bed = Bed::new();
    let tokens = [
        "no token".to_owned(),
        "only.two".to_owned(),
        "e30.bm90IGpzb24.sig".to_owned(),
        token::with_claims(&json!({"exp": "1500000000"})),
        token::with_claims(&json!({"exp": 1_900_000_000.5, "sub": 7, "roles": {"a": 1}, "chat_id": null})),
    ];
    let mut cases = Vec::new();
    for token in tokens {
        let refuse = OnConnect::Refuse(ReasonCode::NOT_AUTHORIZED, Some("the service decides".to_owned()));
        let script = Script { connect: refuse, ..Script::default() };
        let endpoint = script.start(Some(bed.certs.server(Leaf::Good))).await;
        let mut config = details(&endpoint);
        change(&mut config, "connection.token", Some(json!(token)));
        change(&mut config, "token", Some(json!({"expired_at": ""})));
        change(&mut config, "user", Some(json!({"is_admin": "yes", "custom_name": null})));
        let case = bed.case(token, Command::Send, &config.to_string(), 4, "the service decides");
        cases.push(case.dials_at_most(usize::MAX, endpoint));
    }
    check(cases).await;
}

#[tokio::test]
async fn a_command_that_can_t_be_run_is_refused_as_usage_or_by_name() {
    let home = Home::new();
    let missing = home.path().join("missing").display().to_string();
    let empty = home.file("empty.token", "").display().to_string();
    let opaque = home.file("opaque.token", "no-jwt-at-all\n").display().to_string();
    let expired = home.file("expired.token", token::expiring_at(1_500_000_000)).display().to_string();
    let cases: [(&[&str], i32, &str); 7] = [
        (&["tail", "--config", &missing], 1, "missing"),
        (&["tail", "--token-file", &missing], 4, "missing"),
        (&["tail", "--token-file", &empty], 4, "token"),
        // The service decides about these, and there is none.
        (&["tail", "--token-file", &opaque], 3, "127.0.0.1:1"),
        (&["tail", "--token-file", &expired], 3, "2017-07-14"),
        (&["tail"], 2, "token"),
        (&["tail", "--ca-file", &missing, "--token-file", &expired], 2, "missing"),
    ];
    let mut wrong = Vec::new();
    for (args, code, words) in cases {
        // A port of this machine where nobody listens, so that nothing leaves it whatever happens.
        let exit = chatroom(&home).args(args).args(["--api", "http://127.0.0.1:1", "--timeout", "1s"]).run().await;
        let faults = refusal(&exit, code, words);
        if !faults.is_empty() {
            wrong.push(format!("{}\n{}", faults.join("; "), exit.transcript()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    for args in [&["nosuch"][..], &["tail", "--nosuch"], &["send", "--count", "x", "hi"], &["tail", "--for", "soon"]] {
        let exit = chatroom(&home).args(args).run().await;
        exit.assert_code(2);
        assert_eq!(exit.out, [""; 0], "{}", exit.transcript());
        assert!(exit.err.iter().any(|line| line.starts_with("error:")), "{}", exit.transcript());
    }
}

#[tokio::test]
async fn a_file_of_an_option_that_can_t_be_used_is_a_usage_error() {
    let home = Home::new();
    let missing = home.path().join("missing").display().to_string();
    let folder = home.path().display().to_string();
    let no_pem = home.file("no.pem", "not PEM").display().to_string();
    let binary = home.path().join("binary");
    std::fs::write(&binary, b"caf\xe9\n").expect("the home can be written");
    let binary = binary.display().to_string();
    let token = home.file("ada.token", token::good()).display().to_string();
    let service = ["--token-file", token.as_str(), "--api", "http://127.0.0.1:1"];
    let serve = ["serve", "--ephemeral", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];
    for file in [&missing, &folder, &no_pem, &binary] {
        for args in [
            [&serve[..], &["--settings", file]].concat(),
            [&serve[..], &["--tls-cert", file, "--tls-key", &token]].concat(),
            [&["tail", "--ca-file", file][..], &service].concat(),
            [&["tail", "--config-file", file][..], &service].concat(),
        ] {
            let exit = chatroom(&home).args(&args).run().await;
            assert_eq!(refusal(&exit, 2, file), [""; 0], "{}", exit.transcript());
        }
    }
    for file in [&missing, &folder, &binary] {
        for verb in ["import", "add"] {
            let exit = chatroom(&home).args(["filter", verb, "rude", "--file", file]).args(service).run().await;
            assert_eq!(refusal(&exit, 2, file), [""; 0], "{}", exit.transcript());
        }
    }
}

#[tokio::test]
async fn an_unknown_log_level_is_refused_as_an_option_and_ignored_as_a_variable() {
    let home = Home::new();
    let token = home.file("ada.token", token::good()).display().to_string();
    let inspect = || chatroom(&home).args(["token", "inspect", "--token-file", &token]);
    for level in ["verbose", "chatroom=loudly", "chatroom_sesion=debug"] {
        let exit = inspect().args(["--log", level]).run().await;
        assert_eq!(refusal(&exit, 2, "off, error, warn, info, debug, trace"), [""; 0], "{}", exit.transcript());
        let exit = inspect().env("RUST_LOG", level).run().await;
        let told = exit.assert_code(0).err.concat();
        assert!(told.contains("$RUST_LOG is ignored") && told.contains(level), "{}", exit.transcript());
        let exit = inspect().env("RUST_LOG", level).args(["--log", "debug"]).run().await;
        assert!(!exit.assert_code(0).err.concat().contains("ignored"), "{}", exit.transcript());
    }
}

fn change(config: &mut Value, path: &str, value: Option<Value>) {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let parents = parents.split('.').filter(|parent| !parent.is_empty());
    let object = parents.fold(config, |object, parent| &mut object[parent]).as_object_mut().expect("it is an object");
    match value {
        Some(value) => drop(object.insert(name.to_owned(), value)),
        None => drop(object.remove(name)),
    }
}
