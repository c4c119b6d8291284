//! The safe re-push (`D5`): a push repeated within a minute is the same push, also after its job has ended.
//!
//! While the first copy lives, its table entry answers. Only ended jobs need the window here. How old a push is
//! comes from its sequence number: a mark per second says which number was the first of that second.

use std::collections::VecDeque;
use std::time::Duration;

use hashbrown::HashTable;

use crate::time::Wall;

/// Keyed hashes of jid and bytes.
type Key = (u64, u64);

/// Recent pushes, by time and (once ended) by content.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// The first sequence number at or after each time, oldest first.
    marks: VecDeque<(Wall, u64)>,
    /// Jobs that ended and until when each is remembered, as they ended. They are numbered through.
    ended: VecDeque<(Key, Wall)>,
    /// The number of the first of them; numbers wrap.
    first: u32,
    /// Their numbers, and those of some whose time is over: taking out many when there is no room left is cheaper than
    /// each at its time.
    by_key: HashTable<u32>,
}

const MARK_EVERY: Duration = Duration::from_secs(1);

impl Recent {
    /// The job with number `seq` is pushed at `now`.
    pub(super) fn pushed(&mut self, now: Wall, seq: u64, window: Duration) {
        self.never_ahead(now, window);
        if self.marks.back().is_none_or(|(at, _)| now.since(*at) >= MARK_EVERY) {
            self.marks.push_back((now, seq));
        }
        // One mark older than the window stays: it says where the window begins.
        while self.marks.len() > 1 && now.since(self.marks[1].0) > window {
            self.marks.pop_front();
        }
    }

    /// The clock may have been stepped back. What was then ahead of it counts as of now: else the window, and what it
    /// holds, would grow until the clock has caught up.
    fn never_ahead(&mut self, now: Wall, window: Duration) {
        if self.marks.back().is_none_or(|(at, _)| *at <= now) {
            return;
        }
        for (at, _) in &mut self.marks {
            *at = now.min(*at);
        }
        let latest = now.after(window);
        for (_, until) in &mut self.ended {
            *until = latest.min(*until);
        }
    }

    /// The first sequence number that lies within the window.
    pub(super) fn first_within(&self, now: Wall, window: Duration) -> Option<u64> {
        self.marks.iter().find(|(at, _)| now.since(*at) <= window).map(|(_, seq)| *seq)
    }

    /// All of it as numbers, for the log.
    pub(super) fn tell(&self) -> Vec<u64> {
        let marks = self.marks.iter().flat_map(|(at, seq)| [at.0 as u64, *seq]);
        let ended = self.ended.iter().zip(0_u32..).filter(|((key, _), place)| {
            let number = self.first.wrapping_add(*place);
            self.by_key.find(mix(*key), |other| *other == number).is_some()
        });
        let ended = ended.flat_map(|(((jid, body), until), _)| [until.0 as u64, *jid, *body]);
        std::iter::once(self.marks.len() as u64).chain(marks).chain(ended).collect()
    }

    /// Replaying: all of it is as these numbers say.
    pub(super) fn restore(&mut self, mut numbers: impl Iterator<Item = u64>) {
        *self = Self::default();
        for _ in 0..numbers.next().unwrap_or(0) {
            let (Some(at), Some(seq)) = (numbers.next(), numbers.next()) else { return };
            self.marks.push_back((Wall(at as i64), seq));
        }
        while let (Some(until), Some(jid), Some(body)) = (numbers.next(), numbers.next(), numbers.next()) {
            self.remember(Wall(until as i64), (jid, body));
        }
    }

    fn remember(&mut self, until: Wall, key: Key) {
        let (first, len) = (self.first, self.ended.len() as u32);
        self.ended.push_back((key, until));
        let ended = &self.ended;
        let hash_of = |number: &u32| mix(ended[number.wrapping_sub(first) as usize].0);
        if self.by_key.len() == self.by_key.capacity() {
            self.by_key.retain(|number| number.wrapping_sub(first) < len);
        }
        self.by_key.insert_unique(mix(key), first.wrapping_add(len), hash_of);
    }

    /// A job with number `seq` has ended; if it was pushed within the window it is remembered for the rest of it.
    pub(super) fn ended(&mut self, now: Wall, seq: u64, key: Key, window: Duration, max: usize) {
        self.never_ahead(now, window);
        let pushed = self.marks.iter().rev().find(|(_, first)| *first <= seq).map(|(at, _)| *at);
        let Some(until) = pushed.map(|at| at.after(window)).filter(|until| *until > now) else { return };
        self.remember(until, key);
        while self.ended.front().is_some_and(|(_, until)| *until <= now) || self.ended.len() > max {
            self.ended.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }

    /// A job by its number, if it is not over.
    fn at(&self, number: u32) -> Option<&(Key, Wall)> {
        self.ended.get(number.wrapping_sub(self.first) as usize)
    }

    /// Whether a job of this content was pushed within the window and has ended.
    pub(super) fn remembers(&self, now: Wall, key: Key) -> bool {
        let is_it =
            |number: &u32| self.at(*number).is_some_and(|(ended, until)| *ended == key && *until > now);
        self.by_key.find(mix(key), is_it).is_some()
    }

    /// An operator deleted the job: pushed again it is a new one.
    pub(super) fn forget(&mut self, key: Key) {
        let (ended, first) = (&self.ended, self.first);
        let is_it = |number: &u32| {
            ended.get(number.wrapping_sub(first) as usize).is_some_and(|(ended, _)| *ended == key)
        };
        while let Ok(found) = self.by_key.find_entry(mix(key), is_it) {
            found.remove();
        }
    }
}

/// The two are keyed hashes already.
fn mix((jid, body): Key) -> u64 {
    jid ^ body.rotate_left(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> Wall {
        Wall(seconds * 1_000_000)
    }

    #[test]
    fn marks_say_where_the_window_begins_d05() {
        let mut recent = Recent::default();
        for second in 0..200 {
            recent.pushed(at(second), second as u64 * 10, WINDOW);
        }
        assert_eq!(recent.first_within(at(199), WINDOW), Some(1390));
        assert_eq!(recent.first_within(at(1000), WINDOW), None);
        assert!(recent.marks.len() <= 63);
    }

    #[test]
    fn a_clock_that_is_stepped_back_makes_the_window_no_longer_g16() {
        let mut recent = Recent::default();
        recent.pushed(at(1_000_000), 1, WINDOW);
        recent.ended(at(1_000_000), 1, (1, 0), WINDOW, 3);
        recent.pushed(at(100), 2, WINDOW);
        assert_eq!(recent.first_within(at(160), WINDOW), Some(1));
        assert!(recent.remembers(at(159), (1, 0)) && !recent.remembers(at(160), (1, 0)));
        assert_eq!(recent.first_within(at(161), WINDOW), None);
        for second in 200..400 {
            recent.pushed(at(second), second as u64, WINDOW);
        }
        assert!(recent.marks.len() <= 63);
    }

    #[test]
    fn what_is_told_is_what_is_remembered_d05() {
        let mut recent = Recent::default();
        for n in 0..6 {
            recent.pushed(at(n), n as u64, WINDOW);
            recent.ended(at(n), n as u64, (n as u64, 7), WINDOW, 4);
        }
        recent.forget((4, 7));
        let mut told = Recent::default();
        told.pushed(at(0), 99, WINDOW);
        told.restore(recent.tell().into_iter());
        for n in 0..6 {
            let key = (n, 7);
            assert_eq!(told.remembers(at(6), key), recent.remembers(at(6), key), "{n}");
            assert_eq!(told.remembers(at(6), key), matches!(n, 2 | 3 | 5), "{n}");
        }
        assert_eq!(told.first_within(at(62), WINDOW), Some(2));
        assert_eq!(told.tell(), recent.tell());
    }

    #[test]
    fn the_memory_of_ended_jobs_is_bounded_however_many_end_d05() {
        let mut recent = Recent::default();
        recent.pushed(at(0), 0, WINDOW);
        for n in 0..100_000 {
            recent.ended(at(1), n, (n, n), WINDOW, 1_000);
            assert!(recent.remembers(at(1), (n, n)));
            assert!(!n.checked_sub(1_000).is_some_and(|old| recent.remembers(at(1), (old, old))));
        }
        assert!((99_000..100_000).all(|n| recent.remembers(at(1), (n, n))));
        let (places, ended) = (recent.by_key.capacity(), recent.ended.capacity());
        assert!(places < 4_000 && ended < 4_000, "{places} places and {ended} keys for 1,000 jobs");
    }

    #[test]
    fn the_window_of_ended_jobs_is_bounded_d05() {
        let mut recent = Recent::default();
        for n in 0..5 {
            recent.pushed(at(n), n as u64, WINDOW);
            recent.ended(at(n), n as u64, (n as u64, 0), WINDOW, 3);
        }
        assert!(!recent.remembers(at(5), (1, 0)));
        assert!(recent.remembers(at(5), (2, 0)) && recent.remembers(at(61), (2, 0)));
        assert!(!recent.remembers(at(62), (2, 0)));
        assert_eq!(recent.ended.len(), 3);
        recent.ended(at(70), 4, (9, 9), WINDOW, 3);
        assert!(!recent.remembers(at(70), (9, 9)), "its push was longer ago than the window");
    }
}
