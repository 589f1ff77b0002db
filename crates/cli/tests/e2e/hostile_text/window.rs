//! A program in a pseudo terminal.

use std::ffi::OsStr;

use chatroom_testkit::{process::Home, within};
use pty_process::{Command, OwnedWritePty, Size};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;
use tokio::sync::watch;

use crate::support::CHATROOM;

/// A window with `chatroom` in it; the program ends when this is dropped.
pub(super) struct Window {
    child: Child,
    keys: OwnedWritePty,
    shown: watch::Receiver<Vec<u8>>,
}

impl Window {
    pub(super) fn open(home: &Home, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        Self::open_as("xterm-256color", home, args)
    }

    /// The same, in a terminal of this kind.
    pub(super) fn open_as(term: &str, home: &Home, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let (pty, pts) = pty_process::open().expect("the system has pseudo terminals");
        pty.resize(Size::new(200, 1200)).expect("it has a size");
        let environment = std::env::vars_os().filter(|(name, _)| name == "PATH");
        let child = Command::new(CHATROOM)
            .args(args)
            .current_dir(home.path())
            .env_clear()
            .envs(environment)
            .env("HOME", home.path())
            .env("TERM", term)
            .env("LANG", "C.UTF-8")
            .kill_on_drop(true)
            .spawn(pts)
            .expect("the program starts");
        let (mut screen, keys) = pty.into_split();
        let (tell, shown) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut bytes = [0; 4096];
            // The end of the program is an error here.
            while let Ok(length @ 1..) = screen.read(&mut bytes).await {
                tell.send_modify(|shown| shown.extend_from_slice(&bytes[..length]));
            }
        });
        Self { child, keys, shown }
    }

    /// Waits until this is shown.
    pub(super) async fn until(&mut self, text: &str) {
        let is_shown = |shown: &Vec<u8>| shown.windows(text.len()).any(|part| part == text.as_bytes());
        let waited = within(text, self.shown.wait_for(is_shown)).await.is_ok();
        assert!(waited, "{text:?} is not shown: {}", String::from_utf8_lossy(&self.shown.borrow()));
    }

    pub(super) async fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).await.expect("the program runs");
    }

    /// Presses the last keys, and takes all that was shown until the end of the program.
    pub(super) async fn close(mut self, keys: &str) -> String {
        self.press(keys).await;
        let status = within("the end of the program", self.child.wait()).await.expect("it was started");
        assert!(status.success(), "{status}");
        // Open until the reader has come to the end.
        while within("the last words", self.shown.changed()).await.is_ok() {}
        String::from_utf8(self.shown.borrow().clone()).expect("all that is shown is UTF-8")
    }
}
