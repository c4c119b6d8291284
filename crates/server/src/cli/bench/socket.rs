//! The two halves of an open connection. Plain ones are those of the system, so that it costs them a comparison that
//! others are sealed.

use std::io;

use bessemer::Bessemer;
use bessemer_protocol::url::Url;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::error::{BenchError, Result};

/// The half that receives.
pub(super) enum Reading {
    Plain(OwnedReadHalf),
    Sealed(Box<dyn AsyncRead + Unpin>),
}

/// The half that sends.
pub(super) enum Writing {
    Plain(OwnedWriteHalf),
    Sealed(Box<dyn AsyncWrite + Unpin>),
}

/// Connects; sealed, if there is what seals. `server` is for errors.
pub(super) async fn open(url: &Url, seal: Option<&Bessemer>, server: &str) -> Result<(Reading, Writing)> {
    if let Some(seal) = seal {
        let stream = seal.dial().await.map_err(|error| BenchError::of_client(server, error))?;
        let (read, write) = tokio::io::split(stream);
        return Ok((Reading::Sealed(Box::new(read)), Writing::Sealed(Box::new(write))));
    }
    let failed = |source| BenchError::Connect { server: server.into(), source };
    let stream = TcpStream::connect((url.host.as_str(), url.port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let (read, write) = stream.into_split();
    Ok((Reading::Plain(read), Writing::Plain(write)))
}

impl Reading {
    /// Appends what has come; how many bytes.
    pub(super) async fn read(&mut self, to: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plain(half) => half.read_buf(to).await,
            Self::Sealed(half) => half.read_buf(to).await,
        }
    }
}

impl Writing {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(half) => half.write_all(bytes).await,
            Self::Sealed(half) => {
                half.write_all(bytes).await?;
                // TLS keeps back what the socket did not take.
                half.flush().await
            }
        }
    }
}
