//! A schedule in words: `At 03:00, on Monday and Friday`. Those that people write most often have some; of others what is
//! written is all there is.

use bessemer_core::cron::{Fields, Schedule, When};

use crate::words::Words;

const MINUTES: u64 = (1 << 60) - 1;
const HOURS: u64 = (1 << 24) - 1;
const MONTHS: u64 = 0b1_1111_1111_1110;
const WEEKDAYS: u64 = 0b111_1111;
const DAYS: u64 = 0xffff_fffe;
/// Times that are named one by one.
const TIMES: usize = 4;

/// What it says, if there are words for it.
pub(crate) fn in_words(schedule: &Schedule, words: Words) -> Option<String> {
    match schedule.when() {
        When::Every(seconds) => Some(every(u64::from(*seconds), words)),
        When::At(fields) => {
            let (time, day) = (times(fields, words)?, days(fields, words)?);
            Some(if day.is_empty() {
                time
            } else {
                words.fill("cron-both", &[("time", &time), ("day", &day)]).into()
            })
        }
    }
}

fn every(seconds: u64, words: Words) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) =
        units.into_iter().find(|(size, _)| seconds.is_multiple_of(*size)).unwrap_or((1, "second"));
    words.count(&format!("cron-every-{unit}"), seconds / size).into()
}

fn times(fields: &Fields, words: Words) -> Option<String> {
    let (minutes, hours) = (values(fields.minutes), values(fields.hours));
    if fields.hours == HOURS {
        if fields.minutes == MINUTES {
            return Some(every(60, words));
        }
        if let [minute] = minutes[..] {
            let minute = format!("{minute:02}");
            return Some(words.fill("cron-hourly", &[("minute", &minute)]).into());
        }
        let step = 60 / minutes.len();
        let even = 60 % minutes.len() == 0
            && minutes.iter().enumerate().all(|(n, minute)| *minute as usize == n * step);
        return even.then(|| every(60 * step as u64, words));
    }
    if minutes.len() * hours.len() > TIMES {
        return None;
    }
    let clock =
        |hour: &u32| minutes.iter().map(move |minute| format!("{hour:02}:{minute:02}")).collect::<Vec<_>>();
    let all = hours.iter().flat_map(clock).collect::<Vec<_>>().join(", ");
    Some(words.fill("cron-times", &[("times", &all)]).into())
}

/// Empty: on every day.
fn days(fields: &Fields, words: Words) -> Option<String> {
    let all_days = fields.days == DAYS;
    let all_weekdays = fields.weekdays == WEEKDAYS;
    if fields.months != MONTHS || !all_days && !all_weekdays {
        return None;
    }
    if all_days && all_weekdays {
        return Some(String::new());
    }
    if all_days {
        let named = values(fields.weekdays).into_iter().map(|day| words.say(&format!("cron-day-{day}")));
        let named = named.collect::<Vec<_>>().join(", ");
        return Some(words.fill("cron-weekdays", &[("days", &named)]).into());
    }
    let days = values(fields.days).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(words.fill("cron-monthdays", &[("days", &days)]).into())
}

fn values(set: u64) -> Vec<u32> {
    (0..64).filter(|value| set >> value & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_has_words() {
        for (schedule, said) in [
            ("@every 90s", "Every 90 seconds"),
            ("@every 1h", "Every hour"),
            ("@every 2d", "Every 2 days"),
            ("* * * * *", "Every minute"),
            ("*/5 * * * *", "Every 5 minutes"),
            ("@hourly", "Every hour at minute 00"),
            ("@daily", "At 00:00"),
            ("0 3,15 * * *", "At 03:00, 15:00"),
            ("30 6 * * mon-tue", "At 06:30, on Monday, Tuesday"),
            ("0 0 1,15 * *", "At 00:00, on day 1, 15 of the month"),
        ] {
            let schedule = Schedule::parse(schedule).expect(schedule);
            assert_eq!(in_words(&schedule, Words::default()).as_deref(), Some(said), "{schedule}");
        }
        for schedule in ["0 0 1 1 *", "0 0 13 * 5", "*/7 * * * *", "*/10 1 * * *"] {
            let schedule = Schedule::parse(schedule).expect(schedule);
            assert_eq!(in_words(&schedule, Words::default()), None, "{schedule}");
        }
    }
}
