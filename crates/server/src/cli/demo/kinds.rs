//! The jobs of the demo: a small shop whose work is quick, slow, scheduled and at times in vain.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bessemer::{Context, Failure, Job, JobOptions, JobResult, NewJob, Outcome};
use serde_json::{Value, json};

/// A kind of job.
pub(super) struct Kind {
    pub(super) jobtype: &'static str,
    pub(super) queue: &'static str,
    /// Of a hundred jobs so many are of this kind.
    pub(super) share: u64,
    /// How long one takes, in milliseconds.
    takes_ms: RangeInclusive<u64>,
    /// Of a hundred attempts so many fail.
    fails: u64,
    how: How,
    /// Retries; none: those of the server.
    retry: Option<i32>,
    /// How long one waits for its time, in seconds.
    waits_s: RangeInclusive<u64>,
    args: fn(u64) -> Vec<Value>,
}

/// How an attempt fails.
enum How {
    Error(&'static str, &'static str),
    Panic(&'static str),
}

/// Queues that nobody else uses.
pub(super) const QUEUES: [&str; 4] = ["demo.critical", "demo.mail", "demo.media", "demo.reports"];

pub(super) const KINDS: [Kind; 6] = [
    Kind {
        jobtype: "ChargeCard",
        queue: QUEUES[0],
        share: 25,
        takes_ms: 40..=250,
        fails: 8,
        how: How::Error("CardDeclined", "the bank said no: insufficient funds"),
        retry: None,
        waits_s: 0..=0,
        args: |n| vec![json!({ "order": n, "cents": n % 20_000 + 99 })],
    },
    Kind {
        jobtype: "SendReceipt",
        queue: QUEUES[1],
        share: 35,
        takes_ms: 10..=90,
        fails: 2,
        how: How::Error("SmtpTimeout", "no answer from mail.example:25 within 5 s"),
        retry: Some(5),
        waits_s: 0..=0,
        args: |n| vec![json!(format!("customer-{}@example.com", n % 1_000)), json!(n)],
    },
    Kind {
        jobtype: "RemindOfCart",
        queue: QUEUES[1],
        share: 12,
        takes_ms: 10..=90,
        fails: 0,
        how: How::Error("", ""),
        retry: None,
        waits_s: 5..=120,
        args: |n| vec![json!(format!("customer-{}@example.com", n % 1_000))],
    },
    Kind {
        jobtype: "ResizeImage",
        queue: QUEUES[2],
        share: 20,
        takes_ms: 500..=3_000,
        fails: 3,
        how: How::Error("BrokenImage", "unexpected end of file at byte 17342"),
        retry: Some(2),
        waits_s: 0..=0,
        args: |n| vec![json!(format!("uploads/{n:08}.jpg")), json!([320, 640, 1280])],
    },
    Kind {
        jobtype: "BuildReport",
        queue: QUEUES[3],
        share: 3,
        takes_ms: 5_000..=15_000,
        fails: 0,
        how: How::Error("", ""),
        retry: None,
        waits_s: 0..=20,
        args: |n| vec![json!("sales"), json!({ "week": n % 52 + 1 })],
    },
    // Buried at once when it fails, so that the page of the dead has something to show.
    Kind {
        jobtype: "ImportFeed",
        queue: QUEUES[3],
        share: 5,
        takes_ms: 200..=900,
        fails: 40,
        how: How::Panic("the feed has no header"),
        retry: Some(-1),
        waits_s: 0..=0,
        args: |n| vec![json!(format!("https://supplier-{}.example/feed.csv", n % 40))],
    },
];

/// From this many jobs a second on they take less time, or no crowd of workers could do them.
const FULL_LENGTH_RATE: f64 = 40.0;

/// What all jobs of a demo share.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// How much of its time a job takes, in thousandths.
    pace: u64,
    pub(super) done: AtomicU64,
    pub(super) failed: AtomicU64,
}

impl Stage {
    pub(super) fn at(rate: f64) -> Self {
        let pace = (FULL_LENGTH_RATE / rate).min(1.0) * 1_000.0;
        Self { pace: pace as u64, ..Self::default() }
    }
}

/// The job of a kind, by its number in [`KINDS`].
pub(super) struct Act<const KIND: usize>(pub(super) Arc<Stage>);

impl<const KIND: usize> Job for Act<KIND> {
    const JOBTYPE: &'static str = KINDS[KIND].jobtype;
    type Args = Vec<Value>;

    fn options() -> JobOptions {
        JobOptions::new().queue(KINDS[KIND].queue)
    }

    async fn perform(&self, _: &Context, _: Self::Args) -> JobResult {
        let kind = &KINDS[KIND];
        let (length, luck) = (draw(), draw());
        let millis = within(&kind.takes_ms, length) * self.0.pace / 1_000;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        if luck % 100 >= kind.fails {
            self.0.done.fetch_add(1, Ordering::Relaxed);
            return Ok(Outcome::Done);
        }
        self.0.failed.fetch_add(1, Ordering::Relaxed);
        match kind.how {
            How::Error(errtype, message) => Err(Failure::new(errtype, message)),
            How::Panic(message) => panic!("{message}"),
        }
    }
}

impl Kind {
    /// A kind by its share.
    pub(super) fn drawn() -> &'static Self {
        let mut left = draw() % 100;
        let drawn = KINDS.iter().find(|kind| {
            let here = left < kind.share;
            left = left.saturating_sub(kind.share);
            here
        });
        drawn.unwrap_or(&KINDS[0])
    }

    /// A job of this kind, marked as of this run of the demo.
    pub(super) fn job(&self, run: &str) -> Result<NewJob, bessemer::Error> {
        let mut options = JobOptions::new().queue(self.queue).custom(MARK, run);
        if let Some(times) = self.retry {
            options = options.retry(times);
        }
        let wait = within(&self.waits_s, draw());
        if wait > 0 {
            options = options.delay(Duration::from_secs(wait));
        }
        NewJob::new(self.jobtype, &(self.args)(draw() % 100_000), options)
    }
}

/// Under this name each job's `custom` says which run of the demo it is of.
pub(super) const MARK: &str = "bessemer_demo";

/// What the text of every job of a run matches.
pub(super) fn glob(run: &str) -> String {
    format!("*\"{MARK}\":\"{run}\"*")
}

fn within(range: &RangeInclusive<u64>, chance: u64) -> u64 {
    range.start() + chance % (range.end() - range.start() + 1)
}

/// Chance, which decides nothing that matters.
fn draw() -> u64 {
    getrandom::u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_of_a_hundred_and_every_queue_has_its_kind() {
        assert_eq!(KINDS.iter().map(|kind| kind.share).sum::<u64>(), 100);
        for queue in QUEUES {
            assert!(KINDS.iter().any(|kind| kind.queue == queue), "{queue}");
        }
    }

    #[test]
    fn a_job_is_marked_with_its_run_as_the_glob_wants_it() {
        let job = serde_json::to_string(&KINDS[2].job("run-1").expect("a job")).expect("JSON");
        assert!(job.contains(glob("run-1").trim_matches('*')), "{job}");
        assert!(job.contains("\"at\":"), "{job}");
    }

    #[test]
    fn jobs_take_less_time_where_they_are_many() {
        assert_eq!(Stage::at(1.0).pace, 1_000);
        assert_eq!(Stage::at(40.0).pace, 1_000);
        assert_eq!(Stage::at(4_000.0).pace, 10);
    }
}
