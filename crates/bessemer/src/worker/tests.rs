//! What a worker does, seen from the server: jobs, failures, heartbeats, trouble, and the end.
//!
//! The server is a [`Fake`] in memory and the clock is paused, so that minutes pass at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::client::fake::{Fake, Say};
use crate::error::Error;
use crate::prelude::*;
use crate::worker::shutdown::Stop;
use crate::worker::{Report, Worker};

#[derive(Debug, thiserror::Error)]
#[error("the furnace is cold")]
struct Cold(#[source] std::num::ParseIntError);

/// Fails in the way that its argument says.
struct Trouble;

impl Job for Trouble {
    const JOBTYPE: &'static str = "Trouble";
    type Args = (String,);

    async fn perform(&self, ctx: &Context, (kind,): Self::Args) -> JobResult {
        match kind.as_str() {
            "panic" => stoke(ctx.attempt()).await,
            "error" => Err("seven".parse::<u8>().map_err(Cold).unwrap_err())?,
            _ => {}
        }
        Ok(Done)
    }
}

#[inline(never)]
async fn stoke(attempt: u32) {
    tokio::task::yield_now().await;
    panic!("no coal at attempt {attempt}"); // This line.
}

/// Runs until it is let go.
#[derive(Clone)]
struct Wait {
    started: Arc<Semaphore>,
    go: Arc<Notify>,
}

impl Wait {
    fn new() -> Self {
        Self { started: Arc::new(Semaphore::new(0)), go: Arc::default() }
    }

    /// Waits until `count` more of these jobs run.
    async fn running(&self, count: u32) {
        self.started.acquire_many(count).await.unwrap().forget();
    }
}

impl Job for Wait {
    const JOBTYPE: &'static str = "Wait";
    type Args = ();

    async fn perform(&self, _: &Context, (): ()) -> JobResult {
        self.started.add_permits(1);
        self.go.notified().await;
        Ok(Done)
    }
}

struct Running {
    stop: Stop,
    task: JoinHandle<Result<Report, Error>>,
}

impl Running {
    async fn ended(self) -> Report {
        self.task.await.unwrap().unwrap()
    }

    async fn terminated(self) -> Report {
        self.stop.terminate();
        self.ended().await
    }
}

fn start(worker: Worker) -> Running {
    let worker = worker.ignore_signals();
    Running { stop: worker.stop_handle(), task: tokio::spawn(worker.run()) }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn trace(fail: &Value) -> Vec<&str> {
    fail["backtrace"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_job_is_done_and_acknowledged_and_the_worker_says_goodbye() {
    let fake = Fake::new();
    fake.give("Trouble", "job-0001", r#"["none"]"#);
    let worker =
        start(fake.app().worker().job(Trouble).queues(["critical", "default"]).slots(1).label("test"));
    assert_eq!(json(&fake.seen("ACK", 1).await[0]), json!({"jid": "job-0001"}));
    assert_eq!(fake.seen("FETCH", 1).await[0], "critical default");
    let hello = json(&fake.seen("HELLO", 1).await[0]);
    assert_eq!((&hello["v"], &hello["labels"]), (&json!(2), &json!(["rust", "test"])));
    assert_eq!(hello["pid"], std::process::id());
    assert!(!hello["hostname"].as_str().unwrap().is_empty());

    assert_eq!(worker.terminated().await, Report { succeeded: 1, failed: 0, unreported: 0 });
    let hellos = fake.seen("HELLO", 2).await;
    assert!(hellos.iter().all(|other| json(other)["wid"] == hello["wid"]), "all connections share one wid");
    assert_eq!(fake.count("END"), 1, "the heartbeat's: the fetcher hung up when its FETCH was in vain");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_reported_with_the_file_and_line_where_it_happened() {
    let fake = Fake::new();
    fake.give("Trouble", "job-0001", r#"["panic"]"#);
    let worker = start(fake.app().worker().job(Trouble));
    let fail = json(&fake.seen("FAIL", 1).await[0]);
    assert_eq!((&fail["jid"], &fail["errtype"]), (&json!("job-0001"), &json!("panic")));
    assert_eq!(fail["message"], "no coal at attempt 1");
    let source = include_str!("tests.rs").lines();
    let line =
        source.zip(1..).find_map(|(text, line)| text.ends_with("// This line.").then_some(line)).unwrap();
    let trace = trace(&fail);
    assert!(trace[0].starts_with(&format!("at crates/bessemer/src/worker/tests.rs:{line}:5")), "{trace:#?}");
    assert!(trace.len() >= 2 && trace.iter().all(|line| line.contains("worker/tests.rs:")), "{trace:#?}");
    assert_eq!(worker.terminated().await, Report { succeeded: 0, failed: 1, unreported: 0 });
}

#[tokio::test(start_paused = true)]
async fn an_error_is_reported_with_its_type_place_and_causes() {
    let fake = Fake::new();
    fake.give_raw(
        r#"{"jid":"job-0001","jobtype":"Trouble","args":["error"],"backtrace":2,"failure":{"retry_count":1}}"#.into(),
    );
    let worker = start(fake.app().worker().job(Trouble));
    let fail = json(&fake.seen("FAIL", 1).await[0]);
    assert_eq!(fail["errtype"], "bessemer::worker::tests::Cold");
    assert_eq!(fail["message"], "the furnace is cold");
    let trace = trace(&fail);
    assert!(trace[0].starts_with("at crates/bessemer/src/worker/tests.rs:"), "{trace:#?}");
    assert_eq!(trace[1..], ["caused by: invalid digit found in string"]);
    worker.terminated().await;
}

#[tokio::test(start_paused = true)]
async fn jobs_that_cannot_be_done_are_failed_with_a_clear_text() {
    let fake = Fake::new();
    fake.give("Unheard", "job-0001", "[]");
    fake.give("Trouble", "job-0002", r#"[{"secret":1}]"#);
    let worker = start(fake.app().worker().job(Trouble).slots(1));
    let fails = fake.seen("FAIL", 2).await;
    let (unknown, mismatch) = (json(&fails[0]), json(&fails[1]));
    assert_eq!(unknown["errtype"], "UnknownJobType");
    assert_eq!(unknown["message"], r#"no job "Unheard" is registered with this worker"#);
    assert_eq!(mismatch["errtype"], "ArgumentMismatch");
    assert_eq!(mismatch["message"], "argument 0: expected String, found an object");
    worker.terminated().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_jobs_are_in_hand_than_there_are_slots() {
    let (fake, wait) = (Fake::new(), Wait::new());
    for n in 0..5 {
        fake.give("Wait", &format!("job-000{n}"), "[]");
    }
    let worker = start(fake.app().worker().job(wait.clone()).slots(2));
    wait.running(2).await;
    // The clock only moves when nothing else can.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.count("FETCH"), 2);
    for n in 1..=5 {
        wait.go.notify_one();
        fake.seen("ACK", n).await;
    }
    assert_eq!(worker.terminated().await.succeeded, 5);
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_comes_at_once_and_then_every_fifteen_seconds() {
    let fake = Fake::new();
    let begun = Instant::now();
    let worker = start(fake.app().worker().job(Trouble));
    let beat = json(&fake.seen("BEAT", 1).await[0]);
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(beat["wid"], json(&fake.seen("HELLO", 1).await[0])["wid"]);
    assert!(beat.get("current_state").is_none(), "{beat}");
    fake.seen("BEAT", 4).await;
    assert_eq!(begun.elapsed().as_secs(), 45);
    worker.terminated().await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_worker_fetches_no_more_and_a_terminated_one_ends() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give("Wait", "job-0001", "[]");
    let worker = start(fake.app().worker().job(wait.clone()).slots(2));
    wait.running(1).await;
    fake.answer("BEAT", Say::Bulk(r#"{"state":"quiet"}"#));
    let beats = fake.count("BEAT");
    let told = fake.seen("BEAT", beats + 2).await;
    assert_eq!(json(told.last().unwrap())["current_state"], "quiet", "the server hears it at once");

    tokio::time::sleep(Duration::from_secs(3)).await;
    let fetches = fake.count("FETCH");
    fake.give("Wait", "job-0002", "[]");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.count("FETCH"), fetches, "nothing is fetched any more");

    fake.answer("BEAT", Say::Bulk(r#"{"state":"terminate"}"#));
    wait.go.notify_one();
    assert_eq!(worker.ended().await, Report { succeeded: 1, failed: 0, unreported: 0 });
    assert_eq!(json(fake.seen("BEAT", 1).await.last().unwrap())["current_state"], "terminate");
}

#[tokio::test(start_paused = true)]
async fn a_running_job_may_finish_while_the_worker_drains() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give("Wait", "job-0001", "[]");
    let worker = start(fake.app().worker().job(wait.clone()));
    wait.running(1).await;
    worker.stop.terminate();
    tokio::time::sleep(Duration::from_secs(19)).await;
    wait.go.notify_one();
    assert_eq!(worker.ended().await, Report { succeeded: 1, failed: 0, unreported: 0 });
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_after_the_drain_is_cut_off_and_given_back() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give("Wait", "job-0001", "[]");
    let worker = start(fake.app().worker().job(wait.clone()));
    wait.running(1).await;
    let begun = Instant::now();
    assert_eq!(worker.terminated().await, Report { succeeded: 0, failed: 1, unreported: 0 });
    assert_eq!(begun.elapsed(), Duration::from_secs(20 + 3), "drain, then the grace after it was cancelled");
    let fail = json(&fake.seen("FAIL", 1).await[0]);
    assert_eq!((&fail["jid"], &fail["errtype"]), (&json!("job-0001"), &json!("Shutdown")));
}

#[tokio::test(start_paused = true)]
async fn a_second_stop_cuts_off_at_once() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give("Wait", "job-0001", "[]");
    let worker = start(fake.app().worker().job(wait.clone()).slots(1));
    wait.running(1).await;
    let begun = Instant::now();
    worker.stop.terminate();
    worker.stop.abort();
    assert_eq!(worker.ended().await.failed, 1);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_stopped_before_its_reservation_ends() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give_raw(r#"{"jid":"job-0001","jobtype":"Wait","args":[],"reserve_for":600}"#.into());
    let worker = start(fake.app().worker().job(wait.clone()));
    wait.running(1).await;
    let begun = Instant::now();
    let fail = json(&fake.seen_within(Duration::from_secs(600), "FAIL", 1).await[0]);
    assert_eq!(
        begun.elapsed(),
        Duration::from_secs(583),
        "cancelled 20 s before the end, cut off after a grace of 3 s"
    );
    assert_eq!(fail["errtype"], "Timeout");
    worker.terminated().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_reported_again_until_the_server_is_back() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give("Wait", "job-0001", "[]");
    let worker = start(fake.app().worker().job(wait.clone()).slots(1));
    wait.running(1).await;
    fake.answer("ACK", Say::HangUp);
    fake.answer("ACK", Say::Error("shutdown in progress"));
    fake.refuse(5);
    wait.go.notify_one();
    fake.seen("ACK", 3).await;
    fake.seen("FETCH", 2).await;
    assert_eq!(worker.terminated().await, Report { succeeded: 1, failed: 0, unreported: 0 });
}

/// Asks for an hour, and is done.
struct Extended;

impl Job for Extended {
    const JOBTYPE: &'static str = "Extended";
    type Args = ();

    async fn perform(&self, ctx: &Context, (): ()) -> JobResult {
        ctx.extend(Duration::from_secs(3_600)).await?;
        Ok(Done)
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_told_for_as_long_as_the_job_was_given_more_time() {
    let fake = Fake::new();
    fake.give_raw(r#"{"jid":"job-0001","jobtype":"Extended","args":[],"reserve_for":60}"#.into());
    for _ in 0..100 {
        fake.answer("ACK", Say::HangUp);
    }
    let begun = Instant::now();
    let worker = start(fake.app().worker().job(Extended).slots(1));
    fake.seen_within(Duration::from_secs(3_000), "ACK", 101).await;
    assert!(begun.elapsed() > Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(worker.terminated().await, Report { succeeded: 1, failed: 0, unreported: 0 });
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_nobody_hears_is_given_up_when_the_lease_is_over() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give_raw(r#"{"jid":"job-0001","jobtype":"Wait","args":[],"reserve_for":60}"#.into());
    let worker = start(fake.app().worker().job(wait.clone()).slots(1));
    wait.running(1).await;
    let begun = Instant::now();
    for _ in 0..10_000 {
        fake.answer("ACK", Say::HangUp);
    }
    wait.go.notify_one();
    fake.seen_within(Duration::from_secs(80), "FETCH", 2).await;
    // Found out at the first try after that.
    assert!((60..=70).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(worker.terminated().await, Report { succeeded: 0, failed: 0, unreported: 1 });
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_comes_too_late_is_not_repeated() {
    let fake = Fake::new();
    fake.give("Trouble", "job-0001", r#"["error"]"#);
    fake.answer("FAIL", Say::Error("Job not found job-0001"));
    let worker = start(fake.app().worker().job(Trouble).slots(1));
    fake.seen("FETCH", 2).await;
    assert_eq!(worker.terminated().await.unreported, 1);
    assert_eq!(fake.count("FAIL"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_loses_its_connection_comes_back_and_the_others_do_not_notice() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give("Wait", "job-0001", "[]");
    let worker = start(fake.app().worker().job(wait.clone()).job(Trouble).slots(2));
    wait.running(1).await;
    for say in [Say::HangUp, Say::Raw("nonsense\r\n"), Say::Silence, Say::Bulk("{}"), Say::Error("oh no")] {
        fake.answer("FETCH", say);
    }
    let before = fake.count("FETCH");
    fake.seen("FETCH", before + 6).await;
    fake.give("Trouble", "job-0002", r#"["none"]"#);
    assert_eq!(json(&fake.seen("ACK", 1).await[0])["jid"], "job-0002");
    wait.go.notify_one();
    assert_eq!(worker.terminated().await, Report { succeeded: 2, failed: 0, unreported: 0 });
}

/// A log that panics once, at the first thing that it is told of `bessemer::worker::perform`.
struct BrokenLog(AtomicBool);

impl<S: tracing::Subscriber> Layer<S> for BrokenLog {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "bessemer::worker::perform" && self.0.swap(false, Ordering::Relaxed) {
            panic!("the log is full");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_dies_comes_back_and_fails_the_job_that_it_held() {
    let _broken = tracing_subscriber::registry().with(BrokenLog(AtomicBool::new(true))).set_default();
    let fake = Fake::new();
    fake.give("Trouble", "job-0001", r#"["none"]"#);
    fake.give("Trouble", "job-0002", r#"["none"]"#);
    let worker = start(fake.app().worker().job(Trouble).slots(1));
    let fail = json(&fake.seen("FAIL", 1).await[0]);
    assert_eq!((&fail["jid"], &fail["errtype"]), (&json!("job-0001"), &json!("panic")));
    assert_eq!(fail["message"], "the log is full");
    assert_eq!(json(&fake.seen("ACK", 1).await[0])["jid"], "job-0002");
    assert_eq!(worker.terminated().await, Report { succeeded: 1, failed: 1, unreported: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_the_server_forgot_introduces_itself_again() {
    let fake = Fake::new();
    fake.answer("BEAT", Say::Error("Unknown worker w"));
    let worker = start(fake.app().worker().job(Trouble).slots(1));
    fake.seen("BEAT", 2).await;
    assert_eq!(fake.count("HELLO"), 3, "the slot, the heartbeat, and the heartbeat once more");
    worker.terminated().await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_waits_for_a_server_that_is_away_but_not_for_one_that_turns_it_away() {
    let fake = Fake::new();
    fake.refuse(7);
    let worker = start(fake.app().worker().job(Trouble).slots(2));
    fake.seen("FETCH", 2).await;
    worker.terminated().await;

    let locked = Fake::with_password("right");
    let run = |url: &str| locked.app_at(url).worker().job(Trouble).ignore_signals().run();
    assert!(matches!(run("tcp://h").await, Err(Error::PasswordRequired { .. })));
    assert!(matches!(run("tcp://:wrong@h").await, Err(Error::Login { .. })));
}

#[tokio::test]
async fn a_worker_that_makes_no_sense_does_not_start() {
    let fake = Fake::new();
    let run = |change: fn(Worker) -> Worker| {
        let worker = change(fake.app().worker());
        async move { worker.run().await.unwrap_err().to_string() }
    };
    assert_eq!(run(|worker| worker).await, "worker cannot start: it knows no job; add one with .job(…)");
    assert_eq!(run(|worker| worker.job(Trouble).job(Trouble)).await, "job type Trouble is registered twice");
    assert_eq!(run(|worker| worker.job(Trouble).slots(0)).await, "worker cannot start: it has no slots");
    assert_eq!(
        run(|worker| worker.job(Trouble).queues([""; 0])).await,
        "worker cannot start: it has no queues"
    );
    let text = "worker cannot start: a queue's name is empty or holds white space";
    assert_eq!(run(|worker| worker.job(Trouble).queues(["a b"])).await, text);
    assert_eq!(fake.count("HELLO"), 0);
}

/// Pushes a copy of itself for later, or goes to the dead.
struct Later;

impl Job for Later {
    const JOBTYPE: &'static str = "Later";
    type Args = (String,);

    async fn perform(&self, _: &Context, (what,): Self::Args) -> JobResult {
        match what.as_str() {
            "snooze" => Ok(Snooze(Duration::from_secs(300))),
            _ => Ok(Bury(Failure::new("Hopeless", "never"))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_snoozed_job_is_pushed_again_and_then_acknowledged() {
    let fake = Fake::new();
    fake.give_raw(r#"{"jid":"job-0001","queue":"q","jobtype":"Later","args":["snooze"],"retry":3}"#.into());
    // The first answer never comes; the push is the same each time.
    fake.answer("PUSH", Say::HangUp);
    let worker = start(fake.app().worker().job(Later).queue("q").slots(1));
    assert_eq!(json(&fake.seen("ACK", 1).await[0])["jid"], "job-0001");
    let pushes = fake.seen("PUSH", 2).await;
    assert_eq!(pushes[0], pushes[1]);
    let copy = json(&pushes[0]);
    assert_eq!((&copy["queue"], &copy["retry"], &copy["args"]), (&json!("q"), &json!(3), &json!(["snooze"])));
    assert_eq!(worker.terminated().await, Report { succeeded: 1, failed: 0, unreported: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_copy_is_refused_is_failed() {
    let fake = Fake::new();
    fake.give("Later", "job-0001", r#"["snooze"]"#);
    fake.answer("PUSH", Say::Raw("-NOTUNIQUE Job not unique\r\n"));
    let worker = start(fake.app().worker().job(Later).slots(1));
    assert_eq!(json(&fake.seen("FAIL", 1).await[0])["errtype"], "SnoozeFailed");
    assert_eq!(worker.terminated().await.failed, 1);
    assert_eq!(fake.count("ACK"), 0, "it is not lost");
}

#[tokio::test(start_paused = true)]
async fn a_buried_job_is_failed_and_then_killed() {
    let fake = Fake::new();
    fake.give("Later", "job-0001", r#"["bury"]"#);
    let worker = start(fake.app().worker().job(Later).slots(1));
    let kill = json(&fake.seen("MUTATE", 1).await[0]);
    assert_eq!(kill, json!({"cmd": "kill", "target": "retries", "filter": {"jids": ["job-0001"]}}));
    assert_eq!(json(&fake.seen("FAIL", 1).await[0])["errtype"], "Hopeless");
    assert_eq!(worker.terminated().await.failed, 1);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_never_waits_behind_a_fetch() {
    let (fake, wait) = (Fake::new(), Wait::new());
    fake.give("Wait", "job-0001", "[]");
    let worker = start(fake.app().worker().job(wait.clone()).slots(20));
    wait.running(1).await;
    // Every fetcher waits for a job by now.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let begun = Instant::now();
    wait.go.notify_one();
    fake.seen("ACK", 1).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    worker.terminated().await;
}

#[tokio::test(start_paused = true)]
async fn a_few_connections_feed_many_slots() {
    let (fake, wait) = (Fake::new(), Wait::new());
    for n in 0..200 {
        fake.give("Wait", &format!("job-{n:04}"), "[]");
    }
    let worker = start(fake.app().worker().job(wait.clone()).slots(50));
    for round in 1..=4 {
        wait.running(50).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(fake.count("FETCH"), 50 * round, "one for each slot that was free");
        (0..50).for_each(|_| wait.go.notify_one());
        wait.go.notify_waiters();
        fake.seen("ACK", 50 * round).await;
    }
    assert_eq!(worker.terminated().await.succeeded, 200);
    assert!(fake.count("HELLO") <= 5 + 2, "fetchers, the reporter, the heartbeat: {}", fake.count("HELLO"));
}

#[tokio::test(start_paused = true)]
async fn a_worker_without_a_job_ends_as_soon_as_its_fetches_are_answered() {
    let fake = Fake::new();
    let worker = start(fake.app().worker().job(Trouble));
    fake.seen("FETCH", 1).await;
    let begun = Instant::now();
    worker.terminated().await;
    assert!(begun.elapsed() <= Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_capped_queue_has_no_more_jobs_than_its_cap_and_the_others_go_on() {
    let (fake, wait) = (Fake::new(), Wait::new());
    for n in 0..3 {
        fake.give_raw(format!(r#"{{"jid":"bulk-{n:03}","queue":"bulk","jobtype":"Wait","args":[]}}"#));
    }
    let queues = [crate::Queue::new("bulk").max(2), "mail".into()];
    let worker = start(fake.app().worker().job(wait.clone()).queues(queues).slots(4));
    wait.running(2).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let fetches = fake.seen("FETCH", 3).await;
    let (both, mail) = fetches.iter().partition::<Vec<_>, _>(|names| *names == "bulk mail");
    assert_eq!(both.len(), 2, "{fetches:?}");
    assert!(mail.len() > 2 && mail.iter().all(|names| *names == "mail"), "{mail:?}");
    worker.stop.abort();
    assert_eq!(worker.ended().await.failed, 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_read_is_failed_and_not_left_to_its_lease() {
    let fake = Fake::new();
    fake.give_raw(r#"{"jid":"job-0001","jobtype":7}"#.into());
    let worker = start(fake.app().worker().job(Trouble).slots(1));
    let fail = json(&fake.seen("FAIL", 1).await[0]);
    assert_eq!((&fail["jid"], &fail["errtype"]), (&json!("job-0001"), &json!("UnreadableJob")));
    assert_eq!(worker.terminated().await.failed, 1);
}

#[tokio::test(start_paused = true)]
async fn listeners_hear_what_becomes_of_a_job_between_the_server_and_its_slot() {
    let fake = Fake::new();
    let app = fake.app();
    let mut events = app.events();
    fake.give("Trouble", "job-0001", r#"["error"]"#);
    fake.answer("FAIL", Say::Error("Job not found job-0001"));
    let worker = start(app.worker().job(Trouble).slots(1));
    fake.seen("FETCH", 2).await;
    worker.terminated().await;
    drop((app, fake));
    let mut heard = Vec::new();
    while let Some(event) = events.next().await {
        heard.push(format!("{event:?}"));
    }
    for begin in ["Beat", "Fetched", "LateReport", "Quiet", "Drained"] {
        assert!(heard.iter().any(|event| event.starts_with(begin)), "{begin}: {heard:#?}");
    }
    let late = heard.iter().find(|event| event.starts_with("LateReport")).unwrap();
    assert!(late.contains("job-0001") && late.contains("Trouble"), "{late}");
}
