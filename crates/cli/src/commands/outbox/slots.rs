//! The files of an outbox: some for each user of a room, so that programs that run at once don't share one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chatroom_client::{Outbox, OutboxError};

use crate::{access::whose::Whose, failure::Failure};

/// So many programs may write as one user in one room at once.
const SLOTS: u8 = 16;
/// What the names of the files end with.
const ENDING: &str = "journal";

/// Takes a file for this program alone; one in which an earlier run left something goes first, and what others left in
/// more files is moved into it.
pub(super) fn take(directory: &Path, whose: &Whose) -> Result<Outbox, Failure> {
    let (mut left, mut empty, mut unused) = (Vec::new(), Vec::new(), Vec::new());
    for slot in 0..SLOTS {
        let path = directory.join(format!("{}.{slot}.{ENDING}", whose.stem()));
        if !path.exists() {
            unused.push(path);
            continue;
        }
        match Outbox::open(&path) {
            Ok(outbox) if outbox.left().is_empty() => empty.push(outbox),
            Ok(outbox) => left.push(outbox),
            Err(OutboxError::InUse { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut found = left.into_iter().chain(empty);
    let Some(mut outbox) = found.next() else { return make(unused) };
    for other in found.filter(|other| !other.left().is_empty()) {
        outbox.take_over(other)?;
    }
    Ok(outbox)
}

/// Makes the first of these that nobody else makes at the same time.
fn make(paths: Vec<PathBuf>) -> Result<Outbox, Failure> {
    for path in paths {
        match Outbox::open(path) {
            Err(OutboxError::InUse { .. }) => {}
            opened => return Ok(opened?),
        }
    }
    Err(Failure::Refused {
        problem: format!("{SLOTS} programs write as this user in this room already"),
        hint: "end one of them, or keep these messages elsewhere with --outbox DIR, or nowhere with --outbox none",
    })
}

/// All files in the directory, in the order of their names; none where there is no directory.
pub(super) fn all(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose() -> Whose {
        Whose::new("room-1", "ada")
    }

    fn slot(outbox: &Outbox) -> &str {
        outbox.path().file_name().and_then(|name| name.to_str()).unwrap()
    }

    #[test]
    fn programs_that_run_at_once_have_a_file_each_and_the_first_free_one_is_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let directory = dir.path().join("outbox");
        let first = take(&directory, &whose()).unwrap();
        let second = take(&directory, &whose()).unwrap();
        assert_eq!((slot(&first), slot(&second)), ("room-1.ada.0.journal", "room-1.ada.1.journal"));
        drop(first);
        assert_eq!(slot(&take(&directory, &whose()).unwrap()), "room-1.ada.0.journal");
        let other = take(&directory, &Whose::new("room-1", "ben")).unwrap();
        assert_eq!(slot(&other), "room-1.ben.0.journal");
        assert_eq!(all(&directory).unwrap().len(), 3, "locks are no outboxes");
    }

    #[test]
    fn there_is_an_end_to_the_programs_that_run_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let held: Vec<_> = (0..SLOTS).map(|_| take(dir.path(), &whose()).unwrap()).collect();
        let refusal = take(dir.path(), &whose()).unwrap_err().to_string();
        assert_eq!(refusal, "16 programs write as this user in this room already");
        drop(held);
        take(dir.path(), &whose()).unwrap();
    }

    #[test]
    fn where_there_is_no_directory_there_is_nothing() {
        assert!(all(Path::new("/nowhere/outbox")).unwrap().is_empty());
    }
}
