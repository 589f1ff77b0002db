//! How a request came, whether directly or through a proxy that is trusted.
//!
//! `X-Forwarded-For`, `-Proto` and `-Host` count only where the connection comes from a trusted proxy: anybody can
//! write them.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::{HeaderMap, HeaderName, Version, header};
use chatroom_wire::Endpoint;

use super::{NoPlace, Place};
use crate::{http::ApiError, settings::Networks};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// One connection, plain or over TLS.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    /// Whether it came over TLS.
    pub(super) secure: bool,
    /// The other side.
    pub(super) peer: SocketAddr,
    /// Our side.
    pub(super) local: SocketAddr,
    /// Its place among the connections.
    pub(super) place: Arc<Place>,
}

/// How one request came.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// Whether the client reached the service over TLS.
    pub(crate) secure: bool,
    /// The client's address: what every limit by address counts.
    pub(crate) address: IpAddr,
    /// The host and port by which the client asked.
    pub(crate) asked: Endpoint,
    /// The connection's place among the connections.
    place: Arc<Place>,
}

impl Arrival {
    /// It has shown a token that is good.
    pub(crate) fn is_known(&self) {
        self.place.is_known();
    }

    /// The connection is this client's alone from now on, as a WebSocket is.
    ///
    /// # Errors
    /// When the client's address has as many connections as it may.
    pub(crate) fn claim(&self) -> Result<(), NoPlace> {
        self.place.belongs_to(self.address)
    }

    /// The connection's place among the connections: all that an idle client's connection keeps of how it came.
    pub(crate) fn into_place(self) -> Arc<Place> {
        self.place
    }
}

impl Incoming {
    /// How a request on this connection came.
    ///
    /// # Errors
    /// When it does not name exactly one host.
    pub(super) fn arrival(
        &self,
        version: Version,
        headers: &HeaderMap,
        trusted: &Networks,
    ) -> Result<Arrival, ApiError> {
        let asked = host(headers, version, self.local)?;
        let peer = self.peer.ip().to_canonical();
        let direct = Arrival { secure: self.secure, address: peer, asked, place: Arc::clone(&self.place) };
        if !trusted.contains(peer) {
            return Ok(direct);
        }
        let secure = words(headers, &FORWARDED_PROTO).next().map(|_| {
            // In a chain of proxies one may add its own: what was TLS once must not become plain.
            words(headers, &FORWARDED_PROTO).any(|scheme| matches!(&*scheme.to_ascii_lowercase(), "https" | "wss"))
        });
        let asked = match words(headers, &FORWARDED_HOST).last() {
            None => direct.asked,
            Some(host) => host.parse().map_err(|_| ApiError::invalid("the header X-Forwarded-Host is no host"))?,
        };
        Ok(Arrival {
            secure: secure.unwrap_or(direct.secure),
            address: client(peer, headers, trusted),
            asked,
            place: direct.place,
        })
    }
}

/// The one host that a request names. Two are how a proxy and a server are made to see different requests.
fn host(headers: &HeaderMap, version: Version, local: SocketAddr) -> Result<Endpoint, ApiError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => {
            let host = host.to_str().ok().and_then(|host| host.trim().parse().ok());
            host.ok_or_else(|| ApiError::invalid("the header Host is no host"))
        }
        (Some(_), Some(_)) => Err(ApiError::invalid("the header Host is there more than once")),
        // HTTP/1.0 has no such header.
        (None, _) if version < Version::HTTP_11 => {
            local.to_string().parse().map_err(|_| ApiError::invalid("the header Host is missing"))
        }
        (None, _) => Err(ApiError::invalid("the header Host is missing")),
    }
}

/// The client's address: each proxy appends whom it heard, so the last one that is no trusted proxy is the client.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let mut client = peer;
    let hops: Vec<&str> = words(headers, &FORWARDED_FOR).collect();
    for hop in hops.into_iter().rev() {
        // What is no address was not written by a proxy that is trusted.
        let Some(address) = address(hop) else { break };
        client = address;
        if !trusted.contains(client) {
            break;
        }
    }
    client
}

/// An address as proxies write it: alone, with a port, in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The words of a header's comma lists, in order.
fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    let lists = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
    let lists: Vec<&str> = lists.collect();
    lists.into_iter().flat_map(|list| list.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, listen::Places};

    fn arrival(trusted: &str, headers: &[(&str, &str)]) -> Result<Arrival, ApiError> {
        let mut settings = Settings::default();
        settings.set("proxies.trusted", trusted).unwrap();
        let peer: SocketAddr = "192.0.2.1:1".parse().unwrap();
        let place = Arc::new(Places::new(&settings, None)).take(peer.ip()).unwrap();
        let incoming =
            Incoming { secure: false, peer, local: "127.0.0.1:8080".parse().unwrap(), place: Arc::new(place) };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        incoming.arrival(Version::HTTP_11, &map, &settings.proxies_trusted)
    }

    const FORWARDED: [(&str, &str); 4] = [
        ("host", "127.0.0.1:8080"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "chat.example:8443"),
        ("x-forwarded-for", "198.51.100.7"),
    ];

    #[test]
    fn forwarded_headers_count_from_trusted_proxies_only() {
        for (trusted, secure, address, asked) in [
            ("192.0.2.0/24", true, "198.51.100.7", "chat.example:8443"),
            ("192.0.2.2", false, "192.0.2.1", "127.0.0.1:8080"),
            ("none", false, "192.0.2.1", "127.0.0.1:8080"),
        ] {
            let arrival = arrival(trusted, &FORWARDED).unwrap();
            assert_eq!(
                (arrival.secure, arrival.address.to_string(), arrival.asked.to_string()),
                (secure, address.into(), asked.into())
            );
        }
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        for (lists, wanted) in [
            (&["198.51.100.7"][..], "198.51.100.7"),
            (&["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (&["203.0.113.9", "198.51.100.7 , 192.0.2.8"], "198.51.100.7"),
            (&["203.0.113.9, unknown, 192.0.2.8"], "192.0.2.8"),
            (&["198.51.100.7:4711"], "198.51.100.7"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["192.0.2.9,192.0.2.8"], "192.0.2.9"),
            (&[""], "192.0.2.1"),
            (&[], "192.0.2.1"),
        ] {
            let mut headers = vec![("host", "h")];
            headers.extend(lists.iter().map(|list| ("x-forwarded-for", *list)));
            assert_eq!(arrival("192.0.2.0/24", &headers).unwrap().address.to_string(), wanted, "{lists:?}");
        }
    }

    #[test]
    fn tls_that_one_proxy_of_a_chain_saw_stays_tls() {
        for (said, secure) in [("https", true), ("https, http", true), ("HTTPS", true), ("http", false), ("", false)] {
            let headers = [("host", "h"), ("x-forwarded-proto", said)];
            assert_eq!(arrival("192.0.2.1", &headers).unwrap().secure, secure, "{said}");
        }
    }

    #[test]
    fn refuses_a_request_without_exactly_one_host() {
        for wrong in ["evil@host", "host/path", "a b", "", "a,b"] {
            assert!(arrival("none", &[("host", wrong)]).is_err(), "{wrong}");
        }
        assert!(arrival("none", &[]).is_err());
        assert!(arrival("none", &[("host", "a"), ("host", "a")]).is_err());
        assert!(arrival("192.0.2.1", &[("host", "a"), ("x-forwarded-host", "a/b")]).is_err());
        assert_eq!(
            host(&HeaderMap::new(), Version::HTTP_10, "127.0.0.1:8080".parse().unwrap()).unwrap().to_string(),
            "127.0.0.1:8080"
        );
    }
}
