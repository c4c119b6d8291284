//! Texts from strangers: quoted, cut, and decoded without refusing what cannot be shown.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, Visitor};

/// Bytes of input that an error quotes at most.
pub const QUOTE_MAX: usize = 64;

/// The longest prefix of at most `max` bytes that ends between two characters.
pub fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// A piece of input as errors quote it: cut, and nothing but printable ASCII, so that no terminal, log or reply takes
/// it for more than a text.
pub fn quote(text: &str) -> String {
    let shown = cut(text, QUOTE_MAX);
    let dots = if shown.len() < text.len() { "..." } else { "" };
    shown.chars().flat_map(ascii).chain(dots.chars()).collect()
}

/// A character as errors show it: itself, or what it is escaped to.
pub fn ascii(c: char) -> impl Iterator<Item = char> {
    let plain = matches!(c, ' '..='~');
    plain.then_some(c).into_iter().chain((!plain).then(|| c.escape_default()).into_iter().flatten())
}

/// A text as a terminal may show it: what would move the cursor, end the line, or turn the direction of what follows
/// is escaped.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Whether a character does something instead of being seen.
fn acts(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a JSON text, if it is one, is an object; serde would take an array for a struct too.
pub fn is_object(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{')
}

/// JSON without the white space between its tokens; numbers and strings stay as they were written.
pub fn compact(json: &[u8]) -> Cow<'_, [u8]> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    if !json.iter().any(blank) {
        return Cow::Borrowed(json);
    }
    let (mut quoted, mut escaped) = (false, false);
    let kept = json.iter().filter(|byte| {
        let keep = quoted || !blank(byte);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        keep
    });
    Cow::Owned(kept.copied().collect())
}

/// Whether the strings of a JSON text hold no bare control characters: what reads [`Lossy`] would let them pass.
pub fn check_strict(text: &str) -> serde_json::Result<()> {
    // All of it is looked at, so that many bytes are at a time.
    let suspect = text.bytes().fold(false, |found, byte| found | (byte < b' '));
    if suspect { serde_json::from_str::<IgnoredAny>(text).map(|_| ()) } else { Ok(()) }
}

/// What serde_json says of a malformed text, without the place.
pub fn json_detail(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ").map_or(&*text, |(detail, _)| detail) {
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => "lone surrogate".into(),
        // As it is said of a job.
        detail if detail.starts_with("duplicate field ") => quote(&detail.replace('`', "")),
        detail => quote(detail),
    }
}

/// The same with the place, in bytes from the start of a text of which `before` were not given to serde_json. Commands
/// are lines: a column is a byte. What is said of the whole has no place.
pub fn json_error(error: &serde_json::Error, before: usize) -> String {
    match error.line() {
        0 => json_detail(error),
        _ => format!("{} at byte {}", json_detail(error), before + error.column()),
    }
}

/// A JSON string in which each lone surrogate becomes one U+FFFD, where serde would refuse the whole text: a failure must
/// be accepted whatever its message holds (rule `F-08`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lossy<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Lossy<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(mend(bytes))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Cow::Owned(mend(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes).map(Lossy)
    }
}

/// A text of which nothing but lone surrogates is no UTF-8: three bytes each, of which the first begins a character.
fn mend(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().first().is_some_and(|byte| *byte >= 0xc0) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_short_and_harmless() {
        assert_eq!(quote("a\r\n\u{1b}[31m\"\\"), "a\\r\\n\\u{1b}[31m\"\\");
        assert_eq!(quote(&"é".repeat(40)), format!("{}...", "\\u{e9}".repeat(32)));
        assert_eq!(quote(&"x".repeat(QUOTE_MAX)), "x".repeat(QUOTE_MAX));
        assert_eq!(quote(&"x".repeat(QUOTE_MAX + 1)), "x".repeat(QUOTE_MAX) + "...");
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn compact_json_has_no_blanks_outside_of_strings_d27() {
        for (json, expected) in [
            (r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            ("{ \"a b\" :\t[ 1.0 ,\r\n2 ] }", r#"{"a b":[1.0,2]}"#),
            (r#"[ "\" \\" , "x" ]"#, r#"["\" \\","x"]"#),
        ] {
            assert_eq!(compact(json.as_bytes()), expected.as_bytes(), "{json}");
        }
    }

    #[test]
    fn what_is_shown_moves_no_cursor_and_turns_no_line() {
        for (text, safe) in [
            ("plain ü 漢", "plain ü 漢"),
            ("\u{1b}[2J\u{7}\u{9b}", "\\u{1b}[2J\\u{7}\\u{9b}"),
            ("a\tb\r\nc\u{7f}", "a\\tb\\r\\nc\\u{7f}"),
            ("\u{202e}txt\u{2066}\u{2028}", "\\u{202e}txt\\u{2066}\\u{2028}"),
        ] {
            assert_eq!(shown(text), safe);
        }
    }

    #[test]
    fn each_lone_surrogate_becomes_one_replacement_character_f08() {
        for (json, text) in [
            (r#""plain""#, "plain"),
            (r#""a\ud800b\u00e9""#, "a\u{fffd}bé"),
            (r#""\udfff\ud800""#, "\u{fffd}\u{fffd}"),
            (r#""\ud800\ud800\udc00\n""#, "\u{fffd}\u{10000}\n"),
            (r#""\udbffé\ufffd""#, "\u{fffd}é\u{fffd}"),
        ] {
            assert_eq!(serde_json::from_str::<Lossy<'_>>(json).expect(json).0, text);
        }
        assert!(serde_json::from_str::<Lossy<'_>>("5").is_err());
        assert!(check_strict("{\t\"a\" :\r\"\\t\"}").is_ok() && check_strict("{\"a\":\"\t\"}").is_err());
    }

    #[test]
    fn what_serde_says_is_said_in_words_of_json() {
        let told = |text: &str| json_error(&serde_json::from_str::<String>(text).expect_err(text), 5);
        assert_eq!(told(r#""\ud800""#), "lone surrogate at byte 13");
        assert_eq!(told(r#""\udc00""#), "lone surrogate at byte 12");
        assert_eq!(told("7"), "invalid type: integer `7`, expected a string at byte 6");
    }
}
