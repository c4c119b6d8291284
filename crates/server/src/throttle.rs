//! What strangers may cost: how often a password of theirs is checked, and how often the log speaks of them.
//!
//! Who sends wrong passwords is slowed down before anything is hashed, and the right one still lets in. All checks
//! together have a pace too, since each takes half a millisecond of the front's thread. A few addresses are
//! remembered; the one that has been quiet for longest is forgotten first.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Addresses remembered.
const ADDRESSES_MAX: usize = 1_024;

/// Wrong passwords are counted, and the log is silent about an address after it has spoken of it, for so long.
const MINUTE: Duration = Duration::from_secs(60);

/// From one check of an address that guesses to the next.
const SLOW: Duration = Duration::from_secs(1);

/// Remembers who sent wrong passwords and whom the log has spoken of.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    /// Held for a look-up, never across an await.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    addresses: BTreeMap<IpAddr, Record>,
    /// When the next check of anybody's password may begin.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Record {
    /// The wrong passwords of the minute that began then.
    wrong: u32,
    since: Instant,
    /// When the next check may begin, once there were too many.
    next: Option<Instant>,
    /// When the log spoke of it last, and what it has left out since.
    told: Option<Instant>,
    untold: u64,
    /// It was warned about its way of hashing (`D1`).
    legacy: bool,
    last: Instant,
}

impl Throttle {
    /// When the next password of an address may be checked: so many wrong ones in a minute are free. None: not before
    /// `until`, so its client is to go.
    pub(crate) fn own_turn(
        &self,
        address: IpAddr,
        wrong_max: usize,
        now: Instant,
        until: Instant,
    ) -> Option<Instant> {
        let mut known = self.known();
        let guesses = |record: &&mut Record| {
            now.duration_since(record.since) < MINUTE && record.wrong as usize >= wrong_max
        };
        let Some(record) = known.addresses.get_mut(&network(address)).filter(guesses) else {
            return Some(now);
        };
        let at = record.next.map_or(now, |next| next.max(now));
        if at > until {
            return None;
        }
        record.next = Some(at + SLOW);
        Some(at)
    }

    /// The same of everybody together: so many a second. To be asked when it is an address's own turn, so that one that
    /// has to wait holds up nobody else.
    pub(crate) fn common_turn(&self, pace: usize, now: Instant, until: Instant) -> Option<Instant> {
        let mut known = self.known();
        let at = known.next.map_or(now, |next| next.max(now));
        if at > until {
            return None;
        }
        known.next = Some(at + Duration::from_secs(1) / u32::try_from(pace).unwrap_or(u32::MAX));
        Some(at)
    }

    /// An address sent a wrong password.
    pub(crate) fn wrong(&self, address: IpAddr, now: Instant) {
        let mut known = self.known();
        let record = known.record(address, now);
        if now.duration_since(record.since) >= MINUTE {
            (record.wrong, record.since, record.next) = (0, now, None);
        }
        record.wrong += 1;
        // The first one beyond what is free waits too.
        record.next = record.next.max(Some(now + SLOW));
    }

    /// Whether the log is to speak of an address, and what it has left out since it did. Once a minute.
    pub(crate) fn tells(&self, address: IpAddr, now: Instant) -> Option<u64> {
        let mut known = self.known();
        let record = known.record(address, now);
        if record.told.is_some_and(|told| now.duration_since(told) < MINUTE) {
            record.untold += 1;
            return None;
        }
        record.told = Some(now);
        Some(std::mem::take(&mut record.untold))
    }

    /// Whether this is the first client of an address that hashes its password in one round only (`D1`).
    pub(crate) fn is_first_legacy(&self, address: IpAddr, now: Instant) -> bool {
        !std::mem::replace(&mut self.known().record(address, now).legacy, true)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn record(&mut self, address: IpAddr, now: Instant) -> &mut Record {
        let address = network(address);
        if self.addresses.len() >= ADDRESSES_MAX && !self.addresses.contains_key(&address) {
            let quiet = self.addresses.iter().min_by_key(|(_, record)| record.last);
            let quiet = quiet.map(|(address, _)| *address);
            quiet.and_then(|address| self.addresses.remove(&address));
        }
        let new =
            || Record { wrong: 0, since: now, next: None, told: None, untold: 0, legacy: false, last: now };
        let record = self.addresses.entry(address).or_insert_with(new);
        record.last = now;
        record
    }
}

/// Whoever has one address of an IPv6 network has 2^64 of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(if address.is_loopback() { address } else { Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0) })
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    const PATIENCE: Duration = Duration::from_secs(5);

    /// How long a check has to wait, if it has the patience.
    fn wait(throttle: &Throttle, who: IpAddr, now: Instant) -> Option<Duration> {
        throttle.own_turn(who, 10, now, now + PATIENCE).map(|at| at.duration_since(now))
    }

    #[test]
    fn ten_wrong_passwords_are_free_and_then_one_a_second_is_checked() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(wait(&throttle, address(1), now), Some(Duration::ZERO));
            throttle.wrong(address(1), now);
        }
        let waits: Vec<_> = (0..7).map(|_| wait(&throttle, address(1), now)).collect();
        let seconds: Vec<_> = (1..=5).map(|n| Some(Duration::from_secs(n))).chain([None, None]).collect();
        assert_eq!(waits, seconds);
        assert_eq!(wait(&throttle, address(2), now), Some(Duration::ZERO));
        assert_eq!(throttle.common_turn(1, now, now), Some(now), "who waits holds up nobody");
    }

    #[test]
    fn after_a_minute_the_address_is_as_good_as_any() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        (0..11).for_each(|_| throttle.wrong(address(1), now));
        assert_eq!(wait(&throttle, address(1), now), Some(Duration::from_secs(1)));
        let later = now + MINUTE;
        for _ in 0..10 {
            assert_eq!(wait(&throttle, address(1), later), Some(Duration::ZERO));
            throttle.wrong(address(1), later);
        }
        assert_eq!(wait(&throttle, address(1), later), Some(Duration::from_secs(1)));
    }

    #[test]
    fn all_checks_together_keep_a_pace() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let turn = || throttle.common_turn(2_000, now, now + PATIENCE).map(|at| at.duration_since(now));
        assert_eq!(turn(), Some(Duration::ZERO));
        assert_eq!(turn(), Some(Duration::from_micros(500)));
        (2..10_000).for_each(|_| _ = turn());
        assert_eq!(turn(), Some(PATIENCE), "the 10,001st begins after 5 s");
        assert_eq!(turn(), None);
    }

    #[test]
    fn the_log_speaks_of_an_address_once_a_minute_and_counts_the_rest() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        assert_eq!(throttle.tells(address(1), now), Some(0));
        assert_eq!([0; 3].map(|_| throttle.tells(address(1), now)), [None; 3]);
        assert_eq!(throttle.tells(address(2), now), Some(0));
        assert_eq!(throttle.tells(address(1), now + MINUTE), Some(3));
        assert!(throttle.is_first_legacy(address(1), now));
        assert!(!throttle.is_first_legacy(address(1), now));
    }

    #[test]
    fn so_many_addresses_are_remembered_and_an_ipv6_network_is_one() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..2 * ADDRESSES_MAX as u32 {
            throttle.wrong(address(n), now + Duration::from_millis(n.into()));
        }
        assert_eq!(throttle.known().addresses.len(), ADDRESSES_MAX);
        let throttle = Throttle::default();
        for n in 0..100 {
            throttle.wrong(format!("2001:db8::{n}").parse().expect("an address"), now);
        }
        throttle.wrong("::1".parse().expect("an address"), now);
        assert_eq!(throttle.known().addresses.len(), 2);
    }
}
