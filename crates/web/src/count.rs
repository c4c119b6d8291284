//! Numbers as people read them.

/// `1234567` as `1,234,567` (rule `V-20`).
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 job`, `1,234 jobs`, where the text is English for everybody.
pub(crate) fn amount(number: u64, what: &str) -> String {
    format!("{} {what}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// Memory of a worker, or room on a disk (rule `V-22`): KB below 100,000, else MB, from 10,000,000 GB.
pub(crate) fn memory(kb: u64) -> String {
    match kb {
        0..100_000 => format!("{} KB", thousands(kb)),
        100_000..10_000_000 => format!("{} MB", thousands(kb / 1024)),
        _ => {
            let tenths = kb / 1024 * 10 / 1024;
            format!("{}.{} GB", thousands(tenths / 10), tenths % 10)
        }
    }
}

/// A part of a whole as per cent: `0 %`, `0.03 %`, `12 %`; a small part is never nothing, and a large one never all.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let of = part as f64 / whole.max(1) as f64 * 100.0;
    match of {
        _ if part == 0 => "0 %".into(),
        _ if part >= whole => "100 %".into(),
        0.0..0.01 => "< 0.01 %".into(),
        0.01..1.0 => format!("{of:.2} %"),
        1.0..10.0 => format!("{of:.1} %"),
        99.5.. => format!("{:.2} %", of.min(99.99)),
        _ => format!("{of:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_v20() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (123_456_789, "123,456,789")]
        {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
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
            assert_eq!(percent(part, whole), text, "{part} of {whole}");
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
            assert_eq!(memory(kb), text);
        }
    }
}
