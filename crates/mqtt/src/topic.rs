//! What a topic may look like, and the aliases of topics.

use std::collections::BTreeMap;

use crate::violation::Violation;

/// Whether a message can be sent to this topic; else why not.
///
/// MQTT forbids U+0000 and lets a receiver refuse other control characters and
/// the non-characters of Unicode; a topic stands in diagnostics, so they are refused.
pub(crate) fn check_name(topic: &str) -> Result<(), &'static str> {
    check_length(topic)?;
    if topic.contains(['+', '#']) {
        return Err("the topic holds a wildcard");
    }
    if topic.chars().any(is_forbidden) {
        return Err("the topic holds a forbidden character");
    }
    Ok(())
}

/// Whether this can be subscribed to; else why not.
pub(crate) fn check_filter(filter: &str) -> Result<(), &'static str> {
    check_length(filter)?;
    if filter.chars().any(is_forbidden) {
        return Err("the topic holds a forbidden character");
    }
    Ok(())
}

/// The topics behind the aliases that a peer uses on one link.
#[derive(Debug)]
pub(crate) struct Aliases {
    maximum: u16,
    topics: BTreeMap<u16, String>,
}

impl Aliases {
    pub(crate) fn new(maximum: u16) -> Self {
        Self { maximum, topics: BTreeMap::new() }
    }

    /// The topic of a PUBLISH, from its topic and its alias.
    pub(crate) fn resolve(&mut self, topic: String, alias: Option<u16>) -> Result<String, Violation> {
        match alias {
            None if topic.is_empty() => Err(Violation::protocol("PUBLISH", "it has neither a topic nor an alias")),
            None => Ok(topic),
            Some(alias) if alias == 0 || alias > self.maximum => Err(Violation::topic_alias(alias)),
            Some(alias) if topic.is_empty() => {
                self.topics.get(&alias).cloned().ok_or_else(|| Violation::topic_alias(alias))
            }
            Some(alias) => {
                self.topics.insert(alias, topic.clone());
                Ok(topic)
            }
        }
    }
}

fn check_length(topic: &str) -> Result<(), &'static str> {
    if topic.is_empty() {
        Err("the topic is empty")
    } else if topic.len() > usize::from(u16::MAX) {
        Err("the topic is longer than 65,535 bytes")
    } else {
        Ok(())
    }
}

fn is_forbidden(character: char) -> bool {
    let code = u32::from(character);
    character.is_control() || code & 0xFFFE == 0xFFFE || (0xFDD0..=0xFDEF).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_name_is_plain_text_without_wildcards() {
        assert_eq!(check_name("chat/tenant/room/pub"), Ok(()));
        assert_eq!(check_name("聊天/室"), Ok(()));
        for bad in ["", "a/+", "#", "a\0", "a\u{1b}", "a\u{FFFF}", "a\u{FDD0}", &"a".repeat(65_536)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_alias_stands_for_the_topic_that_came_last_with_it() {
        let mut aliases = Aliases::new(2);
        let resolve = |aliases: &mut Aliases, topic: &str, alias| aliases.resolve(topic.to_owned(), alias).ok();
        assert_eq!(resolve(&mut aliases, "", Some(1)), None);
        assert_eq!(resolve(&mut aliases, "a", Some(1)).as_deref(), Some("a"));
        assert_eq!(resolve(&mut aliases, "", Some(1)).as_deref(), Some("a"));
        assert_eq!(resolve(&mut aliases, "b", Some(1)).as_deref(), Some("b"));
        assert_eq!(resolve(&mut aliases, "", Some(1)).as_deref(), Some("b"));
        assert_eq!(resolve(&mut aliases, "c", Some(3)), None);
        assert_eq!(resolve(&mut aliases, "c", Some(0)), None);
        assert_eq!(resolve(&mut aliases, "", None), None);
    }
}
