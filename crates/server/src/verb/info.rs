//! `INFO`: rule `N-01`. The document is the body of `/stats` too.

use bessemer_core::Command;
use bessemer_core::query::Info;
use bessemer_protocol::resp::put_bulk;
use bessemer_store::Engine;

use super::{Call, Form, Outcome, Surroundings};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>) -> Outcome {
    Outcome::Submitted(call.submit(Command::Info), Form::Plain)
}

pub(super) fn respond(info: Info, around: &Surroundings<'_>, out: &mut Vec<u8>) {
    let document = bessemer_web::stats::document(info, &around.figures, around.now.wall, crate::VERSION);
    let json = serde_json::to_vec(&document).expect("figures and names are JSON");
    put_bulk(out, &[&json]);
}
