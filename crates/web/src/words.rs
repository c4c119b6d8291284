//! The texts of the pages, in the visitor's language (rules `V-05`, `V-06`).
//!
//! They are in `messages/<language>.ftl`, one file per language, which a translator can edit without knowing Rust. A
//! key that a language lacks is said in English; a test sees to it that none lacks any.

use std::borrow::{Borrow, Cow};
use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::count::thousands;

/// The languages that there are, the default first: the name that browsers use, whether it runs from right to left,
/// and its texts.
const LANGUAGES: &[(&str, bool, &str)] = &[("en", false, include_str!("../messages/en.ftl"))];

/// Header bytes that are looked at for a language; who sends more gets the default (row 100).
const HEADER_MAX: usize = 1_024;

/// The cookie in which a visitor's choice is kept, by the reference's name.
pub(crate) const COOKIE: &str = "faktory_locale";

static READ: LazyLock<Vec<Language>> = LazyLock::new(|| LANGUAGES.iter().map(Language::read).collect());

struct Language {
    tag: &'static str,
    right_to_left: bool,
    bundle: FluentBundle<FluentResource>,
}

impl Language {
    fn read((tag, right_to_left, text): &(&'static str, bool, &'static str)) -> Self {
        // The files are part of the program, and a test reads each: this cannot fail at a visitor's.
        let resource = FluentResource::try_new((*text).into())
            .unwrap_or_else(|(_, errors)| panic!("messages/{tag}.ftl: {errors:?}"));
        let mut bundle =
            FluentBundle::new_concurrent(vec![tag.parse().expect("a language has a tag that browsers know")]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) if number.value >= 0.0 => Some(thousands(number.value as u64)),
            _ => None,
        }));
        bundle.add_resource(resource).unwrap_or_else(|errors| panic!("messages/{tag}.ftl: {errors:?}"));
        Self { tag, right_to_left: *right_to_left, bundle }
    }

    fn say(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Option<Cow<'_, str>> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, args, &mut errors);
        for error in errors {
            tracing::warn!(key, language = self.tag, %error, "failed to fill in a text of the dashboard");
        }
        Some(text)
    }
}

/// One language's texts.
#[derive(Clone, Copy)]
pub(crate) struct Words(&'static Language);

impl Default for Words {
    fn default() -> Self {
        Self(&READ[0])
    }
}

#[allow(dead_code, reason = "pages take over their texts one by one")]
impl Words {
    /// Those of this visitor: the choice that is kept in the cookie, else the first language of `Accept-Language`
    /// that there is (exactly, then without its region), else English.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let chosen = cookie(headers, COOKIE).and_then(|tag| Self::by_tag(&tag.to_ascii_lowercase()));
        chosen.or_else(|| Self::accepted(headers)).unwrap_or_default()
    }

    /// All languages, the default first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        READ.iter().map(Self)
    }

    /// By the name that browsers use, in small letters.
    pub(crate) fn by_tag(tag: &str) -> Option<Self> {
        Self::all().find(|words| words.0.tag == tag)
    }

    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let list =
            headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok().filter(|list| list.len() <= HEADER_MAX)?;
        let list = list.to_ascii_lowercase();
        let tags = || list.split(',').map(|entry| entry.split(';').next().unwrap_or_default().trim());
        let exact = tags().find_map(Self::by_tag);
        exact.or_else(|| tags().find_map(|tag| Self::by_tag(tag.split('-').next()?)))
    }

    /// The name that browsers use: `en`, `zh-cn`.
    pub(crate) fn tag(self) -> &'static str {
        self.0.tag
    }

    /// The language's own name for itself.
    pub(crate) fn name(self) -> Cow<'static, str> {
        self.say("language")
    }

    /// `ltr` or `rtl`.
    pub(crate) fn direction(self) -> &'static str {
        if self.0.right_to_left { "rtl" } else { "ltr" }
    }

    /// The text under a key; the key itself where there is none (rule `V-05`).
    pub(crate) fn say(self, key: &str) -> Cow<'static, str> {
        self.filled(key, None)
    }

    /// A text that depends on a number, its `$n`.
    pub(crate) fn count(self, key: &str, n: impl Borrow<u64>) -> Cow<'static, str> {
        let mut args = FluentArgs::new();
        args.set("n", *n.borrow());
        self.filled(key, Some(&args))
    }

    /// A text with other texts in it. They may be a stranger's: whoever shows the result escapes it.
    pub(crate) fn fill(self, key: &str, texts: &[(&'static str, &str)]) -> Cow<'static, str> {
        let args = texts.iter().map(|(name, text)| (*name, FluentValue::from((*text).to_owned()))).collect();
        self.filled(key, Some(&args))
    }

    /// A text with a number, its `$n`, and other texts in it.
    pub(crate) fn count_fill(
        self,
        key: &str,
        n: impl Borrow<u64>,
        texts: &[(&'static str, &str)],
    ) -> Cow<'static, str> {
        let mut args: FluentArgs<'_> =
            texts.iter().map(|(name, text)| (*name, FluentValue::from((*text).to_owned()))).collect();
        args.set("n", *n.borrow());
        self.filled(key, Some(&args))
    }

    fn filled(self, key: &str, args: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let said = self.0.say(key, args).or_else(|| READ[0].say(key, args));
        said.unwrap_or_else(|| {
            tracing::warn!(key, "the dashboard has no such text");
            Cow::Owned(key.to_owned())
        })
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_names_its_language() {
        for words in Words::all() {
            assert_ne!(words.name(), "language", "{}", words.tag());
        }
    }

    #[test]
    fn the_cookie_decides_then_the_browser_then_english_v05() {
        let tag = |cookie: &str, accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
            Words::of(&headers).tag()
        };
        assert_eq!(tag("", ""), "en");
        assert_eq!(tag("faktory_locale=../../etc/passwd", "xx-yy, ../en;q=1"), "en");
        assert_eq!(tag("a=b; faktory_locale=en", "xx"), "en");
        assert_eq!(tag("", &"de,".repeat(100_000)), "en");
    }

    #[test]
    fn a_number_is_set_apart_and_chooses_its_plural() {
        let words = Words::default();
        assert_eq!(words.count("footer-connections", 1_u64), "connection");
        assert_eq!(words.count("footer-connections", 2_u64), "connections");
        assert_eq!(words.say("no-such-key"), "no-such-key");
    }
}
