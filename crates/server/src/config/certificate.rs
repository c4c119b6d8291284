//! How long a certificate is valid: the two dates of X.509, and nothing else of it.
//!
//! ```text
//! Certificate    = SEQUENCE { TBSCertificate, ... }
//! TBSCertificate = SEQUENCE { [0] version?, serial, algorithm, issuer, Validity, ... }
//! Validity       = SEQUENCE { notBefore, notAfter }, each a UTCTime or a GeneralizedTime
//! ```
//!
//! Whether it may be trusted is for those who are shown it; TLS itself checks the rest.

use bessemer_core::Wall;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The first and the last moment at which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Wall,
    pub(super) until: Wall,
}

impl Validity {
    /// Reads it from a certificate in DER. None: it is no certificate.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let certificate = Der(der).next(SEQUENCE)?;
        let mut fields = Der(Der(certificate).next(SEQUENCE)?);
        if fields.0.first() == Some(&VERSION) {
            fields.next(VERSION)?;
        }
        for _ in ["serial", "algorithm", "issuer"] {
            fields.skip()?;
        }
        let mut dates = Der(fields.next(SEQUENCE)?);
        Some(Self { from: dates.time()?, until: dates.time()? })
    }
}

/// Values that follow one another: a tag, a length, and so many bytes.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn skip(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if length >= 0x80 {
            // The long form: how many bytes the length has. Four are more than any file.
            let digits = rest.split_at_checked(length - 0x80).filter(|(digits, _)| digits.len() <= 4)?;
            length = digits.0.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            rest = digits.1;
        }
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, value))
    }

    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.skip().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    /// `YYMMDDhhmmssZ`, of 1950 to 2049, or the same with four digits of the year.
    fn time(&mut self) -> Option<Wall> {
        let (tag, text) = self.skip()?;
        let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
        let (century, text) = match tag {
            UTC_TIME if text < "50" => ("20", text),
            UTC_TIME => ("19", text),
            GENERALIZED_TIME => text.split_at_checked(2)?,
            _ => return None,
        };
        let part = |from: usize| text.get(from..from + 2);
        let (year, month, day) = (part(0)?, part(2)?, part(4)?);
        let (hour, minute, second) = (part(6)?, part(8)?, part(10)?);
        // The last second of it is how a certificate says that it never expires.
        if (century, year) == ("99", "99") {
            return Some(Wall::LAST);
        }
        Wall::parse(&format!("{century}{year}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn made(from: (i32, u8, u8), until: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    fn day(text: &str) -> Wall {
        Wall::parse(&format!("{text}T00:00:00Z")).expect("a day")
    }

    #[test]
    fn both_dates_are_read_in_both_forms() {
        for (from, until, expected) in [
            ((2026, 1, 2), (2027, 12, 31), ("2026-01-02", "2027-12-31")),
            ((1999, 1, 2), (2049, 12, 31), ("1999-01-02", "2049-12-31")),
            ((2026, 1, 2), (2050, 1, 1), ("2026-01-02", "2050-01-01")),
            ((1975, 1, 1), (4096, 1, 1), ("1975-01-01", "4096-01-01")),
        ] {
            let found = Validity::of(&made(from, until));
            let expected = Validity { from: day(expected.0), until: day(expected.1) };
            assert_eq!(found, Some(expected));
        }
        let never = Validity { from: day("2026-01-02"), until: Wall::LAST };
        assert_eq!(Validity::of(&made((2026, 1, 2), (9999, 12, 31))), Some(never));
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        let whole = made((2026, 1, 2), (2027, 1, 1));
        assert!(Validity::of(&whole).is_some());
        for cut in 0..whole.len() {
            assert_eq!(Validity::of(&whole[..cut]), None, "cut at {cut}");
        }
        let unbounded = [[0x30, 0x88].as_slice(), &[0xff; 8]].concat();
        for der in [b"".as_slice(), b"\x30", b"\x30\x00", b"\x30\x82\xff", b"\x02\x01\x00", &unbounded] {
            assert_eq!(Validity::of(der), None, "{der:?}");
        }
    }
}
