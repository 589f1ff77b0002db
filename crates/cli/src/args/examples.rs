//! The examples below the long help of each command.

/// The help of `send --count`. The help's renderer makes a new line of `{n}`; an empty colour inside keeps it whole, and
/// is not seen.
pub(crate) const COUNT: &str = "Say the text this many times; {\x1b[mn} in it becomes 0, 1, 2, …";

pub(crate) const TOP: &str = "\
Examples:
  See it at work, with nothing set up:
      chatroom demo

  Host a room on this machine, and join it from another terminal as the server says:
      chatroom serve

  Read a room of the vendor's service, and say something in it:
      chatroom tail --token-file viewer.token
      chatroom send --token-file viewer.token \"What a goal!\"

Exit codes:
  0  done
  1  refused, or failed
  2  the command line, or the configuration file, can't be used
  3  the network, or the server, can't be reached
  4  the credentials are not accepted

Configuration file:
  [profiles.default]
  api = \"https://localhost:8443\"
  token_file = \"viewer.token\"        # relative to the configuration file
  refresh_token_file = \"viewer.refresh\"
  ca_file = \"ca.pem\"
  name = \"Ada\"";

pub(crate) const DEMO: &str = "\
Examples:
  Watch the room and talk in it, until Ctrl-C:
      chatroom demo

  Ten seconds of it, as plain lines for another program:
      chatroom demo --plain --for 10s | grep -i duck";

pub(crate) const SERVE: &str = "\
Examples:
  A room on this machine; the data is kept for the next time:
      chatroom serve

  For a test: any free ports, nothing kept, one line of JSON once it is ready:
      chatroom serve --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0 --ephemeral --ready json

  For everybody, with a certificate of your own, and calmer viewers:
      chatroom serve --listen off --tls-listen 0.0.0.0:443 \\
          --tls-cert chain.pem --tls-key key.pem --data /var/lib/chatroom --set rate.viewer=1

  Write down all limits, change some, and use them:
      chatroom serve --print-config > limits.toml
      chatroom serve --settings limits.toml";

pub(crate) const TAIL: &str = "\
Examples:
  Follow a room, beginning with the last 20 messages:
      chatroom tail --token-file viewer.token --history 20

  Follow a room of `chatroom serve` on this machine:
      chatroom tail --api https://localhost:8443 --ca-file ca.pem --token-file viewer.token

  Who speaks, in one minute? (every message is one line of JSON)
      chatroom tail --token-file viewer.token --json --for 60s | jq -r .user.custom_name | sort -u

  With a config that a backend fetched, instead of a token:
      curl -s -H \"authorization: Bearer $(cat viewer.token)\" \"$API/bv/chatroom/v1/chatrooms/config\" |
        chatroom tail --config -";

pub(crate) const SEND: &str = "\
Examples:
  Say one thing; done means that the room has it:
      chatroom send --token-file viewer.token \"What a goal!\"

  Count, once a second, as the vendor's sample client does:
      chatroom send --token-file viewer.token --count 10 --every 1s \"[{\x1b[mn}]\"

  Say what another program prints, and keep the receipts:
      ./commentary | chatroom send --token-file admin.token --json > receipts.ndjson";

pub(crate) const JOIN: &str = "\
Examples:
  Talk in a room:
      chatroom join --token-file viewer.token --name Ada

  In a room of `chatroom serve` on this machine:
      chatroom join --api https://localhost:8443 --ca-file ca.pem --token-file admin.token

  With everything in a profile of the configuration file:
      chatroom join --profile friday";
