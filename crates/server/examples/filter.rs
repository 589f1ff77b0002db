//! What the word filter costs for each message, by the number of patterns: the look into the server's hash set, and a
//! search by Aho–Corasick automaton over the same folded texts.
//!
//! `cargo run --release -p chatroom-server --example filter -- [SECONDS]`
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "its output is the measurement")]

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use aho_corasick::{AhoCorasick, Anchored, BuildError, Input, MatchKind, StartKind};
use chatroom_server::filter::{Lexicon, fold};
use chatroom_wire::DictionaryId;

/// How many patterns are measured; the first row is what the others are compared with.
const SIZES: [usize; 4] = [0, 100, 10_000, 100_000];

/// One in so many messages is a pattern.
const HIT_EVERY: usize = 10;

/// How many messages there are; they are looked at again and again.
const MESSAGES: usize = 10_000;

/// Rounds of which the median counts.
const ROUNDS: u32 = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(1.0), |text| text.parse())?;
    let round = Duration::try_from_secs_f64(seconds)? / ROUNDS;
    let lexicon = Lexicon::default();
    let messages = messages();
    println!(
        "a room without a dictionary: {:.1} ns a message",
        measure(round, &messages, |text| lexicon.matches(&[], text))
    );
    println!("folding alone: {:.0} ns a message\n", measure(round, &messages, |text| fold(text).is_empty()));
    println!("{:>9} | {:^31} | {:^31}", "", "hash set", "Aho-Corasick");
    println!(
        "{:>9} | {:>11} {:>7} {:>11} | {:>11} {:>7} {:>11}",
        "patterns", "a message", "", "one more", "a message", "", "one more"
    );
    let mut without = None;
    for size in SIZES {
        let patterns: Vec<String> = (0..size).map(pattern).collect();
        let ids: [DictionaryId; 1] = ["d".into()];
        let lexicon = Lexicon::default();
        lexicon.set(&ids[0], &patterns);
        let ours = measure(round, &messages, |text| lexicon.matches(&ids, text));
        let without = *without.get_or_insert(ours);

        let folded: Vec<String> = patterns.iter().map(|pattern| fold(pattern)).collect();
        let automaton = build(&folded)?;
        let theirs = measure(round, &messages, |text| is_whole(&automaton, &fold(text)));
        for text in &messages {
            assert_eq!(lexicon.matches(&ids, text), is_whole(&automaton, &fold(text)), "{text}");
        }
        let (added, rebuilt) = (took(|| lexicon.add(&ids[0], ["one more"])), took(|| build(&folded)));
        println!(
            "{size:>9} | {ours:>8.0} ns {:>6.2}x {:>11.1?} | {theirs:>8.0} ns {:>6.2}x {:>11.1?}",
            ours / without,
            added,
            theirs / without,
            rebuilt
        );
    }
    Ok(())
}

/// The strongest form for whole texts: it stops at the first letter that begins no pattern.
fn build(folded: &[String]) -> Result<AhoCorasick, BuildError> {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).start_kind(StartKind::Anchored).build(folded)
}

fn took<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// Whether the whole text is a pattern.
fn is_whole(automaton: &AhoCorasick, text: &str) -> bool {
    automaton.find(Input::new(text).anchored(Anchored::Yes)).is_some_and(|found| found.end() == text.len())
}

/// The median of the rounds, in nanoseconds for each message.
fn measure(round: Duration, messages: &[String], mut ask: impl FnMut(&str) -> bool) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (start, mut passes) = (Instant::now(), 0_u32);
            while start.elapsed() < round {
                for text in messages {
                    black_box(ask(black_box(text)));
                }
                passes += 1;
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(passes)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2] / f64::from(u32::try_from(messages.len()).unwrap_or(u32::MAX))
}

/// Words as people write them: of one to four parts, one in four not in ASCII.
fn pattern(number: usize) -> String {
    const PARTS: [&str; 8] = ["spam", "Buy", "größe", "наша", "win", "GO", "free", "now"];
    let parts: Vec<&str> = (0..=number % 4).map(|place| PARTS[(number >> (3 * place)) % 8]).collect();
    format!("{} {number}", parts.join(" "))
}

/// Messages as people send them. One in ten is one of the first patterns in another case, however many there are.
fn messages() -> Vec<String> {
    const TEXTS: [&str; 6] = [
        "gg",
        "What a goal! Did you see that pass from the left?",
        "grüße aus München, wie ist das Wetter bei euch?",
        "спасибо, отличный стрим",
        "hello from the back row, the sound is a bit low today, can somebody turn it up please? thanks a lot",
        "👏👏👏",
    ];
    let text = |number: usize| match number % HIT_EVERY {
        0 => pattern(number / HIT_EVERY % SIZES[1]).to_uppercase(),
        _ => format!("{} {number}", TEXTS[number % TEXTS.len()]),
    };
    (0..MESSAGES).map(text).collect()
}
