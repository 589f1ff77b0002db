use std::process::Command as Process;

use super::*;

/// The long help of every command at this width, by the words that lead to it.
fn helps(width: usize) -> Vec<(String, String)> {
    let mut found = vec![("chatroom".to_owned(), command())];
    let mut next = 0;
    while let Some((words, command)) = found.get(next).cloned() {
        found.extend(command.get_subcommands().map(|below| (format!("{words} {}", below.get_name()), below.clone())));
        next += 1;
    }
    let long = |command: Command| command.term_width(width).render_long_help().to_string();
    found.into_iter().map(|(words, command)| (words, opened(&long(command)))).collect()
}

/// What stands below the help to be copied, one text for each command line.
fn examples(help: &str) -> Vec<String> {
    let below = help.split_once("\nExamples:\n").map(|(_, below)| below).unwrap_or_default();
    let mut examples: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in below.lines() {
        let example = line.strip_prefix(INDENT);
        match (examples.last_mut(), example) {
            (Some(last), Some(example)) if goes_on => last.extend(["\n", example]),
            (_, Some(example)) => examples.push(example.to_owned()),
            (_, None) => assert!(!goes_on, "an example breaks off before {line:?}"),
        }
        goes_on = line.ends_with('\\');
    }
    examples
}

#[test]
fn examples_are_the_same_at_every_width_and_fit_into_80_columns() {
    let wide = helps(200);
    assert!(wide.iter().filter(|(_, help)| !examples(help).is_empty()).count() > 40);
    for width in [40, 60, 80, 100] {
        for ((words, help), (_, wide)) in helps(width).into_iter().zip(&wide) {
            assert_eq!(examples(&help), examples(wide), "{words} at {width}");
            assert!(!help.contains(|c: char| (c.is_control() && c != '\n') || "\u{a0}\u{2060}".contains(c)), "{words}");
        }
    }
    for (words, help) in wide {
        for line in examples(&help).iter().flat_map(|example| example.lines()) {
            assert!(INDENT.len() + line.len() <= 80, "{words}: {line}");
            assert!(line.is_ascii(), "{words}: {line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn examples_are_valid_shell() {
    for (words, help) in helps(40) {
        let script = examples(&help).join("\n");
        let checked = Process::new("sh").args(["-n", "-c", &script]).output().unwrap();
        assert!(checked.status.success(), "{words}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn the_number_of_a_repeated_text_stands_in_the_help_as_it_is_written() {
    let helps = helps(40);
    let (_, send) = helps.iter().find(|(words, _)| words == "chatroom send").unwrap();
    assert!(send.contains("\"[{n}]\"") && send.matches("{n}").count() == 2, "{send}");
}

#[test]
fn help_is_a_command_too_and_tells_about_those_below() {
    let told = |line: &str| command().try_get_matches_from(line.split(' ')).unwrap_err();
    for line in ["chatroom help", "chatroom help send", "chatroom help moderate mute", "chatroom moderate help mute"] {
        assert_eq!(told(line).kind(), ErrorKind::DisplayHelp, "{line}");
    }
    assert_eq!(
        told("chatroom help moderate mute").render().to_string(),
        told("chatroom moderate mute --help").render().to_string()
    );
    assert_eq!(told("chatroom help moot").kind(), ErrorKind::InvalidSubcommand);
}
