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
