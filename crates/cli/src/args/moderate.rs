//! `chatroom moderate`: what may be written.

use chatroom_wire::Time;
use clap::{Subcommand, ValueEnum};

use super::{access::VisitorArgs, moment, not_empty};

/// The examples below the long help.
const EXAMPLES: &str = "\
Examples:
  Who is blocked, what is pinned, and may everybody write?
      chatroom moderate list --token-file admin.token

  Find the ids of messages and people; their beginnings are enough:
      chatroom history --token-file admin.token -n 50 --ids

  Block whoever wrote a message, and delete what they wrote in the last ten minutes:
      chatroom moderate block --token-file admin.token --message 01997b1c --yes
      chatroom moderate delete --token-file admin.token --user Eve --since 10m \\
          --yes

  Mute the room for a while:
      chatroom moderate mute --token-file admin.token --yes
      chatroom moderate unmute --token-file admin.token";

/// `chatroom moderate`
#[derive(Debug, clap::Args)]
// Its options may stand behind the subcommand too.
#[command(after_long_help = EXAMPLES, mut_args(|arg| arg.global(true)))]
pub(crate) struct ModerateArgs {
    #[command(subcommand)]
    pub(crate) command: ModerateCommand,
    /// Print what the act was about as JSON, as the service writes it, one object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,
}

/// What to do in the room.
#[derive(Debug, Subcommand)]
pub(crate) enum ModerateCommand {
    /// Let only admins write
    #[command(after_long_help = "\
Examples:
  Ask first, then mute:
      chatroom moderate mute --token-file admin.token
  From a script:
      chatroom moderate mute --token-file admin.token --yes")]
    Mute(SureArgs),
    /// Let everybody write again
    #[command(after_long_help = "\
Examples:
  Open the room:
      chatroom moderate unmute --token-file admin.token")]
    Unmute,
    /// Hide from all others what somebody writes from now on
    ///
    /// What they wrote before stays; `moderate delete --user` takes it away. They still see their own
    /// messages. The block is announced to the room and listed in its state, so they may learn of it. To keep somebody
    /// out of the room altogether: `chatroom room bar`.
    #[command(after_long_help = "\
Examples:
  Whoever wrote the newest text:
      id=$(chatroom history --token-file admin.token --types text -n 1 --json \\
          | jq -r .id)
      chatroom moderate block --token-file admin.token --message \"$id\"
  Somebody by name, or by the beginning of an id, without a question:
      chatroom moderate block --token-file admin.token --user Eve --yes
  An id that nobody here has shown yet:
      chatroom moderate block --token-file admin.token --id user-417 --yes")]
    Block(BlockArgs),
    /// Show again what somebody writes from now on; what was hidden stays hidden
    #[command(after_long_help = "\
Examples:
  Who is blocked? Then one of them:
      chatroom moderate list --token-file admin.token
      chatroom moderate unblock --token-file admin.token --user user-417")]
    Unblock(PersonArgs),
    /// Put a message at the top of the room
    #[command(after_long_help = "\
Examples:
  Pin the newest text:
      id=$(chatroom history --token-file admin.token --types text -n 1 --json \\
          | jq -r .id)
      chatroom moderate pin --token-file admin.token \"$id\"")]
    Pin(PinArgs),
    /// Take a message from the top of the room
    #[command(after_long_help = "\
Examples:
  What is pinned? Then one of them, by its id or the beginning of it:
      chatroom moderate list --token-file admin.token
      chatroom moderate unpin --token-file admin.token 01997b1c")]
    Unpin(UnpinArgs),
    /// Delete a message, or several of one person, for everybody
    #[command(after_long_help = "\
Examples:
  The newest text:
      id=$(chatroom history --token-file admin.token --types text -n 1 --json \\
          | jq -r .id)
      chatroom moderate delete --token-file admin.token \"$id\"
  The last three of somebody:
      chatroom moderate delete --token-file admin.token --user user-417 --last 3
  All of theirs of the last ten minutes, without a question:
      chatroom moderate delete --token-file admin.token --user user-417 \\
          --since 10m --yes")]
    Delete(DeleteArgs),
    /// Go by another name in this room, whatever the token says
    #[command(after_long_help = "\
Examples:
  As the host:
      chatroom moderate rename --token-file admin.token Host")]
    Rename(RenameArgs),
    /// Show everybody how many are here, or do so no more
    #[command(after_long_help = "\
Examples:
  Show the number of viewers:
      chatroom moderate viewer-info --token-file admin.token on")]
    ViewerInfo(ViewerInfoArgs),
    /// List who is blocked, what is pinned, and whether the room is muted
    ///
    /// With --json it is the room as the service describes it, one object.
    #[command(after_long_help = "\
Examples:
  For a person, and for a program:
      chatroom moderate list --token-file admin.token
      chatroom moderate list --token-file admin.token --json \\
          | jq -r '.blocked_users[].id'")]
    List,
}

/// What every act that can hurt takes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct SureArgs {
    /// Do not ask first
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Somebody, by name, by id, or by a message.
#[derive(Debug, clap::Args)]
pub(crate) struct PersonArgs {
    /// The person: the display name, the id, or the beginning of the id
    ///
    /// People are looked for in the room's state and among those who wrote the newest messages. Where several may be meant,
    /// they are listed.
    #[arg(long, value_name = "NAME|ID", value_parser = not_empty(), required_unless_present_any = ["message", "id"])]
    pub(crate) user: Option<String>,
    /// A message of the person, by its id or the beginning of it; its author is looked up in the history
    #[arg(long, value_name = "MESSAGE_ID", value_parser = not_empty(), conflicts_with = "user")]
    pub(crate) message: Option<String>,
    /// Take this, or what --user says, for an id as it is, whether or not anybody here has it
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "", conflicts_with = "message")]
    pub(crate) id: Option<String>,
    /// How many messages to look through, from the newest back
    #[arg(long, value_name = "N", default_value_t = SEARCH, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) search: u32,
}

/// `chatroom moderate block`
#[derive(Debug, clap::Args)]
pub(crate) struct BlockArgs {
    #[command(flatten)]
    pub(crate) person: PersonArgs,
    /// The person's name, for the list of blocked people
    #[arg(long, value_name = "NAME", value_parser = not_empty())]
    pub(crate) user_name: Option<String>,
    /// The person's device; some services block one device alone
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) device: Option<String>,
    #[command(flatten)]
    pub(crate) sure: SureArgs,
}

/// `chatroom moderate pin`
#[derive(Debug, clap::Args)]
pub(crate) struct PinArgs {
    /// The message's id, or the beginning of it
    #[arg(value_name = "MESSAGE_ID", value_parser = not_empty())]
    pub(crate) message: String,
    /// How many messages to look through for its text and sender, from the newest back
    #[arg(long, value_name = "N", default_value_t = SEARCH, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) search: u32,
}

/// `chatroom moderate unpin`
#[derive(Debug, clap::Args)]
pub(crate) struct UnpinArgs {
    /// The message's id, or the beginning of it
    #[arg(value_name = "MESSAGE_ID", value_parser = not_empty())]
    pub(crate) message: String,
}

/// `chatroom moderate delete`
#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArgs {
    /// The message's id, or the beginning of it
    #[arg(value_name = "MESSAGE_ID", value_parser = not_empty(), required_unless_present_any = ["user", "id"])]
    pub(crate) message: Option<String>,
    /// Delete messages of this person: the display name, the id, or the beginning of the id
    #[arg(long, value_name = "NAME|ID", value_parser = not_empty(), conflicts_with = "message")]
    pub(crate) user: Option<String>,
    /// Take this, or what --user says, for an id as it is, whether or not anybody here has it
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "", conflicts_with = "message")]
    pub(crate) id: Option<String>,
    /// Only the person's newest N
    #[arg(long, value_name = "N", conflicts_with = "message", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) last: Option<u32>,
    /// Only those since this time, such as 10m (ten minutes ago), 23:58, or 2026-06-01 20:15
    #[arg(long, value_name = "TIME", conflicts_with_all = ["last", "message"], value_parser = moment::past, allow_hyphen_values = true)]
    pub(crate) since: Option<Time>,
    /// How many messages of the room to look through, from the newest back
    #[arg(long, value_name = "N", default_value_t = SEARCH, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) search: u32,
    #[command(flatten)]
    pub(crate) sure: SureArgs,
}

impl DeleteArgs {
    /// The person whose messages are to go, if it is not one message.
    pub(crate) fn person(&self) -> Option<PersonArgs> {
        (self.user.is_some() || self.id.is_some()).then(|| PersonArgs {
            user: self.user.clone(),
            message: None,
            id: self.id.clone(),
            search: self.search,
        })
    }
}

/// `chatroom moderate rename`
#[derive(Debug, clap::Args)]
pub(crate) struct RenameArgs {
    /// One's own name from now on
    #[arg(value_name = "NEW_NAME", value_parser = not_empty())]
    pub(crate) new_name: String,
}

/// `chatroom moderate viewer-info`
#[derive(Debug, clap::Args)]
pub(crate) struct ViewerInfoArgs {
    /// Whether the number is shown
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) switch: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// How far a search in the history goes back unless told otherwise.
const SEARCH: u32 = 1_000;

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _, Parser as _};

    use crate::args::Args;

    const GROUPS: [&str; 5] = ["moderate", "filter", "counter", "poll", "sticker"];

    /// The commands of the groups, and the groups themselves.
    fn commands() -> Vec<Command> {
        let top = Args::command();
        let groups = top.get_subcommands().filter(|group| GROUPS.contains(&group.get_name()));
        groups.flat_map(|group| group.get_subcommands().cloned().chain([group.clone()]).collect::<Vec<_>>()).collect()
    }

    fn examples(command: &Command) -> String {
        command.get_after_long_help().map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn every_command_of_a_group_has_examples_and_the_options_of_the_group() {
        assert_eq!(commands().iter().filter(|command| command.has_subcommands()).count(), GROUPS.len());
        for command in commands() {
            assert!(examples(&command).starts_with("Examples:"), "{}", command.get_name());
        }
        for line in ["moderate --json --api x mute", "moderate mute --json --api x", "poll show --plain --token-file f"]
        {
            let parsed = Args::try_parse_from(std::iter::once("chatroom").chain(line.split(' ')));
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }

    #[test]
    fn the_examples_can_be_typed() {
        for command in commands() {
            for line in examples(&command).replace("\\\n", " ").lines() {
                let Some((_, said)) = line.split_once("chatroom ") else { continue };
                let said = words(said.split([')', '|', '>']).next().unwrap_or_default());
                let parsed = Args::try_parse_from(std::iter::once("chatroom".to_owned()).chain(said));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }

    /// The words of a line, as a shell takes it apart.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quote = None;
        for c in line.chars() {
            match (quote, c) {
                (Some(open), _) if c == open => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, ' ') => words.push(String::new()),
                _ => words.last_mut().expect("there is always one").push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }
}
