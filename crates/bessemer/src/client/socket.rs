//! Where bytes come from and go to: a TCP connection, or what a test puts in its place.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Waker};

use bessemer_protocol::url::Url;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

#[cfg(feature = "tls")]
use crate::client::tls::TlsError;

/// An open connection.
pub(crate) type Socket = Box<dyn Stream>;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Opens connections to one server.
pub(crate) trait Dial: Send + Sync {
    fn dial<'a>(&'a self, url: &'a Url) -> Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>>;

    /// What TLS means by an error of such a connection, if it is one of its errors.
    #[cfg(feature = "tls")]
    fn explain(&self, _: &Url, _: &io::Error) -> Option<TlsError> {
        None
    }
}

/// Opens TCP connections.
pub(crate) struct Tcp;

impl Dial for Tcp {
    fn dial<'a>(&'a self, url: &'a Url) -> Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>> {
        Box::pin(async move { Ok(Box::new(open(url).await?) as Socket) })
    }
}

pub(crate) async fn open(url: &Url) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((url.host.as_str(), url.port)).await?;
    // A command is written in one piece and then waited for: there is nothing to gather.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether an idle connection is still open: there is nothing to read, not even its end. Does not wait.
pub(crate) fn is_open(socket: &mut Socket) -> bool {
    let mut byte = [0; 1];
    let mut cx = Context::from_waker(Waker::noop());
    Pin::new(socket).poll_read(&mut cx, &mut ReadBuf::new(&mut byte)).is_pending()
}
