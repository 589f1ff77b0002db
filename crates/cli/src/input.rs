//! Lines of stdin, read on a thread of its own: nothing else ever waits for a keyboard.

use std::{
    io::{self, BufRead, BufReader, Read as _},
    thread,
};

use tokio::sync::mpsc;

/// More than any server takes; a "line" beyond it is another kind of file.
const LINE_MAX: u64 = 1 << 20;

/// How many lines are read ahead.
const AHEAD: usize = 16;

/// Lines of stdin.
#[derive(Debug)]
pub(crate) struct Input {
    lines: mpsc::Receiver<io::Result<String>>,
}

impl Input {
    /// Starts to read stdin.
    pub(crate) fn start() -> io::Result<Self> {
        let (sender, lines) = mpsc::channel(AHEAD);
        thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            let mut source = BufReader::new(io::stdin());
            while let Some(line) = read_line(&mut source).transpose() {
                let failed = line.is_err();
                if sender.blocking_send(line).is_err() || failed {
                    break;
                }
            }
        })?;
        Ok(Self { lines })
    }

    /// The next line, without its end; none at the end of stdin. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> io::Result<Option<String>> {
        self.lines.recv().await.transpose()
    }
}

fn read_line(source: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if source.take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
    if bytes.len() as u64 == LINE_MAX && !bytes.ends_with(b"\n") {
        return Err(invalid(format!("a line is longer than {LINE_MAX} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| invalid("a line is not UTF-8".to_owned()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut bytes: &[u8]) -> io::Result<Vec<String>> {
        std::iter::from_fn(|| read_line(&mut bytes).transpose()).collect()
    }

    #[test]
    fn lines_end_in_whatever_way_the_platform_ends_them() {
        assert_eq!(lines(b"one\ntwo\r\n\nthree").unwrap(), ["one", "two", "", "three"]);
        assert!(lines(b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(lines(b"caf\xe9\n").unwrap_err().to_string(), "a line is not UTF-8");
        let endless = vec![b'x'; 1 << 21];
        assert_eq!(lines(&endless).unwrap_err().to_string(), "a line is longer than 1048576 bytes");
    }
}
