//! The texts of the pages, in the visitor's language (rules `V-05`, `V-06`).
//!
//! They are in `messages/<language>.ftl`, one file per language, which a translator can edit without knowing Rust. A
//! key that a language lacks is said in English; a test sees to it that none lacks any.

use std::borrow::{Borrow, Cow};
use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::count::Marks;

/// The languages that there are, the default first: the name that browsers use, whether it runs from right to left,
/// and its texts.
const LANGUAGES: &[(&str, bool, &str)] = &[
    ("en", false, include_str!("../messages/en.ftl")),
    ("de", false, include_str!("../messages/de.ftl")),
    ("fr", false, include_str!("../messages/fr.ftl")),
    ("es", false, include_str!("../messages/es.ftl")),
    ("zh-cn", false, include_str!("../messages/zh-cn.ftl")),
    ("ar", true, include_str!("../messages/ar.ftl")),
];

const ENGLISH: Marks = Marks { group: ',', from: 4, point: '.' };
const GERMAN: Marks = Marks { group: '.', from: 4, point: ',' };
const SPANISH: Marks = Marks { from: 5, ..GERMAN };
/// The space between groups is narrow, and no line breaks at it.
const FRENCH: Marks = Marks { group: '\u{202f}', ..GERMAN };

/// Header bytes that are looked at for a language; who sends more gets the default (row 100).
const HEADER_MAX: usize = 1_024;

/// The cookie in which a visitor's choice is kept, by the reference's name.
pub(crate) const COOKIE: &str = "faktory_locale";

static READ: LazyLock<Vec<Language>> = LazyLock::new(|| LANGUAGES.iter().map(Language::read).collect());

struct Language {
    tag: &'static str,
    right_to_left: bool,
    marks: Marks,
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
        // A function of Fluent's has no memory, so each way of writing numbers has its own.
        let marks = match *tag {
            "de" | "ar" => {
                bundle.set_formatter(Some(|value, _| grouped(value, GERMAN)));
                GERMAN
            }
            "es" => {
                bundle.set_formatter(Some(|value, _| grouped(value, SPANISH)));
                SPANISH
            }
            "fr" => {
                bundle.set_formatter(Some(|value, _| grouped(value, FRENCH)));
                FRENCH
            }
            _ => {
                bundle.set_formatter(Some(|value, _| grouped(value, ENGLISH)));
                ENGLISH
            }
        };
        bundle.add_resource(resource).unwrap_or_else(|errors| panic!("messages/{tag}.ftl: {errors:?}"));
        Self { tag, right_to_left: *right_to_left, marks, bundle }
    }

    fn say(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Option<Cow<'_, str>> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, args, &mut errors);
        for error in errors {
            // Only we can have forgotten it. A visitor gets the rest of the text all the same.
            debug_assert!(false, "{key} in {}: {error}", self.tag);
            tracing::warn!(key, language = self.tag, %error, "failed to fill in a text of the dashboard");
        }
        Some(text)
    }
}

/// A number in a text.
fn grouped(value: &FluentValue<'_>, marks: Marks) -> Option<String> {
    match value {
        FluentValue::Number(number) if number.value >= 0.0 => Some(marks.grouped(number.value as u64)),
        _ => None,
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

impl Words {
    /// Those of this visitor: the choice that is kept in the cookie, else the first language of `Accept-Language`
    /// that there is (exactly, then whatever its region or script), else English.
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
        exact.or_else(|| tags().find_map(Self::akin))
    }

    /// The first in this language, of whatever region or script: `zh` and `zh-hans` are read by who reads `zh-cn`.
    fn akin(tag: &str) -> Option<Self> {
        Self::all().find(|words| language(words.0.tag) == language(tag))
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

    /// How it writes numbers. Arabic does as in the Maghreb, where digits are those of the West.
    pub(crate) fn marks(self) -> Marks {
        self.0.marks
    }

    /// A figure of several parts, `2 m 05 s`: they stay in their order where the text around them runs from right to left.
    pub(crate) fn figure(self, text: String) -> String {
        if self.0.right_to_left { format!("\u{2066}{text}\u{2069}") } else { text }
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

/// A tag without region and script.
fn language(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    /// How keys begin that the code puts together: of a unit, a column, an outcome, an action.
    const MADE: &[&str] = &[
        "act-",
        "audit-by-",
        "audit-did-",
        "audit-role-",
        "batches-place-",
        "batches-state-",
        "cron-at-",
        "cron-day-",
        "cron-every-",
        "cron-missed-",
        "cron-ran-",
        "moment-",
        "outcome-",
        "throttles-field-",
        "problem-",
        "queues-",
        "span-",
        "statistics-",
        "summary-",
        "theme-",
        "tokens-scope-",
        "work-",
    ];

    type Variables = BTreeSet<String>;

    /// The keys of a file, each with the variables that its text fills in and those that only choose a form.
    fn keys(text: &str) -> BTreeMap<&str, (Variables, Variables)> {
        let mut keys = BTreeMap::new();
        let mut key = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                key = name;
                let before = keys.insert(key, <(Variables, Variables)>::default());
                assert!(before.is_none(), "{key} is there twice");
            }
            for part in line.split("{ $").skip(1) {
                let (variable, rest) = part.split_once([' ', '}']).expect("a variable has an end");
                let (filled, chosen) = keys.get_mut(key).expect("a variable is in a text");
                let set = if rest.starts_with("->") { chosen } else { filled };
                set.insert(variable.to_owned());
            }
        }
        keys
    }

    /// Every file of a folder of this crate, one after the other.
    fn sources(folder: &str) -> String {
        fn walk(folder: &Path, text: &mut String) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => walk(&path, text),
                    false => text.push_str(&fs::read_to_string(path).unwrap()),
                }
            }
        }
        let mut text = String::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
        text
    }

    #[test]
    fn every_file_is_read_and_names_its_language() {
        let names: BTreeSet<_> = Words::all().map(Words::name).collect();
        assert_eq!(names.len(), LANGUAGES.len());
        assert!(!names.contains("language"));
    }

    #[test]
    fn every_language_has_the_keys_of_english_with_the_same_variables() {
        let english = keys(LANGUAGES[0].2);
        for (tag, _, text) in LANGUAGES {
            let theirs = keys(text);
            assert!(theirs.keys().eq(english.keys()), "{tag}: {:?}", differing(&theirs, &english));
            for (key, (filled, chosen)) in &theirs {
                let (ours, choosing) = &english[key];
                let used: Variables = filled | chosen;
                assert!(
                    used.is_subset(&(ours | choosing)),
                    "{tag}: {key} has variables that nobody fills in"
                );
                assert!((ours - choosing).is_subset(filled), "{tag}: {key} leaves out what English says");
            }
        }
    }

    fn differing<'k, V>(one: &BTreeMap<&'k str, V>, other: &BTreeMap<&'k str, V>) -> Vec<&'k str> {
        let [one, other] = [one, other].map(|keys| keys.keys().copied().collect::<BTreeSet<_>>());
        one.symmetric_difference(&other).copied().collect()
    }

    #[test]
    fn every_number_has_its_form_in_every_language() {
        for words in Words::all() {
            for (key, (_, chosen)) in
                keys(LANGUAGES[0].2).into_iter().filter(|(_, (_, chosen))| !chosen.is_empty())
            {
                assert_eq!(chosen, Variables::from(["n".to_owned()]), "{key}");
                for n in [0_u64, 1, 2, 3, 11, 99, 100, 1_000_000] {
                    let said = words.count_fill(key, n, &[("most", "5"), ("what", "x"), ("to", "y")]);
                    assert!(!said.contains('{') && said != key, "{}: {key} of {n} is {said}", words.tag());
                }
            }
        }
        let arabic = Words::by_tag("ar").unwrap();
        let days = [1_u64, 2, 3, 11, 100].map(|n| arabic.count("home-days", n));
        assert_eq!(days, ["يوم واحد", "يومين", "3 أيام", "11 يومًا", "100 يوم"]);
    }

    #[test]
    fn no_two_tabs_and_no_two_buttons_have_the_same_text_in_any_language() {
        const SAME: [&[&str]; 7] = [
            &["deed-retry", "job-retry"],
            &["deed-add_to_queue", "job-enqueue"],
            &["deed-edit", "edit-link"],
            &["deed-kill", "job-kill", "queue-kill"],
            &["deed-delete", "job-delete", "queue-delete"],
            &["queues-pause", "cron-pause"],
            &["queues-resume", "cron-resume"],
        ];
        const OTHERS: [&str; 13] = [
            "deed-move",
            "deed-restore",
            "busy-release",
            "busy-quiet",
            "busy-stop",
            "queues-clear",
            "cron-run",
            "batches-check",
            "batches-cancel",
            "tokens-revoke",
            "work-undo",
            "work-dismiss",
            "statistics-set-mark",
        ];
        let tabs = keys(LANGUAGES[0].2).into_keys().filter(|key| key.starts_with("tab-"));
        let tabs: Vec<&str> = tabs.collect();
        let buttons: Vec<&str> = SAME.iter().map(|same| same[0]).chain(OTHERS).collect();
        for words in Words::all() {
            for group in [&tabs, &buttons] {
                let texts: BTreeMap<_, _> = group.iter().map(|key| (words.say(key), key)).collect();
                let shadowed = group.iter().find(|key| texts[&words.say(key)] != *key);
                let text = shadowed.map(|key| words.say(key));
                assert_eq!(shadowed, None, "{}: two are called {text:?}", words.tag());
            }
            for same in SAME {
                let texts: BTreeSet<_> = same.iter().map(|key| words.say(key)).collect();
                assert_eq!(texts.len(), 1, "{}: one deed has several names: {texts:?}", words.tag());
            }
        }
    }

    /// A text in quotes that is written as a key: small letters, with a dash.
    fn written_as_a_key(quoted: &str) -> bool {
        let is_part = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c))
        };
        quoted.contains('-') && quoted.split('-').all(is_part)
    }

    #[test]
    fn every_key_that_is_used_is_there_and_every_key_is_used() {
        let english = keys(LANGUAGES[0].2);
        let (templates, code) = (sources("templates"), sources("src"));
        let mut used = BTreeSet::new();
        for (text, verb) in
            [(&templates, "say(\""), (&templates, "count(\""), (&templates, "fill(\""), (&code, "say(\"")]
        {
            let said = text.split(verb).skip(1).filter_map(|part| part.split('"').next());
            used.extend(said.filter(|key| !key.starts_with("no-such-")));
        }
        let first = |key: &str| format!("{}-", language(key));
        let firsts: BTreeSet<String> = english.keys().map(|key| first(key)).collect();
        let named =
            code.split('"').filter(|quoted| written_as_a_key(quoted) && firsts.contains(&first(quoted)));
        used.extend(named);
        let missing: Vec<_> = used.iter().filter(|key| !english.contains_key(**key)).collect();
        assert!(missing.is_empty(), "there are no texts {missing:?}");
        let unused = english.keys().filter(|key| !used.contains(*key));
        let unused: Vec<_> = unused.filter(|key| !MADE.iter().any(|made| key.starts_with(made))).collect();
        assert!(unused.is_empty(), "nobody says {unused:?}");
    }

    /// The arguments of a call, from behind its opening bracket.
    fn arguments(text: &str) -> &str {
        let mut open = 1;
        let end = text.find(|c| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open == 0
        });
        &text[..end.unwrap_or(text.len())]
    }

    #[test]
    fn whoever_says_a_text_fills_in_what_it_wants() {
        let english = keys(LANGUAGES[0].2);
        let text = sources("templates") + &sources("src");
        let mut calls = 0;
        for (verb, counts) in [("say", false), ("count", true), ("fill", false), ("count_fill", true)] {
            for call in text.split(&format!(".{verb}(")).skip(1).map(arguments) {
                let mut quoted = call.trim_start().split('"');
                // A key that is put together is for the pages' tests to find: an unfilled text panics there.
                let Some(key) = quoted.nth(1).filter(|_| call.trim_start().starts_with('"')) else {
                    continue;
                };
                let Some((filled, chosen)) = english.get(key) else { continue };
                let given = call.split("(\"").skip(1).filter_map(|part| part.split('"').next());
                let given: BTreeSet<&str> = given.chain(counts.then_some("n")).collect();
                let missing: Vec<_> =
                    (filled | chosen).into_iter().filter(|name| !given.contains(&**name)).collect();
                assert!(missing.is_empty(), "{verb} {key}, which leaves out {missing:?}");
                calls += 1;
            }
        }
        assert!(calls > 300, "{calls} texts were looked at");
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
        assert_eq!(tag("a=b; faktory_locale=en", "de"), "en");
        assert_eq!(tag("faktory_locale=xx", "de"), "de");
        assert_eq!(tag("", &"de,".repeat(100_000)), "en");
        assert_eq!(tag("", "de-AT,fr;q=0.9"), "fr", "an exact one goes first");
        assert_eq!(tag("", "xx, de-AT;q=0.8, fr-CA;q=0.9"), "de", "in the order of the list");
        assert_eq!(tag("", "zh-CN"), "zh-cn");
        assert_eq!(tag("", "zh"), "zh-cn");
        assert_eq!(tag("", "zh-Hans-SG"), "zh-cn");
    }

    #[test]
    fn arabic_runs_from_right_to_left_v06() {
        let leftward = Words::all().filter(|words| words.direction() == "rtl").map(Words::tag);
        assert_eq!(leftward.collect::<Vec<_>>(), ["ar"]);
    }

    #[test]
    fn a_number_is_set_apart_and_chooses_its_plural() {
        let words = Words::default();
        assert_eq!(words.count("footer-connections", 1_u64), "connection");
        assert_eq!(words.count("footer-connections", 2_u64), "connections");
        assert_eq!(words.say("no-such-key"), "no-such-key");
    }
}
