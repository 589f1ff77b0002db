//! Tokens whose signature is no signature: enough for a client, which does not verify it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A token that ends at `exp`, in seconds since 1970, with the claims of docs/protocol.md, section B.
pub fn expiring_at(exp: i64) -> String {
    with_claims(&json!({
        "sub": "user-of-the-test",
        "tenant_id": "tenant-of-the-test",
        "chat_id": "room-of-the-test",
        "type": "chat",
        "device_id": "device-of-the-test",
        "roles": ["ROLE_VIEWER"],
        "exp": exp,
    }))
}

/// A token with these claims.
pub fn with_claims(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&json!({"alg": "none", "typ": "JWT"})), part(claims), "unsigned")
}

/// A token that is good for an hour from now.
pub fn good() -> String {
    expiring_at(jiff::Timestamp::now().as_second() + 3600)
}
