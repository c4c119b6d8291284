//! JSON for reading: laid out or on one line, numbers and member order as they were sent.
//!
//! Works on text that is JSON already and never builds values of it: a number keeps its digits, and the work ends
//! where the page's limit does. Escapes such as `\u00fc`, which many clients send for every letter beyond ASCII, are
//! shown as the character they mean.

use crate::text;

/// The text laid out over lines, indented by two blanks; about `max` bytes, ending in `…` where it was cut.
pub(crate) fn pretty(json: &str, max: usize) -> String {
    Writer::new(max, true).write(json)
}

/// The text laid out over lines for who changes it: the whole of it, it means the same, and each character can be seen.
pub(crate) fn editable(json: &str) -> String {
    let laid_out = Writer::new(usize::MAX, true).lay_out(json);
    let mut out = String::with_capacity(laid_out.len());
    for c in laid_out.chars() {
        // What is not ASCII stands in strings, as does a DEL.
        if shown(c) || (c.is_ascii() && c != '\u{7f}') {
            out.push(c);
        } else {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// The text on one line without blanks; about `max` bytes, ending in `…` where it was cut.
pub(crate) fn compact(json: &str, max: usize) -> String {
    Writer::new(max, false).write(json)
}

struct Writer {
    out: String,
    max: usize,
    lines: bool,
    depth: usize,
    /// The last thing written opened an array or an object, which may turn out to be empty.
    opened: bool,
}

impl Writer {
    fn new(max: usize, lines: bool) -> Self {
        Self { out: String::new(), max, lines, depth: 0, opened: false }
    }

    fn write(self, json: &str) -> String {
        let max = self.max;
        text::visible(&text::cut(self.lay_out(json), max))
    }

    fn lay_out(mut self, json: &str) -> String {
        let mut rest = json.trim_start();
        while let Some(c) = rest.chars().next() {
            if self.out.len() > self.max {
                break;
            }
            rest = if c == '"' { self.string(rest) } else { self.token(c, rest) };
            rest = rest.trim_start();
        }
        self.out
    }

    /// One mark of structure, or one character of a number or word.
    fn token<'a>(&mut self, c: char, rest: &'a str) -> &'a str {
        match c {
            '[' | '{' => {
                self.before_value();
                self.out.push(c);
                self.depth += 1;
                self.opened = true;
            }
            ']' | '}' => {
                self.depth = self.depth.saturating_sub(1);
                if !std::mem::take(&mut self.opened) {
                    self.line();
                }
                self.out.push(c);
            }
            ',' => {
                self.out.push(c);
                self.line();
            }
            ':' => self.out.push_str(if self.lines { ": " } else { ":" }),
            _ => {
                self.before_value();
                self.out.push(c);
            }
        }
        &rest[c.len_utf8()..]
    }

    /// A string with its quotes; says what follows it.
    fn string<'a>(&mut self, rest: &'a str) -> &'a str {
        self.before_value();
        self.out.push('"');
        let mut rest = &rest[1..];
        while let Some(c) = rest.chars().next() {
            if self.out.len() > self.max {
                return rest;
            }
            if c == '\\' {
                rest = self.escape(rest);
                continue;
            }
            self.out.push(c);
            rest = &rest[c.len_utf8()..];
            if c == '"' {
                break;
            }
        }
        rest
    }

    /// An escape: as the character it means if that can be shown, else as it was sent.
    fn escape<'a>(&mut self, rest: &'a str) -> &'a str {
        if let Some((c, len)) = meant(rest).filter(|(c, _)| shown(*c)) {
            self.out.push(c);
            return &rest[len..];
        }
        let len = rest.char_indices().nth(2).map_or(rest.len(), |(i, _)| i);
        self.out.push_str(&rest[..len]);
        &rest[len..]
    }

    fn before_value(&mut self) {
        if std::mem::take(&mut self.opened) {
            self.line();
        }
    }

    fn line(&mut self) {
        if self.lines {
            self.out.push('\n');
            // Jobs nest at most 128 deep; what is deeper is not ours to indent.
            self.out.extend(std::iter::repeat_n("  ", self.depth.min(128)));
        }
    }
}

/// The character that a `\u` escape at the start of the text means, and the escape's length.
fn meant(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let first = unit(text)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((c, 6));
    }
    let second = unit(text.get(6..)?)?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, 12))
}

/// Whether a character is better shown than its escape: neither ASCII nor invisible nor one that turns the text
/// around.
fn shown(c: char) -> bool {
    c > '\u{a0}'
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_laid_out_over_lines() {
        assert_eq!(
            pretty(r#"[1, {"a":[],"b" : {} ,"c":[true,null]}, "x, y"]"#, 1000),
            "[\n  1,\n  {\n    \"a\": [],\n    \"b\": {},\n    \"c\": [\n      true,\n      null\n    ]\n  },\n  \"x, y\"\n]"
        );
    }

    #[test]
    fn numbers_stay_as_they_were_sent() {
        assert_eq!(compact("[ 9007199254740993, 1.0, 1e400 ]", 1000), "[9007199254740993,1.0,1e400]");
    }

    #[test]
    fn escapes_are_shown_as_what_they_mean_where_that_can_be_seen() {
        assert_eq!(
            compact(r#""\u00fc \ud83d\ude00 \u0000 \ud800 \u202e \u003c \" \\u00fc""#, 1000),
            r#""ü 😀 \u0000 \ud800 \u202e \u003c \" \\u00fc""#
        );
    }

    #[test]
    fn what_is_edited_means_the_same_and_hides_nothing() {
        let sent = "[1.0, \"\\u00fc \\ud800 \\u0000\", \"a\u{7f}\u{85}\u{202e}b\u{e0001} \u{fc}\"]";
        let laid_out = editable(sent);
        assert_eq!(
            laid_out,
            "[\n  1.0,\n  \"\u{fc} \\ud800 \\u0000\",\n  \"a\\u007f\\u0085\\u202eb\u{e0001} \u{fc}\"\n]"
        );
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(compact(r#"["ääää"]"#, 5), "[\"ä…");
        let huge = format!("[\"{}\"]", "x".repeat(1_000_000));
        assert_eq!(pretty(&huge, 100).len(), 103);
        assert!(pretty(&"[".repeat(100_000), 1000).len() < 1300);
    }

    #[test]
    fn what_is_no_json_is_shown_and_does_no_harm() {
        for text in ["", "\"", "\"\\", "]]]", "\"\\u", "\"\\ud800\\u", "nope ä"] {
            pretty(text, 100);
            compact(text, 100);
        }
    }
}
