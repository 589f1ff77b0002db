//! Who may make which call.

use std::fmt::Write as _;

/// What somebody who calls may have in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TokenKind {
    /// The organisation's token.
    Organisation,
    /// A viewer's chat token.
    Viewer,
    /// An admin's chat token.
    Admin,
    /// A token for dictionaries.
    Dictionary,
    /// A token for packs of stickers.
    Sticker,
    /// A refresh token, which comes in the body.
    Refresh,
    /// Nothing.
    None,
}

/// Who may make a call.
pub(crate) type Callers = &'static [TokenKind];

/// Who makes rooms and tokens.
pub(crate) const ORGANISATION: Callers = &[TokenKind::Organisation];

/// Everybody in a room.
pub(crate) const CHAT: Callers = &[TokenKind::Viewer, TokenKind::Admin];

/// Who moderates a room.
pub(crate) const ADMIN: Callers = &[TokenKind::Admin];

/// Who writes the word filter.
pub(crate) const DICTIONARY: Callers = &[TokenKind::Admin, TokenKind::Dictionary];

/// Who sees all packs of stickers.
pub(crate) const STICKER: Callers = &[TokenKind::Sticker];

/// Whoever holds a refresh token; it comes in the body.
pub(crate) const REFRESH: Callers = &[TokenKind::Refresh];

/// Everybody.
pub(crate) const ANYBODY: Callers = &[TokenKind::None];

impl TokenKind {
    /// All that come in the header `Authorization`.
    pub(crate) const BEARERS: [Self; 5] =
        [Self::Organisation, Self::Viewer, Self::Admin, Self::Dictionary, Self::Sticker];

    /// The name in the description of the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Viewer => "viewer",
            Self::Admin => "admin",
            Self::Dictionary => "dictionary",
            Self::Sticker => "sticker",
            Self::Refresh => "refresh",
            Self::None => "none",
        }
    }

    /// The same for a person.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Organisation => "the organisation's token",
            Self::Viewer => "a viewer's chat token",
            Self::Admin => "an admin's chat token",
            Self::Dictionary => "a dictionary token",
            Self::Sticker => "a sticker token",
            Self::Refresh => "a refresh token in the body",
            Self::None => "no token",
        }
    }
}

/// Whether the header `Authorization` decides.
pub(crate) fn wants_bearer(callers: Callers) -> bool {
    callers.iter().any(|kind| TokenKind::BEARERS.contains(kind))
}

/// What is told to somebody who may not.
pub(crate) fn needs(callers: Callers) -> String {
    let mut text = "this needs ".to_owned();
    for (index, kind) in callers.iter().enumerate() {
        let or = if index == 0 { "" } else { " or " };
        // Writing into a text can't fail.
        let _ = write!(text, "{or}{}", kind.describe());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_all_who_may() {
        assert_eq!(needs(DICTIONARY), "this needs an admin's chat token or a dictionary token");
        assert_eq!(needs(ORGANISATION), "this needs the organisation's token");
    }

    #[test]
    fn a_call_by_a_token_in_the_body_or_by_nobody_asks_for_no_header() {
        assert!(!wants_bearer(REFRESH) && !wants_bearer(ANYBODY));
        assert!([ORGANISATION, CHAT, ADMIN, DICTIONARY, STICKER].into_iter().all(wants_bearer));
    }
}
