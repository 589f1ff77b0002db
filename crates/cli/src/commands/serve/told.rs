//! What `chatroom serve` tells: that it is ready, how to come in, and its limits. Never a token, only where it is.

use std::{fmt::Write as _, path::Path};

use chatroom_server::{RunningServer, Settings};
use chatroom_wire::SafeText;
use serde_json::json;

use super::{
    profile::{WriteError, Written},
    setup::{PLACES, Place, Setup},
};

/// One line for a program.
pub(super) fn ready(server: &RunningServer, profile: Option<&Written>) -> String {
    let line = json!({
        "event": "ready",
        "api": server.api(),
        "tls_api": server.tls_api(),
        "public_url": server.public_url().map(ToString::to_string),
        "profile": profile.map(|profile| &profile.name),
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
pub(super) fn welcome(server: &RunningServer, profile: Result<&Option<Written>, &WriteError>) -> String {
    let mut text = "chatroom serve is ready\n".to_owned();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    let (api, tls_api) = (server.api(), server.tls_api());
    if let Some(api) = tls_api {
        row("with TLS", api);
    }
    if let Some(api) = api {
        row("without TLS", api);
    }
    if let Some(url) = server.token_api().filter(|url| Some(*url) != api && Some(*url) != tls_api) {
        row("for clients", url);
    }
    row("room", server.room_id().as_str());
    row("org token", &quoted(server.org_token_file()));
    match profile {
        Ok(Some(profile)) => row("profile", &format!("{}, in {}", profile.name, quoted(&profile.file))),
        Ok(None) => {}
        Err(error) => row("profile", &format!("none: {}", SafeText::log(&error.to_string()))),
    }
    let (way, viewer) = match profile {
        Ok(Some(profile)) => (profile_way(profile), None),
        _ => (token_way(server, server.admin_token_file()), Some(token_way(server, server.viewer_token_file()))),
    };
    let viewer = viewer.as_ref().unwrap_or(&way);
    let _ = write!(
        text,
        "\nFrom other terminals:\n{}{}{}\n",
        command("tail", viewer, &[]),
        command("join", &way, &["--name Ada"]),
        command("send", viewer, &["Hello"]),
    );
    if server.address().is_some_and(|address| !address.ip().is_loopback()) {
        text.push_str("warning: without TLS, everyone on the way to this machine can read tokens and messages\n");
    }
    text.push_str("Ctrl-C stops the server\n");
    text
}

/// The options by which this machine's clients reach the server.
fn profile_way(profile: &Written) -> Vec<String> {
    let mut way = vec![format!("--profile {}", profile.name)];
    if profile.is_elsewhere {
        way.push(format!("--config-file {}", quoted(&profile.file)));
    }
    way
}

/// The same without a profile. The token says where it belongs.
fn token_way(server: &RunningServer, token: &Path) -> Vec<String> {
    let mut way = vec![format!("--token-file {}", quoted(token))];
    let api = server.token_api().unwrap_or_default();
    if let Some(file) = server.ca_file().filter(|_| api.starts_with("https:")) {
        way.push(format!("--ca-file {}", quoted(file)));
    }
    if server.tls_api().is_none()
        && !server.address().is_some_and(|at| at.ip().is_loopback() || at.ip().is_unspecified())
    {
        way.push(format!("--api {}", server.api().unwrap_or_default()));
        way.push("--allow-plaintext".to_owned());
    }
    way
}

/// How wide a terminal is at least.
const WIDTH: usize = 80;

/// A command to copy, on as many lines as it takes.
fn command(name: &str, way: &[String], rest: &[&str]) -> String {
    let mut lines = format!("  chatroom {name}");
    let mut width = lines.len();
    for part in way.iter().map(String::as_str).chain(rest.iter().copied()) {
        // Room for the backslash that goes on.
        if width + 1 + part.len() > WIDTH - 2 {
            lines.push_str(" \\\n     ");
            width = 5;
        }
        lines.push(' ');
        lines.push_str(part);
        width += 1 + part.len();
    }
    lines.push('\n');
    lines
}

/// The first words after the wish to stop.
pub(super) fn farewell(connections: usize) -> String {
    match connections {
        0 => "stopping\n".to_owned(),
        1 => "stopping: 1 client is asked to leave; Ctrl-C again stops at once\n".to_owned(),
        many => format!("stopping: {many} clients are asked to leave; Ctrl-C again stops at once\n"),
    }
}

/// All that can be set, as a TOML file that can be read back.
pub(super) fn setup(setup: &Setup) -> String {
    let mut text = "# The settings of `chatroom serve`. Use this file with --settings FILE.\n".to_owned();
    for Place { key, variable, explanation, example } in PLACES {
        let _ = write!(text, "\n# {explanation}; also ${variable}\n");
        let _ = match setup.shown(key) {
            Some(value) if value == "true" => writeln!(text, "{key} = true"),
            Some(value) => writeln!(text, "{key} = {}", toml::Value::from(value)),
            None if example == "true" => writeln!(text, "# {key} = true"),
            None => writeln!(text, "# {key} = {example:?}"),
        };
    }
    text + &settings(&setup.settings)
}

/// All limits.
fn settings(settings: &Settings) -> String {
    let mut text = String::new();
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
    fn a_command_to_copy_breaks_between_its_options() {
        let way = ["--token-file /tmp/chatroom-AbCdEf/viewer.token", "--ca-file /tmp/chatroom-AbCdEf/ca.pem"];
        let told = command("send", &way.map(str::to_owned), &["Hello"]);
        assert_eq!(
            told,
            "  chatroom send --token-file /tmp/chatroom-AbCdEf/viewer.token \\\n      \
             --ca-file /tmp/chatroom-AbCdEf/ca.pem Hello\n"
        );
        assert!(told.lines().all(|line| line.len() <= WIDTH));
        assert_eq!(command("tail", &["--profile local".to_owned()], &[]), "  chatroom tail --profile local\n");
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
