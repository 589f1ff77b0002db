mod files;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chatroom_wire::{Claims as WireClaims, ClientId, RefreshToken, Signature, Token, rest::Role};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::{Value, json};

use super::*;

#[test]
fn a_chat_token_reads_back_as_it_was_granted() {
    let keys = TokenKeys::generate().unwrap();
    for role in [Role::Viewer, Role::Admin] {
        for is_guest in [false, true] {
            let grant = Grant { role, is_guest, name: "Ada \"λ\" 🎉".into(), ..grant() };
            let token = keys.issue_chat(&grant, now());
            assert_eq!(keys.verify_chat(token.expose(), now()), Ok(grant));
        }
    }
}

#[test]
fn the_claims_are_those_that_clients_read() {
    let (token, _) = TokenKeys::generate().unwrap().issue_connection(&grant(), &client(), now());
    let claims = WireClaims::of(&token).unwrap();
    assert_eq!(claims.sub.unwrap().as_str(), "ada");
    assert_eq!(claims.tenant_id.unwrap(), "acme");
    assert_eq!(claims.chat_id.unwrap().as_str(), "r1");
    assert_eq!(claims.kind.unwrap(), "connection");
    assert_eq!(claims.device_id.unwrap(), "phone");
    assert_eq!(claims.roles, ["ROLE_ADMIN"]);
    assert_eq!(claims.exp.unwrap(), grant().expires_at.as_second());
    assert_eq!(claims.iat.unwrap(), now().as_second());
    assert_eq!(claims.extra["name"], "Ada");
    assert_eq!(claims.extra["is_guest"], false);
    assert_eq!(claims.extra["client_id"], "ada-phone-1");
}

#[test]
fn every_token_but_a_connections_says_where_the_api_is_and_the_secret_stays() {
    let keys = TokenKeys::generate().unwrap();
    let old = keys.org_token().clone();
    let urls = ApiUrls { main: Some("https://chat.example".into()), others: vec!["http://127.0.0.1:80".into()] };
    let keys = keys.reached_at(urls.clone()).unwrap();
    let org = OrgGrant { tenant_id: "acme".into(), expires_at: grant().expires_at };
    let tokens = [
        keys.issue_chat(&grant(), now()),
        Token::new(keys.issue_refresh(&grant(), now()).expose()),
        keys.issue_dictionary(&org, now()),
        keys.issue_sticker(&org, now()),
        Token::new(keys.org_token().expose()),
    ];
    for token in tokens {
        let claims = WireClaims::of(&token).unwrap();
        assert_eq!(claims.extra["chatroom_api"], "https://chat.example");
        assert_eq!(claims.extra["chatroom_apis"], json!(["http://127.0.0.1:80"]));
    }
    let (connection, _) = keys.issue_connection(&grant(), &client(), now());
    assert!(!WireClaims::of(&connection).unwrap().extra.contains_key("chatroom_api"));
    for token in [old.expose(), keys.org_token().expose()] {
        assert!(keys.is_org_token(token));
        assert!(!TokenKeys::generate().unwrap().is_org_token(token));
    }
    let moved = ApiUrls { main: Some("https://elsewhere.example".into()), ..urls };
    let chat = keys.issue_chat(&grant(), now());
    assert!(keys.is_up_to_date(chat.expose()));
    assert!(!keys.reached_at(moved).unwrap().is_up_to_date(chat.expose()));
}

#[test]
fn a_connection_token_gives_its_client_id_back() {
    let keys = TokenKeys::generate().unwrap();
    let (token, signature) = keys.issue_connection(&grant(), &client(), now());
    assert_eq!(keys.verify_connection(&token, &signature, now()), Ok((grant(), client())));
    assert_eq!(STANDARD.decode(signature.expose()).unwrap().len(), 64);
}

#[test]
fn no_type_of_token_stands_for_another() {
    let keys = Opened::new();
    let tokens = [
        ("chat", keys.issue_chat(&grant(), now())),
        ("refresh", Token::new(keys.issue_refresh(&grant(), now()).expose())),
        ("connection", keys.issue_connection(&grant(), &client(), now()).0),
        ("dictionary", keys.issue_dictionary(&org_grant(), now())),
        ("sticker", keys.issue_sticker(&org_grant(), now())),
    ];
    for (kind, token) in tokens {
        let text = token.expose();
        let answers = [
            ("chat", keys.verify_chat(text, now()).map(|it| it == grant())),
            ("refresh", keys.verify_refresh(&RefreshToken::new(text), now()).map(|it| it == grant())),
            (
                "connection",
                keys.verify_connection(&token, &keys.detached(text), now()).map(|it| it == (grant(), client())),
            ),
            ("dictionary", keys.verify_dictionary(text, now()).map(|it| it == org_grant())),
            ("sticker", keys.verify_sticker(text, now()).map(|it| it == org_grant())),
        ];
        for (wanted, answer) in answers {
            let right = if wanted == kind { Ok(true) } else { Err(TokenError::WrongType) };
            assert_eq!(answer, right, "a {kind} token where a {wanted} token is wanted");
        }
        assert!(!keys.is_org_token(text), "{kind}");
        let org = keys.org_token().expose();
        assert!(keys.verify_dictionary(org, now()).is_err() && keys.verify_sticker(org, now()).is_err());
    }
}

#[test]
fn a_renamed_type_does_not_make_the_claims_of_another() {
    let keys = Opened::new();
    let room = claims();
    let org = json!({"tenant_id": "acme", "type": "dictionary", "iat": room["iat"], "exp": room["exp"]});
    assert!(keys.verify_dictionary(&keys.signed(HEADER, &org.to_string()), now()).is_ok());
    let token = keys.signed(HEADER, &with(org, "type", json!("chat")).to_string());
    assert_eq!(keys.verify_chat(&token, now()), Err(TokenError::Malformed));
}

#[test]
fn a_token_of_the_organisation_ends_too() {
    let keys = TokenKeys::generate().unwrap();
    let (dictionary, sticker) = (keys.issue_dictionary(&org_grant(), now()), keys.issue_sticker(&org_grant(), now()));
    let end = org_grant().expires_at;
    assert_eq!(keys.verify_dictionary(dictionary.expose(), end), Err(TokenError::Expired));
    assert_eq!(keys.verify_sticker(sticker.expose(), end), Err(TokenError::Expired));
    let early = now() - SignedDuration::from_secs(61);
    assert_eq!(keys.verify_dictionary(dictionary.expose(), early), Err(TokenError::NotYet));
    let other = TokenKeys::generate().unwrap();
    assert_eq!(other.verify_sticker(sticker.expose(), now()), Err(TokenError::BadSignature));
}

#[test]
fn a_token_ends_at_its_second_and_not_later() {
    let keys = TokenKeys::generate().unwrap();
    let token = keys.issue_chat(&grant(), now());
    let end = grant().expires_at;
    let just_before = end - SignedDuration::from_nanos(1);
    assert!(keys.verify_chat(token.expose(), just_before).is_ok());
    for late in [end, end + SignedDuration::from_secs(1), Timestamp::MAX] {
        assert_eq!(keys.verify_chat(token.expose(), late), Err(TokenError::Expired));
    }
    let cut = grant().until(end + SignedDuration::from_millis(900));
    let token = keys.issue_chat(&cut, now());
    assert_eq!(keys.verify_chat(token.expose(), now()), Ok(grant()), "what is finer than a second is cut");
}

#[test]
fn a_token_from_the_future_is_refused_beyond_a_minute() {
    let keys = TokenKeys::generate().unwrap();
    let token = keys.issue_chat(&grant(), now());
    assert!(keys.verify_chat(token.expose(), now() - SignedDuration::from_secs(60)).is_ok());
    let early = now() - SignedDuration::from_secs(61);
    assert_eq!(keys.verify_chat(token.expose(), early), Err(TokenError::NotYet));
    let keys = Opened::new();
    let later = keys.signed(HEADER, &with(claims(), "nbf", json!(now().as_second() + 61)).to_string());
    assert_eq!(keys.verify_chat(&later, now()), Err(TokenError::NotYet));
}

#[test]
fn a_token_of_another_server_is_refused() {
    let (keys, other) = (TokenKeys::generate().unwrap(), TokenKeys::generate().unwrap());
    let token = other.issue_chat(&grant(), now());
    assert_eq!(keys.verify_chat(token.expose(), now()), Err(TokenError::BadSignature));
    let (token, signature) = other.issue_connection(&grant(), &client(), now());
    assert_eq!(keys.verify_connection(&token, &signature, now()), Err(TokenError::BadSignature));
}

#[test]
fn altered_claims_are_refused() {
    let keys = Opened::new();
    let token = keys.signed(HEADER, &claims().to_string());
    assert!(keys.verify_chat(&token, now()).is_ok(), "the forger's tool makes good tokens where it has the key");
    let parts: Vec<&str> = token.split('.').collect();
    for (claim, value) in [
        ("sub", json!("eve")),
        ("chat_id", json!("r2")),
        ("roles", json!(["ROLE_VIEWER"])),
        ("exp", json!(now().as_second() + 999_999)),
        ("type", json!("refresh")),
    ] {
        let altered = URL_SAFE_NO_PAD.encode(with(claims(), claim, value).to_string());
        let forged = format!("{}.{altered}.{}", parts[0], parts[2]);
        assert_eq!(keys.verify_chat(&forged, now()), Err(TokenError::BadSignature), "{claim}");
    }
}

#[test]
fn no_other_algorithm_is_accepted() {
    let keys = Opened::new();
    let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
    for header in [
        json!({"typ": "JWT", "alg": "none"}),
        json!({"typ": "JWT", "alg": "None"}),
        json!({"typ": "JWT", "alg": "ES256"}),
        json!({"typ": "JWT", "alg": "RS256"}),
        json!({"typ": "JWT", "alg": "HS256"}),
        json!({"typ": "JWT"}),
    ] {
        let message = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header.to_string()));
        // With no signature, with one by the public key as a shared secret, and with a good one.
        let by_public_key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &keys.public()), message.as_bytes());
        for signature in [&[][..], by_public_key.as_ref(), keys.pair().sign(message.as_bytes()).as_ref()] {
            let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
            assert_eq!(keys.verify_chat(&forged, now()), Err(TokenError::Malformed), "{header}");
        }
    }
}

#[test]
fn a_header_that_brings_its_own_key_is_refused() {
    let keys = Opened::new();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(keys.public())});
    for (field, value) in [
        ("jwk", jwk),
        ("jku", json!("https://127.0.0.1/keys")),
        ("x5u", json!("https://127.0.0.1/cert")),
        ("x5c", json!(["AAAA"])),
        ("kid", json!("../../etc/passwd")),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("typ", json!("at+jwt")),
    ] {
        let header = with(HEADER.parse().unwrap(), field, value);
        let token = keys.signed(&header.to_string(), &claims().to_string());
        assert_eq!(keys.verify_chat(&token, now()), Err(TokenError::Malformed), "{field}");
    }
}

#[test]
fn claims_that_are_missing_or_of_another_kind_are_refused() {
    let keys = Opened::new();
    let whole = claims();
    for claim in whole.as_object().unwrap().keys() {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        let token = keys.signed(HEADER, &claims.to_string());
        assert_eq!(keys.verify_chat(&token, now()), Err(TokenError::Malformed), "without {claim}");
    }
    for (claim, value) in [
        ("exp", json!("9999999999")),
        ("exp", json!(1e18)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(null)),
        ("iat", json!(true)),
        ("roles", json!([])),
        ("roles", json!("ROLE_ADMIN")),
        ("roles", json!(["ROLE_ADMIN", "ROLE_VIEWER"])),
        ("roles", json!(["ROLE_OWNER"])),
        ("type", json!("Chat")),
        ("sub", json!(["ada"])),
        ("aud", json!("someone else")),
    ] {
        let token = keys.signed(HEADER, &with(claims(), claim, value.clone()).to_string());
        assert_eq!(keys.verify_chat(&token, now()), Err(TokenError::Malformed), "{claim} {value}");
    }
}

#[test]
fn a_claim_or_a_header_that_comes_twice_is_refused() {
    let keys = Opened::new();
    for claim in ["sub", "chat_id", "type", "exp", "roles"] {
        let claims = claims();
        let twice = format!("{{{}:{},{}", json!(claim), claims[claim], &claims.to_string()[1..]);
        let token = keys.signed(HEADER, &twice);
        assert_eq!(keys.verify_chat(&token, now()), Err(TokenError::Malformed), "{claim}");
    }
    let token = keys.signed(r#"{"alg":"none","typ":"JWT","alg":"EdDSA"}"#, &claims().to_string());
    assert_eq!(keys.verify_chat(&token, now()), Err(TokenError::Malformed));
}

#[test]
fn what_is_no_token_at_all_is_refused() {
    let keys = TokenKeys::generate().unwrap();
    let token = keys.issue_chat(&grant(), now()).expose().to_owned();
    let huge = "a".repeat(10 << 20);
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "ünï.cöde.tökén",
        "\0.\0.\0",
        huge.as_str(),
        &format!("{token}.{token}"),
        &format!(" {token}"),
        &format!("{token}="),
        &token.replace('.', ".."),
        &token[..token.rfind('.').unwrap()],
    ] {
        let shown: String = text.chars().take(20).collect();
        assert_eq!(keys.verify_chat(text, now()), Err(TokenError::Malformed), "{shown}");
    }
}

#[test]
fn a_token_too_large_is_refused_however_well_signed() {
    let keys = Opened::new();
    let large = Grant { name: "x".repeat(TOKEN_MAX), ..grant() };
    assert!(!large.is_issuable());
    assert!(grant().is_issuable());
    let (token, signature) = keys.issue_connection(&large, &client(), now());
    assert_eq!(keys.verify_connection(&token, &signature, now()), Err(TokenError::Malformed));
    assert_eq!(keys.verify_chat(keys.issue_chat(&large, now()).expose(), now()), Err(TokenError::Malformed));
}

#[test]
fn the_detached_signature_is_checked_before_the_token_is_parsed() {
    let keys = Opened::new();
    let (token, signature) = keys.issue_connection(&grant(), &client(), now());
    let not_a_token = Token::new("this is not even a token");
    for unsigned in [Signature::new(""), Signature::new("!"), Signature::new("AAAA"), signature.clone()] {
        assert_eq!(keys.verify_connection(&not_a_token, &unsigned, now()), Err(TokenError::BadSignature));
    }
    let signed = keys.detached(not_a_token.expose());
    assert_eq!(keys.verify_connection(&not_a_token, &signed, now()), Err(TokenError::Malformed));
    let of_another = keys.issue_connection(&grant(), &"other".into(), now()).1;
    assert_eq!(keys.verify_connection(&token, &of_another, now()), Err(TokenError::BadSignature));
    let web_safe = Signature::new(URL_SAFE_NO_PAD.encode(STANDARD.decode(signature.expose()).unwrap()));
    assert_eq!(keys.verify_connection(&token, &web_safe, now()), Err(TokenError::BadSignature));
}

#[test]
fn a_connection_token_without_a_client_id_is_refused() {
    let keys = Opened::new();
    let token = keys.signed(HEADER, &with(claims(), "type", json!("connection")).to_string());
    let signature = keys.detached(&token);
    assert_eq!(keys.verify_connection(&Token::new(token), &signature, now()), Err(TokenError::Malformed));
}

#[test]
fn only_the_organisations_token_is_the_organisations_token() {
    let keys = TokenKeys::generate().unwrap();
    let token = keys.org_token().expose();
    assert_eq!(URL_SAFE_NO_PAD.decode(token).unwrap().len(), 32);
    assert!(keys.is_org_token(token));
    for other in ["", &token[1..], &format!("{token}x"), &token.to_lowercase(), "a"] {
        assert!(!keys.is_org_token(other));
    }
    assert!(!keys.is_org_token(TokenKeys::generate().unwrap().org_token().expose()));
    assert_eq!(keys.org_token_file(), None);
}

#[test]
fn a_secret_does_not_print() {
    let keys = TokenKeys::generate().unwrap();
    let shown = format!("{keys:?} {keys:#?}");
    assert!(!shown.contains(keys.org_token().expose()));
    assert_eq!(format!("{keys:?}"), "TokenKeys(redacted)");
}

proptest! {
    #[test]
    fn any_one_character_changed_is_refused(place in 0_usize..400, to in "[A-Za-z0-9_.-]") {
        let keys = TokenKeys::generate().unwrap();
        let token = keys.issue_chat(&grant(), now()).expose().to_owned();
        let place = place % token.len();
        prop_assume!(token[place..=place] != to);
        let altered = format!("{}{to}{}", &token[..place], &token[place + 1..]);
        prop_assert!(keys.verify_chat(&altered, now()).is_err());
    }

    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        let keys = TokenKeys::generate().unwrap();
        prop_assert!(keys.verify_chat(&text, now()).is_err());
        prop_assert!(keys.verify_connection(&Token::new(text.as_str()), &Signature::new(text), now()).is_err());
    }
}

const HEADER: &str = r#"{"typ":"JWT","alg":"EdDSA"}"#;

/// Keys whose signing half the tests hold too, as a forger never does.
struct Opened {
    keys: TokenKeys,
    pkcs8: Vec<u8>,
}

impl Opened {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = TokenKeys::load_or_create(dir.path()).unwrap();
        let pkcs8 = PrivatePkcs8KeyDer::from_pem_file(dir.path().join(KEY_FILE)).unwrap();
        Self { keys, pkcs8: pkcs8.secret_pkcs8_der().to_vec() }
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_pkcs8(&self.pkcs8).unwrap()
    }

    fn public(&self) -> Vec<u8> {
        self.pair().public_key().as_ref().to_vec()
    }

    fn signed(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair().sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn detached(&self, token: &str) -> Signature {
        Signature::new(STANDARD.encode(self.pair().sign(token.as_bytes())))
    }
}

impl std::ops::Deref for Opened {
    type Target = TokenKeys;

    fn deref(&self) -> &TokenKeys {
        &self.keys
    }
}

fn now() -> Timestamp {
    "2024-07-29T15:51:28Z".parse().unwrap()
}

fn client() -> ClientId {
    "ada-phone-1".into()
}

fn grant() -> Grant {
    Grant {
        room: "r1".into(),
        user: "ada".into(),
        device_id: "phone".into(),
        name: "Ada".into(),
        role: Role::Admin,
        is_guest: false,
        tenant_id: "acme".into(),
        expires_at: now() + SignedDuration::from_hours(24),
    }
}

fn org_grant() -> OrgGrant {
    OrgGrant { tenant_id: "acme".into(), expires_at: now() + SignedDuration::from_hours(7 * 24) }
}

fn claims() -> Value {
    json!({
        "sub": "ada",
        "tenant_id": "acme",
        "chat_id": "r1",
        "type": "chat",
        "device_id": "phone",
        "roles": ["ROLE_ADMIN"],
        "name": "Ada",
        "is_guest": false,
        "iat": now().as_second(),
        "exp": now().as_second() + 3600,
    })
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}
