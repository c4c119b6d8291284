//! What a Redis holds, as its file or its socket tells it: key by key, and each value element by element, so that no
//! value is ever held whole.

use crate::exit::Failure;

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Text,
    List,
    Set,
    Sorted,
    Hash,
    /// A stream, or whatever a module keeps.
    Other,
}

/// Takes what a Redis tells. An error ends the telling.
pub(super) trait Take {
    /// A key. The answer: whether its value is to be told.
    fn key(&mut self, database: u64, key: &[u8], kind: Kind) -> Result<bool, Failure>;

    /// An element of the last key, or its whole text. Those of a list come from its head on, which is where Faktory
    /// pushes. `score`: of an element of a sorted set.
    fn value(&mut self, value: &[u8], score: Option<f64>) -> Result<(), Failure>;
}

impl Kind {
    /// The word that Redis has for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::List => "list",
            Self::Set => "set",
            Self::Sorted => "zset",
            Self::Hash => "hash",
            Self::Other => "other",
        }
    }
}
