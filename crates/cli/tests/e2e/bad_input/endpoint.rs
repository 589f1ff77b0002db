//! Endpoints that can't be used: certificates, no answer, answers that are no WebSocket.

use chatroom_testkit::certs::Leaf;
use chatroom_testkit::mosquitto::free_address;
use chatroom_testkit::scripted::{OnUpgrade, Script};
use chatroom_testkit::{config_file, token};

use super::{Bed, Command, check, details};

#[tokio::test]
async fn a_certificate_that_can_t_be_trusted_ends_it_with_one_look() {
    let bed = Bed::new();
    let mut cases = Vec::new();
    for (leaf, words) in [
        (Leaf::UnknownAuthority, "--ca-file"),
        (Leaf::SelfSigned, "certificate"),
        (Leaf::Expired, "expired"),
        (Leaf::WrongHost, "elsewhere.test"),
    ] {
        for command in [Command::Tail, Command::Send] {
            let endpoint = Script::default().start(Some(bed.certs.server(leaf))).await;
            let case = bed.case(format!("{leaf:?}"), command, &details(&endpoint).to_string(), 3, words);
            cases.push(case.dials_at_most(1, endpoint));
        }
    }
    check(cases).await;
}

#[tokio::test]
async fn an_endpoint_that_is_none_is_a_failure_of_the_network() {
    let bed = Bed::new();
    let unused = config_file::details(&format!("localhost:{}", free_address().port()), &token::good());
    let unknown = config_file::details("nosuch.invalid", &token::good());
    let plain = Script::default().start(None).await;
    let mut cases = vec![
        bed.case("connection refused", Command::Tail, &unused.to_string(), 3, "refused"),
        bed.case("no such host", Command::Send, &unknown.to_string(), 3, "nosuch.invalid"),
        bed.case("no TLS there", Command::Tail, &details(&plain).to_string(), 3, "secure connection"),
    ];
    let _plain = plain;
    for (upgrade, code, words) in [
        (OnUpgrade::Status(200), 3, "HTTP 200"),
        (OnUpgrade::Status(301), 3, "HTTP 301"),
        (OnUpgrade::Status(401), 4, "HTTP 401"),
        (OnUpgrade::Status(403), 4, "HTTP 403"),
        (OnUpgrade::Status(404), 3, "HTTP 404"),
        (OnUpgrade::Status(429), 3, "HTTP 429"),
        (OnUpgrade::Status(502), 3, "HTTP 502"),
        (OnUpgrade::CloseTcp, 3, "closed"),
        (OnUpgrade::Silence, 3, "gave up"),
    ] {
        let name = format!("{upgrade:?}");
        let script = Script { upgrade, ..Script::default() };
        cases.push(bed.scripted(name, Command::Tail, script, code, words).await);
    }
    check(cases).await;
}
