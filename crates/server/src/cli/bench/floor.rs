//! The floor: the least that a server can do. One thread of tokio that reads lines through a buffer and answers each
//! with `+OK`; the *null floor* answers FETCH with null after two seconds, as a server without jobs does.

use std::io::{self, Write as _};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::exit::Failure;

use super::error::BenchError;

/// How long an empty FETCH waits (rule `F-03`).
pub(super) const FETCH_WAIT: Duration = Duration::from_secs(2);

/// Serve the floor of `bessemer bench` on a free port, which is printed, until killed.
#[derive(Clone, Debug, clap::Args)]
pub struct Floor {
    /// Answer FETCH with null after two seconds
    #[arg(long)]
    null: bool,
}

impl Floor {
    pub(in crate::cli) fn run(&self) -> Result<(), Failure> {
        let served = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|runtime| runtime.block_on(serve(self.null)));
        served.map_err(|source| BenchError::System { what: "serve the floor", source }.into())
    }
}

async fn serve(null: bool) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A client that is gone is no error.
        tokio::spawn(async move { if null { answer_null(stream).await } else { answer(stream).await }.ok() });
    }
}

async fn answer(stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"+HI {\"v\":2}\r\n").await?;
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        stream.write_all(b"+OK\r\n").await?;
        line.clear();
    }
    Ok(())
}

async fn answer_null(stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"+HI {\"v\":2}\r\n").await?;
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let reply: &[u8] = if line.starts_with(b"FETCH") {
            tokio::time::sleep(FETCH_WAIT).await;
            b"$-1\r\n"
        } else {
            b"+OK\r\n"
        };
        stream.write_all(reply).await?;
        line.clear();
    }
    Ok(())
}
