//! What is kept of a cron entry: up to which moment its ticks are settled, whether somebody has paused it, and its last
//! runs. One record holds all of it with absolute values, so a tick is done with the record that says so, or not at all.
//!
//! As bytes: a version, then numbers in little-endian order. A version that is not known is none of ours: the entry is as
//! if it were new. What is added goes to the end of a record or makes another version.

use std::collections::VecDeque;

use crate::limits::{CRON_RUNS_MAX, CRON_SKIPPED_MAX};
use crate::time::Wall;

const VERSION: u8 = 1;
/// Bytes of a refusal's text that are kept.
const NOTE_MAX: usize = 120;

/// What is known of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// Which ticks these were, see [`super::CronEntry::series`].
    pub(crate) series: u64,
    /// All ticks up to this moment are run or skipped. It never goes back.
    pub(crate) settled: Wall,
    /// An operator has paused it.
    pub(crate) paused: bool,
    /// The configuration has switched it off, or lost it, since then.
    pub(crate) off: Option<Wall>,
    /// Oldest first, [`CRON_RUNS_MAX`] at most.
    pub(crate) runs: VecDeque<Run>,
}

/// One run, or ticks that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The tick; of several the last. By hand: when that was.
    pub(crate) tick: Wall,
    /// When the job was pushed.
    pub(crate) at: Wall,
    /// How often the job has failed.
    pub(crate) fails: u32,
    pub(crate) ran: Ran,
    /// When it came to that.
    pub(crate) until: Wall,
    pub(crate) ticks: Ticks,
    /// Why the job was refused.
    pub(crate) note: Box<str>,
}

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticks {
    /// A tick.
    One,
    /// Nobody's tick: somebody has asked for it.
    ByHand,
    /// So many that were skipped.
    Skipped(u32),
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The job is pushed and lives, wherever it stands.
    Pushed,
    Done,
    /// In the dead set, or gone from there.
    Died,
    /// It failed, and asked to be thrown away then; or its worker was lost.
    Discarded,
    /// An operator has deleted it.
    Deleted,
    /// It was not run in time.
    Expired,
    /// It was not taken in.
    Refused,
    /// There was no job.
    Skipped(Why),
}

/// Why ticks came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody was there, and the entry does not make up for it.
    Missed,
    /// An operator had paused it.
    Paused,
}

impl Ran {
    const CODES: [Self; 9] = [
        Self::Pushed,
        Self::Done,
        Self::Died,
        Self::Discarded,
        Self::Deleted,
        Self::Expired,
        Self::Refused,
        Self::Skipped(Why::Missed),
        Self::Skipped(Why::Paused),
    ];

    /// As answers and metrics say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pushed => "pushed",
            Self::Done => "done",
            Self::Died => "died",
            Self::Discarded => "discarded",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Skipped(Why::Missed) => "missed",
            Self::Skipped(Why::Paused) => "paused",
        }
    }

    /// All of them.
    pub fn all() -> [Self; 9] {
        Self::CODES
    }
}

impl Record {
    /// One more.
    pub(crate) fn add(&mut self, mut run: Run) {
        run.note = run.note[..run.note.floor_char_boundary(NOTE_MAX)].into();
        self.runs.push_back(run);
        while self.runs.len() > CRON_RUNS_MAX {
            self.runs.pop_front();
        }
    }

    /// So many ticks came to nothing, the last of them then; those that are skipped in a row are one.
    pub(crate) fn skip(&mut self, why: Why, count: u32, last: Wall, now: Wall) {
        let ran = Ran::Skipped(why);
        let mut run = Run {
            tick: last,
            at: now,
            fails: 0,
            ran,
            until: now,
            ticks: Ticks::Skipped(count),
            note: "".into(),
        };
        if let Some(before) = self.runs.back().filter(|before| before.ran == ran)
            && let Ticks::Skipped(earlier) = before.ticks
        {
            run.ticks = Ticks::Skipped(earlier.saturating_add(count).min(CRON_SKIPPED_MAX));
            self.runs.pop_back();
        }
        self.add(run);
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| bytes.extend_from_slice(part));
        let off = self.off.map_or(i64::MIN, |off| off.0);
        put(&[
            &self.series.to_le_bytes(),
            &self.settled.0.to_le_bytes(),
            &[u8::from(self.paused)],
            &off.to_le_bytes(),
        ]);
        for run in &self.runs {
            let ran = Ran::CODES.iter().position(|code| *code == run.ran).unwrap_or_default();
            let ticks = match run.ticks {
                Ticks::One => u32::MAX,
                Ticks::ByHand => u32::MAX - 1,
                Ticks::Skipped(count) => count,
            };
            put(&[
                &run.tick.0.to_le_bytes(),
                &run.at.0.to_le_bytes(),
                &run.until.0.to_le_bytes(),
                &run.fails.to_le_bytes(),
                &ticks.to_le_bytes(),
                &[ran as u8, run.note.len() as u8],
                run.note.as_bytes(),
            ]);
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[VERSION])?;
        let series = u64::from_le_bytes(take(&mut rest)?);
        let settled = Wall(i64::from_le_bytes(take(&mut rest)?));
        let [paused] = take(&mut rest)?;
        let off = i64::from_le_bytes(take(&mut rest)?);
        let off = (off != i64::MIN).then_some(Wall(off));
        let mut record = Self { series, settled, paused: paused != 0, off, runs: VecDeque::new() };
        while !rest.is_empty() {
            let mut time = || Some(Wall(i64::from_le_bytes(take(&mut rest)?)));
            let (tick, at, until) = (time()?, time()?, time()?);
            let fails = u32::from_le_bytes(take(&mut rest)?);
            let ticks = match u32::from_le_bytes(take(&mut rest)?) {
                u32::MAX => Ticks::One,
                count if count == u32::MAX - 1 => Ticks::ByHand,
                count => Ticks::Skipped(count),
            };
            let [ran, len] = take(&mut rest)?;
            let ran = *Ran::CODES.get(usize::from(ran))?;
            let (note, behind) = rest.split_at_checked(usize::from(len))?;
            rest = behind;
            let note = std::str::from_utf8(note).ok()?.into();
            record.runs.push_back(Run { tick, at, fails, ran, until, ticks, note });
        }
        Some(record)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::KEPT_VALUE_MAX;

    fn run(n: usize) -> Run {
        let ran = Ran::CODES[n % Ran::CODES.len()];
        let ticks = [Ticks::One, Ticks::ByHand, Ticks::Skipped(7)][n % 3];
        let at = Wall(n as i64);
        Run { tick: at, at, fails: 3, ran, until: Wall(-1), ticks, note: "ü".repeat(200).into() }
    }

    #[test]
    fn a_full_record_is_read_as_it_was_written_and_is_small() {
        let mut record = Record { series: 7, settled: Wall(9), paused: true, ..Record::default() };
        (0..CRON_RUNS_MAX + 1).for_each(|n| record.add(run(n)));
        assert_eq!((record.runs.len(), record.runs[0].tick), (CRON_RUNS_MAX, Wall(1)), "the oldest has gone");
        let bytes = record.encode();
        assert!(bytes.len() < KEPT_VALUE_MAX / 3, "{} bytes", bytes.len());
        assert_eq!(Record::decode(&bytes), Some(record));
        for cut in 0..bytes.len() {
            // Whatever is read of less, nothing breaks.
            _ = Record::decode(&bytes[..cut]);
        }
        assert_eq!(Record::decode(&[2, 0]), None, "of a later version");
    }

    #[test]
    fn ticks_that_are_skipped_in_a_row_are_one_run() {
        let mut record = Record::default();
        record.skip(Why::Paused, 3, Wall(3), Wall(4));
        record.skip(Why::Paused, u32::MAX, Wall(8), Wall(9));
        record.skip(Why::Missed, 1, Wall(10), Wall(11));
        let ticks: Vec<_> = record.runs.iter().map(|run| (run.tick, run.ticks)).collect();
        assert_eq!(ticks, [(Wall(8), Ticks::Skipped(CRON_SKIPPED_MAX)), (Wall(10), Ticks::Skipped(1))]);
    }
}
