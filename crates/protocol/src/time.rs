//! Times as they travel: RFC 3339 in UTC, the fraction without trailing zeros (rule `J-05`).

use std::time::SystemTime;

use jiff::Timestamp;

/// The text of a time; `None` beyond the years that can be written, -9999 to 9999.
pub fn rfc3339(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_written_as_the_reference_writes_them_j05() {
        let at = |millis| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(at(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(at(1_767_323_045_120).as_deref(), Some("2026-01-02T03:04:05.12Z"));
        assert_eq!(at(u64::MAX), None);
    }
}
