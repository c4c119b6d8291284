//! The sandbox as a test of an application uses it, and the messages of its assertions word by word.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::NewJob;
use crate::prelude::*;
use crate::testing::{Progress, Sandbox, any, matching, work_one};

const HOUR: Duration = Duration::from_secs(3600);

struct Greet;

impl Job for Greet {
    const JOBTYPE: &'static str = "Greet";
    type Args = (String,);

    async fn perform(&self, ctx: &Context, (name,): Self::Args) -> JobResult {
        match name.as_str() {
            "panic" => panic!("the furnace is cold"),
            "error" => Err("no coal")?,
            "snooze" if ctx.custom("late").is_none() => Ok(Snooze(HOUR)),
            "discard" => Ok(Discard("nobody is there".into())),
            "bury" => Ok(Bury(Failure::new("Gone", "moved away"))),
            "twice" if ctx.attempt() == 1 => Err("not at once")?,
            "slow" => {
                ctx.extend(HOUR).await?;
                ctx.progress(50, "half of it").await?;
                ctx.progress(100, "all of it").await?;
                Ok(Done)
            }
            _ => Ok(Return(json!(format!("Hello {name}!")))),
        }
    }
}

/// Pushes as many of its kind as it is told.
struct Chain;

impl Job for Chain {
    const JOBTYPE: &'static str = "Chain";
    type Args = (u64,);

    fn options() -> JobOptions {
        JobOptions::new().queue("chain")
    }

    async fn perform(&self, _: &Context, (left,): Self::Args) -> JobResult {
        if left > 0 {
            Chain::perform_async(left - 1).await?;
        }
        Ok(Done)
    }
}

struct SendInvoice;

impl Job for SendInvoice {
    const JOBTYPE: &'static str = "SendInvoice";
    type Args = (String, u64, Option<String>);

    fn options() -> JobOptions {
        JobOptions::new().queue("mail")
    }

    async fn perform(&self, _: &Context, _: Self::Args) -> JobResult {
        Ok(Done)
    }
}

fn worker(app: &Bessemer) -> crate::Worker {
    app.worker().job(Greet).job(Chain).job(SendInvoice)
}

fn sandbox() -> Sandbox {
    Sandbox::new().with_worker(worker)
}

async fn invoice(to: &str, order: u64) {
    SendInvoice::perform_async((to, order, None::<String>)).await.unwrap();
}

/// What an assertion says when it fails.
fn message(failing: impl FnOnce()) -> String {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(failing));
    *outcome.expect_err("it holds").downcast::<String>().expect("a text")
}

#[tokio::test]
async fn a_push_stays_in_the_sandbox_and_runs_when_it_is_drained() {
    let sandbox = sandbox().enter();
    Greet::perform_async("Stuart").await.unwrap();
    assert_eq!((sandbox.enqueued("default"), sandbox.ran().total()), (1, 0));
    let ran = sandbox.drain().await.expect_ok();
    assert_eq!((ran.ok, ran.total(), sandbox.enqueued("default")), (1, 1, 0));
    assert_eq!(ran.jobs[0].returned(), Some(&json!("Hello Stuart!")));
    sandbox.assert_enqueued::<Greet>().args("Stuart").once();
    sandbox.clear();
    sandbox.refute_enqueued::<Greet>();
}

#[tokio::test]
async fn jobs_that_jobs_push_are_drained_too() {
    let sandbox = sandbox().enter();
    Chain::perform_async(3u64).await.unwrap();
    assert_eq!(sandbox.drain().await.expect_ok().ok, 4);
    sandbox.assert_enqueued::<Chain>().queue("chain").times(4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sandboxes_are_apart_also_on_many_threads() {
    let crowd = (0..50u64).map(|number| {
        tokio::spawn(async move {
            let sandbox = sandbox();
            sandbox.scope(Chain::perform_async(number % 3)).await.unwrap();
            sandbox.spawn(Greet::perform_async("Stuart")).await.unwrap().unwrap();
            Greet::with().on(&sandbox.app()).perform_async("Ada").await.unwrap();
            tokio::task::yield_now().await;
            assert_eq!(sandbox.drain().await.expect_ok().ok as u64, number % 3 + 3);
            sandbox.assert_enqueued::<Greet>().times(2);
            sandbox.assert_enqueued::<Chain>().times(number as usize % 3 + 1);
        })
    });
    let crowd: Vec<_> = crowd.collect();
    for one in crowd {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn the_innermost_holds_and_the_client_comes_first() {
    let (outer, inner, named) = (sandbox().enter(), sandbox(), sandbox());
    inner.scope(Greet::perform_async("inner")).await.unwrap();
    inner.scope(Greet::with().on(&named.app()).perform_async("named")).await.unwrap();
    let nested = sandbox().enter();
    Greet::perform_async("nested").await.unwrap();
    drop(nested.clone());
    Greet::perform_async("nested").await.unwrap();
    drop(outer.enter());
    Greet::perform_async("nested").await.unwrap();
    let names = |sandbox: &Sandbox| -> Vec<Value> {
        sandbox.pushed().iter().map(|job| job.args[0].clone()).collect()
    };
    assert_eq!(names(&nested), ["nested", "nested", "nested"]);
    drop(nested);
    Greet::perform_async("outer").await.unwrap();
    assert_eq!(
        (names(&outer), names(&inner), names(&named)),
        (vec![json!("outer")], vec![json!("inner")], vec![json!("named")])
    );
    drop(outer);
    assert!(crate::testing::current().is_none());
}

#[tokio::test]
async fn a_client_outlives_its_sandbox_and_says_so() {
    let app = sandbox().app();
    let error = Greet::with().on(&app).perform_async("Stuart").await.unwrap_err();
    assert_eq!(error.to_string(), "server refused PUSH: the sandbox of this client is gone");
}

/// What a server says of a word that `on_lost` does not know.
const ON_LOST: &str = "invalid custom.on_lost: must be \"requeue\", \"wait\" or \"dead\"";

#[tokio::test]
async fn what_a_server_refuses_is_refused_with_its_words() {
    let sandbox = sandbox().enter();
    let app = sandbox.app();
    // What the library knows to be refused it does not even send: these the server alone judges.
    let push = async |depth: usize, options: JobOptions| {
        let args = "[".repeat(depth) + &"]".repeat(depth);
        let job = NewJob::from_raw("T", RawValue::from_string(args).unwrap(), options).unwrap();
        app.push(&job).await.map_err(|error| error.to_string())
    };
    let refused = |text: &str| Err(format!("server refused PUSH: {text}"));
    let lost = |word: &str| JobOptions::new().custom("on_lost", word);
    assert!(push(1, lost("dead")).await.is_ok());
    assert_eq!(push(1, lost("never")).await, refused(ON_LOST));
    assert!(push(126, JobOptions::new()).await.is_ok());
    let told = push(127, JobOptions::new()).await.unwrap_err();
    assert!(told.starts_with("server refused PUSH: a sandbox cannot read the job: "), "{told}");
    assert_eq!(push(129, JobOptions::new()).await, refused("invalid job: nesting deeper than 128"));
    assert_eq!(sandbox.pushed().len(), 2);
}

#[tokio::test]
async fn a_job_may_be_as_large_as_a_server_takes() {
    let sandbox = sandbox();
    let app = sandbox.app();
    let size = |args: usize| {
        let job = NewJob::new("T", &["x".repeat(args).into()], JobOptions::new()).unwrap();
        (serde_json::to_string(&job).unwrap().len(), job)
    };
    let (bytes, _) = size(0);
    let limit = bessemer_protocol::limits::JOB_MAX;
    // Its time of creation has as many digits as it needs.
    let fitting = |total: usize| loop {
        let (bytes, job) = size(total - bytes);
        if bytes == total {
            return job;
        }
    };
    app.push(&fitting(limit)).await.unwrap();
    let error = app.push(&fitting(limit + 1)).await.unwrap_err();
    assert_eq!(error.to_string(), "server refused PUSH: job too large: 16777217 bytes, limit 16777216");
}

#[tokio::test]
async fn a_bulk_push_takes_the_good_jobs_and_reports_the_others() {
    let sandbox = sandbox().enter();
    let of = |options| NewJob::new("Greet", &[json!("Stuart")], options).unwrap();
    let job = || of(JobOptions::new());
    // A word of the server's own, which no client knows.
    let bad = of(JobOptions::new().custom("on_lost", "never")).with_jid("bad-job-1").unwrap();
    let rejected = sandbox.app().push_all(&[job(), bad, job()]).await.unwrap();
    assert_eq!((rejected.len(), rejected[0].jid.as_str()), (1, "bad-job-1"));
    assert_eq!(rejected[0].error.text, ON_LOST);
    assert_eq!(sandbox.drain().await.expect_ok().ok, 2);
}

#[tokio::test]
async fn the_same_push_twice_is_one_job() {
    let sandbox = sandbox();
    let app = sandbox.app();
    let job = NewJob::new("Greet", &[json!("Stuart")], JobOptions::new()).unwrap();
    app.push(&job).await.unwrap();
    app.push(&job).await.unwrap();
    assert_eq!(sandbox.pushed().len(), 1);
    sandbox.advance(Duration::from_secs(60));
    app.push(&job).await.unwrap();
    assert_eq!(sandbox.pushed().len(), 2);
}

#[tokio::test]
async fn what_needs_a_server_says_so() {
    let sandbox = sandbox();
    let error = sandbox.app().info().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "server refused INFO: a sandbox takes PUSH, PUSHB and TRACK SET; for everything else bessemer-testing has a \
         whole server"
    );
    let error = worker(&sandbox.app()).run().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "worker cannot start: its client is that of a sandbox, which runs jobs when it is drained"
    );
}

#[tokio::test]
async fn scheduled_jobs_wait_until_the_clock_is_moved() {
    let sandbox = sandbox().enter();
    Greet::perform_in(HOUR, "Stuart").await.unwrap();
    assert_eq!(sandbox.drain().await.total(), 0);
    assert_eq!((sandbox.scheduled(), sandbox.enqueued("default")), (1, 0));
    sandbox.advance(HOUR - Duration::from_nanos(1));
    assert_eq!(sandbox.drain().await.total(), 0);
    sandbox.advance(Duration::from_nanos(1));
    assert_eq!((sandbox.scheduled(), sandbox.enqueued("default")), (0, 1));
    assert_eq!(sandbox.drain().await.ok, 1);

    // Who pushes now counts from the time that it is now.
    Greet::perform_in(HOUR, "Ada").await.unwrap();
    assert_eq!(sandbox.drain().await.total(), 0);
    assert_eq!(sandbox.drain_all().await.expect_ok().ok, 1);
}

#[tokio::test]
async fn retries_back_off_as_on_a_server_and_end_among_the_dead_r04() {
    let sandbox = sandbox().enter();
    Greet::with().retry(2).perform_async("error").await.unwrap();
    assert_eq!((sandbox.drain().await.failed, sandbox.retries()), (1, 1));
    sandbox.advance(Duration::from_secs(14));
    assert_eq!(sandbox.drain().await.failed, 0);
    sandbox.advance(Duration::from_secs(1));
    let ran = sandbox.drain().await;
    assert_eq!((ran.failed, ran.jobs[0].attempt, sandbox.retries()), (1, 2, 1));
    let before = sandbox.now();
    let ran = sandbox.drain_all().await;
    assert_eq!(sandbox.now().duration_since(before).unwrap().as_secs(), 16);
    assert_eq!((ran.failed, ran.jobs[0].attempt, sandbox.retries(), sandbox.dead()), (1, 3, 0, 1));
    assert_eq!(sandbox.ran().failed, 3);
}

#[tokio::test]
async fn every_outcome_has_its_place() {
    let sandbox = sandbox().enter();
    for name in ["panic", "error", "discard", "bury", "snooze", "Stuart"] {
        Greet::with().retry(0).perform_async(name).await.unwrap();
    }
    let ran = sandbox.drain().await;
    assert_eq!((ran.ok, ran.failed, ran.discarded, ran.buried, ran.snoozed), (1, 2, 1, 1, 1));
    assert_eq!((sandbox.dead(), sandbox.retries(), sandbox.scheduled()), (1, 0, 1));
    let panicked = &ran.jobs[0];
    assert!(panicked.panicked());
    let failure = panicked.failure().unwrap();
    assert_eq!((failure.errtype(), failure.message()), ("panic", "the furnace is cold"));
    assert!(failure.backtrace()[0].starts_with("at crates/bessemer/src/testing/tests.rs:"), "{failure:?}");
}

#[tokio::test]
async fn ten_thousand_jobs_are_drained_and_one_more_is_a_mistake() {
    let chain = |jobs: u64| async move {
        let sandbox = sandbox();
        sandbox.scope(Chain::perform_async(jobs - 1)).await.unwrap();
        tokio::spawn(async move { sandbox.drain().await.expect_ok().ok }).await
    };
    assert_eq!(chain(10_000).await.unwrap(), 10_000);
    let panic = chain(10_001).await.unwrap_err().into_panic();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "10000 jobs ran and more are there, the next a Chain: does a job push itself?"
    );
}

#[tokio::test]
async fn a_queue_that_no_worker_fetches_from_is_left() {
    let sandbox = sandbox().enter();
    Greet::with().queue("elsewhere").perform_async("Stuart").await.unwrap();
    let ran = sandbox.drain_all().await;
    assert_eq!((ran.total(), ran.left), (0, 1));
    let text = message(|| _ = ran.expect_ok());
    assert_eq!(text, "no job ran; 1 are due on queues that no worker fetches from");
}

#[tokio::test]
async fn a_type_that_the_worker_does_not_know_fails_as_in_production() {
    let sandbox = sandbox();
    let job = NewJob::new("Unheard", &[], JobOptions::new()).unwrap();
    sandbox.app().push(&job).await.unwrap();
    let ran = sandbox.drain().await;
    assert_eq!(ran.jobs[0].failure().unwrap().errtype(), "UnknownJobType");
}

#[tokio::test]
async fn inline_runs_a_job_within_its_push() {
    static RUN: AtomicUsize = AtomicUsize::new(0);
    struct Count;
    impl Job for Count {
        const JOBTYPE: &'static str = "Count";
        type Args = (u64,);
        async fn perform(&self, ctx: &Context, (more,): Self::Args) -> JobResult {
            if more > 0 {
                Count::with().on(ctx.app()).perform_async(more - 1).await?;
            }
            RUN.fetch_add(1, Ordering::Relaxed);
            if more == 1 { Err("one is not enough")? } else { Ok(Done) }
        }
    }
    let sandbox = Sandbox::new().with_worker(|app| app.worker().job(Count)).inline().enter();
    Count::perform_async(2u64).await.unwrap();
    assert_eq!(RUN.load(Ordering::Relaxed), 3);
    let ran = sandbox.ran();
    assert_eq!((ran.ok, ran.failed, sandbox.retries()), (2, 1, 1));
    Count::perform_in(HOUR, 0u64).await.unwrap();
    assert_eq!((RUN.load(Ordering::Relaxed), sandbox.scheduled()), (3, 1));
    sandbox.assert_enqueued::<Count>().times(4);
}

#[tokio::test]
async fn a_hundred_jobs_run_inline_in_each_other_and_one_more_is_a_mistake() {
    let sandbox = sandbox().inline().enter();
    Chain::perform_async(99u64).await.unwrap();
    assert_eq!(sandbox.ran().expect_ok().ok, 100);
    Chain::perform_async(100u64).await.unwrap();
    let ran = sandbox.ran();
    assert_eq!((ran.ok, ran.failed), (199, 1));
    let failed = ran.jobs.iter().find_map(|job| job.failure()).unwrap();
    assert_eq!(failed.message(), "100 jobs run inline, each in another: does a job push itself?");
}

#[tokio::test]
async fn jobs_find_the_state_of_the_worker_and_the_client_of_the_sandbox() {
    struct Tariff(u64);
    struct Price;
    impl Job for Price {
        const JOBTYPE: &'static str = "Price";
        type Args = (u64,);

        fn needs() -> Vec<crate::Need> {
            vec![crate::Need::of::<Tariff>()]
        }

        async fn perform(&self, ctx: &Context, (count,): Self::Args) -> JobResult {
            let price = ctx.state::<Tariff>().map(|tariff| tariff.0 * count);
            // From a thread of its own, which no sandbox holds.
            let (app, handle) = (ctx.app().clone(), tokio::runtime::Handle::current());
            let pushed = ctx.blocking(move || handle.block_on(Greet::with().on(&app).perform_async("Ada")));
            pushed.await??;
            Ok(Return(json!(price)))
        }
    }
    let sandbox = Sandbox::new().with_worker(|app| app.worker().job(Price).job(Greet).state(Tariff(7)));
    assert_eq!(sandbox.work_one::<Price>(6u64).await.expect_ok().returned(), Some(&json!(42)));
    sandbox.assert_enqueued::<Greet>().args("Ada").once();
    let text = message(|| _ = Sandbox::new().with_worker(|app| app.worker().job(Price)));
    assert!(text.contains("Price") && text.contains("Tariff"), "{text}");
}

#[tokio::test]
async fn one_job_runs_with_a_context() {
    let worked = work_one(Greet, "Stuart").await.expect_ok();
    assert_eq!(worked.returned(), Some(&json!("Hello Stuart!")));
    assert_eq!((worked.jobtype.as_str(), worked.queue.as_str(), worked.attempt), ("Greet", "default", 1));

    let sandbox = sandbox();
    assert!(!sandbox.work_one::<Greet>("twice").await.is_ok());
    assert!(sandbox.work_one::<Greet>("twice").attempt(2).await.is_ok());
    assert!(!sandbox.work_one::<Greet>("snooze").await.is_ok());
    assert!(sandbox.work_one::<Greet>("snooze").custom("late", true).await.is_ok());
    assert_eq!((sandbox.pushed().len(), sandbox.retries(), sandbox.ran().total()), (0, 0, 0));

    let text = message(|| drop(futures(sandbox.work_one::<Greet>("error"))));
    assert!(
        text.contains("attempt 1, failed: error: no coal\n    at crates/bessemer/src/testing/tests.rs:"),
        "{text}"
    );
}

/// Awaits one job beside the test's runtime, and expects it to be done.
fn futures(one: crate::testing::WorkOne<'_>) -> crate::testing::Worked {
    std::thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let worked = scope.spawn(move || runtime().block_on(async { one.await })).join().unwrap();
        worked.expect_ok()
    })
}

#[tokio::test]
async fn what_a_job_tells_of_itself_is_kept() {
    let told = |percent: u8, text: &str| Progress { percent: Some(percent), text: Some(text.into()) };
    let worked = work_one(Greet, "slow").await.expect_ok();
    assert_eq!(worked.progress, [told(50, "half of it"), told(100, "all of it")]);

    let sandbox = sandbox().enter();
    Greet::perform_async("slow").await.unwrap();
    Greet::perform_async("Stuart").await.unwrap();
    let ran = sandbox.drain().await.expect_ok();
    assert_eq!((ran.jobs[0].progress.len(), ran.jobs[1].progress.len()), (2, 0));
}

#[tokio::test]
async fn arguments_that_fit_are_found() {
    let sandbox = sandbox().enter();
    invoice("stuart@example.com", 42).await;
    let found = sandbox.assert_enqueued::<SendInvoice>().args((any(), 42, ())).queue("mail").at_once().once();
    assert_eq!(found.args, json!(["stuart@example.com", 42, null]));
    let even = || matching("an even number", |value| value.as_u64().is_some_and(|n| n % 2 == 0));
    sandbox.assert_enqueued::<SendInvoice>().args(("stuart@example.com", even(), any())).once();
    sandbox.assert_enqueued::<SendInvoice>().args((any(), 43, any())).never();
    sandbox
        .assert_enqueued_as("SendInvoice")
        .args(vec![json!("stuart@example.com"), json!(42), json!(null)])
        .once();

    SendInvoice::with()
        .custom("locale", "en")
        .perform_in(HOUR, ("ada@example.com", 7u64, None::<String>))
        .await
        .unwrap();
    sandbox
        .assert_enqueued::<SendInvoice>()
        .in_at_least(HOUR)
        .at(sandbox.now() + HOUR)
        .custom("locale", "en")
        .once();
    sandbox.assert_enqueued::<SendInvoice>().in_at_least(HOUR + Duration::from_nanos(1)).never();
    sandbox.assert_enqueued::<SendInvoice>().at_least_once();
    sandbox.assert_enqueued::<SendInvoice>().times(2);
}

#[tokio::test]
async fn a_miss_shows_the_nearest_and_its_first_difference() {
    let sandbox = sandbox().enter();
    let said = |check: &dyn Fn(&Sandbox)| message(|| check(&sandbox));
    let once = |sandbox: &Sandbox| {
        _ = sandbox
            .assert_enqueued::<SendInvoice>()
            .args(("stuart@example.com", 42, any()))
            .queue("mail")
            .once();
    };
    let wanted =
        r#"expected one SendInvoice with arguments ["stuart@example.com",42,any] on "mail", found 0"#;
    assert_eq!(said(&once), format!("{wanted}\n  nothing was pushed"));

    Greet::perform_async("Stuart").await.unwrap();
    Greet::perform_async("Ada").await.unwrap();
    Chain::perform_async(1u64).await.unwrap();
    let none = "none of this type was pushed; there are Chain (1), Greet (2)";
    assert_eq!(said(&once), format!("{wanted}\n  {none}"));

    invoice("ada@example.com", 7).await;
    invoice("stuart@example.com", 43).await;
    SendInvoice::with()
        .queue("bulk")
        .perform_async(("ada@example.com", 42u64, None::<String>))
        .await
        .unwrap();
    assert_eq!(
        said(&once),
        format!(
            "{wanted}\n  the nearest is [\"stuart@example.com\",43,null] on \"mail\": argument 1 is 43, not 42\n  2 more of \
             this type are no nearer"
        )
    );

    let twice = |sandbox: &Sandbox| _ = sandbox.assert_enqueued::<SendInvoice>().queue("mail").once();
    assert_eq!(
        said(&twice),
        "expected one SendInvoice on \"mail\", found 2\n  [\"ada@example.com\",7,null] on \"mail\"\n  \
         [\"stuart@example.com\",43,null] on \"mail\""
    );
    let refuted = said(&|sandbox| sandbox.refute_enqueued::<Chain>());
    assert_eq!(refuted, "expected no Chain, found 1\n  [1] on \"chain\"");
}

#[tokio::test]
async fn a_miss_tells_of_queue_time_and_custom_values() {
    let sandbox = sandbox().enter();
    SendInvoice::with().custom("locale", "de").perform_in(HOUR, ("a", 1u64, None::<String>)).await.unwrap();
    let text = message(|| {
        let invoice = sandbox.assert_enqueued::<SendInvoice>().queue("bulk").in_at_least(HOUR * 2);
        _ = invoice.custom("locale", "en").custom("trace", any()).at_least_once();
    });
    let at = bessemer_protocol::time::rfc3339(sandbox.now() + HOUR).unwrap();
    assert_eq!(
        text,
        format!(
            "expected at least one SendInvoice on \"bulk\" in at least 7200s with custom.locale \"en\" with custom.trace \
             any, found 0\n  the nearest is [\"a\",1,null] on \"mail\" at {at}: the queue is \"mail\", not \"bulk\"\n    \
             and it runs in 3600s, not in 7200s or later\n    and custom.locale is \"de\", not \"en\"\n    \
             and there is no custom.trace"
        )
    );
    let text = message(|| _ = sandbox.assert_enqueued::<SendInvoice>().at_once().once());
    assert!(text.ends_with(&format!("it runs at {at}, not at once")), "{text}");
    let others =
        sandbox.assert_enqueued_as("SendInvoice").args(vec![json!("a"), json!(1), json!(null), json!(4)]);
    let text = message(|| _ = others.once());
    assert!(text.ends_with("argument 3 is missing, which is to be 4"), "{text}");
    let text = message(|| _ = sandbox.assert_enqueued_as("SendInvoice").args(vec![json!("a")]).once());
    assert!(text.ends_with("there are 3 arguments, not 1"), "{text}");
}

#[test]
fn a_sandbox_whose_worker_would_not_start_says_why() {
    let text = message(|| _ = Sandbox::new().with_worker(|app| app.worker().job(Greet).job(Greet)));
    assert_eq!(text, "the sandbox's worker: job type Greet is registered twice");
    let text = message(|| _ = Sandbox::new().with_worker(|app| app.worker().job(Greet).slots(0)));
    assert_eq!(text, "the sandbox's worker: worker cannot start: it has no slots");
}
