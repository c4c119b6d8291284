//! HTTP on a listener: how many may come, and how long they may take to ask and to listen.
//!
//! `axum::serve` has neither limit: a client that sends its headers one byte a minute would keep its connection, and
//! one that never reads its answer would keep the answer in memory.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower::ServiceExt;

use crate::limits::{HANDSHAKE_TIME, HEADERS_MAX, Limits, URI_MAX};
use crate::room::{Room, Seat};

/// What is served: pages, and the TLS that they travel in. Both may change while somebody is connected.
#[derive(Clone)]
pub struct Served {
    /// The pages, looked at for each request.
    pub router: Router,
    /// Looked at for each connection. None: plain text.
    pub tls: Option<Arc<ServerConfig>>,
    /// Looked at for each connection, but for the number of connections, which stays.
    pub limits: Limits,
}

/// Serves until the future is dropped; connections that are open by then go on.
pub async fn serve(listener: TcpListener, served: watch::Receiver<Served>) -> Infallible {
    let room = Arc::new(Room::new(served.borrow().limits.connections_max));
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // One above the limit waits here, and the others in the backlog.
                let place = room.enter().await;
                let (room, seat) = (room.clone(), Seat::new());
                let connection = receive(stream, ConnectInfo(peer), served.clone(), seat.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection => {}
                        () = room.gives_way(&seat) => {
                            tracing::debug!("a quiet connection to the dashboard gave way to another");
                        }
                    }
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, as a rule; asking again at once would spin.
                tracing::warn!(%error, "failed to accept a connection to the dashboard");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Shakes hands where TLS is on, and answers.
async fn receive(
    stream: TcpStream,
    peer: ConnectInfo<std::net::SocketAddr>,
    served: watch::Receiver<Served>,
    seat: Arc<Seat>,
) {
    let (tls, limits) = {
        let served = served.borrow();
        (served.tls.clone(), served.limits)
    };
    let patient = Patient { stream, patience: limits.write_timeout, stalled: None, seat: seat.clone() };
    let Some(config) = tls else { return connection(patient, peer, served, seat, limits).await };
    match timeout(HANDSHAKE_TIME, TlsAcceptor::from(config).accept(patient)).await {
        Ok(Ok(stream)) => connection(stream, peer, served, seat, limits).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake with the dashboard failed"),
        Err(_) => tracing::debug!("a TLS handshake with the dashboard took too long"),
    }
}

async fn connection<S>(
    stream: S,
    peer: ConnectInfo<std::net::SocketAddr>,
    served: watch::Receiver<Served>,
    seat: Arc<Seat>,
    limits: Limits,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let (router, seat) = (served.borrow().router.clone(), seat.clone());
        async move {
            seat.works();
            let response = router.oneshot(request.map(Body::new)).await;
            seat.rests();
            response
        }
    });
    let outcome = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers_timeout)
        .max_buf_size(HEADERS_MAX + URI_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection to the dashboard ended early");
    }
}

/// A socket whose writes fail when nothing could be written for a while.
struct Patient {
    stream: TcpStream,
    patience: Duration,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
    seat: Arc<Seat>,
}

impl Patient {
    fn judge<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.stalled = None;
            self.seat.takes();
            return poll;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::limits::WRITE_TIME;

    fn served(router: Router) -> Served {
        Served { router, tls: None, limits: Limits::default() }
    }

    /// A client of a server on a paused clock, which leaps ahead whenever nobody has anything to do.
    async fn client(router: Router) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_, served) = watch::channel(served(router));
        tokio::spawn(serve(listener, served));
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_answered_and_says_where_it_came_from() {
        let whoami = async |ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>| peer.to_string();
        let mut client = client(Router::new().route("/", get(whoami))).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK")
                && answer.ends_with(&client.local_addr().unwrap().to_string()),
            "{answer}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn pages_change_under_an_open_connection_q48() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let page = |text: &'static str| Router::new().route("/", get(async move || text));
        let (change, served) = watch::channel(served(page("old")));
        tokio::spawn(serve(listener, served));
        let mut client = TcpStream::connect(address).await.unwrap();
        for text in ["old", "new"] {
            change.send_modify(|served| served.router = page(text));
            client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            while !answer.ends_with(text) {
                let mut piece = [0; 1024];
                let length = client.read(&mut piece).await.unwrap();
                assert!(length > 0, "{answer}");
                answer.push_str(std::str::from_utf8(&piece[..length]).unwrap());
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_headers_end_the_connection_row_93() {
        let mut client = client(Router::new()).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: loc").await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }

    #[tokio::test(start_paused = true)]
    async fn silent_and_slow_clients_leave_their_places_to_who_asks() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = Limits { connections_max: 2, ..Limits::default() };
        let router = Router::new().route("/", get("here you are"));
        let (_change, served) = watch::channel(Served { limits, ..served(router) });
        tokio::spawn(serve(listener, served));
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        let since = tokio::time::Instant::now();
        let mut honest = TcpStream::connect(address).await.unwrap();
        honest.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        honest.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here you are"), "{answer}");
        let waited = since.elapsed();
        assert!(waited < crate::limits::QUIET_TIME * 2, "{waited:?}");
        assert_eq!(silent.read(&mut [0; 16]).await.unwrap(), 0, "it came first");
        slow.write_all(b"st: localhost\r\n\r\n").await.unwrap();
        let mut piece = [0; 15];
        slow.read_exact(&mut piece).await.unwrap();
        assert_eq!(&piece, b"HTTP/1.1 200 OK", "one was enough");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_is_given_up() {
        const SIZE: usize = 64 << 20;
        let huge = async || vec![0_u8; SIZE];
        let mut client = client(Router::new().route("/", get(huge))).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        client.readable().await.unwrap();
        tokio::time::sleep(2 * WRITE_TIME).await; // of the paused clock
        let mut answer = Vec::new();
        drop(client.read_to_end(&mut answer).await); // cut off or reset, as the kernel likes
        assert!(answer.len() < SIZE, "{} bytes", answer.len());
    }
}
