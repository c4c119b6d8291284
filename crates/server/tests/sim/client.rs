//! Clients: connections, what was asked on them, and what the answers mean.

use std::collections::{BTreeMap, VecDeque};

use bessemer_protocol::resp::{Decoded, Reply, decode};

use super::chance::SECOND;
use super::shell::{Pipe, Up, jid_of};
use super::world::{Broken, Event, World};

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Producer,
    Worker {
        wid: Option<String>,
        pid: i64,
    },
    Operator,
    /// Comes when all is calm and works everything off.
    Finisher {
        wid: String,
    },
}

/// One process that uses the server.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) role: Role,
    pub(crate) links: Vec<Link>,
    /// Jobs fetched and not given back.
    pub(crate) held: Vec<usize>,
    /// Jobs given back once; some clients do it again.
    pub(crate) given: Vec<usize>,
    /// Pushes whose outcome is unknown.
    pub(crate) unsure: Vec<usize>,
    /// When its last connection ended.
    pub(crate) lonely_since: u64,
    /// What it was told to be.
    pub(crate) stage: Stage,
    /// What it said it is.
    pub(crate) told: Stage,
    pub(crate) away_until: u64,
}

/// What the client says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Running,
    Quiet,
    Terminate,
}

/// One connection of a client.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub(crate) conn: u64,
    pub(crate) asked: VecDeque<(u64, Asked)>,
    inbox: Vec<u8>,
    /// It asked the server to close.
    pub(crate) ended: bool,
}

/// A command that waits for its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Hello,
    Push(usize),
    PushBulk(Vec<usize>),
    NewBatch(usize),
    Commit(usize),
    /// Something else about a batch.
    Batch,
    Fetch,
    /// The job, and whether the client had it for certain.
    Ack(usize),
    Fail(usize),
    Extend,
    Beat,
    Info,
    /// A script's command, answered OK.
    Script,
    /// A script's question, answered with a document.
    Look,
    Nonsense,
}

impl World {
    pub(crate) fn client(&mut self, role: Role) -> usize {
        self.clients.push(Client {
            role,
            links: Vec::new(),
            held: Vec::new(),
            given: Vec::new(),
            unsure: Vec::new(),
            lonely_since: self.clock.at,
            stage: Stage::Running,
            told: Stage::Running,
            away_until: 0,
        });
        self.clients.len() - 1
    }

    /// Opens a connection; commands may follow right behind HELLO.
    pub(crate) fn connect(&mut self, client: usize) {
        if self.node.is_none() || self.shutting_down {
            return;
        }
        let (wid, pid) = match &self.clients[client].role {
            Role::Worker { wid, pid } => (wid.clone(), *pid),
            Role::Finisher { wid } => (Some(wid.clone()), 1),
            Role::Producer | Role::Operator => (None, 0),
        };
        let conn = self.next_conn;
        self.next_conn += 1;
        self.pipes.insert(conn, Pipe { client, ..Pipe::default() });
        let link = Link { conn, asked: [(self.clock.at, Asked::Hello)].into(), ..Link::default() };
        self.clients[client].links.push(link);
        self.send_up(conn, Up::Open { wid, pid, leftover: Vec::new() });
    }

    pub(crate) fn send_up(&mut self, conn: u64, up: Up) {
        let delay = self.delay();
        let Some(pipe) = self.pipes.get_mut(&conn) else { return };
        let at = pipe.up.back().map_or(0, |(at, _)| *at).max(self.clock.at + delay);
        pipe.up.push_back((at, up));
        self.at(at, Event::Up(conn));
    }

    /// Sends a line, in pieces as chance has it, or only a part of it and then no more.
    pub(crate) fn send(&mut self, client: usize, link: usize, line: &str, asked: Asked) {
        let conn = self.clients[client].links[link].conn;
        self.clients[client].links[link].asked.push_back((self.clock.at, asked));
        self.note(|| format!("client {client}: {conn} sends {line}"));
        let mut bytes = line.as_bytes().to_vec();
        bytes.extend_from_slice(if self.chance.one_in(2) { b"\r\n" } else { b"\n" });
        let torn = self.plan.torn_lines && !self.calm && self.chance.one_in(40);
        if torn {
            bytes.truncate(self.chance.below(bytes.len() as u64) as usize);
        }
        let single = self.chance.one_in(50) && bytes.len() < 100;
        while !bytes.is_empty() {
            let cut = match () {
                () if single => 1,
                () if self.chance.one_in(8) => self.chance.between(1, bytes.len() as u64) as usize,
                () => bytes.len(),
            };
            let rest = bytes.split_off(cut);
            self.send_up(conn, Up::Bytes(std::mem::replace(&mut bytes, rest)));
        }
        if torn {
            // Cut at once, or left lying until the server has had enough of it.
            self.clients[client].links[link].ended = true;
            if let Some(pipe) = self.pipes.get_mut(&conn) {
                pipe.excused = true;
            }
            if self.chance.one_in(2) {
                self.cut(conn, 0);
            }
        }
    }

    /// The network cuts a connection: what is on its way in either direction may be lost.
    pub(crate) fn cut(&mut self, conn: u64, delay: u64) {
        let keep = self.chance.below(4) as usize;
        let Some(pipe) = self.pipes.get_mut(&conn) else { return };
        pipe.excused = true;
        pipe.up.truncate(keep.max(1));
        pipe.down.clear();
        pipe.broken = true;
        let at = pipe.up.back().map_or(0, |(at, _)| *at).max(self.clock.at + delay);
        pipe.up.push_back((at, Up::Reset));
        let client = pipe.client;
        self.at(at, Event::Up(conn));
        self.note(|| format!("network: {conn} is cut"));
        self.lose(client, conn);
    }

    /// The server's machine closes all its connections: what its kernel has taken may still arrive.
    pub(crate) fn hang_up(&mut self, conn: u64) {
        let keep = self.chance.below(4) as usize;
        let delay = self.delay();
        let Some(pipe) = self.pipes.get_mut(&conn) else { return };
        pipe.peer = None;
        pipe.up.clear();
        (pipe.broken, pipe.stuck) = (true, false);
        if keep < 3 {
            pipe.down.truncate(keep);
        }
        let at = pipe.down.back().map_or(0, |(at, _)| *at).max(self.clock.at + delay);
        pipe.down.push_back((at, None));
        self.at(at, Event::Down(conn));
    }

    /// Bytes, or the end, reach the client.
    pub(crate) fn arrive(&mut self, conn: u64) -> Result<(), Broken> {
        let Some(pipe) = self.pipes.get_mut(&conn) else { return Ok(()) };
        if pipe.stuck {
            // It will look again.
            self.after(SECOND / 5, Event::Down(conn));
            return Ok(());
        }
        if pipe.down.front().is_none_or(|(at, _)| *at > self.clock.at) {
            return Ok(());
        }
        let Some((_, bytes)) = pipe.down.pop_front() else { return Ok(()) };
        let client = pipe.client;
        let Some(bytes) = bytes else {
            self.lose(client, conn);
            self.pipes.remove(&conn);
            return Ok(());
        };
        pipe.in_flight -= bytes.len();
        let Some(link) = self.clients[client].links.iter().position(|link| link.conn == conn) else {
            return Ok(());
        };
        self.clients[client].links[link].inbox.extend_from_slice(&bytes);
        self.read_replies(client, conn)
    }

    fn read_replies(&mut self, client: usize, conn: u64) -> Result<(), Broken> {
        loop {
            let Some(link) = self.clients[client].links.iter_mut().find(|link| link.conn == conn) else {
                return Ok(());
            };
            let inbox = std::mem::take(&mut link.inbox);
            let (reply, used) = match decode(&inbox, 1 << 20) {
                Ok(Decoded::Missing(_)) => {
                    link.inbox = inbox;
                    return Ok(());
                }
                Ok(Decoded::Reply(reply, used)) => (reply, used),
                Err(error) => return Err(format!("client {client} cannot read its reply: {error}")),
            };
            link.inbox.extend_from_slice(&inbox[used..]);
            let asked = link.asked.pop_front();
            if is_too_slow(&reply) && !link.ended {
                return Err(format!("client {client} is told {reply:?} and had sent its lines whole"));
            }
            self.note(|| format!("client {client}: {conn} reads {reply:?} for {asked:?}"));
            match asked {
                Some((since, asked)) => self.answered(client, since, asked, &reply)?,
                None if self.clients[client].links.iter().any(|link| link.conn == conn && link.ended) => {}
                None if matches!(&reply, Reply::Error(text) if text.contains("shutdown")) => {}
                None => return Err(format!("client {client} is told {reply:?} and did not ask")),
            }
        }
    }

    /// One command has its reply.
    fn answered(&mut self, client: usize, since: u64, asked: Asked, reply: &Reply<'_>) -> Result<(), Broken> {
        let wrong = || Err(format!("client {client} asked {asked:?} and is told {reply:?}"));
        let ok = matches!(reply, Reply::Simple(text) if text == "OK");
        let shutdown = matches!(reply, Reply::Error(text) if text.contains("shutdown in progress"));
        let refused = shutdown || is_too_slow(reply);
        match &asked {
            _ if refused => self.unanswered(client, asked),
            // A small dead set says so before it would lose jobs (`D28`).
            Asked::Script if matches!(reply, Reply::Error(text) if text.starts_with("ERR kill would")) => {}
            Asked::Push(job) if self.may_refuse(*job, reply) => {}
            Asked::NewBatch(_) | Asked::Commit(_) | Asked::Batch if is_no_batch(reply) => {}
            Asked::NewBatch(batch) => match reply {
                Reply::Bulk(bid) => self.ledger.named(*batch, &String::from_utf8_lossy(bid)),
                _ => return wrong(),
            },
            Asked::Commit(batch) if ok => self.ledger.batches[*batch].committed = true,
            Asked::Batch if ok || matches!(reply, Reply::Bulk(_)) => {}
            Asked::Commit(_) | Asked::Batch => return wrong(),
            Asked::Hello | Asked::Push(_) | Asked::Ack(_) | Asked::Script if !ok => return wrong(),
            Asked::Hello | Asked::Script => {}
            Asked::Push(job) => self.ledger.entries[*job].accepted = true,
            Asked::PushBulk(jobs) => match reply {
                Reply::Bulk(report) => self.bulk_pushed(jobs, report).or_else(|()| wrong())?,
                _ => return wrong(),
            },
            Asked::Fetch => match reply {
                Reply::Null => {}
                Reply::Bulk(body) => return self.receive(client, since, body),
                _ => return wrong(),
            },
            Asked::Ack(job) => {
                self.ledger.acked(*job, client, since, (self.clock.at, self.clock.steps));
            }
            Asked::Fail(job) => {
                self.ledger.released(*job, client);
                match reply {
                    Reply::Error(text) if text.starts_with("ERR Job not found") => {}
                    _ if ok => self.ledger.failed(*job)?,
                    _ => return wrong(),
                }
            }
            Asked::Extend => match reply {
                Reply::Error(text) if text.starts_with("ERR Job not found") => {}
                _ if ok => {}
                _ => return wrong(),
            },
            Asked::Beat => match reply {
                Reply::Bulk(state) if state.starts_with(b"{\"state\"") => {
                    self.clients[client].stage = Stage::Quiet.max(self.clients[client].stage);
                }
                Reply::Error(text) if text.starts_with("ERR Unknown worker") => {}
                _ if ok => {}
                _ => return wrong(),
            },
            Asked::Info | Asked::Look if !matches!(reply, Reply::Bulk(_)) => return wrong(),
            Asked::Info | Asked::Look => {}
            Asked::Nonsense if !matches!(reply, Reply::Error(_)) => return wrong(),
            Asked::Nonsense => {}
        }
        Ok(())
    }

    /// Whether a job may be refused in these words.
    fn may_refuse(&self, job: usize, reply: &Reply<'_>) -> bool {
        let entry = &self.ledger.entries[job];
        entry.unique && is_not_unique(reply) || entry.batch.is_some() && is_no_batch(reply)
    }

    /// Jobs that came together: those in the report are refused.
    fn bulk_pushed(&mut self, jobs: &[usize], report: &[u8]) -> Result<(), ()> {
        let mut refused: BTreeMap<String, String> = serde_json::from_slice(report).map_err(drop)?;
        for job in jobs {
            match refused.remove(&self.ledger.entries[*job].jid) {
                Some(why) if why.starts_with("NOTUNIQUE") => {
                    let reply = Reply::Error(why.into());
                    self.may_refuse(*job, &reply).then_some(()).ok_or(())?;
                }
                Some(why) => {
                    let reply = Reply::Error(format!("ERR {why}").into());
                    self.may_refuse(*job, &reply).then_some(()).ok_or(())?;
                }
                None => self.ledger.entries[*job].accepted = true,
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(()) }
    }

    /// A job arrives, just as it was sent.
    fn receive(&mut self, client: usize, asked: u64, body: &[u8]) -> Result<(), Broken> {
        let text = String::from_utf8_lossy(body);
        let job = jid_of(body).and_then(|jid| self.ledger.known(jid));
        let Some(job) = job else {
            return Err(format!("client {client} got what nobody pushed: {text}"));
        };
        if !text.contains(&self.ledger.entries[job].args) {
            return Err(format!("client {client} got other arguments than were pushed: {text}"));
        }
        // A holder who has been away for long has nothing for certain.
        if let Some((holder, ..)) = self.ledger.entries[job].holder {
            let holder_is = &self.clients[holder];
            if holder_is.links.is_empty() && self.clock.at > holder_is.lonely_since + 40 * SECOND {
                self.ledger.forget_holder(holder);
            }
        }
        self.ledger.delivered(job, client, asked, self.clock.at, self.clock.steps)?;
        self.clients[client].held.push(job);
        Ok(())
    }

    /// A connection ended before these were answered.
    fn unanswered(&mut self, client: usize, asked: Asked) {
        let pushes = match asked {
            Asked::Push(job) => vec![job],
            Asked::PushBulk(jobs) => jobs,
            _ => Vec::new(),
        };
        self.clients[client].unsure.extend(pushes);
    }

    /// The client's end of a connection is gone.
    pub(crate) fn lose(&mut self, client: usize, conn: u64) {
        let links = &mut self.clients[client].links;
        let Some(at) = links.iter().position(|link| link.conn == conn) else { return };
        let link = links.remove(at);
        if links.is_empty() {
            self.clients[client].lonely_since = self.clock.at;
        }
        self.note(|| format!("client {client}: {conn} is gone"));
        for (_, asked) in link.asked {
            self.unanswered(client, asked);
        }
    }
}

/// What is said to somebody who has left a line lying half sent.
fn is_too_slow(reply: &Reply<'_>) -> bool {
    matches!(reply, Reply::Error(text) if text.starts_with("ERR line took longer"))
}

/// What is said of a job whose key another one holds.
fn is_not_unique(reply: &Reply<'_>) -> bool {
    matches!(reply, Reply::Error(text) if text == "NOTUNIQUE Job not unique")
}

/// What is said of a batch that is no more, or takes nothing in any more.
fn is_no_batch(reply: &Reply<'_>) -> bool {
    let of = |text: &str| text.starts_with("ERR No such batch b-") || text.ends_with("was cancelled");
    matches!(reply, Reply::Error(text) if of(text))
}
