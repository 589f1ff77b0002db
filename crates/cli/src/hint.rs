//! What to do about a failure, by its cause.

use std::io;

use chatroom_client::{BuildError, CallError, Cause, End, LinkError, TlsFault};
use chatroom_server::StartError;

use crate::access::AccessError;

const NEW_TOKEN: &str = "get a new token from whoever runs the room (your own `chatroom serve` writes new token files \
    at each start); with --refresh-token-file a token that ends is renewed by itself";
const CA_FILE: &str =
    "if the server has an authority of its own, as `chatroom serve` does, trust it with --ca-file FILE";
const WRONG_NAME: &str = "the certificate is for another host: use the name that it is for (`chatroom serve` makes one \
    for localhost and 127.0.0.1)";
const CLOCK: &str = "is this machine's clock right? If it is, the server's certificate must be renewed";
const ONE_CLIENT_ID: &str = "another program uses the same config or token; give each its own (a config belongs to one \
    connection, so that --token-file suits several programs better than --config)";
const RUNNING: &str = "is the server running, and is this its address? `chatroom serve` starts one on this machine";
const PLAINTEXT: &str =
    "use https:// (or wss://); with --allow-plaintext it connects all the same, and everyone on the way can read it";

pub(crate) fn access(error: &AccessError) -> Option<&'static str> {
    match error {
        AccessError::Nothing => Some(
            "give --token-file FILE or --config FILE, set $CHATROOM_TOKEN, or write a profile; to try it first, run \
             `chatroom demo`, or `chatroom serve`, which makes a room with its tokens",
        ),
        AccessError::BadToken { .. } => {
            Some("a chat token has three parts with dots between them; is it the right file?")
        }
        AccessError::Expired { .. } => Some(NEW_TOKEN),
        AccessError::TokenFile { .. } => Some("the file holds the chat token and nothing else"),
        AccessError::ConfigFile { .. } => None,
        AccessError::BadConfig { .. } => {
            Some("a config is the answer of GET /bv/chatroom/v1/chatrooms/config, with connection, topic and user")
        }
    }
}

pub(crate) fn end(end: &End) -> Option<&'static str> {
    match end {
        End::Left => None,
        End::BadToken(_) => Some("a chat token has three parts with dots between them; is it the right file?"),
        End::TokenExpired(_) => Some(NEW_TOKEN),
        End::NotAuthorized(why) => cause(why).or(Some(NEW_TOKEN)),
        End::TakenOver | End::ShortLives(_) => Some(ONE_CLIENT_ID),
        End::ClosedOnConnect => Some(NEW_TOKEN),
        End::Fatal(why) => cause(why),
        End::GaveUp { last, .. } => last.as_ref().and_then(cause),
        _ => None,
    }
}

pub(crate) fn cause(cause: &Cause) -> Option<&'static str> {
    match cause {
        Cause::Link(error) => link(error),
        Cause::Call(error) => call(error),
        Cause::Refused { .. } | Cause::Disconnected { .. } | Cause::Subscription { .. }
            if cause.blame() == chatroom_client::Blame::Credentials =>
        {
            Some(NEW_TOKEN)
        }
        Cause::Mqtt(_) => Some("the room needs a server that speaks MQTT 5 over WebSocket"),
        _ => None,
    }
}

fn link(error: &LinkError) -> Option<&'static str> {
    match error {
        LinkError::NotFound { .. } => Some("is the host name right, and is this machine online?"),
        LinkError::Unreachable { .. } => Some(RUNNING),
        LinkError::Tls { fault, .. } => Some(tls(*fault)),
        LinkError::Upgrade { status: 401 | 403, .. } => Some(NEW_TOKEN),
        LinkError::Upgrade { status: 404 | 405 | 426, .. } | LinkError::NotMqtt(_) => {
            Some("nothing speaks MQTT over WebSocket there; is the endpoint of the config, or --api, right?")
        }
        LinkError::Upgrade { status: 429 | 500.., .. } => Some("the server is busy or broken; try again later"),
        LinkError::Plaintext(_) => Some(PLAINTEXT),
        LinkError::TimedOut => Some("a firewall may swallow the connection; is this the server's address?"),
        _ => None,
    }
}

fn call(error: &CallError) -> Option<&'static str> {
    match error {
        CallError::Status { status: 401 | 403, .. } => Some(NEW_TOKEN),
        CallError::Status { body, .. } if body.says_token_invalid() => Some(NEW_TOKEN),
        CallError::Status { status: 404 | 405, .. } | CallError::Answer(_) => {
            Some("this is no chatroom service; is --api right?")
        }
        CallError::Status { status: 429 | 500.., .. } => Some("the service is busy or broken; try again later"),
        CallError::Unreachable(_) => Some(RUNNING),
        CallError::Tls { fault, .. } => Some(tls(*fault)),
        CallError::TimedOut => Some("a firewall may swallow the connection; is this the service's address?"),
        _ => None,
    }
}

fn tls(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::UnknownIssuer => CA_FILE,
        TlsFault::Expired => CLOCK,
        TlsFault::WrongName => WRONG_NAME,
        TlsFault::Other => "does this port speak TLS? `chatroom serve` does so on its --tls-listen port",
    }
}

pub(crate) fn build(error: &BuildError) -> Option<&'static str> {
    match error {
        BuildError::Api(_) => Some("write --api like https://api.one.blendvision.com or https://localhost:8443"),
        BuildError::Plaintext { .. } => Some(PLAINTEXT),
        BuildError::Ca { .. } => {
            Some("an authority is a certificate in PEM, between lines of BEGIN and END CERTIFICATE")
        }
        _ => None,
    }
}

pub(crate) fn start(error: &StartError) -> Option<&'static str> {
    match error {
        StartError::AddressInUse(_) => {
            Some("end the other program, or take another port with --listen and --tls-listen (0 is any free one)")
        }
        StartError::Listen { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            Some("ports below 1024 need a right: take a higher one, or grant CAP_NET_BIND_SERVICE to the program")
        }
        StartError::Listen { .. } => Some("is this an address of this machine? 0.0.0.0 means all of them"),
        StartError::DataInUse(_) => Some("end the other server, or use another directory with --data DIR"),
        StartError::NothingToListenOn => Some("only one of --listen and --tls-listen may be `off`"),
        _ => None,
    }
}
