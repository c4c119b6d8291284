//! `ACK {"jid": …}`: rules `A-01` to `A-03`.

use bessemer_core::Command;
use bessemer_protocol::finish::Ack;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    match Ack::parse(rest) {
        Ok(Ack { jid, lease }) => {
            let command = Command::Ack { conn: call.conn, jid: &jid, lease: lease.as_deref() };
            Outcome::Submitted(call.submit(command), Form::Plain)
        }
        Err(e) => Outcome::refused(e),
    }
}
