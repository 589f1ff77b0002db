//! Parameters of a query, as gRPC gateways read them: unknown ones are ignored, an empty one says nothing.

use std::{str::FromStr, sync::Arc};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use chatroom_wire::{Time, rest::MessagesQuery};
use serde::Serialize;

use super::{ApiError, page_token};
use crate::{service::Service, store::fitting};

/// How many things a page holds where nothing is said (docs/protocol.md, sections C.4 and C.5).
pub(super) const PAGE_SIZE: u16 = 10;

/// How many it holds at most.
pub(super) const PAGE_SIZE_MAX: u16 = 100;

/// The decoded pairs of a query. Of two of one name the last one counts.
#[derive(Debug, Clone)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl FromRequestParts<Arc<Service>> for Pairs {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, service).await;
        query.map(|Query(pairs)| Self(pairs)).map_err(|_| ApiError::invalid("the query can't be read"))
    }
}

impl Pairs {
    /// A text, if the query has it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A value, if the query has it.
    ///
    /// # Errors
    /// With the parameter's name when it can't be read.
    pub(super) fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.text(name).map(str::parse).transpose().map_err(|_| ApiError::invalid(format!("{name} can't be used")))
    }

    /// A time, if the query has it.
    ///
    /// # Errors
    /// With the parameter's name when it is none.
    pub(super) fn time(&self, name: &str) -> Result<Option<Time>, ApiError> {
        self.value(name).map_err(|_: ApiError| {
            ApiError::invalid(format!("{name} is no time in ISO 8601 with a zone, such as 2024-07-29T15:51:28.071Z"))
        })
    }

    /// Which messages are wanted.
    ///
    /// # Errors
    /// With the first parameter that can't be used.
    pub(super) fn messages(&self) -> Result<MessagesQuery, ApiError> {
        let pairs = self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        MessagesQuery::from_pairs(pairs).map_err(|error| ApiError::invalid(error.to_string()))
    }
}

/// Which page of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many.
    pub(super) size: u16,
    /// Behind which element; from the first on where it is none.
    pub(super) after: Option<String>,
}

impl Pairs {
    /// Which page of the list of this name is wanted. A size of 0 says nothing.
    ///
    /// # Errors
    /// With the parameter that can't be used.
    pub(super) fn page(&self, list: &str) -> Result<Page, ApiError> {
        let size = match self.value::<u16>("page_size") {
            Ok(None | Some(0)) => PAGE_SIZE,
            Ok(Some(size)) if size <= PAGE_SIZE_MAX => size,
            Ok(Some(_)) | Err(_) => {
                return Err(ApiError::invalid(format!("page_size is no number from 1 to {PAGE_SIZE_MAX}")));
            }
        };
        let after = self.text("page_token").map(|token| page_token::read(list, token)).transpose()?;
        Ok(Page { size, after })
    }
}

impl Page {
    /// How many to ask the store for: one more than wanted tells whether there is a next page.
    pub(super) fn ask(&self) -> u16 {
        self.size + 1
    }

    /// Cuts what the store answered to the page, and makes the token of the next one; empty where there is none.
    pub(super) fn cut<T: Serialize>(&self, list: &str, elements: &mut Vec<T>, id: impl Fn(&T) -> &str) -> String {
        let sizes = elements.iter().map(|element| serde_json::to_vec(element).map_or(0, |json| json.len()));
        let size = usize::from(self.size).min(fitting(sizes));
        if elements.len() <= size {
            return String::new();
        }
        elements.truncate(size);
        elements.last().map(|last| page_token::write(list, id(last))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Pairs {
        Pairs(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_page_has_ten_elements_where_nothing_is_said_and_never_more_than_a_hundred() {
        assert_eq!(pairs(&[]).page("polls").unwrap(), Page { size: 10, after: None });
        assert_eq!(pairs(&[("page_size", "0"), ("page_token", "")]).page("polls").unwrap().size, 10);
        assert_eq!(pairs(&[("page_size", "100")]).page("polls").unwrap().size, 100);
        for wrong in ["101", "-1", "ten", "1.5", "70000"] {
            assert!(pairs(&[("page_size", wrong)]).page("polls").is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_next_page_begins_behind_the_last_element_of_this_one() {
        let page = pairs(&[("page_size", "2")]).page("polls").unwrap();
        let mut elements = vec!["a", "b", "c"];
        let token = page.cut("polls", &mut elements, |id| id);
        assert_eq!(elements, ["a", "b"]);
        let next = pairs(&[("page_size", "2"), ("page_token", &token)]).page("polls").unwrap();
        assert_eq!(next.after.as_deref(), Some("b"));
        assert_eq!(next.cut("polls", &mut vec!["c"], |id| id), "");
    }
}
