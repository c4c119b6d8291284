//! The server of a test: starting, looking, moving its clock, killing it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bessemer::{Bessemer, Info};
use bessemer_server::embed::{EmbedError, Embedded};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// How long a test waits for what should happen at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that is waited for is asked so often.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// A real server in this process. It ends when this is dropped.
pub struct Server {
    /// Whoever locks it waits for the server, for a few milliseconds.
    embedded: Arc<Mutex<Embedded>>,
    url: String,
    app: Bessemer,
}

/// A server in preparation, from [`Server::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "no server runs before start is called"]
pub struct Builder {
    settings: String,
    password: Option<String>,
}

/// The time of a [`Server`].
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    server: &'a Server,
}

impl Server {
    /// Starts a server at a free port of this machine, with a store in memory.
    ///
    /// # Panics
    /// When it cannot start: the machine has no free port or no memory.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A server with settings of its own.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Its address, for clients in any language: `tcp://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client of it; all that this gives share one pool.
    pub fn app(&self) -> Bessemer {
        self.app.clone()
    }

    /// Its time.
    pub fn clock(&self) -> Clock<'_> {
        Clock { server: self }
    }

    /// How many jobs wait in a queue.
    ///
    /// # Panics
    /// When the server is down; so do the others that ask it.
    pub async fn enqueued(&self, queue: &str) -> u64 {
        self.info().await.faktory.queues.get(queue).copied().unwrap_or(0)
    }

    /// How many jobs wait for their time.
    pub async fn scheduled(&self) -> u64 {
        self.info().await.faktory.sets.scheduled
    }

    /// How many jobs failed and wait for their next attempt.
    pub async fn retries(&self) -> u64 {
        self.info().await.faktory.sets.retries
    }

    /// How many jobs are dead.
    pub async fn dead(&self) -> u64 {
        self.info().await.faktory.sets.dead
    }

    /// How many jobs workers have in hand.
    pub async fn working(&self) -> u64 {
        self.info().await.faktory.sets.working
    }

    /// What INFO says.
    pub async fn info(&self) -> Info {
        self.app.info().await.unwrap_or_else(|error| panic!("the server does not tell: {}", error.chain()))
    }

    /// Waits until INFO says what is waited for, and returns it.
    ///
    /// # Panics
    /// When it does not say so within 10 s; the message has what it says instead.
    pub async fn until(&self, what: impl Fn(&Info) -> bool) -> Info {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let info = self.info().await;
            if what(&info) {
                return info;
            }
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} for what does not come; {}", told(&info));
            sleep(ASK_EVERY).await;
        }
    }

    /// Waits until there is nothing more to be done: no queue has a job, and no worker has one in hand. Scheduled jobs
    /// and retries wait for their time.
    ///
    /// # Panics
    /// As [`Server::until`].
    pub async fn until_idle(&self) -> Info {
        self.until(|info| {
            info.faktory.sets.working == 0 && info.faktory.queues.values().all(|jobs| *jobs == 0)
        })
        .await
    }

    /// Ends the server as `kill -9` would: connections break, nothing is flushed any more. What it had answered is
    /// there after [`Server::restart`].
    pub async fn kill(&self) {
        self.change(Embedded::kill).await;
    }

    /// Ends it as SIGTERM would.
    pub async fn stop(&self) {
        self.change(Embedded::stop).await;
    }

    /// Starts it again at the same address, with the data that it had.
    pub async fn restart(&self) {
        self.change(Embedded::restart).await;
    }

    /// Starting and ending waits for threads, so it is done on one that may wait.
    async fn change(&self, change: fn(&mut Embedded) -> Result<(), EmbedError>) {
        let mut embedded = self.embedded.clone().lock_owned().await;
        let changed = tokio::task::spawn_blocking(move || change(&mut embedded)).await;
        changed.expect("the server does not panic").unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Builder {
    /// What clients have to know.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    /// What a file of the server's configuration may say, in TOML: `.settings("retention.dead_max = 10")`. A later call
    /// adds to what an earlier one said.
    pub fn settings(mut self, toml: &str) -> Self {
        self.settings.push_str(toml);
        self.settings.push('\n');
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot start; the message says why.
    pub async fn start(self) -> Server {
        let Self { mut settings, password } = self;
        if let Some(password) = &password {
            settings = format!("faktory.password = {password:?}\n{settings}");
        }
        let started = tokio::task::spawn_blocking(move || Embedded::start(&settings)).await;
        let embedded = started.expect("the server does not panic");
        let embedded = embedded.unwrap_or_else(|error| panic!("cannot start a server: {error}"));
        let login = password.map(|password| format!(":{password}@")).unwrap_or_default();
        let url = format!("tcp://{login}{}", embedded.address());
        let app = Bessemer::connect(&url).unwrap_or_else(|error| panic!("{}", error.chain()));
        Server { embedded: Arc::new(Mutex::new(embedded)), url, app }
    }
}

impl Clock<'_> {
    /// Lets time pass for the server, and returns when all that is due by then is done: scheduled jobs and retries are
    /// in their queues, expired reservations have failed, lost workers have lost their jobs.
    pub async fn advance(&self, by: Duration) {
        self.server.embedded.lock().await.advance(by).await;
    }
}

/// The figures in one line.
fn told(info: &Info) -> String {
    let sets = &info.faktory.sets;
    let queues: Vec<String> =
        info.faktory.queues.iter().map(|(name, jobs)| format!("{name} {jobs}")).collect();
    format!(
        "queues: {}; working {}, scheduled {}, retries {}, dead {}",
        if queues.is_empty() { "none".into() } else { queues.join(", ") },
        sets.working,
        sets.scheduled,
        sets.retries,
        sets.dead
    )
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.url)
    }
}
