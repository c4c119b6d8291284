//! Reading what is not in memory, on a thread of its own, so that a slow disk holds up only those who asked.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::mpsc::{self, error::TryRecvError};

use super::batch;
use super::disk::{Disk, DiskFile};
use super::segment::{self, StoreId, file_name};
use crate::engine::Fatal;

/// Reads under way at once.
const ASKED_MAX: usize = 64;

/// Segments kept open for reading. A backlog is read segment by segment, so few are enough, and a long log does not
/// use up the process's files.
const OPEN_MAX: usize = 16;

/// Batches that are read at once are about this long together.
const BATCHES: u64 = 1 << 20;

/// A place in the log, and where that is on the disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The log position.
    pub(super) at: u64,
    /// The segment that holds it.
    pub(super) segment: u64,
    /// Its offset in the segment's file.
    pub(super) offset: u64,
}

/// What is to be read.
#[derive(Debug)]
pub(super) enum Ask {
    /// So many bytes as they are.
    Piece { place: Place, len: u64 },
    /// Whole batches, at least one, and none behind the log position `end`; their checksums are verified.
    Batches { store: StoreId, place: Place, end: u64 },
}

/// What was read.
#[derive(Debug)]
pub(super) enum Got {
    Piece { from: u64, bytes: Bytes },
    Batches { from: u64, bytes: Bytes },
}

/// The engine's end.
#[derive(Debug)]
pub(super) struct Cold<D: Disk> {
    under_way: usize,
    hands: Hands<D>,
}

#[derive(Debug)]
enum Hands<D: Disk> {
    /// We, in the next turn: what was asked for before this one is `due`.
    Own { todo: VecDeque<Asked>, due: usize, files: Files<D> },
    /// A thread.
    Thread {
        todo: Option<SyncSender<Asked>>,
        done: mpsc::Receiver<Result<Got, Fatal>>,
        /// Came while nobody took it.
        early: Option<Result<Got, Fatal>>,
        handle: Option<JoinHandle<()>>,
    },
}

#[derive(Debug)]
struct Asked {
    /// None: only files are to be closed.
    ask: Option<Ask>,
    /// Files of segments before this one are not asked for any more.
    oldest: u64,
}

/// Segments open for reading, last used first.
#[derive(Debug)]
struct Files<D: Disk> {
    disk: D,
    open: VecDeque<(u64, D::File)>,
}

impl<D: Disk> Cold<D> {
    pub(super) fn start(disk: D) -> io::Result<Self> {
        let mut files = Files { disk, open: VecDeque::new() };
        if !D::THREADS {
            return Ok(Self { under_way: 0, hands: Hands::Own { todo: VecDeque::new(), due: 0, files } });
        }
        let (todo, asked) = sync_channel::<Asked>(ASKED_MAX);
        let (got, done) = mpsc::channel(ASKED_MAX);
        let work = move || read_all(&mut files, &asked, &got);
        let handle = Some(std::thread::Builder::new().name("reader".into()).spawn(work)?);
        Ok(Self { under_way: 0, hands: Hands::Thread { todo: Some(todo), done, early: None, handle } })
    }

    /// Orders a read; false: too many are under way.
    pub(super) fn ask(&mut self, ask: Ask, oldest: Option<u64>) -> bool {
        let asked = Asked { ask: Some(ask), oldest: oldest.unwrap_or(0) };
        let room = self.under_way < ASKED_MAX;
        let given = room
            && match &mut self.hands {
                Hands::Own { todo, .. } => {
                    todo.push_back(asked);
                    true
                }
                Hands::Thread { todo, .. } => todo.as_ref().is_some_and(|todo| todo.try_send(asked).is_ok()),
            };
        self.under_way += usize::from(given);
        given
    }

    /// Files of segments before `oldest` are closed. Where too many reads are under way, the next one does that.
    pub(super) fn forget(&mut self, oldest: Option<u64>) {
        let asked = Asked { ask: None, oldest: oldest.unwrap_or(0) };
        match &mut self.hands {
            Hands::Own { files, .. } => drop(files.read(asked)),
            Hands::Thread { todo, .. } => _ = todo.as_ref().map(|todo| todo.try_send(asked)),
        }
    }

    /// What has been read, in the order in which it was asked for.
    pub(super) fn take(&mut self) -> Option<Result<Got, Fatal>> {
        if self.under_way == 0 {
            return None;
        }
        let got = match &mut self.hands {
            Hands::Own { todo, due, files } => {
                *due = due.checked_sub(1)?;
                files.read(todo.pop_front()?)?
            }
            Hands::Thread { done, early, .. } => match early.take().map_or_else(|| done.try_recv(), Ok) {
                Ok(got) => got,
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => Err(ended()),
            },
        };
        self.under_way -= 1;
        Some(got)
    }

    /// The turn is over; the arrival of what is under way wakes the engine.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>) {
        match &mut self.hands {
            Hands::Own { todo, due, .. } => *due = todo.len(),
            Hands::Thread { done, early, .. } => {
                if self.under_way > 0
                    && early.is_none()
                    && let Poll::Ready(got) = done.poll_recv(cx)
                {
                    *early = Some(got.unwrap_or_else(|| Err(ended())));
                    cx.waker().wake_by_ref();
                }
            }
        }
    }

    /// Whether reads are under way that only a turn does.
    pub(super) fn needs_a_turn(&self) -> bool {
        matches!(&self.hands, Hands::Own { todo, .. } if !todo.is_empty())
    }
}

impl<D: Disk> Drop for Cold<D> {
    /// Waits, so that nothing touches the directory after its store has ended.
    fn drop(&mut self) {
        if let Hands::Thread { todo, done, handle, .. } = &mut self.hands {
            *todo = None;
            done.close();
            if let Some(handle) = handle.take() {
                let _ = handle.join();
            }
        }
    }
}

/// Reads until nobody asks any more.
fn read_all<D: Disk>(files: &mut Files<D>, asked: &Receiver<Asked>, got: &mpsc::Sender<Result<Got, Fatal>>) {
    while let Ok(asked) = asked.recv() {
        if files.read(asked).is_some_and(|read| got.blocking_send(read).is_err()) {
            return;
        }
    }
}

fn ended() -> Fatal {
    let source = io::Error::other("the reading thread has ended");
    Fatal { action: "read", path: "the log".into(), offset: 0, source }
}

impl<D: Disk> Files<D> {
    fn read(&mut self, asked: Asked) -> Option<Result<Got, Fatal>> {
        self.open.retain(|(number, _)| *number >= asked.oldest);
        Some(match asked.ask? {
            Ask::Piece { place, len } => {
                let mut bytes = vec![0; len as usize];
                self.read_at(place, &mut bytes).map(|()| Got::Piece { from: place.at, bytes: bytes.into() })
            }
            Ask::Batches { store, place, end } => self.batches(store, place, end),
        })
    }

    fn batches(&mut self, store: StoreId, place: Place, end: u64) -> Result<Got, Fatal> {
        let seed = store.seed(place.segment);
        let mut bytes = vec![0; BATCHES.min(end - place.at) as usize];
        self.read_at(place, &mut bytes)?;
        let mut whole = 0;
        while whole < bytes.len() {
            let damaged = |what| self.damaged(place, whole as u64, what);
            let Some(left) = bytes.len().checked_sub(whole + batch::HEADER_LEN) else { break };
            let header = batch::Header::decode(seed, &bytes[whole..])
                .filter(|header| header.position == place.at + whole as u64)
                .ok_or_else(|| damaged("a batch is damaged or missing"))?;
            let records = header.len as usize - batch::HEADER_LEN;
            if records > left {
                if whole > 0 {
                    break;
                }
                if u64::from(header.len) > end - place.at {
                    return Err(damaged("a batch reaches beyond its segment"));
                }
                // One that is longer than a piece.
                bytes.resize(header.len as usize, 0);
                self.read_at(place, &mut bytes)?;
            }
            let from = whole + batch::HEADER_LEN;
            if !header.covers(seed, &bytes[from..from + records]) {
                return Err(self.damaged(place, whole as u64, "a batch is damaged (checksum)"));
            }
            whole = from + records;
        }
        if whole == 0 {
            return Err(self.damaged(place, 0, "a batch is missing"));
        }
        bytes.truncate(whole);
        Ok(Got::Batches { from: place.at, bytes: bytes.into() })
    }

    fn read_at(&mut self, place: Place, bytes: &mut [u8]) -> Result<(), Fatal> {
        let Place { segment, offset, .. } = place;
        let path = || self.disk.path(&file_name(segment));
        let fatal = |source| Fatal { action: "read", path: path(), offset, source };
        match self.open.iter().position(|(open, _)| *open == segment) {
            Some(0) => {}
            Some(at) => {
                let file = self.open.remove(at).expect("it was found there");
                self.open.push_front(file);
            }
            None => {
                let file = self.disk.open(&file_name(segment)).map_err(fatal)?;
                self.open.truncate(OPEN_MAX - 1);
                self.open.push_front((segment, file));
            }
        }
        self.open[0].1.read_at(bytes, offset).map_err(fatal)
    }

    fn damaged(&self, place: Place, further: u64, what: &str) -> Fatal {
        Fatal {
            action: "read",
            path: self.disk.path(&file_name(place.segment)),
            offset: place.offset + further,
            source: io::Error::new(io::ErrorKind::InvalidData, what),
        }
    }
}

impl Place {
    /// The place of a log position in a segment whose first batch stands at the position `first`.
    pub(super) fn new(at: u64, segment: u64, first: u64) -> Self {
        Self { at, segment, offset: segment::HEADER_LEN as u64 + at - first }
    }
}
