//! A way through an HTTP proxy: CONNECT (RFC 9110, section 9.3.6).

use chatroom_session::LinkError;
use chatroom_wire::SafeText;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::dial::plain;
use crate::proxy::Hop;

/// A longer answer is none.
const HEAD_MAX: usize = 16 << 10;

/// Asks the proxy at the other end of `stream` for the host; what comes then comes from there.
pub(super) async fn open<S>(hop: &Hop, stream: &mut S, host: &str, port: u16) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let failed = |status, problem: String| LinkError::Proxy { status, problem: format!("the proxy {hop} {problem}") };
    let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(authorization) = hop.authorization() {
        request.extend(b"Proxy-Authorization: ");
        request.extend(authorization.as_bytes());
        request.extend(b"\r\n");
    }
    request.extend(b"\r\n");
    let broken = |error| failed(None, format!("broke the connection off: {}", plain(&error)));
    stream.write_all(&request).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_MAX {
            return Err(failed(None, "does not answer CONNECT in HTTP".to_owned()));
        }
        // Byte by byte, so that nothing of what follows is taken: the other side speaks once it is spoken to.
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Err(failed(None, "closed the connection at CONNECT".to_owned())),
        }
    }
    let line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let mut words = line.splitn(3, ' ');
    let (version, status) = (words.next().unwrap_or_default(), words.next().and_then(|status| status.parse().ok()));
    match status {
        Some(200..=299) if version.starts_with("HTTP/1.") => Ok(()),
        Some(407) => Err(failed(Some(407), "asks for a user name and a password (HTTP 407)".to_owned())),
        Some(status @ 100..=599) => {
            let reason = SafeText::log(words.next().unwrap_or_default());
            Err(failed(Some(status), format!("answered CONNECT with HTTP {status} {reason}").trim_end().to_owned()))
        }
        _ => Err(failed(None, "does not answer CONNECT in HTTP".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;
    use crate::Proxy;

    async fn asked(answer: &[u8]) -> (String, Result<(), String>) {
        let proxy = Proxy::new("http://me:secret@p:1").unwrap();
        let hop = proxy.hop(true, "chat.example").unwrap().unwrap();
        let (mut ours, mut theirs) = duplex(64 << 10);
        theirs.write_all(answer).await.unwrap();
        theirs.shutdown().await.unwrap();
        let result = open(hop, &mut ours, "2001:db8::7", 443).await.map_err(|error| error.to_string());
        drop(ours);
        let mut request = String::new();
        theirs.read_to_string(&mut request).await.unwrap();
        (request, result)
    }

    #[tokio::test]
    async fn a_proxy_is_asked_by_connect_with_the_credentials() {
        let (request, result) = asked(b"HTTP/1.0 200 Connection established\r\nx: y\r\n\r\n").await;
        assert_eq!(
            request,
            "CONNECT [2001:db8::7]:443 HTTP/1.1\r\nHost: [2001:db8::7]:443\r\n\
             Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
        );
        assert_eq!(result, Ok(()));
    }

    #[tokio::test]
    async fn a_refusal_of_the_proxy_is_told() {
        for (answer, told) in [
            (&b"HTTP/1.1 407 X\r\n\r\n"[..], "asks for a user name and a password (HTTP 407)"),
            (b"HTTP/1.1 403 Not\x1b[2J here\r\n\r\n", "answered CONNECT with HTTP 403 Not\u{fffd} here"),
            (b"SSH-2.0\r\n\r\n", "does not answer CONNECT in HTTP"),
            (b"HTTP/1.1 200", "closed the connection at CONNECT"),
            (&vec![b'x'; 20_000], "does not answer CONNECT in HTTP"),
        ] {
            assert_eq!(asked(answer).await.1, Err(format!("the proxy p:1 {told}")));
        }
    }
}
