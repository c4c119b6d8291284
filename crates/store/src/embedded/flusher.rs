//! Relaxed durability (`G1`): a reply leaves after the write, and the flush follows soon, on a thread beside the engine.
//!
//! ```text
//!  0 ms        50 ms         100 ms
//!  write ───── flush begins ─ a reply that would leave from here on waits for it
//!  reply
//! ```
//!
//! So what a power loss takes are the replies of 100 ms at most, however slow the disk is. One thread makes all flushes
//! of the log: the kernel tells of a write that failed once only, and two who flush at the same time would not know
//! which of them it told. After a failed flush nothing is flushed and nothing answered any more (`G14`).

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bessemer_core::Boot;

use super::disk::DiskFile;

/// A flush begins so long after a write.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

/// No reply leaves while something older than this is not flushed.
const LAG_MAX: Duration = Duration::from_millis(100);

/// Writes so close to each other count as one, so that only a few have to be remembered.
const GRAIN: Duration = Duration::from_millis(10);

/// Flushes the log behind the engine's back.
#[derive(Debug)]
pub(super) struct Flusher<F> {
    /// When what is not known to be flushed was written, oldest first.
    marks: VecDeque<Mark>,
    shared: Arc<Shared<F>>,
    /// None: we flush ourselves, in the turn in which it is due.
    thread: Option<JoinHandle<()>>,
}

/// The log up to `end`, but for what earlier marks cover, was written from `since` on.
#[derive(Clone, Copy, Debug)]
struct Mark {
    since: Boot,
    end: u64,
}

#[derive(Debug)]
struct Shared<F> {
    /// Held for a moment, by the engine and by the thread.
    state: Mutex<State<F>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<F> {
    /// Where the unflushed part of the log is: all of it, for a new segment begins with nothing unflushed.
    file: Option<Arc<F>>,
    written: u64,
    durable: u64,
    /// The engine waits.
    urgent: bool,
    stop: bool,
    /// A flush failed, and the thread has ended.
    failed: bool,
    /// Why, until it is told.
    error: Option<io::Error>,
}

impl<F: DiskFile> Flusher<F> {
    /// Begins its service.
    pub(super) fn start(on_a_thread: bool) -> io::Result<Self> {
        let state = State {
            file: None,
            written: 0,
            durable: 0,
            urgent: false,
            stop: false,
            failed: false,
            error: None,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let spawn = || std::thread::Builder::new().name("flusher".into()).spawn(move || theirs.work());
        let thread = on_a_thread.then(spawn).transpose()?;
        Ok(Self { marks: VecDeque::new(), shared, thread })
    }

    /// Somebody else has made all of the log durable, up to `end`.
    pub(super) fn begin_at(&mut self, end: u64) {
        self.marks.clear();
        let mut state = self.shared.lock();
        (state.file, state.written, state.durable) = (None, end, end);
    }

    /// The log was written up to `end`, the last of it to this file. Waits for the disk where that is too far behind.
    pub(super) fn wrote(&mut self, now: Boot, file: &Arc<F>, end: u64) -> io::Result<()> {
        match self.marks.back_mut() {
            Some(mark) if now < mark.since.after(GRAIN) => mark.end = end,
            _ => self.marks.push_back(Mark { since: now, end }),
        }
        {
            let mut state = self.shared.lock();
            let was_idle = state.written == state.durable;
            state.written = end;
            if !state.file.as_ref().is_some_and(|open| Arc::ptr_eq(open, file)) {
                state.file = Some(Arc::clone(file));
            }
            if was_idle {
                self.shared.changed.notify_all();
            }
        }
        self.keep_up(now)
    }

    /// To be called in every turn: flushes what is due, and tells of a flush that failed.
    pub(super) fn keep_up(&mut self, now: Boot) -> io::Result<()> {
        let durable = {
            let mut state = self.shared.lock();
            state.tell()?;
            state.durable
        };
        while self.marks.front().is_some_and(|mark| mark.end <= durable) {
            self.marks.pop_front();
        }
        let patience = if self.thread.is_some() { LAG_MAX } else { FLUSH_AFTER };
        match self.marks.front() {
            Some(oldest) if now >= oldest.since.after(patience) => self.flush(),
            _ => Ok(()),
        }
    }

    /// When this returns, everything that was written is durable.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.marks.clear();
        let mut state = self.shared.lock();
        if self.thread.is_none() {
            return state.flush_here();
        }
        while state.durable < state.written && !state.failed {
            state.urgent = true;
            self.shared.changed.notify_all();
            state = self.shared.wait(state);
        }
        state.tell()
    }

    /// Up to where the log is durable.
    pub(super) fn durable(&self) -> u64 {
        self.shared.lock().durable
    }

    /// When a turn is needed for a flush; a thread needs none.
    pub(super) fn next_due(&self) -> Option<Boot> {
        self.marks.front().filter(|_| self.thread.is_none()).map(|mark| mark.since.after(FLUSH_AFTER))
    }
}

impl<F> Drop for Flusher<F> {
    /// Waits, so that nothing touches the directory after its store has ended. What is not flushed then stays so: who
    /// ends on purpose has flushed before.
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl<F> Shared<F> {
    fn lock(&self) -> MutexGuard<'_, State<F>> {
        // Nothing that could panic happens while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State<F>>) -> MutexGuard<'s, State<F>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: DiskFile> Shared<F> {
    /// The thread: flushes until it is stopped, or fails.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            while !state.stop && state.durable == state.written {
                state = self.wait(state);
            }
            // More comes in the meantime, and is flushed with it.
            let waits = |state: &mut State<F>| !state.stop && !state.urgent;
            state = self
                .changed
                .wait_timeout_while(state, FLUSH_AFTER, waits)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if state.stop {
                return;
            }
            let (file, end) = (state.file.clone(), state.written);
            drop(state);
            let flushed = file.map_or(Ok(()), |file| file.sync_data());
            state = self.lock();
            state.urgent = false;
            match flushed {
                Ok(()) => state.durable = state.durable.max(end),
                Err(error) => (state.failed, state.error) = (true, Some(error)),
            }
            self.changed.notify_all();
            if state.failed {
                return;
            }
        }
    }
}

impl<F: DiskFile> State<F> {
    /// Tells of a flush that failed.
    fn tell(&mut self) -> io::Result<()> {
        if !self.failed {
            return Ok(());
        }
        Err(self.error.take().unwrap_or_else(|| io::Error::other("a flush has failed before")))
    }

    fn flush_here(&mut self) -> io::Result<()> {
        if self.durable < self.written
            && let Some(file) = &self.file
        {
            file.sync_data()?;
            self.durable = self.written;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A file whose flushes somebody lets through one by one.
    #[derive(Debug)]
    struct Gated {
        begun: Mutex<Sender<()>>,
        gate: Mutex<Receiver<io::Result<()>>>,
    }

    impl DiskFile for Gated {
        fn size(&self) -> io::Result<u64> {
            unreachable!("nobody asks")
        }

        fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
            unreachable!("nobody reads")
        }

        fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
            unreachable!("nobody writes")
        }

        fn sync_data(&self) -> io::Result<()> {
            self.begun.lock().unwrap().send(()).unwrap();
            self.gate.lock().unwrap().recv().unwrap()
        }
    }

    fn gated() -> (Arc<Gated>, Receiver<()>, Sender<io::Result<()>>) {
        let ((begun, flushes), (open, gate)) = (channel(), channel());
        (Arc::new(Gated { begun: Mutex::new(begun), gate: Mutex::new(gate) }), flushes, open)
    }

    fn at(millis: u64) -> Boot {
        Boot(millis * 1_000)
    }

    #[test]
    fn a_write_waits_for_no_flush_until_one_is_too_late() {
        let (file, flushes, open) = gated();
        let mut flusher = Flusher::start(true).unwrap();
        flusher.begin_at(100);
        // All of this returns though no flush does.
        for (millis, end) in [(0, 110), (9, 120), (10, 130), (99, 140)] {
            flusher.wrote(at(millis), &file, end).unwrap();
        }
        assert_eq!((flusher.durable(), flusher.next_due()), (100, None));
        flushes.recv().unwrap();
        // What was written after a flush began is not flushed by it.
        flusher.wrote(at(99), &file, 150).unwrap();
        open.send(Ok(())).unwrap();
        flushes.recv().unwrap();
        assert_eq!(flusher.durable(), 140);
        open.send(Ok(())).unwrap();
        flusher.wrote(at(198), &file, 160).unwrap();
        flushes.recv().unwrap();
        // 160 is 100 ms old and its flush under way: a further write waits for everything.
        let shared = Arc::clone(&flusher.shared);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                flusher.wrote(at(298), &file, 170).unwrap();
                flusher.durable()
            });
            while !shared.lock().urgent {
                std::thread::yield_now();
            }
            [Ok(()), Ok(())].into_iter().for_each(|gate| open.send(gate).unwrap());
            assert_eq!(waits.join().unwrap(), 170);
        });
    }

    #[test]
    fn a_failed_flush_is_told_and_never_tried_again() {
        let (file, flushes, open) = gated();
        let mut flusher = Flusher::start(true).unwrap();
        flusher.wrote(at(0), &file, 10).unwrap();
        open.send(Err(io::Error::other("failed"))).unwrap();
        let error = flusher.flush().unwrap_err();
        assert_eq!((error.to_string().as_str(), flusher.durable()), ("failed", 0));
        assert!(flusher.keep_up(at(1)).is_err() && flusher.flush().is_err(), "forgotten");
        drop(flusher);
        assert_eq!(flushes.try_iter().count(), 1);
    }

    #[test]
    fn without_a_thread_the_turn_after_50_ms_flushes() {
        let (file, flushes, open) = gated();
        let mut flusher = Flusher::start(false).unwrap();
        open.send(Ok(())).unwrap();
        flusher.wrote(at(7), &file, 10).unwrap();
        flusher.keep_up(at(56)).unwrap();
        assert_eq!((flusher.durable(), flusher.next_due()), (0, Some(at(57))));
        flusher.keep_up(at(57)).unwrap();
        assert_eq!((flusher.durable(), flusher.next_due()), (10, None));
        assert_eq!(flushes.try_iter().count(), 1);
    }
}
