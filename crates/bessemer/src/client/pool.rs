//! The application's handle to its server: a pool of connections, opened when they are needed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bessemer_protocol::handshake::Hello;
use bessemer_protocol::response::ServerError;
use bessemer_protocol::url::Url;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

use crate::backoff::Backoff;
use crate::client::builder::Builder;
use crate::client::command::{Answer, Command};
#[cfg(feature = "tower")]
use crate::client::layers::{Layers, Push};
use crate::client::{Client, Server};
use crate::error::Error;
use crate::events::{self, Bus};
use crate::job::with::IntoNewJob;
use crate::payload::{Jid, NewJob};
use crate::trace;
use crate::worker::Worker;

/// The longest wait between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Jobs in one bulk push, and about how many bytes; servers take up to 64 MiB, and one job alone up to 16.
const BULK_JOBS: usize = 1_000;
/// See [`BULK_JOBS`].
const BULK_BYTES: usize = 8 * 1024 * 1024;

/// The client of [`Job::perform_async`](crate::Job::perform_async). Whoever locks it only copies a handle.
static GLOBAL: Mutex<Option<Bessemer>> = Mutex::new(None);

/// A handle to a server: cheap to clone, safe to share.
///
/// It connects when it is first used, keeps up to 4 idle connections and opens up to 16. Every command has a deadline
/// of 5 s and is tried again on a new connection, for 10 s in all, when the connection breaks: a restart of the
/// server is not noticed. [`Bessemer::builder`] has other limits. A push that was tried again is one job where the
/// server knows it by its id, as Bessemer does; on other servers it may rarely be two jobs with the same id.
#[derive(Clone)]
pub struct Bessemer {
    shared: Arc<Shared>,
    #[cfg(feature = "tower")]
    pub(crate) layers: Option<Arc<Layers>>,
}

struct Shared {
    server: Server,
    /// The sandbox of a test, which has no server.
    #[cfg(any(test, feature = "testing"))]
    sandbox: Option<std::sync::Weak<crate::testing::Inner>>,
    permits: Semaphore,
    bus: Bus,
    /// Newest last. Whoever locks it only takes or puts one.
    idle: Mutex<Vec<Client>>,
}

/// What became of a push of a job that may be there once only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// The server has it.
    Pushed(Jid),
    /// Its like was there already; this one was dropped.
    NotUnique,
}

/// A job that a bulk push did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The job's id.
    pub jid: String,
    /// Why.
    pub error: ServerError,
}

impl Bessemer {
    /// A handle with an address, with limits, with trust of one's own.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The server that the environment names: the variable that `FAKTORY_PROVIDER` names, else `FAKTORY_URL`, else
    /// `BESSEMER_URL`, else `tcp://localhost:7419`. Does not connect yet.
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().connect()
    }

    /// The server at `tcp://[user][:password]@host[:port]`, or at `tcp+tls://` and the same; the port is 7419 unless it
    /// is given. Does not connect yet.
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub fn connect(url: &str) -> Result<Self, Error> {
        Self::builder().url(url).connect()
    }

    /// The server at an address that has been read already. Does not connect yet.
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub fn at(url: Url) -> Result<Self, Error> {
        Self::builder().address(url).connect()
    }

    pub(crate) fn to(server: Server) -> Self {
        let shared = Shared {
            permits: Semaphore::new(server.limits.connections),
            server,
            #[cfg(any(test, feature = "testing"))]
            sandbox: None,
            bus: Bus::default(),
            idle: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            #[cfg(feature = "tower")]
            layers: None,
        }
    }

    /// The client of a sandbox, and of no server.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn in_sandbox(server: Server, sandbox: std::sync::Weak<crate::testing::Inner>) -> Self {
        let mut app = Self::to(server);
        Arc::get_mut(&mut app.shared).expect("it has no clones yet").sandbox = Some(sandbox);
        app
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn sandbox(&self) -> Option<&std::sync::Weak<crate::testing::Inner>> {
        self.shared.sandbox.as_ref()
    }

    /// Opens a connection of its own, outside of the pool: for programs that want the protocol itself.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn client(&self) -> Result<Client, Error> {
        self.client_as(Hello::default()).await
    }

    /// The same with a HELLO of one's own; its version and password hash are filled in.
    pub async fn client_as(&self, hello: Hello) -> Result<Client, Error> {
        self.server().connect(hello).await
    }

    /// A connection to the address for another protocol, sealed as the address and the files of TLS say: the command
    /// line asks dashboards like this.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::Tls`].
    #[doc(hidden)]
    pub async fn dial(
        &self,
    ) -> Result<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + use<>, Error> {
        self.shared.server.dial().await
    }

    /// Where the server is.
    pub fn url(&self) -> &Url {
        &self.shared.server.url
    }

    /// Makes this the client that [`Job::perform_async`](crate::Job::perform_async) uses. The last call wins.
    pub fn install_global(&self) {
        *GLOBAL.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clone());
    }

    /// The client of the last [`Bessemer::install_global`]; in a test's sandbox that of the sandbox.
    pub fn global() -> Option<Self> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(sandbox) = crate::testing::current() {
            return Some(sandbox.app());
        }
        GLOBAL.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A worker for this server's jobs.
    pub fn worker(&self) -> Worker {
        Worker::new(self.clone())
    }

    /// Pushes a job and returns its id once the server has it for good.
    ///
    /// # Errors
    /// [`Error::Server`] when the server refuses the job; [`Error::Connect`], [`Error::Timeout`] and others when it
    /// could not be reached for 10 s.
    pub async fn push(&self, job: &NewJob) -> Result<Jid, Error> {
        #[cfg(feature = "tower")]
        if let Some(layers) = &self.layers {
            return layers.push(Push::one(job)).await.map(|_| job.jid.clone());
        }
        let command = Command::push(job);
        let pushed = self.ask(&command).instrument(trace::push_span(job)).await;
        let pushed = pushed.and_then(|answer| command.expect_ok(answer));
        events::pushed(self, job, &pushed);
        pushed.map(|()| job.jid.clone())
    }

    /// The same, where it is no error that a unique job is there already: see [`JobOptions::unique_for`].
    ///
    /// # Errors
    /// As [`Bessemer::push`], without [`Error::is_not_unique`].
    ///
    /// [`JobOptions::unique_for`]: crate::JobOptions::unique_for
    pub async fn try_push(&self, job: &NewJob) -> Result<PushOutcome, Error> {
        match self.push(job).await {
            Ok(jid) => Ok(PushOutcome::Pushed(jid)),
            Err(error) if error.is_not_unique() => Ok(PushOutcome::NotUnique),
            Err(error) => Err(error),
        }
    }

    /// Pushes many jobs, up to a thousand in one command, and returns those that the server refused.
    ///
    /// Takes jobs, and what `args` of a job returns: `app.push_all(orders.iter().map(|o| SendInvoice::args(…)))`.
    ///
    /// # Errors
    /// Those of making a job, before anything is pushed; otherwise as [`Bessemer::push`], and what was pushed before
    /// the error stays pushed.
    pub fn push_all(
        &self,
        jobs: impl IntoIterator<Item = impl IntoNewJob>,
    ) -> impl Future<Output = Result<Vec<Rejected>, Error>> + Send {
        // Made at once, so that the iterator need not be sent between threads.
        let jobs: Result<Vec<NewJob>, Error> = jobs.into_iter().map(IntoNewJob::into_new_job).collect();
        async move {
            let jobs = jobs?;
            #[cfg(feature = "tower")]
            if let Some(layers) = &self.layers {
                return layers.push(Push::many(jobs)).await;
            }
            let mut rejected = Vec::new();
            let mut rest = jobs.as_slice();
            while !rest.is_empty() {
                let (chunk, others) = rest.split_at(bulk(rest));
                rest = others;
                let command = Command::push_bulk(chunk);
                let refused = Rejected::read(&command, self.ask(&command).await?)?;
                events::pushed_all(self, chunk, &refused);
                rejected.extend(refused);
            }
            Ok(rejected)
        }
    }

    pub(crate) fn bus(&self) -> &Bus {
        &self.shared.bus
    }

    pub(crate) fn server(&self) -> &Server {
        &self.shared.server
    }

    /// Sends a command over some connection, and over a new one when that breaks.
    pub(crate) async fn ask(&self, command: &Command) -> Result<Answer, Error> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(sandbox) = crate::testing::door(self) {
            let sandbox = sandbox.ok_or_else(|| command.refused("ERR the sandbox of this client is gone"))?;
            return Box::pin(sandbox.answer(command)).await;
        }
        let patience = self.server().limits.patience;
        let deadline = Instant::now() + patience;
        let mut backoff = Backoff::up_to(PAUSE_MAX);
        let permit = timeout_at(deadline, self.shared.permits.acquire()).await;
        let permit = permit.map_err(|_| Error::Timeout { command: command.verb, after: patience })?;
        let permit = permit.expect("the pool's semaphore is never closed");
        loop {
            let error = match self.attempt(command, &permit).await {
                Err(error) if error.is_transient() => error,
                outcome => return outcome,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(error);
            }
            // The last try comes at the deadline itself.
            let pause = backoff.next().min(left);
            tracing::warn!(error = error.chain(), retry_in = ?pause, "{} did not get through", command.verb);
            sleep(pause).await;
        }
    }

    /// Tries once. The permit is borrowed to show that there is one.
    async fn attempt(&self, command: &Command, _: &SemaphorePermit<'_>) -> Result<Answer, Error> {
        let mut client = match self.take_idle() {
            Some(client) => client,
            None => self.shared.server.connect(Hello::default()).await?,
        };
        let outcome = client.ask(command).await;
        if matches!(outcome, Ok(_) | Err(Error::Server { .. })) {
            // Without a permit left there is somebody who waits for this connection.
            let wanted = self.shared.permits.available_permits() == 0;
            let mut idle = self.idle();
            if wanted || idle.len() < self.server().limits.idle {
                idle.push(client);
            }
        }
        outcome
    }

    /// The connection that was used last, if the server has not hung up meanwhile.
    fn take_idle(&self) -> Option<Client> {
        loop {
            let mut client = self.idle().pop()?;
            if client.is_usable() {
                return Some(client);
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Client>> {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many of the jobs go into one command: at least one.
fn bulk(jobs: &[NewJob]) -> usize {
    let mut bytes = 0;
    let fits = |job: &&NewJob| {
        bytes += job.size();
        bytes <= BULK_BYTES
    };
    jobs.iter().take(BULK_JOBS).take_while(fits).count().max(1)
}

impl fmt::Debug for Bessemer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bessemer({})", self.shared.server.url)
    }
}

impl Rejected {
    pub(crate) fn read(command: &Command, answer: Answer) -> Result<Vec<Self>, Error> {
        let rejected: BTreeMap<String, String> = command.expect_document(answer)?;
        // P-22: the text comes without `ERR`, but with any other code.
        let rejected = rejected.into_iter().map(|(jid, text)| Self { jid, error: ServerError::parse(&text) });
        Ok(rejected.collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::builder::Limits;
    use crate::client::fake::{Fake, Say};
    use crate::job::JobOptions;
    use crate::prelude::*;

    fn job() -> NewJob {
        NewJob::new("T", &[json!(1)], JobOptions::new()).unwrap()
    }

    struct Greet;

    impl Job for Greet {
        const JOBTYPE: &'static str = "Greet";
        type Args = (String, Option<u32>);

        fn options() -> JobOptions {
            JobOptions::new().queue("greetings").retry(3)
        }

        async fn perform(&self, _: &Context, _: Self::Args) -> JobResult {
            Ok(Done)
        }
    }

    #[tokio::test]
    async fn perform_async_pushes_what_the_job_and_the_call_say() {
        let fake = Fake::new();
        let app = fake.app();
        let jid = Greet::with().on(&app).retry(0).perform_async(("Stuart", Some(2))).await.unwrap();
        let pushed: serde_json::Value = serde_json::from_str(&fake.seen("PUSH", 1).await[0]).unwrap();
        assert_eq!(pushed["jid"], jid.as_str());
        assert_eq!(pushed["jobtype"], "Greet");
        assert_eq!(pushed["args"], json!(["Stuart", 2]));
        assert_eq!((&pushed["queue"], &pushed["retry"]), (&json!("greetings"), &json!(0)));

        Greet::with().on(&app).perform_in(Duration::from_secs(90), ("Stuart", None)).await.unwrap();
        let pushed: serde_json::Value = serde_json::from_str(&fake.seen("PUSH", 2).await[1]).unwrap();
        let time = |name: &str| pushed[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(time("at").duration_since(time("created_at")).as_secs(), 90);
    }

    #[tokio::test]
    async fn a_unique_job_that_is_there_already_is_no_error_of_a_try_e30() {
        let fake = Fake::new();
        let app = fake.app();
        let refused = Say::Raw("-NOTUNIQUE Job not unique\r\n");
        fake.answer("PUSH", refused.clone());
        assert_eq!(app.try_push(&job()).await.unwrap(), PushOutcome::NotUnique);
        let unique = || Greet::with().on(&app).unique_for(Duration::from_secs(60));
        fake.answer("PUSH", refused.clone());
        let outcome = unique().try_perform_async(("Stuart", None)).await.unwrap();
        assert_eq!(outcome, PushOutcome::NotUnique);
        fake.answer("PUSH", refused);
        assert!(unique().perform_async(("Stuart", None)).await.unwrap_err().is_not_unique());
        let PushOutcome::Pushed(jid) = unique().try_perform_async(("Stuart", None)).await.unwrap() else {
            panic!("there is room for it");
        };
        assert!(fake.seen("PUSH", 4).await[3].contains(jid.as_str()));
        fake.answer("PUSH", Say::Error("jobs must have a jobtype parameter"));
        assert!(app.try_push(&job()).await.is_err());
    }

    #[tokio::test]
    async fn the_global_client_is_the_one_installed_last() {
        assert!(matches!(Greet::perform_async(("Stuart", None)).await, Err(Error::NoGlobal)));
        let (first, second) = (Fake::new(), Fake::new());
        first.app().install_global();
        second.app().install_global();
        Greet::perform_async(("Stuart", None)).await.unwrap();
        assert_eq!((first.count("PUSH"), second.count("PUSH")), (0, 1));
    }

    #[tokio::test]
    async fn many_jobs_go_out_a_thousand_at_a_time() {
        let fake = Fake::new();
        let jobs: Vec<NewJob> = (0..2_001).map(|_| job()).collect();
        fake.answer("PUSHB", Say::Bulk(r#"{"abcdefgh":"jobs must have a jobtype parameter"}"#));
        let rejected = fake.app().push_all(&jobs).await.unwrap();
        assert_eq!(fake.count("PUSHB"), 3);
        assert_eq!((rejected.len(), rejected[0].jid.as_str()), (1, "abcdefgh"));

        let big = NewJob::new("T", &[json!("x".repeat(3 << 20))], JobOptions::new()).unwrap();
        assert_eq!(bulk(&vec![big; 5]), 2);
        let huge = NewJob::new("T", &[json!("x".repeat(10 << 20))], JobOptions::new()).unwrap();
        assert_eq!(bulk(&[huge, job()]), 1);
    }

    #[tokio::test]
    async fn one_connection_is_used_again_and_a_dead_one_is_not() {
        let fake = Fake::new();
        let app = fake.app();
        app.push(&job()).await.unwrap();
        app.push(&job()).await.unwrap();
        assert_eq!(fake.count("HELLO"), 1);
        // After this answer the server hangs up on the idle connection.
        fake.answer("INFO", Say::Bulk("{}"));
        app.info().await.unwrap();
        let idle = app.idle().pop().unwrap();
        idle.end().await;
        fake.seen("END", 1).await;
        app.push(&job()).await.unwrap();
        assert_eq!(fake.count("HELLO"), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_push_gets_through_a_restart_of_the_server_with_the_same_bytes() {
        let fake = Fake::new();
        let app = fake.app();
        fake.refuse(3);
        fake.answer("PUSH", Say::HangUp);
        fake.answer("PUSH", Say::Raw("-ERR shutdown in progress\r\n"));
        app.push(&job()).await.unwrap();
        let pushes = fake.seen("PUSH", 3).await;
        assert!(pushes[0] == pushes[1] && pushes[1] == pushes[2], "{pushes:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stays_away_is_an_error_after_ten_seconds() {
        let fake = Fake::new();
        fake.refuse(usize::MAX);
        let begun = Instant::now();
        let error = fake.app().push(&job()).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot connect to tcp://fake.example:7419");
        assert_eq!(begun.elapsed(), Limits::DEFAULT.patience);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_server_refuses_is_not_tried_again() {
        let fake = Fake::new();
        fake.answer("PUSH", Say::Error("jobs must have a jobtype parameter"));
        let error = fake.app().push(&job()).await.unwrap_err();
        assert_eq!(error.to_string(), "server refused PUSH: jobs must have a jobtype parameter");
        assert_eq!(fake.count("PUSH"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_shares_sixteen_connections() {
        let fake = Fake::new();
        let app = fake.app();
        let crowd = (0..100).map(|_| {
            let app = app.clone();
            async move { app.push(&job()).await }
        });
        let crowd: tokio::task::JoinSet<_> = crowd.collect();
        for outcome in crowd.join_all().await {
            outcome.unwrap();
        }
        assert_eq!(fake.count("PUSH"), 100);
        assert_eq!(fake.count("HELLO"), Limits::DEFAULT.connections);
        assert_eq!(app.idle().len(), Limits::DEFAULT.idle);
    }
}
