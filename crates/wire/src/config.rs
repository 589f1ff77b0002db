//! What a client needs to join: the answer of `GET …/chatrooms/config`, or a file with the same JSON
//! (docs/protocol.md, section C.7).

use serde::{Deserialize, Serialize};

use crate::{
    ClientId, Endpoint, LinkUrl, Signature, Time, Token, TopicName, UserId,
    body::{self, BodyError},
    null, secret,
};

/// Connection, topics and self of one client.
///
/// ```
/// use chatroom_wire::{Config, config::ConfigError};
///
/// let error = Config::from_json(br#"{"connection":{"endpoint":"host.example","authorizer":"a"}}"#).unwrap_err();
/// assert_eq!(error.to_string(), "connection.token is missing");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// How to connect.
    pub connection: Connection,
    /// Where to publish and to listen.
    pub topic: Topics,
    /// Who we are.
    #[serde(default, deserialize_with = "null::is_default")]
    pub user: SelfUser,
    /// When the chat token ends, where the service says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenInfo>,
}

/// How to connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connection {
    /// The host to dial, with a port where it is not 443.
    pub endpoint: Endpoint,
    /// The name of the custom authorizer.
    pub authorizer: String,
    /// The token that goes into the MQTT user name.
    #[serde(serialize_with = "secret::exposed")]
    pub token: Token,
    /// The detached signature over that token.
    #[serde(serialize_with = "secret::exposed")]
    pub signature: Signature,
    /// The MQTT client id.
    #[serde(alias = "clientId")]
    pub client_id: ClientId,
    /// The full URL of the link, where the server says it: an addition of `chatroom serve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<LinkUrl>,
}

/// Where to publish and to listen; both are opaque.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Topics {
    /// Clients publish here.
    #[serde(rename = "pub")]
    pub publish: TopicName,
    /// The server publishes here.
    #[serde(rename = "sub")]
    pub subscribe: TopicName,
}

/// Who we are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SelfUser {
    /// Whether we moderate the room.
    #[serde(alias = "isAdmin", deserialize_with = "null::is_default")]
    pub is_admin: bool,
    /// Whether we came without an account.
    #[serde(alias = "isGuest", deserialize_with = "null::is_default")]
    pub is_guest: bool,
    /// Our id: the same as `user.id` of our messages.
    #[serde(alias = "customerId", skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<UserId>,
    /// Our device.
    #[serde(alias = "deviceId", deserialize_with = "null::is_default")]
    pub device_id: String,
    /// Our name.
    #[serde(alias = "customName", deserialize_with = "null::is_default")]
    pub custom_name: String,
}

/// The life of the chat token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenInfo {
    /// When it ends.
    pub expired_at: Time,
}

/// Why a text is no config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not JSON at all.
    #[error("the config is no JSON: {problem} (line {line}, column {column})")]
    NotJson {
        /// What stands in the way.
        problem: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A field is not there.
    #[error("{path} is missing")]
    Missing {
        /// The field, by its path.
        path: String,
    },
    /// A field is there and can't be used.
    #[error("{path} can't be used: {problem}")]
    Unusable {
        /// The field, by its path.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Config {
    /// Reads the JSON of a config. What can't be read and is not needed is left out;
    /// [`lenient::collect`](crate::lenient::collect) tells.
    ///
    /// # Errors
    /// With the path of the first field that is missing or can't be used. No value of a field is ever quoted: one of
    /// them may be a token in the wrong place.
    pub fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        let config: Self = body::read_answer(json)?;
        for (path, empty) in [
            ("connection.token", config.connection.token.is_empty()),
            ("connection.signature", config.connection.signature.is_empty()),
            ("connection.client_id", config.connection.client_id.as_str().is_empty()),
            ("topic.pub", config.topic.publish.as_str().is_empty()),
            ("topic.sub", config.topic.subscribe.as_str().is_empty()),
        ] {
            if empty {
                return Err(ConfigError::Unusable { path: path.to_owned(), problem: "it is empty".to_owned() });
            }
        }
        Ok(config)
    }

    /// Where to dial: `connection.url` if the server says it, else `wss://<endpoint>/mqtt`.
    pub fn link_url(&self) -> LinkUrl {
        self.connection.url.clone().unwrap_or_else(|| LinkUrl {
            secure: true,
            endpoint: self.connection.endpoint.clone(),
            path: "/mqtt".to_owned(),
        })
    }
}

impl From<BodyError> for ConfigError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::NotJson { problem, line, column } => Self::NotJson { problem, line, column },
            BodyError::Missing { path } => Self::Missing { path },
            BodyError::Unusable { path, problem } => {
                Self::Unusable { path: if path.is_empty() { "the config".to_owned() } else { path }, problem }
            }
        }
    }
}
