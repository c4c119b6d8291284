//! `BEAT {"wid": …}`: rules `B-01` to `B-05`, decision `D10`.

use bessemer_core::Command;
use bessemer_core::command::Stage;
use bessemer_protocol::beat::Beat;
use bessemer_protocol::response::WorkerState;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    match Beat::parse(rest) {
        Ok(beat) => {
            let state = beat.state.map(|state| match state {
                WorkerState::Quiet => Stage::Quiet,
                WorkerState::Terminate => Stage::Terminate,
            });
            let command = Command::Beat { conn: call.conn, wid: &beat.wid, state, rss_kb: beat.rss_kb };
            Outcome::Submitted(call.submit(command), Form::Plain)
        }
        Err(e) => Outcome::refused(e),
    }
}
