//! `ACK {"jid": …}`: rules `A-01` to `A-03`.

use bessemer_core::Command;
use bessemer_protocol::finish::parse_ack;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    match parse_ack(rest) {
        Ok(jid) => Outcome::Submitted(call.submit(Command::Ack { conn: call.conn, jid: &jid }), Form::Plain),
        Err(e) => Outcome::refused(e),
    }
}
