use std::fs::{self, OpenOptions};
use std::io::Write as _;

use chatroom_wire::{Message, User};
use tempfile::TempDir;

use super::*;
use crate::{SendError, memory::MemoryRoom};

pub(super) fn kept(id: &str, text: &str) -> Kept {
    let message = Message { id: Some(id.into()), ..Message::text_by(User::named("ada"), text) };
    Kept { message, written_at: "2026-06-01T18:00:00Z".parse().unwrap(), after: None }
}

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep").join("ada.journal");
    (dir, path)
}

fn keep(outbox: &mut Outbox, ids: &[&str]) {
    let entries: Vec<_> = ids.iter().map(|id| Entry::Keep(Box::new(kept(id, id)))).collect();
    outbox.append(&entries).unwrap();
}

fn left(outbox: &Outbox) -> Vec<&str> {
    outbox.left().iter().map(|kept| kept.message.id.as_ref().unwrap().as_str()).collect()
}

#[test]
fn what_one_program_kept_the_next_one_finds() {
    let (_dir, path) = place();
    let mut outbox = Outbox::open(&path).unwrap();
    assert!(outbox.left().is_empty());
    keep(&mut outbox, &["a", "b"]);
    drop(outbox);
    assert_eq!(Outbox::peek(&path).unwrap(), [kept("a", "a"), kept("b", "b")]);
    let outbox = Outbox::open(&path).unwrap();
    assert_eq!((left(&outbox), outbox.broken()), (vec!["a", "b"], 0));
    assert_eq!(outbox.clear().unwrap().len(), 2);
    assert!(Outbox::open(&path).unwrap().left().is_empty());
    assert!(!fs::read_to_string(&path).unwrap().contains("ada"), "what has ended does not stay");
}

#[test]
fn two_programs_never_share_a_file() {
    let (_dir, path) = place();
    let first = Outbox::open(&path).unwrap();
    assert!(matches!(Outbox::open(&path), Err(OutboxError::InUse { .. })));
    assert!(Outbox::peek(&path).unwrap().is_empty(), "it may be read all the same");
    drop(first);
    Outbox::open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_not_this_user_s_alone_is_refused_and_never_waited_for() {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let refusals = |path: &Path| {
        let opened = Outbox::open(path).map(drop).unwrap_err();
        let OutboxError::Untrusted { problem, .. } = &opened else { panic!("{opened:?}") };
        *problem
    };
    let fifo =
        |path: &Path| rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    for ending in ["", ".lock"] {
        let (dir, path) = place();
        drop(Outbox::open(&path).unwrap());
        let mut name = path.clone().into_os_string();
        name.push(ending);
        let file = PathBuf::from(name);
        mode(&file, 0o620);
        assert_eq!(refusals(&path), "others may write it");
        mode(&file, 0o600);
        if rustix::process::geteuid().is_root() {
            chown(&file, Some(65_534), None).unwrap();
            assert_eq!(refusals(&path), "it belongs to another user");
        }
        fs::remove_file(&file).unwrap();
        symlink(dir.path().join("elsewhere"), &file).unwrap();
        assert_eq!(refusals(&path), "it is a symbolic link");
        assert!(!dir.path().join("elsewhere").exists(), "it is not followed");
        fs::remove_file(&file).unwrap();
        fifo(&file);
        assert_eq!(refusals(&path), "it is no regular file");
    }
    let (_dir, path) = place();
    drop(Outbox::open(&path).unwrap());
    fs::remove_file(&path).unwrap();
    fifo(&path);
    assert!(matches!(Outbox::peek(&path), Err(OutboxError::Untrusted { .. })), "reading does not wait either");

    let (_dir, path) = place();
    drop(Outbox::open(&path).unwrap());
    for open in [0o777, 0o770, 0o1777] {
        mode(path.parent().unwrap(), open);
        assert_eq!(refusals(&path), "others may write in its directory");
    }
    mode(path.parent().unwrap(), 0o755);
    mode(&path, 0o644);
    Outbox::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "it is private again");
}

#[cfg(unix)]
#[test]
fn what_people_wrote_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, path) = place();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    keep(&mut Outbox::open(&path).unwrap(), &["a"]);
    assert_eq!((mode(&path), mode(&dir.path().join("deep"))), (0o600, 0o700));
    Outbox::open(&path).unwrap().clear().unwrap();
    assert_eq!(mode(&path), 0o600, "also once it is written anew");
}

#[test]
fn a_torn_end_is_cut_off_and_a_broken_line_is_told() {
    let (_dir, path) = place();
    keep(&mut Outbox::open(&path).unwrap(), &["a", "b"]);
    let whole = fs::read(&path).unwrap();
    let scrap = [b"0000 half a line\n", &whole[whole.len() - 60..whole.len() - 3]].concat();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(&scrap).unwrap();
    let outbox = Outbox::open(&path).unwrap();
    assert_eq!((left(&outbox), outbox.broken()), (vec!["a", "b"], 1));
    drop(outbox);
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn what_is_no_outbox_is_refused_and_not_touched() {
    let (dir, path) = place();
    let notes = dir.path().join("notes.md");
    fs::write(&notes, "# Notes\n").unwrap();
    assert!(matches!(Outbox::open(&notes), Err(OutboxError::NoOutbox { .. })));
    assert_eq!(fs::read_to_string(&notes).unwrap(), "# Notes\n");
    fs::create_dir(dir.path().join("folder")).unwrap();
    assert!(matches!(Outbox::open(dir.path().join("folder")), Err(OutboxError::Untrusted { .. })));
    assert!(matches!(Outbox::peek(&path), Err(OutboxError::File { .. })));
}

#[test]
fn what_another_outbox_holds_can_be_taken_over_and_is_in_one_of_them_once() {
    let (dir, path) = place();
    let other_path = dir.path().join("other.journal");
    let mut other = Outbox::open(&other_path).unwrap();
    keep(&mut other, &["b", "c"]);
    drop(other);
    keep(&mut Outbox::open(&path).unwrap(), &["a", "b"]);
    let mut outbox = Outbox::open(&path).unwrap();
    outbox.take_over(Outbox::open(&other_path).unwrap()).unwrap();
    assert_eq!(left(&outbox), ["a", "b", "c"]);
    drop(outbox);
    assert_eq!(left(&Outbox::open(&path).unwrap()), ["a", "b", "c"]);
    assert!(Outbox::peek(&other_path).unwrap().is_empty());
}

#[tokio::test]
async fn a_message_that_can_t_be_kept_is_not_taken_and_not_sent_and_the_next_one_is() {
    let (_dir, path) = place();
    let memory = MemoryRoom::new();
    let mut outbox = Outbox::open(&path).unwrap();
    outbox.journal.storage().spoil();
    let (room, _events) = memory.join("ada").outbox(outbox).build().unwrap();
    let refused = room.send("lost").await.unwrap_err();
    assert!(matches!(refused, SendError::NotKept(_)), "{refused:?}");
    room.deliver("kept").await.unwrap();
    room.leave().await;
    assert_eq!(memory.messages().iter().map(Message::text).collect::<Vec<_>>(), [Some("kept")]);
    assert!(Outbox::open(&path).unwrap().left().is_empty());
}
