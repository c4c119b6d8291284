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

/// What a command's object holds; `null` is one without members. `None`: it is something else.
pub fn object<'a, T: Deserialize<'a> + Default>(text: &'a str) -> Option<T> {
    match text.trim_ascii() {
        "null" => Some(T::default()),
        _ if is_object(text) && is_strict(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// Whether the strings of a JSON text hold no bare control characters: what reads [`Lossy`] would let them pass.
pub fn is_strict(text: &str) -> bool {
    !text.bytes().any(|byte| byte < b' ') || serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What serde_json says of a malformed text, without the place.
pub fn json_detail(error: &serde_json::Error) -> String {
    let text = error.to_string();
    quote(text.rsplit_once(" at line ").map_or(&text, |(detail, _)| detail))
}

/// The same with the place, in bytes from the start of a text of which `before` were not given to serde_json. Commands
/// are lines: a column is a byte.
pub fn json_error(error: &serde_json::Error, before: usize) -> String {
    format!("{} at byte {}", json_detail(error), before + error.column())
}

/// A JSON string in which lone surrogates become U+FFFD, where serde would refuse the whole text: a failure must be
/// accepted whatever its message holds (rule `F-08`).
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
                Ok(String::from_utf8_lossy(bytes))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes).map(Lossy)
    }
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
    fn lone_surrogates_become_replacement_characters_f08() {
        let text: Lossy<'_> = serde_json::from_str(r#""a\ud800b\u00e9""#).expect("accepted");
        assert!(text.0.starts_with("a\u{fffd}") && text.0.ends_with("bé"), "{text:?}");
        assert!(serde_json::from_str::<Lossy<'_>>("5").is_err());
        assert!(is_strict("{\t\"a\" :\r\"\\t\"}") && !is_strict("{\"a\":\"\t\"}"));
    }
}
