//! A chatroom server of your own: REST and MQTT 5 over WebSocket on one port.
//!
//! Read [`Options`] and [`Server::start`] first; all else is inside.
//!
//! - [`options`]: what to listen on and where to keep data; [`settings`]: every limit, in one table; `public_url`: where
//!   clients find it
//! - [`run`]: the parts put together, started and stopped; `stop`: how; `service`: what every part works with; `clock`
//! - `listen`: plain and TLS connections; `http`: the REST service; `gateway`: MQTT over WebSocket, and the fan-out
//! - `room`: one task for each room; [`rules`]: what may be said there; [`presence`]: who is there (both pure)
//! - [`retention`]: by which clock messages expire
//! - [`store`]: the truth, in SQLite; [`bus`]: from a room to the nodes that have listeners
//! - [`filter`]: which texts are words of a dictionary; [`stickers`]: the packs that the server brings along
//! - [`token`]: who may do what; [`tls`]: the server's certificate
//! - `bars`: who may not come into which room
//! - `bucket`: a token bucket
//! - `fuzzing`: doors for the fuzz targets, no part of the API
#![forbid(unsafe_code)]

mod bars;
mod bucket;
pub mod bus;
mod clock;
pub mod filter;
#[doc(hidden)]
pub mod fuzzing;
mod gateway;
mod http;
mod listen;
pub mod options;
pub mod presence;
mod private_file;
mod public_url;
pub mod retention;
mod room;
pub mod rules;
pub mod run;
mod service;
pub mod settings;
pub mod stickers;
mod stop;
pub mod store;
pub mod tls;
pub mod token;

pub use options::{Data, Options, StartError};
pub use public_url::{PublicUrl, PublicUrlError};
pub use run::{IssueError, RunningServer, Server, StartWarning};
pub use settings::{Setting, SettingError, Settings};
