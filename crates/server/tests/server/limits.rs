//! The operator's page of limits, docs/limits.md, says what the server does.

use std::{fs, path::PathBuf};

use chatroom_server::{Setting, Settings};

const BEGIN: &str = "<!-- limits:begin -->\n";
const END: &str = "<!-- limits:end -->";

fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/limits.md");
    fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

fn table() -> String {
    let head = "| name | default | allowed | meaning |\n|---|---|---|---|\n".to_owned();
    Settings::default().list().iter().fold(head, |table, Setting { name, default, allowed, unit, explanation, .. }| {
        let default = format!("{default} {unit}");
        table + &format!("| `{name}` | {} | {allowed} | {explanation} |\n", default.trim_end())
    })
}

#[test]
fn the_table_of_the_page_is_that_of_the_settings() {
    let page = page();
    let (_, rest) = page.split_once(BEGIN).unwrap();
    let (written, _) = rest.split_once(END).unwrap();
    let right = table();
    assert!(written == right, "between the markers of docs/limits.md belongs:\n\n{right}");
}

#[test]
fn the_page_says_of_every_setting_what_is_past_it() {
    let page = page();
    let (_, prose) = page.split_once(END).unwrap();
    let missing: Vec<&str> = Settings::default()
        .list()
        .iter()
        .map(|setting| setting.name)
        .filter(|name| !prose.lines().any(|line| line.starts_with('|') && line.contains(&format!("`{name}`"))))
        .collect();
    assert!(missing.is_empty(), "docs/limits.md has no row below its table for {missing:?}");
}
