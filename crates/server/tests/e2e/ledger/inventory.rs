//! Counting everything: which jobs exist, and where. Nobody else is connected while it runs.
//!
//! Queues are emptied by FETCH and their jobs acknowledged. Scheduled, retries and dead are read off the dashboard. A
//! job that is being worked on is found by failing it, which only a reservation allows. Meanwhile retries fall due and
//! join their queues: so queues are emptied before and after the pages are read, and what comes the second time counts
//! as a job of its queue only.

use std::collections::HashSet;

use serde_json::Value;

use super::actors::{QUEUES, Stage, jid_of};
use super::book::{End, Order, Place};
use crate::client::{Client, Reply};
use crate::server::Server;

/// Commands that are sent before their replies are read.
const PIPELINED: usize = 100;

/// Counts, writes it into the book, and compares the server's own figures with it.
pub(crate) fn take(server: &Server, stage: &Stage) {
    let mut client = server.client();
    let before = figures(server);
    let mut found = empty_queues(server, stage, &mut client);
    let mut waiting = Vec::new();
    for (path, place) in
        [("scheduled", Place::Scheduled), ("retries", Place::Retries), ("morgue", Place::Dead)]
    {
        waiting.extend(listed(server, path).into_iter().map(|jid| (place, jid)));
    }
    let late = empty_queues(server, stage, &mut client);
    let came: HashSet<String> = late.iter().map(|(_, jid)| jid.clone()).collect();
    waiting.retain(|(_, jid)| !came.contains(jid));
    found.extend(late);

    let known: HashSet<&String> = found.iter().chain(&waiting).map(|(_, jid)| jid).collect();
    let rest: Vec<String> = stage.book(|book| {
        book.live().filter(|jid| !known.contains(&(*jid).to_owned())).map(str::to_owned).collect()
    });
    let working = probe(&mut client, &rest);
    let total = (found.len() + waiting.len() + working.len()) as u64;
    found.extend(waiting);
    found.extend(working.iter().map(|jid| (Place::Working, jid.clone())));

    stage.book(|book| {
        if before.total() != total {
            book.breach("-", &format!("the server counted {before:?}, and {total} were found"));
        }
        if before.working != working.len() as u64 {
            book.breach(
                "-",
                &format!("the server works on {} jobs, and {} were found", before.working, working.len()),
            );
        }
        book.counted(&found);
        for (place, jid) in &found {
            match place {
                Place::Queue => book.ended(jid, End::Ack),
                Place::Working => book.ended(jid, End::Fail),
                Place::Scheduled | Place::Retries | Place::Dead => {}
            }
        }
    });
}

/// Everything in the queues, fetched in order and acknowledged.
fn empty_queues(server: &Server, stage: &Stage, client: &mut Client) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    for queue in QUEUES {
        let mut order = Order::default();
        let mut left = server.info()["faktory"]["queues"][queue].as_u64().unwrap_or(0) as usize;
        while left > 0 {
            let now = left.min(PIPELINED);
            left -= now;
            let fetches = vec![format!("FETCH {queue}"); now];
            let mut jids = Vec::new();
            for reply in pipeline(client, &fetches) {
                let Reply::Bulk(job) = reply else { continue };
                let jid = jid_of(&job);
                stage.book(|book| {
                    if let Some(turn) = book.waiting_turn(&jid) {
                        book.in_order(&mut order, &jid, &turn);
                    }
                });
                jids.push(jid);
            }
            let acks: Vec<String> = jids.iter().map(|jid| format!(r#"ACK {{"jid":"{jid}"}}"#)).collect();
            pipeline(client, &acks);
            found.extend(jids.into_iter().map(|jid| (Place::Queue, jid)));
        }
    }
    found
}

/// Those of the jobs that are reserved; they are failed by it.
fn probe(client: &mut Client, jids: &[String]) -> Vec<String> {
    let mut working = Vec::new();
    for some in jids.chunks(PIPELINED) {
        let fails: Vec<String> = some.iter().map(|jid| format!(r#"FAIL {{"jid":"{jid}"}}"#)).collect();
        let replies = pipeline(client, &fails);
        let reserved = some.iter().zip(replies).filter(|(_, reply)| *reply == Reply::Line("+OK".into()));
        working.extend(reserved.map(|(jid, _)| jid.clone()));
    }
    working
}

fn pipeline(client: &mut Client, commands: &[String]) -> Vec<Reply> {
    let lines: String = commands.iter().map(|command| format!("{command}\r\n")).collect();
    client.send(lines.as_bytes()).expect("the server listens");
    commands
        .iter()
        .map(|command| client.reply().unwrap_or_else(|error| panic!("{command}: {error}")))
        .collect()
}

/// The jids on all pages of a set, read from the last page to the first: an entry that leaves meanwhile moves others
/// to pages that are still to be read.
fn listed(server: &Server, path: &str) -> HashSet<String> {
    let size =
        server.info()["faktory"]["sets"][if path == "morgue" { "dead" } else { path }].as_u64().unwrap_or(0);
    let mut jids = HashSet::new();
    for page in (1..=size.div_ceil(25).max(1)).rev() {
        let (status, body) = server.http("GET", &format!("/{path}?page={page}"), "");
        assert_eq!(status, 200, "/{path}?page={page}: {body}");
        let before = format!("/{path}/");
        let links = body.split(before.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
        let keys = links.map(|key| key.replace("%7C", "|").replace("%7c", "|"));
        jids.extend(keys.filter_map(|key| key.split_once('|').map(|(_, jid)| jid.to_owned())));
    }
    jids
}

/// The server's own figures.
#[derive(Debug)]
pub(crate) struct Figures {
    enqueued: u64,
    scheduled: u64,
    retries: u64,
    dead: u64,
    working: u64,
}

impl Figures {
    /// All jobs that exist.
    pub(crate) fn total(&self) -> u64 {
        self.enqueued + self.scheduled + self.retries + self.dead + self.working
    }
}

/// Asks for them.
pub(crate) fn figures(server: &Server) -> Figures {
    let info = server.info();
    let number =
        |path: &str| info.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path} in {info}"));
    Figures {
        enqueued: number("/faktory/total_enqueued"),
        scheduled: number("/faktory/sets/scheduled"),
        retries: number("/faktory/sets/retries"),
        dead: number("/faktory/sets/dead"),
        working: number("/faktory/sets/working"),
    }
}
