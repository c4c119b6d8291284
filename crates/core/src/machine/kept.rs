//! Records that are no jobs and come in numbers: statistics, marks, tokens, audit.
//!
//! They are treated like jobs: each lives where the log told it last, is told again when that part of the log is cleaned,
//! and frees its place when it is replaced or removed. Unlike a job's text, its value is in memory too: a record is small,
//! all of them have one limit ([`crate::Rules::kept_max`]), and so neither an answer nor the cleaning waits for the disk.
//!
//! What a value means is none of this file's business. A family that has rules (batches, say) has them in a file of its
//! own, which tells its records by [`Fact::Keep`] as this one does.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{Machine, Turn};
use crate::command::{Record, Refusal, Reply, Unkept};
use crate::fact::{Fact, Facts, Family, Span};
use crate::limits::{
    KEEP_BYTES_MAX, KEPT_ANSWER_MAX, KEPT_KEY_MAX, KEPT_RECORD_BYTES, KEPT_VALUE_MAX, SLICE_MAX,
};
use crate::query::KeptPage;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    families: BTreeMap<Family, BTreeMap<Box<[u8]>, Held>>,
    /// What those of [open](Family::is_open) families count, see [`size`]. The others have limits of their own.
    bytes: usize,
}

/// One of them.
#[derive(Debug)]
struct Held {
    value: Box<[u8]>,
    /// Where the log told it last.
    span: Span,
}

/// What a record counts towards [`crate::Rules::kept_max`].
fn size(key: &[u8], value: &[u8]) -> usize {
    key.len() + value.len() + KEPT_RECORD_BYTES
}

/// The same of a record that anybody may keep.
fn counted(family: Family, key: &[u8], value: &[u8]) -> usize {
    if family.is_open() { size(key, value) } else { 0 }
}

/// The limits of any record.
fn fits(key: &[u8], len: usize) -> Result<(), Unkept> {
    if !(1..=KEPT_KEY_MAX).contains(&key.len()) {
        return Err(Unkept::Key(key.len()));
    }
    if len > KEPT_VALUE_MAX { Err(Unkept::Value(len)) } else { Ok(()) }
}

impl Kept {
    /// A record is this, and stands there; `None`: it is no more. The answer is the place where it stood before.
    pub(super) fn set(&mut self, family: Family, key: &[u8], now: Option<(&[u8], Span)>) -> Option<Span> {
        let records = self.families.entry(family).or_default();
        let before = match now {
            Some((value, span)) => {
                self.bytes += counted(family, key, value);
                match records.get_mut(key) {
                    // A record that is replaced again and again is mostly as long as it was.
                    Some(held) if held.value.len() == value.len() && !family.is_open() => {
                        held.value.copy_from_slice(value);
                        return Some(std::mem::replace(&mut held.span, span));
                    }
                    Some(held) => Some(std::mem::replace(held, Held { value: value.into(), span })),
                    None => records.insert(key.into(), Held { value: value.into(), span }),
                }
            }
            None => records.remove(key),
        }?;
        self.bytes -= counted(family, key, &before.value);
        Some(before.span)
    }

    fn get(&self, family: Family, key: &[u8]) -> Option<&Held> {
        self.families.get(&family)?.get(key)
    }

    /// What a record says.
    pub(super) fn value(&self, family: Family, key: &[u8]) -> Option<&[u8]> {
        self.get(family, key).map(|held| &*held.value)
    }

    /// The records of a family from a key on, as many as an answer may hold.
    pub(super) fn page(&self, family: Family, from: &[u8], count: usize) -> KeptPage {
        let Some(records) = self.families.get(&family) else { return KeptPage::default() };
        let mut page = KeptPage { total: records.len(), ..KeptPage::default() };
        let mut bytes = 0;
        for (key, held) in records.range::<[u8], _>((Bound::Included(from), Bound::Unbounded)) {
            bytes += key.len() + held.value.len();
            let is_first = page.records.is_empty();
            if page.records.len() >= count.min(SLICE_MAX) || bytes > KEPT_ANSWER_MAX && !is_first {
                page.next = Some(key.to_vec());
                break;
            }
            page.records.push((key.to_vec(), held.value.to_vec()));
        }
        page
    }

    /// All jobs go, and so does what came of them.
    pub(super) fn forget_jobs(&mut self, free: &mut impl FnMut(Span)) {
        for (family, records) in self.families.extract_if(.., |family, _| family.comes_of_jobs()) {
            for (key, held) in records {
                self.bytes -= counted(family, &key, &held.value);
                free(held.span);
            }
        }
    }

    /// Where they stand.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.families.values().flat_map(BTreeMap::values).map(|held| held.span)
    }

    /// Family, key and value of each, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Family, &[u8], &[u8])> + '_ {
        self.families.iter().flat_map(|(family, records)| {
            records.iter().map(|(key, held)| (*family, &key[..], &held.value[..]))
        })
    }

    /// The sum is the sum.
    pub(super) fn check(&self) -> Result<(), String> {
        let sum = self.iter().map(|(family, key, value)| counted(family, key, value)).sum::<usize>();
        if sum == self.bytes {
            Ok(())
        } else {
            Err(format!("the kept records count {sum} bytes, and {} are known", self.bytes))
        }
    }
}

impl Machine {
    /// Records take new values or go. All of them, or none.
    pub(super) fn keep_records<F: Facts>(&mut self, turn: &mut Turn<'_, F>, records: &[Record]) -> Reply {
        if let Err(why) = self.may_keep(records) {
            return Reply::Refused(Refusal::Unkept(why));
        }
        for Record { family, key, value } in records {
            // One that is not there leaves no trace.
            if value.is_some() || self.kept.get(*family, key).is_some() {
                self.happen(turn, &Fact::Keep { family: *family, key, value: value.as_deref() });
            }
        }
        Reply::Done
    }

    /// Whether there is room for all of them. Whoever asks for no more than there is already finds it, also under a limit
    /// that was lowered.
    fn may_keep(&self, records: &[Record]) -> Result<(), Unkept> {
        let mut bytes = 0;
        let mut sizes = BTreeMap::new();
        for Record { family, key, value } in records {
            let value = value.as_deref();
            let len = value.map_or(0, <[u8]>::len);
            if !family.is_open() {
                return Err(Unkept::NotOpen(*family));
            }
            fits(key, len)?;
            bytes += key.len() + len;
            // The last word about a record counts.
            sizes.insert((*family, &key[..]), value.map_or(0, |value| size(key, value)));
        }
        if records.len() > SLICE_MAX || bytes > KEEP_BYTES_MAX {
            return Err(Unkept::Command { records: records.len(), bytes });
        }
        let there = |(family, key)| self.kept.get(family, key).map_or(0, |held| size(key, &held.value));
        let less = sizes.keys().copied().map(there).sum::<usize>();
        let more = sizes.values().sum::<usize>();
        let limit = self.rules.kept_max;
        if more > less && self.kept.bytes - less + more > limit { Err(Unkept::Full(limit)) } else { Ok(()) }
    }

    /// Takes in a record from another store; one that is there already stays as it is. The error: there is no room.
    pub fn adopt_record(&mut self, record: &Record, facts: &mut impl Facts) -> Result<(), Refusal> {
        if self.kept.get(record.family, &record.key).is_some() {
            return Ok(());
        }
        let Record { family, key, value } = record;
        if family.is_open() || !family.is_kept() {
            self.may_keep(std::slice::from_ref(record)).map_err(Refusal::Unkept)?;
        } else {
            let len = value.as_deref().map_or(0, <[u8]>::len);
            fits(key, len).map_err(Refusal::Unkept)?;
        }
        self.keep_down(*family, key, value.as_deref().unwrap_or_default(), facts);
        Ok(())
    }

    /// Whether the record is the one at `span`: else what stands there is of the past.
    pub fn keeps_at(&self, family: Family, key: &[u8], span: Span) -> bool {
        self.kept.get(family, key).is_some_and(|held| held.span == span)
    }

    /// Tells a record again, so that the part of the log that told it before may go. Nothing happens to it.
    pub fn retell_record(&mut self, family: Family, key: &[u8], facts: &mut impl Facts) {
        let held = self.kept.families.get_mut(&family).and_then(|records| records.get_mut(key));
        let Some(held) = held else { return };
        facts.release(held.span);
        held.span = facts.record(&Fact::Keep { family, key, value: Some(&held.value) });
    }

    /// What all of them count towards [`crate::Rules::kept_max`].
    pub fn kept_bytes(&self) -> usize {
        self.kept.bytes
    }

    /// Every record that is [kept](Family::KEPT), by family and key: both, and its value.
    pub fn kept(&self) -> impl Iterator<Item = (Family, &[u8], &[u8])> + '_ {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Ticket};
    use crate::fact::Cleared;
    use crate::limits::Rules;
    use crate::machine::Settled;
    use crate::query::{Answer, Query};
    use crate::time::Now;

    /// A log that counts what stands in it, and a machine that knows nothing else.
    struct Notes {
        replica: Machine,
        written: u64,
        live: Vec<Span>,
    }

    impl Facts for Notes {
        fn record(&mut self, fact: &Fact<'_>) -> Span {
            self.written += 1;
            let span = if fact.has_place() { Span { at: self.written, len: 1 } } else { Span::default() };
            self.live.extend(fact.has_place().then_some(span));
            self.replica.replay(fact, span);
            span
        }

        fn release(&mut self, span: Span) {
            let at = self.live.iter().position(|live| *live == span).expect("it is released once");
            self.live.swap_remove(at);
        }
    }

    struct Stage {
        machine: Machine,
        notes: Notes,
    }

    fn stage(kept_max: usize) -> Stage {
        let machine = || Machine::new(Rules { kept_max, ..Rules::default() }, [1, 2]);
        let notes = Notes { replica: machine(), written: 0, live: Vec::new() };
        Stage { machine: machine(), notes }
    }

    impl Stage {
        fn apply(&mut self, command: Command<'_>) -> Reply {
            let mut out = Settled::default();
            self.machine.apply(Now::default(), Ticket(1), command, &mut self.notes, &mut out);
            self.machine.check().expect("all is in order");
            assert_eq!(self.machine.dump(), self.notes.replica.dump(), "facts say it all");
            assert_eq!(
                self.machine.spans().count(),
                self.notes.live.len(),
                "what lives is what is not released"
            );
            out.replies.pop().expect("a reply").1
        }

        fn keep(&mut self, records: &[Record]) -> Result<(), Unkept> {
            match self.apply(Command::Keep { records }) {
                Reply::Done => Ok(()),
                Reply::Refused(Refusal::Unkept(why)) => Err(why),
                other => panic!("{other:?}"),
            }
        }

        fn page(&self, family: Family, from: Option<&[u8]>, count: usize) -> KeptPage {
            let query = Query::Kept { family, from: from.map(<[u8]>::to_vec), count };
            match self.machine.answer(Now::default(), &query) {
                Answer::Kept(page) => page,
                other => panic!("{other:?}"),
            }
        }
    }

    fn put(family: Family, key: &[u8], value: &[u8]) -> Record {
        Record { family, key: key.to_vec(), value: Some(value.to_vec()) }
    }

    fn removed(family: Family, key: &[u8]) -> Record {
        Record { family, key: key.to_vec(), value: None }
    }

    #[test]
    fn records_are_put_replaced_and_removed_together() {
        let mut stage = stage(1 << 20);
        let (a, b) = (put(Family::Token, b"a", b"1"), put(Family::Audit, b"b", b"2"));
        assert_eq!(stage.keep(&[a, b, put(Family::Token, b"c", b"")]), Ok(()));
        assert_eq!(stage.keep(&[put(Family::Token, b"a", b"longer"), removed(Family::Audit, b"b")]), Ok(()));
        let written = stage.notes.written;
        assert_eq!(stage.keep(&[removed(Family::Audit, b"b"), removed(Family::Mark, b"never")]), Ok(()));
        assert_eq!(stage.notes.written, written, "what is not there leaves no trace");
        let all: Vec<_> = stage.machine.kept().collect();
        assert_eq!(all, [(Family::Token, &b"a"[..], &b"longer"[..]), (Family::Token, b"c", b"")]);
        // The last word counts, also within a command.
        assert_eq!(stage.keep(&[put(Family::Mark, b"m", b"1"), removed(Family::Mark, b"m")]), Ok(()));
        assert_eq!(stage.page(Family::Mark, None, 9).total, 0);
    }

    #[test]
    fn a_record_is_told_again_where_it_stands_and_nowhere_else() {
        let mut stage = stage(1 << 20);
        stage.keep(&[put(Family::Token, b"a", b"1"), put(Family::Token, b"b", b"2")]).expect("room");
        let (dump, first) = (stage.machine.dump(), Span { at: 1, len: 1 });
        assert!(stage.machine.keeps_at(Family::Token, b"a", first));
        stage.machine.retell_record(Family::Token, b"a", &mut stage.notes);
        assert!(!stage.machine.keeps_at(Family::Token, b"a", first), "it stands elsewhere now");
        assert!(stage.machine.keeps_at(Family::Token, b"a", Span { at: 3, len: 1 }));
        assert_eq!((stage.machine.dump(), stage.notes.live.len()), (dump, 2), "nothing happened to it");
        stage.machine.retell_record(Family::Token, b"unknown", &mut stage.notes);
        assert_eq!(stage.notes.written, 3);
    }

    #[test]
    fn flush_takes_what_came_of_jobs_and_leaves_what_people_said() {
        let mut stage = stage(1 << 20);
        let open = Family::KEPT.into_iter().filter(|family| family.is_open());
        let records: Vec<Record> = open.map(|family| put(family, b"key", b"value")).collect();
        stage.keep(&records).expect("room");
        assert_eq!(stage.apply(Command::Clear { what: Cleared::Everything }), Reply::Count(0));
        let left: Vec<Family> = stage.machine.kept().map(|(family, ..)| family).collect();
        assert_eq!(left, [Family::Mark, Family::Token, Family::Audit]);
        stage.machine.restate(&mut stage.notes);
        assert_eq!(stage.notes.live.len(), 3, "no segment begins with them");
    }

    #[test]
    fn pages_go_on_at_the_next_key_whatever_became_of_it() {
        let mut stage = stage(64 << 20);
        let key = |n: usize| format!("{n:04}").into_bytes();
        let records: Vec<Record> = (0..SLICE_MAX).map(|n| put(Family::Statistic, &key(n), b"v")).collect();
        stage.keep(&records).expect("room");
        stage.keep(&[put(Family::Statistic, b"9999", b"last"), put(Family::Mark, b"0", b"")]).expect("room");
        let page = stage.page(Family::Statistic, None, 2);
        assert_eq!(page.records, [(key(0), b"v".to_vec()), (key(1), b"v".to_vec())]);
        assert_eq!((page.next.as_deref(), page.total), (Some(&b"0002"[..]), 1_001));
        stage.keep(&[removed(Family::Statistic, b"0002")]).expect("less");
        assert_eq!(stage.page(Family::Statistic, Some(b"0002"), 1).records[0].0, b"0003");
        let page = stage.page(Family::Statistic, None, usize::MAX);
        assert_eq!((page.records.len(), page.next), (SLICE_MAX, None));
        assert_eq!(stage.page(Family::Token, None, 9), KeptPage::default());
        // Large ones come as the answer has room, and at least one.
        let large = vec![0; KEPT_VALUE_MAX];
        let records: Vec<Record> = (0..20).map(|n| put(Family::Audit, &key(n), &large)).collect();
        stage.keep(&records).expect("room");
        let page = stage.page(Family::Audit, None, 100);
        assert_eq!((page.records.len(), page.next), (KEPT_ANSWER_MAX / (KEPT_VALUE_MAX + 4), Some(key(15))));
    }

    #[test]
    fn each_limit_holds_to_the_byte_and_what_is_beyond_changes_nothing() {
        let mut stage = stage(64 << 20);
        let (longest, largest) = (vec![b'k'; KEPT_KEY_MAX], vec![0; KEPT_VALUE_MAX]);
        let mut keep = |record: Record| stage.keep(&[put(Family::Mark, b"beside", b""), record]);
        assert_eq!(keep(put(Family::Mark, &longest, &largest)), Ok(()));
        let beyond = [
            (put(Family::Mark, &[b'k'; KEPT_KEY_MAX + 1], b""), Unkept::Key(256)),
            (removed(Family::Mark, b""), Unkept::Key(0)),
            (put(Family::Mark, b"k", &vec![0; KEPT_VALUE_MAX + 1]), Unkept::Value(65_537)),
            (put(Family::Counters, b"", &[0; 40]), Unkept::NotOpen(Family::Counters)),
        ];
        for (record, why) in beyond {
            assert_eq!(keep(record), Err(why));
        }
        let before = stage.notes.written;
        let many: Vec<Record> = (0..=SLICE_MAX).map(|n| put(Family::Mark, &n.to_le_bytes(), b"")).collect();
        let bytes = 8 * (SLICE_MAX + 1);
        assert_eq!(stage.keep(&many), Err(Unkept::Command { records: SLICE_MAX + 1, bytes }));
        assert_eq!(stage.notes.written, before);
        assert_eq!(stage.keep(&many[1..]), Ok(()));
        let of = |len: usize| {
            let whole = KEEP_BYTES_MAX / KEPT_VALUE_MAX;
            let record = |n: usize| put(Family::Audit, &[n as u8 + 1], &largest[1..]);
            let mut records: Vec<Record> = (0..whole).map(record).collect();
            records.push(put(Family::Audit, b"l", &largest[..len - 1]));
            records
        };
        let bytes = KEEP_BYTES_MAX + 1;
        assert_eq!(stage.keep(&of(2)), Err(Unkept::Command { records: 65, bytes: bytes + 1 }));
        assert_eq!(stage.keep(&of(1)), Err(Unkept::Command { records: 65, bytes }));
        assert_eq!(stage.keep(&of(1)[..64]), Ok(()));
    }

    #[test]
    fn all_records_together_have_a_limit_and_less_is_always_allowed() {
        let limit = 2 * (KEPT_RECORD_BYTES + 2);
        let mut stage = stage(limit);
        let [a, b] = [b"a", b"b"].map(|key| put(Family::Token, key, b"v"));
        assert_eq!(stage.keep(&[a.clone(), b]), Ok(()), "at the limit");
        assert_eq!(stage.keep(&[put(Family::Token, b"a", b"vv")]), Err(Unkept::Full(limit)), "one byte more");
        assert_eq!(stage.keep(&[put(Family::Token, b"c", b"")]), Err(Unkept::Full(limit)));
        assert_eq!(stage.keep(&[put(Family::Token, b"c", b"v"), removed(Family::Token, b"a")]), Ok(()));
        let mut rules = stage.machine.rules().clone();
        rules.kept_max = 1;
        stage.machine.change_rules(rules);
        assert_eq!(stage.keep(&[put(Family::Token, b"c", b"w")]), Ok(()), "no more than before");
        assert_eq!(stage.keep(&[a]), Err(Unkept::Full(1)));
        assert_eq!(stage.keep(&[removed(Family::Token, b"c")]), Ok(()));
    }

    #[test]
    fn a_refusal_says_what_was_wrong() {
        let said = |why: Unkept| Refusal::Unkept(why).to_string();
        assert_eq!(said(Unkept::NotOpen(Family::Day)), "days are written by the server alone");
        assert_eq!(said(Unkept::Key(256)), "a record's key has 1 to 255 bytes, not 256");
        assert_eq!(said(Unkept::Value(65_537)), "a record of 65537 bytes, limit 65536");
        let command = Unkept::Command { records: 1_001, bytes: 9 };
        assert_eq!(said(command), "1001 records of 9 bytes at once, limits 1000 and 4194304");
        assert_eq!(said(Unkept::Full(9)), "no room for more records, limit 9 bytes");
    }
}
