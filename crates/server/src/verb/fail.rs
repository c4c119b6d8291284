//! `FAIL {"jid": …, "errtype": …, "message": …, "backtrace": […]}`: rules `A-10` to `A-15`.

use bessemer_core::Command;
use bessemer_protocol::finish::Fail;
use bessemer_store::Engine;

use super::{Call, Form, Outcome};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    match Fail::parse(rest) {
        Ok(fail) => {
            let (text, lease) = (fail.text(), fail.lease.as_deref());
            let command = Command::Fail { conn: call.conn, jid: &fail.jid, text: &text, lease };
            Outcome::Submitted(call.submit(command), Form::Plain)
        }
        Err(e) => Outcome::refused(e),
    }
}
