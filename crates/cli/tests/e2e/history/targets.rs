//! What an export, or a token, may be written to.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use chatroom_testkit::process::{Exit, Program};

use super::Counted;
use crate::support::{CHATROOM, refusal};

impl Counted {
    /// Runs a script of bash, in which `$history` exports the room as JSON.
    async fn script(&self, script: &str) -> Exit {
        let args: Vec<String> = self.server.viewer_args().iter().map(|arg| format!("'{arg}'")).collect();
        let history = format!("history() {{ {CHATROOM} history --format txt --export \"$@\" {}; }}; ", args.join(" "));
        Program::new("bash", &self.home).args(["-c", &(history + script)]).run().await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn what_is_no_regular_file_is_written_into_without_force() {
    let room = Counted::to(3).await;
    let exit = room.script("history /dev/stdout").await;
    exit.assert_code(0);
    assert_eq!(exit.out.len(), 3, "{}", exit.transcript());
    for script in [
        "{ echo head; history /dev/stdout $force; echo foot; } > all.txt",
        "{ echo head; history /dev/fd/3 $force 3>&1; echo foot; } | cat > all.txt",
        "history >(sed '1i head' > part.txt; echo foot >> part.txt; mv part.txt all.txt) $force && \
            until [ -e all.txt ]; do sleep 0.01; done",
        "mkfifo pipe; { echo head; cat pipe; echo foot; } > all.txt & history pipe $force && wait",
        "ln -s /dev/stdout link; { echo head; history link $force; echo foot; } > all.txt",
    ] {
        for force in ["", "--force"] {
            let exit = room.script(&format!("force={force}; rm -f all.txt pipe link; {script}")).await;
            exit.assert_code(0);
            let all = fs::read_to_string(room.path("all.txt")).unwrap();
            let lines: Vec<&str> = all.lines().collect();
            assert_eq!((lines.len(), lines[0], lines[4]), (5, "head", "foot"), "{script}\n{all}{}", exit.transcript());
        }
    }
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let exit = room.script("history /dev/null --force").await;
    exit.assert_code(0);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let exit = room.script("history /dev/full").await;
    assert_eq!(refusal(&exit, 1, "/dev/full can't be written"), Vec::<String>::new(), "{}", exit.transcript());
    assert!(!exit.err.concat().contains("--force"), "{}", exit.transcript());
}

#[tokio::test]
async fn a_pipe_that_nobody_reads_does_not_hold_an_export_that_is_to_stop() {
    let room = Counted::to(1).await;
    Program::new("mkfifo", &room.home).arg("pipe").run().await.assert_code(0);
    let history = room.history(&["--format", "txt", "--export", "pipe"]).start();
    let tasks = format!("/proc/{}/task", history.id());
    let opens = || {
        let tasks = fs::read_dir(&tasks).expect("it runs").flatten();
        tasks.flat_map(|task| fs::read_to_string(task.path().join("comm"))).any(|name| name.trim() == "printer")
    };
    // From then on it has taken the signals over.
    while !opens() {
        tokio::task::yield_now().await;
    }
    history.signal("INT").await;
    history.signal("INT").await;
    history.exit().await;
}

#[tokio::test]
async fn a_regular_file_is_replaced_with_its_mode_and_links_stay_links() {
    let room = Counted::to(3).await;
    let there = room.home.file("there.txt", "mine");
    fs::set_permissions(&there, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("there.txt", room.path("link.txt")).unwrap();
    let exit = room.script("history link.txt").await;
    assert_eq!(refusal(&exit, 1, "--force"), Vec::<String>::new(), "{}", exit.transcript());
    room.script("history link.txt --force").await.assert_code(0);
    assert_eq!((fs::read_to_string(&there).unwrap().lines().count(), mode(&there)), (3, 0o640));
    assert!(room.path("link.txt").is_symlink());
    fs::write(room.path("new.txt.part"), "mine").unwrap();
    symlink("there.txt", room.path("other.txt.part")).unwrap();
    for name in ["new.txt", "other.txt"] {
        room.script(&format!("umask 0; history {name}")).await.assert_code(0);
        assert_eq!(mode(&room.path(name)), 0o600, "{name}");
    }
    assert_eq!(fs::read_to_string(room.path("new.txt.part")).unwrap(), "mine");
    let exit = room.script("history .").await;
    assert_eq!(refusal(&exit, 1, "is a directory"), Vec::<String>::new(), "{}", exit.transcript());
    let left: Vec<String> = fs::read_dir(room.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".chatroom"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
