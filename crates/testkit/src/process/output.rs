//! One output stream of a program, line by line.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One output stream of a program.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) said: watch::Receiver<Said>,
    pub(super) reader: JoinHandle<()>,
}

#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) lines: Vec<String>,
    pub(super) ended: bool,
}

impl Output {
    pub(super) fn read(stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let (sender, said) = watch::channel(Said::default());
        let reader = tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while let Ok(1..) = stream.read_until(b'\n', &mut line).await {
                let text = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
                sender.send_modify(|said| said.lines.push(text));
                line.clear();
            }
            sender.send_modify(|said| said.ended = true);
        });
        Self { said, reader }
    }
}
