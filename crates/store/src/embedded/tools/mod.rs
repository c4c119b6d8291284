//! What is done to a store beside serving it: checking, copying, moving, repairing.
//!
//! | tool | reads | writes |
//! |---|---|---|
//! | [`verify`] | a directory, also one that is served, or a backup | nothing |
//! | [`backup`] | a directory, also one that is served | a backup |
//! | [`restore`] | a backup | an empty directory |
//! | [`export`] | as [`verify`] | whatever its caller makes of it |
//! | [`salvage`] | a damaged directory, or a backup | a new store |
//! | [`Importer`] | what its caller gives it | a store that is stopped, or a new one, whole ([`Draft`]) |
//!
//! Whatever is read is a [`Source`], which can not be written to. Segments only ever grow at their end, and a prefix of
//! whole batches is a consistent store: so reading needs neither a lock nor the server's help (`survey.rs`).

mod backup;
pub(super) mod draft;
mod export;
mod import;
pub(super) mod manifest;
mod replica;
mod restore;
mod salvage;
mod source;
mod survey;
mod verify;

pub use self::backup::{BackedUp, backup};
pub use self::draft::Draft;
pub use self::export::{Told, export};
pub use self::import::{ImportError, Importer};
pub use self::restore::restore;
pub use self::salvage::{Doubt, Salvaged, salvage};
pub use self::source::Source;
pub use self::survey::Damage;
pub use self::verify::{Verified, verify};

use super::OpenError;
use super::disk::Disk;
use crate::engine::Fatal;

/// How far a tool has come, in bytes that it has read; told about once a MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    /// As far as is known so far.
    pub of: u64,
}

/// Is told how far a tool has come.
pub type Watch<'w> = dyn FnMut(Progress) + 'w;

/// Why a tool has not done what it was asked to. Each is one line for an operator.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The store or the backup is damaged, too new, in use, or the disk failed.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Nothing to read.
    #[error("there is no store in {path}")]
    NoStore { path: String },
    /// Nothing to restore.
    #[error("there is no backup in {path}")]
    NoBackup { path: String },
    /// A target that is to be empty holds something.
    #[error("{path} is not empty: it holds {name}")]
    NotEmpty { path: String, name: String },
    /// The backup in the target is of another store.
    #[error("the backup in {path} is of another store; name another directory")]
    OtherStore { path: String },
    /// What was read could not be passed on.
    #[error("failed to write what was read: {0}")]
    Output(#[source] std::io::Error),
    /// A mistake of this program: nothing is wrong with the bytes.
    #[error("a rule about jobs does not hold: {0}")]
    Broken(String),
    /// Segments came and went faster than they could be read, again and again.
    #[error("the log in {path} moves on faster than it can be read; make a backup and look at that")]
    Restless { path: String },
}

impl From<Fatal> for ToolError {
    fn from(fatal: Fatal) -> Self {
        Self::Store(fatal.into())
    }
}

/// An error of the disk as one line.
fn failed<D: Disk>(disk: &D, action: &'static str, name: &str, source: std::io::Error) -> ToolError {
    Fatal { action, path: disk.path(name), offset: 0, source }.into()
}
