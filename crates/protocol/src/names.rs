//! Names that clients choose: what they may look like.

use crate::limits::{JID_MAX, JID_MIN, JOBTYPE_MAX, QUEUE_MAX};
use crate::text::quote;

/// A name that may not be; the text is what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Rule `P-03`.
    #[error("jobs must have a reasonable jid parameter")]
    Jid,
    /// Longer than [`JID_MAX`], or with control characters.
    #[error(
        "jobs must have a reasonable jid parameter: {JID_MIN} to {JID_MAX} bytes without control characters"
    )]
    OddJid,
    /// Rule `P-04`.
    #[error("jobs must have a jobtype parameter")]
    Jobtype,
    /// Longer than [`JOBTYPE_MAX`].
    #[error("jobs must have a jobtype parameter of at most {JOBTYPE_MAX} bytes")]
    LongJobtype,
    /// Rule `P-13`.
    #[error("cannot get \"{0}\" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z")]
    Queue(String),
    /// Longer than [`QUEUE_MAX`].
    #[error("cannot get \"{0}\" queue: queue names must match \\A[a-zA-Z0-9._-]{{1,{QUEUE_MAX}}}\\z")]
    LongQueue(String),
}

/// A client's id of a job: 8 to 255 bytes, no control characters (rule `P-03`).
pub fn check_jid(jid: &str) -> Result<(), NameError> {
    match jid.len() {
        0..JID_MIN => Err(NameError::Jid),
        JID_MIN..=JID_MAX if is_printable(jid) || !jid.contains(char::is_control) => Ok(()),
        _ => Err(NameError::OddJid),
    }
}

/// Whether it is nothing but printable ASCII, as nearly every jid is. All of it is looked at, so that many bytes are at a
/// time.
fn is_printable(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'))
}

/// A job type: 1 to 512 bytes (rule `P-04`).
pub fn check_jobtype(jobtype: &str) -> Result<(), NameError> {
    match jobtype.len() {
        0 => Err(NameError::Jobtype),
        1..=JOBTYPE_MAX => Ok(()),
        _ => Err(NameError::LongJobtype),
    }
}

/// A queue: 1 to 255 letters, digits, dots, underscores and dashes (rule `P-13`).
pub fn check_queue(queue: &str) -> Result<(), NameError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if queue.is_empty() || !queue.bytes().all(allowed) {
        Err(NameError::Queue(quote(queue)))
    } else if queue.len() > QUEUE_MAX {
        Err(NameError::LongQueue(quote(queue)))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_their_limits_p03_p04_p13() {
        assert_eq!(check_jid("1234567"), Err(NameError::Jid));
        assert_eq!(check_jid("12345678"), Ok(()));
        assert_eq!(check_jid("é|<s>\"🚀"), Ok(()));
        assert_eq!(check_jid(&"x".repeat(JID_MAX)), Ok(()));
        assert_eq!(check_jid(&"x".repeat(JID_MAX + 1)), Err(NameError::OddJid));
        assert_eq!(check_jid("1234567\n"), Err(NameError::OddJid));
        assert_eq!(check_jobtype(""), Err(NameError::Jobtype));
        assert_eq!(check_jobtype(&"x".repeat(JOBTYPE_MAX)), Ok(()));
        assert_eq!(check_jobtype(&"x".repeat(JOBTYPE_MAX + 1)), Err(NameError::LongJobtype));
        for good in ["default", "a", ".", "..", "__proto__", "A-1_b.c", &"q".repeat(QUEUE_MAX)] {
            assert_eq!(check_queue(good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a/b", "a:b", "*", "a\n", "🚀", &"q".repeat(QUEUE_MAX + 1)] {
            assert!(check_queue(bad).is_err(), "{bad}");
        }
        assert_eq!(
            check_queue("a b").expect_err("a space").to_string(),
            "cannot get \"a b\" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z"
        );
    }
}
