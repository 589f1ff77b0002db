use std::time::Duration;

use clap::{CommandFactory, error::ErrorKind};

use super::*;

fn parse(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(std::iter::once("chatroom").chain(line.split_whitespace()))
}

/// The long help at a fixed width, whatever terminal the test runs in.
fn help(words: &str) -> String {
    let mut command = help::command().term_width(100);
    command.build();
    for word in words.split_whitespace() {
        command = command.find_subcommand(word).expect("the command exists").clone().term_width(100);
    }
    help::opened(&command.render_long_help().to_string())
}

/// Every command, and every one below it.
fn commands() -> Vec<clap::Command> {
    let mut all = vec![Args::command()];
    let mut next = 0;
    while let Some(command) = all.get(next) {
        let below: Vec<clap::Command> = command.get_subcommands().cloned().collect();
        all.extend(below);
        next += 1;
    }
    all
}

#[test]
fn the_command_line_has_no_contradiction() {
    Args::command().debug_assert();
}

#[test]
fn the_help_of_each_command_is_as_it_was_read_last() {
    insta::assert_snapshot!("help", help(""));
    for words in [
        "demo",
        "serve",
        "tail",
        "send",
        "join",
        "history",
        "room create",
        "room show",
        "token create",
        "token refresh",
        "token inspect",
    ] {
        insta::assert_snapshot!(format!("help_{}", words.replace(' ', "_")), help(words));
    }
}

#[test]
fn the_short_help_fits_on_a_screen() {
    for mut command in commands() {
        let lines = command.render_help().to_string().lines().count();
        assert!(lines <= 40, "{}: {lines} lines", command.get_name());
    }
}

#[test]
fn a_token_can_t_be_an_argument() {
    for command in commands() {
        for arg in command.get_arguments() {
            assert!(
                !["token", "refresh-token", "org-token"].contains(&arg.get_long().unwrap_or_default()),
                "{}",
                command.get_name()
            );
        }
    }
    let error = parse("tail --token=eyJhbGciOi.canary.sig").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownArgument);
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[test]
fn a_token_and_a_config_exclude_each_other() {
    assert_eq!(parse("tail --token-file a --config b").unwrap_err().kind(), ErrorKind::ArgumentConflict);
    assert_eq!(parse("serve --data a --ephemeral").unwrap_err().kind(), ErrorKind::ArgumentConflict);
}

#[test]
fn a_certificate_needs_its_key() {
    assert_eq!(parse("serve --tls-cert a").unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
    assert_eq!(parse("serve --tls-key a").unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
}

#[test]
fn a_count_repeats_a_text_and_needs_one() {
    assert_eq!(parse("send --count 3").unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
    let Command::Send(send) = parse("send --count 3 --every 1s [{n}] of three").unwrap().command else {
        unreachable!("send was asked for")
    };
    assert_eq!((send.count, send.every), (Some(3), Some(Duration::from_secs(1))));
    assert_eq!(send.text.join(" "), "[{n}] of three");
}

#[test]
fn a_token_that_is_made_must_go_somewhere() {
    for line in ["token create --room r", "token refresh", "token create --room r --refresh-out a"] {
        assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::MissingRequiredArgument, "{line}");
    }
    for line in ["token create --room r --show", "token create --room r -o a", "token refresh -o a --show --json"] {
        assert!(parse(line).is_ok(), "{line}");
    }
}

#[test]
fn a_time_may_begin_with_a_minus() {
    let Command::History(history) = parse("history --after -2h --before=-1h --types text,sticker").unwrap().command
    else {
        unreachable!("history was asked for")
    };
    assert!(history.after.unwrap().instant() < history.before.unwrap().instant());
    assert_eq!(history.types.len(), 2);
    for line in ["history --after soon", "history --types talk", "history --last 0", "history --last 100001"] {
        assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::ValueValidation, "{line}");
    }
    for line in ["history --json --format csv", "history --oldest-first --newest-first"] {
        assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::ArgumentConflict, "{line}");
    }
}

#[test]
fn global_options_may_stand_behind_the_command() {
    let args = parse("tail --color never --log debug --profile friday").unwrap();
    assert_eq!(args.global.color, ColorChoice::Never);
    assert_eq!(args.global.log.as_deref(), Some("debug"));
    assert_eq!(args.global.profile.as_deref(), Some("friday"));
}

#[test]
fn short_options_are_where_people_look_for_them() {
    for line in ["tail -n 5", "join -n 5", "history -n 5", "send -n 5 hello", "outbox clear -y", "-q tail", "tail -q"] {
        assert!(parse(line).is_ok(), "{line}");
    }
    let filter = |line: &str| parse(line).unwrap().global.log_filter().map(str::to_owned);
    for (line, wanted) in [("tail", None), ("tail -v", Some("info")), ("-vv tail", Some("debug"))] {
        assert_eq!(filter(line).as_deref(), wanted, "{line}");
    }
    assert_eq!(filter("tail --quiet").as_deref(), Some("error"));
    assert_eq!(filter("-q serve --log info").as_deref(), Some("info"));
    for line in ["tail -v --log info", "tail -v -q"] {
        assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::ArgumentConflict, "{line}");
    }
}

const README: &str = include_str!("../../../../README.md");

#[test]
fn the_readme_has_every_command() {
    for command in Args::command().get_subcommands() {
        assert!(README.contains(&format!("| `chatroom {}", command.get_name())), "{}", command.get_name());
    }
}

#[test]
fn the_readme_s_program_is_the_one_that_the_client_s_documentation_runs() {
    let documentation = include_str!("../../../client/src/lib.rs");
    let program = documentation.split("//! ```\n").nth(1).expect("the documentation begins with a program");
    let shown = program.lines().map(|line| line.trim_start_matches("//!")).filter(|line| !line.starts_with(" # "));
    let shown: Vec<&str> = shown.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let readme = README.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(readme.unwrap_or_default().trim_end(), shown.join("\n").trim_end());
}
