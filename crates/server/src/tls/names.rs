//! The names by which a server is reached, which its own certificate is for.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use rustls::pki_types::ServerName;

/// Host names and addresses that a certificate of one's own is for; those of this machine are always among them.
///
/// ```
/// use chatroom_server::tls::HostNames;
///
/// let names = HostNames::of(Some("192.168.1.5:8443".parse()?), ["chat.example"]);
/// assert_eq!(
///     names.iter().collect::<Vec<_>>(),
///     ["127.0.0.1", "192.168.1.5", "::1", "chat.example", "localhost"]
/// );
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNames(BTreeSet<String>);

impl HostNames {
    /// The names of a server that listens there: the address, or where that means all of them, this machine's name and
    /// the addresses by which it goes out into its networks. `others` are those that somebody else gave it.
    pub fn of<'a>(listen: Option<SocketAddr>, others: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = BTreeSet::from(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        match listen.map(|address| address.ip()) {
            None => {}
            Some(ip) if ip.is_unspecified() => {
                names.extend(machine_name());
                names.extend(outbound_addresses(ip.is_ipv6()).map(|ip| ip.to_string()));
            }
            Some(ip) => drop(names.insert(ip.to_canonical().to_string())),
        }
        names.extend(others.into_iter().map(|name| name.trim_matches(['[', ']']).to_lowercase()));
        names.retain(|name| ServerName::try_from(name.as_str()).is_ok());
        Self(names)
    }

    /// Each name, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl Default for HostNames {
    /// Those of this machine alone.
    fn default() -> Self {
        Self::of(None, [])
    }
}

#[cfg(unix)]
fn machine_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_lowercase();
    (!name.is_empty()).then_some(name)
}

#[cfg(not(unix))]
fn machine_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok().map(|name| name.to_lowercase())
}

/// The addresses that this machine shows to its networks. A UDP socket that is connected sends nothing; the system only
/// looks up the way. The far ends are from the ranges for documentation.
fn outbound_addresses(v6: bool) -> impl Iterator<Item = IpAddr> {
    let far: [(IpAddr, IpAddr); 2] = [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    ];
    far.into_iter().take(if v6 { 2 } else { 1 }).filter_map(|(any, far)| {
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((far, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
    })
}
