//! Recovery: what the log says, and whether it may be believed.
//!
//! Bad bytes at the end of the last segment are what a crash leaves of a batch that was never answered: they are cut,
//! told and zeroed, with all that is behind them. Zeros are no bad bytes: they stand behind every batch (`batch.rs`). Bad bytes with evidence behind them that they were once durable are damage: the store refuses to
//! start and names the place, for serving on would be forgetting silently (`G15`). Evidence is a later batch header,
//! a later segment, and the final name of a segment, which it gets after its first batch is durable.
//!
//! One residue is inherent to a single copy: a damaged very last batch, or a missing newest segment, looks like one
//! that was never written.
//!
//! After a kill the page cache may hold what the disk never got, and after a failed flush it may even count as
//! clean. So what the last batch does not say to have been durable is written again and flushed before it is believed:
//! itself, and in relaxed mode those of the last moment before it.

use std::io;
use std::sync::Arc;

use bessemer_core::fact::Fact;
use bessemer_core::{Span, Wall};

use super::OpenError;
use super::batch::{self, TERMINATOR};
use super::disk::{Disk, DiskFile};
use super::janitor::SPARES_MIN;
use super::log::Active;
use super::record::Records;
use super::scan::{Reading, Torn, Window};
use super::segment::{self, BadHeader, Header, StoreId, file_name};
use super::table::Table;
use super::tools::{draft, manifest};
use crate::engine::Fatal;

/// What the directory holds, before its batches are read.
#[derive(Debug)]
pub(super) struct Found<D: Disk> {
    disk: D,
    /// By number.
    segments: Vec<Header>,
    /// Temporary files, whose content never counts.
    pub(super) temporary: Vec<String>,
}

/// What recovery has to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// There was no store before.
    pub created: bool,
    pub segments: usize,
    pub batches: u64,
    pub facts: u64,
    /// Bytes of the log that were read.
    pub bytes: u64,
    /// A batch that was never answered was cut from the end.
    pub torn: Option<TornTail>,
    /// Files that were left over and are removed now.
    pub removed: Vec<String>,
    /// When the last batch was written. A clock that is behind it is wrong (`G16`).
    pub last_written: Option<Wall>,
}

/// Bytes that were cut from the end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    pub path: String,
    pub offset: u64,
    pub bytes: u64,
}

/// The end of a log that was read.
#[derive(Debug)]
pub(super) struct Replayed<F> {
    pub(super) active: Active<F>,
    pub(super) table: Table,
    pub(super) report: Recovered,
}

/// What a directory is looked into for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Serve,
    /// To put a whole store into it: half of one may be there, and what it is made of.
    Draft,
}

/// Looks into the directory. Nothing is written here nor in [`Found::replay`] before all of the log was believed.
pub(super) fn look<D: Disk>(disk: D, purpose: Purpose) -> Result<Found<D>, OpenError> {
    let names = disk.list().map_err(|source| failed(&disk, "list", "", source))?;
    if purpose == Purpose::Serve && names.iter().any(|name| name == draft::NAME) {
        return Err(OpenError::Draft { path: disk.path("") });
    }
    let segments = names.iter().filter(|name| segment::is_segment(name));
    let mut segments: Vec<Header> = segments.map(|name| header(&disk, name)).collect::<Result<_, _>>()?;
    segments.sort_by_key(|header| header.number);
    if let Some(first) = segments.first()
        && let Some(other) = segments.iter().find(|header| header.store != first.store)
    {
        let what = format!("this segment belongs to another store than {}", file_name(first.number));
        return Err(OpenError::damaged(&disk, &file_name(other.number), 0, &what));
    }
    let faktory = |name: &&String| matches!(name.as_str(), "faktory.rdb" | "dump.rdb");
    let is_new = segments.is_empty() && purpose == Purpose::Serve;
    if let Some(name) = names.iter().find(faktory).filter(|_| is_new) {
        return Err(OpenError::Faktory { path: disk.path(name) });
    }
    if segments.is_empty() && names.iter().any(|name| name == manifest::NAME) {
        return Err(OpenError::Backup { path: disk.path("") });
    }
    let temporary = names.into_iter().filter(|name| segment::spare_in(name).is_some()).collect();
    Ok(Found { disk, segments, temporary })
}

/// The header of a segment, if it is the one that the name says.
pub(super) fn header<D: Disk>(disk: &D, name: &str) -> Result<Header, OpenError> {
    let damaged = |what: &str| OpenError::damaged(disk, name, 0, what);
    let number = segment::number_in(name).ok_or_else(|| damaged("this is not the name of a segment"))?;
    let file = disk.open(name).map_err(|source| failed(disk, "open", name, source))?;
    let mut bytes = [0; segment::HEADER_LEN];
    file.read_at(&mut bytes, 0).map_err(|source| match source.kind() {
        io::ErrorKind::UnexpectedEof => damaged("the file is too short to be a segment"),
        _ => failed(disk, "read", name, source).into(),
    })?;
    match Header::decode(&bytes) {
        Ok(header) if header.number == number => Ok(header),
        Ok(header) => Err(damaged(&format!("this is segment {} under another name", header.number))),
        Err(BadHeader::Damaged) => Err(damaged("the header of the segment is damaged")),
        Err(BadHeader::TooNew(version)) => {
            Err(OpenError::TooNew { path: disk.path(name), version, known: segment::VERSION })
        }
    }
}

fn failed<D: Disk>(disk: &D, action: &'static str, name: &str, source: io::Error) -> Fatal {
    Fatal { action, path: disk.path(name), offset: 0, source }
}

impl<D: Disk> Found<D> {
    /// The id of the store; `None`: there is none yet.
    pub(super) fn store(&self) -> Option<StoreId> {
        self.segments.first().map(|header| header.store)
    }

    /// A count that no temporary file has, see [`segment::spare_name`].
    pub(super) fn spares_seen(&self) -> u64 {
        self.temporary.iter().filter_map(|name| segment::spare_in(name)).max().unwrap_or(0)
    }

    /// Temporary files that may become segments as they are: what is in them does not matter, only their size.
    pub(super) fn spares(&self, segment_bytes: u64) -> Vec<String> {
        let fits = |name: &&String| {
            self.disk.open(name).and_then(|file| file.size()).is_ok_and(|size| size == segment_bytes)
        };
        self.temporary.iter().filter(fits).take(SPARES_MIN).cloned().collect()
    }

    /// Hands every fact to `take`, in order, and makes the end of the log ready for writing.
    pub(super) fn replay(
        mut self,
        take: &mut impl FnMut(&Fact<'_>, Span),
    ) -> Result<Replayed<D::File>, OpenError> {
        // Files of segments that were given up may have outlived those behind them; the gap tells them apart.
        let mut pairs = self.segments.windows(2);
        let unbroken = pairs.rposition(|pair| pair[0].number + 1 != pair[1].number).map_or(0, |at| at + 1);
        let left_over: Vec<Header> = self.segments.drain(..unbroken).collect();

        let mut table = Table::default();
        let mut report = Recovered::default();
        let mut window = Window::default();
        let mut last = None;
        for (at, header) in self.segments.iter().enumerate() {
            let name = file_name(header.number);
            let file = self.disk.open(&name).map_err(|source| failed(&self.disk, "open", &name, source))?;
            let next = self.segments.get(at + 1).map(|next| next.first);
            let size = file.size().map_err(|source| failed(&self.disk, "measure", &name, source))?;
            table.add(header.number, header.first, size);
            let reading = Reading { disk: &self.disk, header, file: &file, next };
            let tail = reading.scan(&mut window, &mut |position, batch, records| {
                table.grow(u64::from(batch.len), batch.wall);
                report.batches += 1;
                report.bytes += u64::from(batch.len);
                report.last_written = report.last_written.max(Some(batch.wall));
                let mut read = 0;
                for fact in Records::new(records, position + batch::HEADER_LEN as u64) {
                    let (fact, span) = fact.ok_or("a record is of no kind that this version knows")?;
                    take(&fact, span);
                    read += 1;
                }
                report.facts += u64::from(read);
                if read == batch.count {
                    Ok(())
                } else {
                    Err("a batch has more or fewer records than it says")
                }
            })?;
            last = Some((header, file, tail));
        }
        let (header, file, tail) = last.expect("only a store that exists is replayed");
        let present = table.oldest().expect("it has a segment");
        if present > tail.oldest {
            return Err(OpenError::damaged(&self.disk, &file_name(present - 1), 0, "the segment is missing"));
        }

        settle(&self.disk, header, &file, &tail)?;
        if let Some(Torn { offset, bytes }) = tail.torn {
            report.torn = Some(TornTail { path: self.disk.path(&file_name(header.number)), offset, bytes });
        }
        report.segments = table.len();
        report.removed =
            left_over.iter().map(|header| file_name(header.number)).chain(self.temporary).collect();
        Ok(Replayed {
            active: Active {
                version: header.version,
                number: header.number,
                file: Arc::new(file),
                end: tail.end,
            },
            table,
            report,
        })
    }
}

/// The end of the last segment.
#[derive(Debug)]
pub(super) struct Tail {
    /// From where on the disk may lack what the file says: the last batch, or in relaxed mode the last few.
    pub(super) doubtful: u64,
    /// Where it ends.
    pub(super) end: u64,
    /// Bytes behind it that are to be cut.
    pub(super) torn: Option<Torn>,
    /// The segments before this one are given up.
    pub(super) oldest: u64,
}

/// Makes sure that the disk has what was just believed, and nothing behind it.
fn settle<D: Disk>(disk: &D, header: &Header, file: &D::File, tail: &Tail) -> Result<(), Fatal> {
    let name = file_name(header.number);
    let failed = |action, offset| {
        let path = disk.path(&name);
        move |source: io::Error| Fatal { action, path, offset, source }
    };
    let mut piece = vec![0; 1 << 20];
    let mut at = tail.doubtful;
    while at < tail.end {
        let piece = &mut piece[..(tail.end - at).min(1 << 20) as usize];
        file.read_at(piece, at).map_err(failed("read", at))?;
        file.write_at(piece, at).map_err(failed("write", at))?;
        at += piece.len() as u64;
    }
    file.write_at(&TERMINATOR, tail.end).map_err(failed("write", tail.end))?;
    if let Some(torn) = &tail.torn {
        piece.fill(0);
        let mut at = torn.offset;
        let end = torn.offset + torn.bytes;
        while at < end {
            let piece = &piece[..(end - at).min(1 << 20) as usize];
            file.write_at(piece, at).map_err(failed("write", at))?;
            at += piece.len() as u64;
        }
    }
    file.sync_data().map_err(failed("flush", tail.doubtful))?;
    disk.sync_dir().map_err(failed("flush the directory of", 0))?;
    Ok(())
}
