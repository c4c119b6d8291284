//! Reading a directory as it is, also while its server writes, and past damage.
//!
//! Nobody is asked to hold still. What may happen meanwhile, and what is made of it:
//!
//! - The last segment grows: what is read ends with some whole batch, and a prefix of whole batches is a store. A batch
//!   that is only half written looks torn, or damaged when the next one is already there: so damage in the last
//!   segment is looked at twice, for by the second look it is whole.
//! - An old segment is given up, its file removed or used again under a newer name: then its name is gone, which tells
//!   this from damage, and the reading starts over with a new list.

use std::collections::BTreeMap;
use std::io;

use bessemer_core::fact::Fact;
use bessemer_core::{Span, Wall};
use bytes::Bytes;

use super::replica::facts;
use super::{Progress, ToolError, Watch, failed};
use crate::embedded::OpenError;
use crate::embedded::batch;
use crate::embedded::disk::{Disk, DiskFile};
use crate::embedded::record::{TEXT_CRC_LEN, text_crc};
use crate::embedded::recover::{self, TornTail};
use crate::embedded::scan::{Reading, Window};
use crate::embedded::segment::{self, Header, StoreId, file_name, is_segment, number_in};

/// How often a reading starts over. Between two of them a segment was given up, which takes as long as filling one.
const ATTEMPTS: u32 = 8;

/// Bytes between two words about progress.
const TELL_EVERY: u64 = 1 << 20;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub path: String,
    pub offset: u64,
    /// How many bytes cannot be read; `None`: nobody knows, as it reaches to the end.
    pub bytes: Option<u64>,
    pub what: String,
}

/// Takes what a directory holds, in order.
pub(super) trait Sink {
    /// A whole batch. The error says what is wrong with its records; then nothing of it may have been taken.
    fn batch(&mut self, position: u64, header: &batch::Header, records: &[u8]) -> Result<(), &'static str>;

    /// Batches are missing here.
    fn hole(&mut self, _: &Damage) {}

    /// A fact in what is missing. It looks like one, but its batch is not as it was written.
    fn doubtful(&mut self, _: &Fact<'_>) {}
}

/// The segments of a directory at one moment.
#[derive(Debug)]
pub(super) struct Survey<D: Disk> {
    disk: D,
    pub(super) store: StoreId,
    /// Those that are needed and whose header can be read or made up, by number.
    pub(super) segments: Vec<Header>,
    /// The number of the first segment that is needed.
    oldest: u64,
    /// What is wrong with whole segments, by number.
    lost: BTreeMap<u64, Damage>,
    /// Files that belong to no log at all, or to another.
    strange: Vec<Damage>,
}

/// What a reading of all segments found.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    pub(super) batches: u64,
    /// Bytes of whole batches.
    pub(super) bytes: u64,
    /// The log position behind the last batch.
    pub(super) position: u64,
    pub(super) last_written: Option<Wall>,
    pub(super) torn: Option<TornTail>,
    pub(super) damages: Vec<Damage>,
}

/// Surveys a directory and does something with it, again and again until nothing was given up meanwhile that was still
/// needed. `attempt` says also whether it found no damage: what it found wrong may be a file that is gone by now.
pub(super) fn steady<D: Disk, T>(
    disk: &D,
    mut attempt: impl FnMut(&Survey<D>) -> Result<(T, bool), ToolError>,
) -> Result<T, ToolError> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let names = segments(disk)?;
        let outcome = Survey::take(disk, &names).and_then(|survey| attempt(&survey));
        let doubtful = match &outcome {
            Ok((_, whole)) => !whole,
            Err(ToolError::Store(OpenError::Damaged { .. }) | ToolError::Restless { .. }) => true,
            Err(_) => false,
        };
        if !doubtful || left == 0 || segments(disk)? == names {
            return outcome.map(|(done, _)| done);
        }
    }
}

/// The names of segments, sorted.
fn segments<D: Disk>(disk: &D) -> Result<Vec<String>, ToolError> {
    let mut names = disk.list().map_err(|error| failed(disk, "list", "", error))?;
    names.retain(|name| is_segment(name));
    names.sort_unstable();
    Ok(names)
}

impl<D: Disk> Survey<D> {
    /// Surveys a directory that nobody serves.
    pub(super) fn once(disk: &D) -> Result<Self, ToolError> {
        Self::take(disk, &segments(disk)?)
    }

    fn take(disk: &D, names: &[String]) -> Result<Self, ToolError> {
        let (mut good, mut lost, mut strange) = (Vec::new(), BTreeMap::new(), Vec::new());
        for name in names {
            match recover::header(disk, name) {
                Ok(header) => good.push(header),
                Err(OpenError::Damaged { path, offset, what }) => {
                    let damage = Damage { path, offset, bytes: None, what };
                    match number_in(name) {
                        Some(number) => _ = lost.insert(number, damage),
                        None => strange.push(damage),
                    }
                }
                Err(OpenError::Failed(fatal)) if fatal.source.kind() == io::ErrorKind::NotFound => {
                    return Err(restless(disk));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if names.is_empty() {
            return Err(ToolError::NoStore { path: disk.path("") });
        }
        let candidates = ids(disk, &good, lost.keys())?;
        for number in lost.keys() {
            good.extend(made_up(disk, *number, &candidates)?);
        }
        let Some(store) = candidates.first().copied() else {
            let damage = lost.into_values().next().or_else(|| strange.pop()).expect("there is a file");
            return Err(
                OpenError::damaged(disk, names.first().map_or("", |name| name), 0, &damage.what).into()
            );
        };
        for other in good.extract_if(.., |header| header.store != store) {
            let what = "this segment belongs to another store".into();
            strange.push(Damage { path: disk.path(&file_name(other.number)), offset: 0, bytes: None, what });
        }
        good.sort_unstable_by_key(|header| header.number);
        let mut survey = Self { disk: disk.clone(), store, segments: good, oldest: 0, lost, strange };
        survey.oldest = survey.find_oldest()?;
        let oldest = survey.oldest;
        survey.segments.retain(|header| header.number >= oldest);
        survey.lost.retain(|number, _| *number >= oldest);
        Ok(survey)
    }

    /// The error when it has changed too much to go on.
    pub(super) fn restless(&self) -> ToolError {
        restless(&self.disk)
    }

    /// Whether segments were given up before.
    pub(super) fn was_cleaned(&self) -> bool {
        self.oldest > 1
    }

    /// What the last batch that can be read says.
    fn find_oldest(&self) -> Result<u64, ToolError> {
        struct Last(u64);
        impl Sink for Last {
            fn batch(&mut self, _: u64, header: &batch::Header, _: &[u8]) -> Result<(), &'static str> {
                // It may be less than before: whoever starts anew goes by what is there.
                self.0 = header.oldest;
                Ok(())
            }
        }
        let mut last = Last(0);
        for at in (0..self.segments.len()).rev() {
            self.segment(at, &mut Window::default(), &mut last, &mut End::default(), &mut |_| {})?;
            if last.0 > 0 {
                break;
            }
        }
        Ok(last.0)
    }

    /// An error if something is wrong that can be seen without reading all.
    pub(super) fn refuse_damage(&self) -> Result<(), ToolError> {
        struct Nothing;
        impl Sink for Nothing {
            fn batch(&mut self, _: u64, _: &batch::Header, _: &[u8]) -> Result<(), &'static str> {
                Ok(())
            }
        }
        let mut end = End::default();
        let behind = self.segments.last().map_or(0, |header| header.number + 1);
        let there = |number: &u64| self.segments.iter().any(|header| header.number == *number);
        let missing = (self.oldest..behind).filter(|number| !there(number) || self.lost.contains_key(number));
        for number in missing {
            self.missing(number..number + 1, &mut Nothing, &mut end);
        }
        match self.strange.iter().chain(&end.damages).next().cloned() {
            Some(Damage { path, offset, what, .. }) => Err(OpenError::Damaged { path, offset, what }.into()),
            None => Ok(()),
        }
    }

    /// Some bytes of a segment.
    pub(super) fn read_at(&self, header: &Header, buf: &mut [u8], at: u64) -> Result<(), ToolError> {
        let unread = |error| failed(&self.disk, "read", &file_name(header.number), error);
        self.open(header)?.read_at(buf, at).map_err(unread)
    }

    /// The text at a place in the log; one that is not what was written is an error.
    pub(super) fn text(&self, span: Span) -> Result<Bytes, ToolError> {
        let behind = self.segments.partition_point(|header| header.first <= span.at);
        let header = behind.checked_sub(1).and_then(|at| self.segments.get(at)).expect("it was read before");
        let offset = segment::HEADER_LEN as u64 + span.at - header.first;
        let mut bytes = vec![0; span.len as usize + TEXT_CRC_LEN];
        self.read_at(header, &mut bytes, offset)?;
        let crc = bytes.split_off(span.len as usize);
        if text_crc(span.at, &bytes).to_le_bytes() != crc[..] {
            let what = "the text is not as it was written (checksum)";
            return Err(OpenError::damaged(&self.disk, &file_name(header.number), offset, what).into());
        }
        Ok(bytes.into())
    }

    /// Bytes of all segments, for telling how far a reading has come.
    pub(super) fn size(&self) -> Result<u64, ToolError> {
        let mut sum = 0;
        for header in &self.segments {
            let file = self.open(header)?;
            sum +=
                file.size().map_err(|error| failed(&self.disk, "read", &file_name(header.number), error))?;
        }
        Ok(sum)
    }

    fn open(&self, header: &Header) -> Result<D::File, ToolError> {
        let name = file_name(header.number);
        self.disk.open(&name).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => restless(&self.disk),
            _ => failed(&self.disk, "open", &name, error),
        })
    }

    /// Hands everything that can be read to `sink`, in order.
    pub(super) fn read(&self, sink: &mut impl Sink, watch: &mut Watch<'_>) -> Result<End, ToolError> {
        let mut end = End { damages: self.strange.clone(), ..End::default() };
        let (of, mut told) = (self.size()?, 0);
        let mut window = Window::default();
        let mut expected = self.oldest;
        for (at, header) in self.segments.iter().enumerate() {
            self.missing(expected..header.number, sink, &mut end);
            if let Some(damage) = self.lost.get(&header.number) {
                end.damages.push(damage.clone());
            }
            self.segment(at, &mut window, sink, &mut end, &mut |done| {
                if done - told >= TELL_EVERY {
                    told = done;
                    watch(Progress { done, of: of.max(done) });
                }
            })?;
            expected = header.number + 1;
        }
        let behind = self.lost.last_key_value().map_or(expected, |(number, _)| number + 1);
        self.missing(expected..behind, sink, &mut end);
        Ok(end)
    }

    /// These segments are needed, and not there.
    fn missing(&self, numbers: std::ops::Range<u64>, sink: &mut impl Sink, end: &mut End) {
        for number in numbers {
            let missing = || Damage {
                path: self.disk.path(&file_name(number)),
                offset: 0,
                bytes: None,
                what: "the segment is missing".into(),
            };
            let damage = self.lost.get(&number).cloned().unwrap_or_else(missing);
            sink.hole(&damage);
            end.damages.push(damage);
        }
    }

    /// The log position at which the segment behind this one begins; `None`: it is the last, or the next is missing.
    pub(super) fn next(&self, at: usize) -> Option<u64> {
        let (this, next) = (self.segments.get(at)?, self.segments.get(at + 1)?);
        (next.number == this.number + 1).then_some(next.first)
    }

    /// Hands all batches of one segment to `sink`, and goes on behind damage.
    pub(super) fn segment(
        &self,
        at: usize,
        window: &mut Window,
        sink: &mut impl Sink,
        end: &mut End,
        tell: &mut dyn FnMut(u64),
    ) -> Result<(), ToolError> {
        let (header, next) = (&self.segments[at], self.next(at));
        let file = self.open(header)?;
        let reading = Reading { disk: &self.disk, header, file: &file, next };
        let is_last = at + 1 == self.segments.len();
        let (mut from, mut seen) = (segment::HEADER_LEN as u64, None);
        loop {
            let scanned = reading.scan_from(window, from, &mut |position, batch, records| {
                sink.batch(position, batch, records)?;
                end.batches += 1;
                end.bytes += u64::from(batch.len);
                end.position = position + u64::from(batch.len);
                end.last_written = end.last_written.max(Some(batch.wall));
                tell(end.bytes);
                Ok(())
            });
            let (offset, what) = match scanned {
                Ok(tail) => {
                    let Some(torn) = tail.torn else { return Ok(()) };
                    if is_last {
                        let path = self.disk.path(&file_name(header.number));
                        end.torn = Some(TornTail { path, offset: torn.offset, bytes: torn.bytes });
                        return Ok(());
                    }
                    (torn.offset, "a batch is damaged, and later segments follow".to_owned())
                }
                Err(OpenError::Damaged { offset, .. }) if is_last && seen != Some(offset) => {
                    (from, seen) = (offset, Some(offset));
                    continue;
                }
                Err(OpenError::Damaged { offset, what, .. }) => (offset, what),
                Err(error) => return Err(error.into()),
            };
            let later = reading.later(window, offset)?;
            let until = later.or(next.map(|next| segment::HEADER_LEN as u64 + next - header.first));
            let path = self.disk.path(&file_name(header.number));
            let bytes = until.map(|until| until.saturating_sub(offset));
            let damage = Damage { path, offset, bytes, what };
            sink.hole(&damage);
            end.damages.push(damage);
            let (position, records) = reading.doubtful(window, offset, until)?;
            facts(position, &records).for_each(|(fact, _)| sink.doubtful(&fact));
            match later {
                Some(later) => from = later,
                None => return Ok(()),
            }
        }
    }
}

fn restless<D: Disk>(disk: &D) -> ToolError {
    ToolError::Restless { path: disk.path("") }
}

/// The ids that the store may have, the likeliest first: that of most segments, else what stands in damaged headers.
fn ids<'n, D: Disk>(
    disk: &D,
    good: &[Header],
    damaged: impl Iterator<Item = &'n u64>,
) -> Result<Vec<StoreId>, ToolError> {
    let mut count: BTreeMap<[u8; 16], usize> = BTreeMap::new();
    for header in good {
        *count.entry(header.store.0).or_default() += 1;
    }
    let mut ids: Vec<_> = count.into_iter().map(|(id, count)| (count, StoreId(id))).collect();
    ids.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let mut ids: Vec<StoreId> = ids.into_iter().map(|(_, id)| id).collect();
    if ids.is_empty() {
        for number in damaged {
            if let Some(bytes) = first_bytes(disk, *number)? {
                let id = Header::store_in(&bytes);
                if made_up(disk, *number, &[id])?.is_some() {
                    ids.push(id);
                    break;
                }
            }
        }
    }
    Ok(ids)
}

fn first_bytes<D: Disk>(disk: &D, number: u64) -> Result<Option<[u8; segment::HEADER_LEN]>, ToolError> {
    let mut bytes = [0; segment::HEADER_LEN];
    let read = disk.open(&file_name(number)).and_then(|file| file.read_at(&mut bytes, 0));
    match read {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(restless(disk)),
        Err(error) => Err(failed(disk, "read", &file_name(number), error)),
    }
}

/// The header that a segment must have had, for its number is in its name, and its first batch that can be read knows
/// its place in the log.
fn made_up<D: Disk>(disk: &D, number: u64, ids: &[StoreId]) -> Result<Option<Header>, ToolError> {
    let file = match disk.open(&file_name(number)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(restless(disk)),
        Err(error) => return Err(failed(disk, "open", &file_name(number), error)),
    };
    for store in ids {
        let header = Header::new(*store, number, 0);
        let reading = Reading { disk, header: &header, file: &file, next: None };
        if let Some(first) = reading.first_position(&mut Window::default())? {
            return Ok(Some(Header { first, ..header }));
        }
    }
    Ok(None)
}
