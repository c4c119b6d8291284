//! A client's socket, with TLS on it or without, until it has said HELLO. From then on the engine's thread has it, in
//! parts: the socket, and what TLS knows (`tls.rs`).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig, ServerConnection};
use tokio_rustls::server::TlsStream;

/// A socket that bytes can be read from and written to.
pub(crate) enum Link {
    Plain(TcpStream),
    Sealed(Box<TlsStream<TcpStream>>),
}

/// A handshake that failed.
pub(crate) struct NoTls {
    /// What went wrong; none: the client left.
    pub(crate) why: Option<rustls::Error>,
    pub(crate) stream: TcpStream,
}

impl Link {
    /// Shakes hands, if TLS is on.
    pub(crate) async fn establish(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> Result<Self, NoTls> {
        let Some(config) = tls else { return Ok(Self::Plain(stream)) };
        match TlsAcceptor::from(config).accept(stream).into_fallible().await {
            Ok(stream) => Ok(Self::Sealed(Box::new(stream))),
            Err((error, stream)) => {
                let why = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).cloned();
                Err(NoTls { why, stream })
            }
        }
    }

    /// The socket, and what TLS knows.
    pub(crate) fn into_parts(self) -> io::Result<(std::net::TcpStream, Option<ServerConnection>)> {
        match self {
            Self::Plain(stream) => Ok((stream.into_std()?, None)),
            Self::Sealed(stream) => {
                let (stream, session) = stream.into_inner();
                Ok((stream.into_std()?, Some(session)))
            }
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Sealed(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Sealed(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Sealed(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Sealed(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
