//! The ledger's judgement: what was sent, what was answered, what was seen, and whether these can all be true.
//!
//! Pure, so that it can be shown to find a lost job, a second copy and a wrong order (the tests below). Every method
//! notes one event; a contradiction is kept in [`Book::breaches`] and the run fails by it.
//!
//! ```text
//!  sent ──OK──► accepted ── delivered ──► held ── ACK, OK ──► gone: never seen again
//!    └─ no answer: 0 or 1 copy              ├─ ACK, no answer ──► gone, or still reserved; never handed out again
//!       until it is seen                    └─ FAIL ──► exists on; gone at `retry: 0`
//! ```

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// How a job was pushed.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) queue: &'static str,
    /// 0: gone at its first failure.
    pub(crate) retry: i16,
    /// For later: it joins its queue at a time that nobody sees.
    pub(crate) later: bool,
    /// The PUSHB that carried it: all of its jobs, or none.
    pub(crate) bulk: Option<u64>,
}

/// Where a job was found when everything was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Queue,
    Working,
    Scheduled,
    Retries,
    Dead,
}

/// How a worker ended a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ack,
    Fail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In no worker's hands, as far as anybody was told.
    Waiting,
    Held,
    /// Its end was sent and not answered.
    Unanswered(End),
}

#[derive(Clone, Debug)]
struct Job {
    pushed: Pushed,
    sent_at: u64,
    /// When it was certain that the server has it.
    accepted_at: Option<u64>,
    state: State,
    failed: bool,
}

/// The book.
#[derive(Clone, Default)]
pub(crate) struct Book {
    jobs: HashMap<String, Job>,
    gone: HashSet<String>,
    bulks: HashMap<u64, Vec<String>>,
    clock: u64,
    /// Everything that cannot be.
    pub(crate) breaches: Vec<String>,
    /// What happened, one line each: the evidence.
    pub(crate) log: String,
}

impl Book {
    /// A PUSH or a part of a PUSHB is about to be sent.
    pub(crate) fn sending(&mut self, jid: &str, pushed: Pushed) {
        self.note("sending", jid);
        if let Some(bulk) = pushed.bulk {
            self.bulks.entry(bulk).or_default().push(jid.to_owned());
        }
        let job =
            Job { pushed, sent_at: self.clock, accepted_at: None, state: State::Waiting, failed: false };
        self.jobs.insert(jid.to_owned(), job);
    }

    /// The server said OK to it.
    pub(crate) fn accepted(&mut self, jid: &str) {
        self.note("accepted", jid);
        let clock = self.clock;
        if let Some(job) = self.jobs.get_mut(jid) {
            job.accepted_at.get_or_insert(clock);
        }
    }

    /// The server refused it, and so it must not exist.
    pub(crate) fn refused(&mut self, jid: &str) {
        self.note("refused", jid);
        self.jobs.remove(jid);
    }

    /// A worker received it. Returns the job's place in the order of its queue, if it has one.
    pub(crate) fn delivered(&mut self, jid: &str) -> Option<Turn> {
        self.note("delivered", jid);
        self.seen(jid);
        let Some(job) = self.jobs.get_mut(jid) else {
            let why = if self.gone.contains(jid) {
                "handed out after its end was answered"
            } else {
                "was never sent"
            };
            self.breach(jid, why);
            return None;
        };
        let wrong = match job.state {
            State::Waiting | State::Unanswered(End::Fail) => None,
            State::Held => Some("handed out while its reservation stood"),
            State::Unanswered(End::Ack) => Some("handed out although it was acknowledged or still reserved"),
        };
        job.state = State::Held;
        let turn = job.keeps_place().then(|| job.turn());
        if let Some(why) = wrong {
            self.breach(jid, why);
        }
        turn
    }

    /// Its ACK or FAIL was sent and the connection ended before the answer.
    pub(crate) fn unanswered(&mut self, jid: &str, end: End) {
        self.note(if end == End::Ack { "ack without an answer" } else { "fail without an answer" }, jid);
        if let Some(job) = self.jobs.get_mut(jid) {
            job.state = State::Unanswered(end);
            job.failed |= end == End::Fail;
        }
    }

    /// The server said OK to its ACK or FAIL.
    pub(crate) fn ended(&mut self, jid: &str, end: End) {
        self.note(if end == End::Ack { "acked" } else { "failed" }, jid);
        let Some(job) = self.jobs.get_mut(jid) else { return };
        if end == End::Ack || job.pushed.retry == 0 {
            self.jobs.remove(jid);
            self.gone.insert(jid.to_owned());
        } else {
            job.state = State::Waiting;
            job.failed = true;
        }
    }

    /// Everything was counted: each job that exists, with its place.
    pub(crate) fn counted(&mut self, found: &[(Place, String)]) {
        let mut places: HashMap<&str, Vec<Place>> = HashMap::new();
        for (place, jid) in found {
            places.entry(jid).or_default().push(*place);
            self.seen(jid);
        }
        let mut wrong = Vec::new();
        for (jid, places) in &places {
            let why = match self.jobs.get(*jid) {
                _ if places.len() > 1 => "exists more than once",
                None if self.gone.contains(*jid) => "exists after its end was answered",
                None => "was never sent",
                Some(job) if job.must_be_working() && places[0] != Place::Working => {
                    "is held by a worker, and waits"
                }
                Some(_) => continue,
            };
            wrong.push(((*jid).to_owned(), format!("{why}: {places:?}")));
        }
        for (jid, job) in &self.jobs {
            if job.must_exist() && !places.contains_key(&**jid) {
                wrong.push((jid.clone(), format!("is lost: {job:?}")));
            }
        }
        for (jid, why) in wrong {
            self.breach(&jid, &why);
        }
        // What is not there now and had no answer never came to be, or has ended.
        self.jobs.retain(|jid, job| job.must_exist() || places.contains_key(&**jid));
    }

    /// The place of a waiting job in the order of its queue, if it kept one.
    pub(crate) fn waiting_turn(&self, jid: &str) -> Option<Turn> {
        let job = self.jobs.get(jid).filter(|job| job.keeps_place())?;
        Some(job.turn())
    }

    /// How many jobs must exist, and how many may.
    pub(crate) fn bounds(&self) -> (u64, u64) {
        let certain = self.jobs.values().filter(|job| job.must_exist()).count();
        (certain as u64, self.jobs.len() as u64)
    }

    /// The jobs that may exist.
    pub(crate) fn live(&self) -> impl Iterator<Item = &str> {
        self.jobs.keys().map(String::as_str)
    }

    /// Whoever received a job of a queue received it after those that were certainly there before it.
    pub(crate) fn in_order(&mut self, order: &mut Order, jid: &str, turn: &Turn) {
        if let Some(why) = order.next(turn) {
            self.breach(jid, &why);
        }
    }

    /// Something that cannot be.
    pub(crate) fn breach(&mut self, jid: &str, why: &str) {
        self.breaches.push(format!("{jid} {why} (event {})", self.clock));
    }

    /// A job that was seen was accepted, and so was all that came with it.
    fn seen(&mut self, jid: &str) {
        let Some(job) = self.jobs.get(jid).filter(|job| job.accepted_at.is_none()) else { return };
        let alone = vec![jid.to_owned()];
        let all = job.pushed.bulk.and_then(|bulk| self.bulks.get(&bulk).cloned()).unwrap_or(alone);
        for jid in all {
            if let Some(job) = self.jobs.get_mut(&jid) {
                job.accepted_at.get_or_insert(self.clock);
            }
        }
    }

    fn note(&mut self, what: &str, jid: &str) {
        self.clock += 1;
        writeln!(self.log, "{} {what} {jid}", self.clock).expect("a string takes everything");
    }
}

impl Job {
    fn must_exist(&self) -> bool {
        match self.state {
            State::Waiting | State::Held => self.accepted_at.is_some(),
            State::Unanswered(End::Ack) => false,
            State::Unanswered(End::Fail) => self.pushed.retry != 0,
        }
    }

    /// Whether it went straight into its queue and never left it for another set.
    fn keeps_place(&self) -> bool {
        !self.pushed.later && !self.failed
    }

    fn turn(&self) -> Turn {
        Turn { queue: self.pushed.queue, sent_at: self.sent_at, accepted_at: self.accepted_at }
    }

    fn must_be_working(&self) -> bool {
        matches!(self.state, State::Held | State::Unanswered(End::Ack))
    }
}

/// A job's place in the order of its queue: it was put there after `sent_at` and before `accepted_at`.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) queue: &'static str,
    sent_at: u64,
    accepted_at: Option<u64>,
}

/// What one receiver got from each queue, in the order in which it got it.
#[derive(Default)]
pub(crate) struct Order {
    latest: HashMap<&'static str, u64>,
}

impl Order {
    /// The next one; says what is wrong if an earlier one was sent only after this one was accepted.
    fn next(&mut self, turn: &Turn) -> Option<String> {
        let latest = self.latest.entry(turn.queue).or_default();
        let wrong = turn.accepted_at.is_some_and(|accepted| accepted < *latest);
        let why = wrong.then(|| {
            format!("came out of {} behind one sent after its OK, at {latest}: {turn:?}", turn.queue)
        });
        *latest = turn.sent_at.max(*latest);
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Pushed {
        Pushed { queue: "q", retry: 25, later: false, bulk: None }
    }

    /// A book in which jobs `a` and `b` were accepted, in this order.
    fn two() -> Book {
        let mut book = Book::default();
        for jid in ["a", "b"] {
            book.sending(jid, plain());
            book.accepted(jid);
        }
        book
    }

    fn counted(mut book: Book, found: &[(Place, &str)]) -> Vec<String> {
        let found: Vec<_> = found.iter().map(|(place, jid)| (*place, (*jid).to_owned())).collect();
        book.counted(&found);
        book.breaches
    }

    #[test]
    fn a_true_history_passes() {
        let mut book = two();
        let mut order = Order::default();
        for jid in ["a", "b"] {
            let turn = book.delivered(jid).expect("a place in the order");
            book.in_order(&mut order, jid, &turn);
        }
        book.ended("a", End::Ack);
        book.sending("c", plain());
        assert_eq!(book.bounds(), (1, 2));
        assert_eq!(counted(book, &[(Place::Working, "b")]), [""; 0]);
    }

    #[test]
    fn a_lost_job_is_found() {
        let breaches = counted(two(), &[(Place::Queue, "a")]);
        assert!(breaches.len() == 1 && breaches[0].starts_with("b is lost"), "{breaches:?}");
    }

    #[test]
    fn a_second_copy_is_found() {
        let breaches = counted(two(), &[(Place::Queue, "a"), (Place::Retries, "a"), (Place::Queue, "b")]);
        assert!(breaches.len() == 1 && breaches[0].starts_with("a exists more than once"), "{breaches:?}");
    }

    #[test]
    fn a_job_that_comes_back_is_found() {
        let mut book = two();
        book.delivered("a");
        book.delivered("b");
        book.ended("a", End::Ack);
        book.delivered("a");
        book.delivered("b");
        assert_eq!(book.breaches.len(), 2, "{:?}", book.breaches);
        let breaches =
            counted(book, &[(Place::Working, "a"), (Place::Queue, "b"), (Place::Queue, "stranger")]);
        assert_eq!(breaches.len(), 5, "{breaches:?}");
    }

    #[test]
    fn an_acknowledged_job_is_not_handed_out_even_if_nobody_heard_the_answer() {
        let mut book = two();
        book.delivered("a");
        book.unanswered("a", End::Ack);
        assert_eq!(book.bounds(), (1, 2));
        book.delivered("a");
        assert_eq!(book.breaches.len(), 1);
    }

    #[test]
    fn a_failed_job_exists_on_unless_it_must_not_be_retried() {
        let mut book = two();
        book.sending("once", Pushed { retry: 0, ..plain() });
        book.delivered("once");
        book.delivered("a");
        book.unanswered("a", End::Fail);
        book.ended("once", End::Fail);
        let breaches = counted(book, &[(Place::Queue, "b"), (Place::Dead, "once")]);
        assert_eq!(breaches.len(), 2, "{breaches:?}");
    }

    #[test]
    fn half_a_bulk_is_found() {
        let mut book = Book::default();
        for jid in ["a", "b"] {
            book.sending(jid, Pushed { bulk: Some(1), ..plain() });
        }
        assert_eq!(book.bounds(), (0, 2), "nobody answered: none or both");
        let breaches = counted(book, &[(Place::Queue, "a")]);
        assert!(breaches.len() == 1 && breaches[0].starts_with("b is lost"), "{breaches:?}");
    }

    #[test]
    fn a_wrong_order_is_found() {
        let mut book = two();
        let mut order = Order::default();
        for jid in ["b", "a"] {
            let turn = book.delivered(jid).expect("a place in the order");
            book.in_order(&mut order, jid, &turn);
        }
        assert!(
            book.breaches.len() == 1 && book.breaches[0].starts_with("a came out"),
            "{:?}",
            book.breaches
        );
    }
}
