//! Numbers as people read them, each language in its own way.

use crate::words::Words;

/// How a language writes numbers. Digits are those of the West everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    /// Between groups of three digits.
    pub group: char,
    /// Digits from which a number has groups: Spanish writes `1000` and `10.000`.
    pub from: usize,
    /// Before the fraction.
    pub point: char,
}

impl Marks {
    /// `1234567` as `1,234,567` (rule `V-20`).
    pub(crate) fn grouped(self, number: u64) -> String {
        let digits = number.to_string();
        if digits.len() < self.from {
            return digits;
        }
        let mut text = String::with_capacity(digits.len() * 2);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(self.group);
            }
            text.push(digit);
        }
        text
    }
}

/// `1,234,567`, as the language writes it.
pub(crate) fn thousands(number: u64, words: Words) -> String {
    words.marks().grouped(number)
}

/// `1,234.50`: so many digits behind the point.
pub(crate) fn decimal(number: f64, places: usize, words: Words) -> String {
    let text = format!("{:.places$}", number.max(0.0));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), |whole| thousands(whole, words));
    if fraction.is_empty() { whole } else { format!("{whole}{}{fraction}", words.marks().point) }
}

/// `1 job`, `1,234 jobs`, where the text is English for everybody.
pub(crate) fn amount(number: u64, what: &str) -> String {
    format!("{} {what}{}", thousands(number, Words::default()), if number == 1 { "" } else { "s" })
}

/// Memory of a worker, or room on a disk (rule `V-22`): KB below 100,000, else MB, from 10,000,000 GB.
pub(crate) fn memory(kb: u64, words: Words) -> String {
    words.figure(match kb {
        0..100_000 => format!("{} KB", thousands(kb, words)),
        100_000..10_000_000 => format!("{} MB", thousands(kb / 1024, words)),
        _ => {
            let tenths = kb / 1024 * 10 / 1024;
            let Marks { point, .. } = words.marks();
            format!("{}{point}{} GB", thousands(tenths / 10, words), tenths % 10)
        }
    })
}

/// The same of what is only known in MB.
pub(crate) fn megabytes(mb: u64, words: Words) -> String {
    match mb {
        0..10_000 => words.figure(format!("{} MB", thousands(mb, words))),
        _ => memory(mb.saturating_mul(1024), words),
    }
}

/// A part of a whole as per cent: `0 %`, `0.03 %`, `12 %`; a small part is never nothing, and a large one never all.
pub(crate) fn percent(part: u64, whole: u64, words: Words) -> String {
    let of = part as f64 / whole.max(1) as f64 * 100.0;
    let (sign, of, places) = match of {
        _ if part == 0 => ("", 0.0, 0),
        _ if part >= whole => ("", 100.0, 0),
        0.0..0.01 => ("< ", 0.01, 2),
        0.01..1.0 => ("", of, 2),
        1.0..10.0 => ("", of, 1),
        99.5.. => ("", of.min(99.99), 2),
        _ => ("", of, 0),
    };
    words.figure(format!("{sign}{} %", decimal(of, places, words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_v20() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (123_456_789, "123,456,789")]
        {
            assert_eq!(thousands(number, Words::default()), text);
        }
        assert_eq!(thousands(u64::MAX, Words::default()), "18,446,744,073,709,551,615");
    }

    #[test]
    fn a_small_part_is_never_nothing_and_a_large_one_never_all() {
        for (part, whole, text) in [
            (0, 0, "0 %"),
            (0, 5, "0 %"),
            (1, 1_000_000, "< 0.01 %"),
            (3, 10_000, "0.03 %"),
            (1, 40, "2.5 %"),
            (1, 8, "12 %"),
            (999_999, 1_000_000, "99.99 %"),
            (7, 7, "100 %"),
        ] {
            assert_eq!(percent(part, whole, Words::default()), text, "{part} of {whole}");
        }
    }

    #[test]
    fn memory_changes_its_unit_v22() {
        for (kb, text) in [
            (0, "0 KB"),
            (99_999, "99,999 KB"),
            (100_000, "97 MB"),
            (9_999_999, "9,765 MB"),
            (10_000_000, "9.5 GB"),
            (u64::MAX, "17,592,186,044,415.9 GB"),
        ] {
            assert_eq!(memory(kb, Words::default()), text);
        }
    }

    #[test]
    fn megabytes_become_gigabytes() {
        for (mb, text) in [(0, "0 MB"), (9_999, "9,999 MB"), (10_000, "9.7 GB"), (54_347, "53.0 GB")] {
            assert_eq!(megabytes(mb, Words::default()), text);
        }
    }

    #[test]
    fn each_language_writes_numbers_in_its_own_way() {
        for (tag, thousand, million, half, memory) in [
            ("en", "1,000", "1,234,567", "1,000.5", "9.5 GB"),
            ("de", "1.000", "1.234.567", "1.000,5", "9,5 GB"),
            ("fr", "1\u{202f}000", "1\u{202f}234\u{202f}567", "1\u{202f}000,5", "9,5 GB"),
            ("es", "1000", "1.234.567", "1000,5", "9,5 GB"),
            ("zh-cn", "1,000", "1,234,567", "1,000.5", "9.5 GB"),
            ("ar", "1.000", "1.234.567", "1.000,5", "\u{2066}9,5 GB\u{2069}"),
        ] {
            let words = Words::by_tag(tag).unwrap();
            assert_eq!(thousands(1_000, words), thousand);
            assert_eq!(thousands(1_234_567, words), million);
            assert_eq!(decimal(1_000.5, 1, words), half);
            assert_eq!(super::memory(10_000_000, words), memory);
            let bytes = words.count("job-bytes", 1_000_u64);
            assert!(bytes.contains(thousand), "a text says a number otherwise: {bytes}");
        }
    }
}
