//! `GET /chatrooms/config`: how to connect (docs/protocol.md, section C.7).

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
};
use chatroom_wire::{
    ClientId, Config, Endpoint, LinkUrl, Time, TopicName,
    config::{Connection, SelfUser, TokenInfo, Topics},
    rest::Role,
};

use super::{ApiError, acting, auth::Bearer, tokens::new_uuid};
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
    headers: HeaderMap,
) -> Result<Json<Config>, ApiError> {
    let grant = Grant { name: acting::name_of(&service, &grant).await?, ..grant };
    let asked = asked(&headers, &arrival)?;
    let client_id = ClientId::from(new_uuid());
    let (token, signature) = service.keys.issue_connection(&grant, &client_id, service.clock.now().wall);
    let topics = RoomTopics::of(&grant.tenant_id, &grant.room);
    Ok(Json(Config {
        connection: Connection {
            endpoint: endpoint(&asked, &arrival, service.tls_port)?,
            authorizer: AUTHORIZER.to_owned(),
            token,
            signature,
            client_id,
            url: Some(LinkUrl { secure: arrival.secure, endpoint: asked, path: "/mqtt".to_owned() }),
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

/// The host and port by which the server was asked: what leads here once leads here again.
fn asked(headers: &HeaderMap, arrival: &Arrival) -> Result<Endpoint, ApiError> {
    let host = match headers.get(header::HOST) {
        Some(host) => host.to_str().ok().and_then(|host| host.parse().ok()),
        None => arrival.local.to_string().parse().ok(),
    };
    host.ok_or_else(|| ApiError::invalid("the header Host is no host"))
}

/// Where clients that know nothing of our URL go, always over TLS: the host alone on the port of HTTPS, else with it.
fn endpoint(asked: &Endpoint, arrival: &Arrival, tls_port: Option<u16>) -> Result<Endpoint, ApiError> {
    let port = if arrival.secure { Some(asked.port().unwrap_or(HTTPS)) } else { tls_port.or_else(|| asked.port()) };
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

    fn arrival(secure: bool) -> Arrival {
        Arrival { secure, peer: "192.0.2.1:1".parse().unwrap(), local: "127.0.0.1:8080".parse().unwrap(), place: None }
    }

    #[test]
    fn the_endpoint_is_bare_on_the_port_of_https_and_else_has_its_port() {
        for (asked, secure, tls_port, wanted) in [
            ("chat.example", true, Some(8443), "chat.example"),
            ("chat.example:443", true, Some(443), "chat.example"),
            ("chat.example:9443", true, Some(8443), "chat.example:9443"),
            ("localhost:8080", false, Some(8443), "localhost:8443"),
            ("localhost:8080", false, Some(443), "localhost"),
            ("localhost:8080", false, None, "localhost:8080"),
            ("[::1]:8080", false, Some(8443), "[::1]:8443"),
        ] {
            let endpoint = endpoint(&asked.parse().unwrap(), &arrival(secure), tls_port).unwrap();
            assert_eq!(endpoint.to_string(), wanted, "{asked}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_refused_and_a_missing_one_is_the_own_address() {
        let mut headers = HeaderMap::new();
        assert_eq!(asked(&headers, &arrival(false)).unwrap().to_string(), "127.0.0.1:8080");
        for wrong in ["evil@host", "host/path", "a b", ""] {
            headers.insert(header::HOST, wrong.parse().unwrap());
            assert!(asked(&headers, &arrival(false)).is_err(), "{wrong}");
        }
    }
}
