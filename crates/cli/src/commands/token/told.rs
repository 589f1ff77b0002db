//! What a token says, in words and as JSON. The token itself is there only where somebody asked to see it.

use std::{fmt::Write as _, path::Path};

use chatroom_wire::{Claims, SafeText, Time};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    color::{Palette, Style},
    words::{distance, padded},
};

/// How many cells a label takes, with the space behind it.
const LABEL: usize = 15;

/// What is to be told of a token.
pub(super) struct Told {
    now: Timestamp,
    ends: Option<Timestamp>,
    lines: Vec<(&'static str, String)>,
    json: Map<String, Value>,
}

impl Told {
    /// What the claims say.
    pub(super) fn of(claims: &Claims, now: Timestamp) -> Self {
        let mut told = Self { now, ends: claims.expires_at(), lines: Vec::new(), json: Map::new() };
        let name = claims.extra.get("name").and_then(Value::as_str).map(str::to_owned);
        told.text("room", "room", claims.chat_id.as_ref().map(|id| id.as_str().to_owned()));
        told.text("role", "role", role(&claims.roles));
        told.text("person", "subject", claims.sub.as_ref().map(|id| id.as_str().to_owned()));
        told.text("name", "name", name);
        told.text("device", "device", claims.device_id.clone());
        told.text("organisation", "organisation", claims.tenant_id.clone());
        told.text("type", "type", claims.kind.clone());
        if let Some(made) = claims.iat.and_then(|at| Timestamp::from_second(at).ok()) {
            told.lines.push(("made", distance(made, now)));
            told.json.insert("issued_at".to_owned(), json!(made.to_string()));
        }
        told
    }

    /// When the token ends, where it does not say so itself.
    pub(super) fn ends_by(&mut self, at: Option<Timestamp>) {
        self.ends = self.ends.or(at);
    }

    /// Where a token was written to, and when it ends, where that is not told already.
    pub(super) fn written(&mut self, what: &'static str, path: Option<&Path>, ends: Option<Timestamp>) {
        if let Some(at) = ends.filter(|at| Time::nanoseconds(*at).is_known()) {
            self.json.insert(format!("{what}_expires_at"), json!(at.to_string()));
        }
        if let Some(path) = path {
            let mut text = path.display().to_string();
            if let Some(at) = ends {
                let _ = write!(text, ", ends {}", distance(at, self.now));
            }
            self.lines.push((if what == "token" { "token file" } else { "refresh token" }, text));
            self.json.insert(format!("{what}_file"), json!(path.display().to_string()));
        }
    }

    /// A secret, for whoever asked to see it.
    pub(super) fn show(&mut self, what: &'static str, secret: &str) {
        self.lines.push((what, secret.to_owned()));
        self.json.insert(what.to_owned(), json!(secret));
    }

    /// All claims, as they stand in the token.
    pub(super) fn add_claims(&mut self, claims: Value) {
        self.json.insert("claims".to_owned(), claims);
    }

    /// Aligned lines.
    pub(super) fn lines(&self, palette: Palette) -> Vec<String> {
        let ends = match self.ends {
            None => ("ends", "nobody says when".to_owned()),
            Some(at) if at <= self.now => ("ended", distance(at, self.now)),
            Some(at) => ("ends", distance(at, self.now)),
        };
        let shown = |(label, text): &(&'static str, String)| {
            format!("{}{}", palette.paint(Style::Dim, padded(label, LABEL)), SafeText::line(text))
        };
        let (of_claims, of_files): (Vec<_>, Vec<_>) =
            self.lines.iter().partition(|(label, _)| !label.contains("token"));
        of_claims.into_iter().chain([&ends]).chain(of_files).map(shown).collect()
    }

    /// The same for a program.
    pub(super) fn json(&self) -> Value {
        let mut json = self.json.clone();
        let known = self.ends.filter(|at| Time::nanoseconds(*at).is_known());
        json.insert("expires_at".to_owned(), json!(known.map(|at| at.to_string())));
        json.insert("expired".to_owned(), json!(self.ends.is_some_and(|at| at <= self.now)));
        Value::Object(json)
    }

    fn text(&mut self, label: &'static str, key: &str, text: Option<String>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.json.insert(key.to_owned(), json!(text));
            self.lines.push((label, text));
        }
    }
}

fn role(roles: &[String]) -> Option<String> {
    let plain = |role: &String| match role.as_str() {
        "ROLE_VIEWER" => "viewer".to_owned(),
        "ROLE_ADMIN" => "admin".to_owned(),
        other => other.to_owned(),
    };
    (!roles.is_empty()).then(|| roles.iter().map(plain).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-06-01T00:00:00Z";

    fn told(claims: &str) -> Told {
        Told::of(&serde_json::from_str(claims).unwrap(), NOW.parse().unwrap())
    }

    const ADA: &str = r#"{"sub":"ada","chat_id":"room-1","roles":["ROLE_VIEWER"],"device_id":"phone","name":"Ada\u001b[2J",
        "tenant_id":"org-1","type":"chat","iat":1780271940,"exp":1780358340}"#;

    #[test]
    fn what_a_token_says_is_told_in_words() {
        insta::assert_snapshot!(told(ADA).lines(Palette::PLAIN).join("\n"));
    }

    #[test]
    fn what_a_token_says_is_told_as_json() {
        insta::assert_snapshot!(told(ADA).json().to_string());
    }

    #[test]
    fn a_token_that_was_made_is_told_with_its_files_and_an_end_that_only_the_answer_gave() {
        let mut told = told("{}");
        let at = |text: &str| Some(text.parse().unwrap());
        told.ends_by(at("2026-06-02T00:00:00Z"));
        told.written("token", Some(Path::new("ada.token")), None);
        told.written("refresh_token", Some(Path::new("ada.refresh")), at("2026-07-01T00:00:00Z"));
        insta::assert_snapshot!(format!("{}\n{}", told.lines(Palette::PLAIN).join("\n"), told.json()));
    }

    #[test]
    fn a_token_that_ended_and_one_that_never_does_are_told_as_that() {
        let last = |claims: &str| told(claims).lines(Palette::PLAIN).pop().unwrap();
        assert_eq!(last(r#"{"exp":1780271939}"#), "ended          1 min 1 s ago, at 2026-05-31T23:58:59Z");
        assert_eq!(last("{}"), "ends           nobody says when");
        for far in ["253402300799", "253402300800", "9223372036854775807"] {
            let claims = format!(r#"{{"exp":{far}}}"#);
            assert_eq!(last(&claims), "ends           in the far future");
            assert_eq!(
                (&told(&claims).json()["expires_at"], &told(&claims).json()["expired"]),
                (&Value::Null, &json!(false))
            );
        }
        for past in ["-62135596800", "-9223372036854775808"] {
            assert_eq!(last(&format!(r#"{{"exp":{past}}}"#)), "ended          long ago");
        }
        assert_eq!(told(r#"{"exp":1780271939}"#).json()["expired"], true);
    }
}
