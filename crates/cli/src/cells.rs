//! Texts in a terminal: how many cells they take, and columns of them.

use std::io;

use terminal_size::{Height, Width, terminal_size_of};
use unicode_width::UnicodeWidthStr as _;

use crate::{
    environment::Environment,
    words::{padded, widest},
};

/// Where nothing says how wide the output is.
const WIDTH: usize = 80;

/// How many cells stdout is wide.
pub(crate) fn width_of_stdout() -> usize {
    terminal_size_of(io::stdout()).map_or(WIDTH, |(Width(cells), Height(_))| usize::from(cells).max(1))
}

/// Whether the terminal is set up for more than ASCII.
pub(crate) fn is_utf8(environment: &Environment<'_>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| environment.text(name));
    locale.map_or(cfg!(windows), |locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// How many cells a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Rows of safe texts as lines with aligned columns; the last column is as long as it is.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let widths: [usize; N] = std::array::from_fn(|column| widest(rows.iter().map(|row| row[column].as_str())));
    rows.iter()
        .map(|row| {
            let padded = row.iter().zip(widths).map(|(text, cells)| padded(text, cells));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_cells() {
        let rows = [["a", "日本", "x"], ["long", "b", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), ["a     日本  x", "long  b"]);
    }
}
