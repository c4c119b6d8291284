//! The honest: producers at a steady rate, workers, and now and then somebody who logs in or looks at the dashboard. Every
//! job must come through, once.
//!
//! They have an address of their own: who shares one with somebody who guesses is slowed down with him, on purpose.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Pace, Ring, Stop};
use crate::client::{Client, Reply, socket_from};
use crate::clock::{Watch, until};
use crate::server::Server;

/// Where they come from.
const HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Connections that push, and jobs a second on each.
const PRODUCERS: u64 = 4;
const RATE: u32 = 50;

/// Connections that fetch and ACK.
const WORKERS: u64 = 4;

/// Logins a second, and as many looks at the dashboard.
const COMERS: u32 = 8;

/// [`super::PASSWORD`], with no name before it, as browsers send it.
pub(crate) const BASIC: &str = "OmNvcnJlY3QtaG9yc2UtYmF0dGVyeS1zdGFwbGU=";

/// What took its time.
#[derive(Clone, Copy)]
pub(crate) enum Thing {
    /// From the moment at which a PUSH was due to its OK.
    Push,
    /// From the same moment to the worker that has the job.
    Through,
    /// From the connection to the OK of HELLO.
    Login,
    /// From the connection to the end of the page.
    Visit,
}

/// What they saw.
pub(crate) struct Sample {
    /// By [`Thing`]; ascending.
    durations: [Vec<Duration>; 4],
    /// Most resident memory of the server, in MiB.
    pub(crate) memory: u64,
    /// Processor time of the server, as a share of one core.
    pub(crate) processor: f64,
}

impl Sample {
    /// The value below which this share of all lies, in ms.
    pub(crate) fn quantile(&self, thing: Thing, share: f64) -> f64 {
        let sorted = &self.durations[thing as usize];
        let at = (sorted.len() as f64 * share) as usize;
        sorted[at.min(sorted.len() - 1)].as_secs_f64() * 1e3
    }
}

/// An identified connection.
pub(crate) fn client(server: &Server, members: &str) -> Client {
    let mut client = Client::over(socket_from(HOME, server.port).expect("a connection"));
    client.read_greeting().expect("a greeting");
    server.known(client, members)
}

/// One job from end to end: from now on the server knows their queue.
pub(crate) fn settle(server: &Server) {
    let mut client = client(server, r#","wid":"honest-first","hostname":"h","pid":1,"labels":[]"#);
    let push = r#"PUSH {"jid":"honest-first","jobtype":"H","args":[],"queue":"honest"}"#;
    client.call(push).expect("an honest PUSH");
    client.call("FETCH honest").expect("an honest FETCH");
    let ack = client.call(r#"ACK {"jid":"honest-first"}"#).expect("an honest ACK");
    assert_eq!(ack, Reply::Line("+OK".into()));
}

/// Works for so long.
pub(crate) fn work(server: &Server, window: Duration) -> Sample {
    let watch = Watch::start();
    let before = server.processor_time();
    let jobs = Jobs::new((window.as_secs_f64() * f64::from(RATE)) as u64, watch);
    let (login, visit) = (Mutex::default(), Mutex::default());
    let over = Stop::default();
    std::thread::scope(|scope| {
        let _ring = Ring(over.clone());
        for number in 0..PRODUCERS {
            let jobs = &jobs;
            scope.spawn(move || jobs.produce(server, number));
        }
        for number in 0..WORKERS {
            let (jobs, over) = (&jobs, &over);
            scope.spawn(move || jobs.work(server, number, over));
        }
        scope.spawn(|| again(&over, &login, || drop(client(server, ""))));
        scope.spawn(|| again(&over, &visit, || look(server)));
        until("every honest job has come through", || jobs.are_done().then_some(()));
    });
    assert!(jobs.acked.iter().all(|times| times.load(Ordering::Relaxed) == 1), "a job came through twice");
    let used = server.processor_time().saturating_sub(before).as_secs_f64();
    let durations = [jobs.push, jobs.through, login, visit].map(|durations| {
        let mut durations = durations.into_inner().expect("no panic");
        durations.sort_unstable();
        durations
    });
    let processor = used / watch.elapsed().as_secs_f64();
    Sample { durations, memory: server.peak_memory_mib(), processor }
}

/// The jobs of one window. A job is known by its index.
struct Jobs {
    /// Of one producer.
    count: u64,
    watch: Watch,
    /// When each was due, in µs from the start.
    due: Vec<AtomicU64>,
    /// How often each was ACKed.
    acked: Vec<AtomicU64>,
    push: Mutex<Vec<Duration>>,
    through: Mutex<Vec<Duration>>,
}

impl Jobs {
    fn new(count: u64, watch: Watch) -> Self {
        let zeros = || (0..count * PRODUCERS).map(|_| AtomicU64::new(0)).collect();
        Self { count, watch, due: zeros(), acked: zeros(), push: Mutex::default(), through: Mutex::default() }
    }

    fn are_done(&self) -> bool {
        self.acked.iter().all(|times| times.load(Ordering::Relaxed) > 0)
    }

    fn produce(&self, server: &Server, number: u64) {
        let mut client = client(server, "");
        let mut pace = Pace::per_second(RATE);
        for index in number * self.count..(number + 1) * self.count {
            let late = pace.wait();
            let at = self.watch.elapsed().saturating_sub(late);
            self.due[index as usize].store(at.as_micros() as u64, Ordering::Relaxed);
            let job =
                format!(r#"{{"jid":"honest-{index}","jobtype":"H","args":[{index}],"queue":"honest"}}"#);
            let reply = client.call(&format!("PUSH {job}")).expect("an honest PUSH");
            assert_eq!(reply, Reply::Line("+OK".into()));
            self.push.lock().expect("no panic").push(self.watch.elapsed().saturating_sub(at));
        }
    }

    fn work(&self, server: &Server, number: u64, over: &Stop) {
        let hello = format!(r#","wid":"honest-{number}","hostname":"h","pid":{number},"labels":[]"#);
        let mut client = client(server, &hello);
        while !over.is_rung() {
            let Reply::Bulk(job) = client.call("FETCH honest").expect("an honest FETCH") else {
                continue;
            };
            let job: serde_json::Value = serde_json::from_slice(&job).expect("a job");
            let index = job["args"][0].as_u64().expect("its index") as usize;
            let at = Duration::from_micros(self.due[index].load(Ordering::Relaxed));
            self.through.lock().expect("no panic").push(self.watch.elapsed().saturating_sub(at));
            let ack = client.call(&format!(r#"ACK {{"jid":"honest-{index}"}}"#)).expect("an honest ACK");
            assert_eq!(ack, Reply::Line("+OK".into()));
            self.acked[index].fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Does it now and then, and writes down how long it took.
fn again(over: &Stop, durations: &Mutex<Vec<Duration>>, act: impl Fn()) {
    let mut pace = Pace::per_second(COMERS);
    while !over.is_rung() {
        let watch = Watch::start();
        act();
        durations.lock().expect("no panic").push(watch.elapsed());
        pace.wait();
    }
}

/// Looks at the first page.
fn look(server: &Server) {
    let mut stream = socket_from(HOME, server.web).expect("a connection to the dashboard");
    let port = server.web;
    let ask = format!("GET / HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {BASIC}\r\n\r\n");
    stream.write_all(ask.as_bytes()).expect("an honest request");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    let whole = page.starts_with("HTTP/1.0 200") && page.ends_with("</html>");
    assert!(whole, "{} bytes of a page: {:?}", page.len(), page.lines().next());
}
