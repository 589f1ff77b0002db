//! What to do about a failure, by its cause. Every failure has a hint.
//!
//! - [`calls`]: about calls of the service

mod calls;

use std::io;

use chatroom_client::{
    Blame, BuildError, Cause, Delivery, End, LinkError, OutboxError, ReasonCode, Rejection, TlsFault,
};
use chatroom_server::{StartError, store::StoreError};

use crate::{access::AccessError, failure::Failure, profile::ProfileError};

const NEW_TOKEN: &str = "get a new token from whoever runs the room (your own `chatroom serve` keeps its token files \
    good while it runs); with --refresh-token-file a token that ends is renewed by itself";
const THREE_PARTS: &str = "a chat token has three parts with dots between them; is this the right file?";
const ORG_TOKEN: &str = "rooms and tokens are made with the organisation's token, not with a chat token; `chatroom serve` \
    says where its own is";
const CONFIG: &str = "a config is the answer of GET /bv/chatroom/v1/chatrooms/config, with connection, topic and user";
const ONE_CLIENT_ID: &str = "another program uses the same config or token; give each its own (a config belongs to one \
    connection, so that --token-file suits several programs better than --config)";
const RUNNING: &str = "is the server running, and is this its address? `chatroom serve` starts one on this machine";
const SPEAKS: &str = "nothing speaks MQTT over WebSocket there; is the endpoint of the config, or --api, right?";
const MQTT_5: &str =
    "the server may not speak MQTT 5, or not accept the credentials; a room needs MQTT 5 over WebSocket";
const LATER: &str = "the server is busy or broken; try again later, and longer with --timeout";
const FIREWALL: &str = "a firewall may swallow the connection; is this the server's address?";
const MORE: &str = "with --log debug you see what happened before";
const PERSISTED: &str = "the next `chatroom send` or `join` in this room sends it first, so don't send the same text again \
    (with --id that is safe); `chatroom outbox list` shows what waits";
const KEPT: &str = "what stays in the outbox need not be said again: `chatroom outbox list` shows it";
const ELSEWHERE: &str = "say where to keep messages until they have arrived with --outbox DIR, or keep none with \
    --outbox none";
const PROXY: &str = "is this the proxy? --proxy URL takes another one, --proxy none goes without; a user name and a password \
    stand in its URL, as in http://NAME:PASSWORD@proxy.example:3128";
const PLAINTEXT: &str =
    "use https:// (or wss://); with --allow-plaintext it connects all the same, and everyone on the way can read it";

/// What the user can do about a failure.
pub(crate) fn failure(failure: &Failure) -> &'static str {
    match failure {
        Failure::Log(_) => "a filter is a level, or levels of parts as in `--log warn,chatroom_session=debug`",
        Failure::Profile(ProfileError::NoFile { .. } | ProfileError::NoProfile { .. }) => {
            "write the profile into the file, or leave --profile out; `chatroom --help` shows one"
        }
        Failure::Profile(_) => "`chatroom --help` shows how the file is written",
        Failure::Access(error) => access(error),
        Failure::Outbox(error) => outbox(error),
        Failure::Build(error) => build(error),
        Failure::Call { source, .. } => calls::chat(source),
        Failure::OrgCall { source, .. } => calls::organisation(source),
        Failure::Renewal(source) => calls::renewal(source),
        Failure::File { source, .. } => file(source),
        Failure::Ended(error) => end(error),
        Failure::NotJoined { last, .. } => last.as_ref().map_or(FIREWALL, cause),
        Failure::Undelivered { last, .. } => undelivered(last.as_ref()),
        Failure::Stopped { kept: true, .. } => KEPT,
        Failure::Stopped { .. } => "with --json each message's fate is told; say again what was not delivered",
        Failure::Persisted { .. } => PERSISTED,
        Failure::Unfinished => "what was written is well-formed; with --after TIME it goes on behind the last message",
        Failure::Usage { hint, .. } | Failure::Refused { hint, .. } => hint,
        Failure::Start(error) | Failure::TlsFiles(error) => start(error),
        Failure::Setting(_) | Failure::BadSettings { .. } | Failure::Place { .. } => {
            "`chatroom serve --print-config` lists all settings"
        }
        Failure::SettingsFile { .. } => "`chatroom serve --print-config > FILE` writes one",
        Failure::WordsFile { .. } => "a list of words is a file of UTF-8 with one word on each line; `-` is stdin",
        Failure::NoStateDirectory => ELSEWHERE,
        Failure::NoDataDirectory => "say where to keep the data with --data DIR, or keep none with --ephemeral",
        Failure::Input(_) => "give the text as an argument, or pipe lines in",
        Failure::Output(_) => "is the disk full, or the terminal gone?",
        Failure::Issue(_) | Failure::ServerEnded | Failure::System { .. } => MORE,
        Failure::Hurried => "the next start repairs what is left; wait for the end to stop gently",
    }
}

fn access(error: &AccessError) -> &'static str {
    match error {
        AccessError::Nothing => {
            "give --token-file FILE or --config FILE, set $CHATROOM_TOKEN, or write a profile; to try it first, run \
             `chatroom demo`, or `chatroom serve`, which makes a room with its tokens"
        }
        AccessError::NoToken => {
            "give --token-file FILE, set $CHATROOM_TOKEN, or write a profile; `chatroom serve` makes a room with its tokens"
        }
        AccessError::NoRefreshToken => {
            "give --refresh-token-file FILE, set $CHATROOM_REFRESH_TOKEN_FILE, or write a profile"
        }
        AccessError::NoOrgToken => {
            "give --org-token-file FILE, set $CHATROOM_ORG_TOKEN, or write org_token_file into a profile; `chatroom serve` \
             says where its own is"
        }
        AccessError::NotOrgToken { .. } => ORG_TOKEN,
        AccessError::EmptyTokenFile { .. } | AccessError::EmptyToken { .. } => "is this the right file?",
        AccessError::BadToken { .. } => THREE_PARTS,
        AccessError::Expired { .. } => NEW_TOKEN,
        AccessError::TokenFile { .. } => {
            "the file holds the token and nothing else; `chatroom serve` says where its are"
        }
        AccessError::OrgToken { .. } => "`chatroom token create` makes a chat token with it",
        AccessError::UnusableApi { .. } => {
            "say where to send it with --api URL (and with --allow-plaintext, if everyone on the way may read it)"
        }
        AccessError::ConfigFile { .. } | AccessError::BadConfig { .. } => CONFIG,
    }
}

fn outbox(error: &OutboxError) -> &'static str {
    match error {
        OutboxError::Untrusted { .. } => {
            "look at it with `ls -la`: an outbox and its directory are yours (chown), and yours alone to write (chmod go-w); or \
             keep messages elsewhere with --outbox DIR"
        }
        OutboxError::NoOutbox { .. } => "move the file away, or keep messages elsewhere with --outbox DIR",
        OutboxError::Newer { .. } => "update this program, or keep messages elsewhere with --outbox DIR",
        _ => ELSEWHERE,
    }
}

fn build(error: &BuildError) -> &'static str {
    match error {
        BuildError::Api(_) => "write --api like https://api.one.blendvision.com or https://localhost:8443",
        BuildError::Plaintext { .. } => PLAINTEXT,
        BuildError::Proxy { .. } => PROXY,
        BuildError::CaFile { .. } | BuildError::Ca { .. } => {
            "--ca-file is a file of certificates in PEM; `chatroom serve` says where its own is"
        }
        _ => MORE,
    }
}

fn end(end: &End) -> &'static str {
    match end {
        End::TokenExpired { .. } => NEW_TOKEN,
        End::NotAuthorized(_) => NEW_TOKEN,
        End::TakenOver | End::ShortLives(_) => ONE_CLIENT_ID,
        End::ClosedOnConnect => MQTT_5,
        End::Fatal(why) => cause(why),
        End::GaveUp { last, .. } => last.as_ref().map_or(FIREWALL, cause),
        End::Left | _ => MORE,
    }
}

fn cause(cause: &Cause) -> &'static str {
    match cause {
        Cause::Link(error) => link(error),
        Cause::Call(error) => calls::call(error),
        Cause::Mqtt(_) => MQTT_5,
        Cause::Refused { reason, .. } | Cause::Disconnected { reason, .. } | Cause::Subscription { reason, .. } => {
            if cause.blame() == Blame::Credentials {
                NEW_TOKEN
            } else {
                refused(*reason)
            }
        }
        Cause::Publish { .. } => LATER,
        Cause::Renewal | _ => MORE,
    }
}

fn refused(reason: ReasonCode) -> &'static str {
    match reason {
        ReasonCode::UNSUPPORTED_VERSION => MQTT_5,
        ReasonCode::CLIENT_ID_INVALID => {
            "the config is not for this server any more; get a new one, or use --token-file"
        }
        ReasonCode::BANNED => "only whoever runs the server can let you in again",
        ReasonCode::TAKEN_OVER => ONE_CLIENT_ID,
        ReasonCode::TOPIC_FILTER_INVALID
        | ReasonCode::TOPIC_INVALID
        | ReasonCode::WILDCARDS_NOT_SUPPORTED
        | ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED => "is topic.sub of the config the one of this server?",
        ReasonCode::SERVER_UNAVAILABLE
        | ReasonCode::SERVER_BUSY
        | ReasonCode::SHUTTING_DOWN
        | ReasonCode::QUOTA_EXCEEDED
        | ReasonCode::CONNECTION_RATE_EXCEEDED
        | ReasonCode::UNSPECIFIED => LATER,
        _ => "whoever runs the server can tell more by its log",
    }
}

fn link(error: &LinkError) -> &'static str {
    match error.inner() {
        LinkError::NotFound { .. } => "is the host name right, and is this machine online?",
        LinkError::Unreachable { .. } => RUNNING,
        LinkError::Proxy { .. } => PROXY,
        LinkError::Tls { fault, .. } => tls(*fault),
        LinkError::Upgrade { status: 401 | 403, .. } => NEW_TOKEN,
        LinkError::Upgrade { status: 408 | 425 | 429 | 500.., .. } => LATER,
        LinkError::Upgrade { .. } | LinkError::NotMqtt(_) => SPEAKS,
        LinkError::Plaintext(_) => PLAINTEXT,
        LinkError::TimedOut => FIREWALL,
        LinkError::Closed | LinkError::Broken(_) | _ => MQTT_5,
    }
}

fn file(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AlreadyExists => "take another name, or write over it with --force",
        io::ErrorKind::IsADirectory => "give the name of a file in that directory",
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "make the directory first, or take another one",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "take a directory that this user may write into"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on that disk, or take another one",
        _ => "may this user write there, and is there room?",
    }
}

fn tls(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::UnknownIssuer => {
            "if the server has an authority of its own, as `chatroom serve` does, or a certificate that it signed itself, \
            trust that with --ca-file FILE (PEM; the present one, should it have been made anew); on the machine of \
            `chatroom serve`, --profile local does so"
        }
        TlsFault::Expired => "is this machine's clock right? If it is, the server's certificate must be renewed",
        TlsFault::WrongName => {
            "use a name that the certificate is for; it must stand among its subject alternative names (`chatroom serve` makes \
            one for localhost, for the address of --tls-listen and for the host of --public-url)"
        }
        TlsFault::Unusable => "the server needs another certificate; until then, its own log tells more",
        TlsFault::Other => "does this port speak TLS? `chatroom serve` does so on its --tls-listen port",
    }
}

fn undelivered(last: Option<&Delivery>) -> &'static str {
    match last {
        Some(Delivery::Rejected(Rejection::TooLarge { .. })) | None => {
            "a message is a line of UTF-8 that is neither empty nor too large; what is too large can be said in several \
            messages; where too many wait already, let them go out first, or look at them with `chatroom outbox list`"
        }
        Some(Delivery::Rejected(Rejection::Server { reason, .. })) => match *reason {
            ReasonCode::NOT_AUTHORIZED => "in a muted room only admins can write; the room says when it is open again",
            ReasonCode::PAYLOAD_FORMAT_INVALID => {
                "make shorter what is too long: a text can be said in several messages, a name can be cut (--name)"
            }
            ReasonCode::QUOTA_EXCEEDED | ReasonCode::MESSAGE_RATE_TOO_HIGH => "say less at once, with --every 1s",
            ReasonCode::UNSPECIFIED | ReasonCode::IMPLEMENTATION_SPECIFIC => LATER,
            _ => "whoever runs the server can tell more by its log",
        },
        Some(Delivery::Expired) => "try longer, with --ttl and --timeout, or when the server can be reached",
        Some(Delivery::Kept) => KEPT,
        Some(Delivery::Unconfirmed) => "look into the room before you say it again: it may have arrived",
        Some(_) => "say it again",
    }
}

fn start(error: &StartError) -> &'static str {
    match error {
        StartError::AddressInUse(_) => {
            "end the other program, or take another port with --listen and --tls-listen (0 is any free one)"
        }
        StartError::Listen { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            "ports below 1024 need a right: take a higher one, or grant CAP_NET_BIND_SERVICE to the program"
        }
        StartError::Listen { .. } => "is this an address of this machine? 0.0.0.0 means all of them",
        StartError::StoreMissing { .. } => {
            "restore the store from a backup; to begin with an empty one, move the keys away or start with --accept-store"
        }
        StartError::KeysMissing { .. } | StartError::OtherKeys { .. } => {
            "restore token-key.pem and org-token from the same backup as the store; to use it all the same, start with \
             --accept-store: every token that was given out ends"
        }
        StartError::DataInUse(_) => "end the other server, or use another directory with --data DIR",
        StartError::Store(StoreError::TooNew { .. }) => {
            "update this program, or restore a backup that this version made; --data DIR takes another directory"
        }
        StartError::Store(StoreError::Corrupt(_) | StoreError::DamagedRow(_)) => {
            "restore chatroom.db from a backup; --data DIR takes another directory, --ephemeral none"
        }
        StartError::Store(StoreError::Unavailable(_)) => {
            "is there room on the disk, and does no other program hold chatroom.db?"
        }
        StartError::Data { .. } | StartError::Store(_) | StartError::Keys(_) => {
            "may this user read and write there? --data DIR takes another directory, --ephemeral none"
        }
        StartError::Tls(_) => "--tls-cert takes a chain of certificates in PEM, --tls-key the key of the first of them",
        StartError::NothingToListenOn => "only one of --listen and --tls-listen may be `off`",
        StartError::Settings(_) => "`chatroom serve --print-config` lists all limits",
        _ => MORE,
    }
}
