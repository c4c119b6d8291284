//! When a cron entry ticks: five fields, names such as `@daily`, and `@every 30s`; pure arithmetic over a time zone.
//!
//! A schedule speaks of local time. Where clocks are put forward or back, decision 0034 says what it means:
//!
//! - A time that is skipped ticks once, at the first moment after the gap; one that comes twice ticks the first time.
//! - A schedule whose hours are all allowed is about minutes that pass, so it ticks by what clocks show, in both passes.
//!
//! `@every` counts from 1970 in UTC: its ticks are the same whenever the server was started.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, time};
use jiff::tz::TimeZone;

use super::parse::{self, BadSchedule};
use crate::time::Wall;

/// When something happens again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: Box<str>,
    pub(super) when: When,
}

/// What a schedule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Five fields.
    At(Fields),
    /// Every so many seconds.
    Every(u32),
}

/// Five fields, each the set of its allowed values: bit n is value n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    pub minutes: u64,
    pub hours: u64,
    pub days: u64,
    pub months: u64,
    /// Bit 0 is Sunday.
    pub weekdays: u64,
    /// Whether the field of days begins with `*`: if neither of the two does, one of them is enough.
    pub any_day: bool,
    /// The same of weekdays.
    pub any_weekday: bool,
}

pub(super) const ALL_HOURS: u64 = (1 << 24) - 1;
/// Years in which a schedule ticks, if it ever does: 29 February comes after eight at most.
const YEARS: i16 = 9;
/// Ticks among which the two closest are looked for: a day of minutes, a year of hours and more of days.
const LOOK_AHEAD: usize = 1_500;
const MINUTE: i64 = 60;
const MICROS: i64 = 1_000_000;

impl Schedule {
    /// Reads one; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadSchedule> {
        let when = parse::when(text)?;
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        Ok(Self { text: words.join(" ").into(), when })
    }

    /// As it was written, with one space between fields.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub fn when(&self) -> &When {
        &self.when
    }

    /// The fewest seconds from a tick to the next.
    pub fn least_seconds(&self) -> Option<u64> {
        if let When::Every(period) = &self.when {
            return Some(u64::from(*period));
        }
        let start = Wall(1_704_067_200 * MICROS);
        let next = |tick: &Wall| self.next_after(*tick, &TimeZone::UTC);
        let ticks: Vec<Wall> = std::iter::successors(next(&start), next).take(LOOK_AHEAD).collect();
        ticks.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).min()
    }

    /// The first tick after a moment; none: the calendar ends before.
    pub fn next_after(&self, moment: Wall, zone: &TimeZone) -> Option<Wall> {
        let seconds = moment.0.div_euclid(MICROS);
        let tick = match &self.when {
            When::Every(period) => {
                let period = i64::from(*period);
                (seconds.div_euclid(period) + 1).checked_mul(period)
            }
            When::At(fields) if fields.hours == ALL_HOURS => fields.next_minute(seconds, zone),
            When::At(fields) => fields.next_time(seconds, zone),
        };
        tick.and_then(|tick| tick.checked_mul(MICROS)).map(Wall).filter(|tick| *tick <= Wall::LAST)
    }

    /// The last tick that is not after a moment, if there is one after `since`. Ticks come in order, so it is found by
    /// halves, however many there are.
    pub fn latest(&self, since: Wall, moment: Wall, zone: &TimeZone) -> Option<Wall> {
        let tick = |from: i64| self.next_after(Wall(from), zone).filter(|tick| *tick <= moment);
        let (mut low, mut high) = (since.0, moment.0);
        let mut found = tick(low)?;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match tick(middle) {
                Some(later) => (low, found) = (later.0.max(middle), later),
                None => high = middle,
            }
        }
        Some(found)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Fields {
    /// Whether something ticks on this day.
    pub(super) fn is_day(&self, date: Date) -> bool {
        let has = |set: u64, value: i8| set >> value & 1 == 1;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let either = !self.any_day && !self.any_weekday;
        has(self.months, date.month()) && if either { day || weekday } else { day && weekday }
    }

    /// The next tick by what clocks show, second passes and all.
    fn next_minute(&self, after: i64, zone: &TimeZone) -> Option<i64> {
        let mut at = (after.div_euclid(MINUTE) + 1) * MINUTE;
        let first = local(at, zone)?.date();
        loop {
            let here = local(at, zone)?;
            if !self.is_day(here.date()) {
                let day = self.day_from(here.date().tomorrow().ok()?, first)?;
                at = moment_of(DateTime::from_parts(day, time(0, 0, 0, 0)), zone)?.max(at + MINUTE);
                continue;
            }
            let minute = here.minute() as u32;
            let ahead = (self.minutes >> minute).trailing_zeros().min(60 - minute);
            if ahead == 0 {
                return Some(at);
            }
            // Nothing ticks until then, if clocks run on until then.
            let there = at + i64::from(ahead) * MINUTE;
            let steady = offset(at, zone)? == offset(there, zone)?;
            at = if steady { there } else { at + MINUTE };
        }
    }

    /// The next tick by the local times that are meant, each once. Times and the moments that they stand for are in
    /// the same order, and no moment is before that of its own local time.
    fn next_time(&self, after: i64, zone: &TimeZone) -> Option<i64> {
        let here = local(after, zone)?;
        let mut from = (i32::from(here.hour()) * 60 + i32::from(here.minute()) + 1) as u32;
        let mut date = here.date();
        loop {
            let day = self.day_from(date, here.date())?;
            if day != date {
                from = 0;
            }
            while let Some(minute) = self.minute_from(from) {
                let clock = time((minute / 60) as i8, (minute % 60) as i8, 0, 0);
                let at = moment_of(DateTime::from_parts(day, clock), zone)?;
                if at > after {
                    return Some(at);
                }
                from = minute + 1;
            }
            (date, from) = (day.tomorrow().ok()?, 0);
        }
    }

    /// The first allowed minute of a day that is not before this one.
    fn minute_from(&self, minute: u32) -> Option<u32> {
        let (mut hour, mut minute) = (minute / 60, minute % 60);
        while hour < 24 {
            let left = self.minutes >> minute;
            if self.hours >> hour & 1 == 1 && left != 0 {
                return Some(hour * 60 + minute + left.trailing_zeros());
            }
            (hour, minute) = (hour + 1, 0);
        }
        None
    }

    /// The first day that is allowed from this one on.
    fn day_from(&self, mut date: Date, first: Date) -> Option<Date> {
        while !self.is_day(date) {
            if date.year() - first.year() > YEARS {
                return None;
            }
            let month = self.months >> date.month() & 1 == 1;
            date = if month { date } else { date.last_of_month() }.tomorrow().ok()?;
        }
        Some(date)
    }

    /// Whether there is such a day at all.
    pub(super) fn is_possible(&self) -> bool {
        let (leap, next) = (Date::constant(2000, 1, 1), Date::constant(2000 + YEARS, 1, 1));
        self.day_from(leap, leap).is_some_and(|day| day < next)
    }
}

/// What clocks show.
fn local(seconds: i64, zone: &TimeZone) -> Option<DateTime> {
    Some(zone.to_datetime(Timestamp::from_second(seconds).ok()?))
}

fn offset(seconds: i64, zone: &TimeZone) -> Option<i32> {
    Some(zone.to_offset(Timestamp::from_second(seconds).ok()?).seconds())
}

/// The moment that a local time stands for: the first of two, and the end of the gap that it lies in.
fn moment_of(local: DateTime, zone: &TimeZone) -> Option<i64> {
    use jiff::tz::AmbiguousOffset::{Fold, Gap, Unambiguous};
    let by = |offset: jiff::tz::Offset| offset.to_timestamp(local).ok();
    let moment = match zone.to_ambiguous_timestamp(local).offset() {
        Unambiguous { offset } => by(offset)?,
        Fold { before, .. } => by(before)?,
        // By the clock of after the gap it lies before the gap; the next change is the end of it.
        Gap { after, .. } => zone.following(by(after)?).next()?.timestamp(),
    };
    Some(moment.as_second())
}
