//! `FETCH queue …`: rules `F-01` to `F-07`.

use std::fmt::Write;
use std::time::Duration;

use bessemer_core::command::Handout;
use bessemer_core::{Boot, Command};
use bessemer_protocol::names::check_queue;
use bessemer_protocol::resp::put_bulk;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let names = || rest.split(' ').filter(|name| !name.is_empty());
    let limit = call.limits.fetch_queues_max;
    match names().count() {
        0 => return Outcome::Refused("must call fetch with at least one queue".into()),
        n if n > limit => return Outcome::Refused(format!("too many queues in FETCH: {n}, limit {limit}")),
        _ => {}
    }
    // No queue can have such a name, so nobody needs to wait for it (rule `F-01`: it is no error either).
    let queues: Vec<&str> = names().filter(|name| check_queue(name).is_ok()).collect();
    let wait = in_step(call.now.boot, call.limits.fetch_wait);
    let progress = call.submit(Command::Fetch { conn: call.conn, queues: &queues, wait });
    Outcome::Submitted(progress, if call.leases { Form::Leased } else { Form::Plain })
}

/// A wait may be longer by this part of it. So all waits of 2 s end in steps of 200 ms, and thousands of workers with
/// nothing to do are told so, and ask again, in a few wake-ups and not in thousands.
const STEPS: u32 = 10;

/// A wait, made so long that it ends with a step.
fn in_step(now: Boot, wait: Duration) -> Duration {
    let step = (wait / STEPS).max(Duration::from_micros(1)).as_micros() as u64;
    let end = now.after(wait);
    Boot(end.0.next_multiple_of(step)).since(now)
}

/// The job, with what changes from delivery to delivery spliced in before its last brace; the token of this one for a client
/// that asked for it (`G9`).
pub(super) fn respond(job: &Handout, leased: bool, out: &mut Vec<u8>) {
    let body = job.body.bytes();
    let body = body.strip_suffix(b"}").unwrap_or(body);
    let mut enqueued_at = String::with_capacity(64);
    enqueued_at.push_str(",\"enqueued_at\":\"");
    job.enqueued_at.write_rfc3339(&mut enqueued_at);
    enqueued_at.push('"');
    if leased {
        _ = write!(enqueued_at, ",\"lease\":\"{}\"", job.lease);
    }
    match &job.failure {
        None => put_bulk(out, &[body, enqueued_at.as_bytes(), b"}"]),
        Some(failure) => {
            let head = failure.head();
            let text = failure.text.bytes();
            let text = text.strip_prefix(b"{").unwrap_or(text);
            put_bulk(out, &[body, enqueued_at.as_bytes(), head.as_bytes(), text, b"}"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_core::Wall;
    use bessemer_core::command::{Delivery, FailureView, Lease, Text};
    use bessemer_core::fact::Order;

    #[test]
    fn waits_end_in_step_and_never_early_f03() {
        let wait = Duration::from_secs(2);
        let ends = |now: u64| now + in_step(Boot(now), wait).as_micros() as u64;
        assert_eq!([0, 1, 199_999, 200_000].map(ends), [2_000_000, 2_200_000, 2_200_000, 2_200_000]);
        assert_eq!(
            in_step(Boot(7), Duration::from_micros(3)),
            Duration::from_micros(3),
            "short ones have no steps"
        );
    }

    #[test]
    fn a_job_is_handed_out_with_its_failure_spliced_in_f07() {
        let text = |bytes: &'static [u8]| Text::Read(bytes::Bytes::from_static(bytes));
        let failure = FailureView {
            retry_count: 0,
            remaining: 25,
            failed_at: Wall(1_000_000),
            next_at: Some(Wall(2_500_000)),
            text: text(br#"{"errtype":"E","message":"boom"}"#),
        };
        let mut job = Handout {
            delivery: Delivery(1),
            lease: Lease { since: Wall(0x5f), order: Order(-1) },
            body: text(br#"{"jid":"abcdefgh1"}"#),
            next: None,
            enqueued_at: Wall(0),
            failure: Some(failure),
        };
        let mut out = Vec::new();
        respond(&job, false, &mut out);
        let reply = String::from_utf8(out).expect("UTF-8");
        let (length, rest) = reply.split_once("\r\n").expect("a bulk");
        let json = rest.strip_suffix("\r\n").expect("a bulk");
        assert_eq!(length, format!("${}", json.len()));
        assert_eq!(
            json,
            concat!(
                r#"{"jid":"abcdefgh1","enqueued_at":"1970-01-01T00:00:00Z","failure":{"retry_count":0,"remaining":25,"#,
                r#""failed_at":"1970-01-01T00:00:01Z","next_at":"1970-01-01T00:00:02.5Z","errtype":"E","message":"boom"}}"#
            )
        );
        job.failure = None;
        let mut out = Vec::new();
        respond(&job, false, &mut out);
        assert_eq!(out, b"$56\r\n{\"jid\":\"abcdefgh1\",\"enqueued_at\":\"1970-01-01T00:00:00Z\"}\r\n");
        out.clear();
        respond(&job, true, &mut out);
        let leased = r#","enqueued_at":"1970-01-01T00:00:00Z","lease":"5f-ffffffffffffffff"}"#;
        assert_eq!(
            out.trim_ascii_end().strip_suffix(leased.as_bytes()),
            Some(&b"$86\r\n{\"jid\":\"abcdefgh1\""[..])
        );
    }
}
