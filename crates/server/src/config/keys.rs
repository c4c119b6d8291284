//! The keys of the configuration: `default.toml` says which there are and of what type, the operator's files replace
//! its values, and the rest of `config` reads them here by name.
//!
//! Files are merged key by key, each with the place at which it stands, so that every mistake is reported as
//! `file:line:column: reason`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::throttles::{self, Limited};
use super::{ConfigError, Notes};

/// Every key with its default, and what it is for.
pub const DEFAULT: &str = include_str!("default.toml");

/// Tables of Faktory's that this version does not use. They are passed over with a warning, so that a Faktory user's
/// files work.
const FAKTORY_TABLES: &[&str] = &["queues", "security", "webui"];

/// A place in a file, as an editor shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    file: PathBuf,
    line: usize,
    column: usize,
}

/// A key that a file sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its full name.
    pub key: String,
    /// Its value; none: it is a secret.
    pub value: Option<String>,
    /// Where it is set.
    pub at: Spot,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl Spot {
    fn new(file: &Path, text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// All keys, the default of each replaced by what a file says.
pub(super) struct Settings<'t> {
    entries: BTreeMap<String, Entry<'t>>,
    /// What limits queues, by their names.
    pub(super) throttles: BTreeMap<String, Limited>,
    /// The tables of `[[cron]]`, of all files: see `cron.rs`.
    pub(super) crons: Vec<Table<'t>>,
    /// What a warning has been given for.
    passed_over: BTreeSet<String>,
    /// What somebody asked for.
    read: RefCell<BTreeSet<&'static str>>,
}

/// A table that is read as a whole, and where it stands.
pub(super) struct Table<'t> {
    pub(super) source: Source<'t>,
    pub(super) at: Spot,
    pub(super) table: DeTable<'t>,
}

struct Entry<'t> {
    value: DeValue<'t>,
    /// Where a file sets it; nowhere, and it has its default.
    at: Option<Spot>,
}

/// A file that is being merged.
#[derive(Clone, Copy)]
pub(super) struct Source<'t> {
    path: &'t Path,
    text: &'t str,
}

impl Source<'_> {
    /// The place of a key or a value.
    pub(super) fn spot(&self, span: Range<usize>) -> Spot {
        Spot::new(self.path, self.text, span.start)
    }
}

impl Default for Settings<'_> {
    fn default() -> Self {
        fn flatten<'t>(prefix: &str, table: DeTable<'t>, entries: &mut BTreeMap<String, Entry<'t>>) {
            for (key, value) in table {
                let name = join(prefix, key.get_ref());
                match value.into_inner() {
                    DeValue::Table(inner) => flatten(&name, inner, entries),
                    value => drop(entries.insert(name, Entry { value, at: None })),
                }
            }
        }
        let table = DeTable::parse(DEFAULT).expect("default.toml is read by the tests");
        let mut entries = BTreeMap::new();
        flatten("", table.into_inner(), &mut entries);
        Self {
            entries,
            throttles: BTreeMap::new(),
            crons: Vec::new(),
            passed_over: BTreeSet::new(),
            read: RefCell::default(),
        }
    }
}

impl<'t> Settings<'t> {
    /// Replaces what the file at `path` sets.
    pub(super) fn merge(
        &mut self,
        path: &'t Path,
        text: &'t str,
        notes: &mut Notes,
    ) -> Result<(), ConfigError> {
        let table = DeTable::parse(text).map_err(|error| {
            let at = Spot::new(path, text, error.span().map_or(0, |span| span.start));
            let reason = error.message().lines().collect::<Vec<_>>().join(", ");
            ConfigError::Key { at, reason }
        })?;
        self.merge_table("", table.into_inner(), &Source { path, text }, notes)
    }

    fn merge_table(
        &mut self,
        prefix: &str,
        table: DeTable<'t>,
        source: &Source<'t>,
        notes: &mut Notes,
    ) -> Result<(), ConfigError> {
        for (key, value) in table {
            let name = join(prefix, key.get_ref());
            let at = source.spot(key.span());
            match value.into_inner() {
                value if name == "cron" => self.take_crons(value, &at, source)?,
                _ if FAKTORY_TABLES.contains(&name.as_str()) => self.pass_over(name, &at, "", notes),
                DeValue::Table(inner) if name == throttles::TABLE => {
                    throttles::merge(&mut self.throttles, inner, source)?;
                }
                DeValue::Table(inner) if self.is_table(&name) => {
                    self.merge_table(&name, inner, source, notes)?;
                }
                _ if self.is_table(&name) || name == throttles::TABLE => {
                    return Err(ConfigError::Key { at, reason: format!("`{name}` must be a table") });
                }
                value => self.set(name, value, at, notes)?,
            }
        }
        Ok(())
    }

    /// Each is an entry, in whatever file it stands.
    fn take_crons(&mut self, value: DeValue<'t>, at: &Spot, source: &Source<'t>) -> Result<(), ConfigError> {
        let wrong = || {
            let reason = "`cron` must be tables of their own: [[cron]]".into();
            ConfigError::Key { at: at.clone(), reason }
        };
        let DeValue::Array(entries) = value else { return Err(wrong()) };
        for entry in entries {
            let at = source.spot(entry.span());
            let DeValue::Table(table) = entry.into_inner() else { return Err(wrong()) };
            self.crons.push(Table { source: *source, at, table });
        }
        Ok(())
    }

    fn set(
        &mut self,
        name: String,
        value: DeValue<'t>,
        at: Spot,
        notes: &mut Notes,
    ) -> Result<(), ConfigError> {
        let Some(entry) = self.entries.get_mut(&name) else {
            let hint = self.hint(&name);
            if name.starts_with("faktory.") {
                self.pass_over(name, &at, &hint, notes);
                return Ok(());
            }
            let reason = format!("unknown key `{name}`{hint}");
            return Err(ConfigError::Key { at, reason });
        };
        if let Some(first) = &entry.at {
            return Err(ConfigError::Key { at, reason: format!("`{name}` is set already, at {first}") });
        }
        if !entry.value.same_type(&value) {
            let (must, is) = (with_article(&entry.value), with_article(&value));
            let example = match entry.value.as_str() {
                Some(example) if !example.is_empty() => format!(" such as {example:?}"),
                _ => String::new(),
            };
            let reason = format!("`{name}` must be {must}{example}, not {is}");
            return Err(ConfigError::Key { at, reason });
        }
        *entry = Entry { value, at: Some(at) };
        Ok(())
    }

    /// Faktory's, and nothing that this version reads: said once, however many files have it.
    fn pass_over(&mut self, name: String, at: &Spot, hint: &str, notes: &mut Notes) {
        if !self.passed_over.contains(&name) {
            notes.warn(format!("{at}: `{name}` is not used by this version{hint}"));
            self.passed_over.insert(name);
        }
    }

    fn is_table(&self, name: &str) -> bool {
        let below = |key: &String| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.entries.keys().any(below)
    }

    /// Names the known key, or table, that is spelt most like this name.
    fn hint(&self, name: &str) -> String {
        let tables = self.entries.keys().filter_map(|key| key.split_once('.')).map(|(table, _)| table);
        let known = self.entries.keys().map(String::as_str).chain(tables).chain([throttles::TABLE]);
        hint(known, name, |known| format!("`{known}`"))
    }
}

/// Reading. A name that `default.toml` does not have is a mistake of ours.
impl Settings<'_> {
    fn entry(&self, name: &'static str) -> &Entry<'_> {
        self.read.borrow_mut().insert(name);
        self.entries.get(name).unwrap_or_else(|| panic!("default.toml lacks {name}"))
    }

    /// `default.toml` promises that each of its keys does something.
    pub(super) fn assert_all_read(&self) {
        let read = self.read.borrow();
        let unread: Vec<_> = self.entries.keys().filter(|name| !read.contains(name.as_str())).collect();
        assert!(unread.is_empty(), "nothing reads {unread:?}");
    }

    /// Every key and its value as a text, to compare two configurations; without secrets.
    pub(super) fn texts_of_all(&self) -> BTreeMap<String, String> {
        let open = self.entries.iter().filter(|(name, _)| !is_secret(name));
        let limited =
            self.throttles.iter().map(|(queue, limited)| (throttles::key(queue), limited.to_string()));
        open.map(|(name, entry)| (name.clone(), text_of(&entry.value))).chain(limited).collect()
    }

    /// The keys that files set, with their values; a secret is not shown.
    pub(super) fn set_by_files(&self) -> Vec<Setting> {
        let set = self.entries.iter().filter_map(|(name, entry)| Some((name, entry, entry.at.clone()?)));
        set.map(|(name, entry, at)| Setting {
            key: name.clone(),
            value: (!is_secret(name)).then(|| text_of(&entry.value)),
            at,
        })
        .chain(self.throttles.iter().map(|(queue, limited)| Setting {
            key: throttles::key(queue),
            value: Some(limited.to_string()),
            at: limited.at.clone(),
        }))
        .collect()
    }

    /// Where a file sets this key; nowhere if it has its default.
    pub(super) fn spot(&self, name: &'static str) -> Option<&Spot> {
        self.entry(name).at.as_ref()
    }

    /// A key, and where a file sets it.
    pub(super) fn place(&self, name: &'static str) -> String {
        self.spot(name).map_or_else(|| format!("`{name}`"), |at| format!("{at}: `{name}`"))
    }

    /// What is wrong with the value of a key.
    pub(super) fn wrong(&self, name: &'static str, what: impl fmt::Display) -> ConfigError {
        let at = self.spot(name).cloned();
        let at = at.unwrap_or_else(|| Spot::new(Path::new("default.toml"), DEFAULT, 0));
        ConfigError::Key { at, reason: format!("`{name}` {what}") }
    }

    /// A text; none where it is empty.
    pub(super) fn text(&self, name: &'static str) -> Option<&str> {
        self.entry(name).value.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn switch(&self, name: &'static str) -> bool {
        self.entry(name).value.as_bool().unwrap_or_default()
    }

    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, ConfigError> {
        let values = self.entry(name).value.as_array().into_iter().flatten();
        let texts = values.map(|value| value.get_ref().as_str().map(str::to_owned));
        texts.collect::<Option<_>>().ok_or_else(|| self.wrong(name, "must hold strings only"))
    }

    pub(super) fn count(
        &self,
        name: &'static str,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        let number = self.entry(name).value.as_integer();
        let number = number.and_then(|number| usize::from_str_radix(number.as_str(), number.radix()).ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.wrong(name, format!("must be from {} to {}", range.start(), range.end())))
    }

    pub(super) fn duration(&self, name: &'static str) -> Result<Duration, ConfigError> {
        let text = self.text(name).unwrap_or_default();
        parse_duration(text)
            .filter(|duration| (Duration::from_millis(1)..=DURATION_MAX).contains(duration))
            .ok_or_else(|| self.wrong(name, "must be a duration such as \"250ms\", \"60s\" or \"180d\""))
    }

    /// One that may be nothing at all.
    pub(super) fn duration_up_to(&self, name: &'static str, most: Duration) -> Result<Duration, ConfigError> {
        parse_duration(self.text(name).unwrap_or_default()).filter(|duration| *duration <= most).ok_or_else(
            || {
                let most = most.as_secs() / 3_600;
                self.wrong(name, format!("must be a duration from \"0s\" to \"{most}h\""))
            },
        )
    }

    pub(super) fn size(
        &self,
        name: &'static str,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        let size = parse_size(self.text(name).unwrap_or_default())
            .ok_or_else(|| self.wrong(name, "must be a size such as \"64KiB\", \"32MiB\" or \"1GiB\""))?;
        let (least, most) = (written_size(*range.start()), written_size(*range.end()));
        let outside = || self.wrong(name, format!("must be from \"{least}\" to \"{most}\""));
        range.contains(&size).then_some(size).ok_or_else(outside)
    }
}

/// What to say behind a name that is unknown: which of these is spelt most like it. Nothing where that would be far-fetched,
/// with more than a third of its letters to be changed.
pub(super) fn hint<'n>(
    known: impl IntoIterator<Item = &'n str>,
    name: &str,
    written: impl Fn(&str) -> String,
) -> String {
    let known = known.into_iter().map(|known| (distance(known, name), known));
    let nearest = known.min_by_key(|(distance, _)| *distance);
    let nearest = nearest.filter(|(distance, _)| distance * 3 <= name.chars().count());
    nearest
        .map_or_else(String::new, |(_, nearest)| format!("; the nearest known one is {}", written(nearest)))
}

/// Whether the value of a key is nobody's business.
fn is_secret(name: &str) -> bool {
    name.ends_with("password")
}

fn text_of(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Boolean(switch) => switch.to_string(),
        DeValue::Array(values) => {
            values.iter().map(|value| text_of(value.get_ref())).collect::<Vec<_>>().join(", ")
        }
        // `default.toml` has none of the others.
        other => other.type_str().to_owned(),
    }
}

/// Ten years: beyond what anybody means, and far from what arithmetic with moments can overflow at.
const DURATION_MAX: Duration = Duration::from_secs(3_650 * 86_400);

/// `250ms`, `60s`, `15m`, `72h`, `180d`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

fn parse_size(text: &str) -> Option<usize> {
    let (number, unit) = split_unit(text)?;
    let bytes: u64 = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes).and_then(|bytes| usize::try_from(bytes).ok())
}

/// A size as a file would say it, in the largest unit that gives a whole number.
pub(super) fn written_size(bytes: usize) -> String {
    let unit = [(30, "GiB"), (20, "MiB")].into_iter().find(|(shift, _)| bytes.trailing_zeros() >= *shift);
    let (shift, unit) = unit.unwrap_or((10, "KiB"));
    format!("{}{unit}", bytes >> shift)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

/// The full name of a key; one that is not bare is quoted, so that a dot in it does not pass for a table.
pub(super) fn join(prefix: &str, key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let key = if !key.is_empty() && key.bytes().all(bare) { key.into() } else { format!("{key:?}") };
    if prefix.is_empty() { key } else { format!("{prefix}.{key}") }
}

pub(super) fn with_article(value: &DeValue<'_>) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}

/// How many letters to insert, remove or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
