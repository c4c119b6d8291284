//! Bytes to lines: what a client sends, cut at line feeds and bounded (rules `H-02`, `H-03`).
//!
//! A line's limit depends on its verb, since a job may be large and an ACK may not. A line that is too long is
//! thrown away as it comes, so that the connection stays usable; one that is far too long ends it.

use bessemer_protocol::limits::{LINE_MAX, LINE_OVERRUN};

use crate::config::Limits;
use crate::rejected::Reason;

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line, without its end: this range of the buffer.
    Line(std::ops::Range<usize>),
    /// A line that was thrown away.
    TooLong(Overlong),
    /// A line that ended the connection by its length.
    Hopeless(Overlong),
    /// Nothing whole yet.
    Partial,
}

/// A line beyond its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overlong {
    /// What it is.
    kind: Kind,
    bytes: usize,
    limit: usize,
}

/// Lines that differ in how long they may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Push,
    PushBulk,
    Other,
}

impl Overlong {
    /// As counters name it.
    pub(super) fn reason(&self) -> Reason {
        if self.kind == Kind::Other { Reason::LineTooLong } else { Reason::JobTooLarge }
    }

    /// Whether the connection ends by it.
    pub(super) fn is_hopeless(&self) -> bool {
        self.bytes > self.limit.saturating_mul(LINE_OVERRUN)
    }
}

impl std::fmt::Display for Overlong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.kind {
            Kind::Push => "job too large",
            Kind::PushBulk => "PUSHB too large",
            Kind::Other => "line too long",
        };
        write!(f, "{what}: {} bytes, limit {}", self.bytes, self.limit)
    }
}

/// The bytes of one connection that are not handled yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Where the next line starts.
    start: usize,
    /// Up to where no line feed was found.
    searched: usize,
    /// The line that is being thrown away.
    discarding: Option<Overlong>,
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let len = self.buffer.len();
        if len > LINE_MAX && self.buffer.capacity() - len < bytes.len() {
            // A large line grows by a quarter, where a vector would double it: what is held stays near what is counted.
            self.buffer.reserve_exact(bytes.len().max(len / 4));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Whether a line has begun and not ended.
    pub(super) fn is_partial(&self) -> bool {
        self.len() > 0 || self.discarding.is_some()
    }

    pub(super) fn get(&self, line: &std::ops::Range<usize>) -> &[u8] {
        &self.buffer[line.clone()]
    }

    /// Puts a line back that [`Lines::next`] has just given: it is the next again.
    pub(super) fn put_back(&mut self, line: &std::ops::Range<usize>) {
        (self.start, self.searched) = (line.start, line.start);
    }

    /// The next line. Its range is good until the next [`Lines::push`] or [`Lines::next`].
    pub(super) fn next(&mut self, limits: &Limits) -> Next {
        let from = self.searched.max(self.start);
        let end = memchr::memchr(b'\n', &self.buffer[from..]).map(|at| from + at);
        if let Some(mut overlong) = self.discarding {
            return self.discard(&mut overlong, end);
        }
        let start = self.start;
        let upto = end.unwrap_or(self.buffer.len());
        let cr = usize::from(self.buffer[start..upto].ends_with(b"\r"));
        let (kind, verb, limit) = limit_of(&self.buffer[start..], limits);
        if upto - start > verb + limit + cr {
            self.start += verb;
            return self.discard(&mut Overlong { kind, bytes: 0, limit }, end);
        }
        let Some(end) = end else {
            self.searched = self.buffer.len();
            self.compact();
            return Next::Partial;
        };
        (self.start, self.searched) = (end + 1, end + 1);
        Next::Line(start..end - cr)
    }

    fn discard(&mut self, overlong: &mut Overlong, end: Option<usize>) -> Next {
        let whole = end.unwrap_or(self.buffer.len());
        // A CR at the end may be the line's, so that it waits for what follows.
        let upto = whole - usize::from(self.buffer[self.start..whole].ends_with(b"\r"));
        overlong.bytes += upto - self.start;
        self.start = end.map_or(upto, |end| end + 1);
        self.searched = self.start;
        self.compact();
        if overlong.is_hopeless() {
            return Next::Hopeless(*overlong);
        }
        self.discarding = end.is_none().then_some(*overlong);
        match end {
            Some(_) => Next::TooLong(*overlong),
            None => Next::Partial,
        }
    }

    /// Gives back the room of what was handled. Ten thousand idle connections keep little.
    fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
    }
}

/// Bytes of room that a connection keeps while it says nothing.
const KEPT: usize = 16 * 1024;

/// How long a line may be, behind the verb if it pushes jobs: their limit counts the bytes of the job.
fn limit_of(line: &[u8], limits: &Limits) -> (Kind, usize, usize) {
    if line.starts_with(b"PUSH ") {
        (Kind::Push, b"PUSH ".len(), limits.job_max)
    } else if line.starts_with(b"PUSHB ") {
        (Kind::PushBulk, b"PUSHB ".len(), limits.bulk_max)
    } else {
        (Kind::Other, 0, limits.line_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small enough to be tried, and all different.
    fn limits() -> Limits {
        Limits { line_max: 1_000, job_max: 2_000, bulk_max: 3_000, ..Limits::default() }
    }

    fn all(lines: &mut Lines) -> Vec<String> {
        let mut found = Vec::new();
        let limits = limits();
        loop {
            match lines.next(&limits) {
                Next::Line(range) => found.push(String::from_utf8_lossy(lines.get(&range)).into_owned()),
                Next::TooLong(o) => found.push(o.to_string()),
                Next::Hopeless(_) => return vec!["hopeless".into()],
                Next::Partial => return found,
            }
        }
    }

    #[test]
    fn a_line_ends_with_lf_or_crlf_however_it_is_cut_h02() {
        let text = b"A 1\r\nB 2\n\nC\r3\r\n";
        let mut whole = Lines::default();
        whole.push(text);
        assert_eq!(all(&mut whole), ["A 1", "B 2", "", "C\r3"]);
        assert!(!whole.is_partial());

        let mut single = Lines::default();
        let mut found = Vec::new();
        for byte in text {
            single.push(&[*byte]);
            found.extend(all(&mut single));
        }
        assert_eq!(found, ["A 1", "B 2", "", "C\r3"]);
    }

    #[test]
    fn a_line_at_its_limit_passes_and_one_beyond_is_thrown_away_h03_row_63() {
        for (start, counted, limit, told) in [
            ("ACK ", 4, 1_000, "line too long: 1001 bytes, limit 1000"),
            ("PUSH ", 0, 2_000, "job too large: 2001 bytes, limit 2000"),
            ("PUSHB ", 0, 3_000, "PUSHB too large: 3001 bytes, limit 3000"),
        ] {
            for (length, end) in [(limit, "\n"), (limit, "\r\n"), (limit + 1, "\n"), (limit + 1, "\r\n")] {
                let mut lines = Lines::default();
                lines.push(start.as_bytes());
                lines.push(&vec![b'x'; length - counted]);
                lines.push(&end.as_bytes()[..end.len() - 1]);
                assert_eq!(all(&mut lines).len(), 0);
                lines.push(b"\nINFO\n");
                let found = all(&mut lines);
                assert_eq!(found[0] == told, length > limit, "{start} {length} {end:?}: {}", found[0]);
                assert_eq!(found[1], "INFO");
            }
        }
    }

    #[test]
    fn a_line_that_is_put_back_comes_again() {
        let mut lines = Lines::default();
        lines.push(b"A\nB\n");
        let Next::Line(first) = lines.next(&limits()) else { panic!("a line") };
        lines.put_back(&first);
        assert_eq!(all(&mut lines), ["A", "B"]);
    }

    #[test]
    fn a_line_far_beyond_its_limit_is_hopeless_and_never_held() {
        let mut lines = Lines::default();
        let chunk = [b'x'; 500];
        let mut pushed = 0;
        while all(&mut lines) != ["hopeless"] {
            lines.push(&chunk);
            pushed += chunk.len();
            assert!(lines.len() <= 1_000 + chunk.len() && pushed <= 1_000 * 5, "{pushed}");
        }
        assert!(pushed > 1_000 * LINE_OVERRUN);
    }

    #[test]
    fn room_is_given_back_and_never_far_from_what_is_held() {
        let mut lines = Lines::default();
        lines.push(b"PUSH ");
        let large = Limits::default();
        for _ in 0..1_000 {
            lines.push(&[b'x'; 10_000]);
            assert_eq!(lines.next(&large), Next::Partial);
            assert!(lines.len() < 2 * LINE_MAX || lines.buffer.capacity() < lines.len() / 4 * 5 + 10_000);
        }
        lines.push(b"\n");
        assert!(matches!(lines.next(&large), Next::Line(_)));
        assert_eq!(lines.next(&large), Next::Partial);
        assert_eq!(lines.buffer.capacity(), 0);
    }
}
