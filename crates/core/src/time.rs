//! Time as the core knows it: given, never read.
//!
//! Two clocks, because they fail differently (`G16`). [`Wall`] is UTC and may step; `at`, retries and the dead set's
//! age follow it. [`Boot`] only runs forward, also while the machine sleeps; deadlines about another party
//! (a reservation, a lost worker, a waiting FETCH) follow it, so that a stepped clock ends nobody's work.

use std::fmt;
use std::time::Duration;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub i64);

/// Microseconds on the boot-time clock; its zero means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boot(pub u64);

/// What a command is told about the moment in which it is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// UTC.
    pub wall: Wall,
    /// The boot-time clock.
    pub boot: Boot,
    /// The boot time at which the server's loop last had nothing left to read. A deadline about another party is
    /// judged by this and not by `boot`: a stall of ours is no verdict about them (`D9`).
    pub heard: Boot,
    /// Random bits, drawn by the caller; the jitter of a retry comes from them.
    pub chance: u64,
}

impl Wall {
    /// The latest moment that any time zone can write: 9999-12-30T22:00:00Z, a day before the year 9999 ends.
    pub const LAST: Self = Self(253_402_207_200_000_000);

    /// This moment plus a duration, at most [`Wall::LAST`].
    pub fn after(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros)).min(Self::LAST)
    }

    /// How long this moment lies after `earlier`; zero when it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day in UTC, counted from 1970-01-01.
    pub fn day(self) -> i32 {
        let days = self.0.div_euclid(86_400_000_000);
        i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX })
    }

    /// `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, the fraction without trailing zeros (rule `J-05`).
    pub fn rfc3339(self) -> String {
        let mut text = String::with_capacity("YYYY-MM-DDTHH:MM:SS.ffffffZ".len());
        self.write_rfc3339(&mut text);
        text
    }

    /// Appends [`Wall::rfc3339`]. Every job that is pushed and every one that is fetched has such a time, so the common
    /// years are written by hand.
    pub fn write_rfc3339(self, text: &mut String) {
        let (day, micros) = (self.0.div_euclid(DAY_MICROS), self.0.rem_euclid(DAY_MICROS));
        let Some((year, month, day)) = civil(day) else {
            let odd = jiff::Timestamp::from_microsecond(self.0);
            return text.push_str(&odd.map_or_else(|_| String::new(), |time| time.to_string()));
        };
        let (second, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let mut out = *b"YYYY-MM-DDTHH:MM:SS.ffffffZ";
        for (place, number) in [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, second / 3_600),
            (14..16, second / 60 % 60),
            (17..19, second % 60),
            (20..26, fraction),
        ] {
            put_digits(&mut out[place], number as u32);
        }
        let mut end = if fraction == 0 { 19 } else { 26 };
        while fraction > 0 && out[end - 1] == b'0' {
            end -= 1;
        }
        out[end] = b'Z';
        text.push_str(std::str::from_utf8(&out[..=end]).expect("digits"));
    }

    /// Reads RFC 3339 with any offset; what is finer than a microsecond is cut. The error is the parser's detail.
    pub fn parse(text: &str) -> Result<Self, String> {
        let time: jiff::Timestamp = text.parse().map_err(|e: jiff::Error| e.to_string())?;
        let wall = Self(time.as_nanosecond().div_euclid(1000) as i64);
        if wall > Self::LAST { Err("beyond the year 9999".into()) } else { Ok(wall) }
    }
}

const DAY_MICROS: i64 = 86_400_000_000;

/// Year, month and day of a day since 1970, from 1970 to 9999. Years are taken to begin in March, so that the odd day
/// is their last; 400 of them have 146,097 days.
fn civil(day: i64) -> Option<(i64, i64, i64)> {
    if !(0..2_932_897).contains(&day) {
        return None;
    }
    let since_march_0000 = day + 719_468;
    let (era, of_era) = (since_march_0000 / 146_097, since_march_0000 % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    Some((era * 400 + year_of_era + i64::from(month <= 2), month, day_of_month))
}

fn put_digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl fmt::Display for Wall {
    /// As [`Wall::rfc3339`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Boot {
    /// This moment plus a duration.
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
    }

    /// How long this moment lies after `earlier`; zero when it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Now {
    /// When a wall-clock moment will come, by the boot-time clock, if no clock steps until then.
    pub fn boot_at(self, wall: Wall) -> Boot {
        self.boot.after(wall.since(self.wall))
    }

    /// Like [`Now::boot_at`], and for moments that have passed, when they came.
    pub fn boot_of(self, wall: Wall) -> Boot {
        let ago = u64::try_from(self.wall.since(wall).as_micros()).unwrap_or(u64::MAX);
        Boot(self.boot_at(wall).0.saturating_sub(ago))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_prints_as_the_reference_prints_it_j05() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_500_000, "1970-01-01T00:00:01.5Z"),
            (1_767_323_045_123_456, "2026-01-02T03:04:05.123456Z"),
            (1_767_323_045_100_000, "2026-01-02T03:04:05.1Z"),
        ] {
            assert_eq!(Wall(micros).rfc3339(), text);
            assert_eq!(Wall::parse(text), Ok(Wall(micros)));
        }
    }

    #[test]
    fn times_are_written_by_hand_as_the_library_writes_them_j05() {
        let library = |micros| jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
        // Each day of eight centuries and more, at moments that differ; then the ends of what there is.
        let days = (0..300_000).map(|day| day * DAY_MICROS + day * 287_654_321 % DAY_MICROS);
        let ends = [0, 1, 999_999, -1, -DAY_MICROS, Wall::LAST.0, Wall::LAST.0 - 1, 253_402_300_799_999_999];
        let leaps = [951_782_399_000_000, 951_782_400_000_000, 951_868_800_000_000, 4_107_542_400_000_000];
        for micros in days
            .chain(leaps)
            .chain(ends.into_iter().filter(|m| jiff::Timestamp::from_microsecond(*m).is_ok()))
        {
            assert_eq!(Wall(micros).rfc3339(), library(micros), "{micros}");
        }
    }

    #[test]
    fn any_offset_is_read_and_the_nanoseconds_are_cut_p09() {
        assert_eq!(Wall::parse("2026-01-02T05:04:05.123456789+02:00"), Ok(Wall(1_767_323_045_123_456)));
        assert_eq!(Wall::parse("2016-12-31T23:59:60Z"), Wall::parse("2016-12-31T23:59:59Z"));
        assert_eq!(Wall::parse("9999-12-30T22:00:00Z"), Ok(Wall::LAST));
        for bad in [
            "tomorrow",
            "2026-02-30T00:00:00Z",
            "2026-01-02T03:04:05",
            "2026-01-02T24:00:00Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert!(Wall::parse(bad).is_err(), "{bad}");
        }
    }
}
