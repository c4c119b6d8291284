//! The last ten minutes as two charts: how much was done, and how long it took and had waited.

use std::time::Duration;

use bessemer_core::Wall;

use crate::chart::{self, Chart, Said, Series};
use crate::moment;
use crate::watch::{SAMPLES_MAX, Sample};
use crate::words::Words;

/// Seconds in one column.
const STEP: usize = 5;

/// Columns of a chart.
const COLUMNS: usize = SAMPLES_MAX / STEP;

/// Columns with a figure at the axis: every five minutes, so that they have room on a phone.
const TICK: usize = 60;

/// The charts and their latest figures.
pub(crate) struct Lately {
    pub throughput: Chart,
    pub latency: Chart,
    /// Done and failed per second, run time and wait: of the last column in which anything is known.
    pub done: String,
    pub failed: String,
    pub run: String,
    pub wait: String,
}

/// What is known of a few seconds.
#[derive(Clone, Copy, Default)]
struct Column {
    seconds: usize,
    done: u64,
    failed: u64,
    run: Option<Duration>,
    wait: Option<Duration>,
}

impl Column {
    fn add(&mut self, sample: &Sample) {
        self.seconds += 1;
        self.done += sample.done;
        self.failed += sample.failed;
        // Of several seconds the slowest: a chart is looked at for what went wrong.
        self.run = self.run.max(sample.run.map(|(_, p95)| p95));
        self.wait = self.wait.max(sample.wait.map(|(_, p95)| p95));
    }

    fn rate(self, jobs: u64) -> Option<f64> {
        (self.seconds > 0).then(|| jobs as f64 / self.seconds as f64)
    }
}

impl Lately {
    pub(crate) fn new(samples: &[Sample], now: Wall, words: Words) -> Self {
        // Columns begin at whole multiples of their length, so that they keep what they hold while they move on.
        let last = now.0.div_euclid(SECOND * STEP as i64);
        let number = |at: Wall| at.0.div_euclid(SECOND * STEP as i64);
        let mut columns = [Column::default(); COLUMNS];
        for sample in samples {
            let age = usize::try_from(last - number(sample.at)).unwrap_or(usize::MAX);
            if age < COLUMNS {
                columns[COLUMNS - 1 - age].add(sample);
            }
        }
        let clock = |i: usize| clock(Wall((last - (COLUMNS - 1 - i) as i64) * SECOND * STEP as i64));
        let known = columns.iter().rev().find(|column| column.seconds > 0).copied().unwrap_or_default();
        let rate = |jobs| chart::count(known.rate(jobs).unwrap_or(0.0), words);
        let time =
            |time: Option<Duration>| time.map_or_else(|| "–".into(), |time| moment::duration(time, words));
        let title = |(i, column): (usize, &Column)| {
            let rate = |jobs| chart::count(column.rate(jobs).unwrap_or(0.0), words);
            let texts: [(&'static str, &str); 5] = [
                ("time", &clock(i)),
                ("done", &rate(column.done)),
                ("failed", &rate(column.failed)),
                ("run", &time(column.run)),
                ("wait", &time(column.wait)),
            ];
            let key = if column.seconds > 0 { "home-pulse-at" } else { "home-pulse-unknown" };
            words.fill(key, &texts).into()
        };
        let titles: Vec<String> = columns.iter().enumerate().map(title).collect();
        let said = |key: &str, figure| Said {
            words: words.say(key).into(),
            titles: titles.clone(),
            ticks: (0..COLUMNS).step_by(TICK).chain([COLUMNS - 1]).map(|i| (i, clock(i))).collect(),
            figure,
            language: words,
        };
        let series = |class, filled, value: &dyn Fn(&Column) -> Option<f64>| Series {
            class,
            values: columns.iter().map(value).collect(),
            filled,
        };
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        Self {
            throughput: Chart::lines(
                said("home-throughput-words", chart::count),
                &[
                    series("good", true, &|column| column.rate(column.done)),
                    series("bad", true, &|column| column.rate(column.failed)),
                ],
            ),
            latency: Chart::lines(
                said("home-latency-words", time_at_grid),
                &[
                    series("run", false, &|column| seconds(column.run)),
                    series("wait", false, &|column| seconds(column.wait)),
                ],
            ),
            done: rate(known.done),
            failed: rate(known.failed),
            run: time(known.run),
            wait: time(known.wait),
        }
    }
}

const SECOND: i64 = 1_000_000;

/// `21:40:05`.
fn clock(at: Wall) -> String {
    at.rfc3339().get(11..19).unwrap_or_default().to_owned()
}

/// A figure at the grid of a chart of times.
fn time_at_grid(seconds: f64, words: Words) -> String {
    let (figure, unit) = match seconds {
        60.0.. => (seconds / 60.0, "m"),
        1.0.. => (seconds, "s"),
        0.001.. => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "µs"),
    };
    words.figure(format!("{} {unit}", chart::count(figure, words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_gathered_into_columns_that_keep_what_they_hold() {
        let start = Wall(1_767_323_045 * SECOND); // a multiple of five seconds
        let sample = |second: i64, done, millis| Sample {
            at: Wall(start.0 + second * SECOND),
            done,
            run: Some((Duration::ZERO, Duration::from_millis(millis))),
            ..Sample::default()
        };
        let samples = [sample(-700, 1, 1), sample(0, 10, 5), sample(1, 20, 80), sample(5, 3, 7)];
        let at = |second| Lately::new(&samples, Wall(start.0 + second * SECOND), Words::default());
        for (second, column) in [(6, COLUMNS - 2), (12, COLUMNS - 3)] {
            let pulse = at(second);
            assert_eq!((pulse.done.as_str(), pulse.run.as_str()), ("3", "7.0 ms"));
            let html = pulse.throughput.to_string();
            let titles: Vec<&str> = html.split("<title>").skip(1).collect();
            assert_eq!(titles.len(), COLUMNS);
            assert!(titles[column].starts_with("03:04:05: 15/s done"), "{}", titles[column]);
            assert!(titles[column].contains("run 80 ms"), "{}", titles[column]);
            assert!(titles[0].starts_with("02:5"), "{}", titles[0]);
        }
        let nothing = Lately::new(&[], start, Words::default());
        assert_eq!((nothing.done.as_str(), nothing.wait.as_str()), ("0", "–"));
    }

    #[test]
    fn times_at_the_grid_have_one_unit() {
        for (seconds, text) in
            [(0.000_2, "200 µs"), (0.05, "50 ms"), (1.5, "1.5 s"), (120.0, "2 m"), (6_000.0, "100 m")]
        {
            assert_eq!(time_at_grid(seconds, Words::default()), text);
        }
    }
}
