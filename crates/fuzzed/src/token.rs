//! What a token says, and whether the server believes it.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chatroom_server::token::{Grant, KEY_FILE, ORG_TOKEN_FILE, TokenError, TokenKeys};
use chatroom_wire::{Claims, ClientId, RefreshToken, Signature, Token, rest::Role};
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::{bytes_in::BytesIn, cost};

/// The server's longest token, and what its library takes beside it.
const FIXED: usize = 64 * 1024;
/// What one claim takes that nobody knows: a name and a value, in a map.
const EACH_CLAIM: usize = 512;

/// Reads the bytes as a token. The first byte says which: any text; claims, or a header and claims, that the server's
/// key has signed; or a good token of which some letters are changed.
///
/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let mut input = BytesIn(data);
    match input.byte() % 4 {
        0 => check_any(&String::from_utf8_lossy(input.0)),
        1 => check_signed(HEADER.as_bytes(), input.0),
        2 => {
            let (header, claims) = split(input.0);
            check_signed(header, claims);
        }
        _ => check_changed(input.0),
    }
}

/// The server's header.
const HEADER: &str = r#"{"typ":"JWT","alg":"EdDSA"}"#;

/// Whatever this is, nobody has signed it.
fn check_any(text: &str) {
    let token = Token::new(text);
    let claims = text.split('.').nth(1).unwrap_or_default();
    let bound = cost::fourfold(text.len(), FIXED) + EACH_CLAIM * claims.len() / 4;
    let read = cost::bounded("a token", bound, || Claims::of(&token));
    if let Err(error) = read {
        assert!(error.to_string().len() < 100, "it never quotes the token");
    }
    if text != GOOD.0.expose() {
        assert_eq!(accepted(text), [None; 5], "nobody has signed it: {text}");
    }
}

/// The key has signed this, whoever made it up.
fn check_signed(header: &[u8], claims: &[u8]) {
    let body = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let text = format!("{body}.{}", URL_SAFE_NO_PAD.encode(KEYS.1.sign(body.as_bytes())));
    let accepted = accepted(&text);
    let kinds = accepted.iter().flatten().count();
    assert!(kinds <= 1, "a token is of one type: {accepted:?}");
    if kinds == 0 {
        return;
    }
    let header: Value = serde_json::from_slice(header).expect("a header that is accepted is JSON");
    assert_eq!(header, json!({"typ": "JWT", "alg": "EdDSA"}), "a header that says more is none of ours");
    let read = Claims::of(&Token::new(text.as_str())).expect("who has such a token can read it");
    assert!(read.exp.is_some_and(|end| end > now().as_second()), "{read:?}");
    if let Ok(grant) = KEYS.0.verify_chat(&text, now()) {
        assert_eq!(read.sub.as_ref(), Some(&grant.user), "client and server read the same");
        assert_eq!(read.chat_id.as_ref(), Some(&grant.room));
        assert_eq!(read.expires_at(), Some(grant.expires_at));
        let again = KEYS.0.issue_chat(&grant, now());
        assert_eq!(KEYS.0.verify_chat(again.expose(), now()), Ok(grant));
    }
}

/// A good token and its signature, of which some letters are others now.
fn check_changed(data: &[u8]) {
    let (token, signature) = &*GOOD;
    let (mut text, mut detached) = (token.expose().as_bytes().to_vec(), signature.expose().as_bytes().to_vec());
    for change in data.chunks_exact(3) {
        let (place, byte) = (usize::from(u16::from_be_bytes([change[0], change[1]])), change[2]);
        if place & 0x8000 == 0 {
            let length = text.len();
            text[place % length] = byte;
        } else {
            let length = detached.len();
            detached[place % length] = byte;
        }
    }
    let (text, detached) = (String::from_utf8_lossy(&text), String::from_utf8_lossy(&detached));
    let is_good = text == token.expose() && detached == signature.expose();
    let verified = KEYS.0.verify_connection(&Token::new(&*text), &Signature::new(&*detached), now());
    assert_eq!(verified.is_ok(), is_good, "{verified:?}");
    let _ = Claims::of(&Token::new(&*text));
}

/// What each door of the server says: chat, refresh, connection, dictionary, sticker.
fn accepted(text: &str) -> [Option<&'static str>; 5] {
    let (keys, pair) = &*KEYS;
    let token = Token::new(text);
    let signature = Signature::new(STANDARD.encode(pair.sign(text.as_bytes())));
    let said = [
        keys.verify_chat(text, now()).map(drop),
        keys.verify_refresh(&RefreshToken::new(text), now()).map(drop),
        keys.verify_connection(&token, &signature, now()).map(drop),
        keys.verify_dictionary(text, now()).map(drop),
        keys.verify_sticker(text, now()).map(drop),
    ];
    said.map(|said: Result<(), TokenError>| said.is_ok().then_some("accepted"))
}

/// A header, a NUL, and claims.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let place = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    (&data[..place], data.get(place + 1..).unwrap_or_default())
}

fn now() -> Timestamp {
    Timestamp::from_second(1_722_268_288).expect("a moment of 2024")
}

/// A connection token of the server's, and its signature.
static GOOD: LazyLock<(Token, Signature)> = LazyLock::new(|| {
    let grant = Grant {
        room: "room".into(),
        user: "ada".into(),
        device_id: "phone".into(),
        name: "Ada".into(),
        role: Role::Viewer,
        is_guest: false,
        tenant_id: "tenant".into(),
        expires_at: now() + jiff::SignedDuration::from_hours(24),
    };
    KEYS.0.issue_connection(&grant, &ClientId::from("client"), now())
});

/// The same keys in every run, so that what was found is found again.
static KEYS: LazyLock<(TokenKeys, Ed25519KeyPair)> = LazyLock::new(|| {
    const SEED: [u8; 32] = *b"a key that guards nothing at all";
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).expect("any 32 bytes are a seed");
    // PKCS #8, version 2 (RFC 8410): the seed, and the public key that belongs to it.
    let mut der = b"\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend(SEED);
    der.extend(b"\x81\x21\x00");
    der.extend(pair.public_key().as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    let dir = tempfile::tempdir().expect("there is room for two small files");
    write_secret(&dir.path().join(KEY_FILE), &pem);
    write_secret(&dir.path().join(ORG_TOKEN_FILE), "no organisation has this token of 40 letters");
    (TokenKeys::load_or_create(dir.path()).expect("the key is one"), pair)
});

fn write_secret(path: &std::path::Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).expect("the directory is new and ours");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("there is room for two small files");
}
