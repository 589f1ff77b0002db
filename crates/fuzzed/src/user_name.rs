//! The credentials in the MQTT user name.

use chatroom_wire::{Signature, config::Connection, user_name};

use crate::cost;

/// What an error takes.
const FIXED: usize = 1024;

/// Reads the bytes as a user name, as the server does with that of a CONNECT.
///
/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    // MQTT lets no other text through.
    let text = String::from_utf8_lossy(data);
    let read = cost::bounded("a user name", cost::fourfold(text.len(), FIXED), || user_name::decode(&text));
    match read {
        Ok(credentials) => {
            let mut connection = connection();
            connection.authorizer.clone_from(&credentials.authorizer);
            connection.signature = credentials.signature.clone();
            connection.token = credentials.token.clone();
            let written = user_name::encode(&connection);
            assert!(written.is_ascii() && written.len() <= 3 * text.len() + 200, "{} bytes", written.len());
            assert_eq!(user_name::decode(&written).as_ref(), Ok(&credentials), "it reads as it was written");
            // Whoever checks one and uses the other would be fooled.
            let query = text.split_once('?').map_or("", |(_, query)| query).trim_start_matches('?');
            for key in ["x-token", "x-amz-customauthorizer-signature"] {
                let stands = query.split('&').filter(|pair| pair.split('=').next() == Some(key)).count();
                assert_eq!(stands, 1, "{key}");
            }
            let (token, authorizer) = (credentials.token.expose(), &credentials.authorizer);
            // A few letters stand by chance in the words around them.
            if token.len() >= 32 && !authorizer.contains(token) {
                assert!(!format!("{credentials:?}").contains(token), "a token is not printed");
            }
        }
        Err(error) => assert!(error.to_string().len() < 100, "it never quotes the user name"),
    }
}

fn connection() -> Connection {
    let mut connection: Connection = serde_json::from_str(
        r#"{"endpoint":"host.example","authorizer":"","token":"","signature":"","client_id":"c"}"#,
    )
    .expect("it holds all that a connection needs");
    connection.signature = Signature::new("");
    connection
}
