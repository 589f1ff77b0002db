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
    lines: mpsc::Receiver<io::Result<Line>>,
}

/// A line of stdin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its place, from 1.
    pub(crate) number: u64,
    /// Without its end; or why it can't be used, which is no reason not to read on.
    pub(crate) text: Result<String, BadLine>,
}

/// Why a line can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadLine {
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it is longer than {LINE_MAX} bytes")]
    TooLong,
}

impl Input {
    /// Starts to read stdin.
    pub(crate) fn start() -> io::Result<Self> {
        let (sender, lines) = mpsc::channel(AHEAD);
        thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            for line in read_lines(BufReader::new(io::stdin())) {
                let failed = line.is_err();
                if sender.blocking_send(line).is_err() || failed {
                    break;
                }
            }
        })?;
        Ok(Self { lines })
    }

    /// The next line; none at the end of stdin. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line>> {
        self.lines.recv().await.transpose()
    }
}

fn read_lines(mut source: impl BufRead) -> impl Iterator<Item = io::Result<Line>> {
    (1..).map_while(move |number| {
        let text = read_line(&mut source).transpose()?;
        Some(text.map(|text| Line { number, text: text.map(|text| without_bom(number, text)) }))
    })
}

fn read_line(source: &mut impl BufRead) -> io::Result<Option<Result<String, BadLine>>> {
    let mut bytes = Vec::new();
    if source.take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 == LINE_MAX && !bytes.ends_with(b"\n") {
        source.skip_until(b'\n')?;
        return Ok(Some(Err(BadLine::TooLong)));
    }
    let Ok(text) = String::from_utf8(bytes) else { return Ok(Some(Err(BadLine::NotUtf8))) };
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())))
}

/// The first line of a text file may begin with a byte order mark.
fn without_bom(number: u64, text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) if number == 1 => rest.to_owned(),
        Some(_) | None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<Result<String, BadLine>> {
        let lines: Vec<Line> = read_lines(bytes).collect::<io::Result<_>>().expect("bytes can be read");
        assert!(lines.iter().zip(1..).all(|(line, number)| line.number == number), "{lines:?}");
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_end_in_whatever_way_the_platform_ends_them() {
        let read = lines("\u{feff}one\ntwo\r\n\nthree".as_bytes());
        assert_eq!(read, ["one", "two", "", "three"].map(|line| Ok(line.to_owned())));
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn what_is_no_text_is_told_apart_and_the_lines_behind_it_are_read() {
        let long = vec![b'x'; 5 << 20];
        let read = lines(&[b"caf\xe9\n", &long[..], b"\nlast"].concat());
        assert_eq!(read, [Err(BadLine::NotUtf8), Err(BadLine::TooLong), Ok("last".to_owned())]);
    }
}
