//! The names of jobs that nobody has worked on in time: the engine tells of them without a text, and what they were called is
//! read from the log, behind everything else, as long as it is there.

use std::convert::Infallible;
use std::time::Duration;

use bessemer_core::Span;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::Front;
use crate::job::Body;

/// How often it is looked for new ones.
const OFTEN: Duration = Duration::from_secs(1);

/// Jobs that are looked up then; where more expire, the newest are, and a list of the last thousand shows most of them.
const NAMED_AT_ONCE: usize = 256;

/// Bytes of texts that are read together; a longer one is read alone.
const READ_AT_ONCE: u32 = 4 << 20;

/// Looks them up.
pub(crate) async fn keep<F: Front>(front: F) -> Infallible {
    let mut clock = interval(OFTEN);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let mut left = &front.watch().nameless(NAMED_AT_ONCE)[..];
        while !left.is_empty() {
            let (some, rest) = left.split_at(together(left));
            let (reader, spans) = (front.clone(), some.to_vec());
            // A store that has ended is read no more, and the process is about to end.
            let Ok(Ok(texts)) = spawn_blocking(move || reader.read(&spans)).await else { break };
            let jid = |text: &bytes::Bytes| Some(Body::read(text).jid.as_ref().into());
            let named = texts.iter().map(|text| text.as_ref().and_then(jid));
            front.watch().name(some.iter().copied().zip(named).collect());
            left = rest;
        }
    }
}

/// How many of them fit together, one at least.
fn together(texts: &[Span]) -> usize {
    let mut bytes = 0_u32;
    let fits = |text: &&Span| {
        bytes = bytes.saturating_add(text.len);
        bytes <= READ_AT_ONCE
    };
    texts.iter().take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_read_alone() {
        let texts =
            |lens: &[u32]| together(&lens.iter().map(|len| Span { at: 0, len: *len }).collect::<Vec<_>>());
        assert_eq!(texts(&[READ_AT_ONCE / 2, READ_AT_ONCE / 2]), 2);
        assert_eq!(texts(&[READ_AT_ONCE / 2, READ_AT_ONCE / 2 + 1]), 1);
        assert_eq!(texts(&[u32::MAX, 1]), 1);
    }
}
