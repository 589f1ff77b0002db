//! Tokens of pages: opaque to clients, and good for one list only.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::ApiError;

/// What stands before the list's name, so that no other text reads as a token.
const MARK: &str = "after:";

/// The token of the page behind this element of a list.
pub(super) fn write(list: &str, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{MARK}{list}:{id}"))
}

/// Behind which element of the list the page begins.
///
/// # Errors
/// When it is no token of this list.
pub(super) fn read(list: &str, token: &str) -> Result<String, ApiError> {
    let id = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let id = text.strip_prefix(MARK)?.strip_prefix(list)?.strip_prefix(':')?;
        (!id.is_empty()).then(|| id.to_owned())
    };
    id().ok_or_else(|| ApiError::invalid("page_token is none that this list gave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_for_its_own_list_alone() {
        let token = write("polls", "p:1");
        assert_eq!(read("polls", &token), Ok("p:1".to_owned()));
        assert!(read("poll", &token).is_err());
        for wrong in ["", "nonsense", "%%%", "cG9sbHM", &write("polls", "")] {
            assert!(read("polls", wrong).is_err(), "{wrong}");
        }
    }
}
