//! Whether the machine has come into a network while a session waits for its next attempt.
//!
//! A socket of UDP that is connected sends nothing: the system only looks up a route, and with it the own address.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use tokio::time::Instant;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// Addresses of documentation (RFC 5737, RFC 3849): nobody has them, and the way to them is the way to everywhere.
const ANYWHERE: [(IpAddr, IpAddr); 2] = [
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
];
/// A port for which nobody needs a right; nothing goes there.
const DISCARD: u16 = 9;

/// The own addresses from which there is a way to everywhere: by IPv4, by IPv6.
pub(crate) type Routes = [Option<IpAddr>; 2];

/// Looks once a second, while it is told to.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    next: Option<Instant>,
    seen: Option<Routes>,
}

impl Watch {
    /// Looks from now on, if it does not yet.
    pub(crate) fn begin(&mut self) {
        self.next.get_or_insert_with(Instant::now);
    }

    /// Looks no longer.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// When the next look is due; none while nobody waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// Looks: whether a network has come since the look before.
    pub(crate) fn look(&mut self) -> bool {
        self.next = Some(Instant::now() + EVERY);
        self.learn(routes())
    }

    fn learn(&mut self, routes: Routes) -> bool {
        let Some(seen) = self.seen.replace(routes) else { return false };
        seen.iter().zip(routes).any(|(before, now)| now.is_some() && *before != now)
    }
}

/// The routes of this machine now.
fn routes() -> Routes {
    ANYWHERE.map(|(own, there)| {
        let socket = UdpSocket::bind(SocketAddr::new(own, 0)).ok()?;
        socket.connect(SocketAddr::new(there, DISCARD)).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)));
    const PHONE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));
    const SIX: Option<IpAddr> = Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 7)));

    fn told(looks: &[Routes]) -> Vec<bool> {
        let mut watch = Watch::default();
        looks.iter().map(|routes| watch.learn(*routes)).collect()
    }

    #[test]
    fn a_network_that_comes_is_news_and_one_that_stays_or_goes_is_not() {
        assert_eq!(told(&[[None, None], [None, None], [HOME, None], [HOME, None]]), [false, false, true, false]);
        assert_eq!(told(&[[HOME, None], [None, None], [HOME, None]]), [false, false, true]);
    }

    #[test]
    fn another_network_is_news_and_so_is_another_protocol() {
        assert_eq!(told(&[[HOME, None], [PHONE, None]]), [false, true]);
        assert_eq!(told(&[[HOME, None], [HOME, SIX], [HOME, None]]), [false, true, false]);
    }

    #[tokio::test]
    async fn it_looks_only_while_somebody_waits_and_begins_anew_each_time() {
        let mut watch = Watch::default();
        assert!(watch.due().is_none());
        watch.begin();
        assert!(!watch.look(), "the first look has nothing to compare with");
        let due = watch.due();
        watch.begin();
        assert_eq!(watch.due(), due, "who waits on does not look earlier");
        watch.end();
        assert!(watch.due().is_none() && watch.seen.is_none());
    }
}
