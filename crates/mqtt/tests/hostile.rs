//! Hostile packets, one line each in `testdata/`: no panic, the right answer, a clear cause.

mod support;

use chatroom_mqtt::{
    Accept, ClientOutput, ClientRole, ConnectOptions, QoS, ServerEvent, ServerOptions, ServerOutput, ServerRole,
};
use support::{CONNACK, CONNECT, START, drain_client, drain_server, options};

const SERVERS: &str = include_str!("../testdata/hostile_server.txt");
const CLIENTS: &str = include_str!("../testdata/hostile_client.txt");

/// One line of a table.
struct Case<'a> {
    name: &'a str,
    steps: Vec<&'a str>,
    last_packet: &'a str,
    cause: &'a str,
}

fn cases(table: &str) -> Vec<Case<'_>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let [name, steps, last_packet, cause] = line.split(" ; ").collect::<Vec<_>>()[..] else {
                panic!("four columns: {line}")
            };
            Case { name, steps: steps.split(' ').collect(), last_packet, cause }
        })
        .collect()
}

fn byte(hex: &str) -> u8 {
    u8::from_str_radix(hex, 16).expect("a table holds bytes in hex")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// What a client did: its last packet, and the cause of its close.
fn client_outcome(options: ConnectOptions, steps: &[&str]) -> (String, String) {
    let mut client = ClientRole::new();
    client.connect(START, options);
    drain_client(&mut client);
    let mut outputs = Vec::new();
    for step in steps {
        match *step {
            "CONNACK" => client.receive(START, &CONNACK),
            "subscribe" => drop(client.subscribe(START, "room", QoS::AtMostOnce).expect("a CONNACK came")),
            "publish" => drop(client.publish(START, "room", b"x", QoS::AtLeastOnce).expect("a CONNACK came")),
            hex => client.receive(START, &[byte(hex)]),
        }
        if matches!(*step, "subscribe" | "publish") {
            drain_client(&mut client);
        }
        outputs.extend(drain_client(&mut client));
    }
    let sent = outputs.iter().rev().find_map(|output| match output {
        ClientOutput::Send(bytes) => Some(hex(bytes)),
        _ => None,
    });
    let cause = outputs.iter().find_map(|output| match output {
        ClientOutput::Close(cause) => Some(cause.to_string()),
        _ => None,
    });
    (sent.unwrap_or_else(|| "-".to_owned()), cause.unwrap_or_else(|| "stays".to_owned()))
}

/// What a server did: type and reason code of its last packet, and the cause of its close.
fn server_outcome(steps: &[&str]) -> (String, String) {
    let options = ServerOptions { receive_maximum: 2, ..ServerOptions::default() };
    let mut server = ServerRole::new(START, options);
    let mut outputs = Vec::new();
    for step in steps {
        match *step {
            "CONNECT" => server.receive(START, CONNECT),
            hex => server.receive(START, &[byte(hex)]),
        }
        for output in drain_server(&mut server) {
            if matches!(output, ServerOutput::Event(ServerEvent::Connect(_))) {
                server.accept(START, Accept::new(30));
                drain_server(&mut server);
            }
            outputs.push(output);
        }
    }
    let sent = outputs.iter().rev().find_map(|output| match output {
        ServerOutput::Send(bytes) => {
            let length = bytes[1..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 2;
            let code = if bytes[0] == 0x20 { bytes[length + 1] } else { bytes[length] };
            Some(hex(&[bytes[0], code]))
        }
        _ => None,
    });
    let cause = outputs.iter().find_map(|output| match output {
        ServerOutput::Close(cause) => Some(cause.to_string()),
        _ => None,
    });
    (sent.unwrap_or_else(|| "-".to_owned()), cause.unwrap_or_else(|| "stays".to_owned()))
}

#[test]
fn a_client_survives_every_hostile_server_with_a_clear_cause() {
    for case in cases(SERVERS) {
        let (sent, cause) = client_outcome(options(), &case.steps);
        assert_eq!((sent.as_str(), cause.as_str()), (case.last_packet, case.cause), "{}", case.name);
    }
}

#[test]
fn a_server_survives_every_hostile_client_with_a_clear_cause() {
    for case in cases(CLIENTS) {
        let (sent, cause) = server_outcome(&case.steps);
        assert_eq!((sent.as_str(), cause.as_str()), (case.last_packet, case.cause), "{}", case.name);
    }
}
