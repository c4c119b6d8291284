//! Who is about to come back: the connections that asked again at once whenever they were answered of late.
//!
//! A flush costs the same for one command as for fifty. So a turn is worth a moment's wait where somebody is known to be
//! on the way, and only there: a client that is alone, and a worker that is busy with its job, hold nobody up.

use bessemer_core::ConnId;

use crate::by_conn::ByConn;

/// Who came back so often in a row is expected again. A worker with real work never does: it asks for its next job at
/// once, but says so late that it has done this one.
const STREAK: u8 = 2;

/// To come back in the next turn, or in the one after it, is at once: what a client sends while others are being
/// flushed is read behind their turn.
const AT_ONCE: u64 = 2;

/// What is known of all connections.
#[derive(Debug, Default)]
pub(crate) struct Rhythm {
    turn: u64,
    conns: ByConn<Beat>,
    /// Connections that were answered in the last turn, are expected, and have not come yet.
    missing: usize,
}

/// What is known of one connection.
#[derive(Clone, Copy, Debug, Default)]
struct Beat {
    /// The turn in which it was answered, if it has not asked since.
    answered: Option<u64>,
    /// How often it has come back at once, without a break; counted up to [`STREAK`].
    streak: u8,
}

impl Rhythm {
    /// A connection asks for something.
    pub(crate) fn asked(&mut self, conn: ConnId) {
        let beat = self.conns.entry(conn).or_default();
        let Some(answered) = beat.answered.take() else { return };
        if beat.streak == STREAK && answered == self.turn {
            self.missing -= 1;
        }
        let at_once = self.turn + 1 - answered <= AT_ONCE;
        beat.streak = if at_once { STREAK.min(beat.streak + 1) } else { 0 };
    }

    /// A turn begins: whoever is still expected has had its time.
    pub(crate) fn turn(&mut self) {
        self.turn += 1;
        self.missing = 0;
    }

    /// A connection is answered in this turn.
    pub(crate) fn answered(&mut self, conn: ConnId) {
        let beat = self.conns.entry(conn).or_default();
        if beat.answered.replace(self.turn) != Some(self.turn) && beat.streak == STREAK {
            self.missing += 1;
        }
    }

    /// A connection is gone.
    pub(crate) fn left(&mut self, conn: ConnId) {
        self.asked(conn);
        self.conns.remove(&conn);
    }

    /// Whether somebody is about to come back.
    pub(crate) fn expects_more(&self) -> bool {
        self.missing > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns in each of which these connections ask and are answered.
    fn play(rhythm: &mut Rhythm, turns: &[&[u64]]) {
        for conns in turns {
            conns.iter().for_each(|conn| rhythm.asked(ConnId(*conn)));
            rhythm.turn();
            conns.iter().for_each(|conn| rhythm.answered(ConnId(*conn)));
        }
    }

    #[test]
    fn who_comes_back_at_once_is_expected_until_it_has_come() {
        let mut rhythm = Rhythm::default();
        play(&mut rhythm, &[&[1, 2], &[1, 2]]);
        assert!(!rhythm.expects_more(), "once is no streak");
        play(&mut rhythm, &[&[1, 2]]);
        assert!(rhythm.expects_more());
        rhythm.asked(ConnId(1));
        assert!(rhythm.expects_more());
        rhythm.left(ConnId(2));
        assert!(!rhythm.expects_more());
        play(&mut rhythm, &[&[1], &[]]);
        assert!(!rhythm.expects_more(), "nobody waits for it twice");
    }

    #[test]
    fn two_halves_that_take_turns_expect_each_other() {
        let mut rhythm = Rhythm::default();
        play(&mut rhythm, &[&[1], &[2], &[1], &[2], &[1], &[2]]);
        rhythm.asked(ConnId(1));
        assert!(rhythm.expects_more(), "2 has just been answered");
        rhythm.asked(ConnId(2));
        assert!(!rhythm.expects_more());
    }

    #[test]
    fn a_worker_that_works_is_not_expected() {
        let mut rhythm = Rhythm::default();
        // It acknowledges, fetches at once, and works for three turns.
        for _ in 0..10 {
            play(&mut rhythm, &[&[1], &[1]]);
            assert!(!rhythm.expects_more());
            play(&mut rhythm, &[&[], &[], &[]]);
        }
    }

    #[test]
    fn many_answers_to_one_connection_count_once() {
        let mut rhythm = Rhythm::default();
        play(&mut rhythm, &[&[1], &[1], &[1, 1], &[1, 1]]);
        rhythm.asked(ConnId(1));
        assert!(!rhythm.expects_more());
    }
}
