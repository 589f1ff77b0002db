//! A room's details as a file: what the reference sample reads (docs/protocol.md, section H).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The topic that clients publish to in [`details`].
pub const PUB: &str = "chat/tenant/room/pub";
/// The topic that clients subscribe to in [`details`].
pub const SUB: &str = "chat/tenant/room/sub";

/// Details for an endpoint (`host` or `host:port`) and a token, all the rest filled in.
pub fn details(endpoint: &str, token: &str) -> Value {
    json!({
        "connection": {
            "endpoint": endpoint,
            "authorizer": "authorizer-of-the-test",
            "token": token,
            "signature": "c2lnbmF0dXJl/of+the=test==",
            "client_id": "client-of-the-test",
        },
        "topic": {"pub": PUB, "sub": SUB},
        "user": {
            "is_admin": false,
            "is_guest": false,
            "customer_id": "user-of-the-test",
            "device_id": "device-of-the-test",
            "custom_name": "user1",
        },
    })
}

/// Writes details (or anything else) into a folder; the file's name is `name`.
pub fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the temporary folder can be written");
    path
}
