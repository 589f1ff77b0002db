//! Who is who: names that look like somebody else's.
//!
//! Anybody can take any name, and a name can be made to look like another (`Nооr` with two letters of Cyrillic). That
//! somebody moderates is known from the server alone ([`User::is_admin`]); what a reader sees is the name.

mod look;

use std::{collections::VecDeque, sync::LazyLock};

use look::Look;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::{Message, Payload, SafeText, User, UserId};

/// The most names of moderators that are remembered; beyond, the one that was seen first is forgotten.
pub const ADMINS_MAX: usize = 256;

/// The most characters of a device's id that stand for a name.
const DEVICE_MAX: usize = 12;

/// Words of a name that only those who run the room can mean.
static OF_THE_SYSTEM: LazyLock<[Look; 6]> =
    LazyLock::new(|| ["admin", "administrator", "moderator", "system", "server", "chatroom"].map(Look::of));

/// What is to be shown beside a name, where the name itself can't reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mark {
    /// The server says that this person moderates.
    Admin,
    /// Looks like the name of a moderator, and is somebody else.
    LikeAdmin,
    /// Looks like our own name, and is somebody else.
    LikeOwn,
    /// Looks like a name for those who run the room, and is none of them.
    LikeSystem,
    /// The server says that somebody else in the room goes by this name.
    Taken,
    /// Mixes scripts that no language mixes: more than "highly restrictive" (UTS #39, section 5.2) allows.
    MixedScripts,
}

impl Mark {
    /// A word or three to stand beside the name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::LikeAdmin => "not the admin",
            Self::LikeOwn => "not you",
            Self::LikeSystem => "not an admin",
            Self::Taken => "name taken",
            Self::MixedScripts => "mixed scripts",
        }
    }
}

/// What to call a person: the name; where nothing of it can be seen, the beginning of the device's id, or "nobody".
///
/// ```
/// use chatroom_wire::{User, names};
///
/// let device_id = Some("3f2a9c11-77e0-4a8e-9c55-0d6b8c1f2e3d".to_owned());
/// let user = User { device_id, ..User::named(" \u{200b}") };
/// assert_eq!(names::shown(&user).as_str(), "3f2a9c11-77…");
/// assert_eq!(names::shown(&User::default()).as_str(), "nobody");
/// ```
pub fn shown(user: &User) -> SafeText {
    let name = SafeText::name(&user.custom_name, user.device_id.as_deref().unwrap_or_default());
    if name.as_str().is_empty() {
        return SafeText::line("nobody");
    }
    let is_device = SafeText::name(&user.custom_name, "").as_str().is_empty();
    match name.as_str().grapheme_indices(true).nth(DEVICE_MAX - 1) {
        Some((end, last)) if is_device && end + last.len() < name.as_str().len() => {
            SafeText::line(&format!("{}…", name.as_str()[..end].trim_end()))
        }
        _ => name,
    }
}

/// What names are compared by: names that a reader may take for each other share one of these keys. Empty where nothing of
/// the name can be seen.
pub fn keys(name: &str) -> Vec<String> {
    Look::of(SafeText::name(name, "").as_str()).into_keys()
}

/// The names of a room that nobody else should go by, learned from what is said in it.
///
/// Names are compared by their skeletons (UTS #39, section 4), whatever the case, and by letters and digits alone; what
/// stands before a colon counts as a name too, as a line says `@name: text`.
///
/// ```
/// use chatroom_wire::{Names, User, names::Mark};
///
/// let mut names = Names::default();
/// let noor = User { is_admin: Some(true), id: Some("1".into()), ..User::named("Noor") };
/// names.learn_admin(noor.id.as_ref(), &noor.custom_name);
/// assert_eq!(names.mark(&noor), Some(Mark::Admin));
/// for name in ["Nооr", "N0OR", "Ｎｏｏｒ ✓", "noor", "Noor: hello"] {
///     assert_eq!(names.mark(&User::named(name)), Some(Mark::LikeAdmin), "{name}");
/// }
/// assert_eq!(names.mark(&User::named("Nora")), None);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Names {
    admins: VecDeque<Known>,
    own: Option<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    id: Option<UserId>,
    name: String,
    look: Look,
}

impl Names {
    /// Our own name, and our id by which our messages are told from others'; without an id nobody is taken for a double.
    pub fn set_own(&mut self, id: Option<&UserId>, name: &str) {
        self.own = Known::new(id, name);
    }

    /// The name of a moderator.
    pub fn learn_admin(&mut self, id: Option<&UserId>, name: &str) {
        if self.admins.iter().any(|admin| admin.name == name && admin.id.as_ref() == id) {
            return;
        }
        let Some(admin) = Known::new(id, name) else { return };
        if self.admins.len() == ADMINS_MAX {
            self.admins.pop_front();
        }
        self.admins.push_back(admin);
    }

    /// The names of all moderators, as the room's state tells them ([`Chatroom::admins`](crate::Chatroom::admins)): then it
    /// does not matter who wrote first.
    pub fn learn_room(&mut self, admins: &[User]) {
        for admin in admins {
            self.learn_admin(admin.id.as_ref(), &admin.custom_name);
        }
    }

    /// Learns the moderators that a message shows: who wrote it, who came in, who pinned.
    pub fn learn(&mut self, message: &Message) {
        let acting = match &message.payload {
            Payload::Entrance(entrance) if entrance.is_admin => {
                self.learn_admin(entrance.id.as_ref(), &entrance.custom_name);
                None
            }
            Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => pin.action_taker.as_ref(),
            _ => None,
        };
        for user in acting.into_iter().chain([&message.user]).filter(|user| user.is_admin()) {
            self.learn_admin(user.id.as_ref(), &user.custom_name);
        }
    }

    /// What a reader should know about this person's name.
    pub fn mark(&self, user: &User) -> Option<Mark> {
        if user.is_admin() {
            return Some(Mark::Admin);
        }
        let name = shown(user);
        let is_own = |known: &Known| known.id.is_some() && known.id == user.id;
        let mut like = self.admins.iter().filter(|admin| !is_own(admin)).peekable();
        // What we write ourselves is marked as others see it: alike with a session and without one.
        let own = self.own.as_ref().filter(|own| own.id.is_some() && user.id.is_some() && !is_own(own));
        let look = Look::of(name.as_str());
        if like.peek().is_some() && like.any(|admin| look.is_taken_for(&admin.look)) {
            Some(Mark::LikeAdmin)
        } else if own.is_some_and(|own| look.is_taken_for(&own.look)) {
            Some(Mark::LikeOwn)
        } else if look.has_word_of(&*OF_THE_SYSTEM) {
            Some(Mark::LikeSystem)
        } else if user.name_taken == Some(true) {
            Some(Mark::Taken)
        } else {
            look::mixes_scripts(name.as_str()).then_some(Mark::MixedScripts)
        }
    }
}

impl Known {
    /// Nothing where the name shows nothing.
    fn new(id: Option<&UserId>, name: &str) -> Option<Self> {
        let shown = SafeText::name(name, "");
        (!shown.as_str().is_empty()).then(|| Self {
            id: id.cloned(),
            name: name.to_owned(),
            look: Look::of(shown.as_str()),
        })
    }
}

#[cfg(test)]
mod tests;
