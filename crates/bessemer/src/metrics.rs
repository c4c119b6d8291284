//! Figures through the facade of the crate `metrics`, with the feature `metrics`: counted from the events, exported by
//! whatever recorder the application installs.

use metrics::{counter, gauge, histogram};

use crate::events::{Event, JobInfo};
use crate::job::outcome::Outcome;

/// Counts an event.
pub(crate) fn count(event: &Event) {
    match event {
        Event::Pushed { job } => one("bessemer_jobs_pushed_total", job),
        Event::NotUnique { job } => one("bessemer_jobs_not_unique_total", job),
        Event::Fetched { job } => one("bessemer_jobs_fetched_total", job),
        Event::Started { .. } => gauge!("bessemer_jobs_running").increment(1),
        Event::Finished { job, outcome, took } => ended(job, word(outcome), took.as_secs_f64()),
        Event::Failed { job, buried: true, took, .. } => ended(job, "buried", took.as_secs_f64()),
        Event::Failed { job, took, .. } => ended(job, "failed", took.as_secs_f64()),
        Event::Panicked { job, took, .. } => ended(job, "panicked", took.as_secs_f64()),
        Event::TimedOut { job, took, .. } => ended(job, "timed_out", took.as_secs_f64()),
        Event::LateReport { job } => one("bessemer_late_reports_total", job),
        Event::LeaseLost { job } => one("bessemer_leases_lost_total", job),
        Event::Beat { .. } => counter!("bessemer_beats_total").increment(1),
        Event::Quiet | Event::Drained { .. } | Event::Missed { .. } => {}
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done | Outcome::Return(_) => "done",
        Outcome::Snooze(_) => "snoozed",
        Outcome::Discard(_) => "discarded",
        Outcome::Bury(_) => "buried",
    }
}

fn one(name: &'static str, job: &JobInfo) {
    counter!(name, "jobtype" => job.jobtype.clone(), "queue" => job.queue.clone()).increment(1);
}

fn ended(job: &JobInfo, outcome: &'static str, seconds: f64) {
    gauge!("bessemer_jobs_running").decrement(1);
    let (jobtype, queue) = (job.jobtype.clone(), job.queue.clone());
    counter!("bessemer_jobs_total", "jobtype" => jobtype.clone(), "queue" => queue, "outcome" => outcome)
        .increment(1);
    histogram!("bessemer_job_duration_seconds", "jobtype" => jobtype).record(seconds);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
        SharedString, Unit,
    };

    use super::*;
    use crate::job::failure::Failure;

    /// Keeps a sum for each name with its labels.
    #[derive(Clone, Default)]
    struct Sums(Arc<Mutex<BTreeMap<String, f64>>>);

    struct Sum {
        sums: Sums,
        key: String,
    }

    impl Sum {
        fn add(&self, value: f64) {
            *self.sums.0.lock().unwrap().entry(self.key.clone()).or_default() += value;
        }
    }

    impl CounterFn for Sum {
        fn increment(&self, value: u64) {
            self.add(value as f64);
        }
        fn absolute(&self, _: u64) {}
    }

    impl GaugeFn for Sum {
        fn increment(&self, value: f64) {
            self.add(value);
        }
        fn decrement(&self, value: f64) {
            self.add(-value);
        }
        fn set(&self, _: f64) {}
    }

    impl HistogramFn for Sum {
        fn record(&self, value: f64) {
            self.add(value);
        }
    }

    impl Sums {
        fn sum(&self, key: &Key) -> Arc<Sum> {
            let labels: String =
                key.labels().map(|label| format!(" {}={}", label.key(), label.value())).collect();
            Arc::new(Sum { sums: self.clone(), key: format!("{}{labels}", key.name()) })
        }
    }

    impl Recorder for Sums {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.sum(key))
        }
        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.sum(key))
        }
        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::from_arc(self.sum(key))
        }
    }

    #[test]
    fn events_become_figures_by_job_type_queue_and_outcome() {
        let job = JobInfo { jid: "j".into(), jobtype: "T".into(), queue: "q".into(), attempt: 1 };
        let (failure, took) = (Failure::internal("panic", "m"), Duration::from_millis(1_500));
        let sums = Sums::default();
        metrics::with_local_recorder(&sums, || {
            count(&Event::Pushed { job: job.clone() });
            count(&Event::Started { job: job.clone() });
            count(&Event::Started { job: job.clone() });
            count(&Event::Finished { job: job.clone(), outcome: Outcome::Done, took });
            count(&Event::Panicked { job: job.clone(), failure, took });
        });
        let sums = sums.0.lock().unwrap();
        let sums: Vec<(&str, f64)> = sums.iter().map(|(key, sum)| (key.as_str(), *sum)).collect();
        assert_eq!(
            sums,
            [
                ("bessemer_job_duration_seconds jobtype=T", 3.0),
                ("bessemer_jobs_pushed_total jobtype=T queue=q", 1.0),
                ("bessemer_jobs_running", 0.0),
                ("bessemer_jobs_total jobtype=T queue=q outcome=done", 1.0),
                ("bessemer_jobs_total jobtype=T queue=q outcome=panicked", 1.0),
            ]
        );
    }
}
