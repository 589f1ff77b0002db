//! How the last connections ended: three that are closed within seconds are no accident.

use std::time::Duration;

/// A connection that ends sooner is short.
const SHORT: Duration = Duration::from_secs(5);
/// So many in a row end the session.
const MOST: u32 = 3;

/// Counts short lives and closes right after CONNECT.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lives {
    short: u32,
    closed_on_connect: u32,
}

impl Lives {
    /// A connection ended `lived` after its CONNACK; `bare` if the server closed it without DISCONNECT.
    /// Answers the count once it is too high.
    pub(crate) fn ended(&mut self, lived: Duration, bare: bool) -> Option<u32> {
        self.closed_on_connect = 0;
        if lived < SHORT && bare {
            self.short += 1;
        } else {
            self.short = 0;
        }
        (self.short >= MOST).then_some(self.short)
    }

    /// A connection was closed between CONNECT and CONNACK. Answers whether that was once too often.
    pub(crate) fn closed_on_connect(&mut self) -> bool {
        self.closed_on_connect += 1;
        self.closed_on_connect >= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_short_lives_in_a_row_are_too_many() {
        let mut lives = Lives::default();
        assert_eq!(lives.ended(Duration::from_secs(1), true), None);
        assert_eq!(lives.ended(Duration::from_secs(4), true), None);
        assert_eq!(lives.ended(Duration::from_secs(2), true), Some(3));
    }

    #[test]
    fn a_long_life_or_a_disconnect_with_a_reason_starts_the_count_anew() {
        let mut lives = Lives::default();
        lives.ended(Duration::from_secs(1), true);
        lives.ended(Duration::from_secs(1), true);
        assert_eq!(lives.ended(Duration::from_secs(1), false), None);
        lives.ended(Duration::from_secs(1), true);
        lives.ended(Duration::from_secs(1), true);
        assert_eq!(lives.ended(Duration::from_secs(60), true), None);
    }
}
