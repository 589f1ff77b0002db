//! A terminal that knows no escape sequences, and none at all.

use chatroom_testkit::process::Home;

use super::window::Window;
use crate::support::{chatroom, server};

/// What a terminal may be sent that knows nothing but lines.
fn is_plain(shown: &str) -> bool {
    !shown.replace("\r\n", "\n").contains(|c: char| c.is_control() && c != '\n')
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dumb_terminal_gets_neither_progress_nor_escape_sequences() {
    let home = Home::new();
    let server = server(&home).await;
    let args =
        |own: &[&str]| -> Vec<String> { own.iter().map(ToString::to_string).chain(server.viewer_args()).collect() };
    for (term, plain) in [("xterm", false), ("dumb", true)] {
        for own in [
            &["send", "--count", "3", "hello"][..],
            &["history"],
            &["tail", "--history", "1", "--count", "1"],
            &["history", "--export", &format!("{term}.txt")],
        ] {
            let shown = Window::open_as(term, &home, args(own)).close("").await;
            assert_eq!(is_plain(&shown), plain, "{term}: {own:?}: {shown:?}");
        }
        let mut join = Window::open_as(term, &home, args(&["join", "--history", "1"]));
        join.until("joined the room").await;
        let shown = join.close("\u{4}").await;
        // The terminal itself shows the key as ^D, and takes that back with backspaces.
        assert_eq!(is_plain(&shown.replace('\u{8}', "")), plain, "{term}: {shown:?}");
    }
    // And where stderr is no terminal, nothing of that is there either.
    let exit = chatroom(&home).args(args(&["send", "--count", "3", "hello"])).env("TERM", "xterm").run().await;
    assert!(exit.out.is_empty() && exit.err.is_empty(), "{}", exit.transcript());
}
