//! The organisation's dictionaries of the word filter (docs/protocol.md, section C.5).

use bytes::Bytes;
use chatroom_session::{ApiRequest, CallError, Verb};
use chatroom_wire::{
    DictionaryId, PatternId, Token,
    dictionary::{Dictionary, Pattern},
    rest::{
        DictionariesPage, DictionaryAnswer, PatternAnswer, PatternsAnswer, PatternsPage, UploadAnswer, WriteDictionary,
        WritePattern, WritePatterns,
    },
};

use crate::{
    Rest, Visitor,
    calls::{
        ask::{answer, delete, done, get, page, post, put, read, segment, with},
        table::{calls, cancel, errors},
    },
};

/// The dictionaries of an organisation. Each room says which ones it uses:
/// [`Visitor::enable_dictionaries`].
///
/// A message is filtered where it is, as a whole, a pattern of such a dictionary, whatever its case.
///
/// ```no_run
/// # async fn example(rooms: chatroom_client::Rooms, rest: chatroom_client::Rest) -> Result<(), chatroom_client::CallError> {
/// use chatroom_client::{Dictionaries, wire::rest::WriteDictionary};
///
/// let dictionaries = Dictionaries::new(&rest, rooms.dictionary_token().await?.token);
/// let rude = WriteDictionary { name: "rude".into(), ..WriteDictionary::default() };
/// let rude = dictionaries.create(&rude).await?;
/// dictionaries.add_patterns(&rude.id, &["boo".into(), "go home".into()]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Dictionaries(Visitor);

impl Dictionaries {
    /// With an admin's chat token, or with one for dictionaries
    /// ([`Rooms::dictionary_token`](crate::Rooms::dictionary_token)).
    pub fn new(rest: &Rest, token: Token) -> Self {
        Self(Visitor::new(rest, token))
    }

    /// Writes all patterns of a dictionary anew, from a text with one on each line:
    /// `POST /dictionaries/{id}/patterns:upload`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// It may or may not have been done.
    ///
    /// ```no_run
    /// # async fn example(dictionaries: chatroom_client::Dictionaries) -> Result<(), Box<dyn std::error::Error>> {
    /// let words = std::fs::read_to_string("words.txt")?;
    /// let holds = dictionaries.upload(&"d1".into(), words).await?.pattern_count;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn upload(&self, dictionary: &DictionaryId, text: impl Into<String>) -> Result<UploadAnswer, CallError> {
        let path = format!("/dictionaries/{}/patterns:upload", segment(dictionary.as_str())?);
        let body = Some(Bytes::from(text.into()));
        let request = ApiRequest { verb: Verb::Post, path: path.into(), query: Vec::new(), body };
        read(&self.0.make_plain(request).await?)
    }

    async fn make(&self, request: ApiRequest) -> Result<Bytes, CallError> {
        self.0.make(request).await
    }
}

/// With the token of somebody who has one, and renews it.
impl From<Visitor> for Dictionaries {
    fn from(visitor: Visitor) -> Self {
        Self(visitor)
    }
}

calls! {
    [Dictionaries "```no_run"
        "# use chatroom_client::{Dictionaries, Rest, Trust, wire::Token};\n\
         # let rest = Rest::new(\"https://localhost:8443\", &Trust::new())?;\n\
         # let dictionaries = Dictionaries::new(&rest, Token::new(\"of dictionaries\"));"]
    => {
        /// Makes a dictionary: `POST /dictionaries`.
        anyone acts create(dictionary: &WriteDictionary) -> Dictionary {
            ask: post("/dictionaries", dictionary),
            answer: |body| read(body).map(|answer: DictionaryAnswer| answer.dictionary),
            example: "use chatroom_client::wire::rest::WriteDictionary;\n\
                      \n\
                      let rude = WriteDictionary { name: \"rude\".into(), ..WriteDictionary::default() };\n\
                      let rude = dictionaries.create(&rude).await?;"
        }

        /// A page of the dictionaries, the oldest first: `GET /dictionaries`. A page holds 10 unless said otherwise, and
        /// 100 at most.
        anyone reads list(page_token: Option<&str>, page_size: Option<u16>) -> DictionariesPage {
            ask: with(page(page_token, page_size), get("/dictionaries")),
            answer: read,
            example: "let mut page = dictionaries.list(None, Some(100)).await?;\n\
                      while !page.next_page_token.is_empty() {\n    \
                          page = dictionaries.list(Some(&page.next_page_token), Some(100)).await?;\n\
                      }"
        }

        /// One dictionary: `GET /dictionaries/{id}`.
        anyone reads get(dictionary: &DictionaryId) -> Dictionary {
            ask: get(format!("/dictionaries/{}", segment(dictionary.as_str())?)),
            answer: |body| read(body).map(|answer: DictionaryAnswer| answer.dictionary),
            example: "println!(\"{} patterns\", dictionaries.get(&\"d1\".into()).await?.pattern_count);"
        }

        /// Names and describes a dictionary anew: `PUT /dictionaries/{id}`.
        anyone acts update(dictionary: &DictionaryId, to: &WriteDictionary) -> Dictionary {
            ask: put(format!("/dictionaries/{}", segment(dictionary.as_str())?), to),
            answer: |body| read(body).map(|answer: DictionaryAnswer| answer.dictionary),
            example: "use chatroom_client::wire::rest::WriteDictionary;\n\
                      \n\
                      let rude = WriteDictionary { name: \"rude\".into(), description: \"for all\".into() };\n\
                      dictionaries.update(&\"d1\".into(), &rude).await?;"
        }

        /// Deletes a dictionary and its patterns: `DELETE /dictionaries/{id}`.
        anyone acts delete(dictionary: &DictionaryId) -> () {
            ask: delete(format!("/dictionaries/{}", segment(dictionary.as_str())?)),
            answer: done,
            example: "dictionaries.delete(&\"d1\".into()).await?;"
        }

        /// Adds a pattern: `POST /dictionaries/{id}/patterns`.
        anyone acts add_pattern(dictionary: &DictionaryId, text: &str) -> Pattern {
            ask: post(
                format!("/dictionaries/{}/patterns", segment(dictionary.as_str())?),
                &WritePattern { text: text.to_owned() },
            ),
            answer: |body| read(body).map(|answer: PatternAnswer| answer.pattern),
            example: "let boo = dictionaries.add_pattern(&\"d1\".into(), \"boo\").await?;"
        }

        /// Adds many patterns: `POST /dictionaries/{id}/patterns:batch-create`. Answers all of them, also those that were
        /// there before.
        anyone acts add_patterns(dictionary: &DictionaryId, texts: &[String]) -> Vec<Pattern> {
            ask: post(
                format!("/dictionaries/{}/patterns:batch-create", segment(dictionary.as_str())?),
                &WritePatterns { texts: texts.to_vec() },
            ),
            answer: |body| read(body).map(|answer: PatternsAnswer| answer.patterns),
            example: "dictionaries.add_patterns(&\"d1\".into(), &[\"boo\".into(), \"go home\".into()]).await?;"
        }

        /// A page of the patterns, in the order in which they came: `GET /dictionaries/{id}/patterns`.
        anyone reads patterns(dictionary: &DictionaryId, page_token: Option<&str>, page_size: Option<u16>) -> PatternsPage {
            ask: with(
                page(page_token, page_size),
                get(format!("/dictionaries/{}/patterns", segment(dictionary.as_str())?)),
            ),
            answer: read,
            example: "for pattern in dictionaries.patterns(&\"d1\".into(), None, Some(100)).await?.patterns {\n    \
                          println!(\"{}\", pattern.id);\n\
                      }"
        }

        /// Writes a pattern anew: `PUT /dictionaries/{id}/patterns/{id}`.
        anyone acts update_pattern(dictionary: &DictionaryId, pattern: &PatternId, text: &str) -> Pattern {
            ask: put(pattern_path(dictionary, pattern)?, &WritePattern { text: text.to_owned() }),
            answer: |body| read(body).map(|answer: PatternAnswer| answer.pattern),
            example: "dictionaries.update_pattern(&\"d1\".into(), &\"p1\".into(), \"booo\").await?;"
        }

        /// Deletes a pattern: `DELETE /dictionaries/{id}/patterns/{id}`.
        anyone acts delete_pattern(dictionary: &DictionaryId, pattern: &PatternId) -> () {
            ask: delete(pattern_path(dictionary, pattern)?),
            answer: done,
            example: "dictionaries.delete_pattern(&\"d1\".into(), &\"p1\".into()).await?;"
        }
    }
}

fn pattern_path(dictionary: &DictionaryId, pattern: &PatternId) -> Result<String, CallError> {
    Ok(format!("/dictionaries/{}/patterns/{}", segment(dictionary.as_str())?, segment(pattern.as_str())?))
}
