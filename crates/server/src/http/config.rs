//! `GET /chatrooms/config`: how to connect (docs/protocol.md, section C.7).

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use chatroom_wire::{
    ClientId, Config, Endpoint, LinkUrl, Time, TopicName,
    config::{Connection, SelfUser, TokenInfo, Topics},
    rest::Role,
};

use super::{
    ApiError, acting,
    auth::Bearer,
    tokens::{moderates, new_uuid},
};
use crate::{gateway::topics::RoomTopics, listen::Arrival, service::Service, token::Grant};

/// The name that stands where the vendor's has its authorizer's.
const AUTHORIZER: &str = "chatroom";

/// The port that a bare host means.
const HTTPS: u16 = 443;

/// Each call gives a client id of its own, so that one token serves many connections.
pub(super) async fn read(
    State(service): State<Arc<Service>>,
    Extension(arrival): Extension<Arrival>,
    Bearer(grant): Bearer,
) -> Result<Json<Config>, ApiError> {
    let grant = Grant { name: acting::name_of(&service, &grant).await?, ..grant };
    moderates(&service, &grant).await?;
    let link = match &service.public_url {
        Some(url) => url.link(),
        // What led here once leads here again.
        None => LinkUrl { secure: arrival.secure, endpoint: arrival.asked, path: "/mqtt".to_owned() },
    };
    let client_id = ClientId::from(new_uuid());
    let (token, signature) = service.keys.issue_connection(&grant, &client_id, service.clock.now().wall);
    let topics = RoomTopics::of(&grant.tenant_id, &grant.room);
    Ok(Json(Config {
        connection: Connection {
            endpoint: endpoint(&link, service.tls_port)?,
            authorizer: AUTHORIZER.to_owned(),
            token,
            signature,
            client_id,
            url: Some(link),
        },
        topic: Topics { publish: TopicName::from(topics.publish), subscribe: TopicName::from(topics.subscribe) },
        user: SelfUser {
            is_admin: grant.role == Role::Admin,
            is_guest: grant.is_guest,
            customer_id: Some(grant.user),
            device_id: grant.device_id,
            custom_name: grant.name,
        },
        token: Some(TokenInfo { expired_at: Time::seconds(grant.expires_at) }),
    }))
}

/// Where clients that know nothing of our URL go, always over TLS: the host alone on the port of HTTPS, else with it.
fn endpoint(link: &LinkUrl, tls_port: Option<u16>) -> Result<Endpoint, ApiError> {
    let asked = &link.endpoint;
    let port = if link.secure { Some(link.port()) } else { tls_port.or_else(|| asked.port()) };
    let host = if asked.host().contains(':') { format!("[{}]", asked.host()) } else { asked.host().to_owned() };
    let text = match port {
        None | Some(HTTPS) => host,
        Some(port) => format!("{host}:{port}"),
    };
    text.parse().map_err(|_| ApiError::invalid("the header Host is no host"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_bare_on_the_port_of_https_and_else_has_its_port() {
        for (link, tls_port, wanted) in [
            ("wss://chat.example/mqtt", Some(8443), "chat.example"),
            ("wss://chat.example:443/mqtt", Some(443), "chat.example"),
            ("wss://chat.example:9443/mqtt", Some(8443), "chat.example:9443"),
            ("ws://localhost:8080/mqtt", Some(8443), "localhost:8443"),
            ("ws://localhost:8080/mqtt", Some(443), "localhost"),
            ("ws://localhost:8080/mqtt", None, "localhost:8080"),
            ("ws://[::1]:8080/mqtt", Some(8443), "[::1]:8443"),
        ] {
            let endpoint = endpoint(&link.parse().unwrap(), tls_port).unwrap();
            assert_eq!(endpoint.to_string(), wanted, "{link}");
        }
    }
}
