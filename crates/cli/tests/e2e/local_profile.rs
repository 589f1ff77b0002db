//! `chatroom serve` and the commands of its own machine: what it prints works, and where its tokens go.

use std::fs;

use chatroom_testkit::process::{Home, Process};
use chatroom_testkit::serve::ANY_PORTS;

use crate::support::{chatroom, server};

/// The commands that it prints, once it has.
async fn printed(serve: &Process) -> Vec<String> {
    serve.err_line(|line| line.starts_with("Ctrl-C")).await;
    let lines = serve.err();
    assert!(lines.iter().filter(|line| line.contains("chatroom ")).all(|line| line.len() <= 80), "{lines:?}");
    lines.iter().filter_map(|line| line.strip_prefix("  chatroom ").map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_profile_that_serve_writes_makes_its_short_commands_work() {
    let home = Home::new();
    let config = home.path().join(".config/chatroom/config.toml");
    fs::create_dir_all(config.parent().expect("it has a folder")).expect("the home is ours");
    fs::write(&config, "# mine\n[profiles.default]\nname = \"Zoë\" # me\n").expect("the home is ours");
    let serve = |data: &str| chatroom(&home).arg("serve").args(ANY_PORTS).args(["--data", data]).start();
    let one = serve("one");
    let commands = printed(&one).await;
    assert_eq!(commands[0], "tail --profile local");
    assert_eq!(commands[2], "send --profile local Hello");
    let run = |command: &str| chatroom(&home).args(command.split(' ')).run();
    run(&commands[2]).await.assert_code(0);
    let exit = run("tail --profile local --history 1 --count 1").await;
    assert!(exit.assert_code(0).out[0].ends_with(": Hello"), "{}", exit.transcript());
    assert!(exit.err.is_empty(), "{}", exit.transcript());
    run("moderate --profile local mute --yes").await.assert_code(0);
    run("room create --profile local").await.assert_code(0);

    // A second server does not take the first one's name, and the first keeps it over a restart.
    let two = serve("two");
    assert_eq!(printed(&two).await[0], "tail --profile local-2");
    one.signal("TERM").await;
    one.exit().await.assert_code(0);
    let again = serve("one");
    assert_eq!(printed(&again).await[0], "tail --profile local");
    run("room show --profile local").await.assert_code(0);
    let text = fs::read_to_string(&config).expect("it is there");
    assert!(text.starts_with("# mine\n[profiles.default]\nname = \"Zoë\" # me\n"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&config).expect("it is there").permissions().mode() & 0o777, 0o600);
    }
    for serve in [two, again] {
        serve.signal("TERM").await;
        serve.exit().await.assert_code(0);
    }
}

#[tokio::test]
async fn a_local_servers_tokens_go_to_it_and_not_to_the_vendors_host() {
    let home = Home::new();
    let server = server(&home).await;
    let config = home.path().join(".config/chatroom/config.toml");
    assert!(!config.exists(), "what is ephemeral leaves nothing behind");
    let path = |path: &std::path::Path| path.display().to_string();
    let (viewer, org) = (path(&server.ready.viewer_token_file), path(&server.ready.org_token_file));
    let (file, refresh) = (path(&home.path().join("ann")), path(&home.path().join("ann.refresh")));
    let room = server.ready.room_id.clone();
    for args in [
        &["send", "Hello", "--token-file", &viewer][..],
        &["history", "--token-file", &viewer],
        &["room", "create", "--org-token-file", &org],
        &["token", "create", "--org-token-file", &org, "--room", &room, "--out", &file, "--refresh-out", &refresh],
        &["token", "refresh", "--refresh-token-file", &refresh, "--out", &file, "--force"],
        &["room", "show", "--token-file", &file],
    ] {
        let exit = chatroom(&home).args(args).run().await;
        exit.assert_code(0);
        assert!(!exit.err.iter().any(|line| line.starts_with("warning:")), "{}", exit.transcript());
    }
    // Another place is obeyed, with a warning.
    let exit =
        chatroom(&home).args(["room", "show", "--token-file", &viewer, "--api", "http://127.0.0.1:1"]).run().await;
    assert!(exit.assert_code(3).err[0].contains("the token belongs to http://127.0.0.1:"), "{}", exit.transcript());
}

#[tokio::test]
async fn without_a_place_for_profiles_the_printed_commands_work_all_the_same() {
    let home = Home::new();
    let blocked = home.file("config", "no directory");
    let data = home.path().join("data").display().to_string();
    let serve =
        chatroom(&home).env("XDG_CONFIG_HOME", &blocked).arg("serve").args(["--data", &data, "--listen", "off"]);
    let serve = serve.args(["--tls-listen", "127.0.0.1:0"]).start();
    let commands = printed(&serve).await;
    assert!(commands[2].starts_with("send --token-file "), "{commands:?}");
    serve.signal("TERM").await;
    serve.exit().await.assert_code(0);
}
