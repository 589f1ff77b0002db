//! What became of the messages: receipts as lines, and the sum of them.

use std::time::Duration;

use chatroom_client::{Delivery, Rejection, SendError};
use chatroom_wire::{Message, MessageId, SafeText};
use serde_json::json;

use super::source::Refused;
use crate::{
    color::{Palette, Style},
    commands::{join::fate, outbox::leftovers},
    failure::Failure,
    output::Line,
};

/// What became of one message.
#[derive(Debug)]
pub(super) struct Receipt {
    /// Its place, from 1.
    pub(super) number: u64,
    pub(super) text: String,
    /// None where the session did not even take it.
    pub(super) id: Option<MessageId>,
    pub(super) fate: Result<Delivery, SendError>,
    pub(super) waited: Duration,
}

/// The sum of all receipts.
#[derive(Debug)]
pub(super) struct Tally {
    total: Option<u64>,
    json: bool,
    err: Palette,
    delivered: u64,
    lost: u64,
    last_lost: Option<Delivery>,
    /// Those among the lost that stay in the outbox.
    kept: usize,
    /// Messages of an earlier run that were delivered.
    earlier: usize,
}

impl Tally {
    pub(super) fn new(total: Option<u64>, json: bool, err: Palette) -> Self {
        Self { total, json, err, delivered: 0, lost: 0, last_lost: None, kept: 0, earlier: 0 }
    }

    /// Whether there was no message at all.
    pub(super) fn is_empty(&self) -> bool {
        self.delivered + self.lost == 0
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// How many stay in the outbox.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Whether all that was not delivered stays in the outbox, and something does.
    pub(super) fn is_persisted(&self) -> bool {
        self.kept > 0 && self.lost == self.kept as u64
    }

    /// Whether all that was counted was delivered.
    pub(super) fn is_good(&self) -> bool {
        self.lost == 0
    }

    /// Whether the last that was lost could not be sent in time.
    pub(super) fn was_late(&self) -> bool {
        matches!(self.last_lost, Some(Delivery::Expired))
    }

    /// A message is on disk: what to tell about that.
    pub(super) fn queued(&self, id: &MessageId) -> Vec<Line> {
        if self.json { vec![Line::Data(json!({"id": id, "state": "queued"}).to_string())] } else { Vec::new() }
    }

    /// What became of a message of an earlier run: it does not count. What was delivered is told in sum.
    pub(super) fn earlier(&mut self, message: &Message, delivery: &Delivery) -> Vec<Line> {
        let state = state(delivery);
        let reason = (state != "delivered").then(|| fate(delivery));
        let mut lines = Vec::new();
        match &reason {
            None => self.earlier += 1,
            Some(reason) => {
                let text = leftovers::text(message);
                let told = format!("not delivered: a message of an earlier run ({text}): {reason}");
                lines.push(Line::Note(self.err.paint(Style::Yellow, told).to_string()));
            }
        }
        if self.json {
            let mut line = json!({"id": message.id, "state": state, "earlier": true});
            if let Some(reason) = reason {
                line["reason"] = reason.into();
            }
            lines.push(Line::Data(line.to_string()));
        }
        lines
    }

    /// How many messages of an earlier run were delivered.
    pub(super) fn earlier_delivered(&self) -> usize {
        self.earlier
    }

    /// Counts a receipt, and says what to tell about it.
    pub(super) fn count(&mut self, receipt: &Receipt) -> Vec<Line> {
        let mut lines = Vec::new();
        let (state, reason) = match &receipt.fate {
            Ok(Delivery::Delivered { .. }) => ("delivered", None),
            Ok(delivery) => (state(delivery), Some(fate(delivery))),
            Err(SendError::Ended) => (UNSENT, Some(SendError::Ended.to_string())),
            Err(error) => ("rejected", Some(error.to_string())),
        };
        match &reason {
            None => self.delivered += 1,
            Some(reason) => {
                self.lost += 1;
                self.last_lost = receipt.fate.as_ref().ok().cloned();
                if state == "kept" {
                    // Told in sum.
                    self.kept += 1;
                } else {
                    let text = SafeText::name(&receipt.text, "");
                    let what = if state == UNSENT { "not sent" } else { "not delivered" };
                    let unit = if self.total.is_some() { "message" } else { "line" };
                    let told = format!("{what}: {unit} {} ({text}): {reason}", receipt.number);
                    lines.push(Line::Note(self.err.paint(Style::Yellow, told).to_string()));
                }
            }
        }
        if self.json {
            let took = match &receipt.fate {
                Ok(Delivery::Delivered { took, .. }) => *took,
                Ok(_) | Err(_) => receipt.waited,
            };
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let mut line = json!({"id": receipt.id, "state": state, "ms": ms});
            if let Some(reason) = reason {
                line["reason"] = reason.into();
            }
            lines.push(Line::Data(line.to_string()));
        }
        let progress = match self.total {
            Some(total) => format!("{}/{total} delivered", self.delivered),
            None => format!("{} delivered", self.delivered),
        };
        lines.push(Line::Progress(progress));
        lines
    }

    /// Counts a line that could not even be offered, and says what to tell about it.
    pub(super) fn refuse(&mut self, Refused { number, why }: Refused) -> Vec<Line> {
        self.lost += 1;
        self.last_lost = None;
        let told = format!("not sent: line {number}: {why}");
        let mut lines = vec![Line::Note(self.err.paint(Style::Yellow, told).to_string())];
        if self.json {
            let reason = format!("line {number}: {why}");
            let line = json!({"id": null, "state": "rejected", "ms": 0, "reason": reason});
            lines.push(Line::Data(line.to_string()));
        }
        lines
    }

    /// Done only when every message was delivered.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        match self.lost {
            0 => Ok(()),
            lost => Err(Failure::Undelivered { lost, all: self.delivered + lost, last: self.last_lost.clone() }),
        }
    }
}

/// The state of what never went out, though nobody refused it.
const UNSENT: &str = "unsent";

/// How a receipt names it.
fn state(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Delivered { .. } => "delivered",
        Delivery::Expired => "expired",
        Delivery::Unconfirmed => "unconfirmed",
        Delivery::Kept => "kept",
        Delivery::Rejected(Rejection::SessionEnded) => UNSENT,
        _ => "rejected",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn receipt(fate: Result<Delivery, SendError>) -> Receipt {
        let id = fate.is_ok().then(|| MessageId::from("0197".to_owned()));
        Receipt { number: 3, text: "What a\x1b[2J goal!".to_owned(), id, fate, waited: Duration::from_millis(40) }
    }

    #[test]
    fn each_receipt_is_a_line_of_json_and_what_is_lost_is_told() {
        let mut tally = Tally::new(Some(5), true, Palette::PLAIN);
        let mut told = String::new();
        for fate in [
            Ok(Delivery::Delivered { received_at: None, took: Duration::from_millis(12) }),
            Ok(Delivery::Rejected(Rejection::SessionEnded)),
            Ok(Delivery::Unconfirmed),
            Ok(Delivery::Kept),
            Err(SendError::TooLarge { size: 200_000, max: 131_072 }),
        ] {
            for line in tally.count(&receipt(fate)) {
                writeln!(told, "{line:?}").unwrap();
            }
        }
        insta::assert_snapshot!(told);
        let failure = tally.verdict().unwrap_err();
        assert_eq!(failure.to_string(), "4 of 5 messages not delivered");
    }

    #[test]
    fn all_delivered_is_done() {
        let mut tally = Tally::new(None, false, Palette::PLAIN);
        let delivered = Delivery::Delivered { received_at: None, took: Duration::ZERO };
        assert_eq!(tally.count(&receipt(Ok(delivered))), [Line::Progress("1 delivered".to_owned())]);
        assert!(tally.verdict().is_ok());
    }
}
