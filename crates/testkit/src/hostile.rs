//! What is known to be hostile, by name: JSON, MQTT packets, WebSocket frames. The tests of client and of server run each
//! of them.
//!
//! A file of `testdata/hostile` is one case or a table of cases; what makes no sense as a file (a hundred thousand
//! elements) is made here, by a function of that name.

use std::{fs, path::Path};

/// A payload that nobody should send.
#[derive(Clone, Debug)]
pub struct Json {
    /// What is wrong with it.
    pub name: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// What a client tells of it: texts, types of messages without one, and `unreadable`.
    pub told: String,
    /// What a server answers to one who publishes it: `taken`, or the reason code and the text of its refusal.
    pub answer: String,
}

/// Packets that nobody should send, or what leads to them.
#[derive(Clone, Debug)]
pub struct Packets {
    /// What is wrong with them.
    pub name: String,
    /// What happens: bytes in hex, or `CONNECT`, `CONNACK`, `subscribe`, `publish` where that must have happened.
    pub steps: Vec<String>,
    /// The packet with which the other side ends, or `-`.
    pub last_packet: String,
    /// Why it ends, or `stays`.
    pub cause: String,
}

impl Packets {
    /// The bytes that come once what must have happened has happened.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (place, step) in self.steps.iter().enumerate() {
            let again = self.steps[..place].contains(step);
            match (step.as_str(), again) {
                ("CONNACK", true) => bytes.extend([0x20, 3, 0, 0, 0]),
                ("CONNECT", true) => bytes.extend(b"\x10\x0E\x00\x04MQTT\x05\x02\x00\x1E\x00\x00\x01a"),
                ("CONNACK" | "CONNECT" | "subscribe" | "publish", _) => {}
                (hex, _) => bytes.push(u8::from_str_radix(hex, 16).expect("a table holds bytes in hex")),
            }
        }
        bytes
    }

    /// Whether this must have happened before the bytes come.
    pub fn needs(&self, step: &str) -> bool {
        self.steps.iter().any(|other| other == step)
    }
}

/// WebSocket frames that nobody should send.
#[derive(Clone, Debug)]
pub struct Frames {
    /// What is wrong with them.
    pub name: String,
    /// The bytes behind the upgrade.
    pub bytes: Vec<u8>,
    /// What the other side makes of them.
    pub outcome: String,
}

/// Every hostile payload.
///
/// # Panics
/// When the table and the files do not agree.
pub fn json() -> Vec<Json> {
    let mut files: Vec<String> = fs::read_dir(folder().join("json"))
        .expect("the folder is a part of this crate")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    let cases = table("json.txt").into_iter().map(|[name, told, answer]| {
        let payload = made(&name).unwrap_or_else(|| {
            files.retain(|file| *file != name);
            fs::read(folder().join("json").join(&name)).expect("a case of the table is a file, or made here")
        });
        Json { name, payload, told, answer }
    });
    let cases = cases.collect();
    assert!(files.is_empty(), "not in the table: {files:?}");
    cases
}

/// What a bad server may send to a client.
pub fn packets_of_servers() -> Vec<Packets> {
    packets(include_str!("../../mqtt/testdata/hostile_server.txt"))
}

/// What a bad client may send to a server.
pub fn packets_of_clients() -> Vec<Packets> {
    packets(include_str!("../../mqtt/testdata/hostile_client.txt"))
}

/// What a bad server may send to a client that has upgraded.
pub fn frames_of_servers() -> Vec<Frames> {
    frames("frames_of_servers.txt")
}

/// What a bad client may send to a server after the upgrade.
pub fn frames_of_clients() -> Vec<Frames> {
    frames("frames_of_clients.txt")
}

/// As many numbers as fit into a packet.
pub fn sixty_thousand_numbers() -> Vec<u8> {
    format!("[{}0]", "0,".repeat(59_999)).into_bytes()
}

/// Arrays in arrays, which never close.
pub fn a_hundred_thousand_open_arrays() -> Vec<u8> {
    "[".repeat(100_000).into_bytes()
}

/// Arrays in arrays, in a field that nobody knows.
pub fn a_field_of_fifty_thousand_arrays() -> Vec<u8> {
    let depth = 50_000;
    format!(
        r#"{{"type":1,"user":{{"custom_name":"ada"}},"text_message":{{"text":"odd"}},"x":{}1{}}}"#,
        "[".repeat(depth),
        "]".repeat(depth)
    )
    .into_bytes()
}

/// More than anybody writes.
pub fn a_text_of_120_kilobytes() -> Vec<u8> {
    let text = "x".repeat(120 * 1024);
    format!(r#"{{"type":1,"user":{{"custom_name":"ada"}},"text_message":{{"text":"{text}"}}}}"#).into_bytes()
}

/// More fields than anybody knows.
pub fn ten_thousand_unknown_fields() -> Vec<u8> {
    let fields: Vec<String> = (0..10_000).map(|number| format!(r#""k{number}":0"#)).collect();
    let fields = fields.join(",");
    format!(r#"{{"type":1,"user":{{"custom_name":"ada"}},"text_message":{{"text":"odd"}},{fields}}}"#).into_bytes()
}

fn made(name: &str) -> Option<Vec<u8>> {
    Some(match name {
        "sixty_thousand_numbers" => sixty_thousand_numbers(),
        "a_hundred_thousand_open_arrays" => a_hundred_thousand_open_arrays(),
        "a_field_of_fifty_thousand_arrays" => a_field_of_fifty_thousand_arrays(),
        "a_text_of_120_kilobytes" => a_text_of_120_kilobytes(),
        "ten_thousand_unknown_fields" => ten_thousand_unknown_fields(),
        _ => return None,
    })
}

fn packets(table: &str) -> Vec<Packets> {
    rows(table)
        .map(|[name, steps, last_packet, cause]| {
            let steps = steps.split(' ').map(str::to_owned).collect();
            Packets { name, steps, last_packet, cause }
        })
        .collect()
}

fn frames(file: &str) -> Vec<Frames> {
    table(&format!("websocket/{file}"))
        .into_iter()
        .map(|[name, bytes, outcome]| {
            let bytes = bytes.split(' ').flat_map(repeated).collect();
            Frames { name, bytes, outcome }
        })
        .collect()
}

/// Bytes in hex, as often as the number before them says: `100x8900`.
fn repeated(word: &str) -> Vec<u8> {
    let (times, hex) = word.split_once('x').unwrap_or(("1", word));
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(&hex[place..place + 2], 16).expect("a table holds bytes in hex"))
        .collect();
    bytes.repeat(times.parse().expect("a number stands before the x"))
}

fn table<const COLUMNS: usize>(file: &str) -> Vec<[String; COLUMNS]> {
    let text = fs::read_to_string(folder().join(file)).expect("the table is a part of this crate");
    rows(&text).collect()
}

fn rows<const COLUMNS: usize>(table: &str) -> impl Iterator<Item = [String; COLUMNS]> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<String> = line.split(" ; ").map(str::to_owned).collect();
        columns.try_into().unwrap_or_else(|_| panic!("{COLUMNS} columns: {line}"))
    })
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/hostile"))
}
