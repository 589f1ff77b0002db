//! By which URLs the server is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::{PublicUrl, tls::HostNames, token::ApiUrls};

/// The base of the REST API over plain HTTP.
pub(super) fn plain(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

/// The base of the REST API over TLS, for clients of this machine: by the name in the certificate.
pub(super) fn secure(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_unspecified() || ip == Ipv4Addr::LOCALHOST => format!("https://localhost:{}", address.port()),
        _ => format!("https://{address}"),
    }
}

/// What the tokens of a server say that listens there. `certificate_host` is a name in a certificate that somebody else
/// made.
///
/// The first that clients elsewhere can use; else one of this machine, where plain HTTP needs no authority to be trusted.
pub(super) fn of_tokens(
    plain_at: Option<SocketAddr>,
    tls_at: Option<SocketAddr>,
    certificate_host: Option<&str>,
    public: Option<&PublicUrl>,
) -> ApiUrls {
    let plain_url = plain_at.map(plain);
    let secure_url = tls_at.map(secure);
    let is_here = |address: SocketAddr| reachable(address).ip().is_loopback();
    let outside = tls_at.filter(|address| !address.ip().is_loopback()).map(|address| match certificate_host {
        Some(host) => https(host, address.port()),
        None => https(&outside_host(address), address.port()),
    });
    let plain_here = plain_at.filter(|address| is_here(*address)).map(plain);
    let main = public
        .map(ToString::to_string)
        .or(outside)
        .or_else(|| plain_here.clone())
        .or_else(|| secure_url.clone())
        // Clients don't follow it, and don't take the token elsewhere either.
        .or(plain_url);
    let secure_here = secure_url.filter(|_| tls_at.is_some_and(is_here));
    let others = [plain_here, secure_here].into_iter().flatten().filter(|url| Some(url) != main.as_ref()).collect();
    ApiUrls { main, others }
}

fn https(host: &str, port: u16) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") }
}

/// A name in the server's own certificate by which other machines may find it.
fn outside_host(address: SocketAddr) -> String {
    let names = HostNames::of(Some(address), []);
    let is_outside = |name: &&str| match name.parse::<IpAddr>() {
        Ok(ip) => !ip.is_loopback(),
        Err(_) => *name != "localhost",
    };
    let mut outside: Vec<&str> = names.iter().filter(is_outside).collect();
    outside.sort_by_key(|name| name.parse::<IpAddr>().is_err());
    outside.first().map_or_else(|| "localhost".to_owned(), |&name| name.to_owned())
}

/// An address that can be dialled: one that means "all of them" is answered on this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_name_the_public_url_else_a_listener_that_others_reach_else_this_machine() {
        let public: PublicUrl = "https://chat.example/rooms/".parse().unwrap();
        for (plain, tls, host, public, main, others) in [
            ("127.0.0.1:80", "127.0.0.1:443", None, None, "http://127.0.0.1:80", &["https://localhost:443"][..]),
            ("", "127.0.0.1:8443", None, None, "https://localhost:8443", &[]),
            ("", "[::1]:8443", None, None, "https://[::1]:8443", &[]),
            ("0.0.0.0:80", "", None, None, "http://127.0.0.1:80", &[]),
            ("10.0.0.5:80", "", None, None, "http://10.0.0.5:80", &[]),
            ("127.0.0.1:80", "10.0.0.5:8443", None, None, "https://10.0.0.5:8443", &["http://127.0.0.1:80"]),
            ("", "10.0.0.5:443", Some("chat.example"), None, "https://chat.example", &[]),
            ("127.0.0.1:80", "", None, Some(&public), "https://chat.example/rooms", &["http://127.0.0.1:80"]),
        ] {
            let urls = of_tokens(plain.parse().ok(), tls.parse().ok(), host, public);
            let others = others.iter().map(|&url| url.to_owned()).collect();
            assert_eq!(urls, ApiUrls { main: Some(main.to_owned()), others }, "{plain} {tls}");
        }
    }
}
