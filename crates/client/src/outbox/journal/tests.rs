//! A disk that fails and is torn at any place, and a journal that keeps its word on it.

use std::{cell::RefCell, cmp::Ordering, collections::BTreeSet, rc::Rc};

use proptest::prelude::*;

use super::{super::tests::kept, *};

/// What goes wrong next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// There is room for so many bytes.
    Full(usize),
    /// The same, and the file can't be cut either.
    FullAndStuck(usize),
    /// So much of what was not synced gets onto the disk all the same.
    Sync(usize),
    /// A new file can't be made.
    Prepare,
    /// It can't be put in place.
    Rename,
    /// It was put in place, and nobody knows whether that lasts.
    DirectorySync,
    /// The program is killed at this call to the system, which may be half done.
    Killed { at: usize, torn: usize },
}

/// A file in memory; what is in `cached` survives the end of the program, what is in `durable` the end of the machine.
#[derive(Debug, Default)]
struct Disk {
    cached: Vec<u8>,
    durable: Vec<u8>,
    prepared: Option<Vec<u8>>,
    fault: Option<Fault>,
    /// How many calls there were under this fault.
    calls: usize,
}

type SharedDisk = Rc<RefCell<Disk>>;

fn failed() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

/// How far a call comes before its program is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Whole,
    Part(usize),
    Nothing,
}

impl Storage for SharedDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.borrow_mut();
        let room = match (disk.call(), disk.fault) {
            (Call::Nothing, _) => 0,
            (Call::Part(room), _) | (_, Some(Fault::Full(room) | Fault::FullAndStuck(room))) => room,
            _ => usize::MAX,
        };
        disk.cached.extend(bytes.iter().take(room));
        if room < bytes.len() { Err(failed()) } else { Ok(()) }
    }

    fn overwrite(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.borrow_mut();
        let (count, result) = match disk.call() {
            Call::Whole => (bytes.len(), Ok(())),
            Call::Part(torn) => (torn.min(bytes.len()), Err(failed())),
            Call::Nothing => return Err(failed()),
        };
        let place = usize::try_from(place).unwrap();
        assert!(place + bytes.len() <= disk.cached.len(), "the file grows no longer");
        disk.cached[place..place + count].copy_from_slice(&bytes[..count]);
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.borrow_mut();
        let torn = match (disk.call(), disk.fault) {
            (Call::Nothing, _) => return Err(failed()),
            (Call::Part(torn), _) | (_, Some(Fault::Sync(torn))) => torn,
            _ => {
                disk.durable = disk.cached.clone();
                return Ok(());
            }
        };
        let end = disk.cached.len().min(disk.durable.len() + torn);
        disk.durable = disk.cached[..end].to_vec();
        Err(failed())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut disk = self.borrow_mut();
        if disk.call() != Call::Whole || matches!(disk.fault, Some(Fault::FullAndStuck(_))) {
            return Err(failed());
        }
        disk.cached.truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn prepare(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.borrow_mut();
        if disk.call() != Call::Whole || disk.fault == Some(Fault::Prepare) {
            return Err(failed());
        }
        disk.prepared = Some(bytes.to_vec());
        Ok(())
    }

    fn switch(&mut self) -> io::Result<()> {
        let mut disk = self.borrow_mut();
        let prepared = disk.prepared.take().expect("it was prepared");
        match (disk.call(), disk.fault) {
            (Call::Nothing, _) | (_, Some(Fault::Rename)) => return Err(failed()),
            (Call::Part(_), _) | (_, Some(Fault::DirectorySync)) => {
                disk.cached = prepared;
                return Err(failed());
            }
            (Call::Whole, _) => {}
        }
        disk.cached.clone_from(&prepared);
        disk.durable = prepared;
        Ok(())
    }
}

impl Disk {
    /// Counts a call of a program that is killed at one of them.
    fn call(&mut self) -> Call {
        let Some(Fault::Killed { at, torn }) = self.fault else { return Call::Whole };
        self.calls += 1;
        match self.calls.cmp(&(at + 1)) {
            Ordering::Less => Call::Whole,
            Ordering::Equal => Call::Part(torn),
            Ordering::Greater => Call::Nothing,
        }
    }

    /// The program has ended, or the machine with it; of what was not synced so much is left then.
    fn crash(&mut self, power_failed: bool, torn: usize) {
        self.fault = None;
        self.calls = 0;
        self.prepared = None;
        if power_failed {
            if self.cached.starts_with(&self.durable) {
                let end = self.cached.len().min(self.durable.len() + torn);
                self.durable = self.cached[..end].to_vec();
            }
            self.cached = self.durable.clone();
        } else {
            // What is cached gets onto the disk in time.
            self.durable = self.cached.clone();
        }
    }
}

fn keep(id: &str) -> Entry {
    Entry::Keep(Box::new(kept(id, "hello")))
}

fn open(disk: &SharedDisk) -> (Journal<SharedDisk>, Vec<String>) {
    let bytes = disk.borrow().cached.clone();
    let (journal, found) = Journal::load(Rc::clone(disk), &bytes).unwrap();
    (journal, found.left.iter().map(|kept| kept.message.id.as_ref().unwrap().to_string()).collect())
}

#[test]
fn at_whatever_byte_the_file_ends_all_that_stands_before_it_counts() {
    let disk = SharedDisk::default();
    let (mut journal, _) = open(&disk);
    let mut history = vec![(disk.borrow().cached.len(), Vec::new())];
    let mut left: Vec<String> = Vec::new();
    for number in 0..12 {
        let id = number.to_string();
        journal.append(&[keep(&id)]).unwrap();
        left.push(id);
        history.push((disk.borrow().cached.len(), left.clone()));
        if number % 3 == 2 {
            let ended = left.remove(number / 3);
            journal.append(&[Entry::End(ended.as_str().into())]).unwrap();
            history.push((disk.borrow().cached.len(), left.clone()));
        }
    }
    let whole = disk.borrow().cached.clone();
    for end in 0..=whole.len() {
        let disk = SharedDisk::default();
        disk.borrow_mut().cached = whole[..end].to_vec();
        let expected = history.iter().rev().find(|(length, _)| *length <= end).map_or(&[][..], |(_, left)| left);
        let (mut journal, found) = open(&disk);
        assert_eq!(found, expected, "cut at {end}");
        journal.append(&[keep("new")]).unwrap();
        assert_eq!(open(&disk).1, [expected, &["new".to_owned()]].concat(), "and it goes on, cut at {end}");
    }
}

#[test]
fn a_full_disk_refuses_and_takes_again_once_there_is_room() {
    let disk = SharedDisk::default();
    let (mut journal, _) = open(&disk);
    journal.append(&[keep("a")]).unwrap();
    disk.borrow_mut().fault = Some(Fault::Full(400));
    let batch = [keep("b"), keep("c"), keep("d"), Entry::End("a".into())];
    let refusal = journal.append(&batch).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.ends), (io::ErrorKind::StorageFull, true));
    assert!(open(&disk).1.is_empty(), "an end needs no room, and what was refused is not there");
    disk.borrow_mut().fault = None;
    journal.append(&[keep("e")]).unwrap();
    assert_eq!(open(&disk).1, ["e"]);
}

#[test]
fn an_end_needs_no_room_whatever_else_is_kept() {
    for ended in ["a", "b", "c"] {
        let disk = SharedDisk::default();
        let (mut journal, _) = open(&disk);
        journal.append(&[keep("a"), keep("b"), keep("c")]).unwrap();
        disk.borrow_mut().fault = Some(Fault::Full(20));
        journal.append(&[Entry::End(ended.into())]).unwrap();
        disk.borrow_mut().crash(true, 0);
        let bytes = disk.borrow().cached.clone();
        let (_, found) = Journal::load(Rc::clone(&disk), &bytes).unwrap();
        assert_eq!((found.left.len(), found.broken), (2, 0));
        assert!(found.left.iter().all(|kept| kept.message.id != Some(ended.into())), "{ended}");
    }
}

#[test]
fn what_was_not_told_to_have_ended_is_still_there_when_the_journal_is_closed() {
    for fault in [Fault::FullAndStuck(20), Fault::Sync(0)] {
        let disk = SharedDisk::default();
        let (mut journal, _) = open(&disk);
        journal.append(&[keep("a")]).unwrap();
        disk.borrow_mut().fault = Some(fault);
        journal.append(&[Entry::End("a".into())]).unwrap_err();
        disk.borrow_mut().fault = None;
        journal.close();
        disk.borrow_mut().crash(true, 0);
        assert_eq!(open(&disk).1, ["a"], "{fault:?}");
    }
}

#[test]
fn after_a_sync_that_failed_the_file_is_written_anew_before_anything_counts() {
    let disk = SharedDisk::default();
    let (mut journal, _) = open(&disk);
    journal.append(&[keep("a")]).unwrap();
    disk.borrow_mut().fault = Some(Fault::Sync(1_000));
    journal.append(&[keep("b")]).unwrap_err();
    disk.borrow_mut().fault = Some(Fault::Prepare);
    journal.append(&[keep("c")]).unwrap_err();
    disk.borrow_mut().fault = None;
    journal.append(&[keep("d")]).unwrap();
    disk.borrow_mut().crash(true, 0);
    assert_eq!(open(&disk).1, ["a", "d"]);
}

#[test]
fn a_file_that_mostly_holds_what_has_ended_is_written_anew() {
    let disk = SharedDisk::default();
    let (mut journal, _) = open(&disk);
    journal.append(&[keep("first")]).unwrap();
    let mut largest = 0;
    for number in 0..8_000 {
        let id = number.to_string();
        journal.append(&[keep(&id), Entry::End(id.as_str().into())]).unwrap();
        largest = largest.max(disk.borrow().cached.len());
    }
    let large = usize::try_from(LARGE).unwrap();
    assert!((large - 1_000..large + 1_000).contains(&largest), "{largest}");
    assert!(disk.borrow().cached.len() < large / 2);
    assert_eq!(open(&disk).1, ["first"]);
}

#[derive(Debug, Clone)]
enum Step {
    /// Write so many new messages and ends of what is kept, at once, while this goes wrong.
    Write { keeps: usize, ends: usize, fault: Option<Fault> },
    /// The program ends, or the machine, and another one starts.
    Crash { power_failed: bool, torn: usize },
    /// The program ends gently.
    Close,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (0..600usize).prop_map(Fault::Full),
        (0..600usize).prop_map(Fault::FullAndStuck),
        (0..600usize).prop_map(Fault::Sync),
        Just(Fault::Prepare),
        Just(Fault::Rename),
        Just(Fault::DirectorySync),
        (0..5usize, 0..600usize).prop_map(|(at, torn)| Fault::Killed { at, torn }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4usize, 0..3usize, proptest::option::weighted(0.3, fault()))
            .prop_map(|(keeps, ends, fault)| Step::Write { keeps, ends, fault }),
        2 => (any::<bool>(), 0..900usize).prop_map(|(power_failed, torn)| Step::Crash { power_failed, torn }),
        1 => Just(Step::Close),
    ]
}

proptest! {
    #[test]
    fn nothing_taken_is_lost_and_nothing_ended_comes_back_whatever_the_disk_does(
        steps in proptest::collection::vec(step(), 1..40)
    ) {
        let disk = SharedDisk::default();
        let (mut journal, _) = open(&disk);
        let mut next = 0;
        // In order; and what may be there or not, because the disk refused what would have settled it.
        let mut taken: Vec<String> = Vec::new();
        let mut doubtful: BTreeSet<String> = BTreeSet::new();
        for step in steps {
            match step {
                Step::Write { keeps, ends, fault } => {
                    let new: Vec<String> = (next..next + keeps).map(|number| number.to_string()).collect();
                    next += keeps;
                    let ended: Vec<String> = taken.iter().take(ends).cloned().collect();
                    let mut entries: Vec<Entry> = new.iter().map(|id| keep(id)).collect();
                    entries.extend(ended.iter().map(|id| Entry::End(id.as_str().into())));
                    disk.borrow_mut().fault = fault;
                    let result = journal.append(&entries);
                    // What a file in doubt holds is settled once it is written anew; and of a program that was killed
                    // nobody heard.
                    let unsettled = journal.state != State::Good || disk.borrow().calls > 0;
                    match result {
                        Ok(()) => {
                            taken.retain(|id| !ended.contains(id));
                            taken.extend(new);
                        }
                        Err(Refusal { ends: true, .. }) => {
                            taken.retain(|id| !ended.contains(id));
                            doubtful.extend(new);
                        }
                        Err(Refusal { ends: false, .. }) => doubtful.extend(ended.into_iter().chain(new)),
                    }
                    if !unsettled {
                        doubtful.clear();
                    }
                    let Some(Fault::Killed { torn, .. }) = fault else {
                        disk.borrow_mut().fault = None;
                        continue;
                    };
                    drop(journal);
                    disk.borrow_mut().crash(torn % 3 == 0, torn);
                }
                Step::Crash { power_failed, torn } => {
                    drop(journal);
                    disk.borrow_mut().crash(power_failed, torn);
                }
                Step::Close => {
                    journal.close();
                    doubtful.clear();
                    disk.borrow_mut().crash(true, 0);
                }
            }
            let found;
            (journal, found) = open(&disk);
            let certain = |ids: &[String]| -> Vec<String> {
                ids.iter().filter(|id| !doubtful.contains(*id)).cloned().collect()
            };
            prop_assert_eq!(certain(&found), certain(&taken));
            taken = found;
            doubtful.clear();
        }
    }
}
