//! `TRACK SET|GET`: rules `E-20` to `E-25`; `EXTEND {"jid": …}`: rule `W-07`, for every client.

use bessemer_core::Command;
use bessemer_core::command::TrackDeed;
use bessemer_core::limits::TRACK_DESC_MAX;
use bessemer_core::query::Tracked;
use bessemer_protocol::track::{Extend, Track, TrackReply, Until};
use bessemer_store::Engine;

use super::push::wall;
use super::{Call, Form, Outcome, put_json};

pub(super) fn run<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    let conn = call.conn;
    match Track::parse(rest) {
        Ok(Track::Set(set)) => {
            let desc = set.desc.as_deref().map(|desc| first(desc, TRACK_DESC_MAX));
            let deed =
                TrackDeed::Set { percent: set.percent, desc, reserve_until: set.reserve_until.map(wall) };
            let progress = call.submit(Command::Track { conn, jid: &set.jid, deed });
            Outcome::Submitted(progress, Form::Plain)
        }
        Ok(Track::Get(jid)) => {
            let progress = call.submit(Command::Track { conn, jid: &jid, deed: TrackDeed::Get });
            Outcome::Submitted(progress, Form::Tracked(jid))
        }
        Err(e) => Outcome::refused(e),
    }
}

pub(super) fn extend<E: Engine>(call: &mut Call<'_, E>, rest: &str) -> Outcome {
    match Extend::parse(rest) {
        Ok(Extend { jid, until }) => {
            let until = match until {
                Until::At(at) => wall(at),
                Until::In(seconds) => call.now.wall.after(seconds),
            };
            let deed = TrackDeed::Extend { until };
            Outcome::Submitted(call.submit(Command::Track { conn: call.conn, jid: &jid, deed }), Form::Plain)
        }
        Err(e) => Outcome::refused(e),
    }
}

/// The first characters of a text.
fn first(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

pub(super) fn respond(jid: String, tracked: Tracked, out: &mut Vec<u8>) {
    let updated_at = if tracked.known { tracked.progress.updated_at.rfc3339() } else { String::new() };
    let reply = TrackReply {
        jid,
        percent: tracked.progress.percent,
        desc: tracked.progress.desc.map(Into::into),
        state: tracked.state.as_str().into(),
        updated_at,
    };
    put_json(out, &reply);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_row_88() {
        assert_eq!(first("añb", 3), "añb");
        assert_eq!(first("añb", 2), "añ");
        assert_eq!(first(&"ñ".repeat(TRACK_DESC_MAX + 1), TRACK_DESC_MAX), "ñ".repeat(TRACK_DESC_MAX));
    }
}
