//! The honest: producers at a steady rate, workers, and now and then somebody who comes and goes. Every job must come
//! through, once.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::Pace;
use crate::client::Reply;
use crate::clock::{Watch, until};
use crate::server::Server;

/// Connections that push, and jobs a second on each.
const PRODUCERS: u64 = 4;
const RATE: u32 = 50;

/// Connections that fetch and ACK.
const WORKERS: u64 = 4;

/// Logins a second.
const LOGINS: u32 = 4;

/// What they saw; durations ascend.
pub(crate) struct Sample {
    /// From the moment at which a PUSH was due to its OK.
    pub(crate) push: Vec<Duration>,
    /// From the same moment to the worker that has the job.
    pub(crate) through: Vec<Duration>,
    /// From the connection to the OK of HELLO.
    pub(crate) login: Vec<Duration>,
    /// Most resident memory of the server, in MiB.
    pub(crate) memory: u64,
}

/// The value below which this share of all lies.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let two = |d: &[Duration]| format!("{:?} / {:?}", quantile(d, 0.5), quantile(d, 0.99));
        write!(
            f,
            "push {}, through {}, login {}, {} MiB",
            two(&self.push),
            two(&self.through),
            two(&self.login),
            self.memory
        )
    }
}

/// Works for so long, from job number `first` on.
pub(crate) fn work(server: &Server, first: &mut u64, window: Duration) -> Sample {
    let count = (window.as_secs_f64() * f64::from(RATE)) as u64;
    let all = count * PRODUCERS;
    let since = *first;
    *first += all;
    let (watch, over) = (Watch::start(), AtomicBool::new(false));
    let [push, through, login]: [Mutex<Vec<Duration>>; 3] = Default::default();
    // When each job was due, in µs from the start, and how often it was ACKed.
    let due: Vec<AtomicU64> = (0..all).map(|_| AtomicU64::new(0)).collect();
    let acked: Vec<AtomicU64> = (0..all).map(|_| AtomicU64::new(0)).collect();
    let memory = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for producer in 0..PRODUCERS {
            let (due, push) = (&due, &push);
            scope.spawn(move || {
                let mut client = server.client();
                let mut pace = Pace::per_second(RATE);
                for n in 0..count {
                    let late = pace.wait();
                    let index = producer * count + n;
                    let at = watch.elapsed().saturating_sub(late);
                    due[index as usize].store(at.as_micros() as u64, Ordering::Relaxed);
                    let number = since + index;
                    let line = format!(
                        r#"PUSH {{"jid":"honest-{number}","jobtype":"H","args":[{index}],"queue":"honest"}}"#
                    );
                    assert_eq!(client.call(&line).expect("an honest PUSH"), Reply::Line("+OK".into()));
                    push.lock().expect("no panic").push(watch.elapsed().saturating_sub(at));
                }
            });
        }
        for worker in 0..WORKERS {
            let (due, acked, through, over) = (&due, &acked, &through, &over);
            scope.spawn(move || {
                let hello = format!(r#","wid":"honest-{worker}","hostname":"h","pid":{worker},"labels":[]"#);
                let mut client = server.client_as(&hello);
                while !over.load(Ordering::Relaxed) {
                    let Reply::Bulk(job) = client.call("FETCH honest").expect("an honest FETCH") else {
                        continue;
                    };
                    let job: serde_json::Value = serde_json::from_slice(&job).expect("a job");
                    let index = job["args"][0].as_u64().expect("its number") as usize;
                    let at = Duration::from_micros(due[index].load(Ordering::Relaxed));
                    through.lock().expect("no panic").push(watch.elapsed().saturating_sub(at));
                    let ack = format!(r#"ACK {{"jid":"honest-{}"}}"#, since + index as u64);
                    assert_eq!(client.call(&ack).expect("an honest ACK"), Reply::Line("+OK".into()));
                    acked[index].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            let mut pace = Pace::per_second(LOGINS);
            while !over.load(Ordering::Relaxed) {
                let at = Watch::start();
                drop(server.client());
                login.lock().expect("no panic").push(at.elapsed());
                memory.fetch_max(server.memory_mib(), Ordering::Relaxed);
                pace.wait();
            }
        });
        until("every honest job has come through", || {
            acked.iter().all(|times| times.load(Ordering::Relaxed) > 0).then_some(())
        });
        over.store(true, Ordering::Relaxed);
    });
    assert!(acked.iter().all(|times| times.load(Ordering::Relaxed) == 1), "a job came through twice");
    let sorted = |durations: Mutex<Vec<Duration>>| {
        let mut durations = durations.into_inner().expect("no panic");
        durations.sort_unstable();
        durations
    };
    Sample { push: sorted(push), through: sorted(through), login: sorted(login), memory: memory.into_inner() }
}
