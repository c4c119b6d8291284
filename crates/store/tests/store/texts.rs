//! The texts of jobs: what each must be, and where each must be found.

use std::task::{Context, Poll, Waker};

use bessemer_core::command::{ConnId, Text};
use bessemer_core::fact::{Cleared, Family};
use bessemer_core::query::{JobView, Jobs, Page, Set};
use bessemer_core::{Answer, Command, JobId, Query, Ticket};
use bessemer_store::{Embedded, Engine, Reader};

use crate::careless::Careless;
use crate::world::{Checked, QUEUES, World};

const EXPIRED: &[u8] = br#"{"errtype":"ReservationExpired","message":"Faktory job reservation expired"}"#;

/// Turns after which every text has been read, however many a page needs.
const TURNS_MAX: usize = 40;

type Store = Embedded<Careless>;

/// The one body that a job of this name has; a few are larger than any segment.
pub(crate) fn body(jid: &str) -> Vec<u8> {
    let number = jid.bytes().fold(7u64, |sum, byte| sum * 31 + u64::from(byte));
    let fill = if number.is_multiple_of(97) { 9000 } else { number % 700 };
    format!("{{\"jid\":\"{jid}\",\"fill\":\"{}\"}}", "abcdefg".repeat(fill as usize / 7)).into_bytes()
}

pub(crate) fn failure_text(jid: &str) -> Vec<u8> {
    format!("{{\"message\":\"{jid} went wrong\"}}").into_bytes()
}

/// The jid, if the texts are those of one job.
pub(crate) fn judge(body_text: &Text, failure: Option<&Text>) -> Result<String, String> {
    let text = String::from_utf8_lossy(body_text.bytes());
    let jid = text.split('"').nth(3).unwrap_or_default().to_owned();
    if body_text.bytes() != body(&jid) {
        return Err(format!("a job came back as {text}"));
    }
    if let Some(failure) = failure {
        // The machine has words of its own for a reservation that expired.
        let known = failure.bytes() == failure_text(&jid) || failure.bytes() == EXPIRED;
        if !known {
            return Err(format!("{jid} failed with {}", String::from_utf8_lossy(failure.bytes())));
        }
    }
    Ok(jid)
}

impl World {
    /// Every text is still what it was. False when the process has to end.
    pub(crate) fn look_at_all(&mut self, engine: &mut Store, faulty: bool) -> Result<bool, String> {
        let page = Page { from: 0, count: 100 };
        let sets =
            [Set::Scheduled, Set::Retries, Set::Dead, Set::Discarded].map(|set| Query::Set { set, page });
        let queues = QUEUES.map(|name| Query::Queue { name: name.into(), page });
        for query in sets.into_iter().chain(queues).chain([Query::Working { page }]) {
            let Some(jobs) = self.ask(engine, query, faulty)? else { return Ok(false) };
            for JobView { body, failure, .. } in &jobs.jobs {
                judge(body, failure.as_ref().map(|failure| &failure.text))?;
            }
        }
        self.look_at_records(engine, faulty)
    }

    /// Every record is found page by page, in its place. False when the process has to end.
    fn look_at_records(&mut self, engine: &mut Store, faulty: bool) -> Result<bool, String> {
        for family in Family::KEPT {
            let (mut found, mut from) = (Vec::new(), None);
            loop {
                let count = 1 + self.dice.below(4) as usize;
                let page = match self.put_to(engine, Query::Kept { family, from, count }, faulty)? {
                    Some(Answer::Kept(page)) => page,
                    Some(other) => return Err(format!("records are answered by {other:?}")),
                    None => return Ok(false),
                };
                found.extend(page.records);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
            let kept = engine.machine().kept().filter(|(of, ..)| *of == family);
            if !kept.map(|(_, key, value)| (key, value)).eq(found.iter().map(|(k, v)| (&k[..], &v[..]))) {
                return Err(format!("the pages of the {} show {found:?}", family.as_str()));
            }
        }
        Ok(true)
    }

    /// A page of jobs; `None` when the process has to end.
    fn ask(&mut self, engine: &mut Store, query: Query, faulty: bool) -> Result<Option<Jobs>, String> {
        match self.put_to(engine, query, faulty)? {
            Some(Answer::Jobs(jobs)) => Ok(Some(jobs)),
            Some(Answer::Missing) => Ok(Some(Jobs::default())),
            Some(other) => Err(format!("a page is answered by {other:?}")),
            None => Ok(None),
        }
    }

    /// An answer; `None` when the process has to end.
    fn put_to(&mut self, engine: &mut Store, query: Query, faulty: bool) -> Result<Option<Answer>, String> {
        let reader = engine.reader();
        let mut cx = Context::from_waker(Waker::noop());
        let mut asked = Box::pin(reader.ask(query));
        if asked.as_mut().poll(&mut cx).is_ready() {
            return Err("an answer before the turn".into());
        }
        for _ in 0..TURNS_MAX {
            if !self.turn(engine, faulty)? {
                return Ok(None);
            }
            match asked.as_mut().poll(&mut cx) {
                Poll::Ready(Ok(answer)) => return Ok(Some(answer)),
                Poll::Pending => self.seen.note("a page that had to be read first"),
                Poll::Ready(Err(gone)) => return Err(format!("a page is not answered: {gone}")),
            }
        }
        Err("a page is not answered".into())
    }

    /// Every job is acknowledged: those in hands of before, and all others as they are handed out.
    pub(crate) fn drain(&mut self, engine: &mut Store) -> Checked {
        // Time would take what was discarded, and a dead set that is full what comes back to it.
        let what = Cleared::Set(Set::Discarded);
        engine.submit(self.now(), Ticket(0), Command::Clear { what });
        let total = engine.machine().job_ids().count();
        let mut ended = 0;
        while let Some(jobs) =
            self.ask(engine, Query::Working { page: Page { from: 0, count: 100 } }, false)?
            && jobs.total > 0
        {
            for job in &jobs.jobs {
                let jid = judge(&job.body, job.failure.as_ref().map(|failure| &failure.text))?;
                for conn in (1..=3).map(ConnId) {
                    engine.submit(self.now(), Ticket(conn.0), Command::Ack { conn, jid: &jid, lease: None });
                }
                ended += 1;
            }
        }
        let ids: Vec<JobId> = engine.machine().job_ids().collect();
        engine.submit(self.now(), Ticket(0), Command::Requeue { jobs: &ids });
        loop {
            self.in_hand.clear();
            let (conn, wait) = (ConnId(3), std::time::Duration::ZERO);
            engine.submit(self.now(), Ticket(3), Command::Fetch { conn, queues: &QUEUES, wait });
            for _ in 0..TURNS_MAX {
                self.turn(engine, false)?;
                if !self.in_hand.is_empty() {
                    break;
                }
            }
            let Some((conn, jid, _)) = self.in_hand.first() else { break };
            engine.submit(self.now(), Ticket(3), Command::Ack { conn: *conn, jid, lease: None });
            ended += 1;
        }
        let left = engine.machine().job_ids().count();
        if (ended, left) == (total, 0) {
            Ok(())
        } else {
            Err(format!("of {total} jobs {ended} were had, {left} are left"))
        }
    }
}
