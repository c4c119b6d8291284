//! What a batch writes down: a small record that changes with every member that ends, and one of its texts that never
//! changes.
//!
//! The rule for changing this file: a byte is never given another meaning. What is added is added behind; a record that is
//! shorter reads as if the rest were 0.

use crate::batch::Call;
use crate::fact::Callback;
use crate::policy::batch::{Figures, Stage};
use crate::time::Wall;

/// What is known of a batch beside its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::machine) struct Ledger {
    pub(super) created: Wall,
    /// Jobs and children may come, and no callback does.
    pub(super) open: bool,
    /// It was committed once at least.
    pub(super) committed: bool,
    pub(super) cancelled: bool,
    /// What waited of a cancelled one was deleted.
    pub(super) swept: bool,
    /// A member has died.
    pub(super) died: bool,
    /// Success, complete, death.
    pub(super) calls: [Call; 3],
    /// What its parent was told.
    pub(super) told: Stage,
    /// How many batches it is below the topmost.
    pub(super) depth: u32,
    /// When an open one is closed or forgotten, and one that is over is forgotten.
    pub(super) until: Option<Wall>,
    /// Members that were ACKed.
    pub(super) done: u64,
    /// Members that ended otherwise.
    pub(super) gone: u64,
    /// Children that ever were, those that are settled, and those of these that succeeded.
    pub(super) children: u64,
    pub(super) settled: u64,
    pub(super) succeeded: u64,
    pub(super) parent: Option<Box<str>>,
}

const OPEN: u8 = 1;
const COMMITTED: u8 = 2;
const CANCELLED: u8 = 4;
const DIED: u8 = 8;
const SWEPT: u8 = 16;

impl Ledger {
    /// Flags, stage, calls, depth; three times and counts of 8 bytes; three counts of 4; the parent.
    pub(super) fn write(&self) -> Vec<u8> {
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        let flags = flag(self.open, OPEN)
            | flag(self.committed, COMMITTED)
            | flag(self.cancelled, CANCELLED)
            | flag(self.died, DIED)
            | flag(self.swept, SWEPT);
        let parent = self.parent.as_deref().unwrap_or_default();
        let mut out = Vec::with_capacity(LEN + parent.len());
        out.push(flags);
        out.push(self.told as u8);
        out.extend(self.calls.map(|call| call as u8));
        out.extend(self.depth.to_le_bytes());
        for number in
            [self.created.0, self.until.map_or(0, |until| until.0), self.done as i64, self.gone as i64]
        {
            out.extend(number.to_le_bytes());
        }
        for count in [self.children, self.settled, self.succeeded] {
            out.extend((count as u32).to_le_bytes());
        }
        out.extend_from_slice(parent.as_bytes());
        out
    }

    /// Whatever the bytes are, they say something: a store may be salvaged.
    pub(super) fn read(value: &[u8]) -> Self {
        let mut fixed = [0; LEN];
        let (known, parent) = value.split_at(value.len().min(LEN));
        fixed[..known.len()].copy_from_slice(known);
        let [flags, told, success, complete, death, ..] = fixed;
        let long = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&fixed[at..at + 8]);
            i64::from_le_bytes(bytes)
        };
        let short = |at: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&fixed[at..at + 4]);
            u32::from_le_bytes(bytes)
        };
        let until = Some(long(17)).filter(|until| *until != 0).map(Wall);
        let parent = std::str::from_utf8(parent).ok().filter(|parent| !parent.is_empty());
        Self {
            created: Wall(long(9)),
            open: flags & OPEN != 0,
            committed: flags & COMMITTED != 0,
            cancelled: flags & CANCELLED != 0,
            died: flags & DIED != 0,
            swept: flags & SWEPT != 0,
            calls: [success, complete, death].map(call),
            told: match told {
                0 => Stage::Unsettled,
                1 => Stage::Settled,
                _ => Stage::Succeeded,
            },
            depth: short(5),
            until,
            done: long(25) as u64,
            gone: long(33) as u64,
            children: short(41).into(),
            settled: short(45).into(),
            succeeded: short(49).into(),
            parent: parent.map(Into::into),
        }
    }

    /// With its members, what decides.
    pub(super) fn figures(&self, living: u64, failing: u64) -> Figures {
        Figures {
            open: self.open,
            cancelled: self.cancelled,
            died: self.died,
            calls: self.calls,
            living,
            failing,
            gone: self.gone,
            children: self.children,
            settled: self.settled,
            succeeded: self.succeeded,
        }
    }

    /// Nothing more comes, and it is kept for a while.
    pub(super) fn is_over(&self) -> bool {
        !self.open && self.until.is_some()
    }
}

/// What stands before the parent.
const LEN: usize = 53;

fn call(byte: u8) -> Call {
    match byte {
        0 => Call::Undefined,
        1 => Call::Waits,
        2 => Call::Pushed,
        _ => Call::Done,
    }
}

/// What a batch says and never changes: its description, and its callbacks as they will be pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::machine) struct Texts {
    pub(super) description: Box<str>,
    pub(super) bodies: [Box<[u8]>; 3],
}

impl Texts {
    /// Each text behind its length.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let texts = [self.description.as_bytes(), &self.bodies[0], &self.bodies[1], &self.bodies[2]];
        for text in texts {
            out.extend((text.len() as u32).to_le_bytes());
            out.extend_from_slice(text);
        }
        out
    }

    pub(super) fn read(mut value: &[u8]) -> Self {
        let mut next = || {
            let (len, rest) = value.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
            let (text, rest) = rest.split_at((u32::from_le_bytes(*len) as usize).min(rest.len()));
            value = rest;
            text
        };
        let description = String::from_utf8_lossy(next()).into();
        Self { description, bodies: std::array::from_fn(|_| next().into()) }
    }

    pub(super) fn body(&self, which: Callback) -> &[u8] {
        &self.bodies[which as usize]
    }
}

/// The key of a batch's texts.
pub(super) fn texts_key(bid: &str) -> Vec<u8> {
    [bid.as_bytes(), TEXTS].concat()
}

/// Behind a bid: the key of its texts.
const TEXTS: &[u8] = b"\0t";

/// Whose record a key names, and whether it is that of the texts.
pub(super) fn named(key: &[u8]) -> Option<(&str, bool)> {
    let (bid, texts) = key.strip_suffix(TEXTS).map_or((key, false), |bid| (bid, true));
    Some((std::str::from_utf8(bid).ok()?, texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_all_and_a_shorter_one_what_it_can() {
        let ledger = Ledger {
            created: Wall(-5),
            open: true,
            died: true,
            calls: [Call::Waits, Call::Done, Call::Undefined],
            told: Stage::Settled,
            depth: 1_000,
            until: Some(Wall(9)),
            done: u64::from(u32::MAX) + 1,
            gone: 3,
            children: 4,
            settled: 3,
            succeeded: 2,
            parent: Some("b-parent".into()),
            ..Ledger::default()
        };
        let bytes = ledger.write();
        assert_eq!(bytes.len(), LEN + 8);
        assert_eq!(Ledger::read(&bytes), ledger);
        assert_eq!(
            Ledger::read(&bytes[..41]),
            Ledger { children: 0, settled: 0, succeeded: 0, parent: None, ..ledger }
        );
        assert_eq!(Ledger::read(&[]), Ledger::default());
    }

    #[test]
    fn texts_come_back_as_they_were() {
        let bodies = [&b"{}"[..], b"", b"{\"a\":1}"].map(Into::into);
        let texts = Texts { description: "wörds".into(), bodies };
        let bytes = texts.write();
        assert_eq!(Texts::read(&bytes), texts);
        assert_eq!(texts.body(Callback::Death), b"{\"a\":1}");
        for cut in 0..bytes.len() {
            Texts::read(&bytes[..cut]);
        }
        assert_eq!(named(&texts_key("b-1")), Some(("b-1", true)));
        assert_eq!(named(b"b-1"), Some(("b-1", false)));
    }
}
