//! Every file of `fuzz/corpus` through its target.

use std::{
    collections::BTreeSet,
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use chatroom_fuzzed::{TARGETS, Target};

/// The most that the corpora may be, so that they stay a part of the repository: files, and bytes.
const MOST: (usize, u64) = (300, 1 << 20);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_was_found_before_holds_now() {
    for (name, target) in TARGETS {
        let corpus = files(&folder().join("corpus").join(name));
        assert!(!corpus.is_empty(), "{name} has a corpus");
        for file in corpus {
            let bytes = fs::read(&file).unwrap();
            assert!(catch_unwind(|| target(&bytes)).is_ok(), "{} breaks a promise", file.display());
        }
    }
}

#[test]
fn each_target_has_a_program_and_a_corpus_and_nothing_else_has() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let programs: BTreeSet<String> = files(&folder().join("fuzz_targets")).into_iter().map(stem).collect();
    let corpora: BTreeSet<String> = files(&folder().join("corpus")).into_iter().map(stem).collect();
    assert_eq!((&programs, &corpora), (&names, &names));
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    assert!(names.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
}

#[test]
fn the_corpora_stay_small() {
    let files: Vec<PathBuf> = TARGETS.iter().flat_map(|(name, _)| files(&folder().join("corpus").join(name))).collect();
    let bytes: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!(files.len() <= MOST.0 && bytes <= MOST.1, "{} files, {bytes} bytes", files.len());
}

/// One of the targets.
pub(crate) fn target(name: &str) -> Target {
    TARGETS.iter().find(|(other, _)| *other == name).unwrap().1
}
