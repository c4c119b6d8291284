//! What schedules mean, as tables: what they say, when they tick, and what clocks that change make of it (G16, T12).

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use proptest::prelude::*;

use super::*;
use crate::limits::{CRON_EVERY_MAX_S, CRON_SCHEDULE_MAX};
use crate::machine::scenario::ask_unique;
use crate::query::CronView;

/// An entry as scenarios write it: `schedule=*/5_*_*_*_*` and what else it says.
pub(crate) fn entry(id: &str, options: &[&str]) -> CronEntry {
    let option = |name: &str| options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str| option(name).map(|number| number.parse().expect("a number"));
    let missed = Missed::ALL.into_iter().find(|missed| option("missed") == Some(missed.as_str()));
    CronEntry {
        id: id.into(),
        schedule: Schedule::parse(&option("schedule").expect("a schedule").replace('_', " "))
            .expect("a good one"),
        zone: zone(option("tz").unwrap_or("UTC")),
        missed: missed.unwrap_or_default(),
        enabled: option("enabled") != Some("false"),
        jitter: number("jitter").unwrap_or(0) as u32,
        job: CronJob {
            queue: option("queue").unwrap_or("default").into(),
            jobtype: "T".into(),
            retry: number("retry").unwrap_or(25) as i16,
            reserve_for: 1_800,
            on_lost: None,
            unique: ask_unique(&option),
            expires_in: None,
            expires_at: None,
            tracked: false,
            text: ["".into(), " ".into(), "".into()],
        },
    }
}

/// As scenarios show entries: `a=22:15:00`; or the runs of one: `22:15:00 done×1`.
pub(crate) fn shown(views: &[CronView], all: bool) -> String {
    let clock = |at: Wall| at.rfc3339()[11..19].to_owned();
    let next = |view: &CronView| match view.next {
        Some(at) => format!("{}={}", view.id, clock(at)),
        None => format!("{}={}", view.id, if view.paused { "paused" } else { "never" }),
    };
    if all {
        return views.iter().map(next).collect::<Vec<_>>().join(" ");
    }
    let runs = views.iter().flat_map(|view| &view.runs).map(|run| {
        let hand = if run.by_hand { " by hand" } else { "" };
        let place = run.place.map(|place| format!("@{place:?}").to_lowercase()).unwrap_or_default();
        let fails = if run.fails > 0 { format!("×{}", run.fails) } else { String::new() };
        let ticks = if run.ticks > 1 { format!(" {} ticks", run.ticks) } else { String::new() };
        let note = if run.note.is_empty() { String::new() } else { format!(" ({})", run.note) };
        format!("{}{hand} {}{fails}{place}{ticks}{note}", clock(run.tick), run.ran.as_str())
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

fn wall(text: &str) -> Wall {
    Wall::parse(text).expect("a time")
}

/// The next ticks, as clocks in the zone show them, with their offset.
fn ticks(schedule: &str, zone_name: &str, after: &str, count: usize) -> Vec<String> {
    let (schedule, zone) = (Schedule::parse(schedule).expect(schedule), zone(zone_name));
    let after: Timestamp = if after.ends_with('Z') {
        after.parse().expect("a time")
    } else {
        let local: jiff::civil::DateTime = after.parse().expect("a local time");
        local.to_zoned(zone.clone()).expect("a moment").timestamp()
    };
    let next = |tick: &Wall| schedule.next_after(*tick, &zone);
    let ticks = std::iter::successors(next(&Wall(after.as_microsecond())), next).take(count);
    let shown = |tick: Wall| {
        let at = Timestamp::from_microsecond(tick.0).expect("a time").to_zoned(zone.clone());
        at.strftime("%m-%dT%H:%M:%S%:z").to_string()
    };
    ticks.map(shown).collect()
}

#[test]
fn schedules_tick_when_they_say() {
    // 2026-01-01 is a Thursday; 2028 a leap year.
    for (schedule, after, expected) in [
        ("* * * * *", "2026-01-01T00:00:00Z", "01-01T00:01:00 01-01T00:02:00"),
        ("* * * * *", "2026-01-01T00:00:59Z", "01-01T00:01:00 01-01T00:02:00"),
        ("0 * * * *", "2026-01-01T00:00:00Z", "01-01T01:00:00 01-01T02:00:00"),
        ("*/15 * * * *", "2026-01-01T00:50:00Z", "01-01T01:00:00 01-01T01:15:00"),
        ("*/15 8,20 * * *", "2026-01-01T08:50:00Z", "01-01T20:00:00 01-01T20:15:00"),
        ("7/20 * * * *", "2026-01-01T00:00:00Z", "01-01T00:07:00 01-01T00:27:00 01-01T00:47:00"),
        ("5,10,50 3 * * *", "2026-01-01T03:06:00Z", "01-01T03:10:00 01-01T03:50:00 01-02T03:05:00"),
        ("10-12 3 * * *", "2026-01-01T00:00:00Z", "01-01T03:10:00 01-01T03:11:00 01-01T03:12:00"),
        ("0-30/10 5 * * *", "2026-01-01T05:00:00Z", "01-01T05:10:00 01-01T05:20:00 01-01T05:30:00"),
        ("30 9-17/4 * * *", "2026-01-01T00:00:00Z", "01-01T09:30:00 01-01T13:30:00 01-01T17:30:00"),
        ("0 */6 * * *", "2026-01-01T01:00:00Z", "01-01T06:00:00 01-01T12:00:00"),
        ("59 23 * * *", "2026-12-31T23:58:00Z", "12-31T23:59:00 01-01T23:59:00"),
        ("0 0 1 * *", "2026-01-01T00:00:00Z", "02-01T00:00:00 03-01T00:00:00"),
        ("0 0 31 * *", "2026-01-31T00:00:00Z", "03-31T00:00:00 05-31T00:00:00"),
        ("0 0 29 2 *", "2026-01-01T00:00:00Z", "02-29T00:00:00"),
        ("0 0 29 2 *", "2096-03-01T00:00:00Z", "02-29T00:00:00"),
        ("0 0 1 1 *", "2026-01-01T00:00:00Z", "01-01T00:00:00"),
        ("0 0 1 jan,JUL *", "2026-01-01T00:00:00Z", "07-01T00:00:00 01-01T00:00:00"),
        ("0 0 1 3-5 *", "2026-01-01T00:00:00Z", "03-01T00:00:00 04-01T00:00:00 05-01T00:00:00"),
        ("0 0 1 */5 *", "2026-01-01T00:00:00Z", "06-01T00:00:00 11-01T00:00:00 01-01T00:00:00"),
        ("0 0 * * 0", "2026-01-01T00:00:00Z", "01-04T00:00:00 01-11T00:00:00"),
        ("0 0 * * 7", "2026-01-01T00:00:00Z", "01-04T00:00:00 01-11T00:00:00"),
        ("0 0 * * sun", "2026-01-01T00:00:00Z", "01-04T00:00:00 01-11T00:00:00"),
        ("0 0 * * Mon-Fri", "2026-01-01T00:00:00Z", "01-02T00:00:00 01-05T00:00:00"),
        (
            "0 0 * * 5-7",
            "2026-01-01T00:00:00Z",
            "01-02T00:00:00 01-03T00:00:00 01-04T00:00:00 01-09T00:00:00",
        ),
        (
            "0 0 * * fri-sun",
            "2026-01-01T00:00:00Z",
            "01-02T00:00:00 01-03T00:00:00 01-04T00:00:00 01-09T00:00:00",
        ),
        (
            "0 0 * * 0-2",
            "2026-01-01T00:00:00Z",
            "01-04T00:00:00 01-05T00:00:00 01-06T00:00:00 01-11T00:00:00",
        ),
        (
            "0 0 * * */2",
            "2026-01-01T00:00:00Z",
            "01-03T00:00:00 01-04T00:00:00 01-06T00:00:00 01-08T00:00:00",
        ),
        ("0 0 * * mon,7", "2026-01-01T00:00:00Z", "01-04T00:00:00 01-05T00:00:00 01-11T00:00:00"),
        // Day of month or day of week, where both are named.
        ("0 0 13 * 5", "2026-01-01T00:00:00Z", "01-02T00:00:00 01-09T00:00:00 01-13T00:00:00 01-16T00:00:00"),
        ("0 0 1,15 * mon", "2026-01-01T00:00:00Z", "01-05T00:00:00 01-12T00:00:00 01-15T00:00:00"),
        // And both, where one begins with a star.
        ("0 0 */2 * mon", "2026-01-01T00:00:00Z", "01-05T00:00:00 01-19T00:00:00 02-09T00:00:00"),
        ("0 0 13 * *", "2026-01-01T00:00:00Z", "01-13T00:00:00 02-13T00:00:00"),
        ("0 0 31 2 1", "2026-01-01T00:00:00Z", "02-02T00:00:00 02-09T00:00:00"),
        ("  0   0  * * *  ", "2026-01-01T00:00:00Z", "01-02T00:00:00"),
        ("@yearly", "2026-01-01T00:00:00Z", "01-01T00:00:00"),
        ("@annually", "2026-06-01T00:00:00Z", "01-01T00:00:00"),
        ("@monthly", "2026-01-15T00:00:00Z", "02-01T00:00:00 03-01T00:00:00"),
        ("@weekly", "2026-01-01T00:00:00Z", "01-04T00:00:00 01-11T00:00:00"),
        ("@daily", "2026-01-01T00:00:00Z", "01-02T00:00:00 01-03T00:00:00"),
        ("@midnight", "2026-01-01T00:00:00Z", "01-02T00:00:00 01-03T00:00:00"),
        ("@Hourly", "2026-01-01T00:00:00Z", "01-01T01:00:00 01-01T02:00:00"),
        ("@every 30s", "2026-01-01T00:00:01Z", "01-01T00:00:30 01-01T00:01:00"),
        ("@every 1h30m", "2026-01-01T00:00:00Z", "01-01T01:30:00 01-01T03:00:00"),
        ("@every 1d", "2026-01-01T00:00:00Z", "01-02T00:00:00 01-03T00:00:00"),
        ("@every 1h 30m", "2026-01-01T00:00:00Z", "01-01T01:30:00"),
    ] {
        let expected: Vec<String> = expected.split(' ').map(|tick| format!("{tick}+00:00")).collect();
        assert_eq!(ticks(schedule, "UTC", after, expected.len()), expected, "{schedule}");
    }
}

#[test]
fn a_question_mark_is_a_day_that_the_other_field_says() {
    for (schedule, expected) in [
        ("0 12 ? * MON-FRI", "01-01T12:00:00 01-02T12:00:00 01-05T12:00:00"),
        ("0 12 13 * ?", "01-13T12:00:00 02-13T12:00:00"),
        ("0 12 ? * ?", "01-01T12:00:00 01-02T12:00:00"),
        ("0 0 ? 3 sun", "03-01T00:00:00 03-08T00:00:00"),
        ("0 0 1 Nov-dec ?", "11-01T00:00:00 12-01T00:00:00 11-01T00:00:00"),
    ] {
        let expected: Vec<String> = expected.split(' ').map(|tick| format!("{tick}+00:00")).collect();
        let found = ticks(schedule, "UTC", "2026-01-01T00:00:00Z", expected.len());
        assert_eq!(found, expected, "{schedule}");
    }
}

/// In 2026 clocks go from 02:00 to 03:00 on 03-29, and from 03:00 to 02:00 on 10-25.
const PARIS: &str = "Europe/Paris";
/// In 2026 clocks go from 02:00 to 03:00 on 03-08, and from 02:00 to 01:00 on 11-01.
const YORK: &str = "America/New_York";
/// In 2026 clocks go from 02:00 to 02:30 on 10-04, and from 02:00 to 01:30 on 04-05.
const HOWE: &str = "Australia/Lord_Howe";
/// There was no 2011-12-30.
const APIA: &str = "Pacific/Apia";

/// Schedule, zone, and what comes after which moment.
const OVER_CHANGES: &[(&str, &str, &str, &str)] = &[
    // What does not exist ticks after the gap, once.
    ("30 2 * * *", PARIS, "2026-03-28T12:00", "03-29T03:00:00+02:00 03-30T02:30:00+02:00"),
    ("0 2 * * *", PARIS, "2026-03-28T12:00", "03-29T03:00:00+02:00 03-30T02:00:00+02:00"),
    (
        "0,30 2,3 * * *",
        PARIS,
        "2026-03-28T12:00",
        "03-29T03:00:00+02:00 03-29T03:30:00+02:00 03-30T02:00:00+02:00",
    ),
    ("*/5 2 * * *", PARIS, "2026-03-28T12:00", "03-29T03:00:00+02:00 03-30T02:00:00+02:00"),
    ("59 1 * * *", PARIS, "2026-03-28T12:00", "03-29T01:59:00+01:00 03-30T01:59:00+02:00"),
    ("30 2 * * *", YORK, "2026-03-07T12:00", "03-08T03:00:00-04:00 03-09T02:30:00-04:00"),
    ("15 2 * * *", HOWE, "2026-10-03T12:00", "10-04T02:30:00+11:00 10-05T02:15:00+11:00"),
    ("45 2 * * *", HOWE, "2026-10-03T12:00", "10-04T02:45:00+11:00 10-05T02:45:00+11:00"),
    ("0 12 * * *", APIA, "2011-12-29T13:00", "12-31T00:00:00+14:00 12-31T12:00:00+14:00"),
    // What comes twice ticks the first time.
    ("30 2 * * *", PARIS, "2026-10-24T12:00", "10-25T02:30:00+02:00 10-26T02:30:00+01:00"),
    ("0 3 * * *", PARIS, "2026-10-24T12:00", "10-25T03:00:00+01:00 10-26T03:00:00+01:00"),
    (
        "*/30 2,3 * * *",
        PARIS,
        "2026-10-25T00:00",
        "10-25T02:00:00+02:00 10-25T02:30:00+02:00 10-25T03:00:00+01:00",
    ),
    ("30 2 * * *", PARIS, "2026-10-25T01:10:00Z", "10-26T02:30:00+01:00"),
    ("30 1 * * *", YORK, "2026-10-31T12:00", "11-01T01:30:00-04:00 11-02T01:30:00-05:00"),
    ("45 1 * * *", HOWE, "2026-04-04T12:00", "04-05T01:45:00+11:00 04-06T01:45:00+10:30"),
    ("0 2 * * *", HOWE, "2026-04-04T12:00", "04-05T02:00:00+10:30 04-06T02:00:00+10:30"),
    // Where every hour is allowed clocks are followed, so that minutes pass evenly.
    (
        "*/20 * * * *",
        PARIS,
        "2026-03-29T01:30",
        "03-29T01:40:00+01:00 03-29T03:00:00+02:00 03-29T03:20:00+02:00",
    ),
    (
        "*/30 * * * *",
        PARIS,
        "2026-10-25T01:59",
        "10-25T02:00:00+02:00 10-25T02:30:00+02:00 10-25T02:00:00+01:00 10-25T02:30:00+01:00 10-25T03:00:00+01:00",
    ),
    (
        "0 * * * *",
        PARIS,
        "2026-03-29T00:30",
        "03-29T01:00:00+01:00 03-29T03:00:00+02:00 03-29T04:00:00+02:00",
    ),
    ("@hourly", YORK, "2026-11-01T00:30", "11-01T01:00:00-04:00 11-01T01:00:00-05:00 11-01T02:00:00-05:00"),
    (
        "*/15 * * * *",
        HOWE,
        "2026-04-05T01:40",
        "04-05T01:45:00+11:00 04-05T01:30:00+10:30 04-05T01:45:00+10:30 04-05T02:00:00+10:30",
    ),
    (
        "*/15 * * * *",
        HOWE,
        "2026-10-04T01:40",
        "10-04T01:45:00+10:30 10-04T02:30:00+11:00 10-04T02:45:00+11:00",
    ),
    ("10 * * * *", HOWE, "2026-10-04T01:00", "10-04T01:10:00+10:30 10-04T03:10:00+11:00"),
    // Days begin when they do.
    ("@daily", PARIS, "2026-03-28T12:00", "03-29T00:00:00+01:00 03-30T00:00:00+02:00"),
    ("* * 1 * *", YORK, "2026-02-28T23:58", "03-01T00:00:00-05:00 03-01T00:01:00-05:00"),
    (
        "@every 12h",
        PARIS,
        "2026-03-28T12:00",
        "03-28T13:00:00+01:00 03-29T01:00:00+01:00 03-29T14:00:00+02:00",
    ),
];

#[test]
fn over_both_changes_of_clocks_each_tick_comes_once_t12() {
    for (schedule, zone, after, expected) in OVER_CHANGES {
        let expected: Vec<&str> = expected.split(' ').collect();
        assert_eq!(ticks(schedule, zone, after, expected.len()), expected, "{schedule} in {zone}");
    }
}

#[test]
fn what_is_no_schedule_says_why_row_115() {
    let long = format!("{} * * * *", "1,".repeat(CRON_SCHEDULE_MAX));
    for (text, error) in [
        ("", "has 0 of the five fields"),
        ("daily", "has 1 of the five fields: minute, hour, day of month, month, day of week"),
        ("* * * *", "has 4 of the five fields"),
        ("* * * * * *", "has 6 of the five fields"),
        ("61 * * * *", "has \"61\" as its minute: must be from 0 to 59"),
        ("60 * * * *", "has \"60\" as its minute"),
        ("* 24 * * *", "has \"24\" as its hour: must be from 0 to 23"),
        ("* * 0 * *", "has \"0\" as its day of month: must be from 1 to 31"),
        ("* * 32 * *", "day of month"),
        ("* * * 13 *", "has \"13\" as its month: must be from 1 to 12, or jan to dec"),
        ("* * * foo *", "as its month"),
        ("* * * * 8", "has \"8\" as its day of week: must be from 0 to 7, or sun to sat"),
        ("* * * * mond", "as its day of week"),
        ("jan * * * *", "as its minute"),
        ("-5 * * * *", "as its minute"),
        ("+5 * * * *", "as its minute"),
        ("1,,2 * * * *", "has \"\" as its minute"),
        ("5-1 * * * *", "has \"5-1\" as its minute: the first of a range comes first"),
        ("*/0 * * * *", "has \"*/0\" as its minute: a step is at least 1"),
        ("*/x * * * *", "as its minute"),
        ("*-5 * * * *", "as its minute"),
        ("1-2-3 * * * *", "as its minute"),
        (
            "* * L * *",
            "has \"L\" as its day of month: L, W and # are not known here, it must be from 1 to 31",
        ),
        ("* * 15W * *", "has \"15W\" as its day of month: L, W and # are not known here"),
        ("* * L-3 * *", "L, W and # are not known here"),
        ("* * lw * *", "L, W and # are not known here"),
        (
            "* * * * 5L",
            "has \"5L\" as its day of week: L, W and # are not known here, it must be from 0 to 7",
        ),
        ("* * * * mon#2", "has \"mon#2\" as its day of week: L, W and # are not known here"),
        ("* * * L *", "has \"L\" as its month: must be from 1 to 12"),
        ("? * * * *", "has \"?\" as its minute: must be from 0 to 59"),
        ("* * * ? *", "has \"?\" as its month"),
        ("* * ?,5 * *", "has \"?\" as its day of month: must be from 1 to 31"),
        ("* * * * ?/2", "has \"?/2\" as its day of week: must be from 0 to 7"),
        ("0 0 31 2 *", "never comes"),
        ("0 0 30,31 feb *", "never comes"),
        ("@never", "knows no name \"@never\""),
        ("@daily now", "knows no name \"@daily now\""),
        ("@reboot", "knows no name"),
        ("@every", "must say from \"@every 1s\""),
        ("@every 0s", "must say"),
        ("@every 5", "must say"),
        ("@every 5x", "must say"),
        ("@every -5s", "must say"),
        ("@every 99999999999s", "must say"),
        (long.as_str(), "has more than 256 bytes"),
    ] {
        let why = Schedule::parse(text).expect_err(text).to_string();
        assert!(why.contains(error), "{text}: {why}");
    }
    assert!(Schedule::parse(&format!("@every {CRON_EVERY_MAX_S}s")).is_ok(), "at the limit");
    assert!(Schedule::parse(&format!("@every {}s", CRON_EVERY_MAX_S + 1)).is_err(), "one beyond");
    let text = |len: usize| format!("{:len$}", "* * * * *");
    assert!(Schedule::parse(&text(CRON_SCHEDULE_MAX)).is_ok());
    assert!(Schedule::parse(&text(CRON_SCHEDULE_MAX + 1)).is_err());
}

#[test]
fn a_calendar_that_ends_has_no_next_tick() {
    let schedule = Schedule::parse("@yearly").expect("good");
    for zone in [TimeZone::UTC, zone("Pacific/Apia"), zone("America/New_York")] {
        assert_eq!(schedule.next_after(Wall::LAST, &zone), None);
        assert!(schedule.next_after(Wall(i64::MIN), &zone).is_none_or(|tick| tick.0 < 0));
    }
}

#[test]
fn ids_jids_and_jitter_are_the_same_whenever_they_are_asked_for() {
    assert_eq!(jid("nightly", wall("2026-01-02T03:04:00Z")), "nightly-20260102T030400Z");
    assert_eq!(jid("n", wall("2026-01-02T03:04:00.5Z")), "n-20260102T030400.5Z");
    for (id, good) in
        [("a", true), ("A-b_c.9", true), ("", false), ("a b", false), ("ü", false), (".a", false)]
    {
        assert_eq!(check_id(id), good, "{id}");
    }
    assert!(check_id(&"a".repeat(CRON_ID_MAX)) && !check_id(&"a".repeat(CRON_ID_MAX + 1)));
    let entry = entry("nightly", &["schedule=@daily", "jitter=600"]);
    let later = |day: i64| {
        let tick = Wall(day * 86_400_000_000);
        assert_eq!(entry.runs_at(tick), entry.runs_at(tick));
        entry.runs_at(tick).since(tick).as_secs()
    };
    let spread: Vec<u64> = (0..1_000).map(later).collect();
    assert!(spread.iter().all(|later| *later <= 600));
    assert!(spread.iter().any(|later| *later < 60) && spread.iter().any(|later| *later > 540));
    let mean = spread.iter().sum::<u64>() / 1_000;
    assert!((250..350).contains(&mean), "{mean}");
}

#[test]
fn the_least_time_between_ticks_is_known() {
    for (schedule, seconds) in [
        ("@every 90s", 90),
        ("* * * * *", 60),
        ("0,50 * * * *", 600),
        ("0 3,4 * * *", 3_600),
        ("@daily", 86_400),
        ("0 0 1 * *", 28 * 86_400),
    ] {
        assert_eq!(Schedule::parse(schedule).expect(schedule).least_seconds(), Some(seconds), "{schedule}");
    }
}

/// A field: a list of what may stand in it.
fn field(least: u32, most: u32) -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => Just("*".to_owned()),
        1 => (2_u32..20).prop_map(|step| format!("*/{step}")),
        3 => (least..=most).prop_map(|value| value.to_string()),
        1 => (least..=most, least..=most).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (least..=most, 1_u32..9).prop_map(|(from, step)| format!("{from}/{step}")),
    ];
    proptest::collection::vec(part, 1..3).prop_map(|parts| parts.join(","))
}

fn schedule() -> impl Strategy<Value = String> {
    (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
        .prop_map(|(m, h, d, mo, w)| format!("{m} {h} {d} {mo} {w}"))
}

const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Antarctica/Troll",
];

/// Another reading of the rules: whether something ticks in this minute, by what clocks show in it and before it.
fn ticks_in(fields: &Fields, minute: i64, zone: &TimeZone) -> bool {
    let local = |minute: i64| -> Zoned {
        Timestamp::from_second(minute * 60).expect("a time").to_zoned(zone.clone())
    };
    let allowed = |at: jiff::civil::DateTime| {
        let clock = fields.minutes >> at.minute() & 1 == 1 && fields.hours >> at.hour() & 1 == 1;
        clock && fields.is_day(at.date())
    };
    let (now, before) = (local(minute).datetime(), local(minute - 1).datetime());
    if fields.hours == (1 << 24) - 1 {
        return allowed(now);
    }
    // Whatever clocks have left out since the minute before.
    let mut left_out = before.checked_add(1.minute()).expect("a time");
    while left_out < now {
        if allowed(left_out) {
            return true;
        }
        left_out = left_out.checked_add(1.minute()).expect("a time");
    }
    // Whether clocks have shown this before: within three hours, for no pass is longer.
    allowed(now) && !(1..=180).any(|earlier| local(minute - earlier).datetime() == now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(60)))]

    #[test]
    fn the_next_tick_is_the_one_that_a_walk_from_minute_to_minute_finds(
        text in schedule(),
        zone_name in proptest::sample::select(&ZONES[..]),
        change in 0_usize..40,
        before in 0_i64..400,
    ) {
        let Ok(schedule) = Schedule::parse(&text) else { return Ok(()) };
        let When::At(fields) = *schedule.when() else { unreachable!("five fields") };
        let zone = zone(zone_name);
        // About a change of clocks, if there are any.
        let epoch: Timestamp = "2010-01-01T00:00:00Z".parse().expect("a time");
        let moment = zone.following(epoch).nth(change).map_or(epoch, |change| change.timestamp());
        let start = moment.as_second().div_euclid(60) - before;
        let walk: Vec<i64> = (start + 1..=start + 1_000).filter(|m| ticks_in(&fields, *m, &zone)).collect();
        let next = |tick: &Wall| schedule.next_after(*tick, &zone);
        let from = Wall(start * 60_000_000);
        let end = Wall((start + 1_000) * 60_000_000);
        let found: Vec<i64> = std::iter::successors(next(&from), next)
            .take_while(|tick| *tick <= end)
            .map(|tick| tick.0 / 60_000_000)
            .collect();
        prop_assert_eq!(&found, &walk, "{} in {} after {}", text, zone_name, from.rfc3339());
        let last = walk.last().map(|minute| Wall(minute * 60_000_000));
        prop_assert_eq!(schedule.latest(from, end, &zone), last);
    }

    #[test]
    fn a_later_moment_has_no_earlier_tick(
        text in schedule(),
        zone_name in proptest::sample::select(&ZONES[..]),
        seconds in 1_200_000_000_i64..2_000_000_000,
        later in 0_i64..100_000,
    ) {
        let Ok(schedule) = Schedule::parse(&text) else { return Ok(()) };
        let zone = zone(zone_name);
        let next = |seconds: i64| schedule.next_after(Wall(seconds * 1_000_000), &zone).expect("there is one");
        let (first, second) = (next(seconds), next(seconds + later));
        prop_assert!(first.0 > seconds * 1_000_000 && first <= second);
        prop_assert!(first >= second || first.0 <= (seconds + later) * 1_000_000, "none is passed over");
    }
}

fn cases(default: u32) -> u32 {
    std::env::var("BESSEMER_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}
