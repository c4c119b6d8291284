//! Globs over the text of a job (rule `M-10`, decision `D27`): `*` any run of bytes, `?` one byte, `[a-z]` and `[^a-z]`
//! one of a class, `\x` the byte x. A glob matches the whole text or nothing.
//!
//! It becomes a regular expression of an engine without backtracking, so that no glob takes longer than the text is
//! long, times the glob at worst.

use bessemer_protocol::limits::GLOB_MAX;
use regex::bytes::{Regex, RegexBuilder};

/// A compiled glob.
#[derive(Debug)]
pub struct Glob(Regex);

/// A glob that is not taken; the text is what the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    #[error("regexp too long: {0} bytes, limit {GLOB_MAX}")]
    TooLong(usize),
    #[error("regexp too complex")]
    TooComplex,
}

/// Bytes that a compiled glob may take.
const COMPILED_MAX: usize = 4 << 20;

impl Glob {
    pub fn new(glob: &str) -> Result<Self, GlobError> {
        if glob.len() > GLOB_MAX {
            return Err(GlobError::TooLong(glob.len()));
        }
        let regex = RegexBuilder::new(&expression(glob.as_bytes()))
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(COMPILED_MAX)
            .build();
        regex.map(Self).map_err(|_| GlobError::TooComplex)
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

/// The regular expression that means the same.
fn expression(glob: &[u8]) -> String {
    let mut out = String::from(r"\A");
    let mut rest = glob;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'*' if out.ends_with(".*") => {}
            b'*' => out.push_str(".*"),
            b'?' => out.push('.'),
            b'[' => rest = class(behind, &mut out),
            b'\\' => {
                let (escaped, behind) = rest.split_first().unwrap_or((&b'\\', &[]));
                byte_of(*escaped, &mut out);
                rest = behind;
            }
            byte => byte_of(*byte, &mut out),
        }
    }
    out + r"\z"
}

/// Takes a class, behind its bracket; one that does not end reaches to the end of the glob.
fn class<'g>(glob: &'g [u8], out: &mut String) -> &'g [u8] {
    let (negated, mut rest) = match glob.split_first() {
        Some((b'^', rest)) => (true, rest),
        _ => (false, glob),
    };
    let mut members = String::new();
    loop {
        match *rest {
            [] => break,
            [b']', ref behind @ ..] => {
                rest = behind;
                break;
            }
            [b'\\', escaped, ref behind @ ..] => {
                byte_of(escaped, &mut members);
                rest = behind;
            }
            [from, b'-', to, ref behind @ ..] => {
                byte_of(from.min(to), &mut members);
                members.push('-');
                byte_of(from.max(to), &mut members);
                rest = behind;
            }
            [byte, ref behind @ ..] => {
                byte_of(byte, &mut members);
                rest = behind;
            }
        }
    }
    match (members.is_empty(), negated) {
        // None of no bytes is any; one of no bytes is never found.
        (true, true) => out.push('.'),
        (true, false) => out.push_str(r"[^\x00-\xff]"),
        (false, true) => out.extend(["[^", &members, "]"]),
        (false, false) => out.extend(["[", &members, "]"]),
    }
    rest
}

fn byte_of(byte: u8, out: &mut String) {
    out.push_str(&format!("\\x{byte:02x}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, text: &str) -> bool {
        Glob::new(glob).expect(glob).matches(text.as_bytes())
    }

    #[test]
    fn globs_match_as_the_reference_s_store_matches_them_m10() {
        let text = r#"{"jid":"abcdefgh1","args":["fizz"],"n":"é"}"#;
        for (glob, expected) in [
            ("*", true),
            ("", false),
            ("*fizz*", true),
            ("*FIZZ*", false),
            ("fizz", false),
            (r#"*"args":["fizz"]*"#, false),
            (r#"*\"args\":\[\"fizz\"\]*"#, true),
            (r#"*"args":\["f?zz"\]*"#, true),
            ("*f[a-i]zz*", true),
            ("*f[i-a]zz*", true),
            ("*f[^a-i]zz*", false),
            ("*f[xi]zz*", true),
            ("*f[x]zz*", false),
            ("*f[]zz*", false),
            ("*f[^]zz*", true),
            (r"*f[\i]zz*", true),
            ("*n\":\"??\"}", true),
            ("*n\":\"?\"}", false),
            ("*n\":\"é\"}", true),
            ("{*}", true),
            ("{*}\\", false),
            ("*[}", true),
            ("*.*", false),
            ("(*", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob}");
        }
        assert!(matches("a\\", "a\\") && matches("**a**", "bab") && matches("a*b", "a\r\n\0b"));
    }

    #[test]
    fn a_glob_at_its_limit_is_taken_and_one_beyond_is_not() {
        assert!(Glob::new(&"a".repeat(GLOB_MAX)).is_ok());
        let told = Glob::new(&"a".repeat(GLOB_MAX + 1)).expect_err("too long").to_string();
        assert_eq!(told, "regexp too long: 1025 bytes, limit 1024");
    }

    #[test]
    fn no_glob_is_endless() {
        // Backtracking would not come back from these within a lifetime.
        let text = "a".repeat(1 << 20);
        for glob in ["*a".repeat(500) + "b", "*[^b]".repeat(200) + "b", "a*".repeat(512), "?".repeat(1024)] {
            let found = matches(&glob, &text);
            assert_eq!(found, glob.starts_with("a*"), "{glob}");
        }
    }

    #[test]
    fn any_text_makes_a_glob() {
        for seed in 0..20_000u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let glob: String = (0..seed % 24)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    ['[', ']', '^', '-', '\\', '*', '?', 'a', 'z', '"', 'é', '\0'][(state % 12) as usize]
                })
                .collect();
            assert!(Glob::new(&glob).is_ok(), "{glob:?}");
        }
    }
}
