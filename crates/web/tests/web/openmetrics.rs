//! Reads OpenMetrics text as strictly as its specification is written, and panics where a scraper might stumble.

use std::collections::{BTreeMap, BTreeSet};

/// A page of metrics.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    pub(crate) families: BTreeMap<String, Family>,
}

/// What one `# TYPE` line begins.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    /// Name, labels and value of each line.
    pub(crate) samples: Vec<Sample>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Exposition {
    /// The only sample of this name with these labels and no others.
    #[track_caller]
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_else(|| panic!("there is no {name} with {labels:?}"))
    }

    pub(crate) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: BTreeMap<_, _> = labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let samples = self.families.values().flat_map(|family| &family.samples);
        samples.into_iter().find(|s| s.name == name && s.labels == labels).map(|s| s.value)
    }
}

impl Family {
    /// What its lines are called, also if there are none.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        let suffixes: &[&str] = match self.kind.as_str() {
            "counter" => &["_total"],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect()
    }
}

/// Reads a page.
#[track_caller]
pub(crate) fn parse(text: &str) -> Exposition {
    let body = text.strip_suffix("# EOF\n").expect("ends with # EOF");
    let mut found = Exposition::default();
    let mut current = String::new();
    for line in body.split_terminator('\n') {
        assert!(!line.contains('\r') && !line.is_empty(), "{line:?}");
        if let Some(rest) = line.strip_prefix("# ") {
            let mut parts = rest.splitn(3, ' ');
            let (word, name, value) =
                (parts.next().unwrap(), parts.next().expect(line), parts.next().expect(line));
            assert!(is_name(name), "{line}");
            if name != current {
                assert!(!found.families.contains_key(name), "{name} is not in one piece");
                name.clone_into(&mut current);
            }
            let family = found.families.entry(name.into()).or_default();
            assert!(family.samples.is_empty(), "what is known of {name} comes before its lines");
            let slot = match word {
                "HELP" => &mut family.help,
                "TYPE" => &mut family.kind,
                "UNIT" => family.unit.insert(String::new()),
                _ => panic!("{line}"),
            };
            assert!(slot.is_empty() && !value.is_empty(), "{line}");
            unescape(value, false).clone_into(slot);
            continue;
        }
        let sample = sample(line);
        let family = found.families.get_mut(&current).unwrap_or_else(|| panic!("no family: {line}"));
        family.samples.push(sample);
    }
    found.families.iter().for_each(|(name, family)| judge(name, family));
    found
}

/// What a family of its type has to look like.
fn judge(name: &str, family: &Family) {
    assert!(!family.help.is_empty(), "{name} has no help");
    if let Some(unit) = &family.unit {
        assert!(name.ends_with(&format!("_{unit}")), "{name} does not end with its unit {unit}");
    }
    assert!(
        ["gauge", "counter", "info", "histogram"].contains(&family.kind.as_str()),
        "{name}: {}",
        family.kind
    );
    let mut seen = BTreeSet::new();
    for sample in &family.samples {
        let suffix = sample.name.strip_prefix(name).unwrap_or_else(|| panic!("{} in {name}", sample.name));
        assert!(
            family.names("").contains(&suffix.to_owned()),
            "{} is no line of a {}",
            sample.name,
            family.kind
        );
        assert!(seen.insert(format!("{} {:?}", sample.name, sample.labels)), "twice: {sample:?}");
        match family.kind.as_str() {
            "counter" | "histogram" => assert!(sample.value >= 0.0, "{sample:?}"),
            "info" => assert!(sample.value.to_bits() == 1f64.to_bits(), "{sample:?}"),
            _ => assert!(!sample.value.is_nan(), "{sample:?}"),
        }
    }
    if family.kind == "histogram" {
        judge_histograms(name, family);
    }
}

/// Buckets ascend, end with +Inf, and that is the count.
fn judge_histograms(name: &str, family: &Family) {
    let mut groups: BTreeMap<BTreeMap<String, String>, Vec<&Sample>> = BTreeMap::new();
    for sample in &family.samples {
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le");
        assert_eq!(bound.is_some(), sample.name.ends_with("_bucket"), "{sample:?}");
        groups.entry(labels).or_default().push(sample);
    }
    for (labels, samples) in groups {
        let one =
            |suffix: &str| samples.iter().find(|s| s.name == format!("{name}{suffix}")).expect(suffix).value;
        let (count, _sum) = (one("_count"), one("_sum"));
        let buckets: Vec<(f64, f64)> =
            samples.iter().filter_map(|s| Some((number(s.labels.get("le")?), s.value))).collect();
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels:?}: {buckets:?}");
        let last = buckets.last().expect("a bucket");
        assert!(last.0 == f64::INFINITY && (last.1 - count).abs() < 0.5, "{name} {labels:?}: {buckets:?}");
    }
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect(line);
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (key, value) = rest.split_once("=\"").expect(line);
            assert!(is_name(key) && !key.contains(':'), "{line}");
            let end = quote_end(value).expect(line);
            assert!(labels.insert(key.to_owned(), unescape(&value[..end], true)).is_none(), "twice: {line}");
            rest = &value[end + 1..];
            match rest.strip_prefix(',') {
                Some(more) => {
                    assert!(!more.starts_with('}'), "{line}");
                    rest = more;
                }
                None => assert!(rest.starts_with('}'), "{line}"),
            }
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').expect(line);
    assert!(!value.contains(' '), "neither times nor exemplars: {line}");
    Sample { name: name.into(), labels, value: number(value) }
}

/// Where the quote is that ends a value.
fn quote_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// Only three escapes are known, and a quote needs one where it would end the value.
fn unescape(text: &str, quoted: bool) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        assert!(c != '"' || !quoted, "{text}");
        out.push(match c {
            '\\' => match chars.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') => '"',
                other => panic!("an escape that is none, {other:?}: {text}"),
            },
            c => c,
        });
    }
    out
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        _ => {
            assert!(text.starts_with(|c: char| c.is_ascii_digit() || c == '-'), "{text}");
            text.parse().expect(text)
        }
    }
}

fn is_name(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    !text.is_empty() && text.chars().all(rest) && !text.starts_with(|c: char| c.is_ascii_digit())
}
