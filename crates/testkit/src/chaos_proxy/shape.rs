//! Shapes the bytes of one direction: what arrives when, in which pieces, and how whole.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::counters::Counters;
use super::dice::Dice;
use super::script::{Bandwidth, Coalesce, Corrupt, Fault, Latency, Slice};

/// In how many pieces a second of full bandwidth goes.
const PIECES_A_SECOND: u64 = 100;

/// Between the bytes that may go on and the socket. Times are since any fixed moment.
#[derive(Debug, Default)]
pub(super) struct Shaper {
    latency: Option<(Latency, Dice)>,
    bandwidth: Option<Bandwidth>,
    slice: Option<Slice>,
    coalesce: Option<Coalesce>,
    corrupt: Option<Corruption>,
    gathered: BytesMut,
    /// Since when the first of the gathered bytes waits.
    gathered_since: Option<Duration>,
    queue: VecDeque<(Duration, Bytes)>,
    queued: usize,
    /// When the line has carried all that it was given.
    line_free: Duration,
    last_due: Duration,
}

#[derive(Debug)]
struct Corruption {
    one_in: u64,
    dice: Dice,
    /// How many bytes pass before the next that is changed.
    spared: u64,
}

impl Shaper {
    /// Puts a shape in force, in the place of one of its kind. What ends connections is none.
    pub(super) fn shape(&mut self, fault: &Fault, dice: Dice) {
        match fault {
            Fault::Latency(latency) => self.latency = Some((latency.clone(), dice)),
            Fault::Bandwidth(bandwidth) => self.bandwidth = Some(bandwidth.clone()),
            Fault::Slice(slice) => self.slice = Some(slice.clone()),
            Fault::Coalesce(coalesce) => self.coalesce = Some(coalesce.clone()),
            Fault::Corrupt(corrupt) => self.corrupt = Some(Corruption::new(corrupt, dice)),
            Fault::Reset | Fault::Close | Fault::BlackHole | Fault::HalfOpen(_) => {}
        }
    }

    /// Ends all shapes; what waits may go at once.
    pub(super) fn lift(&mut self) {
        let queue = std::mem::take(&mut self.queue);
        let gathered = self.gathered.split().freeze();
        *self = Self::default();
        for bytes in queue.into_iter().map(|(_, bytes)| bytes).chain([gathered]) {
            self.put(Duration::ZERO, bytes);
        }
    }

    pub(super) fn push(&mut self, now: Duration, mut bytes: BytesMut, counted: &mut Counters) {
        if bytes.is_empty() {
            return;
        }
        if let Some(corruption) = &mut self.corrupt {
            counted.corrupted += corruption.change(&mut bytes);
        }
        let Some(coalesce) = &self.coalesce else { return self.release(now, bytes.freeze(), counted) };
        if self.gathered_since.is_some() {
            counted.coalesced += 1;
        }
        self.gathered_since.get_or_insert(now);
        self.gathered.extend_from_slice(&bytes);
        if self.gathered.len() >= coalesce.bytes.get() as usize {
            self.release_gathered(now, counted);
        }
    }

    /// The next bytes to write, each as a write of its own.
    pub(super) fn pop(&mut self, now: Duration, counted: &mut Counters) -> Option<Bytes> {
        if self.gathered_due().is_some_and(|due| due <= now) {
            self.release_gathered(now, counted);
        }
        self.queue.front().filter(|(due, _)| *due <= now)?;
        let (_, bytes) = self.queue.pop_front()?;
        self.queued -= bytes.len();
        Some(bytes)
    }

    /// When there is more to write; nothing if nothing waits.
    pub(super) fn due(&self) -> Option<Duration> {
        let queued = self.queue.front().map(|(due, _)| *due);
        [queued, self.gathered_due()].into_iter().flatten().min()
    }

    /// How many bytes wait.
    pub(super) fn waiting(&self) -> usize {
        self.queued + self.gathered.len()
    }

    fn gathered_due(&self) -> Option<Duration> {
        let wait = self.coalesce.as_ref().map_or(Duration::ZERO, |coalesce| Duration::from_millis(coalesce.ms));
        self.gathered_since.map(|since| since.saturating_add(wait))
    }

    fn release_gathered(&mut self, now: Duration, counted: &mut Counters) {
        self.gathered_since = None;
        let bytes = self.gathered.split().freeze();
        self.release(now, bytes, counted);
    }

    /// First the line, then the way.
    fn release(&mut self, now: Duration, mut bytes: Bytes, counted: &mut Counters) {
        let way = self.latency.as_mut().map_or(Duration::ZERO, |(latency, dice)| {
            counted.delayed += 1;
            let jitter = dice.below(latency.jitter_ms.saturating_add(1));
            Duration::from_millis(latency.ms.saturating_add(jitter))
        });
        let largest = self.largest_piece();
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(largest));
            let mut carried = self.line_free.max(now);
            if let Some(bandwidth) = &self.bandwidth {
                counted.throttled += 1;
                carried = carried.saturating_add(time(piece.len(), bandwidth.bytes_per_second.get()));
            }
            self.line_free = carried;
            if let Some(slice) = &self.slice {
                counted.slices += 1;
                self.line_free = carried.saturating_add(Duration::from_millis(slice.pause_ms));
            }
            self.put(carried.saturating_add(way), piece);
        }
    }

    fn largest_piece(&self) -> usize {
        let slice = self.slice.as_ref().map(|slice| slice.bytes.get() as usize);
        let rate = self.bandwidth.as_ref().map(|bandwidth| bandwidth.bytes_per_second.get() / PIECES_A_SECOND);
        let rate = rate.map(|bytes| usize::try_from(bytes.max(1)).unwrap_or(usize::MAX));
        [slice, rate].into_iter().flatten().min().unwrap_or(usize::MAX)
    }

    /// Never before what came before.
    fn put(&mut self, due: Duration, bytes: Bytes) {
        if !bytes.is_empty() {
            self.last_due = self.last_due.max(due);
            self.queued += bytes.len();
            self.queue.push_back((self.last_due, bytes));
        }
    }
}

impl Corruption {
    fn new(corrupt: &Corrupt, dice: Dice) -> Self {
        let mut new = Self { one_in: u64::from(corrupt.one_in.get()), dice, spared: 0 };
        new.spared = new.draw();
        new
    }

    /// How many bytes are changed.
    fn change(&mut self, bytes: &mut [u8]) -> u64 {
        let mut changed = 0;
        for byte in bytes {
            if self.spared == 0 {
                // Never 0, which would change nothing.
                *byte ^= u8::try_from(1 + self.dice.below(255)).expect("at most 255");
                changed += 1;
                self.spared = self.draw();
            } else {
                self.spared -= 1;
            }
        }
        changed
    }

    /// One less than `one_in` on average.
    fn draw(&mut self) -> u64 {
        self.dice.below(2 * self.one_in - 1)
    }
}

/// How long a line of this rate carries as many bytes.
fn time(bytes: usize, bytes_per_second: u64) -> Duration {
    let nanos = (bytes as u128 * 1_000_000_000).div_ceil(u128::from(bytes_per_second));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
