//! MQTT 5 bytes to packets and back, client and server role, without IO.
#![forbid(unsafe_code)]

mod client_event;
mod client_role;
mod close;
mod deadline;
mod encode;
mod error;
mod options;
mod reason;
mod server_event;
mod server_role;
mod user_name;
mod vocabulary;

pub use client_event::{ClientEvent, ClientOutput, ConnAck, Delivery};
pub use client_role::ClientRole;
pub use close::{CloseCause, NotMqtt5};
pub use deadline::Deadline;
pub use encode::encode_publish;
pub use error::{PublishError, RequestError};
pub use options::{Accept, ConnectOptions, LARGEST_PACKET, ServerOptions};
pub use reason::ReasonCode;
pub use server_event::{Connect, InboundPublish, ServerEvent, ServerOutput};
pub use server_role::ServerRole;
pub use user_name::UserName;
pub use vocabulary::{PacketId, QoS, UserProperties};
