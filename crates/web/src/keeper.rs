//! Statistics and marks, over restarts: read when the server starts, written once a minute and when it stops.
//!
//! Nobody's job waits for it: it is one more who asks the engine for something. A crash loses what was counted since it wrote
//! last. A mark is on disk when it is answered (`web.rs`).

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bessemer_core::fact::Family;
use bessemer_core::{Action, Answer, Query};
use tokio::time::timeout;

use crate::{Front, Undone};

/// How often it writes.
const EVERY: Duration = Duration::from_secs(60);

/// Records that are read at once; an answer of the engine's holds no more.
const READ_AT_ONCE: usize = 1_000;

/// Writes down what happened.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    /// The log says so already.
    failing: AtomicBool,
}

impl Keeper {
    /// Reads, then writes once a minute until `last` is ready, and then once more.
    pub(crate) async fn run<F: Front>(&self, front: &F, last: impl Future<Output = ()>) {
        let mut last = pin!(last);
        let read = async { Some((read(front, Family::Statistic).await?, read(front, Family::Mark).await?)) };
        // An engine that answers no more has ended, and nothing can be written.
        let Some((statistics, marks)) = read.await else { return };
        let unread = front.watch().restore(front.now(), &statistics, &marks);
        if unread > 0 {
            tracing::warn!("records of statistics and marks that cannot be read and are left out: {unread}");
        }
        while timeout(EVERY, last.as_mut()).await.is_err() {
            self.save(front).await;
        }
        self.save(front).await;
    }

    /// Writes what is not written yet. What cannot be written now will be tried again.
    pub(crate) async fn save<F: Front>(&self, front: &F) {
        loop {
            let mut unsaved = front.watch().unsaved();
            if unsaved.records.is_empty() {
                return;
            }
            let outcome = front.act(Action::Keep(std::mem::take(&mut unsaved.records))).await;
            let Err(why) = outcome else {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("statistics are written again");
                }
                continue;
            };
            front.watch().put_back(unsaved);
            if !self.failing.swap(true, Ordering::Relaxed) {
                let why = match why {
                    Undone::Gone(_) => "the engine has ended".to_owned(),
                    Undone::Refused(refusal) => refusal.to_string(),
                };
                tracing::warn!("statistics are not written, and will be tried again each minute: {why}");
            }
            return;
        }
    }
}

/// All records of a family; `None`: there is no engine any more.
async fn read<F: Front>(front: &F, family: Family) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let (mut records, mut from) = (Vec::new(), None);
    loop {
        let query = Query::Kept { family, from, count: READ_AT_ONCE };
        let Ok(Answer::Kept(page)) = front.ask(query).await else { return None };
        records.extend(page.records);
        from = page.next;
        if from.is_none() {
            return Some(records);
        }
    }
}
