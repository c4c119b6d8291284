//! What a killed server left in its directory, and so what it was about: the bytes know.
//!
//! By heart, on purpose, as `crates/store/tests/store/damage.rs` does: a change to the format has to be a change here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

const SEGMENT_HEADER: usize = 48;
const BATCH_HEADER: usize = 56;

/// So much of the end of the log counts as what was under way.
const END: usize = 128 << 10;

/// Pushes of one producer: more than can be on their way at once.
const LONG_BEFORE: u64 = 100;

/// What the server was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// A spare had become the next segment, but for its name.
    Roll,
    /// A segment was given up by the last batch, and still there: few kills are that quick.
    Recycling,
    /// Jobs were told again in the last batches.
    Cleaning,
    /// A start had the directory, and did not listen yet.
    Recovery,
}

/// What it was about, as the directory has it.
pub(crate) fn phases(folder: &str) -> BTreeSet<Phase> {
    let mut phases = BTreeSet::new();
    let (mut segments, mut spares) = (BTreeMap::new(), Vec::new());
    for entry in fs::read_dir(folder).expect("a data directory") {
        let path = entry.expect("a data directory").path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("seg") => {
                let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
                segments.insert(number.expect("a number"), path);
            }
            Some("tmp") => spares.push(path),
            _ => {}
        }
    }
    let Some((newest, path)) = segments.last_key_value() else { return phases };
    for spare in &spares {
        if header(spare).is_some_and(|number| number > *newest) {
            phases.insert(Phase::Roll);
        }
    }
    let content = fs::read(path).expect("a segment");
    let (oldest, used) = end(&content);
    if segments.keys().next().is_some_and(|present| *present < oldest) {
        phases.insert(Phase::Recycling);
    }
    if has_old_jobs(&content[used.saturating_sub(END)..used]) {
        phases.insert(Phase::Cleaning);
    }
    phases
}

/// The number of the segment that a file is, or has been, or is about to be.
pub(crate) fn header(path: &Path) -> Option<u64> {
    let mut bytes = [0; SEGMENT_HEADER];
    fs::File::open(path).ok()?.read_exact(&mut bytes).ok()?;
    bytes.starts_with(b"BSMRLOG\n").then(|| u64::from_le_bytes(bytes[28..36].try_into().expect("8 bytes")))
}

/// The oldest segment that the last batch needs, and where the last batch ends.
fn end(content: &[u8]) -> (u64, usize) {
    let (mut oldest, mut at) = (0, SEGMENT_HEADER);
    while let Some(header) = content.get(at..at + BATCH_HEADER)
        && header.starts_with(b"Bat\x9c")
    {
        let len = u32::from_le_bytes(header[12..16].try_into().expect("4 bytes")) as usize;
        oldest = u64::from_le_bytes(header[32..40].try_into().expect("8 bytes"));
        at += len;
    }
    (oldest, at.min(content.len()))
}

/// Whether a part of the log has a body that was pushed long before others there. A body is written once, and again only
/// by the cleaning; jids are `job-`, the producer, `-`, and a number that grows.
fn has_old_jobs(part: &[u8]) -> bool {
    const BEFORE: &[u8] = br#""jid":"job-"#;
    let starts = (0..part.len()).filter(|at| part[*at] == b'"' && part[*at..].starts_with(BEFORE));
    let mut newest = BTreeMap::<&[u8], u64>::new();
    let numbers: Vec<(&[u8], u64)> = starts
        .filter_map(|at| {
            let jid = part[at + BEFORE.len()..].split(|byte| *byte == b'"').next()?;
            let (producer, number) = jid.split_at_checked(2)?;
            Some((producer, std::str::from_utf8(number).ok()?.parse().ok()?))
        })
        .collect();
    for (producer, number) in &numbers {
        let newest = newest.entry(producer).or_default();
        *newest = (*newest).max(*number);
    }
    numbers.iter().any(|(producer, number)| number + LONG_BEFORE < newest[producer])
}
