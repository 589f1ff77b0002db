//! What an organisation's token does: makes rooms, and tokens for them (docs/protocol.md, section C.1).

use std::fmt;

use bytes::Bytes;
use chatroom_session::{ApiRequest, CallError};
use chatroom_wire::{
    Chatroom, OrgToken, RoomId, UserId,
    rest::{
        BarAnswer, BarUser, BarredUser, BarredUsers, ChatroomAnswer, CreateChatroom, CreateToken, PlainTokenAnswer,
        TokenAnswer,
    },
};
use serde_json::json;

use crate::{
    Rest,
    calls::ask::{get, post, read, segment},
    http::Request,
};

/// Makes rooms and tokens, in the name of an organisation. For a back end: whoever has its token may do everything.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = chatroom_server::Server::start(chatroom_server::Options::ephemeral()).await?;
/// # let (api, token_file) = (server.tls_api().expect("it has TLS"), server.org_token_file());
/// # let pem = server.ca_pem().expect("it has an authority of its own").as_bytes();
/// use chatroom_client::{Rest, Rooms, Trust, Visitor, wire::{OrgToken, rest::{CreateChatroom, CreateToken}}};
///
/// let rest = Rest::new(api, &Trust::new().add_ca_pem(pem))?;
/// let rooms = Rooms::new(&rest, OrgToken::new(std::fs::read_to_string(token_file)?));
/// let room = rooms.create(&CreateChatroom::default()).await?;
/// let ada = CreateToken { name: Some("ada".into()), ..CreateToken::default() };
/// let answer = rooms.create_token(&room.id, &ada).await?;
/// let ada = Visitor::new(&rest, answer.token).refresh_token(answer.refresh_token);
/// assert_eq!(ada.chatroom().await?.id, room.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Rooms {
    rest: Rest,
    org: OrgToken,
    org_id: Option<String>,
}

impl Rooms {
    /// In the name of the organisation that has this token.
    pub fn new(rest: &Rest, org: OrgToken) -> Self {
        Self { rest: rest.clone(), org, org_id: None }
    }

    /// In the name of this organisation, where the token is good for several: the header `x-bv-org-id`.
    #[must_use]
    pub fn org_id(mut self, id: impl Into<String>) -> Self {
        self.org_id = Some(id.into());
        self
    }

    /// Makes a room: `POST /chatrooms`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// The room may or may not have been made.
    pub async fn create(&self, room: &CreateChatroom) -> Result<Chatroom, CallError> {
        let body = self.make(&post("/chatrooms", room)).await?;
        read(&body).map(|answer: ChatroomAnswer| answer.chatroom)
    }

    /// Makes a chat token: `POST /chatrooms/{id}/tokens`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// The token may or may not have been made.
    pub async fn create_token(&self, room: &RoomId, token: &CreateToken) -> Result<TokenAnswer, CallError> {
        let path = format!("/chatrooms/{}/tokens", segment(room.as_str())?);
        read(&self.make(&post(path, token)).await?)
    }

    /// Keeps somebody out of a room: ends their connections, and refuses all that they send until that is taken back.
    /// Answers whether it was not so before. A call of `chatroom serve`: `POST /chatrooms/{id}/users:bar`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// The person may or may not be barred.
    pub async fn bar(&self, room: &RoomId, user: &UserId) -> Result<bool, CallError> {
        self.change_bar(room, user, "bar").await
    }

    /// Lets somebody in again; answers whether they were barred: `POST /chatrooms/{id}/users:unbar`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// The person may or may not be barred still.
    pub async fn unbar(&self, room: &RoomId, user: &UserId) -> Result<bool, CallError> {
        self.change_bar(room, user, "unbar").await
    }

    /// Who is kept out of a room, the oldest bar first: `GET /chatrooms/{id}/barred-users`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub async fn barred(&self, room: &RoomId) -> Result<Vec<BarredUser>, CallError> {
        let path = format!("/chatrooms/{}/barred-users", segment(room.as_str())?);
        read(&self.make(&get(path)).await?).map(|answer: BarredUsers| answer.barred_users)
    }

    async fn change_bar(&self, room: &RoomId, user: &UserId, verb: &str) -> Result<bool, CallError> {
        let path = format!("/chatrooms/{}/users:{verb}", segment(room.as_str())?);
        let body = self.make(&post(path, &BarUser { user_id: user.clone() })).await?;
        read(&body).map(|answer: BarAnswer| answer.changed)
    }

    /// Makes a token for [`Dictionaries`](crate::Dictionaries): `POST /dictionaries/tokens`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// The token may or may not have been made.
    pub async fn dictionary_token(&self) -> Result<PlainTokenAnswer, CallError> {
        read(&self.make(&post("/dictionaries/tokens", &json!({}))).await?)
    }

    /// Makes a token for the packs of stickers: `POST /stickerpacks/tokens`.
    ///
    /// # Errors
    /// When the service refuses it, can't be reached, or answers what can't be used.
    ///
    /// # Cancel safety
    /// The token may or may not have been made.
    pub async fn sticker_token(&self) -> Result<PlainTokenAnswer, CallError> {
        read(&self.make(&post("/stickerpacks/tokens", &json!({}))).await?)
    }

    async fn make(&self, request: &ApiRequest) -> Result<Bytes, CallError> {
        self.rest.fetch(Request::new(request).bearer(self.org.expose()).org(self.org_id.as_deref())).await
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("rest", &self.rest).field("org_id", &self.org_id).finish_non_exhaustive()
    }
}
