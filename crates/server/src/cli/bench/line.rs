//! The jobs of a run and the lines about them, formatted once: only the numbers in the jids change.
//!
//! A jid is the mark of the run, which no other run has, and the job's number in 16 digits. So a job that comes back is
//! known as ours, and nothing is pushed twice.

use memchr::memmem;

/// Digits of a job's number.
const DIGITS: usize = 16;

/// Behind the mark of a run in a template; numbers are written over it.
const HOLE: &str = "################";

/// What marks the queues and jobs of one run.
#[derive(Clone, Debug)]
pub(super) struct Mark(String);

impl Mark {
    /// From random bits.
    pub(super) fn new(bits: u32) -> Self {
        Self(format!("{bits:08x}"))
    }

    /// A queue of this run.
    pub(super) fn queue(&self, name: &str) -> String {
        format!("bench-{}-{name}", self.0)
    }

    /// The type of all jobs of this run.
    pub(super) fn jobtype(&self) -> String {
        format!("Bench-{}", self.0)
    }

    pub(super) fn wid(&self, name: &str) -> String {
        format!("bench-{name}-{}", self.0)
    }

    /// The number of a job of this run that was fetched.
    pub(super) fn number_of(&self, job: &[u8]) -> Option<u64> {
        let at = memmem::find_iter(job, self.0.as_bytes()).find(|at| *at > 0 && job[at - 1] == b'"')?;
        let digits = job.get(at + self.0.len()..)?.get(..DIGITS)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// A job with an argument of this many bytes.
    fn job(&self, queue: &str, bytes: usize, more: &str) -> String {
        let (mark, jobtype, argument) = (&self.0, self.jobtype(), "x".repeat(bytes));
        format!(
            "{{\"jid\":\"{mark}{HOLE}\",\"queue\":\"{queue}\",\"jobtype\":\"{jobtype}\",\"args\":[\"{argument}\"],\
             \"created_at\":\"2026-01-02T03:04:05.123456789Z\",\"retry\":25{more}}}"
        )
    }
}

/// Lines with places for consecutive numbers.
#[derive(Clone, Debug)]
pub(super) struct Line {
    text: Vec<u8>,
    /// Where the numbers stand.
    holes: Vec<usize>,
    /// How many places each job has.
    each: usize,
}

impl Line {
    fn new(text: String) -> Self {
        let holes = memmem::find_iter(text.as_bytes(), HOLE.as_bytes()).collect();
        Self { text: text.into_bytes(), holes, each: 1 }
    }

    /// This many PUSHes of jobs with an argument of this many bytes.
    pub(super) fn push(mark: &Mark, queue: &str, bytes: usize, count: usize) -> Self {
        Self::new(format!("PUSH {}\r\n", mark.job(queue, bytes, "")).repeat(count))
    }

    /// One PUSH of a unique job: its number is in its arguments too.
    pub(super) fn unique(mark: &Mark, queue: &str, bytes: usize) -> Self {
        let job = mark.job(queue, bytes, ",\"custom\":{\"unique_for\":3600}");
        let job = job.replace("\"args\":[", &format!("\"args\":[\"{HOLE}\","));
        Self { each: 2, ..Self::new(format!("PUSH {job}\r\n")) }
    }

    /// One PUSH of a member of a batch.
    pub(super) fn member(mark: &Mark, queue: &str, bytes: usize, batch: &str) -> Self {
        let more = format!(",\"custom\":{{\"bid\":\"{batch}\"}}");
        Self::new(format!("PUSH {}\r\n", mark.job(queue, bytes, &more)))
    }

    /// One PUSHB of this many jobs.
    pub(super) fn push_bulk(mark: &Mark, queue: &str, bytes: usize, count: usize) -> Self {
        let jobs = vec![mark.job(queue, bytes, ""); count];
        Self::new(format!("PUSHB [{}]\r\n", jobs.join(",")))
    }

    /// One PUSH for later.
    pub(super) fn schedule(mark: &Mark, queue: &str, bytes: usize, at: &str) -> Self {
        Self::new(format!("PUSH {}\r\n", mark.job(queue, bytes, &format!(",\"at\":\"{at}\""))))
    }

    pub(super) fn ack(mark: &Mark) -> Self {
        Self::new(format!("ACK {{\"jid\":\"{}{HOLE}\"}}\r\n", mark.0))
    }

    /// A FAIL with what workers tell of an error.
    pub(super) fn fail(mark: &Mark) -> Self {
        let jid = format!("{}{HOLE}", mark.0);
        Self::new(format!(
            "FAIL {{\"jid\":\"{jid}\",\"errtype\":\"RuntimeError\",\"message\":\"the benchmark fails this job\",\
             \"backtrace\":[\"bench.rb:17:in `perform'\",\"bench.rb:4:in `<main>'\"]}}\r\n"
        ))
    }

    /// How many jobs it is about.
    pub(super) fn jobs(&self) -> u64 {
        (self.holes.len() / self.each) as u64
    }

    /// The text about the jobs from `number` on.
    pub(super) fn about(&mut self, number: u64) -> &[u8] {
        for (places, number) in self.holes.chunks(self.each).zip(number..) {
            for hole in places {
                write_digits(&mut self.text[*hole..hole + DIGITS], number);
            }
        }
        &self.text
    }
}

fn write_digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        Mark::new(0xbeef)
    }

    #[test]
    fn lines_carry_consecutive_numbers_and_valid_json() {
        let mut line = Line::push_bulk(&mark(), "q", 100, 3);
        let text = String::from_utf8(line.about(41).to_vec()).expect("text");
        let json = text.strip_prefix("PUSHB ").and_then(|t| t.strip_suffix("\r\n")).expect("one line");
        let jobs: Vec<serde_json::Value> = serde_json::from_str(json).expect("JSON");
        let jids: Vec<_> = jobs.iter().map(|job| job["jid"].as_str().expect("a jid")).collect();
        assert_eq!(
            jids,
            ["0000beef0000000000000041", "0000beef0000000000000042", "0000beef0000000000000043"]
        );
        assert_eq!(jobs[2]["args"][0].as_str().map(str::len), Some(100));
        assert_eq!(line.jobs(), 3);
    }

    #[test]
    fn every_verb_is_one_line_of_json_for_each_job() {
        let mark = mark();
        for mut line in [
            Line::push(&mark, "q", 0, 2),
            Line::unique(&mark, "q", 5),
            Line::member(&mark, "q", 5, "b-x"),
            Line::schedule(&mark, "q", 5, "2026-01-02T03:04:05Z"),
            Line::ack(&mark),
            Line::fail(&mark),
        ] {
            let jobs = line.jobs() as usize;
            let text = String::from_utf8(line.about(7).to_vec()).expect("text");
            assert_eq!(text.lines().count(), jobs);
            for (line, number) in text.lines().zip(7..) {
                let (_, json) = line.split_once(' ').expect("a verb");
                let job: serde_json::Value = serde_json::from_str(json).expect("JSON");
                assert_eq!(job["jid"], format!("0000beef{number:016}"), "{line}");
                if job["custom"]["unique_for"] == 3600 {
                    assert_eq!(job["args"], serde_json::json!([format!("{number:016}"), "xxxxx"]));
                }
            }
        }
    }

    #[test]
    fn a_job_that_comes_back_is_known_wherever_its_jid_stands() {
        let mark = mark();
        let mut line = Line::push(&mark, &mark.queue("x"), 10, 1);
        let text = line.about(123).to_vec();
        assert_eq!(mark.number_of(&text), Some(123));
        let behind = br#"{"queue":"bench-0000beef-x", "jid" : "0000beef0000000000000009"}"#;
        assert_eq!(mark.number_of(behind), Some(9));
        assert_eq!(Mark::new(1).number_of(&text), None, "another run's");
        assert_eq!(mark.number_of(br#"{"jid":"0000beef00"}"#), None);
    }
}
