//! The crate `faktory` as producer, worker and operator. What is asked of it: ../README.md.

mod enterprise;
mod operate;
mod work;

use std::env;
use std::error::Error;
use std::io::stdin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use faktory::rustls::TlsStream;
use faktory::{Client, Job};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::BufStream;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

#[derive(Deserialize)]
struct Order {
    queue: String,
    jobtype: String,
    args: Vec<Value>,
    retry: Option<isize>,
    at: Option<DateTime<Utc>>,
}

// Its client blocks in place when it is dropped, which only this runtime allows.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["produce"] => produce().await,
        ["work", slots, queues @ ..] => work::work(slots.parse()?, queues).await,
        ["operate"] => operate::operate().await,
        ["enterprise", feature] => enterprise::play(feature).await,
        _ => Err("usage: produce | work SLOTS QUEUE... | operate | enterprise FEATURE".into()),
    }
}

async fn produce() -> Result<(), Box<dyn Error>> {
    let mut client = client().await?;
    for line in stdin().lines() {
        let order: Order = serde_json::from_str(&line?)?;
        let mut job = Job::builder(order.jobtype);
        job.queue(order.queue).args(order.args.clone()).at(order.at);
        if let Some(retry) = order.retry {
            job.retry(retry);
        }
        let job = job.build();
        let jid = job.id().to_string();
        client.enqueue(job).await?;
        println!("{}", json!({"jid": jid, "args": order.args}));
    }
    Ok(())
}

async fn client() -> Result<Client, Box<dyn Error>> {
    Ok(match sealed().await? {
        Some((stream, password)) => Client::connect_with(stream, password).await?,
        None => Client::connect().await?,
    })
}

/// A stream of TLS and the password for what is behind it, if the address asks for that; to the crate none does.
async fn sealed() -> Result<Option<(BufStream<TlsStream<TcpStream>>, Option<String>)>, Box<dyn Error>> {
    let url = env::var("FAKTORY_URL")?;
    let Some(rest) = url.strip_prefix("tcp+tls://") else { return Ok(None) };
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(env::var("TRUSTED")?)?)?;
    let config = ClientConfig::builder().with_root_certificates(Arc::new(trusted)).with_no_client_auth();
    let stream = TlsStream::with_client_config(config, Some(&format!("tcp://{rest}"))).await?;
    let password =
        rest.strip_prefix(':').and_then(|rest| rest.split_once('@')).map(|(password, _)| password.to_owned());
    Ok(Some((BufStream::new(stream), password)))
}
