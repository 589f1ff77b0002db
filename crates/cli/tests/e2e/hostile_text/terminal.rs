//! A terminal, and all that a program can do to it.

use std::num::NonZero;

use vt100::{Callbacks, Color, Parser, Screen};

/// A terminal.
pub(super) struct Terminal(Parser<Deeds>);

/// Everything that is not in the cells.
#[derive(Debug, PartialEq)]
pub(super) struct State {
    cursor: (u16, u16),
    modes: String,
    attributes: String,
    alternate: bool,
    hidden: bool,
    deeds: Vec<String>,
}

/// A row, without what is blank at its end.
#[derive(Debug, PartialEq)]
pub(super) struct Row(Vec<Cell>);

#[derive(Debug, PartialEq)]
struct Cell {
    text: String,
    colors: (Color, Color),
    /// Bold, dim, italic, underlined, inverse.
    weight: [bool; 5],
}

impl Terminal {
    pub(super) fn new(rows: u16, columns: u16) -> Self {
        let [rows, columns] = [rows, columns].map(|cells| NonZero::new(cells).expect("a terminal has cells"));
        Self(Parser::new_with_callbacks(rows, columns, 0, Deeds::default()))
    }

    pub(super) fn show(&mut self, text: &str) {
        self.0.process(text.as_bytes());
    }

    pub(super) fn state(&self) -> State {
        let screen = self.0.screen();
        State {
            cursor: screen.cursor_position(),
            modes: screen.input_mode_formatted(),
            attributes: screen.attributes_formatted(),
            alternate: screen.alternate_screen(),
            hidden: screen.hide_cursor(),
            deeds: self.0.callbacks().0.clone(),
        }
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let screen = self.0.screen();
        let (rows, columns) = screen.size();
        let row = |row| {
            let mut cells: Vec<_> =
                (0..columns.get()).filter_map(|column| Some(Cell::of(screen.cell(row, column)?))).collect();
            while cells.last().is_some_and(Cell::is_blank) {
                cells.pop();
            }
            Row(cells)
        };
        let mut rows: Vec<_> = (0..rows.get()).map(row).collect();
        while rows.last().is_some_and(|row| row.0.is_empty()) {
            rows.pop();
        }
        rows
    }
}

impl Row {
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|cell| if cell.text.is_empty() { " " } else { &cell.text }).collect()
    }
}

impl Cell {
    fn of(cell: &vt100::Cell) -> Self {
        Self {
            text: cell.contents().to_owned(),
            colors: (cell.fgcolor(), cell.bgcolor()),
            weight: [cell.bold(), cell.dim(), cell.italic(), cell.underline(), cell.inverse()],
        }
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && self.colors == (Color::Default, Color::Default) && self.weight == [false; 5]
    }
}

/// What was done to the terminal beyond its screen, and what it could make nothing of.
#[derive(Default)]
struct Deeds(Vec<String>);

impl Callbacks for Deeds {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.0.push("bell".to_owned());
    }
    fn visual_bell(&mut self, _: &mut Screen) {
        self.0.push("visual bell".to_owned());
    }
    fn resize(&mut self, _: &mut Screen, size: (u16, u16)) {
        self.0.push(format!("resize {size:?}"));
    }
    fn set_window_icon_name(&mut self, _: &mut Screen, name: &[u8]) {
        self.0.push(format!("icon name {name:?}"));
    }
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.0.push(format!("title {title:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut Screen, _: &[u8], data: &[u8]) {
        self.0.push(format!("clipboard written {data:?}"));
    }
    fn paste_from_clipboard(&mut self, _: &mut Screen, _: &[u8]) {
        self.0.push("clipboard read".to_owned());
    }
    fn unhandled_char(&mut self, _: &mut Screen, c: char) {
        // What a text is made safe with is told here too.
        if c != '\u{fffd}' {
            self.0.push(format!("character {c:?}"));
        }
    }
    fn unhandled_control(&mut self, _: &mut Screen, byte: u8) {
        self.0.push(format!("control {byte:#x}"));
    }
    fn unhandled_escape(&mut self, _: &mut Screen, first: Option<u8>, second: Option<u8>, end: u8) {
        self.0.push(format!("escape {first:?} {second:?} {end}"));
    }
    fn unhandled_csi(
        &mut self,
        _: &mut Screen,
        first: Option<u8>,
        second: Option<u8>,
        parameters: &[&[u16]],
        end: char,
    ) {
        self.0.push(format!("sequence {first:?} {second:?} {parameters:?} {end}"));
    }
    fn unhandled_osc(&mut self, _: &mut Screen, parameters: &[&[u8]]) {
        self.0.push(format!("command {parameters:?}"));
    }
}
