//! Globs over names and over the text of a job (rule `M-10`, decision `D27`): `*` any run of bytes, `?` one byte, `[a-z]`
//! and `[^a-z]` one of a class, `\x` the byte x. A glob matches the whole text or nothing.
//!
//! It becomes a regular expression of an engine without backtracking, so that no glob takes longer than the text is
//! long, times the glob at worst.

use bessemer_protocol::limits::GLOB_MAX;
use regex::bytes::{Regex, RegexBuilder};

/// A compiled glob. Two are equal that were written alike.
#[derive(Clone, Debug)]
pub struct Glob {
    regex: Regex,
    written: Box<str>,
    any_case: bool,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        (&self.written, self.any_case) == (&other.written, other.any_case)
    }
}

impl Eq for Glob {}

/// A glob that is not taken; the text is what the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobError {
    TooLong(usize),
    TooComplex,
}

impl std::fmt::Display for GlobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong(bytes) => write!(f, "regexp too long: {bytes} bytes, limit {GLOB_MAX}"),
            Self::TooComplex => f.write_str("regexp too complex"),
        }
    }
}

impl std::error::Error for GlobError {}

/// Bytes that a compiled glob may take.
const COMPILED_MAX: usize = 4 << 20;

impl Glob {
    /// Letters match as they are written.
    pub fn new(glob: &str) -> Result<Self, GlobError> {
        Self::compile(glob, false)
    }

    /// Letters of ASCII match in either case.
    pub fn of_any_case(glob: &str) -> Result<Self, GlobError> {
        Self::compile(glob, true)
    }

    fn compile(glob: &str, any_case: bool) -> Result<Self, GlobError> {
        if glob.len() > GLOB_MAX {
            return Err(GlobError::TooLong(glob.len()));
        }
        let regex = RegexBuilder::new(&expression(glob.as_bytes()))
            .unicode(false)
            .case_insensitive(any_case)
            .dot_matches_new_line(true)
            .size_limit(COMPILED_MAX)
            .build();
        let whole = |regex| Self { regex, written: glob.into(), any_case };
        regex.map(whole).map_err(|_| GlobError::TooComplex)
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}

/// The regular expression that means the same. Whatever may stand before or behind is left out and not matched: so what
/// is looked for anywhere in a text is found by the literal search that the engine has for it.
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
    match (out.strip_prefix(r"\A.*"), out.ends_with(".*")) {
        (Some(""), _) => String::new(),
        (Some(inner), true) => inner[..inner.len() - 2].into(),
        (Some(inner), false) => format!(r"{inner}\z"),
        (None, true) => out[..out.len() - 2].into(),
        (None, false) => out + r"\z",
    }
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
    fn letters_match_in_either_case_where_that_is_wanted() {
        let any_case = |glob, text: &str| Glob::of_any_case(glob).expect(glob).matches(text.as_bytes());
        assert!(any_case("*TIME[a-z]ut", "Net::ReadTimeOut") && any_case("É", "É") && !any_case("É", "é"));
        assert_ne!(Glob::new("a"), Glob::of_any_case("a"));
        assert_eq!(Glob::new("a"), Glob::new("a"));
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
