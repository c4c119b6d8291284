//! Memory of the process: whether producers are still let in (`G17`).
//!
//! ```text
//!            used >= high water
//!  accepting ──────────────────────────────────────────────────► full
//!            ◄──────────────────────────────────────────────────
//!            used < 95 % of it, or a tenth of the jobs has gone
//! ```
//!
//! Memory that ended jobs have left is used again by new ones and not given back to the system, so what the process
//! holds need not shrink while workers make room. That is why the number of jobs counts too: as many as there were when
//! it became full are known to fit, and producers are let in again up to there.

/// What is known of the memory of the process.
#[derive(Debug, Default)]
pub(super) struct Memory {
    full: bool,
    /// Bytes and jobs when it became full, until it holds less again.
    peak: Option<Extent>,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    used: u64,
    jobs: usize,
}

impl Memory {
    /// Whether producers are refused.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// The process holds so many bytes, and the store so many jobs.
    pub(super) fn look(&mut self, used: u64, jobs: usize, high_water: u64) {
        if used < high_water - high_water / 20 {
            return *self = Self::default();
        }
        let Some(peak) = self.peak else {
            if used >= high_water {
                *self = Self { full: true, peak: Some(Extent { used, jobs }) };
            }
            return;
        };
        // It may hold more although there are fewer jobs: something else has grown.
        let grown = used > peak.used + peak.used / 50;
        if grown || (!self.full && jobs >= peak.jobs) {
            *self = Self { full: true, peak: Some(Extent { used: used.max(peak.used), jobs }) };
        } else if jobs * 10 < peak.jobs * 9 {
            self.full = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: u64 = 1_000;

    fn looks(memory: &mut Memory, used: u64, jobs: usize) -> bool {
        memory.look(used, jobs, MARK);
        memory.is_full()
    }

    #[test]
    fn it_is_full_from_the_mark_on_and_until_a_good_way_below_g17() {
        let mut memory = Memory::default();
        assert!(!looks(&mut memory, 999, 100));
        assert!(looks(&mut memory, 1_000, 100));
        assert!(looks(&mut memory, 999, 100));
        assert!(looks(&mut memory, 950, 100));
        assert!(!looks(&mut memory, 949, 100));
        assert!(!looks(&mut memory, 999, 200), "and then not before the mark");
        assert!(looks(&mut memory, 1_000, 200));
    }

    #[test]
    fn memory_that_jobs_have_left_is_used_again_g17() {
        let mut memory = Memory::default();
        assert!(looks(&mut memory, 1_000, 100));
        assert!(looks(&mut memory, 1_000, 90));
        assert!(!looks(&mut memory, 1_000, 89), "a tenth has gone, and the process holds what it held");
        assert!(!looks(&mut memory, 1_000, 99));
        assert!(looks(&mut memory, 1_000, 100), "as many as before");
        assert!(!looks(&mut memory, 1_000, 0));
        assert!(looks(&mut memory, 1_021, 1), "something else has grown");
        assert!(looks(&mut memory, 1_021, 1));
        assert!(!looks(&mut memory, 1_021, 0));
    }
}
