//! The door: how many clients may be saying hello at once, and who makes room when others wait.
//!
//! Nobody is refused for the number of those who are there. But a place is for saying hello, which takes an honest
//! client a few round trips: who has been at it for longer than that gives way as soon as somebody waits, the one that
//! came first before all others. So a crowd that connects and never speaks holds nobody up for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// A number of places.
pub(crate) struct Door {
    places: usize,
    free: Arc<Semaphore>,
    /// A permit for each of those who wait: whoever takes it leaves.
    wanted: Semaphore,
    waiting: AtomicUsize,
}

/// Somebody who waits for a place, until it is dropped.
struct Waiting<'a>(&'a Door);

impl Door {
    pub(crate) fn new(places: usize) -> Self {
        let (free, wanted) = (Arc::new(Semaphore::new(places)), Semaphore::new(0));
        Self { places, free, wanted, waiting: AtomicUsize::new(0) }
    }

    /// Waits for a place. None would mean that there will never be one again.
    pub(crate) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            return Some(place);
        }
        let _waiting = Waiting::new(self);
        self.free.clone().acquire_owned().await.ok()
    }

    /// Comes back when somebody who has had a place since then is to leave it to another: not before `patience` is
    /// over, and not before its turn.
    pub(crate) async fn gives_way(&self, since: Instant, patience: Duration) {
        sleep_until(since + patience).await;
        match self.wanted.acquire().await {
            Ok(wanted) => wanted.forget(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether nobody is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.free.available_permits() == self.places
    }
}

impl<'a> Waiting<'a> {
    fn new(door: &'a Door) -> Self {
        door.waiting.fetch_add(1, Ordering::Relaxed);
        door.wanted.add_permits(1);
        Self(door)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let left = self.0.waiting.fetch_sub(1, Ordering::Relaxed) - 1;
        // It got a place that nobody had to leave for it, or wants none any more.
        if self.0.wanted.available_permits() > left
            && let Ok(one) = self.0.wanted.try_acquire()
        {
            one.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// Somebody with a place who stays as long as he may; gives the time for which he did.
    fn guest(door: &Arc<Door>, place: OwnedSemaphorePermit) -> tokio::task::JoinHandle<Duration> {
        let door = door.clone();
        tokio::spawn(async move {
            let since = Instant::now();
            door.gives_way(since, PATIENCE).await;
            drop(place);
            since.elapsed()
        })
    }

    async fn enter(door: &Door) -> Option<OwnedSemaphorePermit> {
        timeout(Duration::from_secs(10), door.enter()).await.ok().flatten()
    }

    #[tokio::test(start_paused = true)]
    async fn who_came_first_goes_first_and_only_when_somebody_waits() {
        let door = Arc::new(Door::new(2));
        let first = guest(&door, enter(&door).await.expect("a place"));
        tokio::time::sleep(PATIENCE * 3).await;
        let second = guest(&door, enter(&door).await.expect("a place"));
        assert!(!first.is_finished(), "there was room");
        let third = enter(&door).await.expect("the first one's place");
        assert_eq!(first.await.expect("no panic"), PATIENCE * 3);
        tokio::time::sleep(PATIENCE * 3).await;
        assert!(!second.is_finished(), "nobody waits");
        let _fourth = enter(&door).await.expect("the second one's place");
        assert_eq!(second.await.expect("no panic"), PATIENCE * 3);
        drop(third);
        assert!(!door.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_goes_before_his_time_however_many_wait() {
        let door = Arc::new(Door::new(1));
        let mut all = vec![guest(&door, enter(&door).await.expect("a place"))];
        for _ in 0..5 {
            all.push(guest(&door, enter(&door).await.expect("a place")));
        }
        let last = all.pop().expect("six");
        for guest in all {
            assert_eq!(guest.await.expect("no panic"), PATIENCE);
        }
        assert!(!last.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_a_place_otherwise_or_waits_no_longer_drives_nobody_out() {
        let door = Arc::new(Door::new(1));
        let place = enter(&door).await.expect("a place");
        assert!(timeout(PATIENCE, door.enter()).await.is_err(), "it gives up");
        let (entered, ()) = tokio::join!(enter(&door), async {
            tokio::task::yield_now().await;
            drop(place);
        });
        let stays = guest(&door, entered.expect("a place that was left"));
        tokio::time::sleep(PATIENCE * 3).await;
        assert!(!stays.is_finished());
        assert_eq!(door.wanted.available_permits(), 0);
    }
}
