//! Chance from a seed: SplitMix64, so that a seed means the same everywhere and for ever.

use bessemer_core::Now;

/// A generator; equal seeds draw equal numbers.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6a09_e667_f3bc_c908))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// 0 to `limit - 1`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }

    /// A duration in microseconds whose order of magnitude is what chance decides first.
    pub(crate) fn magnitude(&mut self, low: u64, high: u64) -> u64 {
        let steps = (high / low).max(1).ilog2();
        let low = low << self.below(u64::from(steps) + 1);
        self.between(low, low * 2).min(high)
    }
}

pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A second in the microseconds of all clocks here.
pub(crate) const SECOND: u64 = 1_000_000;

/// The two clocks of the server's machine, and the time of the world, which no fault touches.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Microseconds since the world began.
    pub(crate) at: u64,
    wall: i64,
    /// World time at which the machine was switched on.
    booted: u64,
    /// Steps of the wall clock so far.
    pub(crate) steps: u32,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { at: 0, wall: 1_795_000_000 * SECOND as i64, booted: 0, steps: 0 }
    }

    /// This moment, as the server sees it; `heard` is world time.
    pub(crate) fn now(&self, heard: u64, chance: u64) -> Now {
        let boot = |at: u64| bessemer_core::Boot(at.saturating_sub(self.booted) + SECOND);
        Now {
            wall: bessemer_core::Wall(self.wall + self.at as i64),
            boot: boot(self.at),
            heard: boot(heard),
            chance,
        }
    }

    /// World time of a moment on the boot-time clock.
    pub(crate) fn world(&self, boot: bessemer_core::Boot) -> u64 {
        (boot.0 + self.booted).saturating_sub(SECOND)
    }

    pub(crate) fn step_wall(&mut self, by: i64) {
        // From 1971 on; the year 9000 is far enough.
        let low = 31_536_000 * SECOND as i64;
        self.wall = (self.wall + by).clamp(low, 7_000 * low);
        self.steps += 1;
    }

    /// The machine was switched off and on: its boot-time clock begins again.
    pub(crate) fn reboot(&mut self) {
        self.booted = self.at;
    }
}
