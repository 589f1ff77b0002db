use std::{fs, io::empty};

use tempfile::TempDir;

use chatroom_wire::Claims;

use super::*;
use crate::args::access::{OrgArgs, ServiceArgs, VisitorArgs};

/// A JWT with these claims and no signature: the client reads it, and never verifies.
fn jwt(claims: &str) -> String {
    format!("e30.{}.sig", base64url(claims.as_bytes()))
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().enumerate().fold(0_u32, |sum, (i, byte)| sum | u32::from(*byte) << (16 - 8 * i));
        for i in 0..=chunk.len() {
            text.push(char::from(LETTERS[(number >> (18 - 6 * i) & 63) as usize]));
        }
    }
    text
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn by(visitor: VisitorArgs) -> AccessArgs {
    AccessArgs { visitor, config: None }
}

fn resolve(args: &AccessArgs, profile: &Profile, variables: &[(&str, &str)]) -> Result<Access, AccessError> {
    Access::resolve(args, profile, &Environment::of(variables), now(), empty())
}

#[test]
fn without_a_token_and_a_config_there_is_no_way_in() {
    assert!(matches!(resolve(&AccessArgs::default(), &Profile::default(), &[]), Err(AccessError::Nothing)));
}

#[test]
fn a_token_says_where_it_belongs_unless_somebody_else_does() {
    let files = Files::new();
    let belongs = |api: &str| format!(r#"{{"chatroom_api":{api},"chatroom_apis":["https://localhost:8443"]}}"#);
    let resolve = |claims: &str, api: Option<&str>, variables: &[(&str, &str)]| {
        let token_file = Some(files.write("token", &jwt(claims)));
        let service = ServiceArgs { api: api.map(str::to_owned), ..ServiceArgs::default() };
        let visitor = VisitorArgs { service, token_file, ..VisitorArgs::default() };
        let access = resolve(&by(visitor), &Profile::default(), variables)?;
        let warnings = access.warnings.into_iter().filter(|warning| warning.contains("belongs")).collect::<Vec<_>>();
        Ok::<_, AccessError>((access.place.api, warnings))
    };
    for (said, usable) in [
        (r#""https://chat.example/rooms/""#, Some("https://chat.example/rooms")),
        (r#""http://127.0.0.1:8080""#, Some("http://127.0.0.1:8080")),
        (r#""http://[::1]:8080""#, Some("http://[::1]:8080")),
        ("null", None),
    ] {
        let (api, warnings) = resolve(&belongs(said), None, &[]).unwrap();
        assert_eq!((api.as_deref(), warnings.len()), (usable, 0), "{said}");
    }
    for said in
        [r#""http://chat.example""#, r#""http://127.0.0.1.evil.example""#, r#""https://a@b""#, r#""ftp://a""#, "7"]
    {
        let refused = resolve(&belongs(said), None, &[]).unwrap_err();
        assert!(matches!(refused, AccessError::UnusableApi { .. }), "{said}: {refused}");
        // Whoever says where to send it is obeyed.
        let (api, warnings) = resolve(&belongs(said), Some("https://there"), &[]).unwrap();
        assert_eq!((api.as_deref(), warnings.len()), (Some("https://there"), 1), "{said}");
    }
    let ours = belongs(r#""http://127.0.0.1:8080""#);
    for same in ["http://127.0.0.1:8080/", "HTTPS://LOCALHOST:8443"] {
        assert!(resolve(&ours, Some(same), &[]).unwrap().1.is_empty(), "{same}");
    }
    let (api, warnings) = resolve(&ours, None, &[("CHATROOM_API", "https://there")]).unwrap();
    assert_eq!(api.as_deref(), Some("https://there"));
    assert_eq!(
        warnings,
        ["the token belongs to http://127.0.0.1:8080; it is sent to https://there, as $CHATROOM_API says"]
    );
    assert_eq!(resolve("{}", None, &[]).unwrap().0, None, "the vendor's tokens say nothing");
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_profile() {
    let files = Files::new();
    let of_flag = files.write("flag", &jwt(r#"{"sub":"flag"}"#));
    let of_profile = files.write("profile", &jwt(r#"{"sub":"profile"}"#));
    let of_environment = jwt(r#"{"sub":"environment"}"#);
    let who = |access: Access| match access.ticket {
        Ticket::Token(keys) => Claims::of(&keys.token).unwrap().sub.unwrap().to_string(),
        Ticket::Config(_) => unreachable!("no config was given"),
    };
    let profile = Profile {
        token_file: Some(of_profile),
        api: Some("https://profile".to_owned()),
        name: Some("profile".to_owned()),
        ca_file: Some(PathBuf::from("profile.pem")),
        ..Profile::default()
    };
    let mut args = AccessArgs::default();
    let access = resolve(&args, &profile, &[]).unwrap();
    assert_eq!((access.place.api.as_deref(), access.name()), (Some("https://profile"), Some("profile")));
    assert_eq!(access.place.ca_file, Some(PathBuf::from("profile.pem")));
    assert_eq!(who(access), "profile");

    let variables = [
        ("CHATROOM_TOKEN", of_environment.as_str()),
        ("CHATROOM_API", "https://environment"),
        ("CHATROOM_NAME", "environment"),
        ("CHATROOM_CA_FILE", "environment.pem"),
    ];
    let access = resolve(&args, &profile, &variables).unwrap();
    assert_eq!((access.place.api.as_deref(), access.name()), (Some("https://environment"), Some("environment")));
    assert_eq!(access.place.ca_file, Some(PathBuf::from("environment.pem")));
    assert_eq!(who(access), "environment");

    args.visitor.token_file = Some(of_flag);
    args.visitor.service.api = Some("https://flag".to_owned());
    args.visitor.name = Some("flag".to_owned());
    args.visitor.service.ca_file = Some(PathBuf::from("flag.pem"));
    let access = resolve(&args, &profile, &variables).unwrap();
    assert_eq!((access.place.api.as_deref(), access.name()), (Some("https://flag"), Some("flag")));
    assert_eq!(access.place.ca_file, Some(PathBuf::from("flag.pem")));
    assert_eq!(who(access), "flag");
}

#[test]
fn a_profile_s_refresh_token_stays_with_the_profile_s_token() {
    let files = Files::new();
    let token = files.write("token", &jwt("{}"));
    let refresh = files.write("refresh", "canary");
    let has_refresh = |access: Access| matches!(access.ticket, Ticket::Token(Keys { refresh: Some(_), .. }));
    let profile =
        Profile { token_file: Some(token.clone()), refresh_token_file: Some(refresh.clone()), ..Profile::default() };
    assert!(has_refresh(resolve(&AccessArgs::default(), &profile, &[]).unwrap()));
    let args = by(VisitorArgs { token_file: Some(token), ..VisitorArgs::default() });
    assert!(!has_refresh(resolve(&args, &profile, &[]).unwrap()));
    let args = by(VisitorArgs { refresh_token_file: Some(refresh), ..args.visitor });
    assert!(has_refresh(resolve(&args, &profile, &[]).unwrap()));
}

#[test]
fn a_token_that_is_none_is_refused_and_one_that_looks_over_is_warned_of() {
    let files = Files::new();
    let with = |text: &str| {
        let args = by(VisitorArgs { token_file: Some(files.write("token", text)), ..VisitorArgs::default() });
        resolve(&args, &Profile::default(), &[])
    };
    assert!(matches!(with(" \n"), Err(AccessError::EmptyToken { .. })));
    assert!(with("canary").is_ok(), "the service decides");
    // This machine's clock may be wrong: the service decides.
    let warnings = with(&jwt(r#"{"exp":1700000000}"#)).unwrap().warnings;
    let warning = warnings.iter().find(|warning| warning.contains("expired")).expect("it is told");
    assert!(warning.starts_with("by this machine's clock, the token in "), "{warning}");
    assert!(warning.ends_with("at 2023-11-14T22:13:20Z; trying it anyway, as the service decides"), "{warning}");
    let good = with(&jwt(r#"{"exp":1900000000}"#)).unwrap().warnings;
    assert!(!good.iter().any(|warning| warning.contains("clock")), "{good:?}");
}

#[test]
fn a_token_that_has_ended_is_not_warned_of_where_a_refresh_token_can_buy_a_new_one() {
    let files = Files::new();
    let args = by(VisitorArgs {
        token_file: Some(files.write("token", &jwt(r#"{"exp":1700000000}"#))),
        refresh_token_file: Some(files.write("refresh", "canary")),
        ..VisitorArgs::default()
    });
    let warnings = resolve(&args, &Profile::default(), &[]).unwrap().warnings;
    assert!(!warnings.iter().any(|warning| warning.contains("clock")), "{warnings:?}");
}

fn config_with(token: &str) -> String {
    format!(
        r#"{{"connection":{{"endpoint":"host.example","authorizer":"a","token":"{token}","signature":"s","client_id":"c"}},
            "topic":{{"pub":"p","sub":"s"}}}}"#
    )
}

#[test]
fn a_config_comes_from_a_file_or_from_stdin_and_is_checked() {
    let files = Files::new();
    let good = config_with(&jwt("{}"));
    let with = |path: PathBuf, stdin: &str| {
        let args = AccessArgs { config: Some(path), ..AccessArgs::default() };
        Access::resolve(&args, &Profile::default(), &Environment::of(&[]), now(), stdin.as_bytes())
    };
    assert!(!with(files.write("good", &good), "").unwrap().has_history());
    assert!(with(PathBuf::from("-"), &good).is_ok());
    assert!(matches!(with(files.write("none", "{}"), ""), Err(AccessError::BadConfig { .. })));
    assert!(matches!(with(files.0.path().join("nowhere"), ""), Err(AccessError::ConfigFile { .. })));
    assert!(with(files.write("opaque", &config_with("canary")), "").is_ok(), "the service decides");
    let ended = config_with(&jwt(r#"{"exp":1700000000}"#));
    let warnings = with(PathBuf::from("-"), &ended).unwrap().warnings;
    assert!(warnings[0].starts_with("by this machine's clock, connection.token of the config (stdin) expired "));
}

fn org(args: &OrgArgs, profile: &Profile, variables: &[(&str, &str)]) -> Result<OrgAccess, AccessError> {
    OrgAccess::resolve(args, profile, &Environment::of(variables))
}

#[test]
fn an_organisation_s_token_comes_from_a_flag_the_environment_or_the_profile() {
    let files = Files::new();
    let (none, empty) = (OrgArgs::default(), Profile::default());
    assert!(matches!(org(&none, &empty, &[]), Err(AccessError::NoOrgToken)));
    assert!(org(&none, &empty, &[("CHATROOM_ORG_TOKEN", "canary")]).is_ok());
    let profile = Profile { org_token_file: Some(files.write("profile", "canary")), ..Profile::default() };
    assert!(org(&none, &profile, &[]).is_ok());
    // The one that goes before is taken, whatever the others are.
    let args = OrgArgs { org_token_file: Some(files.write("flag", " \n")), ..OrgArgs::default() };
    let error = org(&args, &profile, &[("CHATROOM_ORG_TOKEN", "canary")]).unwrap_err();
    assert!(matches!(error, AccessError::EmptyTokenFile { .. }), "{error}");
}

#[test]
fn tokens_come_from_files_that_the_environment_names() {
    let files = Files::new();
    let path = |name: &str, text: &str| files.write(name, text).display().to_string();
    let (mine, other) = (path("mine", &jwt(r#"{"sub":"mine"}"#)), files.write("other", &jwt(r#"{"sub":"other"}"#)));
    let (refresh, blank) = (path("refresh", "canary"), path("blank", " \n"));
    let who = |access: &Access| match &access.ticket {
        Ticket::Token(keys) => (Claims::of(&keys.token).unwrap().sub.unwrap().to_string(), keys.refresh.is_some()),
        Ticket::Config(_) => unreachable!("no config was given"),
    };
    let profile = Profile { token_file: Some(other.clone()), ..Profile::default() };
    let none = AccessArgs::default();
    let variables = [("CHATROOM_TOKEN_FILE", mine.as_str()), ("CHATROOM_REFRESH_TOKEN_FILE", refresh.as_str())];
    let access = resolve(&none, &profile, &variables).unwrap();
    assert_eq!(who(&access), ("mine".to_owned(), true), "before the profile");
    let access = resolve(&none, &profile, &variables[1..]).unwrap();
    assert_eq!(who(&access), ("other".to_owned(), true), "a refresh token for the profile's token");
    let args = by(VisitorArgs { token_file: Some(other), ..VisitorArgs::default() });
    let access = resolve(&args, &profile, &variables).unwrap();
    assert_eq!(who(&access), ("other".to_owned(), false), "an option's token is renewed as itself or not at all");

    let token = jwt(r#"{"sub":"itself"}"#);
    let both = [variables[0], ("CHATROOM_TOKEN", token.as_str())];
    let access = resolve(&none, &profile, &both).unwrap();
    assert_eq!(who(&access).0, "itself");
    assert_eq!(access.warnings, ["$CHATROOM_TOKEN is used, not $CHATROOM_TOKEN_FILE"]);
    let empty = [("CHATROOM_TOKEN_FILE", blank.as_str())];
    assert!(matches!(resolve(&none, &profile, &empty), Err(AccessError::EmptyTokenFile { .. })));

    let (no_options, no_profile) = (OrgArgs::default(), Profile::default());
    assert!(org(&no_options, &no_profile, &[("CHATROOM_ORG_TOKEN_FILE", refresh.as_str())]).is_ok());
    let both = [("CHATROOM_ORG_TOKEN_FILE", blank.as_str()), ("CHATROOM_ORG_TOKEN", "canary")];
    assert_eq!(org(&no_options, &no_profile, &both).unwrap().warnings.len(), 1);
    let found = keys::refresh_token(None, &no_profile, &Environment::of(&variables), &mut Vec::new());
    assert_eq!(found.unwrap().expose(), "canary");
}

#[test]
fn a_chat_token_is_no_organisation_s_and_the_other_way_round() {
    let files = Files::new();
    let chat = files.write("chat", &jwt(r#"{"chat_id":"room-1"}"#));
    let args = OrgArgs { org_token_file: Some(chat), ..OrgArgs::default() };
    let error = org(&args, &Profile::default(), &[]).unwrap_err();
    assert!(error.to_string().ends_with("chat is a chat token, and no organisation's"), "{error}");
    // A service may give its organisations a JWT too.
    let args = OrgArgs { org_token_file: Some(files.write("org", &jwt("{}"))), ..OrgArgs::default() };
    assert!(org(&args, &Profile::default(), &[]).is_ok());

    let args = VisitorArgs { token_file: Some(files.write("opaque", "canary")), ..VisitorArgs::default() };
    let visitor = VisitorAccess::resolve(&args, &Profile::default(), &Environment::of(&[]), now());
    assert!(visitor.is_ok(), "the service decides");
    let nobody = VisitorAccess::resolve(&VisitorArgs::default(), &Profile::default(), &Environment::of(&[]), now());
    assert!(matches!(nobody, Err(AccessError::NoToken)));
}

#[test]
fn nothing_shows_the_tokens_that_were_gathered() {
    let files = Files::new();
    let secret = jwt(r#"{"sub":"canary"}"#);
    let args = VisitorArgs {
        token_file: Some(files.write("token", &secret)),
        refresh_token_file: Some(files.write("refresh", "canary")),
        ..VisitorArgs::default()
    };
    let environment = Environment::of(&[("CHATROOM_ORG_TOKEN", "canary")]);
    let visitor = VisitorAccess::resolve(&args, &Profile::default(), &environment, now()).unwrap();
    let org = OrgAccess::resolve(&OrgArgs::default(), &Profile::default(), &environment).unwrap();
    let shown = format!("{visitor:?} {org:?}");
    assert!(!shown.contains("canary") && !shown.contains(&secret), "{shown}");
}

#[test]
fn no_error_quotes_a_secret() {
    let files = Files::new();
    for text in ["canary", "a.canary.b", "canary canary\ncanary"] {
        let args = by(VisitorArgs { token_file: Some(files.write("token", text)), ..VisitorArgs::default() });
        // What is no JWT is tried all the same, unless it can't be a token at all.
        let told = match resolve(&args, &Profile::default(), &[]) {
            Ok(access) => format!("{access:?}"),
            Err(error) => {
                format!("{error} {error:?} {:?}", std::error::Error::source(&error).map(ToString::to_string))
            }
        };
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    let endless = io::repeat(b' ');
    let args = AccessArgs { config: Some(PathBuf::from("-")), ..AccessArgs::default() };
    let error = Access::resolve(&args, &Profile::default(), &Environment::of(&[]), now(), endless).unwrap_err();
    assert!(matches!(error, AccessError::ConfigFile { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_token_file_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;

    let files = Files::new();
    let path = files.write("token", &jwt("{}"));
    let args = by(VisitorArgs { token_file: Some(path.clone()), ..VisitorArgs::default() });
    for (mode, warnings) in [(0o600, 0), (0o640, 1), (0o604, 1)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(resolve(&args, &Profile::default(), &[]).unwrap().warnings.len(), warnings, "{mode:o}");
    }
}
