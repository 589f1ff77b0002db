use std::{io, path::PathBuf, time::Duration};

use chatroom_client::{Blame, BuildError, CallError, Cause, Delivery, End, LinkError, ReasonCode, TlsFault};
use chatroom_server::StartError;
use chatroom_wire::{Config, claims::ClaimsError, rest::ErrorBody};

use super::*;
use crate::{access::AccessError, failure::Exit};

fn told(failure: &Failure) -> String {
    format!("{}(exit code {})\n", render(failure, None, Palette::PLAIN), failure.exit() as u8)
}

fn fatal(error: LinkError) -> Failure {
    Failure::Ended(End::Fatal(Cause::Link(error)))
}

fn tls(fault: TlsFault) -> Failure {
    fatal(LinkError::Tls { host: "localhost".to_owned(), fault, problem: "invalid peer certificate".to_owned() })
}

#[test]
fn each_failure_is_told_with_its_cause_and_what_to_do() {
    let unreachable = LinkError::Unreachable {
        address: "localhost:8443".to_owned(),
        problem: "Connection refused (os error 111)".to_owned(),
    };
    let ended_at = "2026-06-01T00:00:00Z".parse().unwrap();
    let failures = [
        ("nothing", Failure::Access(AccessError::Nothing)),
        (
            "no_jwt",
            Failure::Access(AccessError::BadToken {
                origin: "the token in viewer.token".to_owned(),
                source: ClaimsError::NotThreeParts,
            }),
        ),
        (
            "bad_config",
            Failure::Access(AccessError::BadConfig {
                path: PathBuf::from("room.json"),
                source: Config::from_json(b"{\"connection\":{}}").unwrap_err(),
            }),
        ),
        (
            "expired",
            Failure::Ended(End::TokenExpired {
                at: ended_at,
                cause: Cause::Refused { reason: ReasonCode::NOT_AUTHORIZED, text: None },
            }),
        ),
        (
            "gave_up",
            Failure::Ended(End::GaveUp {
                patience: Duration::from_secs(30),
                last: Some(Cause::Link(unreachable.clone())),
            }),
        ),
        ("unknown_issuer", tls(TlsFault::UnknownIssuer)),
        ("wrong_name", tls(TlsFault::WrongName)),
        ("old_certificate", tls(TlsFault::Expired)),
        ("upgrade_403", fatal(LinkError::Upgrade { status: 403, retry_after: None })),
        ("upgrade_404", fatal(LinkError::Upgrade { status: 404, retry_after: None })),
        ("not_mqtt", fatal(LinkError::NotMqtt("its subprotocol is chat".to_owned()))),
        ("plaintext", fatal(LinkError::Plaintext("ws://host.example".to_owned()))),
        ("taken_over", Failure::Ended(End::TakenOver)),
        (
            "not_authorized",
            Failure::Ended(End::NotAuthorized(Cause::Refused { reason: ReasonCode::NOT_AUTHORIZED, text: None })),
        ),
        ("closed_on_connect", Failure::Ended(End::ClosedOnConnect)),
        ("not_joined", Failure::NotJoined { waited: Duration::from_secs(5), last: Some(Cause::Link(unreachable)) }),
        ("undelivered", Failure::Undelivered { lost: 3, all: 200, last: Some(Delivery::Unconfirmed) }),
        ("api", Failure::Build(BuildError::Api("it has no scheme"))),
        ("port_in_use", Failure::Start(StartError::AddressInUse("127.0.0.1:8080".parse().unwrap()))),
        (
            "port_not_allowed",
            Failure::Start(StartError::Listen {
                address: "0.0.0.0:443".parse().unwrap(),
                source: io::Error::from(io::ErrorKind::PermissionDenied),
            }),
        ),
    ];
    for (name, failure) in &failures {
        insta::assert_snapshot!(*name, told(failure));
    }
}

#[test]
fn each_refusal_of_a_call_is_told_by_whose_token_it_was() {
    let refused = |status, code, message: &str| CallError::Status {
        status,
        body: ErrorBody { code, message: message.to_owned(), ..ErrorBody::default() },
        retry_after: None,
    };
    let chat = |source| Failure::Call { what: "the room can't be shown", source };
    let org = |source| Failure::OrgCall { what: "the token can't be made", source };
    let failures = [
        chat(refused(401, 16, "the token has ended")),
        chat(refused(403, 7, "this needs an admin's chat token")),
        chat(refused(404, 5, "there is no such poll")),
        chat(refused(404, 0, "Not Found")),
        chat(refused(400, 9, "a poll runs already")),
        chat(refused(429, 8, "too many requests")),
        chat(CallError::Unreachable("localhost: Connection refused (os error 111)".to_owned())),
        chat(CallError::Answer("expected a room".to_owned())),
        org(refused(401, 16, "the token is not known")),
        org(refused(404, 5, "there is no such room")),
        Failure::Renewal(refused(401, 16, "this type of token can't be used here")),
        Failure::File { path: PathBuf::from("ada.token"), source: io::ErrorKind::AlreadyExists.into() },
        Failure::Unfinished,
        Failure::Access(AccessError::NoOrgToken),
        Failure::Access(AccessError::NotOrgToken { origin: "the token in viewer.token".to_owned() }),
    ];
    insta::assert_snapshot!(failures.iter().map(told).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_server_s_words_make_no_second_line_and_move_no_cursor() {
    let text = Some("no\x1b[2J\nhint: rm -rf ~".to_owned());
    let failure = Failure::Ended(End::Fatal(Cause::Refused { reason: ReasonCode::BANNED, text }));
    insta::assert_snapshot!(told(&failure));
}

#[test]
fn blame_decides_the_exit_code() {
    for (blame, exit) in
        [(Blame::Refused, Exit::Failed), (Blame::Network, Exit::Network), (Blame::Credentials, Exit::Credentials)]
    {
        assert_eq!(Exit::from(blame), exit);
    }
}

#[test]
fn colours_are_for_the_labels_alone() {
    let text = render(&Failure::Ended(End::TakenOver), None, Palette::COLORED);
    assert!(text.starts_with("\x1b[31merror:\x1b[0m another client"), "{text:?}");
    assert!(text.contains("\n\n\x1b[36mhint:\x1b[0m "), "{text:?}");
}
