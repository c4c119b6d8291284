//! The names of jobs that nobody has worked on in time: the engine tells of them without a text, and what they were called is
//! read from the log, behind everything else, as long as it is there.

use std::convert::Infallible;
use std::time::Duration;

use bessemer_core::Span;
use bessemer_store::Gone;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::Front;
use crate::job::Body;
use crate::watch::Named;

/// How often it is looked for new ones.
const OFTEN: Duration = Duration::from_secs(1);

/// Jobs that are looked up then; where more expire, the newest are, and a list of the last thousand shows most of them.
const NAMED_AT_ONCE: usize = 256;

/// Looks them up.
pub(crate) async fn keep<F: Front>(front: F) -> Infallible {
    let mut clock = interval(OFTEN);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let (reader, bodies) = (front.clone(), front.watch().nameless(NAMED_AT_ONCE));
        if bodies.is_empty() {
            continue;
        }
        // A store that has ended is read no more, and the process is about to end.
        let Ok(Ok(named)) = spawn_blocking(move || named(&reader, bodies)).await else { continue };
        front.watch().name(named);
    }
}

/// Where their bodies lie, and the jids in those that are still there.
fn named<F: Front>(front: &F, bodies: Vec<Span>) -> Result<Vec<Named>, Gone> {
    let mut named = Vec::with_capacity(bodies.len());
    front.read(&bodies, &mut |at, body| {
        named.push((bodies[at], body.map(|body| Body::read(body).jid.as_ref().into())));
    })?;
    Ok(named)
}
