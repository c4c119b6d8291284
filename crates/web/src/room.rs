//! Room for connections: how many there may be at once, and who makes room when another one waits.
//!
//! Nobody is refused for the number of those who are there. But a browser that has nothing to ask can come back: so who has
//! been quiet for a while, having asked for nothing and taken nothing, leaves when somebody waits, the one that has been
//! so for longest first. Else a few hundred silent connections would close the dashboard for everybody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};

use crate::limits::QUIET_TIME;

/// A number of places, and one who lets in.
pub(crate) struct Room {
    free: Arc<Semaphore>,
    /// Somebody waits for a place.
    is_wanted: AtomicBool,
    /// Rung when that begins; the quiet ones listen, in a line.
    wanted: Notify,
}

/// What is known of a connection.
pub(crate) struct Seat {
    /// Since when it has been quiet; none while a request is worked on. Held for a look, never across an await.
    quiet: Mutex<Option<Instant>>,
}

impl Room {
    pub(crate) fn new(places: usize) -> Self {
        let free = Arc::new(Semaphore::new(places));
        Self { free, is_wanted: AtomicBool::new(false), wanted: Notify::new() }
    }

    /// Waits for a place. One waits at a time: who lets in.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            return Ok(place);
        }
        self.is_wanted.store(true, Ordering::Relaxed);
        self.wanted.notify_one();
        let place = self.free.clone().acquire_owned().await;
        self.is_wanted.store(false, Ordering::Relaxed);
        place
    }

    /// Comes back when a connection is to leave its place to another.
    pub(crate) async fn gives_way(&self, seat: &Seat) {
        loop {
            let Some(since) = seat.quiet_since() else {
                sleep(QUIET_TIME).await;
                continue;
            };
            if since.elapsed() < QUIET_TIME {
                sleep_until(since + QUIET_TIME).await;
                continue;
            }
            self.wanted.notified().await;
            if seat.quiet_since() != Some(since) {
                // It is at work again: the next in the line is asked.
                self.wanted.notify_one();
            } else if self.is_wanted.swap(false, Ordering::Relaxed) {
                return;
            }
        }
    }
}

impl Seat {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { quiet: Mutex::new(Some(Instant::now())) })
    }

    /// A request has come, and is worked on.
    pub(crate) fn works(&self) {
        self.set(None);
    }

    /// It is answered.
    pub(crate) fn rests(&self) {
        self.set(Some(Instant::now()));
    }

    /// Something of an answer was taken.
    pub(crate) fn takes(&self) {
        if self.quiet_since().is_some() {
            self.rests();
        }
    }

    fn quiet_since(&self) -> Option<Instant> {
        *self.quiet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, quiet: Option<Instant>) {
        *self.quiet.lock().unwrap_or_else(PoisonError::into_inner) = quiet;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::JoinHandle;

    use super::*;

    /// Takes a place and stays until it has to give way; gives the time for which it did.
    async fn guest(room: &Arc<Room>, seat: &Arc<Seat>) -> JoinHandle<Duration> {
        let (place, room, seat) = (room.enter().await, room.clone(), seat.clone());
        let since = Instant::now();
        tokio::spawn(async move {
            room.gives_way(&seat).await;
            drop(place);
            since.elapsed()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_been_quiet_for_longest_makes_room_and_only_when_somebody_waits() {
        let room = Arc::new(Room::new(2));
        let first = guest(&room, &Seat::new()).await;
        sleep(QUIET_TIME / 2).await;
        let second = guest(&room, &Seat::new()).await;
        sleep(QUIET_TIME * 3).await;
        assert!(!first.is_finished(), "nobody waits");
        let third = guest(&room, &Seat::new()).await;
        assert_eq!(first.await.unwrap(), QUIET_TIME * 7 / 2);
        sleep(QUIET_TIME * 3).await;
        assert!(!second.is_finished() && !third.is_finished(), "one was enough");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_worked_for_or_takes_its_answer_stays() {
        let room = Arc::new(Room::new(3));
        let [works, takes, rests] = [Seat::new(), Seat::new(), Seat::new()];
        works.works();
        let worked_for = guest(&room, &works).await;
        let taking = guest(&room, &takes).await;
        let quiet = guest(&room, &rests).await;
        let (watched, done) = (takes.clone(), Arc::new(Notify::new()));
        let take = tokio::spawn(async move {
            loop {
                sleep(QUIET_TIME / 2).await;
                watched.takes();
            }
        });
        sleep(QUIET_TIME * 3).await;
        let place = room.enter().await;
        assert_eq!(quiet.await.unwrap(), QUIET_TIME * 3);
        // The next one waits until somebody else is quiet.
        let asked = Instant::now();
        let (waiting, told) = (room.clone(), done.clone());
        tokio::spawn(async move {
            let place = waiting.enter().await;
            told.notify_one();
            sleep(QUIET_TIME * 100).await;
            drop(place);
        });
        sleep(QUIET_TIME * 3).await;
        assert!(!worked_for.is_finished() && !taking.is_finished());
        works.rests();
        done.notified().await;
        assert!(worked_for.is_finished() && !taking.is_finished());
        assert!(asked.elapsed() <= QUIET_TIME * 5, "{:?}", asked.elapsed());
        take.abort();
        drop(place);
    }
}
