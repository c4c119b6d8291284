//! JSON as nearly everybody writes it, read at one go.
//!
//! serde_json takes every text there is, and says what is wrong with one, but goes over a job several times: for where a
//! value ends, for its members, for its names. This reads what most texts are made of, and is sure of what it says yes to;
//! `None` means that serde_json is to look. Tests hold the two against each other (`job/tests.rs`, `finish.rs`).
//!
//! Names and texts that it gives out are the bytes as they came: they hold no escapes, and nothing that must be escaped.

/// A text that is being read.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Whether nothing but blanks is left.
    pub(crate) fn is_done(&mut self) -> bool {
        self.next().is_none()
    }

    /// An object; each member is named to `member`, which reads its value.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&'a str, &mut Self) -> Option<()>) -> Option<()> {
        self.row(b'{', b'}', |scan| {
            let name = scan.text()?;
            scan.take(b':')?;
            member(name, scan)
        })
    }

    /// An array; `element` reads each of its elements.
    pub(crate) fn array(&mut self, element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.row(b'[', b']', element)
    }

    fn row(&mut self, opens: u8, closes: u8, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(opens)?;
        if self.take(closes).is_some() {
            return Some(());
        }
        loop {
            one(self)?;
            if self.take(b',').is_none() {
                return self.take(closes);
            }
        }
    }

    /// A text without escapes.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let begin = self.at;
        self.at += plain_len(&self.text.as_bytes()[begin..]);
        let end = self.at;
        self.skip(b'"')?;
        Some(&self.text[begin..end])
    }

    /// The same, or null.
    pub(crate) fn maybe_text(&mut self) -> Option<Option<&'a str>> {
        if self.next()? == b'n' { self.word("null").map(|()| None) } else { self.text().map(Some) }
    }

    /// Any value in which so many arrays and objects lie in each other at most, as it was written.
    pub(crate) fn value(&mut self, depth: usize) -> Option<&'a str> {
        let first = self.next()?;
        let begin = self.at;
        match first {
            b'"' => self.string()?,
            b'{' => {
                let below = depth.checked_sub(1)?;
                self.object(|_, scan| scan.value(below).map(drop))?;
            }
            b'[' => {
                let below = depth.checked_sub(1)?;
                self.array(|scan| scan.value(below).map(drop))?;
            }
            b'n' => self.word("null")?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            _ => self.number()?,
        }
        Some(&self.text[begin..self.at])
    }

    /// What has been read since.
    pub(crate) fn since(&self, begin: usize) -> &'a str {
        &self.text[begin..self.at]
    }

    /// Where the next value begins.
    pub(crate) fn begin(&mut self) -> usize {
        _ = self.next();
        self.at
    }

    /// A text with or without escapes.
    fn string(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            self.at += plain_len(&bytes[self.at..]);
            match (bytes.get(self.at)?, bytes.get(self.at + 1)) {
                (b'"', _) => break,
                (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => self.at += 2,
                (b'\\', Some(b'u')) => {
                    let digits = bytes.get(self.at + 2..self.at + 6)?;
                    digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                    self.at += 6;
                }
                _ => return None,
            }
        }
        self.at += 1;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        _ = self.skip(b'-');
        if self.skip(b'0').is_none() {
            self.digits()?;
        }
        if self.skip(b'.').is_some() {
            self.digits()?;
        }
        if self.skip(b'e').or_else(|| self.skip(b'E')).is_some() {
            _ = self.skip(b'+').or_else(|| self.skip(b'-'));
            self.digits()?;
        }
        Some(())
    }

    /// One or more.
    fn digits(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += len;
        (len > 0).then_some(())
    }

    fn word(&mut self, expected: &str) -> Option<()> {
        let is_there = self.text.as_bytes()[self.at..].starts_with(expected.as_bytes());
        is_there.then(|| self.at += expected.len())
    }

    /// This byte, which follows at once.
    fn skip(&mut self, expected: u8) -> Option<()> {
        (*self.text.as_bytes().get(self.at)? == expected).then(|| self.at += 1)
    }

    /// This byte, behind blanks.
    fn take(&mut self, expected: u8) -> Option<()> {
        (self.next()? == expected).then(|| self.at += 1)
    }

    /// The next byte that is no blank; it stays where it is.
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let b' ' | b'\t' | b'\r' | b'\n' = *bytes.get(self.at)? {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }
}

/// Whether a text stands in JSON as it is.
pub(crate) fn is_plain(text: &str) -> bool {
    plain_len(text.as_bytes()) == text.len()
}

/// Bytes before the first quote, backslash or control character. Eight at a time: nearly all bytes of a job are such.
fn plain_len(bytes: &[u8]) -> usize {
    let mut len = 0;
    while let Some(eight) = bytes[len..].first_chunk() {
        let stops = stops(u64::from_le_bytes(*eight));
        if stops != 0 {
            return len + stops.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | ..b' ');
    len + bytes[len..].iter().take_while(is_plain).count()
}

/// Marks the first byte of eight, the lowest first, that is a quote, a backslash or a control character. Bytes behind it
/// may be marked for nothing, as a borrow of the subtraction runs through them.
fn stops(eight: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let below = |bytes: u64, limit: u8| bytes.wrapping_sub(EACH * u64::from(limit)) & !bytes & (EACH << 7);
    let is = |byte: u8| below(eight ^ (EACH * u64::from(byte)), 1);
    below(eight, b' ') | is(b'"') | is(b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_byte_that_ends_a_plain_text_is_found(bytes in prop::collection::vec(prop_oneof![
            8 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 1 => 0..=b' ', 20 => b' '..=b'~',
        ], 0..40)) {
            let stops = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
            prop_assert_eq!(plain_len(&bytes), bytes.iter().position(stops).unwrap_or(bytes.len()));
        }

        #[test]
        fn what_is_a_value_is_one_for_serde_too(text in json()) {
            let mut scan = Scan::new(&text);
            let value = scan.value(8).map(str::to_owned);
            let is_one = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            match value {
                Some(value) if scan.is_done() => {
                    prop_assert!(is_one, "{text}");
                    prop_assert_eq!(value, text.trim_matches([' ', '\t', '\r', '\n']));
                }
                // It may be none, or have escapes in a name, or lie too deep.
                _ => prop_assert!(!is_one || text.contains('\\') || text.contains(['[', '{']), "{text}"),
            }
        }
    }

    /// What is JSON, or nearly.
    fn json() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\"a\"",
            "\"a\":",
            "\"\\n\"",
            "\"\\u00e9\"",
            "\"\\u12\"",
            "\"é\"",
            "\"\t\"",
            "0",
            "-",
            "01",
            "1",
            "12.5",
            "1.",
            ".5",
            "1e9",
            "1E-2",
            "1e",
            "+1",
            "null",
            "true",
            "false",
            "nul",
            " ",
            "\t",
            "\r\n",
            "\u{b}",
            "{}",
            "[]",
            "[1,2]",
            "{\"a\":[{}]}",
        ]);
        prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn values_may_lie_as_deep_as_is_said() {
        for (text, depth) in [("7", 0), ("[]", 1), ("[{}]", 2), ("{\"a\":[[7]]}", 3)] {
            assert_eq!(Scan::new(text).value(depth), Some(text));
            assert!(depth == 0 || Scan::new(text).value(depth - 1).is_none(), "{text}");
        }
    }

    #[test]
    fn every_number_of_json_is_read_and_no_other() {
        for text in ["0", "-0", "10", "-1.50", "1e400", "1E+2", "0.1e-9", "9007199254740993"] {
            assert_eq!(Scan::new(text).value(0), Some(text));
        }
        for text in ["-", "1.", "1e", "1e+", "+1", ".5", "x", "-a"] {
            assert_eq!(Scan::new(text).value(0), None, "{text}");
        }
        // Where it ends, whoever asked finds something that is not expected there.
        let mut scan = Scan::new("01");
        assert!(scan.value(0) == Some("0") && !scan.is_done());
    }
}
