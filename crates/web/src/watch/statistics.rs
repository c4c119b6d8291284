//! Statistics per job type and per queue: how many, how many failed, how long they ran and had waited.
//!
//! ```text
//!  attempt ─► this minute ──over──► minutes, 60 of them
//!                       └─► this hour ──over──► hours, 72 of them
//!                                    └─► this day ──over──► days, 30 of them
//! ```
//!
//! An attempt is counted in its minute alone; what is longer is the sum of what is over. At most [`NAMES_MAX`] types and
//! as many queues have statistics of their own, the rest share one (`other`). Together they hold some ten megabytes,
//! and a hundred at worst. `kept.rs` writes them down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bessemer_core::Wall;
use bessemer_core::event::Attempt;

use super::cell::{Cell, Past};
use super::kept::{Slot, Step};

/// Types, and as many queues, that are told apart.
pub const NAMES_MAX: usize = 200;

/// A name that was silent for so many minutes makes room for a new one, where there is none.
const SILENT: i64 = 60;

/// A clock that is set back by no more minutes than these goes on in the minute where it was.
const STEP_BACK: i64 = 5;

pub(super) const MINUTES: i64 = 60;
pub(super) const HOURS: i64 = 72;
pub(super) const DAYS: i64 = 30;

/// Up to when one looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days, today included.
    Week,
    /// 30 days, today included.
    Month,
}

impl Span {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As addresses say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// By that word.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.as_str() == name)
    }

    /// Minutes in one of its points.
    pub const fn step(self) -> i64 {
        self.unit().minutes()
    }

    /// What its points are.
    const fn unit(self) -> Step {
        match self {
            Self::Hour => Step::Minute,
            Self::Day => Step::Hour,
            Self::Week | Self::Month => Step::Day,
        }
    }

    /// Its points.
    pub const fn points(self) -> i64 {
        match self {
            Self::Hour => MINUTES,
            Self::Day => 24,
            Self::Week => 7,
            Self::Month => DAYS,
        }
    }

    /// The number of the first point that belongs to it at this minute.
    const fn first(self, minute: i64) -> i64 {
        minute.div_euclid(self.step()) - self.points() + 1
    }
}

/// What has a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Series {
    /// All attempts together.
    All,
    Type(String),
    Queue(String),
}

/// The statistics of one type or queue over a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `None`: all those together that have none of their own.
    pub name: Option<Arc<str>>,
    pub sum: Cell,
    /// Processed and failed in each point of the span, earliest first.
    pub points: Vec<(u64, u64)>,
}

/// One point of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// When it began.
    pub at: Wall,
    pub cell: Cell,
}

/// What is counted of one name.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// The last minute in which something came.
    seen: i64,
    minute: Cell,
    /// What is over of this hour, and of this day.
    hour: Cell,
    day: Cell,
    // What was counted before a restart stands here at once, also that of the minute, hour and day that go on.
    minutes: Past,
    hours: Past,
    days: Past,
    /// What is over since the start of the process.
    ever: Cell,
}

/// Types or queues.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) by_name: BTreeMap<Arc<str>, Track>,
    pub(super) other: Track,
    /// Before this minute nobody can make room.
    full_until: i64,
}

/// All statistics.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    /// The minute that goes on, counted from 1970.
    pub(super) minute: i64,
    pub(super) all: Track,
    pub(super) types: Tracks,
    pub(super) queues: Tracks,
    /// What is not on disk as it is here.
    pub(super) touched: BTreeSet<Slot>,
    /// What is on disk, or may be.
    pub(super) known: BTreeSet<Slot>,
}

impl Statistics {
    /// Counts an attempt.
    pub(super) fn add(&mut self, attempt: &Attempt) {
        self.advance(attempt.ended_at);
        let minute = self.minute;
        self.touched.extend(Step::ALL.map(|step| step.at(minute)));
        self.all.add(minute, attempt);
        self.types.of(&attempt.jobtype, minute).add(minute, attempt);
        self.queues.of(&attempt.queue, minute).add(minute, attempt);
    }

    /// It is later.
    pub(super) fn advance(&mut self, now: Wall) {
        let (before, minute) = (self.minute, now.0.div_euclid(60_000_000));
        if minute > before || before - minute > STEP_BACK {
            self.minute = minute;
            if minute < before {
                self.touched.extend(Step::ALL.map(|step| step.at(minute)));
            }
            self.tracks().for_each(|track| track.advance(before, minute));
            for tracks in [&mut self.types, &mut self.queues] {
                tracks.by_name.retain(|_, track| !track.is_empty());
            }
        }
    }

    /// All jobs were deleted, and with them what was counted of them.
    pub(super) fn forget(&mut self) {
        let Self { minute, mut touched, known, .. } = std::mem::take(self);
        touched.extend(&known);
        *self = Self { minute, touched, known, ..Self::default() };
    }

    fn tracks(&mut self) -> impl Iterator<Item = &mut Track> {
        let Self { all, types, queues, .. } = self;
        let named = types.by_name.values_mut().chain(queues.by_name.values_mut());
        [all, &mut types.other, &mut queues.other].into_iter().chain(named)
    }

    /// The rows of a span: the busiest first, what is shared last.
    pub(super) fn rows(&self, tracks: &Tracks, span: Span) -> Vec<Row> {
        let row = |name: Option<&Arc<str>>, track: &Track| {
            let sum = track.sum(span, self.minute);
            (!sum.is_empty()).then(|| Row {
                name: name.cloned(),
                points: track.points(span, self.minute),
                sum,
            })
        };
        let mut rows: Vec<Row> =
            tracks.by_name.iter().filter_map(|(name, track)| row(Some(name), track)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.sum.processed()));
        rows.extend(row(None, &tracks.other));
        rows
    }

    /// The points of a span, earliest first; none where nothing is known of the name.
    pub(super) fn series(&self, what: &Series, span: Span) -> Vec<Point> {
        let track = match what {
            Series::All => Some(&self.all),
            Series::Type(name) => self.types.by_name.get(name.as_str()),
            Series::Queue(name) => self.queues.by_name.get(name.as_str()),
        };
        let Some(track) = track else { return Vec::new() };
        let (first, mut cells) = (span.first(self.minute), track.cells(span, self.minute));
        (first..first + span.points())
            .map(|number| Point {
                at: Wall(number * span.step() * 60_000_000),
                cell: cells.remove(&number).unwrap_or_default(),
            })
            .collect()
    }

    /// What was counted since the start of the process, by name; `None`: of all that have no name of their own.
    pub(super) fn totals(tracks: &Tracks) -> Vec<(Option<Arc<str>>, Cell)> {
        let named = tracks.by_name.iter().map(|(name, track)| (Some(name.clone()), track));
        let all = named.chain([(None, &tracks.other)]).map(|(name, track)| (name, track.total()));
        all.filter(|(_, cell)| !cell.is_empty()).collect()
    }
}

impl Tracks {
    /// The track of a name; that of the others where there is no room for one more.
    pub(super) fn of(&mut self, name: &Arc<str>, minute: i64) -> &mut Track {
        let full = self.by_name.len() >= NAMES_MAX && !self.by_name.contains_key(name);
        if full && (minute < self.full_until || !self.make_room(minute)) {
            return &mut self.other;
        }
        self.by_name.entry(name.clone()).or_default()
    }

    /// The track of a name that was written down; that of the others where there is no room for one more.
    pub(super) fn again(&mut self, name: &str) -> &mut Track {
        if name.is_empty() || self.by_name.len() >= NAMES_MAX && !self.by_name.contains_key(name) {
            return &mut self.other;
        }
        self.by_name.entry(name.into()).or_default()
    }

    /// Whoever was silent for longest joins the others, if that is long enough.
    fn make_room(&mut self, minute: i64) -> bool {
        let Some((seen, name)) = self.by_name.iter().map(|(name, track)| (track.seen, name)).min() else {
            return true;
        };
        self.full_until = seen + SILENT;
        let name = name.clone();
        if minute < self.full_until {
            return false;
        }
        if let Some(track) = self.by_name.remove(&name) {
            self.other.merge(&track);
        }
        true
    }
}

impl Track {
    fn add(&mut self, minute: i64, attempt: &Attempt) {
        self.seen = minute;
        self.minute.add(attempt);
    }

    /// The minute is another one now.
    fn advance(&mut self, before: i64, now: i64) {
        let (hour_before, hour) = (before.div_euclid(60), now.div_euclid(60));
        let (day_before, day) = (hour_before.div_euclid(24), hour.div_euclid(24));
        let minute = std::mem::take(&mut self.minute);
        if !minute.is_empty() {
            self.hour.merge(&minute);
            self.ever.merge(&minute);
        }
        if now < before {
            // What was counted ahead of the time belongs to now; the day has its hours already, and the hour its minutes.
            self.minutes.take_from(now + 1);
            self.hours.take_from(hour + 1);
            self.day.merge(&self.days.take_from(day + 1));
            self.seen = self.seen.min(now);
            return;
        }
        self.minutes.put(before, &minute);
        if hour > hour_before {
            let over = std::mem::take(&mut self.hour);
            self.hours.put(hour_before, &over);
            self.day.merge(&over);
        }
        if day > day_before {
            self.days.put(day_before, &std::mem::take(&mut self.day));
        }
        self.minutes.forget_before(now - MINUTES);
        self.hours.forget_before(hour - HOURS);
        self.days.forget_before(day - DAYS);
    }

    /// Whether nothing is known of it any more.
    fn is_empty(&self) -> bool {
        [&self.minute, &self.hour, &self.day].into_iter().all(Cell::is_empty)
            && [&self.minutes, &self.hours, &self.days].into_iter().all(Past::is_empty)
    }

    /// Adds what another has counted.
    fn merge(&mut self, other: &Self) {
        self.minute.merge(&other.minute);
        self.hour.merge(&other.hour);
        self.day.merge(&other.day);
        self.minutes.merge(&other.minutes);
        self.hours.merge(&other.hours);
        self.days.merge(&other.days);
        self.ever.merge(&other.ever);
    }

    fn past(&self, step: Step) -> &Past {
        match step {
            Step::Minute => &self.minutes,
            Step::Hour => &self.hours,
            Step::Day => &self.days,
        }
    }

    /// What is counted of the minute, hour or day that goes on.
    fn open(&self, step: Step) -> Cell {
        let mut open = self.minute.clone();
        if step != Step::Minute {
            open.merge(&self.hour);
        }
        if step == Step::Day {
            open.merge(&self.day);
        }
        open
    }

    fn sum(&self, span: Span, minute: i64) -> Cell {
        let mut sum = self.open(span.unit());
        self.past(span.unit()).add_from(span.first(minute), &mut sum);
        sum
    }

    fn cells(&self, span: Span, minute: i64) -> BTreeMap<i64, Cell> {
        let mut cells = self.past(span.unit()).cells_from(span.first(minute));
        cells.entry(minute.div_euclid(span.step())).or_default().merge(&self.open(span.unit()));
        cells
    }

    /// What was counted in that minute, hour or day.
    pub(super) fn cell(&self, slot: Slot, minute: i64) -> Cell {
        let mut cell = self.past(slot.step).get(slot.number);
        if slot == slot.step.at(minute) {
            cell.merge(&self.open(slot.step));
        }
        cell
    }

    /// Counts what was counted then, before a restart.
    pub(super) fn restore(&mut self, slot: Slot, cell: &Cell, minute: i64) {
        let past = match slot.step {
            Step::Minute => &mut self.minutes,
            Step::Hour => &mut self.hours,
            Step::Day => &mut self.days,
        };
        past.put(slot.number, cell);
        self.seen = self.seen.max(slot.last_minute().min(minute));
    }

    fn points(&self, span: Span, minute: i64) -> Vec<(u64, u64)> {
        let first = span.first(minute);
        let mut points = vec![(0_u64, 0_u64); span.points() as usize];
        let open = self.open(span.unit());
        let last = (first + span.points() - 1, open.processed(), open.failed);
        for (number, processed, failed) in self.past(span.unit()).counts_from(first).chain([last]) {
            if let Some(point) = points.get_mut((number - first) as usize) {
                *point = (point.0.saturating_add(processed), point.1.saturating_add(failed));
            }
        }
        points
    }

    /// What was counted since the start of the process.
    fn total(&self) -> Cell {
        let mut total = self.ever.clone();
        total.merge(&self.minute);
        total
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.minutes.bytes() + self.hours.bytes() + self.days.bytes()
    }
}

#[cfg(test)]
mod tests {
    use bessemer_core::Outcome;

    use super::super::tests::{START, attempt};
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn after(minutes: i64) -> Wall {
        Wall(START.0 + minutes * MINUTE)
    }

    /// Adds one done attempt of this type.
    fn done(statistics: &mut Statistics, jobtype: &str, minutes: i64) {
        statistics.add(&attempt(jobtype, "a", after(minutes), Outcome::Done));
    }

    fn counts(statistics: &Statistics, span: Span) -> Vec<(String, u64)> {
        let rows = statistics.rows(&statistics.types, span);
        rows.iter()
            .map(|row| (row.name.as_deref().unwrap_or("other").to_owned(), row.sum.processed()))
            .collect()
    }

    #[test]
    fn each_span_counts_what_lies_in_it() {
        let mut statistics = Statistics::default();
        let minutes = [0, 60 * 24 * 25, 60 * 24 * 29, 60 * 24 * 29 + 60 * 20, 60 * 24 * 29 + 60 * 20 + 30];
        for minute in minutes {
            done(&mut statistics, "Mail", minute);
        }
        statistics.add(&attempt("Report", "b", after(minutes[4]), Outcome::Failed));
        for (span, count) in [(Span::Hour, 2), (Span::Day, 3), (Span::Week, 4), (Span::Month, 5)] {
            assert_eq!(counts(&statistics, span), [("Mail".into(), count), ("Report".into(), 1)], "{span:?}");
            let series = statistics.series(&Series::Type("Mail".into()), span);
            let sum: u64 = series.iter().map(|point| point.cell.processed()).sum();
            assert_eq!((series.len() as i64, sum), (span.points(), count), "{span:?}");
            let row = &statistics.rows(&statistics.types, span)[0];
            let points: Vec<(u64, u64)> =
                series.iter().map(|point| (point.cell.processed(), point.cell.failed)).collect();
            assert_eq!(row.points, points, "{span:?}");
            assert_eq!(statistics.series(&Series::Queue("default".into()), span).len(), series.len());
        }
        let last = statistics.series(&Series::All, Span::Day).pop().unwrap();
        assert_eq!((last.at, last.cell.failed), (after(60 * 24 * 29 + 60 * 20), 1));
        assert!(statistics.series(&Series::Type("None".into()), Span::Day).is_empty());
        statistics.advance(after(60 * 24 * 60));
        assert_eq!(counts(&statistics, Span::Month), [], "after 30 days it is forgotten");
        assert!(statistics.types.by_name.is_empty());
    }

    #[test]
    fn names_beyond_the_limit_share_one_row_and_whoever_is_silent_makes_room() {
        let mut statistics = Statistics::default();
        for i in 0..=NAMES_MAX {
            done(&mut statistics, &format!("T{i}"), 0);
        }
        assert_eq!(counts(&statistics, Span::Hour).len(), NAMES_MAX + 1);
        assert_eq!(counts(&statistics, Span::Hour).last(), Some(&("other".into(), 1)));
        for i in 1..NAMES_MAX {
            done(&mut statistics, &format!("T{i}"), SILENT - 1);
        }
        done(&mut statistics, "New", SILENT - 1);
        assert_eq!(
            counts(&statistics, Span::Day).last(),
            Some(&("other".into(), 2)),
            "not silent for long enough"
        );
        done(&mut statistics, "New", SILENT);
        let counts = counts(&statistics, Span::Day);
        assert_eq!(counts.last(), Some(&("other".into(), 3)), "T0 has joined it");
        assert!(counts.contains(&("New".into(), 1)) && !counts.iter().any(|(name, _)| name == "T0"));
    }

    #[test]
    fn a_clock_that_is_set_back_loses_no_count() {
        let mut statistics = Statistics::default();
        done(&mut statistics, "Mail", 10);
        done(&mut statistics, "Mail", 60 * 24 * 5);
        done(&mut statistics, "Mail", 60 * 24 * 5 + 90);
        done(&mut statistics, "Mail", 12);
        assert_eq!(statistics.minute, after(12).0 / MINUTE);
        assert_eq!(counts(&statistics, Span::Month), [("Mail".into(), 4)]);
        done(&mut statistics, "Mail", 12 - STEP_BACK);
        assert_eq!(statistics.minute, after(12).0 / MINUTE, "a small step is waited out");
        let totals = Statistics::totals(&statistics.types);
        assert_eq!((totals.len(), totals[0].1.done), (1, 5), "totals only grow");
    }

    #[test]
    fn the_most_that_can_be_kept_has_a_bound() {
        let mut statistics = Statistics::default();
        // Two bytes for most counts, and each bucket in use: far worse than any real load.
        let mut cell = Cell::default();
        for octave in 0..40 {
            for _ in 0..200 {
                let mut one = attempt("Mail", "a", START, Outcome::Done);
                one.started_at = Wall(START.0 - (3 << octave >> 1));
                one.enqueued_at = Wall(one.started_at.0 - (1 << octave));
                cell.add(&one);
            }
        }
        let minute = after(0).0 / MINUTE;
        let names: Vec<Arc<str>> = (0..2 * NAMES_MAX).map(|i| format!("T{i}").into()).collect();
        statistics.advance(after(0));
        for name in &names {
            for tracks in [&mut statistics.types, &mut statistics.queues] {
                let track = tracks.of(name, minute);
                (0..MINUTES).for_each(|i| track.minutes.put(minute - MINUTES + i, &cell));
                (0..HOURS).for_each(|i| track.hours.put(minute / 60 - HOURS + i, &cell));
                (0..DAYS).for_each(|i| track.days.put(minute / 1_440 - DAYS + i, &cell));
                track.seen = minute;
            }
        }
        let tracks: usize = statistics.tracks().map(|_| 1).sum();
        assert_eq!(tracks, 2 * NAMES_MAX + 3);
        let bytes: usize = statistics.tracks().map(|track| track.bytes()).sum();
        assert!(bytes < 100 << 20, "{} MiB", bytes >> 20);
    }
}
