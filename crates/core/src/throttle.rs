//! What may limit a queue (rule `E-60`): how many of its jobs are worked on at once, by all and by each worker, and how
//! many are begun in a span of time. Here are the words and their bounds; what they do is in `machine/throttle.rs`.

use std::time::Duration;

use crate::limits::{THROTTLE_MAX, THROTTLE_SPAN_MAX_S};

/// The limits of one queue. Without any of them it is as if there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// Jobs that all workers together work on at once.
    pub concurrency: Option<u32>,
    /// Jobs that each worker, by its wid, works on at once. Those who are no workers count together as one.
    pub worker: Option<u32>,
    /// Jobs that are begun in a span of time.
    pub rate: Option<Rate>,
    /// Faktory frees the slot of a worker that is gone after so many seconds. Here a slot is a reservation and ends with
    /// it, so it is known, shown, and does nothing (decision 0033).
    pub timeout_s: Option<u32>,
}

/// Jobs per span of time: a bucket that holds `burst` tokens, into which `jobs` of them run in each span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub jobs: u32,
    pub per_s: u32,
    pub burst: u32,
}

/// A throttle as somebody writes it down: each number under the name that it has everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub concurrency: Option<u64>,
    pub worker: Option<u64>,
    pub rate: Option<u64>,
    /// One second where `rate` stands alone.
    pub per: Option<u64>,
    /// As many as `rate` says where it stands alone.
    pub burst: Option<u64>,
    pub timeout: Option<u64>,
}

/// What is wrong with a throttle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadThrottle {
    /// A number that is too small or too large.
    Range { name: &'static str, most: u32, got: u64 },
    /// A part of a rate that is none.
    NoRate(&'static str),
}

impl std::error::Error for BadThrottle {}

impl std::fmt::Display for BadThrottle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Range { name, most, got } => write!(f, "`{name}` must be from 1 to {most}, not {got}"),
            Self::NoRate(name) => write!(f, "`{name}` says nothing without `rate`"),
        }
    }
}

impl Parts {
    /// The names, in the order in which they are told.
    pub const NAMES: [&'static str; 6] = ["concurrency", "worker", "rate", "per", "burst", "timeout"];

    /// The number of that name, if there is one of that name.
    pub fn part(&mut self, name: &str) -> Option<&mut Option<u64>> {
        Some(match name {
            "concurrency" => &mut self.concurrency,
            "worker" => &mut self.worker,
            "rate" => &mut self.rate,
            "per" => &mut self.per,
            "burst" => &mut self.burst,
            "timeout" => &mut self.timeout,
            _ => return None,
        })
    }

    /// The throttle that is written there.
    pub fn throttle(self) -> Result<Throttle, BadThrottle> {
        let within = |name, part: Option<u64>, most: u32| {
            let fits = |got: u64| u32::try_from(got).ok().filter(|n| (1..=most).contains(n));
            part.map(|got| fits(got).ok_or(BadThrottle::Range { name, most, got })).transpose()
        };
        let (per, burst) =
            (within("per", self.per, THROTTLE_SPAN_MAX_S)?, within("burst", self.burst, THROTTLE_MAX)?);
        let rate = match within("rate", self.rate, THROTTLE_MAX)? {
            Some(jobs) => Some(Rate { jobs, per_s: per.unwrap_or(1), burst: burst.unwrap_or(jobs) }),
            None if per.is_some() => return Err(BadThrottle::NoRate("per")),
            None if burst.is_some() => return Err(BadThrottle::NoRate("burst")),
            None => None,
        };
        Ok(Throttle {
            concurrency: within("concurrency", self.concurrency, THROTTLE_MAX)?,
            worker: within("worker", self.worker, THROTTLE_MAX)?,
            rate,
            timeout_s: within("timeout", self.timeout, THROTTLE_SPAN_MAX_S)?,
        })
    }
}

impl Throttle {
    /// Whether it limits anything.
    pub fn limits(&self) -> bool {
        self.concurrency.is_some() || self.worker.is_some() || self.rate.is_some()
    }

    /// What it says, name by name, in the order of [`Parts::NAMES`].
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, u32)> + use<> {
        let rate = self.rate;
        let numbers = [
            self.concurrency,
            self.worker,
            rate.map(|rate| rate.jobs),
            rate.map(|rate| rate.per_s),
            rate.map(|rate| rate.burst),
            self.timeout_s,
        ];
        Parts::NAMES.into_iter().zip(numbers).filter_map(|(name, number)| Some((name, number?)))
    }

    /// The value of its record: a version, and for each name a number, 0 where there is none; little-endian.
    pub fn to_bytes(self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[0] = VERSION;
        for (name, number) in self.parts() {
            let place = Parts::NAMES.iter().position(|known| *known == name).unwrap_or_default();
            bytes[1 + 4 * place..5 + 4 * place].copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Reads [`Throttle::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let numbers = bytes.strip_prefix(&[VERSION]).filter(|rest| rest.len() == RECORD - 1)?;
        let mut parts = Parts::default();
        for (name, number) in Parts::NAMES.into_iter().zip(numbers.chunks_exact(4)) {
            let number = u32::from_le_bytes(number.try_into().ok()?);
            *parts.part(name)? = (number > 0).then(|| number.into());
        }
        parts.throttle().ok()
    }
}

impl Rate {
    /// The span.
    pub fn per(&self) -> Duration {
        Duration::from_secs(self.per_s.into())
    }
}

/// The form of the record. Another form gets another number, and this one is read for ever.
const VERSION: u8 = 1;
/// Its bytes.
const RECORD: usize = 1 + 4 * Parts::NAMES.len();

impl std::fmt::Display for Throttle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.parts().next().is_none() {
            return f.write_str("no limit");
        }
        for (i, (name, number)) in self.parts().enumerate() {
            write!(f, "{}{name}={number}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Parts {
        let mut parts = Parts::default();
        for (name, number) in text.split_whitespace().filter_map(|word| word.split_once('=')) {
            *parts.part(name).expect("a name") = Some(number.parse().expect("a number"));
        }
        parts
    }

    #[test]
    fn what_is_left_out_of_a_rate_is_one_second_and_as_many_as_the_rate_e60() {
        for (said, meant) in [
            ("concurrency=3 timeout=60", "concurrency=3 timeout=60"),
            ("worker=1", "worker=1"),
            ("rate=5", "rate=5 per=1 burst=5"),
            ("rate=5 per=60", "rate=5 per=60 burst=5"),
            ("rate=5 burst=1", "rate=5 per=1 burst=1"),
            ("", "no limit"),
        ] {
            let throttle = parts(said).throttle().expect(said);
            assert_eq!(throttle.to_string(), meant);
            assert_eq!(Throttle::from_bytes(&throttle.to_bytes()), Some(throttle), "{said}");
        }
    }

    #[test]
    fn each_number_has_its_bounds_and_one_beyond_is_refused_e60() {
        for name in Parts::NAMES {
            let most = if matches!(name, "per" | "timeout") { 2_678_400 } else { 1_000_000 };
            let with = |number: u64| {
                let rate = if matches!(name, "per" | "burst") { "rate=1 " } else { "" };
                parts(&format!("{rate}{name}={number}")).throttle()
            };
            assert!(with(1).is_ok() && with(most).is_ok(), "{name}");
            for got in [0, most + 1, u64::MAX] {
                let said = with(got).expect_err(name).to_string();
                assert_eq!(said, format!("`{name}` must be from 1 to {most}, not {got}"));
            }
        }
        let said = |text: &str| parts(text).throttle().map_err(|bad| bad.to_string());
        assert_eq!(said("per=2"), Err("`per` says nothing without `rate`".into()));
        assert_eq!(said("burst=2 worker=1"), Err("`burst` says nothing without `rate`".into()));
    }

    #[test]
    fn a_record_of_another_form_is_none() {
        let good = Throttle { worker: Some(7), ..Throttle::default() }.to_bytes();
        let mut newer = good;
        newer[0] = 2;
        assert_eq!(Throttle::from_bytes(&newer), None);
        assert_eq!(Throttle::from_bytes(&good[1..]), None);
        assert_eq!(Throttle::from_bytes(b""), None);
    }

    #[test]
    fn the_record_of_the_first_version_is_read_for_ever() {
        let bytes = *b"\x01\x03\0\0\0\x02\0\0\0\x0a\0\0\0\x3c\0\0\0\x14\0\0\0\x08\x07\0\0";
        let read = Throttle::from_bytes(&bytes).expect("a throttle");
        assert_eq!(read.to_string(), "concurrency=3 worker=2 rate=10 per=60 burst=20 timeout=1800");
        assert_eq!(read.to_bytes(), bytes);
    }
}
