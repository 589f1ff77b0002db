//! The secrets on the disk.

use std::fs;

use super::{grant, now};
use crate::token::*;

#[test]
fn the_secrets_are_the_same_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("data");
    let first = TokenKeys::load_or_create(&inner).unwrap();
    let token = first.issue_chat(&grant(), now());
    let second = TokenKeys::load_or_create(&inner).unwrap();
    assert_eq!(second.verify_chat(token.expose(), now()), Ok(grant()));
    assert!(second.is_org_token(first.org_token().expose()));
    let file = second.org_token_file().unwrap();
    assert_eq!(file, inner.join(ORG_TOKEN_FILE));
    assert_eq!(fs::read_to_string(file).unwrap(), first.org_token().expose());
}

#[test]
fn two_servers_that_start_at_once_agree_on_the_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let keys: Vec<TokenKeys> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| TokenKeys::load_or_create(dir.path()).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let token = keys[0].issue_chat(&grant(), now());
    for other in &keys {
        assert!(other.verify_chat(token.expose(), now()).is_ok());
        assert!(other.is_org_token(keys[0].org_token().expose()));
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_secrets_and_others_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    TokenKeys::load_or_create(dir.path()).unwrap();
    for name in [KEY_FILE, ORG_TOKEN_FILE] {
        let path = dir.path().join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = TokenKeys::load_or_create(dir.path()).unwrap_err();
        assert!(matches!(&refused, KeyError::File { path: told, .. } if *told == path), "{refused}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn a_file_that_holds_no_secret_is_told_and_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    TokenKeys::load_or_create(dir.path()).unwrap();
    for name in [KEY_FILE, ORG_TOKEN_FILE] {
        let path = dir.path().join(name);
        let good = fs::read(&path).unwrap();
        for bad in ["", "no secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            // The second of these is a fine token but no key.
            if name == ORG_TOKEN_FILE && bad.len() > 32 {
                continue;
            }
            fs::write(&path, bad).unwrap();
            let refused = TokenKeys::load_or_create(dir.path()).unwrap_err();
            assert!(matches!(&refused, KeyError::Invalid { path: told, .. } if *told == path), "{refused}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
        fs::write(&path, good).unwrap();
    }
}
