//! Marks that operators and scripts set in time, as at a deployment: charts show them, so that one sees what changed.

use std::collections::VecDeque;

use bessemer_core::Wall;

/// Marks that are kept; the oldest goes first.
pub const MARKS_MAX: usize = 1_000;

/// Characters of a mark.
pub const MARK_MAX: usize = 200;

/// A moment with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployMark {
    pub at: Wall,
    pub text: String,
}

/// A text that is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkError {
    Empty,
    TooLong,
}

impl DeployMark {
    /// A mark with this text, if it fits one: of one line, of [`MARK_MAX`] characters at most.
    pub fn new(at: Wall, text: &str) -> Result<Self, MarkError> {
        let text = text.trim();
        if text.chars().count() > MARK_MAX {
            return Err(MarkError::TooLong);
        }
        if text.is_empty() {
            return Err(MarkError::Empty);
        }
        Ok(Self { at, text: text.replace(['\r', '\n'], " ") })
    }
}

/// The marks, earliest first.
#[derive(Debug, Default)]
pub(super) struct Marks(VecDeque<DeployMark>);

impl Marks {
    /// Sets a mark, if it is not there; gives those that had to go for it.
    pub(super) fn set(&mut self, mark: DeployMark) -> Vec<DeployMark> {
        let place = self.0.partition_point(|before| before.at <= mark.at);
        let mut same = self.0.iter().take(place).rev().take_while(|before| before.at == mark.at);
        if same.any(|before| *before == mark) {
            return Vec::new();
        }
        self.0.insert(place, mark);
        let beyond = self.0.len().saturating_sub(MARKS_MAX);
        self.0.drain(..beyond).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &DeployMark> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_one_line_of_200_characters_at_most() {
        let mark = |text: &str| DeployMark::new(Wall(1), text).map(|mark| mark.text);
        assert_eq!(mark(" v1.2\r\nby me "), Ok("v1.2  by me".into()));
        assert_eq!(mark(" \n"), Err(MarkError::Empty));
        assert_eq!(mark(&"ä".repeat(MARK_MAX)).map(|text| text.chars().count()), Ok(MARK_MAX));
        assert_eq!(mark(&"ä".repeat(MARK_MAX + 1)), Err(MarkError::TooLong));
    }

    #[test]
    fn a_thousand_are_kept_in_the_order_of_their_times() {
        let mut marks = Marks::default();
        let mark = |at: i64| DeployMark { at: Wall(at), text: "v1".into() };
        for at in (2..=MARKS_MAX as i64 + 1).rev() {
            assert!(marks.set(mark(at)).is_empty());
        }
        assert_eq!(marks.set(mark(1)), [mark(1)]);
        assert_eq!(marks.set(mark(5_000)), [mark(2)]);
        assert!(marks.set(mark(5_000)).is_empty(), "it is there");
        let times: Vec<i64> = marks.iter().map(|mark| mark.at.0).collect();
        assert!(times.len() == MARKS_MAX && times.is_sorted());
    }
}
