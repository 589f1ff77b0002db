//! The reason codes of MQTT 5, each with its name and one plain sentence.

use std::fmt;

/// An MQTT 5 reason code: why a peer refused, acknowledged or closed.
///
/// Codes below `0x80` mean success, the others failure, also those that the
/// table of MQTT 5 does not know.
///
/// ```
/// use chatroom_mqtt::ReasonCode;
///
/// let reason = ReasonCode::NOT_AUTHORIZED;
/// assert!(reason.is_error());
/// assert_eq!(reason.to_string(), "Not authorized (0x87)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReasonCode(pub u8);

/// Writes the constants and the two look-ups from one table, so that they can't drift apart.
macro_rules! reason_codes {
    ($($constant:ident = $code:literal, $name:literal, $sentence:literal;)*) => {
        impl ReasonCode {
            $(
                #[doc = concat!($name, " (", stringify!($code), "): ", $sentence)]
                pub const $constant: Self = Self($code);
            )*

            /// The name that the standard gives to this code; for an unknown code, what its range means.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($code => $name,)*
                    0x80.. => "Unknown failure",
                    _ => "Unknown success",
                }
            }

            /// One plain sentence for a person, saying what the code means for a chat.
            pub fn sentence(self) -> &'static str {
                match self.0 {
                    $($code => $sentence,)*
                    0x80.. => "The other side refused for a reason that MQTT 5 does not know.",
                    _ => "The other side agreed in a way that MQTT 5 does not know.",
                }
            }

            /// Every code of the table, in rising order.
            pub const ALL: &'static [Self] = &[$(Self($code)),*];
        }
    };
}

reason_codes! {
    SUCCESS = 0x00, "Success", "All is well.";
    GRANTED_QOS_1 = 0x01, "Granted QoS 1", "The subscription was granted at quality of service 1.";
    GRANTED_QOS_2 = 0x02, "Granted QoS 2", "The subscription was granted at quality of service 2.";
    DISCONNECT_WITH_WILL = 0x04, "Disconnect with will message", "The client left and wants its will to be published.";
    NO_MATCHING_SUBSCRIBERS = 0x10, "No matching subscribers", "The message was accepted, but nobody is listening.";
    NO_SUBSCRIPTION_EXISTED = 0x11, "No subscription existed", "There was no such subscription to end.";
    CONTINUE_AUTHENTICATION = 0x18, "Continue authentication", "The other side wants another step of authentication.";
    RE_AUTHENTICATE = 0x19, "Re-authenticate", "The other side wants to authenticate again.";
    UNSPECIFIED = 0x80, "Unspecified error", "The other side refused and does not say why.";
    MALFORMED = 0x81, "Malformed packet", "A packet could not be read.";
    PROTOCOL_ERROR = 0x82, "Protocol error", "A packet broke the rules of MQTT 5.";
    IMPLEMENTATION_SPECIFIC = 0x83, "Implementation specific error", "The packet is valid, but this server does not accept it.";
    UNSUPPORTED_VERSION = 0x84, "Unsupported protocol version", "The server does not speak this version of MQTT.";
    CLIENT_ID_INVALID = 0x85, "Client identifier not valid", "The server does not accept this client identifier.";
    BAD_CREDENTIALS = 0x86, "Bad user name or password", "The server does not accept this user name or password.";
    NOT_AUTHORIZED = 0x87, "Not authorized", "The server does not accept these credentials, or does not allow this to them.";
    SERVER_UNAVAILABLE = 0x88, "Server unavailable", "The server can't be used now.";
    SERVER_BUSY = 0x89, "Server busy", "The server has too much to do; try again later.";
    BANNED = 0x8A, "Banned", "This client was banned by the server's operator.";
    SHUTTING_DOWN = 0x8B, "Server shutting down", "The server is shutting down.";
    BAD_AUTHENTICATION_METHOD = 0x8C, "Bad authentication method", "The server does not know this way to authenticate.";
    KEEP_ALIVE_TIMEOUT = 0x8D, "Keep alive timeout", "The server heard nothing from this client for too long.";
    TAKEN_OVER = 0x8E, "Session taken over", "Another connection with the same client identifier took over.";
    TOPIC_FILTER_INVALID = 0x8F, "Topic filter invalid", "The server does not accept a subscription to this topic.";
    TOPIC_INVALID = 0x90, "Topic name invalid", "The server does not accept messages on this topic.";
    PACKET_ID_IN_USE = 0x91, "Packet identifier in use", "The packet identifier is still in use.";
    PACKET_ID_NOT_FOUND = 0x92, "Packet identifier not found", "The packet identifier is not known.";
    RECEIVE_MAXIMUM_EXCEEDED = 0x93, "Receive maximum exceeded", "Too many messages were sent without waiting for their acknowledgements.";
    TOPIC_ALIAS_INVALID = 0x94, "Topic alias invalid", "A topic alias is zero, too high or was never set.";
    PACKET_TOO_LARGE = 0x95, "Packet too large", "The packet is larger than the other side accepts.";
    MESSAGE_RATE_TOO_HIGH = 0x96, "Message rate too high", "Too many messages were sent in too short a time.";
    QUOTA_EXCEEDED = 0x97, "Quota exceeded", "A limit of the other side was exceeded.";
    ADMINISTRATIVE_ACTION = 0x98, "Administrative action", "The operator closed the connection.";
    PAYLOAD_FORMAT_INVALID = 0x99, "Payload format invalid", "The content of the message is not in the expected form.";
    RETAIN_NOT_SUPPORTED = 0x9A, "Retain not supported", "The server does not keep retained messages.";
    QOS_NOT_SUPPORTED = 0x9B, "QoS not supported", "The quality of service is higher than the other side supports.";
    USE_ANOTHER_SERVER = 0x9C, "Use another server", "The server asks to use another server for now.";
    SERVER_MOVED = 0x9D, "Server moved", "The server asks to use another server from now on.";
    SHARED_SUBSCRIPTIONS_NOT_SUPPORTED = 0x9E, "Shared subscriptions not supported", "The server has no shared subscriptions.";
    CONNECTION_RATE_EXCEEDED = 0x9F, "Connection rate exceeded", "Too many connections were opened in too short a time.";
    MAXIMUM_CONNECT_TIME = 0xA0, "Maximum connect time", "The connection was open for as long as the server allows.";
    SUBSCRIPTION_IDS_NOT_SUPPORTED = 0xA1, "Subscription identifiers not supported", "The server has no subscription identifiers.";
    WILDCARDS_NOT_SUPPORTED = 0xA2, "Wildcard subscriptions not supported", "The server has no wildcard subscriptions.";
}

impl ReasonCode {
    /// Whether the code means failure (`0x80` and above, as MQTT 5 section 2.4 divides them).
    pub fn is_error(self) -> bool {
        self.0 >= 0x80
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02X})", self.name(), self.0)
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table_has_a_name_and_a_whole_sentence() {
        for code in ReasonCode::ALL {
            assert!(!code.name().starts_with("Unknown"), "{code}");
            assert!(code.sentence().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn the_table_is_in_rising_order_without_doubles() {
        assert!(ReasonCode::ALL.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_unknown_code_is_judged_by_its_range() {
        assert_eq!(ReasonCode(0xFE).to_string(), "Unknown failure (0xFE)");
        assert!(ReasonCode(0xFE).is_error());
        assert_eq!(format!("{:?}", ReasonCode(0x7F)), "Unknown success (0x7F)");
        assert!(!ReasonCode(0x7F).is_error());
    }
}
