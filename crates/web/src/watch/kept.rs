//! What is written down of what happened: statistics and marks, as records that the store keeps.
//!
//! ```text
//!  key:   kind (t: types, q: queues)   step (m, h, d)   number of the minute, hour or day, 8 bytes
//!  value: format, 1 byte, then for each name its length and 1, the name, its cell; 0 and a cell for all others
//! ```
//!
//! A record is all that one minute, hour or day has of all types or of all queues. So what changed is written, a few
//! records a minute, and what is over is never touched again until it is old. There are 330 at most of [`ROW_MAX`] bytes:
//! 10 MiB, and half a MiB with 20 types. Names that do not fit, the least busy ones, share a cell.

use std::cmp::Reverse;

use bessemer_core::Wall;
use bessemer_core::command::Record;
use bessemer_core::fact::Family;

use super::Watch;
use super::cell::Cell;
use super::histogram::{put, take};
use super::marks::DeployMark;
use super::statistics::{DAYS, HOURS, MINUTES, Statistics, Tracks};

/// Bytes of one record of the statistics: 200 names with a cell as most are take half of it.
pub const ROW_MAX: usize = 32 << 10;

/// More than a cell can take: three counts, and two histograms of 64 buckets.
const CELL_MAX: usize = 2 << 10;

/// Minutes, hours and days that are written at once, of types and of queues: a MiB at most.
const SLOTS_MAX: usize = 16;

/// Marks that are removed at once.
const GONE_MAX: usize = 500;

/// The first byte of each value.
const FORMAT: u8 = 1;

/// Bytes of a mark's text that its key ends in: marks of one moment are told apart by them.
const MARK_KEY_TEXT: usize = 200;

/// How long the time of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Minute,
    Hour,
    Day,
}

/// A minute, an hour or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) step: Step,
    /// Counted from 1970.
    pub(super) number: i64,
}

impl Step {
    pub(super) const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    pub(super) const fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::Day => 24 * 60,
        }
    }

    /// The one in which this minute lies.
    pub(super) const fn at(self, minute: i64) -> Slot {
        Slot { step: self, number: minute.div_euclid(self.minutes()) }
    }

    const fn letter(self) -> u8 {
        match self {
            Self::Minute => b'm',
            Self::Hour => b'h',
            Self::Day => b'd',
        }
    }
}

impl Slot {
    pub(super) const fn last_minute(self) -> i64 {
        (self.number + 1) * self.step.minutes() - 1
    }

    /// Whether it is known at this minute what happened in it.
    fn is_known_at(self, minute: i64) -> bool {
        let kept = match self.step {
            Step::Minute => MINUTES,
            Step::Hour => HOURS,
            Step::Day => DAYS,
        };
        (0..=kept).contains(&(self.step.at(minute).number - self.number))
    }
}

/// Whose statistics a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Types,
    Queues,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Types, Self::Queues];

    const fn letter(self) -> u8 {
        match self {
            Self::Types => b't',
            Self::Queues => b'q',
        }
    }
}

fn key(kind: Kind, slot: Slot) -> Vec<u8> {
    let mut key = vec![kind.letter(), slot.step.letter()];
    key.extend(slot.number.to_be_bytes());
    key
}

fn read_key(key: &[u8]) -> Option<(Kind, Slot)> {
    let (&[kind, step], number) = key.split_first_chunk()?;
    let kind = Kind::ALL.into_iter().find(|known| known.letter() == kind)?;
    let step = Step::ALL.into_iter().find(|known| known.letter() == step)?;
    Some((kind, Slot { step, number: i64::from_be_bytes(number.try_into().ok()?) }))
}

/// What is to be written, and what it was made of.
#[derive(Debug, Default)]
pub struct Unsaved {
    /// All that is to be put and removed at once.
    pub records: Vec<Record>,
    slots: Vec<Slot>,
    gone: Vec<DeployMark>,
}

impl Watch {
    /// Takes in what was written down before the start; says how many records could not be read. What has been counted
    /// meanwhile stays.
    pub fn restore(
        &self,
        now: Wall,
        statistics: &[(Vec<u8>, Vec<u8>)],
        marks: &[(Vec<u8>, Vec<u8>)],
    ) -> usize {
        let mut book = self.book();
        let mut unread = book.statistics.restore(now, statistics);
        for (key, value) in marks {
            match read_mark(key, value) {
                Some(mark) => book.set(mark),
                None => unread += 1,
            }
        }
        book.restored = true;
        unread
    }

    /// Something that is to be written down; no records: nothing is, or what was written before is still to be taken in.
    /// If it cannot be written it is to be [put back](Watch::put_back).
    pub fn unsaved(&self) -> Unsaved {
        let mut book = self.book();
        if !book.restored {
            return Unsaved::default();
        }
        let (slots, mut records) = book.statistics.unsaved();
        let few = book.gone.len().min(GONE_MAX);
        let gone: Vec<DeployMark> = book.gone.drain(..few).collect();
        records.extend(gone.iter().map(|mark| Record { value: None, ..mark.record() }));
        Unsaved { records, slots, gone }
    }

    /// It was not written.
    pub fn put_back(&self, unsaved: Unsaved) {
        let mut book = self.book();
        // What was to be removed may be there still.
        book.statistics.known.extend(&unsaved.slots);
        book.statistics.touched.extend(unsaved.slots);
        book.gone.extend(unsaved.gone);
    }
}

impl DeployMark {
    /// As it is kept.
    pub fn record(&self) -> Record {
        let mut key = self.at.0.to_be_bytes().to_vec();
        key.extend(self.text.bytes().take(MARK_KEY_TEXT));
        Record { family: Family::Mark, key, value: Some(self.text.clone().into()) }
    }
}

fn read_mark(key: &[u8], value: &[u8]) -> Option<DeployMark> {
    let at = i64::from_be_bytes(*key.first_chunk()?);
    DeployMark::new(Wall(at), std::str::from_utf8(value).ok()?).ok()
}

impl Statistics {
    fn restore(&mut self, now: Wall, records: &[(Vec<u8>, Vec<u8>)]) -> usize {
        self.advance(now);
        let minute = self.minute;
        let mut known: Vec<_> =
            records.iter().filter_map(|(key, value)| Some((read_key(key)?, value))).collect();
        let mut unread = records.len() - known.len();
        // Who was there last gets a place.
        known.sort_by_key(|((_, slot), _)| Reverse(slot.last_minute()));
        for ((kind, slot), value) in known {
            self.known.insert(slot);
            let today = Step::Day.at(minute);
            let to = if slot.step == Step::Day && slot > today {
                // The clock was set back: what was counted ahead of the time belongs to now, and the day has it all.
                self.touched.insert(today);
                today
            } else {
                slot
            };
            if to.is_known_at(minute) && self.restore_one(kind, to, value).is_none() {
                unread += 1;
            }
        }
        unread
    }

    /// `None`: it is no record of this format, and nothing was taken in.
    fn restore_one(&mut self, kind: Kind, slot: Slot, value: &[u8]) -> Option<()> {
        let mut cells = Vec::new();
        let mut rest = value.strip_prefix(&[FORMAT])?;
        while !rest.is_empty() {
            let length = usize::try_from(take(&mut rest)?.saturating_sub(1)).ok()?;
            let (name, after) = rest.split_at_checked(length)?;
            rest = after;
            let mut cell = Cell::default();
            cell.absorb(&mut rest)?;
            cells.push((std::str::from_utf8(name).ok()?, cell));
        }
        let minute = self.minute;
        for (name, cell) in cells {
            let tracks = match kind {
                Kind::Types => &mut self.types,
                Kind::Queues => &mut self.queues,
            };
            tracks.again(name).restore(slot, &cell, minute);
            // Each attempt is one of some type.
            if kind == Kind::Types {
                self.all.restore(slot, &cell, minute);
            }
        }
        Some(())
    }

    fn unsaved(&mut self) -> (Vec<Slot>, Vec<Record>) {
        let Self { minute, touched, known, .. } = self;
        let is_old = |slot: &Slot| !slot.is_known_at(*minute);
        touched.retain(|slot| !is_old(slot) || known.contains(slot));
        touched.extend(known.iter().copied().filter(is_old));
        let slots: Vec<Slot> = std::iter::from_fn(|| touched.pop_first()).take(SLOTS_MAX).collect();
        let mut records = Vec::new();
        for slot in &slots {
            let rows = Kind::ALL.map(|kind| (key(kind, *slot), self.row(kind, *slot)));
            if rows.iter().all(|(_, value)| value.is_none()) {
                self.known.remove(slot);
            } else {
                self.known.insert(*slot);
            }
            records.extend(rows.map(|(key, value)| Record { family: Family::Statistic, key, value }));
        }
        (slots, records)
    }

    /// What is known of all names in that time; `None`: nothing.
    fn row(&self, kind: Kind, slot: Slot) -> Option<Vec<u8>> {
        let tracks: &Tracks = match kind {
            Kind::Types => &self.types,
            Kind::Queues => &self.queues,
        };
        let cells = tracks.by_name.iter().map(|(name, track)| (name, track.cell(slot, self.minute)));
        let mut cells: Vec<_> = cells.filter(|(_, cell)| !cell.is_empty()).collect();
        cells.sort_by_key(|(_, cell)| Reverse(cell.processed()));
        let mut other = tracks.other.cell(slot, self.minute);
        let mut row = vec![FORMAT];
        for (name, cell) in cells {
            let before = row.len();
            put(&mut row, name.len() as u64 + 1);
            row.extend(name.bytes());
            cell.encode(&mut row);
            if row.len() > ROW_MAX - CELL_MAX {
                row.truncate(before);
                other.merge(&cell);
            }
        }
        if !other.is_empty() {
            put(&mut row, 0);
            other.encode(&mut row);
        }
        (row.len() > 1).then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bessemer_core::{Event, Outcome};

    use super::super::tests::{START, attempt};
    use super::super::{MARKS_MAX, NAMES_MAX, Series, Span};
    use super::*;

    const MINUTE: i64 = 60_000_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    /// A store.
    #[derive(Debug, Default)]
    struct Shelf(BTreeMap<(Family, Vec<u8>), Vec<u8>>);

    impl Shelf {
        fn take(&mut self, records: Vec<Record>) {
            for Record { family, key, value } in records {
                match value {
                    Some(value) => self.0.insert((family, key), value),
                    None => self.0.remove(&(family, key)),
                };
            }
        }

        /// Writes all there is to write; says how many records that were.
        fn write(&mut self, watch: &Watch) -> usize {
            let mut written = 0;
            loop {
                let records = watch.unsaved().records;
                if records.is_empty() {
                    return written;
                }
                written += records.len();
                self.take(records);
            }
        }

        fn of(&self, wanted: Family) -> Vec<(Vec<u8>, Vec<u8>)> {
            let all = self.0.iter().filter(|((family, _), _)| *family == wanted);
            all.map(|((_, key), value)| (key.clone(), value.clone())).collect()
        }

        /// A server that starts with it.
        fn watch(&self, now: i64) -> Watch {
            let watch = Watch::default();
            assert_eq!(watch.restore(Wall(now), &self.of(Family::Statistic), &self.of(Family::Mark)), 0);
            watch
        }
    }

    fn work(watch: &Watch, jobtype: &str, at: i64, outcome: Outcome) {
        watch.take(&mut vec![Event::Attempt(attempt(jobtype, "a", Wall(at), outcome))]);
        // Inboxes are bounded, and this one is to miss nothing.
        watch.recent(0);
    }

    /// All that pages show.
    fn shown(watch: &Watch) -> String {
        let of = |span| (watch.types(span), watch.queues(span), watch.series(&Series::All, span));
        format!("{:?} {:?}", Span::ALL.map(of), watch.marks())
    }

    fn counts(watch: &Watch, span: Span) -> Vec<(String, u64)> {
        let rows = watch.types(span);
        let name = |name: Option<&str>| name.unwrap_or("other").to_owned();
        rows.iter().map(|row| (name(row.name.as_deref()), row.sum.processed())).collect()
    }

    #[test]
    fn a_restart_changes_nothing_that_is_shown() {
        let (mut shelf, first) = (Shelf::default(), Watch::default());
        assert!(first.unsaved().records.is_empty());
        first.restore(START, &[], &[]);
        let mut now = START.0;
        for (i, step) in [0, MINUTE, 20 * DAY, 30 * HOUR, 61 * MINUTE, 3 * MINUTE, 5].into_iter().enumerate()
        {
            now += step;
            let outcome = Outcome::ALL[i % Outcome::ALL.len()];
            work(&first, ["Mail", "Report"][i % 2], now, outcome);
            work(&first, "Mail", now, Outcome::Done);
        }
        first.mark(DeployMark::new(Wall(now - DAY), "v1").unwrap());
        first.mark(DeployMark::new(Wall(now - DAY), "v2").unwrap());
        shelf.take(first.marks().iter().map(DeployMark::record).collect());
        assert!(shelf.write(&first) > 0);
        let second = shelf.watch(now);
        assert_eq!(shown(&second), shown(&first));
        // In the same minute it goes on where it was, and so does the one that follows.
        work(&second, "Mail", now + 1, Outcome::Failed);
        work(&first, "Mail", now + 1, Outcome::Failed);
        assert_eq!(shown(&second), shown(&first));
        assert_eq!(shelf.write(&second), 6, "a minute, an hour and a day, of types and of queues");
        assert_eq!(shelf.write(&second), 0);
        let third = shelf.watch(now + 1);
        assert_eq!(shown(&third), shown(&first));
        for later in [MINUTE, HOUR, DAY] {
            now += later;
            third.tick(Wall(now));
            first.tick(Wall(now));
            assert_eq!(shown(&third), shown(&first), "after {later}");
        }
    }

    #[test]
    fn what_was_not_written_is_written_later_and_what_came_meanwhile_is_added() {
        let (mut shelf, watch) = (Shelf::default(), Watch::default());
        work(&watch, "Mail", START.0, Outcome::Done);
        assert!(watch.unsaved().records.is_empty(), "it would overwrite what is to be read");
        watch.restore(START, &[], &[]);
        let failed = watch.unsaved();
        assert_eq!(failed.records.len(), 6);
        work(&watch, "Mail", START.0 + MINUTE, Outcome::Done);
        watch.put_back(failed);
        assert_eq!(shelf.write(&watch), 8, "one minute more");
        let late = Watch::default();
        work(&late, "Mail", START.0 + MINUTE, Outcome::Done);
        late.restore(Wall(START.0 + MINUTE), &shelf.of(Family::Statistic), &[]);
        assert_eq!(counts(&late, Span::Hour), [("Mail".into(), 3)]);
    }

    #[test]
    fn old_records_are_removed_also_where_that_failed_once() {
        let (mut shelf, watch) = (Shelf::default(), Shelf::default().watch(START.0));
        work(&watch, "Mail", START.0, Outcome::Done);
        shelf.write(&watch);
        let left = |shelf: &Shelf| shelf.0.len();
        assert_eq!(left(&shelf), 6);
        for (after, records) in [(60 * MINUTE, 6), (61 * MINUTE, 4), (73 * HOUR, 2), (30 * DAY, 2)] {
            watch.tick(Wall(START.0 + after));
            watch.put_back(watch.unsaved());
            shelf.write(&watch);
            assert_eq!(left(&shelf), records, "after {after}");
        }
        // One that was down for long finds them and removes them too.
        let later = START.0 + 31 * DAY;
        let other = shelf.watch(later);
        assert_eq!(counts(&other, Span::Month), []);
        shelf.write(&other);
        assert_eq!(left(&shelf), 0);
    }

    #[test]
    fn a_clock_that_is_set_back_loses_no_count_and_leaves_no_record_behind() {
        for restarts in [false, true] {
            let (mut shelf, mut watch) = (Shelf::default(), Shelf::default().watch(START.0));
            let ahead = START.0 + 5 * DAY;
            for at in [START.0, ahead, ahead + 90 * MINUTE] {
                work(&watch, "Mail", at, Outcome::Done);
                shelf.write(&watch);
            }
            let back = START.0 + 2 * HOUR;
            if restarts {
                watch = shelf.watch(back);
            }
            work(&watch, "Mail", back, Outcome::Done);
            shelf.write(&watch);
            assert_eq!(counts(&watch, Span::Month), [("Mail".into(), 4)], "{restarts}");
            let slots: Vec<Slot> =
                shelf.of(Family::Statistic).iter().filter_map(|(key, _)| Some(read_key(key)?.1)).collect();
            assert!(slots.iter().all(|slot| slot.is_known_at(back / MINUTE)), "{restarts}: {slots:?}");
            assert_eq!(counts(&shelf.watch(back), Span::Month), [("Mail".into(), 4)], "{restarts}");
        }
    }

    #[test]
    fn a_flush_takes_the_statistics_and_leaves_the_marks() {
        let (mut shelf, watch) = (Shelf::default(), Shelf::default().watch(START.0));
        for at in [START.0, START.0 + DAY] {
            work(&watch, "Mail", at, Outcome::Done);
        }
        watch.mark(DeployMark::new(START, "v1").unwrap());
        shelf.write(&watch);
        watch.take(&mut vec![Event::Flushed]);
        assert_eq!((counts(&watch, Span::Month), watch.marks().len()), (vec![], 1));
        work(&watch, "Report", START.0 + DAY, Outcome::Done);
        shelf.write(&watch);
        assert_eq!(shelf.0.len(), 6);
        assert_eq!(counts(&shelf.watch(START.0 + DAY), Span::Month), [("Report".into(), 1)]);
    }

    #[test]
    fn all_that_can_be_kept_is_small_beside_what_the_store_keeps() {
        let (mut shelf, watch) = (Shelf::default(), Shelf::default().watch(START.0));
        // Each bucket is in use: far worse than any real load.
        let mut worst = Cell::default();
        for octave in 0..40 {
            for _ in 0..200 {
                let mut one = attempt("Mail", "a", START, Outcome::Done);
                one.started_at = Wall(START.0 - (3 << octave >> 1));
                one.enqueued_at = Wall(one.started_at.0 - (1 << octave));
                worst.add(&one);
            }
        }
        let minute = START.0 / MINUTE;
        {
            let statistics = &mut watch.book().statistics;
            let steps = [(Step::Minute, MINUTES), (Step::Hour, HOURS), (Step::Day, DAYS)];
            for (step, kept) in steps {
                for number in (0..=kept).map(|back| step.at(minute).number - back) {
                    let slot = Slot { step, number };
                    statistics.touched.insert(slot);
                    for i in 0..=NAMES_MAX {
                        let name = format!("{}{i}", "T".repeat(100));
                        statistics.types.again(&name).restore(slot, &worst, minute);
                        statistics.queues.again(&name).restore(slot, &worst, minute);
                    }
                }
            }
        }
        assert_eq!(shelf.write(&watch), 330);
        assert!(shelf.0.values().all(|value| value.len() <= ROW_MAX));
        let bytes: usize = shelf.0.iter().map(|((_, key), value)| key.len() + value.len() + 128).sum();
        assert!(bytes <= 330 * (ROW_MAX + 138), "{bytes} bytes");
        let sum = |watch: &Watch| counts(watch, Span::Month).iter().map(|(_, count)| count).sum::<u64>();
        assert_eq!(sum(&shelf.watch(START.0)), sum(&watch), "what has no place of its own is counted");
    }

    #[test]
    fn marks_that_have_to_go_are_removed_and_garbage_is_left_out() {
        let (mut shelf, watch) = (Shelf::default(), Shelf::default().watch(START.0));
        for i in 0..=MARKS_MAX as i64 {
            let mark = DeployMark::new(Wall(START.0 + i), &"ä".repeat(200)).unwrap();
            shelf.take(vec![mark.record()]);
            watch.mark(mark);
        }
        assert!(shelf.0.keys().all(|(_, key)| key.len() <= 255));
        assert_eq!(shelf.0.len(), MARKS_MAX + 1);
        watch.put_back(watch.unsaved());
        assert_eq!(shelf.write(&watch), 1);
        assert_eq!(shelf.watch(START.0).marks(), watch.marks());
        let slot = Step::Hour.at(START.0 / MINUTE);
        let odd = |value: &[u8]| (key(Kind::Types, slot), value.to_vec());
        let garbage =
            [odd(b""), odd(&[2]), odd(&[FORMAT, 9, 1]), odd(&[FORMAT, 2, 0xff, 0]), (b"x".to_vec(), vec![])];
        let fresh = Watch::default();
        let no_marks = [(vec![1], b"v1".to_vec()), (vec![0; 8], b" ".to_vec()), (vec![0; 8], vec![0xff])];
        assert_eq!(fresh.restore(START, &garbage, &no_marks), 8);
        assert_eq!(shown(&fresh), shown(&Shelf::default().watch(START.0)));
    }
}
