//! Taking connections, plain and over TLS, for the same paths.
//!
//! - [`places`]: how many there may be, and from one address; [`files`]: and how many open files
//! - [`patient`]: who takes nothing is given up, and who sends too much; [`lines`]: heads that all read alike
//! - [`arrival`]: how a request came, and from whom

mod arrival;
mod files;
mod lines;
mod patient;
mod places;

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use hyper::{server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    pin,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use arrival::Incoming;
use lines::Lines;
use patient::Patient;

use crate::{StartError, gateway::upgrade, http::request_log::Asked, service::Service, stop::Phase};

pub(crate) use arrival::Arrival;
pub(crate) use files::raise_limit as raise_file_limit;
pub(crate) use places::{NoPlace, Place, Places, network};

/// How many connections the system holds until they are taken.
const BACKLOG: u32 = 4096;

/// How much the system buffers for a client that does not read. The system doubles it.
const SEND_BUFFER: u32 = 128 * 1024;

/// The largest head of a request: a token of 8 KiB, and some. It is held for clients of whom nothing is known yet.
const HEAD_MAX: usize = 12 * 1024;

/// How much TLS gathers for a client that does not read: a record. The default is four.
const TLS_BUFFER: usize = 16 * 1024;

/// How long a connection may carry REST calls: one that never takes its answer would hold its place for ever.
const HTTP_LIFE: Duration = Duration::from_secs(120);

/// How long its last answer may take.
const LAST_ANSWER: Duration = Duration::from_secs(10);

/// How long to wait after the system could give no connection, and nobody could make room.
const PAUSE: Duration = Duration::from_millis(100);

/// The same after somebody made room.
const SHORT_PAUSE: Duration = Duration::from_millis(5);

/// Opens a port.
///
/// # Errors
/// When it can't be opened.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // On other systems this would let two servers listen on one port.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::AddressInUse(address),
        _ => StartError::Listen { address, source },
    })
}

/// Takes connections until the server stops. Nothing that a client does or does not do keeps others from being taken.
pub(crate) async fn accept_all(
    listener: TcpListener,
    tls: Option<watch::Receiver<TlsAcceptor>>,
    app: Router,
    service: Arc<Service>,
    places: Arc<Places>,
) {
    let mut stop = service.stop.watch();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.reached(Phase::Draining) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "a connection can't be taken");
                sleep(if places.make_room() { SHORT_PAUSE } else { PAUSE }).await;
                continue;
            }
        };
        let place = match places.take(peer.ip()) {
            Ok(place) => Arc::new(place),
            Err(full) => {
                debug!(%peer, %full, "a connection is closed at once");
                continue;
            }
        };
        let acceptor = tls.as_ref().map(|tls| tls.borrow().clone());
        let (app, service) = (app.clone(), Arc::clone(&service));
        tokio::spawn(async move {
            let _busy = service.stop.busy();
            let mut stop = service.stop.watch();
            tokio::select! {
                () = serve(stream, peer, Arc::clone(&place), acceptor, app, &service) => {}
                () = place.evicted() => debug!(%peer, "a connection made room for another one"),
                () = stop.reached(Phase::Over) => {}
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    place: Arc<Place>,
    tls: Option<TlsAcceptor>,
    app: Router,
    service: &Arc<Service>,
) {
    // Small packets must not wait for the acknowledgement of earlier ones.
    let (Ok(()), Ok(local)) = (stream.set_nodelay(true), stream.local_addr()) else { return };
    let mut stop = service.stop.watch();
    let mut byte = [0];
    let first = tokio::select! {
        first = timeout(service.settings.connect_first_byte, stream.peek(&mut byte)) => first,
        () = stop.reached(Phase::Draining) => return,
    };
    if !matches!(first, Ok(Ok(1..))) {
        return debug!(%peer, "nothing came on a connection");
    }
    place.speaks();
    let stream = Patient::new(stream, Arc::clone(&place), service.settings.write_timeout);
    let incoming = Incoming { secure: tls.is_some(), peer, local, place };
    let Some(tls) = tls else { return serve_http(stream, incoming, app, service).await };
    let shaken = tokio::select! {
        shaken = timeout(service.settings.connect_timeout, tls.accept(stream)) => shaken,
        () = stop.reached(Phase::Draining) => return,
    };
    match shaken {
        Ok(Ok(mut stream)) => {
            stream.get_mut().1.set_buffer_limit(Some(TLS_BUFFER));
            incoming.place.renew();
            serve_http(stream, incoming, app, service).await;
        }
        Ok(Err(error)) => debug!(%peer, %error, "a TLS handshake failed"),
        Err(_) => debug!(%peer, "a TLS handshake took too long"),
    }
}

/// How requests are read. The head of one may take so long.
pub(crate) fn http(patience: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEAD_MAX);
    http
}

async fn serve_http<S>(stream: S, incoming: Incoming, app: Router, service: &Arc<Service>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let peer = incoming.peer;
    let app = TowerToHyperService::new(app);
    let shared = Arc::clone(service);
    let stream = Lines::new(stream);
    let next_head = stream.next_head();
    let handle = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        // After a body whose end is not known, or another protocol, nothing is read as a request any more.
        let body = HttpBody::size_hint(request.body()).exact();
        let body = body.filter(|_| !upgrade::is_wanted(request.headers()));
        match body {
            Some(body) => next_head.after(body),
            None => next_head.never(),
        }
        let prepared = prepare(request.map(Body::new), &incoming, &shared);
        let asked = prepared.as_ref().ok().and_then(|request| {
            let arrival = request.extensions().get::<Arrival>();
            Asked::begin(request, arrival.map_or_else(|| peer.ip(), |arrival| arrival.address))
        });
        let answer = prepared.map(|request| app.call(request));
        let place = Arc::clone(&incoming.place);
        async move {
            // What is read of a body is limited by the call.
            place.lift();
            let mut answer = match answer {
                Ok(answer) => {
                    let answer = answer.await.unwrap_or_else(|never| match never {});
                    if let Some(asked) = asked {
                        asked.end(&answer);
                    }
                    answer
                }
                Err(refusal) => *refusal,
            };
            place.renew();
            if body.is_none() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection =
        http(service.settings.connect_timeout).serve_connection(TokioIo::new(stream), handle).with_upgrades();
    pin!(connection);
    let mut stop = service.stop.watch();
    let ended = tokio::select! {
        served = connection.as_mut() => Some(served),
        () = stop.reached(Phase::Draining) => None,
        () = sleep(HTTP_LIFE) => None,
    };
    let served = if ended.is_some() {
        ended
    } else {
        // The call that is under way comes to its end, if the client takes the answer in time.
        connection.as_mut().graceful_shutdown();
        timeout(LAST_ANSWER, connection).await.ok()
    };
    match served {
        Some(Ok(())) => {}
        Some(Err(error)) => debug!(%peer, %error, "a connection ended early"),
        None => debug!(%peer, "a client does not take its answer"),
    }
}

/// Notes how a request came, and takes the public prefix from its path.
fn prepare(mut request: Request, incoming: &Incoming, service: &Service) -> Result<Request, Box<Response>> {
    let arrival = incoming.arrival(request.version(), request.headers(), &service.settings.proxies_trusted);
    let arrival = arrival.map_err(|refusal| {
        let mut refusal = refusal.into_response();
        // Where its body ends may be as unclear as its head is.
        refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        Box::new(refusal)
    })?;
    request.extensions_mut().insert(arrival);
    let rest = service.public_url.as_ref().and_then(|url| url.strip_prefix(request.uri().path()));
    if let Some(path) = rest {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{path}{query}").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    Ok(request)
}
