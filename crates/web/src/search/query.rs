//! The language of the search box: what a line means, and what is wrong with one that cannot be read.
//!
//! ```text
//! type:Mail* queue:default,low state:dead error:timeout age>2h retries>=3 "quoted text" word
//! ```
//!
//! Terms stand apart by blanks, and a job has to meet all of them; several of `type`, `queue`, `jid` or `state` mean any
//! of these, and so do several values of a `type`, a `queue` or a `state` with commas between them. `type`, `queue` and `jid` are compared whole, `error`, `arg` and bare words are looked for anywhere. `*` is
//! any text but inside quotes, and letters of ASCII match in either case. A jid without `*` is looked up, as it is
//! written.

use std::fmt;
use std::time::Duration;

use bessemer_core::glob::Glob;
use bessemer_core::query::Where;

use crate::deed::Deed;
use crate::limits::{QUERY_MAX, TERMS_MAX};

/// What a line means: which jobs are looked for. Without a wish: all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The line, as the box shows it again.
    pub(super) line: String,
    pub(super) places: Vec<Where>,
    pub(super) queues: Vec<Glob>,
    pub(super) jobtypes: Vec<Glob>,
    /// Looked up as they are; unless there are globs among them, too.
    pub(super) jids: Vec<String>,
    pub(super) jid_globs: Vec<Glob>,
    /// At least so old, and at most.
    pub(super) age: Option<(Duration, Duration)>,
    pub(super) retries: Option<(u32, u32)>,
    pub(super) errors: Vec<Glob>,
    pub(super) args: Vec<Glob>,
    pub(super) words: Vec<Glob>,
    /// The one word that the line is.
    pub(super) only_word: Option<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            line: String::new(),
            places: Where::ALL.to_vec(),
            queues: Vec::new(),
            jobtypes: Vec::new(),
            jids: Vec::new(),
            jid_globs: Vec::new(),
            age: None,
            retries: None,
            errors: Vec::new(),
            args: Vec::new(),
            words: Vec::new(),
            only_word: None,
        }
    }
}

/// A line that cannot be read: why, and at which character, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryError {
    pub(crate) at: usize,
    pub(crate) what: Wrong,
}

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    TooLong,
    TooManyTerms,
    /// A quote that does not end.
    Unclosed,
    /// A field without a value.
    NoValue(String),
    /// What looks like a field and is none.
    NoField(String),
    NoState(String),
    NoAge(String),
    NoNumber(String),
    TooComplex,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a search has at most {QUERY_MAX} bytes"),
            Self::TooManyTerms => write!(f, "a search has at most {TERMS_MAX} terms"),
            Self::Unclosed => f.write_str("this quote does not end"),
            Self::NoValue(field) => write!(f, "{field} needs a value"),
            Self::NoField(field) => {
                write!(
                    f,
                    "there is no field {field} (type, queue, state, jid, error, arg, age, retries); text with a colon goes in quotes"
                )
            }
            Self::NoState(state) => {
                write!(f, "there is no state {state} (working, waiting, retries, scheduled, dead)")
            }
            Self::NoAge(age) => write!(f, "{age} is no age, as 90s, 15m, 2h, 7d or 4w are"),
            Self::NoNumber(number) => write!(f, "{number} is no number of retries"),
            Self::TooComplex => f.write_str("this pattern is too complex"),
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.what, self.at)
    }
}

/// The fields that are followed by a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Type,
    Queue,
    State,
    Jid,
    Error,
    Arg,
}

const FIELDS: [(&str, Field); 6] = [
    ("type", Field::Type),
    ("queue", Field::Queue),
    ("state", Field::State),
    ("jid", Field::Jid),
    ("error", Field::Error),
    ("arg", Field::Arg),
];

/// How a number is compared: not less than, less than, and so on.
#[derive(Clone, Copy, Debug)]
enum Than {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
}

/// A term's value, as a glob: what stood in quotes is literal.
struct Value {
    glob: String,
    plain: String,
    is_glob: bool,
}

/// Goes over a line.
struct Reader<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> Reader<'l> {
    fn rest(&self) -> &'l str {
        &self.line[self.at..]
    }

    fn error(&self, at: usize, what: Wrong) -> QueryError {
        QueryError { at: self.line[..at].chars().count() + 1, what }
    }

    fn skip_blanks(&mut self) {
        self.at = self.line.len() - self.rest().trim_start().len();
    }

    /// What is before the next blank, and not in quotes.
    fn bare(&self) -> &'l str {
        let rest = self.rest();
        &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())]
    }

    /// A value, up to the next blank that is not in quotes.
    fn value(&mut self) -> Result<Value, QueryError> {
        self.value_to(char::is_whitespace)
    }

    /// The next of several values, up to a blank or a comma that is not in quotes.
    fn value_of_several(&mut self) -> Result<Value, QueryError> {
        self.value_to(|c| c.is_whitespace() || c == ',')
    }

    fn value_to(&mut self, ends: impl Fn(char) -> bool) -> Result<Value, QueryError> {
        let mut value = Value { glob: String::new(), plain: String::new(), is_glob: false };
        let mut quote = None;
        let begin = self.at;
        let mut chars = self.rest().char_indices().peekable();
        let mut len = self.rest().len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => quote = if quote.is_none() { Some(begin + at) } else { None },
                '\\' if quote.is_some() && matches!(chars.peek(), Some((_, '"' | '\\'))) => {
                    let (_, c) = chars.next().expect("it was peeked at");
                    value.literal(c);
                }
                c if quote.is_none() && ends(c) => {
                    len = at;
                    break;
                }
                '*' if quote.is_none() => {
                    value.is_glob = true;
                    value.glob.push('*');
                    value.plain.push('*');
                }
                c => value.literal(c),
            }
        }
        if let Some(at) = quote {
            return Err(self.error(at, Wrong::Unclosed));
        }
        self.at = begin + len;
        Ok(value)
    }
}

impl Value {
    fn literal(&mut self, c: char) {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '^' | '-') {
            self.glob.push('\\');
        }
        self.glob.push(c);
        self.plain.push(c);
    }

    fn whole(&self) -> Option<Glob> {
        Glob::of_any_case(&self.glob).ok()
    }

    fn anywhere(&self) -> Option<Glob> {
        Glob::of_any_case(&format!("*{}*", self.glob)).ok()
    }
}

impl Filter {
    /// As it was written.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// The places in which it looks, in the order of [`Where::ALL`].
    pub(crate) fn places(&self) -> &[Where] {
        &self.places
    }

    /// The same where a deed can do something.
    #[must_use]
    pub(crate) fn reached_by(mut self, deed: &Deed) -> Self {
        self.places.retain(|place| deed.reaches(*place));
        self
    }

    /// What may be a jid: the line is this word alone, or `jid:` with it.
    pub(crate) fn jid(&self) -> Option<&str> {
        let lone = [&self.errors, &self.args, &self.words, &self.queues, &self.jobtypes]
            .iter()
            .all(|terms| terms.is_empty());
        let anywhere = self.places == Where::ALL;
        match &self.jids[..] {
            [jid] if lone && anywhere && self.age.is_none() && self.retries.is_none() => Some(jid),
            _ => self.only_word.as_deref(),
        }
    }

    /// Reads a line.
    pub(crate) fn parse(line: &str) -> Result<Self, QueryError> {
        let mut reader = Reader { line, at: 0 };
        if line.len() > QUERY_MAX {
            let most = (0..=QUERY_MAX).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
            return Err(reader.error(most, Wrong::TooLong));
        }
        let mut filter = Self { line: line.trim().to_owned(), ..Self::default() };
        let (mut places, mut terms) = (Vec::new(), 0);
        reader.skip_blanks();
        while !reader.rest().is_empty() {
            terms += 1;
            if terms > TERMS_MAX {
                return Err(reader.error(reader.at, Wrong::TooManyTerms));
            }
            filter.term(&mut reader, &mut places)?;
            reader.skip_blanks();
        }
        if !places.is_empty() {
            filter.places.retain(|place| places.contains(place));
        }
        if terms > 1 {
            filter.only_word = None;
        }
        if !filter.jid_globs.is_empty() {
            let exact = std::mem::take(&mut filter.jids);
            let globs = exact.iter().filter_map(|jid| {
                let mut value = Value { glob: String::new(), plain: String::new(), is_glob: false };
                jid.chars().for_each(|c| value.literal(c));
                value.whole()
            });
            filter.jid_globs.extend(globs);
        }
        Ok(filter)
    }

    fn term(&mut self, reader: &mut Reader<'_>, places: &mut Vec<Where>) -> Result<(), QueryError> {
        let (begin, bare) = (reader.at, reader.bare());
        if let Some((name, than, len)) = compared(bare) {
            reader.at += len;
            let at = reader.at;
            let value = reader.value()?;
            return self.compare(name, than, &value.plain).map_err(|what| reader.error(at, what));
        }
        let name = bare.split_once(':').map(|(name, _)| name);
        let Some((name, field)) = name.and_then(|name| FIELDS.iter().find(|(field, _)| *field == name))
        else {
            return self.word(reader, begin, name, bare);
        };
        let several = matches!(field, Field::Type | Field::Queue | Field::State);
        reader.at += name.len();
        // Behind the colon, or a comma.
        loop {
            reader.at += 1;
            let at = reader.at;
            let value = if several { reader.value_of_several()? } else { reader.value()? };
            if value.plain.is_empty() {
                return Err(reader.error(begin, Wrong::NoValue(format!("{name}:"))));
            }
            self.field(*field, &value, places).map_err(|what| reader.error(at, what))?;
            if !(several && reader.rest().starts_with(',')) {
                return Ok(());
            }
        }
    }

    fn word(
        &mut self,
        reader: &mut Reader<'_>,
        begin: usize,
        field: Option<&str>,
        bare: &str,
    ) -> Result<(), QueryError> {
        // `Net::ReadTimeout` and `http://` are words; `tpye:Mail` is not.
        let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        if let Some(name) = field.filter(is_name)
            && !matches!(bare.as_bytes().get(name.len() + 1), Some(b':' | b'/'))
        {
            return Err(reader.error(begin, Wrong::NoField(name.to_owned())));
        }
        let value = reader.value()?;
        if value.plain.is_empty() {
            return Ok(()); // an empty pair of quotes
        }
        self.words.push(value.anywhere().ok_or_else(|| reader.error(begin, Wrong::TooComplex))?);
        self.only_word = (!value.is_glob).then_some(value.plain);
        Ok(())
    }

    fn field(&mut self, field: Field, value: &Value, places: &mut Vec<Where>) -> Result<(), Wrong> {
        let whole = || value.whole().ok_or(Wrong::TooComplex);
        let anywhere = || value.anywhere().ok_or(Wrong::TooComplex);
        match field {
            Field::Type => self.jobtypes.push(whole()?),
            Field::Queue => self.queues.push(whole()?),
            Field::State => {
                places.push(place(&value.plain).ok_or_else(|| Wrong::NoState(value.plain.clone()))?);
            }
            Field::Jid if value.is_glob => self.jid_globs.push(whole()?),
            Field::Jid => self.jids.push(value.plain.clone()),
            Field::Error => self.errors.push(anywhere()?),
            Field::Arg => self.args.push(anywhere()?),
        }
        Ok(())
    }

    fn compare(&mut self, name: &str, than: Than, value: &str) -> Result<(), Wrong> {
        if value.is_empty() {
            return Err(Wrong::NoValue(name.to_owned()));
        }
        if name == "age" {
            let age = age(value).ok_or_else(|| Wrong::NoAge(value.to_owned()))?;
            let (least, most) = self.age.unwrap_or((Duration::ZERO, Duration::MAX));
            self.age = Some(match than {
                Than::Greater | Than::AtLeast => (least.max(age), most),
                Than::Less | Than::AtMost => (least, most.min(age)),
                Than::Equal => (least.max(age), most.min(age)),
            });
            return Ok(());
        }
        let number: u32 = value.parse().map_err(|_| Wrong::NoNumber(value.to_owned()))?;
        let (least, most) = self.retries.unwrap_or((0, u32::MAX));
        // What no number can be is an empty range.
        self.retries = Some(match than {
            Than::Greater => (least.max(number.saturating_add(1)), if number == u32::MAX { 0 } else { most }),
            Than::AtLeast => (least.max(number), most),
            Than::Less => (if number == 0 { u32::MAX } else { least }, most.min(number.saturating_sub(1))),
            Than::AtMost => (least, most.min(number)),
            Than::Equal => (least.max(number), most.min(number)),
        });
        Ok(())
    }
}

/// `age>2h`: the name, how it is compared, and the length of both.
fn compared(bare: &str) -> Option<(&'static str, Than, usize)> {
    let name = ["age", "retries"].into_iter().find(|name| bare.starts_with(name))?;
    let sign = &bare[name.len()..];
    let signs = [
        (":>=", Than::AtLeast),
        (":<=", Than::AtMost),
        (":>", Than::Greater),
        (":<", Than::Less),
        (">=", Than::AtLeast),
        ("<=", Than::AtMost),
        (">", Than::Greater),
        ("<", Than::Less),
        ("=", Than::Equal),
        (":", Than::Equal),
    ];
    let (sign, than) = signs.into_iter().find(|(text, _)| sign.starts_with(text))?;
    Some((name, than, name.len() + sign.len()))
}

fn place(state: &str) -> Option<Where> {
    Some(match state.to_ascii_lowercase().as_str() {
        "working" | "busy" | "running" => Where::Working,
        "waiting" | "queued" | "enqueued" => Where::Queued,
        "retries" | "retrying" | "retry" => Where::Retries,
        "scheduled" => Where::Scheduled,
        "dead" | "morgue" => Where::Dead,
        _ => return None,
    })
}

/// `90s`, `15m`, `2h`, `7d`, `4w`; a number alone counts seconds.
fn age(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let seconds = match &text[digits..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let number: u64 = text[..digits].parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Filter {
        Filter::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn globs(globs: &[Glob]) -> Vec<&str> {
        globs.iter().map(Glob::written).collect()
    }

    #[test]
    fn fields_and_words_are_told_apart() {
        let filter = read(
            r#"  type:Mail* queue:a.b queue:c state:dead error:"no answer" arg:4711 Net::X "a \"b*\"" "#,
        );
        assert_eq!(globs(&filter.jobtypes), ["Mail*"]);
        assert_eq!(globs(&filter.queues), ["a.b", "c"]);
        assert_eq!(filter.places, [Where::Dead]);
        assert_eq!(globs(&filter.errors), ["*no answer*"]);
        assert_eq!(globs(&filter.args), ["*4711*"]);
        assert_eq!(globs(&filter.words), ["*Net::X*", r#"*a "b\*"*"#]);
        assert_eq!(
            filter.line(),
            r#"type:Mail* queue:a.b queue:c state:dead error:"no answer" arg:4711 Net::X "a \"b*\"""#
        );
        assert_eq!(read(""), Filter::default());
        assert_eq!(read("  "), Filter::default());
    }

    #[test]
    fn a_comma_stands_between_several_types_queues_and_states() {
        let filter = read(r#"type:Mail*,"Pair<A,B>" queue:a,b state:dead,retries jid:a,b error:x,y"#);
        assert_eq!(globs(&filter.jobtypes), ["Mail*", "Pair<A,B>"]);
        assert_eq!(globs(&filter.queues), ["a", "b"]);
        assert_eq!(filter.places, [Where::Retries, Where::Dead]);
        assert_eq!((filter.jids, globs(&filter.errors)), (vec!["a,b".to_owned()], vec!["*x,y*"]));
    }

    #[test]
    fn ages_and_retries_are_ranges() {
        let age = |line| read(line).age;
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(age("age>2h"), Some((hours(2), Duration::MAX)));
        assert_eq!(age("age<7d age>=60m"), Some((hours(1), hours(168))));
        assert_eq!(age("age:>1w"), Some((hours(168), Duration::MAX)));
        assert_eq!(age("age>90"), Some((Duration::from_secs(90), Duration::MAX)));
        let retries = |line| read(line).retries;
        assert_eq!(retries("retries>3"), Some((4, u32::MAX)));
        assert_eq!(retries("retries>=3 retries<5"), Some((3, 4)));
        assert_eq!(retries("retries:2"), Some((2, 2)));
        let empty = |line| retries(line).is_some_and(|(from, to)| from > to);
        assert!(empty("retries<0") && empty("retries>4294967295") && empty("retries>4 retries<3"));
    }

    #[test]
    fn a_jid_alone_may_lead_to_its_job() {
        assert_eq!(read("abcdefgh-1").jid(), Some("abcdefgh-1"));
        assert_eq!(read("jid:abcdefgh-1").jid(), Some("abcdefgh-1"));
        for line in ["", "abc*", "jid:abc*", "a b", "jid:abcdefgh type:x", "jid:a jid:b", "type:abcdefgh"] {
            assert_eq!(read(line).jid(), None, "{line}");
        }
        let mixed = read("jid:a?c jid:b*");
        assert!(mixed.jids.is_empty());
        assert_eq!(globs(&mixed.jid_globs), ["b*", r"a\?c"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (line, told) in [
            ("type:", "type: needs a value (at character 1)"),
            ("a type:\"\"", "type: needs a value (at character 3)"),
            ("ü error:\"abc", "this quote does not end (at character 9)"),
            (
                "tpye:Mail",
                "there is no field tpye (type, queue, state, jid, error, arg, age, retries); text with a colon goes in quotes (at character 1)",
            ),
            (
                "state:lost",
                "there is no state lost (working, waiting, retries, scheduled, dead) (at character 7)",
            ),
            (
                "state:dead,lost",
                "there is no state lost (working, waiting, retries, scheduled, dead) (at character 12)",
            ),
            ("x type:a,,b", "type: needs a value (at character 3)"),
            ("age>2y", "2y is no age, as 90s, 15m, 2h, 7d or 4w are (at character 5)"),
            ("age>", "age needs a value (at character 5)"),
            (
                "age>99999999999999999999d",
                "99999999999999999999d is no age, as 90s, 15m, 2h, 7d or 4w are (at character 5)",
            ),
            ("x retries>-1", "-1 is no number of retries (at character 11)"),
        ] {
            assert_eq!(Filter::parse(line).expect_err(line).to_string(), told);
        }
    }

    #[test]
    fn a_line_at_its_limits_is_read_and_one_beyond_is_not() {
        assert!(
            Filter::parse(&"?".repeat(QUERY_MAX)).is_ok() && Filter::parse(&" ".repeat(QUERY_MAX)).is_ok()
        );
        let told = Filter::parse(&"ä".repeat(QUERY_MAX / 2 + 1)).expect_err("too long").to_string();
        assert_eq!(told, "a search has at most 500 bytes (at character 251)");
        assert!(Filter::parse(&"a ".repeat(TERMS_MAX)).is_ok());
        let told = Filter::parse(&"a ".repeat(TERMS_MAX + 1)).expect_err("too many").to_string();
        assert_eq!(told, "a search has at most 16 terms (at character 33)");
    }

    proptest! {
        #[test]
        fn every_line_is_read_or_refused_with_a_place_in_it(line in r#"([a-z]{0,7}[:<>="]|[*"\\ ?\[\]]|\PC){0,60}"#) {
            match Filter::parse(&line) {
                Ok(filter) => {
                    prop_assert_eq!(filter.line(), line.trim());
                    prop_assert_eq!(Filter::parse(filter.line()), Ok(filter));
                }
                Err(error) => prop_assert!((1..=line.chars().count() + 1).contains(&error.at)),
            }
        }

        #[test]
        fn text_in_quotes_is_found_as_it_is(text in r#"[^\p{Cc}]{1,40}"#, around in "[a-z]{0,5}") {
            let quoted = text.replace('\\', r"\\").replace('"', r#"\""#);
            let filter = Filter::parse(&format!("\"{quoted}\"")).expect("it is quoted");
            let found = filter.words.iter().all(|word| word.matches(format!("{around}{text}{around}").as_bytes()));
            prop_assert!(found, "{:?}", filter);
        }
    }
}
