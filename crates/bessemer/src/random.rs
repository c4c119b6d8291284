//! The only source of chance: ids, and the jitter of back-offs.

use std::time::Duration;

use crate::error::Error;

/// `BYTES` random bytes in lower-case hexadecimal.
pub(crate) fn hex_id<const BYTES: usize>() -> Result<String, Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(Error::Entropy)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A time between nothing and `ceiling`. Without entropy it is `ceiling`: jitter is a courtesy, not a promise.
pub(crate) fn up_to(ceiling: Duration) -> Duration {
    let share = getrandom::u32().map_or(1.0, |bits| f64::from(bits) / f64::from(u32::MAX));
    ceiling.mul_f64(share)
}

/// Throws that cost no call to the operating system, for what is drawn all the time. Nothing depends on that nobody can
/// guess them.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Result<Self, Error> {
        getrandom::u64().map(Self).map_err(Error::Entropy)
    }

    /// Shuffles, so that the first place, and each later one among what is left, goes by weight.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T], mut weights: Vec<u64>) {
        for place in 0..items.len() {
            let mut throw = self.below(weights[place..].iter().sum());
            let passed_over = |weight: &&u64| {
                let over = throw >= **weight;
                throw = throw.saturating_sub(**weight);
                over
            };
            let chosen = place + weights[place..].iter().take_while(passed_over).count();
            items.swap(place, chosen);
            weights.swap(place, chosen);
        }
    }

    /// SplitMix64, brought below `end`; what that favours small numbers by is less than 2^-32 here.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hexadecimal_and_new_each_time() {
        let (a, b) = (hex_id::<12>().unwrap(), hex_id::<12>().unwrap());
        assert_eq!(a.len(), 24);
        assert!(a.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()));
        assert_ne!(a, b);
    }
}
