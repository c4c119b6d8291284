//! Limits of queues at the built server: workers of the library that would like to do more, a kill in the midst of it, a
//! reload, and the guide as it stands (rule `E-60`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bessemer::prelude::*;
use bessemer::{ListedThrottle, Report};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::Reply;
use crate::clock::{PATIENCE, until};
use crate::server::{Server, bessemer as command_line};

const GUIDE: &str = include_str!("../../../../docs/throttles.md");

/// The only block of the guide that is marked like this.
fn block(kind: &str) -> &'static str {
    let opening = format!("```{kind}\n");
    GUIDE.split(opening.as_str()).nth(1).and_then(|rest| rest.split("```").next()).expect("a block")
}

fn started(config: &str) -> Server {
    Server::start_on(None, config)
}

fn push(server: &Server, queue: &str, jobs: usize) {
    let job =
        |n: usize| format!(r#"{{"jid":"{queue}-{n:06}","jobtype":"Squeeze","args":[],"queue":"{queue}"}}"#);
    let jobs: Vec<String> = (0..jobs).map(job).collect();
    let reply = server.client().call(&format!("PUSHB [{}]", jobs.join(","))).expect("a reply");
    assert_eq!(reply, Reply::Bulk(b"{}".to_vec()));
}

/// How many are at it now, at most so far, and done.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: watch::Sender<usize>,
    done: watch::Sender<usize>,
}

#[derive(Clone)]
struct Squeeze {
    gauge: Arc<Gauge>,
    app: Bessemer,
    /// Nobody ends before so many have been at it at once.
    together: usize,
}

impl Job for Squeeze {
    const JOBTYPE: &'static str = "Squeeze";
    type Args = ();

    async fn perform(&self, _: &Context, (): ()) -> JobResult {
        let now = self.gauge.now.fetch_add(1, SeqCst) + 1;
        self.gauge.most.send_modify(|most| *most = now.max(*most));
        self.gauge.most.subscribe().wait_for(|most| *most >= self.together).await?;
        // As long as somebody needs who has been given a job too many.
        self.app.info().await?;
        self.gauge.now.fetch_sub(1, SeqCst);
        self.gauge.done.send_modify(|done| *done += 1);
        Ok(Done)
    }
}

/// Workers of the library, each with two slots of its own, until so many jobs are done; the most that were at it at once.
async fn squeezed(
    server: &Server,
    queue: &'static str,
    workers: usize,
    jobs: usize,
    together: usize,
) -> usize {
    let url = format!("tcp://127.0.0.1:{}", server.port);
    let app = Bessemer::builder().url(&url).connect().expect("a URL");
    let job = Squeeze { gauge: Arc::default(), app: app.clone(), together };
    let (mut crew, mut stops) = (JoinSet::new(), Vec::new());
    for _ in 0..workers {
        let worker = app.worker().job(job.clone()).queues([queue]).slots(2).ignore_signals();
        stops.push(worker.stop_handle());
        crew.spawn(worker.run());
    }
    let mut done = job.gauge.done.subscribe();
    let all = tokio::time::timeout(PATIENCE, done.wait_for(|done| *done >= jobs)).await;
    let most = *job.gauge.most.borrow();
    all.unwrap_or_else(|_| panic!("not all jobs are done, at most {most} at once")).expect("a gauge");
    stops.iter().for_each(bessemer::Stop::terminate);
    let reports: Vec<Report> = crew.join_all().await.into_iter().collect::<Result<_, _>>().expect("reports");
    assert_eq!(reports.iter().map(|report| report.succeeded).sum::<u64>(), jobs as u64);
    most
}

#[tokio::test]
async fn twenty_workers_never_do_more_than_three_at_once_and_all_is_done_e60() {
    let server = started("[throttles]\nnarrow = { concurrency = 3, timeout = 60 }");
    push(&server, "narrow", 300);
    assert_eq!(squeezed(&server, "narrow", 20, 300, 3).await, 3);
    let sets = server.info()["faktory"]["sets"].clone();
    assert_eq!((&sets["working"], &sets["retries"]), (&0.into(), &0.into()));
}

#[tokio::test]
async fn each_of_five_workers_does_one_at_once_e60() {
    let server = started("[throttles]\neach = { worker = 1, timeout = 60 }");
    push(&server, "each", 100);
    assert_eq!(squeezed(&server, "each", 5, 100, 5).await, 5);
}

#[test]
fn slots_are_taken_right_after_a_kill_and_a_reload_serves_who_waits_e60() {
    let mut server = started("[throttles]\nnarrow = { concurrency = 1, timeout = 60 }");
    push(&server, "narrow", 3);
    let fetch = |server: &Server| {
        let mut client = server.client_as(r#","wid":"w1234567","hostname":"h","pid":7,"labels":[]"#);
        client.send(b"FETCH narrow\r\n").expect("sent");
        client
    };
    assert!(matches!(fetch(&server).reply().expect("a reply"), Reply::Bulk(_)));
    server.kill();
    server.spawn();
    server.await_ready();
    assert_eq!(fetch(&server).reply().expect("a reply"), Reply::Null, "the slot is still taken");

    // Who waits when the limit is raised gets a job, long before its wait is over.
    let mut waiting = fetch(&server);
    until("it waits", || (list(&server)[0].fetches == 1).then_some(()));
    server.configure("conf.d/test.toml", "[throttles]\nnarrow = { concurrency = 2, timeout = 60 }");
    server.signal("HUP");
    assert!(matches!(waiting.reply().expect("a reply"), Reply::Bulk(_)));
    server.await_said("throttles.narrow", 1);
    assert_eq!((list(&server)[0].working, list(&server)[0].full), (2, true));
}

fn list(server: &Server) -> Vec<ListedThrottle> {
    let Reply::Bulk(text) = server.client().call("THROTTLES LIST").expect("a reply") else {
        panic!("no list")
    };
    let mut list: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    serde_json::from_value(list["throttles"].take()).expect("throttles")
}

/// The command line at that server; what it says, and its exit code.
fn says(server: &Server, arguments: &[&str]) -> (String, Option<i32>) {
    let url = format!("tcp://127.0.0.1:{}", server.port);
    let mut command = command_line();
    command.args(arguments).env("FAKTORY_URL", url).env("HOME", server.folder());
    let ran = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    (said, ran.status.code())
}

#[test]
fn the_guide_does_what_it_says_e60() {
    let server = started(block("toml"));
    let limits = |server: &Server| -> Vec<String> {
        let one = |t: &ListedThrottle| format!("{} {} {}", t.queue, json!(t.limits), t.set);
        list(server).iter().map(one).collect()
    };
    let configured = [
        r#"letters {"rate":100,"per":60,"burst":10} false"#,
        r#"partner-api {"concurrency":3,"timeout":60} false"#,
        r#"reports {"worker":1,"timeout":3600} false"#,
    ];
    let sorted = |mut lines: Vec<String>| {
        lines.iter_mut().for_each(|line| {
            let parts: Vec<&str> = line.splitn(2, '{').collect();
            let (members, set) = parts[1].rsplit_once('}').expect("limits");
            let mut members: Vec<&str> = members.split(',').collect();
            members.sort_unstable();
            *line = format!("{}{{{}}}{set}", parts[0], members.join(","));
        });
        lines
    };
    let configured = sorted(configured.map(str::to_owned).into());
    assert_eq!(sorted(limits(&server)), configured);
    let lines: Vec<&str> = block("sh").lines().collect();
    let (last, before) = lines.split_last().expect("commands");
    let run = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (said, code) = says(&server, &words[1..]);
        assert_eq!(code, Some(0), "{line}: {said}");
        said
    };
    let said: Vec<String> = before.iter().map(|line| run(line)).collect();
    assert!(said[0].contains("partner-api  concurrency=3"), "{}", said[0]);
    assert_eq!(
        sorted(limits(&server)),
        sorted(
            [
                r#"letters {"rate":30,"per":60,"burst":1} true"#,
                r#"partner-api {"concurrency":5} true"#,
                r#"reports {} true"#,
            ]
            .map(str::to_owned)
            .into()
        )
    );
    run(last);
    assert_eq!(sorted(limits(&server)), configured);
}

#[test]
fn a_mistake_on_the_command_line_is_one_line_and_changes_nothing_e60() {
    let server = started("[limits]\nthrottles_max = 1");
    for (arguments, expected, code) in [
        (vec!["throttles", "set", "q", "--worker", "0"], "worker must be from 1 to 1000000, not 0", 2),
        (vec!["throttles", "set", "a b", "--worker", "1"], "a b", 1),
        (vec!["throttles", "set", "q"], "required", 2),
        (vec!["throttles", "set", "q", "--per", "3"], "--rate", 2),
    ] {
        let (said, ended) = says(&server, &arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(ended != Some(0) && (code == 1 || ended == Some(code)), "{arguments:?}: {ended:?}\n{said}");
    }
    assert_eq!(says(&server, &["throttles"]).0.trim(), "no throttles");
    assert_eq!(
        says(&server, &["throttles", "set", "q", "--worker", "1"]).0.trim(),
        "the queue q has worker=1"
    );
    let (said, _) = says(&server, &["throttles", "set", "p", "--worker", "1"]);
    assert!(said.contains("too many throttles, limit 1"), "{said}");
    let reset = || says(&server, &["throttles", "reset", "q"]);
    assert_eq!(reset(), ("limited as the configuration says\n".into(), Some(0)));
    assert_eq!(
        reset(),
        ("bessemer: there is no queue \"q\"\n".into(), Some(66)),
        "it has neither throttle nor job"
    );
    server.client().call(r#"PUSH {"jid":"job-00001","jobtype":"T","queue":"q","args":[]}"#).expect("a reply");
    assert_eq!(reset(), ("limited as the configuration says, as before\n".into(), Some(0)));
    let json = says(&server, &["throttles", "--json"]).0;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), json!({ "throttles": [] }));
}
