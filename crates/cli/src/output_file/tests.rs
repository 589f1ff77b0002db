use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn file(name: &Path, force: bool) -> Result<Box<NewFile>, Failure> {
    match OutputFile::create(name, force)? {
        OutputFile::File(file) => Ok(file),
        OutputFile::Stream(stream) => panic!("{} is a regular file", stream.name.display()),
    }
}

fn write(name: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut file = file(name, force)?;
    file.write(text)?;
    file.commit(false)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is a directory");
    let mut names: Vec<String> = entries.flatten().flat_map(|entry| entry.file_name().into_string()).collect();
    names.sort();
    names
}

fn cause(failure: Failure) -> io::Error {
    let Failure::File { source, .. } = failure else { panic!("{failure}") };
    source
}

#[test]
fn a_new_file_is_private_and_gets_its_name_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("a.csv");
    let mut new = file(&name, false).unwrap();
    new.write("half").unwrap();
    assert!(!name.exists());
    new.commit(false).unwrap();
    assert_eq!((fs::read_to_string(&name).unwrap().as_str(), mode(&name)), ("half", 0o600));
    assert_eq!(names(folder.path()), ["a.csv"]);
}

#[test]
fn what_is_dropped_half_way_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut new = file(&folder.path().join("a.csv"), false).unwrap();
    new.write("half").unwrap();
    drop(new);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn an_existing_file_needs_force_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("a.csv");
    write(&name, "one", false).unwrap();
    for kept in [0o644, 0o640, 0o604] {
        set_mode(&name, kept);
        assert_eq!(cause(write(&name, "two", false).unwrap_err()).kind(), io::ErrorKind::AlreadyExists);
        write(&name, "three", true).unwrap();
        assert_eq!((fs::read_to_string(&name).unwrap().as_str(), mode(&name)), ("three", kept));
    }
    assert_eq!(names(folder.path()), ["a.csv"]);
}

#[test]
fn a_file_that_somebody_makes_meanwhile_is_not_replaced_without_force() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("a.csv");
    let mut new = file(&name, false).unwrap();
    new.write("ours").unwrap();
    fs::write(&name, "theirs").unwrap();
    assert_eq!(cause(new.commit(false).unwrap_err()).kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&name).unwrap(), "theirs");
    assert_eq!(names(folder.path()), ["a.csv"]);
}

#[test]
fn a_secret_stays_its_owner_s_or_its_group_s_and_nobody_else_s() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("token");
    OutputFile::create(&name, false).unwrap().write_secret("one").unwrap();
    assert_eq!((fs::read_to_string(&name).unwrap().as_str(), mode(&name)), ("one\n", 0o600));
    for (before, after) in [(0o644, 0o600), (0o640, 0o640), (0o600, 0o600), (0o666, 0o600)] {
        set_mode(&name, before);
        OutputFile::create(&name, true).unwrap().write_secret("two").unwrap();
        assert_eq!(mode(&name), after, "{before:o}");
    }
}

#[test]
fn a_link_is_followed_and_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let [real, link, second, dangling] =
        ["real/a.csv", "link.csv", "second.csv", "dangling.csv"].map(|name| folder.path().join(name));
    fs::create_dir(folder.path().join("real")).unwrap();
    fs::write(&real, "one").unwrap();
    symlink("real/a.csv", &link).unwrap();
    symlink(&link, &second).unwrap();
    symlink("real/new.csv", &dangling).unwrap();
    assert_eq!(cause(write(&second, "two", false).unwrap_err()).kind(), io::ErrorKind::AlreadyExists);
    write(&second, "two", true).unwrap();
    write(&dangling, "three", false).unwrap();
    assert!([&link, &second, &dangling].iter().all(|link| link.is_symlink()));
    assert_eq!(fs::read_to_string(&real).unwrap(), "two");
    assert_eq!(fs::read_to_string(folder.path().join("real/new.csv")).unwrap(), "three");
    symlink("loop", folder.path().join("loop")).unwrap();
    assert!(cause(file(&folder.path().join("loop"), true).unwrap_err()).to_string().contains("links"));
}

#[test]
fn what_is_no_regular_file_is_written_into_and_stays_what_it_is() {
    use std::os::unix::{fs::FileTypeExt as _, net::UnixListener};

    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("null");
    symlink("/dev/null", &link).unwrap();
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for name in [Path::new("/dev/null"), &link, &socket, Path::new("/dev/stdout"), Path::new("/dev/fd/1")] {
        for force in [false, true] {
            let found = OutputFile::create(name, force).unwrap();
            assert!(matches!(found, OutputFile::Stream(_)), "{}", name.display());
        }
    }
    OutputFile::create(&link, true).unwrap().write_secret("nothing").unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device() && link.is_symlink());
}

#[test]
fn a_directory_is_refused_and_one_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(cause(file(folder.path(), true).unwrap_err()).kind(), io::ErrorKind::IsADirectory);
    let missing = cause(file(&folder.path().join("no/a.csv"), true).unwrap_err());
    assert!(missing.to_string().starts_with("there is no directory "), "{missing}");
}

#[test]
fn interrupted_files_get_names_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("a.csv");
    for text in ["one", "two"] {
        let mut new = file(&name, false).unwrap();
        new.write(text).unwrap();
        new.keep_part().unwrap();
    }
    assert_eq!(names(folder.path()), ["a.csv.part", "a.csv.part2"]);
    assert_eq!(fs::read_to_string(folder.path().join("a.csv.part")).unwrap(), "one");
}

#[test]
fn two_names_of_one_file_are_known_as_one() {
    let folder = tempfile::tempdir().unwrap();
    symlink("a", folder.path().join("b")).unwrap();
    let [a, b, c] = ["a", "b", "./c"].map(|name| OutputFile::create(&folder.path().join(name), false).unwrap());
    assert!(a.is_same(&b) && !a.is_same(&c));
}
