//! The smallest application: pushes one job and works it until it is stopped by Ctrl-C.
//!
//! `cargo run --example hello_world` prints `Hello Stuart!`. The server is the one at `FAKTORY_URL`, by default
//! `tcp://localhost:7419`.

use bessemer::prelude::*;

#[job]
async fn hello_world(name: String) -> JobResult {
    println!("Hello {name}!");
    Ok(Done)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let app = Bessemer::from_env()?;
    app.install_global();

    HelloWorld::perform_async("Stuart").await?;

    app.worker().job(HelloWorld).run().await?;
    Ok(())
}
