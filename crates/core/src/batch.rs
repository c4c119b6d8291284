//! What is seen of batches: by BATCH STATUS, in lists, and by who wants to know what one waits for.

use std::collections::BTreeMap;
use std::fmt;

use bessemer_protocol::batch::{BatchState, BatchStatus, ListedBatch};

use crate::fact::{Callback, JobId};
use crate::query::Where;
use crate::time::Wall;

/// Which batches are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchScan {
    /// Only those in this state.
    pub state: Option<BatchState>,
    /// Only children of this batch.
    pub parent: Option<String>,
    /// Where the piece before has ended.
    pub from: Option<(Wall, String)>,
    /// How many, at most; clamped to [`crate::limits::PAGE_MAX`].
    pub count: usize,
}

/// How a callback stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Call {
    /// The batch has none.
    #[default]
    Undefined,
    /// Not pushed yet.
    Waits,
    /// Pushed, whatever became of it.
    Pushed,
    /// ACKed.
    Done,
}

impl Call {
    /// As BATCH STATUS says it (rule `E-05`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undefined | Self::Waits => "",
            Self::Pushed => "1",
            Self::Done => "2",
        }
    }
}

/// A batch as operators see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchView {
    pub bid: String,
    pub parent: Option<String>,
    pub description: String,
    pub created: Wall,
    /// See `D22`.
    pub total: u64,
    pub pending: u64,
    pub failed: u64,
    /// Those of the pending ones that are no more.
    pub gone: u64,
    /// In the order of [`Callback::ALL`].
    pub calls: [Call; 3],
    pub children: u64,
    /// Children that are not waited for.
    pub settled: u64,
    /// All was ACKed, also its callbacks.
    pub succeeded: bool,
    pub open: bool,
    pub committed: bool,
    pub cancelled: bool,
    /// Nothing more comes.
    pub over: bool,
    /// When it is forgotten, or closed.
    pub until: Option<Wall>,
}

impl BatchView {
    /// In one word.
    pub fn state(&self) -> BatchState {
        match self {
            _ if self.cancelled => BatchState::Cancelled,
            _ if self.open => BatchState::Open,
            _ if self.succeeded => BatchState::Succeeded,
            _ if self.over => BatchState::Failed,
            _ if self.failed > 0 && self.failed == self.pending => BatchState::Failing,
            _ => BatchState::Running,
        }
    }
}

/// A piece of the list of batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchesSeen {
    pub batches: Vec<BatchView>,
    /// Where to go on; `None`: that was the last piece.
    pub next: Option<(Wall, String)>,
    /// All that are known.
    pub total: u64,
}

/// A batch, and what it waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchDetail {
    pub view: BatchView,
    pub waits: Vec<Wait>,
    /// Those that it has.
    pub callbacks: Vec<CallbackView>,
    /// Those that are waited for first, [`crate::limits::PAGE_MAX`] at most.
    pub children: Vec<BatchView>,
}

/// A callback, and its job while that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackView {
    pub which: Callback,
    pub call: Call,
    pub job: Option<(JobId, Where)>,
}

/// What a batch waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It is open. Then it is closed, if it was committed before, or forgotten.
    Commit { until: Wall, closes: bool },
    /// So many members are still to run.
    Members(u64),
    /// So many members failed, and are tried again or dead.
    Failing(u64),
    /// So many children; one of them, if it is known.
    Children { count: u64, first: Option<String> },
    /// A callback that was pushed; where its job is. `None`: it was deleted, and a repair pushes it again.
    Callback { which: Callback, job: Option<(JobId, Where)> },
    /// So many members are gone without ACK: the success callback never comes.
    Never(u64),
}

/// Where members are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersSeen {
    pub counts: BTreeMap<Where, u64>,
    pub ids: Vec<JobId>,
    /// The first that is not among them: where another walk goes on naming members.
    pub rest: Option<u32>,
    /// Where to go on; `None`: that was the last piece.
    pub next: Option<u32>,
}

impl BatchView {
    /// As BATCH STATUS tells it (rule `E-05`).
    pub fn status(&self) -> BatchStatus {
        let [success, complete, death] = self.calls.map(|call| call.as_str().to_owned());
        BatchStatus {
            bid: self.bid.clone(),
            parent_bid: self.parent.clone(),
            description: Some(self.description.clone()).filter(|text| !text.is_empty()),
            created_at: self.created.rfc3339(),
            total: self.total,
            pending: self.pending,
            failed: self.failed,
            complete_st: complete,
            success_st: success,
            death_st: death,
            cancelled: self.cancelled,
        }
    }

    /// The same in a list.
    pub fn listed(&self) -> ListedBatch {
        ListedBatch {
            state: self.state(),
            status: self.status(),
            children: self.children,
            until: self.until.map(Wall::rfc3339),
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = |count: u64| if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") };
        match self {
            Self::Commit { until, closes: false } => {
                write!(f, "BATCH COMMIT; without one it is forgotten at {}", until.rfc3339())
            }
            Self::Commit { until, closes: true } => {
                write!(f, "BATCH COMMIT; without one it is closed at {}", until.rfc3339())
            }
            Self::Members(count) => write!(f, "{} that did not run yet", jobs(*count)),
            Self::Failing(count) => write!(f, "{} that failed, to be tried again or dead", jobs(*count)),
            Self::Children { count, first } => {
                let what = if *count == 1 { "batch" } else { "batches" };
                write!(f, "{count} {what} below it and their callbacks")?;
                first.as_ref().map_or(Ok(()), |bid| write!(f, ", {bid} for one"))
            }
            Self::Callback { which, job: Some((_, place)) } => {
                write!(f, "the {} callback, which is {}", which.as_str(), place.as_str())
            }
            Self::Callback { which, job: None } => {
                write!(f, "the {} callback, whose job was deleted", which.as_str())
            }
            Self::Never(count) => {
                write!(f, "a success callback that never comes: {} ended without ACK", jobs(*count))
            }
        }
    }
}
