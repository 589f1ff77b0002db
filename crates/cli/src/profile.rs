//! The configuration file: profiles with the defaults of the connecting commands.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;
use toml::{Table, Value};

use crate::{
    access::{place::ProxyUrl, secret},
    args::outbox::Place,
    environment::Environment,
    near::nearest,
};

/// The defaults that one profile gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) api: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) refresh_token_file: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) name: Option<String>,
    pub(crate) org_token_file: Option<PathBuf>,
    pub(crate) outbox: Option<Place>,
    pub(crate) proxy: Option<ProxyUrl>,
    /// What the user should know of the file, though it works.
    pub(crate) warnings: Vec<String>,
}

/// The profile that is used unless another one is asked for.
const DEFAULT: &str = "default";

const KEYS: [&str; 8] =
    ["api", "token_file", "refresh_token_file", "ca_file", "name", "org_token_file", "outbox", "proxy"];

/// Why a profile can't be used. No value is ever quoted: one of them may be a token in the wrong place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileError {
    #[error("the configuration file {} can't be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is no TOML, line {line}: {problem}", path.display())]
    NotToml { path: PathBuf, line: usize, problem: String },
    #[error("{}: {place} is not known{}", path.display(), did_you_mean(*near))]
    Unknown { path: PathBuf, place: String, near: Option<&'static str> },
    #[error("{}: {place} must be {wanted}", path.display())]
    Wrong { path: PathBuf, place: String, wanted: &'static str },
    #[error("{} has no profile {name}{}", path.display(), did_you_mean(near.as_deref()))]
    NoProfile { path: PathBuf, name: String, near: Option<String> },
    #[error("the profile {name} was asked for, and there is no configuration file {}", path.display())]
    NoFile { path: PathBuf, name: String },
    #[error("this platform tells no directory for configurations")]
    NoDirectory,
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

impl Profile {
    /// The profile that the options and the environment ask for; an empty one where none is set up.
    pub(crate) fn load(
        name: Option<&str>,
        file: Option<&Path>,
        environment: &Environment<'_>,
    ) -> Result<Self, ProfileError> {
        let asked_for = name.map(str::to_owned).or_else(|| environment.text("CHATROOM_PROFILE"));
        let named_file = named_file(file, environment);
        let must_exist = named_file.is_some();
        let path = match named_file.or_else(default_file) {
            Some(path) => path,
            None if asked_for.is_none() => return Ok(Self::default()),
            None => return Err(ProfileError::NoDirectory),
        };
        let mut text = String::new();
        let file = File::open(&path).and_then(|mut file| file.read_to_string(&mut text).map(|_| file));
        let writers = match file {
            Ok(file) => secret::writers(&file),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => {
                return match asked_for {
                    None => Ok(Self::default()),
                    Some(name) => Err(ProfileError::NoFile { path, name }),
                };
            }
            Err(source) => return Err(ProfileError::Read { path, source }),
        };
        let mut profile = Self::from_toml(&text, asked_for.as_deref(), &path)?;
        let told =
            |who| format!("{who} may change the configuration file {}, and with it where tokens go", path.display());
        profile.warnings.extend(writers.map(told));
        Ok(profile)
    }

    /// The name of the profile that the options and the environment ask for.
    pub(crate) fn name(name: Option<&str>, environment: &Environment<'_>) -> String {
        let asked_for = name.map(str::to_owned).or_else(|| environment.text("CHATROOM_PROFILE"));
        asked_for.unwrap_or_else(|| DEFAULT.to_owned())
    }

    /// Reads one profile out of the text; all of them are checked.
    fn from_toml(text: &str, asked_for: Option<&str>, path: &Path) -> Result<Self, ProfileError> {
        let text = text.trim_start_matches('\u{feff}');
        let root: Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            ProfileError::NotToml {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                problem: error.message().to_owned(),
            }
        })?;
        if let Some(key) = root.keys().find(|key| *key != "profiles") {
            let near = nearest(key, ["profiles"]);
            return Err(ProfileError::Unknown { path: path.to_owned(), place: key.clone(), near });
        }
        let wrong = |place: &str| ProfileError::Wrong {
            path: path.to_owned(),
            place: place.to_owned(),
            wanted: "a table, such as [profiles.default]",
        };
        let profiles = match root.get("profiles") {
            None => &Table::new(),
            Some(Value::Table(profiles)) => profiles,
            Some(_) => return Err(wrong("profiles")),
        };
        let mut chosen = None;
        for (name, value) in profiles {
            let table = value.as_table().ok_or_else(|| wrong(&format!("profiles.{name}")))?;
            let profile = Self::from_table(name, table, path)?;
            if name == asked_for.unwrap_or(DEFAULT) {
                chosen = Some(profile);
            }
        }
        match (chosen, asked_for) {
            (Some(profile), _) => Ok(profile),
            (None, None) => Ok(Self::default()),
            (None, Some(name)) => Err(ProfileError::NoProfile {
                path: path.to_owned(),
                name: name.to_owned(),
                near: nearest(name, profiles.keys().map(String::as_str)).map(str::to_owned),
            }),
        }
    }

    fn from_table(name: &str, table: &Table, path: &Path) -> Result<Self, ProfileError> {
        let mut profile = Self::default();
        for (key, value) in table {
            let place = format!("profiles.{name}.{key}");
            let Some(known) = KEYS.into_iter().find(|known| known == key) else {
                return Err(ProfileError::Unknown { path: path.to_owned(), place, near: nearest(key, KEYS) });
            };
            let text = value.as_str().filter(|text| !text.trim().is_empty());
            let Some(text) = text else {
                return Err(ProfileError::Wrong { path: path.to_owned(), place, wanted: "a text that is not empty" });
            };
            match known {
                "api" => profile.api = Some(text.to_owned()),
                "proxy" => profile.proxy = Some(ProxyUrl::from(text.to_owned())),
                "name" => profile.name = Some(text.to_owned()),
                "token_file" => profile.token_file = Some(beside(path, text)),
                "refresh_token_file" => profile.refresh_token_file = Some(beside(path, text)),
                "outbox" if text == "none" => profile.outbox = Some(Place::Nowhere),
                "outbox" => profile.outbox = Some(Place::Directory(beside(path, text))),
                "org_token_file" => profile.org_token_file = Some(beside(path, text)),
                _ => profile.ca_file = Some(beside(path, text)),
            }
        }
        Ok(profile)
    }
}

/// The configuration file that somebody named.
pub(crate) fn named_file(option: Option<&Path>, environment: &Environment<'_>) -> Option<PathBuf> {
    option.map(Path::to_path_buf).or_else(|| environment.path("CHATROOM_CONFIG_FILE"))
}

/// The configuration file of this platform.
pub(crate) fn default_file() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("chatroom").join("config.toml"))
}

/// A path as it is written in a configuration file: from that file's directory, or from `~/`.
pub(crate) fn beside(file: &Path, written: &str) -> PathBuf {
    match (written.strip_prefix("~/"), etcetera::home_dir()) {
        (Some(rest), Ok(home)) => home.join(rest),
        _ => file.parent().unwrap_or_else(|| Path::new("")).join(written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "/etc/chatroom/config.toml";

    fn read(text: &str, name: Option<&str>) -> Result<Profile, String> {
        Profile::from_toml(text, name, Path::new(FILE)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_profile_gives_paths_beside_its_file() {
        let text = "[profiles.default]\napi = \"https://a\"\ntoken_file = \"a.token\"\n\
            ca_file = \"/ca.pem\"\noutbox = \"waiting\"\n[profiles.friday]\nname = \"Ada\"\noutbox = \"none\"\n";
        let profile = read(text, None).unwrap();
        assert_eq!(profile.api.as_deref(), Some("https://a"));
        assert_eq!(profile.token_file, Some(PathBuf::from("/etc/chatroom/a.token")));
        assert_eq!(profile.ca_file, Some(PathBuf::from("/ca.pem")));
        assert_eq!(profile.outbox, Some(Place::Directory(PathBuf::from("/etc/chatroom/waiting"))));
        let friday = Profile { name: Some("Ada".to_owned()), outbox: Some(Place::Nowhere), ..Profile::default() };
        assert_eq!(read(text, Some("friday")).unwrap(), friday);
    }

    #[test]
    fn nothing_set_up_is_no_error_unless_a_profile_is_asked_for() {
        assert_eq!(read("", None), Ok(Profile::default()));
        let text = "[profiles.friday]\n";
        assert_eq!(
            read(text, Some("firday")).unwrap_err(),
            "/etc/chatroom/config.toml has no profile firday; did you mean friday?"
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_near_one_and_without_its_value() {
        let error = read("[profiles.default]\ntoken = \"canary\"\n", None).unwrap_err();
        assert_eq!(error, "/etc/chatroom/config.toml: profiles.default.token is not known; did you mean token_file?");
        let error = read("[profile.default]\n", None).unwrap_err();
        assert_eq!(error, "/etc/chatroom/config.toml: profile is not known; did you mean profiles?");
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_by_its_line_and_not_quoted() {
        let error = read("[profiles.default]\ntoken_file = canary.secret\n", None).unwrap_err();
        assert!(error.starts_with("/etc/chatroom/config.toml is no TOML, line 2: "), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let error = read("[profiles.default]\napi = 7\n", None).unwrap_err();
        assert_eq!(error, "/etc/chatroom/config.toml: profiles.default.api must be a text that is not empty");
        assert!(read("[profiles]\ndefault = 1\n", None).unwrap_err().contains("must be a table"));
    }

    #[test]
    fn a_named_file_must_exist_and_the_default_one_need_not() {
        let nowhere = Path::new("/nowhere/config.toml");
        let environment = Environment::of(&[]);
        assert!(matches!(Profile::load(None, Some(nowhere), &environment), Err(ProfileError::Read { .. })));
    }
}
