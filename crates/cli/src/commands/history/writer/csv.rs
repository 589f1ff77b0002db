//! Messages as rows of a table: RFC 4180, and safe to open in a spreadsheet.

use chatroom_wire::{Kind, Message, Payload, SafeText};

use super::told::said;
use crate::args::value::short_name;

/// The first row.
pub(super) fn head(bom: bool) -> String {
    let bom = if bom { "\u{feff}" } else { "" };
    format!("{bom}received_at,id,user_id,name,admin,type,text,filtered,blocked\r")
}

/// A message's row; the line's end is CR LF, of which the LF is written with every piece.
pub(super) fn row(message: &Message) -> String {
    let flag = |is: bool| if is { "true" } else { "false" }.to_owned();
    let safe = |text: &str| SafeText::line(text).into_string();
    let user = &message.user;
    let filtered = matches!(&message.payload, Payload::Text(text) if text.filtered == Some(true));
    let cells = [
        message.received_at.map(|at| at.to_string()).unwrap_or_default(),
        message.id.as_ref().map(|id| safe(id.as_str())).unwrap_or_default(),
        user.id.as_ref().map(|id| safe(id.as_str())).unwrap_or_default(),
        safe(&user.custom_name),
        flag(user.is_admin()),
        match (message.kind(), &message.payload) {
            (Kind::Unknown, Payload::Unknown(name)) => safe(name.as_str().trim_matches('"')),
            (kind, _) => short_name(kind).to_lowercase(),
        },
        said(message),
        flag(filtered),
        flag(user.is_blocked()),
    ];
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r", cells.join(","))
}

/// What spreadsheets take for the beginning of a formula, in their wide forms too; blanks before it change nothing.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

fn cell(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(FORMULA) || text.starts_with(['\t', '\r', '\n']);
    let guard = if is_formula { "'" } else { "" };
    // Where a comma parts the digits of numbers, spreadsheets part cells by semicolons.
    if text.contains([',', ';', '"', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_are_never_formulas() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("one\ntwo", "\"one\ntwo\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            (" =1+1", "' =1+1"),
            ("\t=1+1", "'\t=1+1"),
            ("\r=1+1", "\"'\r=1+1\""),
            ("one;two", "\"one;two\""),
            ("1=1", "1=1"),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
