//! `FLUSH`: rule `N-03`, decision `D7`. One consistent wipe, where the reference forgets half (`Q-44`).

use bessemer_core::Command;
use bessemer_core::fact::Cleared;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>) -> Outcome {
    if !call.limits.allow_flush {
        let text =
            "FLUSH is refused in production; faktory.allow_flush = true in the configuration allows it";
        return Outcome::Refused(text.into());
    }
    tracing::warn!("FLUSH: everything is wiped");
    let progress = call.submit(Command::Clear { what: Cleared::Everything });
    Outcome::Submitted(progress, Form::Ok)
}
