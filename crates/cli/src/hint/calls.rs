//! What to do about a call of the service that failed, by whose token it was made with.

use chatroom_client::CallError;

use super::{FIREWALL, LATER, MORE, NEW_TOKEN, ORG_TOKEN, PROXY, RUNNING, tls};

const BUSY: &str = "the service is busy or broken; try again later";

const NOT_ALLOWED: &str = "the server does not let this token do that; is it the token for this room and this --api?";

/// Whether a refusal asks for an admin, and would not take a viewer.
fn wants_admin(message: &str) -> bool {
    message.contains("admin") && !message.contains("viewer")
}

/// Of a call with a chat token.
pub(super) fn chat(error: &CallError) -> &'static str {
    match error {
        CallError::Status { body, .. } if body.says_token_invalid() => NEW_TOKEN,
        CallError::Status { status: 403, body, .. } if wants_admin(&body.message) => {
            "this is an admin's alone: use a token with the role admin (`chatroom token create --role admin` makes one)"
        }
        CallError::Status { status: 403, .. } => NOT_ALLOWED,
        _ => any_call(error),
    }
}

/// Of a call with the organisation's token.
pub(super) fn organisation(error: &CallError) -> &'static str {
    match error {
        CallError::Status { body, .. } if body.says_token_invalid() => ORG_TOKEN,
        CallError::Status { status: 401 | 403, .. } => ORG_TOKEN,
        _ => any_call(error),
    }
}

/// Of a purchase with a refresh token.
pub(super) fn renewal(error: &CallError) -> &'static str {
    match error {
        CallError::Status { status: 401 | 403, .. } => {
            "it takes a refresh token, not a chat token; where this one has ended, get a new one from whoever runs the room"
        }
        _ => any_call(error),
    }
}

fn any_call(error: &CallError) -> &'static str {
    match error {
        // Only the service itself gives a code; without one it is another that answers.
        CallError::Status { status: 404, body, .. } if body.code != 0 => {
            "is the id right? What was deleted is gone for good"
        }
        CallError::Status { status: 409, body, .. } if body.code != 0 => "it is there already; nothing was changed",
        CallError::Status { status: 400, body, .. } if body.code != 0 => {
            "the service says what it wants; `chatroom room show` tells how the room is now"
        }
        CallError::Status { status: 408 | 425 | 429 | 500.., .. } => BUSY,
        _ => call(error),
    }
}

/// Of any call.
pub(super) fn call(error: &CallError) -> &'static str {
    match error {
        CallError::Status { status: 401 | 403, .. } => NEW_TOKEN,
        CallError::Status { status: 407, .. } => PROXY,
        CallError::Status { body, .. } if body.says_token_invalid() => NEW_TOKEN,
        CallError::Status { status: 408 | 425 | 429 | 500.., .. } => LATER,
        CallError::Status { .. } | CallError::Answer(_) => "this is no chatroom service; is --api right?",
        CallError::Unreachable(problem) if problem.contains(" through the proxy ") => PROXY,
        CallError::Unreachable(_) => RUNNING,
        CallError::Tls { fault, .. } => tls(*fault),
        CallError::TimedOut => FIREWALL,
        _ => MORE,
    }
}

#[cfg(test)]
mod tests {
    use chatroom_client::wire::rest::ErrorBody;

    use super::*;

    #[test]
    fn blames_the_role_only_where_the_server_asks_for_admins() {
        let refused = |message: &str| CallError::Status {
            status: 403,
            body: ErrorBody { code: 7, message: message.to_owned(), ..ErrorBody::default() },
            retry_after: None,
        };
        assert!(chat(&refused("only admins may do this")).contains("role admin"));
        assert_eq!(chat(&refused("the history is closed")), NOT_ALLOWED);
    }
}
