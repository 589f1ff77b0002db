//! Doors for the fuzz targets: what strangers' bytes reach first, without a socket. No part of the API: it changes with
//! what lies behind it.
//!
//! - [`Frames`], [`Link`]: WebSocket frames; [`packet`]: the server's own; [`upgrade`]: the request before them
//! - [`Topics`]: what a client of a room may listen to, and publish to

use std::{convert::Infallible, io, time::Duration};

use axum::{body::Body, extract::Request, http::StatusCode, response::Response};
use bytes::{Bytes, BytesMut};
use chatroom_mqtt::ReasonCode;
use chatroom_wire::RoomId;
use hyper::{body::Incoming as IncomingBody, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

use crate::{
    gateway::{
        frames::{self, FrameReader, Incoming},
        link::{self, LinkError, Progress},
        topics::RoomTopics,
        upgrade as agreement,
    },
    listen,
};

/// A piece of what a client sent in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Of the stream.
    Data(&'a [u8]),
    /// To be answered with the same bytes.
    Ping(&'a [u8]),
    /// The end.
    Close,
}

/// Reads the frames of a client.
#[derive(Debug, Default)]
pub struct Frames(FrameReader);

impl Frames {
    /// Takes bytes in any slicing.
    ///
    /// # Errors
    /// With the code of the close frame.
    pub fn read(&mut self, bytes: &mut [u8], mut tell: impl FnMut(Piece<'_>)) -> Result<(), u16> {
        let mut tell = |incoming: Incoming<'_>| match incoming {
            Incoming::Data(bytes) => tell(Piece::Data(bytes)),
            Incoming::Ping(bytes) => tell(Piece::Ping(bytes)),
            Incoming::Close => tell(Piece::Close),
        };
        self.0.read(bytes, &mut tell).map_err(frames::FrameError::code)
    }
}

/// A packet in a frame of the server.
pub fn packet(packet: &[u8]) -> Bytes {
    frames::binary(packet)
}

/// What the server answers to a ping, and its goodbye.
pub fn pong_and_close(payload: &[u8], code: u16) -> [Bytes; 2] {
    let (mut pong, mut close) = (BytesMut::new(), BytesMut::new());
    frames::pong(&mut pong, payload);
    frames::close(&mut close, code);
    [pong.freeze(), close.freeze()]
}

/// The bytes of one connection.
#[derive(Debug)]
pub struct Link<S>(link::Link<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// Begins behind the upgrade.
    pub fn new(io: S) -> Self {
        Self(link::Link::new(io))
    }

    /// Writes a packet for this client alone.
    pub fn answer(&mut self, packet: &[u8]) {
        self.0.answer(packet);
    }

    /// Writes what waits, and reads what came. Says whether that was all.
    ///
    /// # Errors
    /// With the code of the close frame, where frames are broken; with none, where the connection is.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn go_on(&mut self, may_read: bool, tell: impl FnMut(&[u8])) -> Result<bool, Option<u16>> {
        match self.0.go_on(Duration::ZERO, may_read, tell).await {
            Ok(progress) => Ok(progress == Progress::Ended),
            Err(LinkError::Frame(error)) => Err(Some(error.code())),
            Err(LinkError::Io(_)) => Err(None),
        }
    }

    /// Says goodbye, and writes what waits.
    ///
    /// # Errors
    /// When the connection is broken.
    ///
    /// # Cancel safety
    /// The connection ends at once.
    pub async fn finish(&mut self, code: u16) -> io::Result<()> {
        self.0.say_close(code);
        self.0.finish().await
    }
}

/// Answers requests as the server does, and gives the connection once it was agreed that WebSocket is spoken on it.
///
/// # Cancel safety
/// The connection ends at once.
pub async fn upgrade<S>(io: S) -> Option<impl AsyncRead + AsyncWrite + Unpin>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (agreed, mut agreements) = mpsc::unbounded_channel::<OnUpgrade>();
    let handle = service_fn(move |request: hyper::Request<IncomingBody>| {
        let mut request: Request = request.map(Body::new);
        let answer = if agreement::is_wanted(request.headers()) {
            agreement::answer(request.headers())
        } else {
            let mut refusal = Response::new(Body::empty());
            *refusal.status_mut() = StatusCode::UPGRADE_REQUIRED;
            refusal
        };
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            drop(agreed.send(hyper::upgrade::on(&mut request)));
        }
        async move { Ok::<_, Infallible>(answer) }
    });
    let patience = crate::Settings::default().connect_timeout;
    drop(listen::http(patience).serve_connection(TokioIo::new(io), handle).with_upgrades().await);
    agreements.recv().await?.await.ok().map(TokioIo::new)
}

/// The topics of a room.
#[derive(Debug)]
pub struct Topics(RoomTopics);

impl Topics {
    /// Of this room of this tenant.
    pub fn of(tenant: &str, room: &RoomId) -> Self {
        Self(RoomTopics::of(tenant, room))
    }

    /// Where its clients publish, and where they listen.
    pub fn names(&self) -> [&str; 2] {
        [&self.0.publish, &self.0.subscribe]
    }

    /// Whether a client of the room may listen to this.
    ///
    /// # Errors
    /// The reason code for the SUBACK.
    pub fn may_subscribe(&self, filter: &str) -> Result<(), ReasonCode> {
        self.0.may_subscribe(filter)
    }

    /// Whether a client of the room may publish to this.
    ///
    /// # Errors
    /// The reason code for the PUBACK or the DISCONNECT.
    pub fn may_publish(&self, topic: &str) -> Result<(), ReasonCode> {
        self.0.may_publish(topic)
    }
}
