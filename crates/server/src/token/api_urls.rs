//! Where a token's API is, as the token says it itself.

/// The URLs of the server's REST API, for the claims `chatroom_api` and `chatroom_apis` of its tokens. Clients take them as
/// advice: whom to show a token to where nobody said so.
///
/// They come from the public URL or the listeners, never from what a request says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiUrls {
    /// The one that clients are to use.
    pub main: Option<String>,
    /// Others of this machine that lead to the same server.
    pub others: Vec<String>,
}
