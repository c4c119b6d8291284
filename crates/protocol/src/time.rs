//! Times as they travel: RFC 3339 in UTC, the fraction without trailing zeros (rule `J-05`).

use std::borrow::Cow;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;

/// The text of a time; `None` beyond the years that can be written, -9999 to 9999.
pub fn rfc3339(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| time.to_string())
}

/// Reads RFC 3339 with any offset (rule `P-09`), of the years 0 to 9999; what is finer than a nanosecond is cut, and a
/// leap second is the one before it. The error says why not.
///
/// Strict, where the parser would also take a time without seconds, a blank for the `T`, or a zone in brackets: other
/// clients are to read what comes back.
pub fn parse_rfc3339(text: &str) -> Result<Timestamp, String> {
    let shaped = shaped(text).ok_or("expected YYYY-MM-DDTHH:MM:SS and Z or an offset")?;
    let time = match shaped.parse::<Timestamp>() {
        // The last hours of the year 9999 cannot be held: who writes them means never.
        Err(_) if is_last_day(&shaped) => Timestamp::MAX,
        time => time.map_err(|e| e.to_string())?,
    };
    if time < YEAR_0 { Err("before the year 0".into()) } else { Ok(time) }
}

/// 0000-01-01T00:00:00Z.
const YEAR_0: Timestamp = Timestamp::constant(-62_167_219_200, 0);

/// Digits of a fraction that count.
const FRACTION_MAX: usize = 9;

/// The text with at most nine digits of its fraction, if it has the shape of RFC 3339.
fn shaped(text: &str) -> Option<Cow<'_, str>> {
    let fits = |text: &str, shape: &str| {
        let fit = |(b, s): (u8, u8)| if s == b'0' { b.is_ascii_digit() } else { b.eq_ignore_ascii_case(&s) };
        text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fit)
    };
    let (clock, rest) = text.split_at_checked("0000-00-00T00:00:00".len())?;
    let digits = match rest.strip_prefix('.') {
        Some(rest) => rest.bytes().take_while(u8::is_ascii_digit).count().max(1),
        None => 0,
    };
    let (fraction, zone) = rest.split_at_checked(digits + usize::from(digits > 0))?;
    let offset = |sign| fits(zone, sign) && &zone[1..3] <= "23" && &zone[4..] <= "59";
    if !fits(clock, "0000-00-00T00:00:00") || !(fits(zone, "Z") || offset("+00:00") || offset("-00:00")) {
        return None;
    }
    Some(match fraction.get(..=FRACTION_MAX) {
        Some(cut) => Cow::Owned(format!("{clock}{cut}{zone}")),
        None => Cow::Borrowed(text),
    })
}

/// Whether the text names a time that is there, within two days of the end of the year 9999.
fn is_last_day(shaped: &str) -> bool {
    shaped.get(.."0000-00-00T00:00:00".len()).is_some_and(|civil| {
        civil.parse::<DateTime>().is_ok_and(|civil| civil >= jiff::civil::datetime(9999, 12, 30, 0, 0, 0, 0))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rfc3339_is_read_and_nothing_else_p09_row_54_row_55() {
        for (text, read) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.5+05:30", "2026-01-01T21:34:05.5Z"),
            ("2026-01-02T03:04:05.123456789-23:59", "2026-01-03T03:03:05.123456789Z"),
            ("2026-01-02T03:04:05.1234567899999Z", "2026-01-02T03:04:05.123456789Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-30T22:00:00.999999999Z"),
            ("9999-12-31T23:59:59-12:00", "9999-12-30T22:00:00.999999999Z"),
        ] {
            assert_eq!(parse_rfc3339(text).map(|t| t.to_string()).as_deref(), Ok(read), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04Z",
            "2026-01-02 03:04:05Z",
            "20260102T030405Z",
            " 2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05Z ",
            "2026-01-02T03:04:05,5Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.5",
            "2026-01-02T03:04:05+0200",
            "2026-01-02T03:04:05+02",
            "2026-01-02T03:04:05+24:00",
            "2026-01-02T03:04:05+99:99",
            "2026-01-02T03:04:05+00:60",
            "2026-01-02T03:04:05Z[UTC]",
            "2026-01-02T24:00:00Z",
            "2026-02-30T00:00:00Z",
            "9999-02-30T00:00:00Z",
            "9999-12-31T24:00:00Z",
            "9999-12-32T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "+010000-01-01T00:00:00Z",
            "-000001-01-01T00:00:00Z",
            "0000-01-01T00:00:00+23:00",
            "２026-01-02T03:04:05Z",
            "2026-01-02T03:04:05é",
        ] {
            assert!(parse_rfc3339(text).is_err(), "{text}: {:?}", parse_rfc3339(text));
        }
    }

    #[test]
    fn times_are_written_as_the_reference_writes_them_j05() {
        let at = |millis| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(at(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(at(1_767_323_045_120).as_deref(), Some("2026-01-02T03:04:05.12Z"));
        assert_eq!(at(u64::MAX), None);
    }
}
