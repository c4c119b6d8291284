//! What the rules cost without a log: the same operations, and facts that nobody writes down.

use std::time::Duration;

use bessemer_core::command::{Asks, BatchDeed, ConnId, Hello, Plan, Push, Text};
use bessemer_core::fact::Fact;
use bessemer_core::{Boot, Command, Facts, Machine, Now, Reply, Rules, Settled, Span, Ticket, Wall};

use crate::figures::cpu_ns;
use crate::load::QUEUES;

const JOBS: u64 = 1_000_000;
const DEPTH: u64 = 1_000;
/// Members of a batch.
const MEMBERS: u64 = 100_000;
const WORKER: ConnId = ConnId(1);

/// Takes facts down nowhere; a body is "found" at the number of its job.
struct Nowhere {
    pushed: u64,
}

impl Facts for Nowhere {
    fn record(&mut self, fact: &Fact<'_>) -> Span {
        match fact {
            Fact::Put { body, .. } => Span { at: self.pushed, len: body.len() as u32 },
            _ => Span::default(),
        }
    }

    fn release(&mut self, _: Span) {}
}

pub(crate) fn measure() {
    println!("\nthe rules alone, nothing written: CPU µs/op {:.2}", each(DEPTH, false));
    println!("  with {MEMBERS} jobs waiting: {:.2}", each(MEMBERS, false));
    println!("  and all of them in one batch: {:.2}", each(MEMBERS, true));
}

/// Operations of jobs behind so many that wait, perhaps all in one batch.
fn each(depth: u64, in_batch: bool) -> f64 {
    let mut machine = Machine::new(Rules::default(), [1, 2]);
    let (mut facts, mut out) = (Nowhere { pushed: 0 }, Settled::default());
    let body = vec![b'x'; 300];
    let hello = Hello { wid: "4qpc2443vpvai", hostname: "worker-1", pid: 4242, labels: &[], rss_kb: 50_000 };
    let now = |number: u64| {
        let boot = Boot(1 + number);
        Now { wall: Wall(1_800_000_000_000_000 + boot.0 as i64), boot, heard: boot, chance: number }
    };
    let connect = Command::Connect { conn: WORKER, worker: Some(hello) };
    machine.apply(now(0), Ticket(0), connect, &mut facts, &mut out);
    let callbacks = [Some(r#"{"jobtype":"T"}"#), None, None];
    let new = BatchDeed::New(Plan { description: "", parent: None, callbacks });
    machine.apply(now(0), Ticket(0), Command::Batch(new), &mut facts, &mut out);
    let bid = out
        .replies
        .drain(..)
        .find_map(|(_, reply)| if let Reply::Bid(bid) = reply { Some(bid) } else { None });
    let asks = Asks { batch: bid.as_deref().filter(|_| in_batch), ..Asks::default() };
    let started = cpu_ns();
    for number in 0..JOBS + depth {
        facts.pushed = number;
        let mut digits = [0; 24];
        let jid = digits_of(number, &mut digits);
        let job = Push {
            jid,
            queue: QUEUES[(number % 3) as usize],
            jobtype: "SendWelcomeMail",
            retry: 25,
            reserve_for: 1800,
            on_lost: None,
            asks,
            at: None,
            failure: None,
            sent: &body,
            body: &body,
        };
        let now = now(number);
        machine.apply(now, Ticket(1), Command::Push { job }, &mut facts, &mut out);
        if number < depth {
            continue;
        }
        let fetch = Command::Fetch { conn: WORKER, queues: &QUEUES, wait: Duration::ZERO };
        machine.apply(now, Ticket(2), fetch, &mut facts, &mut out);
        for (_, reply) in out.replies.drain(..) {
            if let Reply::Job(job) = reply
                && let Text::At(span) = job.body
            {
                let ack = Command::Ack { conn: WORKER, jid: digits_of(span.at, &mut digits), lease: None };
                machine.apply(now, Ticket(3), ack, &mut facts, &mut Settled::default());
            }
        }
    }
    (cpu_ns() - started) as f64 / 1e3 / (3 * JOBS + depth) as f64
}

fn digits_of(mut number: u64, digits: &mut [u8; 24]) -> &str {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    std::str::from_utf8(digits).expect("digits")
}
