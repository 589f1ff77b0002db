//! What may be said in a room, and under whose name. Pure: time and randomness come in.
//!
//! A publish is bytes from somebody whom the gateway knows. [`Rules::judge`] either makes the message of it that the
//! store and all others get to see, or says why not. Nothing that the sender claims about itself survives: identity
//! comes from the token, server times come from the clock (docs/protocol.md, sections D and F).
//!
//! - `rate`: how fast; `content`: in which form; `effect`: what it does; `stamp`: identity and times
//! - `taken`: whose names are whose; [`standing`]: the room as it is now, by which all that is judged

mod content;
mod effect;
mod rate;
mod stamp;
pub mod standing;
pub(crate) mod taken;

use std::{borrow::Cow, time::Duration};

use chatroom_mqtt::ReasonCode;
use chatroom_wire::{Message, MessageId, UserId, envelope};
use jiff::Timestamp;

use crate::{
    Settings,
    filter::Lexicon,
    store::{Audience, Change},
};
use rate::{ByteRate, Rate, Rates};
use stamp::Clock;
use taken::TakenNames;

pub use standing::Standing;

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

/// Something said, before it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Speech<'a> {
    /// Who says it.
    pub author: &'a Author,
    /// The name that the author took in this room, if one was taken.
    pub renamed: Option<&'a str>,
    /// What is said.
    pub payload: &'a [u8],
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
        /// Who gets to see it.
        audience: Audience,
        /// What changes with it.
        changes: Vec<Change>,
    },
    /// It is not said.
    Refuse(Refusal),
    /// It is not said as the room and the limits are now. If its author said a message of this id before, it is that one,
    /// sent again by somebody who does not know that it arrived.
    RefuseUnlessSaid(MessageId, Refusal),
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
    names: TakenNames,
}

/// The settings that the rules use.
#[derive(Debug, Clone, Copy)]
struct Limits {
    text: usize,
    name: usize,
    message: usize,
    unknown: usize,
    viewer: Rate,
    admin: Rate,
    increment: u32,
}

impl Rules {
    /// The rules of a room in which nothing was said yet, as far as is known.
    pub fn new(settings: &Settings) -> Self {
        Self {
            limits: Limits {
                text: usize::try_from(settings.text_max).unwrap_or(usize::MAX),
                name: usize::try_from(settings.name_max).unwrap_or(usize::MAX),
                message: settings.message_max.bytes(),
                unknown: settings.message_unknown_max.bytes(),
                viewer: Rate {
                    messages: settings.rate_viewer,
                    bytes: Some(ByteRate { per_second: settings.rate_viewer_bytes, burst: settings.rate_viewer_burst }),
                },
                admin: Rate { messages: settings.rate_admin, bytes: None },
                increment: settings.counter_max_increment,
            },
            rates: Rates::default(),
            clock: Clock::default(),
            names: TakenNames::default(),
        }
    }

    /// Judges one publish by how the room is and by the words of its filter. `random` is asked for 10 random bytes if
    /// the message comes without an id.
    pub fn judge(
        &mut self,
        now: Moment,
        room: &Standing,
        words: &Lexicon,
        speech: Speech<'_>,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Verdict {
        self.accept(now, room, words, speech, random).unwrap_or_else(|refused| refused)
    }

    /// Goes on behind a message that was received at `last`.
    pub fn catch_up(&mut self, last: Option<Timestamp>) {
        self.clock.catch_up(last);
    }

    /// The stamp that the next message gets, if nothing comes between.
    pub fn next_stamp(&self, now: Moment) -> Timestamp {
        self.clock.next(now.wall)
    }

    /// Stamps what the server itself says in the room; it has no rate and no length.
    pub fn stamp_own(&mut self, now: Moment, message: &mut Message, random: &mut dyn FnMut() -> [u8; 10]) {
        stamp::times(message, self.clock.tick(now.wall));
        message.id.get_or_insert_with(|| stamp::new_id(now.wall, random()));
    }

    /// Somebody is in the room under this name.
    pub fn goes_by(&mut self, user: &UserId, name: &str) {
        self.names.claim(user, name);
    }

    /// Forgets those who have been quiet for so long that nothing about them matters; call it now and then.
    pub fn forget_the_quiet(&mut self, now: Duration) {
        self.rates.forget_the_quiet(now);
    }

    /// Either the one verdict or the others.
    fn accept(
        &mut self,
        now: Moment,
        room: &Standing,
        words: &Lexicon,
        speech: Speech<'_>,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Result<Verdict, Verdict> {
        let author = speech.author;
        let rate = if author.is_admin { self.limits.admin } else { self.limits.viewer };
        self.rates.take(now.monotonic, author, rate, speech.payload.len()).map_err(Verdict::Refuse)?;
        let message = content::read(speech.payload).map_err(Verdict::Refuse)?;
        let id = message.id.clone();
        self.say(now, room, words, speech, message, random).map_err(|refusal| match id {
            Some(id) => Verdict::RefuseUnlessSaid(id, refusal),
            None => Verdict::Refuse(refusal),
        })
    }

    /// What is said, of a message that could be read.
    fn say(
        &mut self,
        now: Moment,
        room: &Standing,
        words: &Lexicon,
        speech: Speech<'_>,
        mut message: Message,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Result<Verdict, Refusal> {
        content::check(&mut message, self.limits.text, self.limits.unknown)?;
        let mut effect = effect::of(&mut message.payload, speech.author, room, words, self.limits.increment)?;
        stamp::identity(&mut message, speech, room, self.limits.name)?;
        self.look_at_name(&mut message, speech.author, room, &mut effect.changes);
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
        Ok(Verdict::Accept { message: Box::new(message), json, audience: effect.audience, changes: effect.changes })
    }

    /// Says beside a name that somebody else in the room has it, and remembers those of admins. A name of somebody blocked,
    /// whom nobody sees, is taken from nobody.
    fn look_at_name(&mut self, message: &mut Message, author: &Author, room: &Standing, changes: &mut Vec<Change>) {
        let name = &message.user.custom_name;
        let taken = if room.is_blocked(&author.id) {
            self.names.is_taken(&author.id, name)
        } else {
            changes.extend(author.is_admin.then(|| room.admin_name(&author.id, name)).flatten());
            self.names.claim(&author.id, name)
        };
        message.user.name_taken = taken.then_some(true);
    }
}

#[cfg(test)]
mod tests;
