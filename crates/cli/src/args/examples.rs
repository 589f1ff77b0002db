//! The examples below the long help of each command. What is to be copied is indented by six columns, and
//! [`help`](super::help) keeps it whole; a line has 80 columns at most.

pub(crate) const TOP: &str = "\
Examples:
  See it at work, with nothing set up:
      chatroom demo

  Host a room on this machine, and join it from another terminal as the server says:
      chatroom serve

  Read a room of the vendor's service, and say something in it:
      chatroom tail --token-file viewer.token
      chatroom send --token-file viewer.token \"What a goal!\"

  Make a room of your own, a token for somebody, and save what was said there:
      room=$(chatroom room create --org-token-file org-token)
      chatroom token create --org-token-file org-token --room \"$room\" \\
          --name Ada --out ada.token
      chatroom history --token-file ada.token --export evening.html

Exit codes:
  0  done
  1  refused, or failed
  2  the command line, or the configuration file, can't be used
  3  the network, or the server, can't be reached
  4  the credentials are not accepted
  5  persisted, not delivered yet: the next run sends it, so don't say it again

Configuration file:
      [profiles.default]
      api = \"https://localhost:8443\"
      token_file = \"viewer.token\"        # relative to the configuration file
      refresh_token_file = \"viewer.refresh\"
      ca_file = \"ca.pem\"
      name = \"Ada\"
      org_token_file = \"org-token\"       # where you make rooms and tokens
      proxy = \"http://proxy.example:3128\" # an HTTP proxy, or none
      outbox = \"none\"                    # or a directory for what waits

  Each key has a variable that goes before it, such as CHATROOM_CA_FILE for ca_file, and an option that goes before \
both. CHATROOM_TOKEN and CHATROOM_ORG_TOKEN hold the tokens themselves, and go before those that name their files.";

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
      chatroom serve --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0 \\
          --ephemeral --ready json

  For everybody, with a certificate of your own, and calmer viewers:
      chatroom serve --listen off --tls-listen 0.0.0.0:443 \\
          --tls-cert chain.pem --tls-key key.pem --data /var/lib/chatroom \\
          --set rate.viewer=1

  Write down all settings, change some, and use them:
      chatroom serve --print-config > chatroom.toml
      chatroom serve --settings chatroom.toml

  Is it alive, and does it take messages? What happens there? (requests, refusals, joins and room commands)
      curl -f http://127.0.0.1:8080/healthz \\
          && curl -f http://127.0.0.1:8080/readyz
      chatroom serve --log info";

pub(crate) const TAIL: &str = "\
Examples:
  Follow a room, beginning with the last 20 messages:
      chatroom tail --token-file viewer.token -n 20

  Follow a room of `chatroom serve` on this machine:
      chatroom tail --profile local

  Who speaks, in one minute? (every message is one line of JSON)
      chatroom tail --token-file viewer.token --json --for 60s \\
          | jq -r .user.custom_name | sort -u

  With a config that a backend fetched, instead of a token:
      curl -s -H \"authorization: Bearer $(cat viewer.token)\" \\
          \"$API/bv/chatroom/v1/chatrooms/config\" \\
          | chatroom tail --config -";

pub(crate) const SEND: &str = "\
Examples:
  Say one thing; done means that the room has it:
      chatroom send --token-file viewer.token \"What a goal!\"

  Count, once a second, as the vendor's sample client does:
      chatroom send --token-file viewer.token -n 10 --every 1s \"[{n}]\"

  Try until it is said, once however often that takes:
      until chatroom send --token-file admin.token --id kick-off \"We begin\"; \\
          do sleep 5; done

  Say what another program prints, and keep the receipts:
      ./commentary | chatroom send --token-file admin.token --json \\
          > receipts.ndjson";

pub(crate) const JOIN: &str = "\
Examples:
  Talk in a room:
      chatroom join --token-file viewer.token --name Ada

  In a room of `chatroom serve` on this machine:
      chatroom join --profile local

  With everything in a profile of the configuration file:
      chatroom join --profile friday";

pub(crate) const HISTORY: &str = "\
Examples:
  All that was said, from the first message to the last:
      chatroom history --token-file viewer.token

  The last hour; the last 50 messages:
      chatroom history --token-file viewer.token --after -1h
      chatroom history --token-file viewer.token -n 50

  Save a whole evening: as a page to read, and as a table for a spreadsheet:
      chatroom history --token-file viewer.token --after 2026-06-01 \\
          --export evening.html
      chatroom history --token-file viewer.token --export evening.csv

  Who pressed what? (every message is one line of JSON, as it came over the wire)
      chatroom history --token-file viewer.token --types custom --json \\
          | jq -c .custom_message";

pub(crate) const ROOM_CREATE: &str = "\
Examples:
  Make a room, and a token for an admin of it:
      room=$(chatroom room create --org-token-file org-token --counter like)
      chatroom token create --org-token-file org-token --room \"$room\" \\
          --role admin --out admin.token";

pub(crate) const ROOM_SHOW: &str = "\
Examples:
  How is the room?
      chatroom room show --token-file viewer.token

  What do the counters say? (the room is one line of JSON)
      chatroom room show --token-file viewer.token --json | jq .custom_counters";

pub(crate) const TOKEN_CREATE: &str = "\
Examples:
  A room, and a viewer in it for a day, with what buys fresh tokens:
      room=$(chatroom room create --org-token-file org-token)
      chatroom token create --org-token-file org-token --room \"$room\" \\
          --name Ada --expires 24h --out ada.token --refresh-out ada.refresh
      chatroom join --token-file ada.token --refresh-token-file ada.refresh

  A token for another program, from hand to hand:
      CHATROOM_TOKEN=$(chatroom token create --org-token-file org-token \\
          --room \"$room\" --show) ./bot";

pub(crate) const TOKEN_REFRESH: &str = "\
Examples:
  Renew a token file:
      chatroom token refresh --refresh-token-file ada.refresh --out ada.token \\
          --force";

pub(crate) const TOKEN_INSPECT: &str = "\
Examples:
  Is it still good?
      chatroom token inspect --token-file ada.token

  Which room is it for?
      chatroom token inspect --token-file ada.token --json | jq -r .room";
