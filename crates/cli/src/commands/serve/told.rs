//! What `chatroom serve` tells: that it is ready, how to come in, and its limits. Never a token, only where it is.

use std::{fmt::Write as _, path::Path};

use chatroom_server::{RunningServer, Settings};
use serde_json::json;

/// One line for a program.
pub(super) fn ready(server: &RunningServer) -> String {
    let line = json!({
        "event": "ready",
        "api": server.api(),
        "tls_api": server.tls_api(),
        "public_url": server.public_url().map(ToString::to_string),
        "ca_file": server.ca_file().map(Path::to_string_lossy),
        "org_token_file": server.org_token_file().to_string_lossy(),
        "room_id": server.room_id(),
        "admin_token_file": server.admin_token_file().to_string_lossy(),
        "viewer_token_file": server.viewer_token_file().to_string_lossy(),
    });
    format!("{line}\n")
}

/// What an operator should know of this start, one line each.
pub(super) fn warnings(server: &RunningServer) -> String {
    server.warnings().iter().fold(String::new(), |lines, warning| lines + &format!("warning: {warning}\n"))
}

/// A block for a person, with commands to copy.
pub(super) fn welcome(server: &RunningServer) -> String {
    let mut text = "chatroom serve is ready\n".to_owned();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    if let Some(api) = server.tls_api() {
        row("with TLS", api);
    }
    if let Some(api) = server.api() {
        row("without TLS", api);
    }
    if let Some(url) = server.public_url() {
        row("for clients", &url.to_string());
    }
    row("room", server.room_id().as_str());
    row("org token", &quoted(server.org_token_file()));
    let way = way(server);
    let admin = quoted(server.admin_token_file());
    let viewer = quoted(server.viewer_token_file());
    let _ = write!(
        text,
        "\nFrom other terminals:\n  \
        chatroom tail{way} --token-file {viewer}\n  \
        chatroom join{way} --token-file {admin} --name Ada\n  \
        chatroom send{way} --token-file {viewer} Hello\n\n"
    );
    if server.address().is_some_and(|address| !address.ip().is_loopback()) {
        text.push_str("warning: without TLS, everyone on the way to this machine can read tokens and messages\n");
    }
    text.push_str("Ctrl-C stops the server\n");
    text
}

/// The first words after the wish to stop.
pub(super) fn farewell(connections: usize) -> String {
    match connections {
        0 => "stopping\n".to_owned(),
        1 => "stopping: 1 client is asked to leave; Ctrl-C again stops at once\n".to_owned(),
        many => format!("stopping: {many} clients are asked to leave; Ctrl-C again stops at once\n"),
    }
}

/// All limits, as a TOML file that can be read back.
pub(super) fn settings(settings: &Settings) -> String {
    let mut text = "# The limits of `chatroom serve`. Use this file with --settings FILE.\n".to_owned();
    for row in settings.list() {
        let unit = if row.unit.is_empty() { String::new() } else { format!(", {}", row.unit) };
        let value = if row.value.parse::<i64>().is_ok() { row.value } else { format!("{:?}", row.value) };
        let _ = write!(
            text,
            "\n# {}\n# {}{unit}; by default {}\n{} = {value}\n",
            row.explanation, row.allowed, row.default, row.name
        );
    }
    text
}

/// The options by which this machine's clients reach the server.
fn way(server: &RunningServer) -> String {
    match (server.tls_api(), server.api()) {
        (Some(api), _) => {
            let trust = server.ca_file().map(|file| format!(" --ca-file {}", quoted(file))).unwrap_or_default();
            format!(" --api {api}{trust}")
        }
        (None, Some(api)) => format!(" --api {api}"),
        (None, None) => String::new(),
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ':' | '@' | '\\');
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_settings_can_be_read_back() {
        let mut changed = Settings::default();
        changed.set("rate.viewer", "17").unwrap();
        changed.set("batch.window", "1s").unwrap();
        assert_eq!(Settings::from_toml(&settings(&changed)).unwrap(), changed);
        assert!(settings(&changed).contains("\nrate.viewer = 17\n"));
    }

    #[test]
    fn a_path_with_a_space_is_quoted_for_the_shell() {
        assert_eq!(quoted(Path::new("/data/chat-1/ca.pem")), "/data/chat-1/ca.pem");
        assert_eq!(quoted(Path::new("/my data/it's")), r"'/my data/it'\''s'");
    }

    #[test]
    fn the_farewell_counts_the_clients() {
        assert_eq!(farewell(0), "stopping\n");
        assert!(farewell(2).starts_with("stopping: 2 clients are asked"));
    }
}
