//! Producers and workers: each does the next thing by chance, and writes into the book what it is about to do and what
//! it was told.

use std::fmt::Write as _;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::book::{Book, End, Order, Pushed};
use super::dice::Dice;
use super::gate::Gate;
use crate::client::{Client, Reply};
use crate::clock::now;

pub(crate) const QUEUES: [&str; 3] = ["high", "middle", "low"];

/// Above this many jobs producers only look on.
const ENOUGH: u64 = 3000;

/// What all of them share.
pub(crate) struct Stage {
    pub(crate) port: u16,
    pub(crate) book: Mutex<Book>,
    pub(crate) gate: Gate,
}

impl Stage {
    /// Writes into the book.
    pub(crate) fn book<T>(&self, write: impl FnOnce(&mut Book) -> T) -> T {
        write(&mut self.book.lock().expect("no panic"))
    }

    /// An answer that no rule allows.
    fn odd(&self, command: &str, reply: &Reply) {
        self.book(|book| book.breach("-", &format!("{command} was answered {reply:?}")));
    }
}

/// A push whose answer was not heard: the command, and the jobs in it.
struct Unheard {
    command: String,
    jids: Vec<String>,
}

/// Pushes until the work is over.
pub(crate) fn producer(stage: &Stage, number: u64, mut dice: Dice) {
    let mut pushed = 0;
    let mut unheard: Option<Unheard> = None;
    let mut counted = 0;
    while let Some(epoch) = stage.gate.pass() {
        if std::mem::replace(&mut counted, epoch) != epoch {
            unheard = None;
        }
        // The server may be dead already; then it comes back to the gate.
        let Ok(mut client) = connect(stage.port, r#"{"v":2}"#) else { continue };
        while stage.gate.is_open() {
            let next = match unheard.take() {
                // The same bytes again, soon: one job, says D5.
                Some(again) if dice.percent(50) => again,
                _ if stage.book(|book| book.bounds().1) > ENOUGH => {
                    if client.call("INFO").is_err() {
                        break;
                    }
                    continue;
                }
                _ => compose(stage, number, &mut pushed, &mut dice),
            };
            match client.call(&next.command) {
                Ok(reply) if reply == Reply::Line("+OK".into()) || reply == Reply::Bulk(b"{}".into()) => {
                    stage.book(|book| next.jids.iter().for_each(|jid| book.accepted(jid)));
                }
                Ok(reply) => stage.odd(&next.command, &reply),
                Err(_) => {
                    unheard = Some(next);
                    break;
                }
            }
        }
    }
}

/// A PUSH or PUSHB, written into the book.
fn compose(stage: &Stage, number: u64, pushed: &mut u64, dice: &mut Dice) -> Unheard {
    let count = if dice.percent(15) { 2 + dice.below(7) } else { 1 };
    let bulk = (count > 1).then_some(number << 32 | *pushed);
    let queue = QUEUES[dice.below(QUEUES.len() as u64) as usize];
    let (mut jids, mut bodies) = (Vec::new(), Vec::new());
    for _ in 0..count {
        *pushed += 1;
        let jid = format!("job-{number}-{pushed:06}");
        let retry = [25, 25, 25, 25, 1, 0][dice.below(6) as usize];
        let later = dice.percent(5);
        // Some stay for longer than the run: the cleaning has to carry them along.
        let stays = later && dice.percent(20);
        let mut body = format!(r#"{{"jid":"{jid}","jobtype":"Ledger","queue":"{queue}","retry":{retry}"#);
        if later {
            let after = if stays { 86_400_000 } else { 500 + dice.below(2000) };
            let at = now().after(Duration::from_millis(after)).rfc3339();
            write!(body, r#","at":"{at}""#).expect("a string takes everything");
        }
        let size = if dice.percent(15) { dice.below(40_000) } else { dice.below(300) } as usize;
        write!(body, r#","args":[{pushed},"{}"]}}"#, "x".repeat(size)).expect("a string takes everything");
        stage.book(|book| book.sending(&jid, Pushed { queue, retry, later, bulk }));
        jids.push(jid);
        bodies.push(body);
    }
    let command = match bulk {
        Some(_) => format!("PUSHB [{}]", bodies.join(",")),
        None => format!("PUSH {}", bodies[0]),
    };
    Unheard { command, jids }
}

/// Fetches, acknowledges and fails until the work is over.
pub(crate) fn worker(stage: &Stage, number: u64, mut dice: Dice) {
    let hello =
        format!(r#"{{"v":2,"wid":"ledger-{number}","hostname":"ledger","pid":{number},"labels":[]}}"#);
    let mut hands = Hands::default();
    while let Some(epoch) = stage.gate.pass() {
        if epoch != hands.epoch {
            hands = Hands { epoch, ..Hands::default() };
        }
        let Ok(mut client) = connect(stage.port, &hello) else { continue };
        // Half of those who heard no answer ask again; the others leave it.
        if let Some((jid, end)) = hands.unheard.take()
            && dice.percent(50)
            && hands.end(stage, &mut client, jid, end, true).is_err()
        {
            continue;
        }
        while stage.gate.is_open() && hands.step(stage, &mut client, &mut dice).is_ok() {}
    }
}

/// What a worker has in its hands.
#[derive(Default)]
struct Hands {
    epoch: u64,
    held: Vec<String>,
    unheard: Option<(String, End)>,
    order: Order,
}

impl Hands {
    fn step(&mut self, stage: &Stage, client: &mut Client, dice: &mut Dice) -> io::Result<()> {
        if self.held.is_empty() || self.held.len() < 4 && dice.percent(40) {
            return self.fetch(stage, client, dice);
        }
        let jid = self.held.swap_remove(dice.below(self.held.len() as u64) as usize);
        let end = if dice.percent(5) { End::Fail } else { End::Ack };
        self.end(stage, client, jid, end, false)
    }

    fn fetch(&mut self, stage: &Stage, client: &mut Client, dice: &mut Dice) -> io::Result<()> {
        let first = dice.below(QUEUES.len() as u64) as usize;
        let queues = [QUEUES[first], QUEUES[(first + 1) % 3], QUEUES[(first + 2) % 3]];
        let command = format!("FETCH {}", queues.join(" "));
        match client.call(&command)? {
            Reply::Null => {}
            Reply::Bulk(job) => {
                let jid = jid_of(&job);
                stage.book(|book| {
                    if let Some(turn) = book.delivered(&jid) {
                        book.in_order(&mut self.order, &jid, &turn);
                    }
                });
                self.held.push(jid);
            }
            other => stage.odd(&command, &other),
        }
        Ok(())
    }

    fn end(
        &mut self,
        stage: &Stage,
        client: &mut Client,
        jid: String,
        end: End,
        again: bool,
    ) -> io::Result<()> {
        let verb = if end == End::Ack { "ACK" } else { "FAIL" };
        let command = format!(r#"{verb} {{"jid":"{jid}"}}"#);
        let reply = match client.call(&command) {
            Ok(reply) => reply,
            Err(error) => {
                stage.book(|book| book.unanswered(&jid, end));
                self.unheard = Some((jid, end));
                return Err(error);
            }
        };
        let not_found = reply == Reply::Line(format!("-ERR Job not found {jid}"));
        if reply == Reply::Line("+OK".into()) || again && end == End::Fail && not_found {
            stage.book(|book| book.ended(&jid, end));
        } else {
            stage.odd(&command, &reply);
        }
        Ok(())
    }
}

/// The jid of a job as FETCH hands it out.
pub(crate) fn jid_of(job: &[u8]) -> String {
    let job: Value = serde_json::from_slice(job).expect("a job is JSON");
    job["jid"].as_str().expect("a jid").to_owned()
}

fn connect(port: u16, hello: &str) -> io::Result<Client> {
    let mut client = Client::connect(port)?;
    client.hello(hello)?;
    Ok(client)
}
