//! How bytes and calls travel: over the network, or within this process.

mod dial;
pub mod memory;
mod tunnel;
mod wss;

use std::sync::Arc;

use chatroom_session::{Call, CallAnswer, CallError};
use chatroom_wire::{LinkUrl, Token};
use futures_util::{FutureExt, future::BoxFuture};
use rustls::ClientConfig;

pub(crate) use self::dial::address;
use self::memory::MemoryRoom;
use crate::{Proxy, Rest, clock_skew::ClockSkew, link::Opening};

/// The world of one session, or of one visitor.
#[derive(Clone)]
pub(crate) enum Transport {
    Network(Network),
    Memory(MemoryRoom),
}

/// TCP, TLS, WebSocket and HTTP.
#[derive(Clone)]
pub(crate) struct Network {
    rest: Option<Rest>,
    tls: Arc<ClientConfig>,
    plaintext: bool,
    proxy: Proxy,
    clock: ClockSkew,
}

impl Network {
    pub(crate) fn with_rest(rest: Rest) -> Self {
        let (tls, proxy, clock) = (Arc::clone(&rest.tls), rest.proxy.clone(), rest.http.clock.clone());
        Self { tls, plaintext: rest.plaintext, proxy, clock, rest: Some(rest) }
    }

    /// For a session that makes no calls.
    pub(crate) fn links_only(tls: Arc<ClientConfig>, plaintext: bool, proxy: Proxy) -> Self {
        Self { rest: None, tls, plaintext, proxy, clock: ClockSkew::default() }
    }
}

impl Transport {
    /// Opens a link, as [`chatroom_session::Output::Connect`] wants it.
    pub(crate) fn open(&self, url: LinkUrl) -> Opening {
        match self {
            Self::Network(network) => {
                let url = match &network.rest {
                    Some(rest) => rest.http.upgrade(url),
                    None => url,
                };
                Box::pin(network.clone().open(url))
            }
            Self::Memory(room) => Box::pin(std::future::ready(Ok(room.open()))),
        }
    }

    /// Makes a call, as [`chatroom_session::Output::Call`] wants it.
    pub(crate) fn call(&self, call: Call, token: Option<Token>) -> BoxFuture<'static, Result<CallAnswer, CallError>> {
        match self {
            Self::Network(Network { rest: Some(rest), .. }) => {
                let rest = rest.clone();
                async move { rest.call(call, token).await }.boxed()
            }
            // The core makes no calls when all it has is a config; if it did, this is what there is to say.
            Self::Network(Network { rest: None, .. }) => {
                let error = CallError::Unreachable("none was named".to_owned());
                std::future::ready(Err(error)).boxed()
            }
            Self::Memory(room) => std::future::ready(room.answer(call, token.as_ref())).boxed(),
        }
    }
}
