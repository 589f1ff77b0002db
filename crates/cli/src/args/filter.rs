//! `chatroom filter`: what may be written.

use std::path::PathBuf;

use clap::Subcommand;

use super::{access::VisitorArgs, moderate::SureArgs, not_empty};

/// The examples below the long help.
const EXAMPLES: &str = "\
Examples:
  Make a dictionary, fill it from a file with one word on each line, and have this room use it:
      chatroom filter create rude --token-file admin.token
      chatroom filter add rude --file words.txt --token-file admin.token
      chatroom filter enable rude --token-file admin.token

  Which dictionaries does this room use?
      chatroom filter status --token-file admin.token

  A word more, a word less:
      chatroom filter add rude \"go home\" --token-file admin.token
      chatroom filter remove rude \"go home\" --token-file admin.token";

/// `chatroom filter`
#[derive(Debug, clap::Args)]
// Its options may stand behind the subcommand too.
#[command(after_long_help = EXAMPLES, mut_args(|arg| arg.global(true)))]
pub(crate) struct FilterArgs {
    #[command(subcommand)]
    pub(crate) command: FilterCommand,
    /// Print JSON as the service writes it, one object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// The file with a token for dictionaries; without it, an admin's chat token is used
    ///
    /// Else $CHATROOM_DICTIONARY_TOKEN_FILE. It is enough for all but `enable`, `disable` and `status`, which are about a room
    /// and take no notice of the variable.
    #[arg(long, value_name = "FILE")]
    pub(crate) dictionary_token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,
}

/// What to do with the dictionaries. DICT is an id, the beginning of one, or a name.
#[derive(Debug, Subcommand)]
pub(crate) enum FilterCommand {
    /// List all dictionaries
    #[command(after_long_help = "\
Examples:
  Ids, sizes and names:
      chatroom filter list --token-file admin.token")]
    List,
    /// Make an empty dictionary, and print its id
    #[command(after_long_help = "\
Examples:
  Make one, keep its id:
      id=$(chatroom filter create rude --token-file admin.token)")]
    Create(CreateArgs),
    /// Print the words of a dictionary, one on each line
    #[command(after_long_help = "\
Examples:
  Save the words:
      chatroom filter show rude --token-file admin.token > words.txt")]
    Show(DictionaryArgs),
    /// Add words to a dictionary
    ///
    /// A word is a whole message: \"boo\" filters the message \"Boo\", not \"boo hoo\". Words that are there already are told
    /// as such.
    #[command(after_long_help = "\
Examples:
  Two words:
      chatroom filter add rude boo \"go home\" --token-file admin.token
  From a file, or from another program:
      chatroom filter add rude --file words.txt --token-file admin.token
      sort -u *.txt | chatroom filter add rude --file - --token-file admin.token")]
    Add(AddArgs),
    /// Replace all words of a dictionary by those of a file
    #[command(after_long_help = "\
Examples:
  Keep the dictionary as the file is:
      chatroom filter import rude --file words.txt --token-file admin.token \\
          --yes")]
    Import(ImportArgs),
    /// Take words out of a dictionary
    #[command(after_long_help = "\
Examples:
  One word:
      chatroom filter remove rude boo --token-file admin.token")]
    Remove(RemoveArgs),
    /// Delete a dictionary with all its words, for every room
    #[command(after_long_help = "\
Examples:
  Without a question:
      chatroom filter delete rude --token-file admin.token --yes")]
    Delete(DeleteArgs),
    /// Have this room use dictionaries
    #[command(after_long_help = "\
Examples:
  Two of them:
      chatroom filter enable rude spam --token-file admin.token")]
    Enable(DictionariesArgs),
    /// Have this room use dictionaries no more
    #[command(after_long_help = "\
Examples:
  One of them:
      chatroom filter disable rude --token-file admin.token")]
    Disable(DictionariesArgs),
    /// List which dictionaries this room uses
    #[command(after_long_help = "\
Examples:
  For a program:
      chatroom filter status --token-file admin.token --json \\
          | jq -r 'select(.enabled).dictionary.name'")]
    Status,
}

/// `chatroom filter create`
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// Its name
    #[arg(value_name = "DICT_NAME", value_parser = not_empty())]
    pub(crate) called: String,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) description: String,
}

/// A dictionary.
#[derive(Debug, clap::Args)]
pub(crate) struct DictionaryArgs {
    /// Its id, the beginning of it, or its name
    #[arg(value_name = "DICT", value_parser = not_empty())]
    pub(crate) dictionary: String,
}

/// Dictionaries.
#[derive(Debug, clap::Args)]
pub(crate) struct DictionariesArgs {
    /// Their ids, beginnings of these, or names
    #[arg(value_name = "DICT", required = true, value_parser = not_empty())]
    pub(crate) dictionaries: Vec<String>,
}

/// `chatroom filter add`
#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    pub(crate) dictionary: DictionaryArgs,
    /// Words
    #[arg(value_name = "WORD", required_unless_present = "file")]
    pub(crate) words: Vec<String>,
    /// A file of words, one on each line, as UTF-8; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// `chatroom filter import`
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) dictionary: DictionaryArgs,
    /// A file of words, one on each line, as UTF-8; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) sure: SureArgs,
}

/// `chatroom filter remove`
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArgs {
    #[command(flatten)]
    pub(crate) dictionary: DictionaryArgs,
    /// Words, whatever their case
    #[arg(value_name = "WORD", required = true, value_parser = not_empty())]
    pub(crate) words: Vec<String>,
}

/// `chatroom filter delete`
#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) dictionary: DictionaryArgs,
    #[command(flatten)]
    pub(crate) sure: SureArgs,
}
