//! Hostile names and texts through real processes into a terminal: what strangers write changes nothing but its own row.
//!
//! The corpus is `crates/wire/testdata/hostile_text`. Each name and text of it is said in a room between two lines of the
//! host; `tail` and `join` show the room in a terminal of their own. A second room hears harmless words from the same
//! people at the same places. Both screens must be the same but for the rows of the strangers.
//!
//! - [`stage`]: the room and its watchers; [`window`]: a program in a pseudo terminal; [`terminal`]: what one sees there
//! - [`elsewhere`]: exports, JSON, logs and errors; [`dumb`]: a terminal that knows no escape sequences

mod dumb;
mod elsewhere;
mod stage;
mod terminal;
mod window;

use self::{
    stage::{Shown, Stage},
    terminal::{Row, Terminal},
};

/// An attack, and whether a terminal would obey it.
#[derive(serde::Deserialize)]
struct Attack {
    what: String,
    steers: bool,
    text: String,
}

/// What is said: a name, and a text.
type Said = (String, String);

fn corpus() -> Vec<Attack> {
    let corpus = include_str!("../../../wire/testdata/hostile_text/corpus.json");
    serde_json::from_str(corpus).expect("the corpus is a list of attacks")
}

/// Each attack as a name and as a text, and a double of the host.
fn hostile() -> Vec<Said> {
    let attacks = corpus().into_iter().map(|attack| (attack.text.clone(), attack.text));
    attacks.chain([("H\u{43e}st".to_owned(), "it is me".to_owned())]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_strangers_write_changes_nothing_but_its_own_row() {
    let hostile = hostile();
    let harmless: Vec<Said> = hostile.iter().map(|_| ("Guest".to_owned(), "hello".to_owned())).collect();
    let (attacked, calm) = tokio::join!(show(&hostile), show(&harmless));
    for (name, attacked, calm) in [("tail", &attacked.tail, &calm.tail), ("join", &attacked.join, &calm.join)] {
        is_the_same_elsewhere(name, attacked, calm, hostile.len());
    }
}

async fn show(said: &[Said]) -> Shown {
    let mut stage = Stage::open().await;
    stage.hear(said).await;
    elsewhere::are_safe(&stage, said).await;
    stage.close().await
}

fn is_the_same_elsewhere(name: &str, attacked: &str, calm: &str, strangers: usize) {
    // All that was said, on rows that are long enough.
    let [mut seen, mut wanted] = [Terminal::new(200, 1200), Terminal::new(200, 1200)];
    seen.show(attacked);
    wanted.show(calm);
    assert_eq!(seen.state(), wanted.state(), "{name}");
    let mut found = 0;
    for (number, (seen, wanted)) in seen.rows().into_iter().zip(wanted.rows()).enumerate() {
        if is_stranger(&wanted) {
            found += 1;
            let told = seen.text();
            let after = told
                .strip_prefix("[time] ")
                .unwrap_or_else(|| panic!("{name}, row {number}: {told:?}, not {:?}", wanted.text()));
            let is_marked =
                ["(not the admin) ", "(not an admin) ", "(mixed scripts) "].iter().any(|mark| after.starts_with(mark));
            assert!(after.starts_with('@') || is_marked, "{name}, row {number}: {told:?}");
        } else if is_pinned(&wanted) {
            assert!(seen.text().starts_with("--- [time] message pinned by @Admin: "), "{name}, row {number}");
        } else {
            assert_eq!(seen, wanted, "{name}, row {number}");
        }
    }
    assert_eq!(found, strangers, "{name}");
    let texts: Vec<_> = seen.rows().iter().map(Row::text).collect();
    for row in ["[time] (not the admin) @H\u{43e}st: it is me", "[time] admin @Host: the end"] {
        assert!(texts.iter().any(|text| text == row), "{name}: {texts:#?}");
    }

    // And on a screen that scrolls.
    let [mut seen, mut wanted] = [Terminal::new(24, 1200), Terminal::new(24, 1200)];
    seen.show(attacked);
    wanted.show(calm);
    assert_eq!(seen.state(), wanted.state(), "{name}");
    for (seen, wanted) in seen.rows().iter().zip(wanted.rows()).filter(|(_, row)| !is_stranger(row) && !is_pinned(row))
    {
        assert_eq!(*seen, wanted, "{name}");
    }
}

fn is_stranger(row: &Row) -> bool {
    row.text().ends_with("@Guest: hello") && !is_pinned(row)
}

/// What a moderator pinned of it.
fn is_pinned(row: &Row) -> bool {
    let text = row.text();
    text.starts_with("--- [time] message pinned by @Admin: ") && text.ends_with("@Guest: hello")
}

/// Else the test above would find nothing.
#[test]
fn a_terminal_obeys_each_attack_that_is_not_made_safe() {
    let shown = |text: &str| {
        let mut terminal = Terminal::new(24, 1200);
        terminal.show(&format!("[time] @Host: before\r\n[time] @Guest: {text}\r\n[time] @Host: after\r\n"));
        let mut near = terminal.rows();
        // Of its own row the text may have all but the name.
        let is_told = near.remove(1).text().starts_with("[time] @Guest: ");
        // What has changed where rows scroll is seen later.
        (0..30).for_each(|number| terminal.show(&format!("[time] @Host: number {number}\r\n")));
        (is_told, near, terminal.rows(), terminal.state())
    };
    let calm = shown("hello");
    for Attack { what, steers, text } in corpus() {
        assert_eq!(shown(&text) != calm, steers, "{what}: {text:?}");
    }
}
