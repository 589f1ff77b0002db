//! Where a server listens and keeps its data, and its limits: by options, environment and settings file, in this order.

use std::{
    collections::BTreeMap,
    fmt, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use chatroom_server::{Data, Options, PublicUrl, SettingError, Settings};
use etcetera::BaseStrategy as _;

use crate::{
    args::{
        ServeArgs,
        value::{Listen, listen},
    },
    environment::Environment,
    failure::Failure,
    near::nearest,
};

/// A setting that is no limit.
pub(super) struct Place {
    /// Its name in the settings file and for `--set`.
    pub(super) key: &'static str,
    /// Its environment variable.
    pub(super) variable: &'static str,
    pub(super) explanation: &'static str,
    /// How a value looks, where nothing is the default.
    pub(super) example: &'static str,
}

/// All of them. The file's paths are relative to the file.
pub(super) const PLACES: [Place; 7] = [
    place("listen", "CHATROOM_LISTEN", "where to listen without TLS: ADDRESS:PORT, PORT or off", ""),
    place("tls.listen", "CHATROOM_TLS_LISTEN", "where to listen with TLS: ADDRESS:PORT, PORT or off", ""),
    place("tls.cert", "CHATROOM_TLS_CERT", "the certificate chain, as PEM", "chain.pem"),
    place("tls.key", "CHATROOM_TLS_KEY", "the certificate's private key, as PEM", "key.pem"),
    place("public_url", "CHATROOM_PUBLIC_URL", "where clients reach the server", "https://chat.example/rooms"),
    place("data", "CHATROOM_DATA", "where to keep rooms, messages, keys and token files", "/var/lib/chatroom"),
    place("ephemeral", "CHATROOM_EPHEMERAL", "keep everything in a directory that goes away with the server", "true"),
];

const fn place(key: &'static str, variable: &'static str, explanation: &'static str, example: &'static str) -> Place {
    Place { key, variable, explanation, example }
}

/// What is in force.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) listen: Option<SocketAddr>,
    pub(super) tls_listen: Option<SocketAddr>,
    pub(super) tls_files: Option<(PathBuf, PathBuf)>,
    pub(super) public_url: Option<PublicUrl>,
    /// None where nobody said and the platform tells no directory.
    pub(super) data: Option<Data>,
    pub(super) settings: Settings,
}

/// Who said it.
enum Origin {
    Set(&'static str),
    Variable(&'static str),
    File(&'static str, PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(key) => write!(f, "--set {key}"),
            Self::Variable(name) => write!(f, "${name}"),
            Self::File(key, path) => write!(f, "{key} in the settings file {}", path.display()),
        }
    }
}

/// What was said of the places, by whom; who counts more comes first.
struct Said {
    set: BTreeMap<&'static str, String>,
    variables: BTreeMap<&'static str, String>,
    file: BTreeMap<&'static str, String>,
    path: PathBuf,
}

impl Setup {
    /// Gathers it.
    ///
    /// # Errors
    /// When something that was said can't be used.
    pub(super) fn gather(args: &ServeArgs, environment: &Environment<'_>) -> Result<Self, Failure> {
        let path = args.settings.clone().or_else(|| environment.path("CHATROOM_SETTINGS"));
        let mut settings = Settings::default();
        let mut said = Said::of(environment, path.as_deref(), &mut settings)?;
        for pair in &args.set {
            match PLACES.iter().find(|place| place.key == pair.key) {
                Some(place) => drop(said.set.insert(place.key, pair.value.clone())),
                None => settings.set(&pair.key, &pair.value).map_err(with_places)?,
            }
        }
        settings.check()?;
        let default = |port| Listen(Some((Ipv4Addr::LOCALHOST, port).into()));
        let listener = |option: Option<Listen>, key, port| {
            let said = said.read(key, listen)?;
            Ok::<_, Failure>(option.or(said).unwrap_or_else(|| default(port)).0)
        };
        let file = |option: &Option<PathBuf>, key| option.clone().or_else(|| said.path(key));
        let tls_files = match (file(&args.tls_cert, "tls.cert"), file(&args.tls_key, "tls.key")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                return Err(Failure::Usage {
                    problem: "a certificate and its key belong together, and only one of them is given",
                    hint: "give both tls.cert and tls.key, as options, variables or settings",
                });
            }
        };
        let url = said.read("public_url", |text| text.parse::<PublicUrl>().map_err(|error| error.to_string()))?;
        Ok(Self {
            listen: listener(args.listen, "listen", 8080)?,
            tls_listen: listener(args.tls_listen, "tls.listen", 8443)?,
            tls_files,
            public_url: args.public_url.clone().or(url),
            data: said.data(args)?,
            settings,
        })
    }

    /// For the server to start with.
    pub(super) fn options(self) -> Result<Options, Failure> {
        let mut options = Options::new(self.data.ok_or(Failure::NoDataDirectory)?);
        options.listen = self.listen;
        options.tls_listen = self.tls_listen;
        options.tls_files = self.tls_files;
        options.public_url = self.public_url;
        options.settings = self.settings;
        Ok(options)
    }

    /// The value in force, as it would be written; none where there is none.
    pub(super) fn shown(&self, key: &str) -> Option<String> {
        let listener =
            |address: Option<SocketAddr>| address.map_or_else(|| "off".to_owned(), |address| address.to_string());
        let path = |path: &Path| path.display().to_string();
        match (key, &self.data, &self.tls_files) {
            ("listen", ..) => Some(listener(self.listen)),
            ("tls.listen", ..) => Some(listener(self.tls_listen)),
            ("tls.cert", _, Some((certificate, _))) => Some(path(certificate)),
            ("tls.key", _, Some((_, key))) => Some(path(key)),
            ("public_url", ..) => self.public_url.as_ref().map(ToString::to_string),
            ("data", Some(Data::Directory(directory)), _) => Some(path(directory)),
            ("ephemeral", Some(Data::Ephemeral), _) => Some("true".to_owned()),
            _ => None,
        }
    }
}

impl Said {
    fn of(environment: &Environment<'_>, path: Option<&Path>, settings: &mut Settings) -> Result<Self, Failure> {
        let variables = PLACES.iter().filter_map(|place| Some((place.key, environment.text(place.variable)?)));
        let mut file = BTreeMap::new();
        if let Some(path) = path {
            let text =
                fs::read_to_string(path).map_err(|source| Failure::SettingsFile { path: path.to_owned(), source })?;
            let bad = |source| Failure::BadSettings { path: path.to_owned(), source };
            for (key, value) in Settings::pairs(&text).map_err(bad)? {
                match PLACES.iter().find(|place| place.key == key) {
                    Some(place) => drop(file.insert(place.key, value)),
                    None => settings.set(&key, &value).map_err(with_places).map_err(bad)?,
                }
            }
        }
        let path = path.map(absolute).unwrap_or_default();
        Ok(Self { set: BTreeMap::new(), variables: variables.collect(), file, path })
    }

    /// What was said, from who counts most to who counts least.
    fn all(&self, key: &'static str) -> impl Iterator<Item = (&str, Origin)> {
        let variable = PLACES.iter().find(|place| place.key == key).map_or("", |place| place.variable);
        let set = self.set.get(key).map(|value| (value.as_str(), Origin::Set(key)));
        let variable = self.variables.get(key).map(|value| (value.as_str(), Origin::Variable(variable)));
        let file = self.file.get(key).map(|value| (value.as_str(), Origin::File(key, self.path.clone())));
        [set, variable, file].into_iter().flatten()
    }

    fn read<T>(&self, key: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Failure> {
        let Some((value, origin)) = self.all(key).next() else { return Ok(None) };
        let unusable = |problem| Failure::Place { origin: origin.to_string(), value: value.to_owned(), problem };
        read(value.trim()).map(Some).map_err(unusable)
    }

    fn path(&self, key: &'static str) -> Option<PathBuf> {
        self.all(key).next().map(|(value, origin)| self.resolved(value, &origin))
    }

    /// Paths of the file are relative to it, all others to where the program was started.
    fn resolved(&self, value: &str, origin: &Origin) -> PathBuf {
        match origin {
            Origin::File(..) => self.path.parent().unwrap_or_else(|| Path::new("")).join(value),
            Origin::Set(_) | Origin::Variable(_) => absolute(Path::new(value)),
        }
    }

    /// Where to keep the data. Who counts more decides between a directory and none.
    fn data(&self, args: &ServeArgs) -> Result<Option<Data>, Failure> {
        if args.ephemeral {
            return Ok(Some(Data::Ephemeral));
        }
        if let Some(directory) = &args.data {
            return Ok(Some(Data::Directory(absolute(directory))));
        }
        let rank = |origin: &Origin| match origin {
            Origin::Set(_) => 0,
            Origin::Variable(_) => 1,
            Origin::File(..) => 2,
        };
        let directory = self.all("data").next();
        let ephemeral = match self.all("ephemeral").next() {
            None => None,
            Some((value, origin)) => match value.trim() {
                "true" | "1" | "yes" | "on" => Some(origin),
                "false" | "0" | "no" | "off" => None,
                _ => {
                    let problem = "it is true or false".to_owned();
                    return Err(Failure::Place { origin: origin.to_string(), value: value.to_owned(), problem });
                }
            },
        };
        match (directory, ephemeral) {
            (Some((_, of_directory)), Some(of_none)) if rank(&of_directory) == rank(&of_none) => Err(Failure::Usage {
                problem: "data names a directory, and ephemeral says that there is none",
                hint: "leave one of them out",
            }),
            (Some((value, origin)), none) if none.as_ref().is_none_or(|none| rank(&origin) < rank(none)) => {
                Ok(Some(Data::Directory(self.resolved(value, &origin))))
            }
            (_, Some(_)) => Ok(Some(Data::Ephemeral)),
            (_, None) => Ok(default_directory().map(Data::Directory)),
        }
    }
}

/// Names of places may be meant, too.
fn with_places(error: SettingError) -> SettingError {
    match error {
        SettingError::Unknown { key, near } if near.is_empty() => {
            let near = nearest(&key.replace('_', "."), PLACES.map(|place| place.key)).into_iter().collect();
            SettingError::Unknown { key, near }
        }
        error => error,
    }
}

fn default_directory() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.data_dir().join("chatroom").join("server"))
}

/// What is told of a path is used from other directories.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    fn gather(args: &str, variables: &[(&str, &str)]) -> Result<Setup, Failure> {
        let words = ["chatroom", "serve"].into_iter().chain(args.split_whitespace());
        let Command::Serve(args) = Args::parse_from(words).command else { unreachable!("it is serve") };
        Setup::gather(&args, &Environment::of(variables))
    }

    #[test]
    fn options_go_before_variables_before_the_file_before_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chatroom.toml");
        let text = "listen = 1001\ndata = \"rooms\"\n[tls]\nlisten = \"off\"\ncert = \"c.pem\"\nkey = \"/k.pem\"\n\
            [rate]\nviewer = 7\n";
        fs::write(&path, text).unwrap();
        let file = path.display().to_string();
        let settings = [("CHATROOM_SETTINGS", file.as_str())];
        let port = |setup: &Setup| setup.listen.unwrap().port();

        let by_file = gather("", &settings).unwrap();
        assert_eq!((port(&by_file), by_file.tls_listen, by_file.settings.rate_viewer), (1001, None, 7));
        assert_eq!(by_file.tls_files, Some((folder.path().join("c.pem"), PathBuf::from("/k.pem"))));
        assert_eq!(by_file.data, Some(Data::Directory(folder.path().join("rooms"))));

        let variables =
            [settings[0], ("CHATROOM_LISTEN", "1002"), ("CHATROOM_TLS_LISTEN", "[::1]:3"), ("CHATROOM_DATA", "/d")];
        let by_variable = gather("", &variables).unwrap();
        assert_eq!((port(&by_variable), by_variable.tls_listen), (1002, Some("[::1]:3".parse().unwrap())));
        assert_eq!(by_variable.data, Some(Data::Directory(PathBuf::from("/d"))));
        assert_eq!(port(&gather("--set listen=1003", &variables).unwrap()), 1003);
        let by_option = gather("--listen 1004 --ephemeral --set rate.viewer=8", &variables).unwrap();
        assert_eq!(
            (port(&by_option), by_option.data, by_option.settings.rate_viewer),
            (1004, Some(Data::Ephemeral), 8)
        );
        assert_eq!(port(&gather("", &[]).unwrap()), 8080);
        let ephemeral = [settings[0], ("CHATROOM_EPHEMERAL", "true")];
        assert_eq!(gather("", &ephemeral).unwrap().data, Some(Data::Ephemeral));
    }

    #[test]
    fn what_can_not_be_used_is_told_with_who_said_it() {
        let told = |args: &str, variables: &[(&str, &str)]| gather(args, variables).unwrap_err().to_string();
        assert_eq!(
            told("", &[("CHATROOM_LISTEN", "everywhere")]),
            "$CHATROOM_LISTEN can't be \"everywhere\": write it like 127.0.0.1:8080, [::1]:8080, 8080 or off"
        );
        assert!(told("", &[("CHATROOM_TLS_CERT", "c.pem")]).contains("belong together"));
        assert!(told("", &[("CHATROOM_EPHEMERAL", "maybe")]).contains("true or false"));
        assert!(told("", &[("CHATROOM_EPHEMERAL", "1"), ("CHATROOM_DATA", "/d")]).contains("ephemeral says"));
        assert!(told("--set tls_listen=off", &[]).contains("did you mean tls.listen?"));
    }
}
