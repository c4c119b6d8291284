//! What a Faktory store holds: every key is read, every job tried, nothing kept but what has to be known of all of them
//! together. It is read twice, to check and to import, and says whether it was the same.

use std::collections::{BTreeMap, BTreeSet};

use bessemer_core::Rules;
use bessemer_core::fact::Order;
use bessemer_core::limits::HISTORY_DAYS;
use bessemer_core::machine::Life;
use bessemer_core::query::Day;
use bessemer_protocol::names::check_queue;

use super::super::lines::State;
use super::digest::{Digest, Layout, Made, Position, state_of};
use super::faktory::{Lying, Place};
use super::keys::{Kind, Take};
use super::refused::Refused;
use crate::exit::{Exit, Failure};

/// Keys of one kind that are named where they are left out.
const NAMED_MAX: usize = 5;

/// Keys of Faktory's that are neither a queue nor a counter, about.
const KEYS: usize = 10;

/// Bytes of a key's name that are shown.
const NAME_MAX: usize = 64;

/// A queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Queue {
    /// It has or had jobs; else only jobs that do not wait name it.
    pub(super) is_known: bool,
    pub(super) is_paused: bool,
    /// Jobs in its lists, by layout.
    pub(super) waiting: [u64; 2],
    /// How many jobs wait in the queues before this one.
    before: u64,
}

/// Keys that are none of Faktory's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) count: u64,
    pub(super) names: Vec<String>,
}

/// All of it, but for the jobs.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) digest: Digest,
    /// Changes with the order of reading too: who has read the same twice may go on where the first ended.
    pub(super) sequence: u128,
    pub(super) queues: BTreeMap<String, Queue>,
    pub(super) processed: u64,
    pub(super) failures: u64,
    /// The latest that a store keeps.
    pub(super) days: BTreeMap<i32, Day>,
    pub(super) older_days: u64,
    /// Jobs that are refused, and names and counters.
    pub(super) refused: u64,
    /// Jobs whose reservation has ended.
    pub(super) expired: u64,
    pub(super) left_out: BTreeMap<Kind, LeftOut>,
    /// Keys in other databases.
    pub(super) elsewhere: u64,
}

/// Takes what is read, job by job.
pub(super) trait Visitor {
    /// A job that can be one of ours; in a queue with its position.
    fn job(&mut self, position: Option<Position>, life: Life<'_>) -> Result<(), Failure>;

    fn refused(&mut self, refused: &Refused<'_>) -> Result<(), Failure>;
}

/// One reading.
pub(super) struct Reading<'r> {
    rules: &'r Rules,
    database: u64,
    made: Made,
    visitor: &'r mut dyn Visitor,
    content: Content,
    /// Keys of Faktory's that came.
    seen: BTreeSet<Vec<u8>>,
    key: Vec<u8>,
    place: Place,
    /// Elements of the key so far, and those that are taken.
    index: u64,
    taken: u64,
    body: Vec<u8>,
}

impl Queue {
    fn all(&self) -> u64 {
        self.waiting.iter().sum()
    }
}

impl Content {
    /// The order of a job that waits: the queues follow each other, in each the oldest job comes first, and jobs that an
    /// update to 1.10 left behind are older than all others. `None`: there are more than there were.
    pub(super) fn order(&self, queue: &str, (layout, later): Position) -> Option<Order> {
        let queue = self.queues.get(queue)?;
        let bare = match layout {
            Layout::Bare => 0,
            Layout::Prefixed => queue.waiting[Layout::Bare as usize],
        };
        let earlier = queue.waiting[layout as usize].checked_sub(later + 1)?;
        Some(Order((queue.before + bare + earlier) as i64))
    }

    /// The position of a job that waits: what [`Content::order`] is made from.
    pub(super) fn position(&self, queue: &str, order: Order) -> Option<Position> {
        let queue = self.queues.get(queue)?;
        let earlier = u64::try_from(order.0).ok()?.checked_sub(queue.before)?;
        let [bare, prefixed] = queue.waiting;
        match earlier.checked_sub(bare) {
            None => Some((Layout::Bare, bare - 1 - earlier)),
            Some(earlier) => Some((Layout::Prefixed, prefixed.checked_sub(earlier + 1)?)),
        }
    }

    /// Jobs that lie in lists without `q:`.
    pub(super) fn bare(&self) -> u64 {
        self.queues.values().map(|queue| queue.waiting[Layout::Bare as usize]).sum()
    }

    /// What a store would not hold is known before anything is written.
    pub(super) fn refuse_too_much(&self, source: &str, rules: &Rules) -> Result<(), Failure> {
        let (dead, limit) = (self.digest.of(State::Dead).count, rules.dead_max as u64);
        if dead > limit {
            let what = format!("{source}: {dead} jobs are dead; `retention.dead_max` allows {limit}");
            return Err(Failure { exit: Exit::Damage, what });
        }
        Ok(())
    }
}

impl<'r> Reading<'r> {
    pub(super) fn new(rules: &'r Rules, database: u64, made: Made, visitor: &'r mut dyn Visitor) -> Self {
        let content = Content {
            digest: Digest::new(made.clone()),
            sequence: 0,
            queues: BTreeMap::new(),
            processed: 0,
            failures: 0,
            days: BTreeMap::new(),
            older_days: 0,
            refused: 0,
            expired: 0,
            left_out: BTreeMap::new(),
            elsewhere: 0,
        };
        Self {
            rules,
            database,
            made,
            visitor,
            content,
            seen: BTreeSet::new(),
            key: Vec::new(),
            place: Place::Version,
            index: 0,
            taken: 0,
            body: Vec::new(),
        }
    }

    /// All was read.
    pub(super) fn end(self) -> Content {
        let mut content = self.content;
        let mut before = 0;
        for (name, queue) in &mut content.queues {
            queue.before = before;
            before += queue.all();
            if queue.is_known {
                content.digest.queue(name, queue.is_paused);
            }
        }
        while content.days.len() > HISTORY_DAYS {
            content.days.pop_first();
            content.older_days += 1;
        }
        for day in content.days.values() {
            content.digest.day(*day);
        }
        content.digest.totals(content.processed, content.failures);
        content
    }

    /// The queue of this name, new if need be.
    fn queue(&mut self, name: &str) -> Result<&mut Queue, Failure> {
        let (queues, limit) = (&mut self.content.queues, self.rules.queues_max);
        if !queues.contains_key(name) {
            if queues.len() == limit {
                let what = format!("there are more than {limit} queues, which `limits.queues_max` allows");
                return Err(Failure { exit: Exit::Damage, what });
            }
            queues.insert(name.to_owned(), Queue::default());
        }
        Ok(queues.get_mut(name).expect("it is there"))
    }

    fn job(&mut self, text: &[u8], score: Option<f64>) -> Result<(), Failure> {
        let Self { place, made, content, visitor, .. } = self;
        let position = match place {
            Place::Queue { layout, .. } => Some((*layout, self.taken)),
            _ => None,
        };
        let taken = Lying { place, text, score }.life(made, &mut self.body, |life| {
            let hash = content.digest.job(position, &life);
            // An odd factor: no sequence is forgotten, however long it is.
            content.sequence = content.sequence.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(hash);
            let state = state_of(&life);
            content.expired += u64::from(is_over(&life, made));
            let queue = life.head.queue.to_owned();
            visitor.job(position, life).map(|()| (queue, state))
        });
        match taken {
            Ok(taken) => {
                let (name, state) = taken?;
                self.taken += 1;
                let queue = self.queue(&name)?;
                queue.is_known |= matches!(state, State::Queued | State::Working);
                if let Some((layout, _)) = position {
                    queue.waiting[layout as usize] += 1;
                }
                Ok(())
            }
            Err(why) => self.refuse(text, &why),
        }
    }

    fn refuse(&mut self, text: &[u8], why: &str) -> Result<(), Failure> {
        self.content.refused += 1;
        self.visitor.refused(&Refused { key: &self.key, index: self.index, why, text })
    }

    /// A name in one of the sets.
    fn name(&mut self, text: &[u8]) -> Result<(), Failure> {
        let name = String::from_utf8_lossy(text);
        match check_queue(&name) {
            Ok(()) => {
                let is_paused = self.place == Place::Paused;
                let queue = self.queue(&name)?;
                queue.is_known = true;
                queue.is_paused |= is_paused;
                Ok(())
            }
            Err(why) => self.refuse(text, &why.to_string()),
        }
    }

    fn counter(&mut self, text: &[u8], failures: bool, day: Option<i32>) -> Result<(), Failure> {
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
        let Some(number) = number else { return self.refuse(text, "it is no count") };
        let content = &mut self.content;
        let Some(day) = day else {
            *(if failures { &mut content.failures } else { &mut content.processed }) = number;
            return Ok(());
        };
        let day = content.days.entry(day).or_insert(Day { day, processed: 0, failed: 0 });
        *(if failures { &mut day.failed } else { &mut day.processed }) = number;
        Ok(())
    }
}

/// Whether a reservation has ended.
fn is_over(life: &Life<'_>, made: &Made) -> bool {
    matches!(life.standing, bessemer_core::fact::Standing::Working { until, .. } if until <= made.wall)
}

impl Take for Reading<'_> {
    fn key(&mut self, database: u64, key: &[u8], kind: Kind) -> Result<bool, Failure> {
        if database != self.database {
            self.content.elsewhere += 1;
            return Ok(false);
        }
        let Some(place) = Place::of(key, kind) else {
            let left_out = self.content.left_out.entry(kind).or_default();
            left_out.count += 1;
            if left_out.names.len() < NAMED_MAX {
                let name = String::from_utf8_lossy(key);
                left_out.names.push(bessemer_protocol::text::cut(&name, NAME_MAX).to_owned());
            }
            return Ok(false);
        };
        self.key.clear();
        self.key.extend_from_slice(key);
        (self.place, self.index, self.taken) = (place, 0, 0);
        if matches!(self.place, Place::Counter { .. }) {
            return Ok(true);
        }
        let too_many = self.seen.len() > 2 * self.rules.queues_max + KEYS;
        if too_many || !self.seen.insert(key.to_vec()) {
            let why = if too_many { "is one of too many" } else { "is there twice" };
            let what = format!("the key {:?} {why}", String::from_utf8_lossy(key));
            return Err(Failure { exit: Exit::Damage, what });
        }
        Ok(true)
    }

    fn value(&mut self, value: &[u8], score: Option<f64>) -> Result<(), Failure> {
        match &self.place {
            Place::Queues | Place::Paused => self.name(value),
            Place::Version => Ok(()),
            Place::Counter { failures, day } => self.counter(value, *failures, *day),
            _ => self.job(value, score),
        }?;
        self.index += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bessemer_core::Wall;

    use super::*;

    /// Takes everything, and notes what is refused.
    #[derive(Default)]
    struct Noted(Vec<String>);

    impl Visitor for Noted {
        fn job(&mut self, _: Option<Position>, _: Life<'_>) -> Result<(), Failure> {
            Ok(())
        }

        fn refused(&mut self, refused: &Refused<'_>) -> Result<(), Failure> {
            let key = String::from_utf8_lossy(refused.key);
            self.0.push(format!("{key} {}: {}", refused.index, refused.why));
            Ok(())
        }
    }

    fn job(jid: &str) -> String {
        format!(r#"{{"jid":"{jid}","jobtype":"T","queue":"a","args":[]}}"#)
    }

    type Key<'k> = (&'k str, Kind, Vec<(String, Option<f64>)>);

    fn list<'k>(key: &'k str, jids: &[&str]) -> Key<'k> {
        (key, Kind::List, jids.iter().map(|jid| (job(jid), None)).collect())
    }

    fn read(keys: &[Key<'_>], rules: &Rules) -> Result<(Content, Vec<String>), Failure> {
        let mut noted = Noted::default();
        let mut reading = Reading::new(rules, 0, Made::at(Wall(7)), &mut noted);
        for (key, kind, values) in keys {
            if reading.key(0, key.as_bytes(), *kind)? {
                for (value, score) in values {
                    reading.value(value.as_bytes(), *score)?;
                }
            }
        }
        Ok((reading.end(), noted.0))
    }

    fn content(keys: &[Key<'_>]) -> Content {
        read(keys, &Rules::default()).expect("content").0
    }

    fn texts<'k>(key: &'k str, kind: Kind, texts: &[&str]) -> Key<'k> {
        (key, kind, texts.iter().map(|text| ((*text).to_owned(), None)).collect())
    }

    #[test]
    fn orders_follow_the_lists_from_their_tails_and_older_layouts_come_first_s06() {
        let content = content(&[
            list("q:b", &["newest-b", "oldest-b"]),
            list("q:a", &["newest-a", "middle-a", "no", "oldest-a"]),
            list("a", &["left-a-2", "left-a-1"]),
        ]);
        assert_eq!(content.refused, 1);
        let order = |queue, position| content.order(queue, position).map(|order| order.0);
        let orders = [(Layout::Bare, 1), (Layout::Bare, 0), (Layout::Prefixed, 2), (Layout::Prefixed, 0)]
            .map(|position| order("a", position));
        assert_eq!(orders, [Some(0), Some(1), Some(2), Some(4)]);
        assert_eq!([1, 0].map(|later| order("b", (Layout::Prefixed, later))), [Some(5), Some(6)]);
        assert_eq!(order("a", (Layout::Prefixed, 3)), None, "one more than there were");
        assert_eq!(order("c", (Layout::Prefixed, 0)), None);
        for queue in ["a", "b"] {
            for at in 0..7 {
                let there = content.position(queue, Order(at));
                let back = there.and_then(|position| content.order(queue, position));
                assert_eq!(back.is_some(), (queue == "b") == (at > 4), "{queue} {at}");
                assert!(back.is_none_or(|back| back.0 == at), "{queue} {at}");
            }
        }
        assert_eq!((content.bare(), content.digest.count()), (2, 7));
    }

    #[test]
    fn the_order_of_a_queue_counts_and_that_of_keys_and_sets_does_not() {
        let one = list("q:a", &["job-00001", "job-00002"]);
        let two = list("q:b", &["job-00003"]);
        let set = |jids: [&str; 2]| {
            ("dead", Kind::Sorted, jids.iter().map(|jid| (job(jid), Some(9.0))).collect::<Vec<_>>())
        };
        let digest = |keys: &[Key<'_>]| content(keys).digest.text();
        let sets = [set(["job-00004", "job-00005"]), set(["job-00005", "job-00004"])];
        let first = [one.clone(), two.clone(), sets[0].clone()];
        let second = [sets[1].clone(), two.clone(), one.clone()];
        assert_eq!(digest(&first), digest(&second));
        assert_ne!(content(&first).sequence, content(&second).sequence, "but it is another sequence");
        let turned = list("q:a", &["job-00002", "job-00001"]);
        assert_ne!(digest(&[turned, two, sets[0].clone()]), digest(&first));
        assert_ne!(digest(&[one]), digest(&first));
    }

    #[test]
    fn names_and_counters_are_read_and_odd_ones_refused() {
        let keys = [
            texts("queues", Kind::Set, &["a", "b", "no queue"]),
            texts("paused", Kind::Set, &["b", "c"]),
            texts("processed", Kind::Text, &["12"]),
            texts("failures", Kind::Text, &["-1"]),
            texts("processed:2026-11-20", Kind::Text, &["7"]),
            texts("failures:2026-11-20", Kind::Text, &["2"]),
            texts("failures:someday", Kind::Text, &["2"]),
            texts("v", Kind::Text, &["1"]),
            texts("lock:1", Kind::Text, &["x"]),
            texts("b-1", Kind::Hash, &[]),
        ];
        let (content, refused) = read(&keys, &Rules::default()).expect("content");
        let paused: Vec<_> = content.queues.iter().map(|(name, queue)| (&**name, queue.is_paused)).collect();
        assert_eq!(paused, [("a", false), ("b", true), ("c", true)]);
        assert_eq!((content.processed, content.failures), (12, 0));
        let days: Vec<_> = content.days.values().map(|day| (day.processed, day.failed)).collect();
        assert_eq!(days, [(7, 2)]);
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(refused[1].starts_with("failures 0: it is no count"));
        let left_out: Vec<_> =
            content.left_out.iter().map(|(kind, out)| (*kind, out.names.join(" "))).collect();
        assert_eq!(left_out, [(Kind::Text, "failures:someday lock:1".into()), (Kind::Hash, "b-1".into())]);
    }

    #[test]
    fn more_days_than_a_store_keeps_are_left_out_oldest_first() {
        let dates: Vec<String> = (0..HISTORY_DAYS as i64 + 2)
            .map(|day| format!("processed:{}", &Wall((20_000 + day) * 86_400_000_000).rfc3339()[..10]))
            .collect();
        let keys: Vec<Key<'_>> = dates.iter().map(|date| texts(date, Kind::Text, &["1"])).collect();
        let content = content(&keys);
        assert_eq!((content.days.len(), content.older_days), (HISTORY_DAYS, 2));
        assert_eq!(content.days.keys().next(), Some(&20_002));
    }

    #[test]
    fn one_too_many_is_refused_before_anything_is_written() {
        let rules = Rules { queues_max: 2, dead_max: 1, ..Rules::default() };
        let [a, b, c] = ["q:a", "q:b", "q:c"].map(|key| list(key, &["job-00001"]));
        assert!(read(&[a.clone(), b.clone()], &rules).is_ok());
        let refused = read(&[a.clone(), b, c], &rules).expect_err("three queues").what;
        assert_eq!(refused, "there are more than 2 queues, which `limits.queues_max` allows");
        let twice = read(&[a.clone(), a], &rules).expect_err("a key twice").what;
        assert_eq!(twice, "the key \"q:a\" is there twice");
        let dead = |count: usize| {
            let jobs = (0..count).map(|n| (job(&format!("job-{n:05}")), Some(9.0)));
            read(&[("dead", Kind::Sorted, jobs.collect())], &rules).expect("content").0
        };
        assert!(dead(1).refuse_too_much("it", &rules).is_ok());
        let refused = dead(2).refuse_too_much("it", &rules).expect_err("two dead jobs").what;
        assert_eq!(refused, "it: 2 jobs are dead; `retention.dead_max` allows 1");
    }

    #[test]
    fn another_database_is_not_read() {
        let mut noted = Noted::default();
        let rules = Rules::default();
        let mut reading = Reading::new(&rules, 3, Made::at(Wall(7)), &mut noted);
        assert!(!reading.key(0, b"q:a", Kind::List).expect("a key"));
        assert!(reading.key(3, b"q:a", Kind::List).expect("a key"));
        assert_eq!(reading.end().elsewhere, 1);
    }
}
