//! What may be said in a room, and under whose name. Pure: time and randomness come in.
//!
//! A publish is bytes from somebody whom the gateway knows. [`Rules::judge`] either makes the message of it that the
//! store and all others get to see, or says why not. Nothing that the sender claims about itself survives: identity
//! comes from the token, server times come from the clock (docs/protocol.md, sections D and F).

mod content;
mod rate;
mod stamp;

use std::{borrow::Cow, time::Duration};

use chatroom_mqtt::ReasonCode;
use chatroom_wire::{Message, UserId, envelope};
use jiff::Timestamp;

use crate::Settings;
use rate::Rates;
use stamp::Clock;

/// Who writes, as the token says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The person.
    pub id: UserId,
    /// The device.
    pub device_id: String,
    /// The name where the message says none.
    pub name: String,
    /// Whether the person moderates the room.
    pub is_admin: bool,
    /// Whether the person came without an account.
    pub is_guest: bool,
}

/// What both clocks say: deadlines need one that never jumps, stamps the one that people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since any fixed origin; never goes back.
    pub monotonic: Duration,
    /// The time of day.
    pub wall: Timestamp,
}

/// What becomes of a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is said.
    Accept {
        /// With its id, its author and its times.
        message: Box<Message>,
        /// The same as JSON.
        json: Vec<u8>,
    },
    /// It is not said.
    Refuse(Refusal),
}

/// Why a publish is not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For the PUBACK (docs/protocol.md, section A; ARCHITECTURE.md lists the codes).
    pub reason: ReasonCode,
    /// For a person.
    pub text: Cow<'static, str>,
    /// When to try again, where that helps.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that trying again does not change.
    pub fn for_good(reason: ReasonCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, text: text.into(), retry_after: None }
    }

    /// A refusal that passes.
    pub fn for_now(reason: ReasonCode, text: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self { reason, text: text.into(), retry_after: Some(retry_after) }
    }
}

/// The rules of one room, with what they must remember.
#[derive(Debug)]
pub struct Rules {
    limits: Limits,
    rates: Rates,
    clock: Clock,
}

/// The settings that the rules use.
#[derive(Debug, Clone, Copy)]
struct Limits {
    text: usize,
    name: usize,
    message: usize,
    rate_viewer: u32,
    rate_admin: u32,
}

impl Rules {
    /// The rules of a room in which nothing was said yet, as far as is known.
    pub fn new(settings: &Settings) -> Self {
        Self {
            limits: Limits {
                text: usize::try_from(settings.text_max).unwrap_or(usize::MAX),
                name: usize::try_from(settings.name_max).unwrap_or(usize::MAX),
                message: settings.message_max.bytes(),
                rate_viewer: settings.rate_viewer,
                rate_admin: settings.rate_admin,
            },
            rates: Rates::default(),
            clock: Clock::default(),
        }
    }

    /// Judges one publish. `random` is asked for 10 random bytes if the message comes without an id.
    pub fn judge(
        &mut self,
        now: Moment,
        author: &Author,
        payload: &[u8],
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Verdict {
        match self.accept(now, author, payload, random) {
            Ok((message, json)) => Verdict::Accept { message: Box::new(message), json },
            Err(refusal) => Verdict::Refuse(refusal),
        }
    }

    /// Goes on behind a message that was received at `last`.
    pub fn catch_up(&mut self, last: Option<Timestamp>) {
        self.clock.catch_up(last);
    }

    /// Stamps what the server itself says in the room; it has no rate and no length.
    pub fn stamp_own(&mut self, now: Moment, message: &mut Message, random: &mut dyn FnMut() -> [u8; 10]) {
        stamp::times(message, self.clock.tick(now.wall));
        message.id.get_or_insert_with(|| stamp::new_id(now.wall, random()));
    }

    /// Forgets those who have been quiet for so long that nothing about them matters; call it now and then.
    pub fn forget_the_quiet(&mut self, now: Duration) {
        self.rates.forget_the_quiet(now);
    }

    fn accept(
        &mut self,
        now: Moment,
        author: &Author,
        payload: &[u8],
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Result<(Message, Vec<u8>), Refusal> {
        let rate = if author.is_admin { self.limits.rate_admin } else { self.limits.rate_viewer };
        self.rates.take(now.monotonic, author, rate)?;
        let mut message = content::read(payload)?;
        content::check(&mut message, self.limits.text)?;
        stamp::identity(&mut message, author, self.limits.name)?;
        if message.id.is_none() {
            message.id = Some(stamp::new_id(now.wall, random()));
        }
        // The clock must not move for a message that is not said: it is the last check that may refuse.
        stamp::times(&mut message, self.clock.next(now.wall));
        let json = envelope::encode(&message);
        if json.len() > self.limits.message {
            return Err(Refusal::for_good(
                ReasonCode::PAYLOAD_FORMAT_INVALID,
                format!("the message has {} bytes; {} are allowed", json.len(), self.limits.message),
            ));
        }
        self.clock.tick(now.wall);
        Ok((message, json))
    }
}

#[cfg(test)]
mod tests;
