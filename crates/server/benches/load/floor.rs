//! The floor: the least that a server can do with a line.

use std::io::Write as _;

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// With this argument the benchmark is the floor.
pub(crate) const ARGUMENT: &str = "serve-the-floor";

/// Serves on a port of the kernel's choice, which it prints, until it is killed.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A client that is gone is no error.
            tokio::spawn(async move { answer(stream).await.ok() });
        }
    })
}

async fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"+HI {\"v\":2}\r\n").await?;
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        stream.write_all(b"+OK\r\n").await?;
        line.clear();
    }
    Ok(())
}
