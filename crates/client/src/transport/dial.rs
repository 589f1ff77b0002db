//! TCP to a host with several addresses: the families take turns, and a slow address does not hold up the next.

use std::{io, net::SocketAddr, time::Duration};

use chatroom_session::LinkError;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::{TcpStream, lookup_host},
    time::sleep,
};

/// How long an address may be silent before the next one is tried beside it (RFC 8305 recommends this much).
const HEAD_START: Duration = Duration::from_millis(250);

/// The first address of the host that answers; with `local`, only addresses of this machine are tried.
pub(super) async fn dial(host: &str, port: u16, local: bool) -> Result<TcpStream, LinkError> {
    let found = lookup_host((host, port)).await;
    let not_found = |problem| LinkError::NotFound { host: address(host, port), problem };
    let found = found.map_err(|error| not_found(plain(&error)))?;
    let found: Vec<_> = found.filter(|address| !local || address.ip().is_loopback()).collect();
    if found.is_empty() {
        return Err(not_found(if local { "it is not on this machine" } else { "it has no address" }.to_owned()));
    }
    let stream = race(taking_turns(found))
        .await
        .map_err(|error| LinkError::Unreachable { address: address(host, port), problem: plain(&error) })?;
    // Without it, a small message waits for the acknowledgement of the one before.
    stream.set_nodelay(true).map_err(|error| LinkError::Broken(plain(&error)))?;
    Ok(stream)
}

/// Host and port, as errors say them.
pub(crate) fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// In the system's order, but IPv6 and IPv4 in turns, so that a broken family costs one attempt.
fn taking_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut others = others.into_iter();
    let mut turns = Vec::new();
    for address in preferred {
        turns.push(address);
        turns.extend(others.next());
    }
    turns.extend(others);
    turns
}

async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut first_error = None;
    loop {
        attempts.extend(waiting.next().map(TcpStream::connect));
        tokio::select! {
            biased;
            attempt = attempts.next() => match attempt {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => drop(first_error.get_or_insert(error)),
                // The error of the preferred address says most.
                None => return Err(first_error.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into())),
            },
            () = sleep(HEAD_START), if waiting.len() > 0 => {}
        }
    }
}

/// What the system says, without its numbers.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" (os error ").map_or(text.as_str(), |(plain, _)| plain).to_owned()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn the_families_take_turns_in_the_systems_order() {
        let addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "1.0.0.1:1", "1.0.0.2:1"];
        let turns = taking_turns(addresses.map(|address| address.parse().unwrap()).to_vec());
        let turns: Vec<_> = turns.iter().map(ToString::to_string).collect();
        assert_eq!(turns, ["[::1]:1", "1.0.0.1:1", "[::2]:1", "1.0.0.2:1", "[::3]:1"]);
    }

    #[tokio::test]
    async fn an_address_that_refuses_is_passed_over_for_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let stream = race(vec![closed, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert_eq!(race(vec![closed]).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn refusals_name_host_and_port_and_the_systems_reason() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = dial("127.0.0.1", closed.port(), true).await.unwrap_err();
        assert_eq!(error.to_string(), format!("{closed} can't be reached: Connection refused"));
        let error = dial("192.0.2.1", 1, true).await.unwrap_err();
        assert_eq!(error.to_string(), "the host 192.0.2.1:1 was not found: it is not on this machine");
    }
}
