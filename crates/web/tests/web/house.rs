//! A dashboard on a real machine of the core, without disk and sockets: texts are kept in a vector, and the clock
//! stands until a test moves it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use bessemer_core::command::{
    AskUnique, Asks, BatchDeed, Command, FailureView, Hello, Push, Refusal, Reply, Text,
};
use bessemer_core::cron::{CronEntry, CronJob, Missed, Schedule};
use bessemer_core::fact::Release;
use bessemer_core::query::{Condition, JobView, Jobs, ServerFigures};
use bessemer_core::{
    Action, Answer, Boot, ConnId, Fact, Facts, Machine, Now, Query, Rules, Settled, Span, Ticket, Wall,
};
use bessemer_protocol::job;
use bessemer_store::{Gone, Tell};
use bessemer_web::{Front, Pulse, Pushed, Refused, Site, Undone, Watch, router};
use bytes::Bytes;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// 2026-01-02T03:04:05Z.
pub(crate) const START: Wall = Wall(1_767_323_045_000_000);

/// The front of a machine in memory.
#[derive(Clone)]
pub(crate) struct House {
    room: Arc<Mutex<Room>>,
    watch: Arc<Watch>,
    /// An action needs a permit, and takes it with it.
    doors: Arc<Semaphore>,
}

struct Room {
    machine: Machine,
    texts: Texts,
    now: Wall,
    /// Ask and act answer that the engine is gone.
    closed: bool,
    condition: Condition,
    watch: Arc<Watch>,
}

#[derive(Default)]
struct Texts(Vec<Bytes>);

impl Texts {
    fn read(&self, text: &mut Text) {
        if let Some(span) = text.unread() {
            text.fill(self.0[span.at as usize].clone());
        }
    }

    fn read_all(&self, jobs: &mut [JobView]) {
        for job in jobs {
            self.read(&mut job.body);
            if let Some(FailureView { text, .. }) = &mut job.failure {
                self.read(text);
            }
        }
    }
}

impl Facts for Texts {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        let text = match fact {
            Fact::Put { body, .. } => *body,
            Fact::Fail { failure, .. } => failure.text,
            _ => return Span::default(),
        };
        self.0.push(Bytes::copy_from_slice(text));
        Span { at: self.0.len() as u64 - 1, len: text.len() as u32 }
    }

    fn release(&mut self, _: Span) {}
}

impl Room {
    fn now(&self) -> Now {
        let boot = Boot(self.now.0 as u64);
        Now { wall: self.now, boot, heard: boot, chance: 7 }
    }

    fn apply(&mut self, command: Command<'_>) -> Reply {
        let mut out = Settled::default();
        let now = self.now();
        self.machine.apply(now, Ticket(1), command, &mut self.texts, &mut out);
        self.watch.take(&mut out.events);
        out.replies.pop().map_or(Reply::Nothing, |(_, reply)| reply)
    }
}

impl Front for House {
    async fn ask(&self, query: Query) -> Result<Answer, Gone> {
        let room = self.room();
        if room.closed {
            return Err(Gone);
        }
        let mut answer = room.machine.answer(room.now(), &query);
        match &mut answer {
            Answer::Jobs(Jobs { jobs, .. }) | Answer::Far { jobs: Jobs { jobs, .. }, .. } => {
                room.texts.read_all(jobs);
            }
            Answer::Scanned(scanned) => room.texts.read_all(&mut scanned.jobs),
            _ => {}
        }
        Ok(answer)
    }

    fn read(&self, texts: &[Span], tell: Tell<'_>) -> Result<(), Gone> {
        let room = self.room();
        texts.iter().enumerate().for_each(|(n, span)| tell(n, Some(&room.texts.0[span.at as usize])));
        Ok(())
    }

    async fn act(&self, action: Action) -> Result<u64, Undone> {
        // What is only kept is no action on jobs.
        if !matches!(action, Action::Keep(_)) {
            self.doors.acquire().await.expect("the doors are never taken away").forget();
        }
        let mut room = self.room();
        if room.closed {
            return Err(Gone.into());
        }
        match action.command(|command| room.apply(command)) {
            Reply::Count(count) => Ok(count),
            Reply::Done | Reply::Jid(_) => Ok(0),
            Reply::Refused(refusal) => Err(Undone::Refused(refusal)),
            other => panic!("an action was answered {other:?}"),
        }
    }

    async fn push(&self, text: String) -> Result<Result<Vec<Pushed>, Refused>, Gone> {
        let text = text.trim();
        let many = if text.starts_with('[') { text.to_owned() } else { format!("[{text}]") };
        let mut room = self.room();
        if room.condition.disk_full {
            let text = Refusal::DiskFull.to_string();
            return Ok(Err(Refused { reason: "disk_full", text }));
        }
        let jobs = match job::Job::parse_bulk(&many, 3) {
            Ok(jobs) => jobs,
            Err(e) => {
                let reason = if matches!(e, job::ParseError::TooManyJobs(..)) { "bulk_jobs" } else { "json" };
                return Ok(Err(Refused { reason, text: e.to_string() }));
            }
        };
        let mut pushed = |(sent, job): (&str, job::Job<'_>)| {
            let jid = job.jid().unwrap_or_default().to_owned();
            let refused = match job.check() {
                Ok(job) => {
                    let mut body = Vec::new();
                    job.write("2026-01-02T03:04:05Z", &mut body);
                    assert_eq!(room.apply(Command::Push { job: command(&job, sent, &body) }), Reply::Done);
                    None
                }
                Err(e) => Some(Refused { reason: "args", text: e.to_string() }),
            };
            Pushed { jid, refused }
        };
        Ok(Ok(jobs.into_iter().map(&mut pushed).collect()))
    }

    fn figures(&self) -> ServerFigures {
        ServerFigures {
            uptime_s: 2 * 86_400,
            connections: 3,
            command_count: 4_567,
            used_memory_mb: 21,
            condition: self.room().condition,
            rejected: [("json", 1_234), ("unknown_command", 5)].into(),
            ..ServerFigures::default()
        }
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn pulse(&self) -> Pulse {
        let mut pulse = Pulse { started: Wall(START.0 - 2 * 86_400 * 1_000_000), ..Pulse::default() };
        (pulse.turns.counts[1], pulse.turns.sum) = (4, Duration::from_micros(300));
        (pulse.flushes.counts[2], pulse.flushes.counts[16]) = (2, 1);
        pulse.flushes.sum = Duration::from_millis(6_500);
        pulse.disk_free = Some(5 << 30);
        pulse
    }

    fn now(&self) -> Wall {
        self.room().now
    }
}

fn command<'a>(job: &'a job::Checked<'_>, sent: &'a str, body: &'a [u8]) -> Push<'a> {
    Push {
        jid: job.jid(),
        queue: job.queue(),
        jobtype: job.jobtype(),
        retry: job.retry(),
        reserve_for: job.reserve_for(),
        on_lost: None,
        asks: Asks::default(),
        at: None,
        failure: None,
        sent: sent.as_bytes(),
        body,
    }
}

/// What a test pushes; the rest is made up.
pub(crate) struct Job<'a> {
    pub(crate) jid: &'a str,
    pub(crate) queue: &'a str,
    pub(crate) jobtype: &'a str,
    pub(crate) args: &'a str,
    pub(crate) custom: Option<&'a str>,
    pub(crate) retry: i16,
    pub(crate) at: Option<Wall>,
    /// Its key, held for an hour.
    pub(crate) unique: Option<(u128, Release)>,
    /// From then on it is of no use.
    pub(crate) expires: Option<Wall>,
}

impl Default for Job<'_> {
    fn default() -> Self {
        Self {
            jid: "job-00000001",
            queue: "default",
            jobtype: "Mail",
            args: "[]",
            custom: None,
            retry: 25,
            at: None,
            unique: None,
            expires: None,
        }
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::under(Rules::default())
    }

    pub(crate) fn under(rules: Rules) -> Self {
        let machine = Machine::new(rules, [1, 2]);
        let watch = Arc::new(Watch::default());
        let room = Room {
            watch: watch.clone(),
            machine,
            texts: Texts::default(),
            now: START,
            closed: false,
            condition: Condition::default(),
        };
        Self { watch, room: Arc::new(Mutex::new(room)), doors: Arc::new(Semaphore::new(1_000_000)) }
    }

    /// One with a cron entry: each day at three in Paris, and now its hour is 04:04.
    pub(crate) fn with_cron(rules: Rules) -> Self {
        let job = CronJob {
            queue: "reports".into(),
            jobtype: "Report".into(),
            retry: 25,
            reserve_for: 1_800,
            on_lost: None,
            unique: None,
            expires_in: None,
            expires_at: None,
            tracked: false,
            text: [
                r#"{"jid":""#.into(),
                r#"","queue":"reports","jobtype":"Report","created_at":""#.into(),
                r#"","args":[]}"#.into(),
            ],
        };
        let entry = CronEntry {
            id: "nightly".into(),
            schedule: Schedule::parse("0 3 * * *").expect("a schedule"),
            zone: jiff::tz::TimeZone::get("Europe/Paris").expect("a zone"),
            missed: Missed::Once,
            enabled: true,
            jitter: 10,
            job,
        };
        let house = Self::under(Rules { cron: [entry].into(), ..rules });
        house.pass(Duration::ZERO);
        house
    }

    /// From now on only so many actions are done, until the caller adds permits.
    pub(crate) fn hold_actions(&self, permits: usize) -> Arc<Semaphore> {
        self.doors.forget_permits(Semaphore::MAX_PERMITS);
        self.doors.add_permits(permits);
        Arc::clone(&self.doors)
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap()
    }

    pub(crate) fn router(&self, site: Site) -> Router {
        router(self.clone(), site)
    }

    /// Moves the clock, and lets the machine do what is due.
    pub(crate) fn pass(&self, time: Duration) {
        let mut room = self.room();
        room.now = room.now.after(time);
        room.apply(Command::Due);
    }

    /// From now on the engine stands with its disk like this.
    pub(crate) fn stand(&self, condition: Condition) {
        self.room().condition = condition;
    }

    /// From now on the engine has ended.
    pub(crate) fn close(&self) {
        self.room().closed = true;
    }

    pub(crate) fn batch(&self, deed: BatchDeed<'_>) -> Reply {
        self.room().apply(Command::Batch(deed))
    }

    /// Lets the machine do what is due.
    pub(crate) fn due(&self) {
        let mut room = self.room();
        while room.machine.next_due(room.now()).is_some_and(|at| at <= room.now().boot) {
            room.apply(Command::Due);
        }
    }

    pub(crate) fn push(&self, job: &Job<'_>) {
        self.push_into(None, job);
    }

    /// Pushes a job that asks to be a member of a batch.
    pub(crate) fn push_into(&self, batch: Option<&str>, job: &Job<'_>) {
        let string = |text: &str| serde_json::to_string(text).unwrap();
        let custom = job.custom.map(|custom| format!("\"custom\":{custom},")).unwrap_or_default();
        let at = job.at.map(|at| format!(",\"at\":\"{}\"", at.rfc3339())).unwrap_or_default();
        let body = format!(
            r#"{{"retry":{},{custom}"jid":{},"queue":{},"jobtype":{},"created_at":"2026-01-02T03:00:00Z"{at},"args":{},"reserve_for":1800}}"#,
            job.retry,
            string(job.jid),
            string(job.queue),
            string(job.jobtype),
            job.args
        );
        let push = Push {
            jid: job.jid,
            queue: job.queue,
            jobtype: job.jobtype,
            retry: job.retry,
            reserve_for: 1_800,
            on_lost: None,
            asks: Asks {
                unique: job.unique.map(|(key, release)| AskUnique {
                    key,
                    hold: Duration::from_secs(3_600),
                    release,
                }),
                batch,
                expires: job.expires,
                ..Asks::default()
            },
            at: job.at,
            failure: None,
            sent: body.as_bytes(),
            body: body.as_bytes(),
        };
        assert_eq!(self.room().apply(Command::Push { job: push }), Reply::Done);
    }

    /// Jobs that wait for another try, also when the engine has ended.
    pub(crate) fn retries(&self) -> u64 {
        let room = self.room();
        match room.machine.answer(room.now(), &Query::Info) {
            Answer::Info(info) => info.retries,
            other => panic!("figures were asked for: {other:?}"),
        }
    }

    pub(crate) fn connect(&self, hello: Hello<'_>) {
        self.connect_as(1, hello);
    }

    /// On a connection of its own.
    pub(crate) fn connect_as(&self, conn: u64, hello: Hello<'_>) {
        let reply = self.room().apply(Command::Connect { conn: ConnId(conn), worker: Some(hello) });
        assert_eq!(reply, Reply::Done);
    }

    pub(crate) fn beat(&self, wid: &str) -> Reply {
        self.room().apply(Command::Beat { conn: ConnId(1), wid, state: None, rss_kb: 250_000 })
    }

    /// Reserves the next job of a queue, on the connection of [`House::connect`] if there is one.
    pub(crate) fn fetch(&self, queue: &str) {
        self.fetch_as(1, queue);
    }

    /// On this connection.
    pub(crate) fn fetch_as(&self, conn: u64, queue: &str) {
        let fetch = Command::Fetch { conn: ConnId(conn), queues: &[queue], wait: Duration::ZERO };
        let reply = self.room().apply(fetch);
        assert!(matches!(reply, Reply::Job(_)), "{reply:?}");
    }

    pub(crate) fn ack(&self, jid: &str) {
        assert_eq!(self.room().apply(Command::Ack { conn: ConnId(1), jid, lease: None }), Reply::Done);
    }

    pub(crate) fn fail(&self, jid: &str, text: &str) {
        self.fail_as(1, jid, text);
    }

    /// On this connection.
    pub(crate) fn fail_as(&self, conn: u64, jid: &str, text: &str) {
        let reply =
            self.room().apply(Command::Fail { conn: ConnId(conn), jid, text: text.as_bytes(), lease: None });
        assert_eq!(reply, Reply::Done);
    }

    /// Pushes a job, works it and fails it.
    pub(crate) fn push_and_fail(&self, job: &Job<'_>, text: &str) {
        self.push(job);
        self.fetch(job.queue);
        self.fail(job.jid, text);
    }
}

/// A response, read.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that the text is there, and says where it looked.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{text:?} is not in:\n{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn says_not(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is in:\n{}", self.body);
        self
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answered {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, mut body) = response.into_parts();
    let is_endless = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let body = if is_endless { next_of(&mut body).await } else { to_bytes(body, usize::MAX).await.unwrap() };
    Answered {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).expect("pages are UTF-8"),
    }
}

/// The next piece of a stream.
pub(crate) async fn next_of(body: &mut Body) -> Bytes {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
    frame.expect("it goes on").unwrap().into_data().expect("data")
}

pub(crate) fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "localhost:7420")
}

pub(crate) async fn get(router: &Router, path: &str) -> Answered {
    send(router, request("GET", path).body(Body::empty()).unwrap()).await
}

/// A page that must be there.
#[track_caller]
pub(crate) fn page(router: &Router, path: &str) -> impl Future<Output = Answered> {
    let caller = std::panic::Location::caller();
    let (router, path) = (router.clone(), path.to_owned());
    async move {
        let answered = get(&router, &path).await;
        assert_eq!(answered.status, StatusCode::OK, "GET {path} at {caller}: {}", answered.body);
        answered
    }
}

pub(crate) async fn post(router: &Router, path: &str, form: &str) -> Answered {
    let request = request("POST", path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(router, request.body(Body::from(form.to_owned())).unwrap()).await
}

/// A form that must be answered by a way to somewhere.
#[track_caller]
pub(crate) fn redirected(answered: &Answered, to: &str) {
    assert_eq!((answered.status, answered.header("location")), (302, to), "{}", answered.body);
}
