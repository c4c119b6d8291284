//! The only clock, and the only source of chance, of the server.

use std::cell::Cell;
use std::time::Duration;

use bessemer_core::{Boot, Now, Wall};
use rustix::time::{ClockId, clock_gettime};

/// Reads the two clocks and draws random bits.
#[derive(Debug)]
pub(crate) struct Clock {
    /// State of a SplitMix64 generator, seeded by the operating system: jitter needs no more.
    chance: Cell<u64>,
    /// How far it is ahead of the machine's clocks, in microseconds: 0, unless a test moved it (`embed.rs`).
    ahead: Cell<u64>,
}

/// The boot-time clock counts while the machine sleeps, where there is one.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOT: ClockId = ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const BOOT: ClockId = ClockId::Monotonic;

/// UTC.
pub(crate) fn wall() -> Wall {
    Wall(micros(clock_gettime(ClockId::Realtime)))
}

/// The boot-time clock.
pub(crate) fn boot() -> Boot {
    Boot(u64::try_from(micros(clock_gettime(BOOT))).unwrap_or(0))
}

/// Stands still for a moment. A timer of tokio's would take a millisecond at least.
#[expect(clippy::disallowed_methods, reason = "this is the file that knows of time")]
pub(crate) fn nap(moment: Duration) {
    std::thread::sleep(moment);
}

/// From now on naps of this thread, and of those that it starts, end in time. Else the kernel lets each last up to 50 µs longer, so that it can wake
/// several sleepers at once.
pub(crate) fn nap_briefly() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1)) {
        tracing::debug!("naps may last longer than they should: {error}");
    }
}

fn micros(time: rustix::time::Timespec) -> i64 {
    time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1_000)
}

impl Clock {
    /// A clock whose chance comes from the operating system.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self { chance: Cell::new(getrandom::u64()?), ahead: Cell::new(0) })
    }

    /// Moves it, from now on.
    #[cfg(feature = "embed")]
    pub(crate) fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.ahead.set(self.ahead.get().saturating_add(micros));
    }

    /// This moment. `heard`: `None` says that nothing is left to read just now.
    pub(crate) fn now(&self, heard: Option<Boot>) -> Now {
        let ahead = Duration::from_micros(self.ahead.get());
        let boot = boot().after(ahead);
        Now { wall: wall().after(ahead), boot, heard: heard.unwrap_or(boot), chance: self.draw() }
    }

    fn draw(&self) -> u64 {
        let state = self.chance.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.chance.set(state);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
