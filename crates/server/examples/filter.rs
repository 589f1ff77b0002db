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

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(10.0), |text| text.parse())?;
    let messages = messages();
    let cases = SIZES.map(Case::new).into_iter().collect::<Result<Vec<_>, _>>()?;
    for case in &cases {
        for text in &messages {
            assert_eq!(case.in_the_set(text), case.by_the_automaton(text), "{text}");
        }
    }
    let mut works: Vec<Work<'_>> = vec![Box::new(|text| fold(text).is_empty())];
    for case in &cases {
        works.push(Box::new(|text| case.in_the_set(text)));
        works.push(Box::new(|text| case.by_the_automaton(text)));
    }
    let rounds = rounds(Duration::try_from_secs_f64(seconds)?, &works, &messages);

    // The times of one round are compared with each other: what slows the machine down slows down all of them.
    let median = |of: &dyn Fn(&Vec<f64>) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("folding alone: {:.0} ns a message; {} rounds\n", median(&|round| round[0]), rounds.len());
    println!("{:>9} | {:^33} | {:^33}", "", "hash set", "Aho-Corasick");
    let columns = format!("{:>11} {:>8} {:>12}", "a message", "to 0", "one more");
    println!("{:>9} | {columns} | {columns}", "patterns");
    for (index, case) in cases.iter().enumerate() {
        let column = |place: usize, more: Duration| {
            let (time, ratio) = (median(&|round| round[place]), median(&|round| round[place] / round[1]));
            format!("{time:>8.0} ns {ratio:>7.2}x {more:>12.1?}")
        };
        let (added, rebuilt) = (took(|| case.lexicon.add(&case.ids[0], ["one more"])), took(|| build(&case.folded)));
        println!("{:>9} | {} | {}", SIZES[index], column(2 * index + 1, added), column(2 * index + 2, rebuilt));
    }
    Ok(())
}

/// Answers whether a message is filtered.
type Work<'a> = Box<dyn Fn(&str) -> bool + 'a>;

/// A dictionary of one size, in both forms.
struct Case {
    ids: [DictionaryId; 1],
    lexicon: Lexicon,
    folded: Vec<String>,
    automaton: AhoCorasick,
}

impl Case {
    fn new(size: usize) -> Result<Self, BuildError> {
        let patterns: Vec<String> = (0..size).map(pattern).collect();
        let (ids, lexicon) = (["d".into()], Lexicon::default());
        lexicon.set(&ids[0], &patterns);
        let folded: Vec<String> = patterns.iter().map(|pattern| fold(pattern)).collect();
        let automaton = build(&folded)?;
        Ok(Self { ids, lexicon, folded, automaton })
    }

    fn in_the_set(&self, text: &str) -> bool {
        self.lexicon.matches(&self.ids, text)
    }

    fn by_the_automaton(&self, text: &str) -> bool {
        let text = fold(text);
        let input = Input::new(&text).anchored(Anchored::Yes);
        self.automaton.find(input).is_some_and(|found| found.end() == text.len())
    }
}

/// What each work takes for a message in each round, in nanoseconds.
fn rounds(span: Duration, works: &[Work<'_>], messages: &[String]) -> Vec<Vec<f64>> {
    let count = f64::from(u32::try_from(messages.len()).unwrap_or(u32::MAX));
    let pass = |work: &dyn Fn(&str) -> bool| messages.iter().filter(|text| work(black_box(text))).count();
    let round = || works.iter().map(|work| took(|| pass(work)).as_secs_f64() * 1e9 / count).collect();
    let start = Instant::now();
    let mut rounds: Vec<Vec<f64>> = vec![round()];
    while start.elapsed() < span {
        rounds.push(round());
    }
    rounds
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
