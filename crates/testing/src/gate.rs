//! A gate in front of a server: a bad network, on demand. Clients that come by it can be cut off, kept out, or left without
//! the replies of commands that the server has done.
//!
//! ```text
//!  client ──► gate ──► server      cut(): both ends close, what is under way is lost
//!         ◄─?─     ◄──             drop_replies(): what the server says goes nowhere
//! ```

use std::fmt;
use std::io;
use std::sync::Arc;

use bessemer::{Bessemer, Url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::server::Server;

/// A gate, from [`Server::gate`]. It closes when this is dropped, and cuts all who came by it.
pub struct Gate {
    url: Url,
    state: Arc<watch::Sender<State>>,
    porter: JoinHandle<()>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    /// Connections of an older age are to end.
    age: u64,
    /// New ones end at once.
    is_closed: bool,
    drops_replies: bool,
    /// Connections that came by so far.
    passed: u64,
    /// Bytes of replies that were dropped.
    dropped: u64,
}

impl Server {
    /// Opens a gate in front of this server, to be cut and closed by a test. It runs in the test's runtime.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn gate(&self) -> Gate {
        let mut url: Url = self.url().parse().expect("the server's address");
        let server = format!("{}:{}", url.host, url.port);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        url.port = listener.local_addr().expect("a bound address").port();
        let state = Arc::new(watch::Sender::default());
        let porter = tokio::spawn(serve(listener, server, state.clone()));
        Gate { url, state, porter }
    }
}

impl Gate {
    /// The address of the gate, with the server's password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// A client that comes by the gate; each is another, with connections of its own.
    pub fn app(&self) -> Bessemer {
        Bessemer::at(self.url.clone()).expect("an address")
    }

    /// Cuts all connections; new ones come through.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.age += 1);
    }

    /// Cuts all connections, and lets nobody in until [`Gate::open`].
    pub fn close(&self) {
        self.state.send_modify(|state| (state.age, state.is_closed) = (state.age + 1, true));
    }

    /// Lets replies of the server go nowhere until [`Gate::open`]: what clients ask is done, and they do not hear of it.
    pub fn drop_replies(&self) {
        self.state.send_modify(|state| state.drops_replies = true);
    }

    /// Everything is well again. Connections whose replies were dropped are cut, since they would wait for ever.
    pub fn open(&self) {
        self.state.send_modify(|state| {
            state.age += u64::from(state.drops_replies);
            (state.is_closed, state.drops_replies) = (false, false);
        });
    }

    /// How many connections came by so far.
    pub fn connections(&self) -> u64 {
        self.state.borrow().passed
    }

    /// Waits until the gate has dropped the reply of something that the server did.
    pub async fn reply_dropped(&self) {
        let before = self.state.borrow().dropped;
        let mut state = self.state.subscribe();
        // The sender is ours.
        _ = state.wait_for(|state| state.dropped > before).await;
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.close();
        self.porter.abort();
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({}, {:?})", self.url, *self.state.borrow())
    }
}

async fn serve(listener: TcpListener, server: String, state: Arc<watch::Sender<State>>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, state) = (server.clone(), state.clone());
        tokio::spawn(async move {
            let age = state.borrow().age;
            let mut watched = state.subscribe();
            tokio::select! {
                biased;
                // The sender is in the hands of this task too.
                _ = watched.wait_for(|state| state.age != age || state.is_closed) => {}
                // Whoever hangs up ends the connection, and that is all.
                _ = pass(client, &server, &state) => {}
            }
        });
    }
}

/// Carries bytes both ways until one end closes.
async fn pass(client: TcpStream, server: &str, state: &watch::Sender<State>) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    state.send_modify(|state| state.passed += 1);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        ended = carry(from_client, to_server, |_| true) => ended,
        ended = carry(from_server, to_client, |bytes| {
            let drops = state.borrow().drops_replies;
            if drops {
                state.send_modify(|state| state.dropped += bytes);
            }
            !drops
        }) => ended,
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    passes: impl Fn(u64) -> bool,
) -> io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        if passes(count as u64) {
            to.write_all(&bytes[..count]).await?;
        }
    }
}
