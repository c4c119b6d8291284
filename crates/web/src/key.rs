//! The key of an entry of a sorted set: its time and its jid, `2026-01-02T03:04:05Z|8e1fa2a0` (rule `V-10`).

use bessemer_core::Wall;

use crate::problem::Problem;
use crate::text;

/// Writes a key.
pub(crate) fn write(at: Wall, jid: &str) -> String {
    format!("{}|{jid}", at.rfc3339())
}

/// Reads a key. A jid may hold bars itself.
pub(crate) fn parse(key: &str) -> Result<(Wall, &str), Problem> {
    key.split_once('|')
        .and_then(|(at, jid)| Some((Wall::parse(at).ok()?, jid)))
        .filter(|(_, jid)| !jid.is_empty())
        .ok_or_else(|| {
            let shown = text::quoted(key);
            Problem::bad(format!("invalid key, expected \"timestamp|jid\", not {shown}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_v10() {
        let at = Wall(1_767_323_045_123_456);
        for jid in ["8e1fa2a0", "a|b|c|d|e", "späß <b>"] {
            assert_eq!(parse(&write(at, jid)), Ok((at, jid)));
        }
        for bad in ["", "|", "all", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z|", "yesterday|8e1fa2a0"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
