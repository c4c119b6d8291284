//! Bytes to lines: what a client sends, cut at line feeds and bounded (rules `H-02`, `H-03`).
//!
//! A line's limit depends on its verb, since a job may be large and an ACK may not. A line that is too long is
//! thrown away as it comes, so that the connection stays usable; one that is far too long ends it.

use bessemer_protocol::limits::{BULK_MAX, JOB_MAX, LINE_MAX, LINE_OVERRUN};

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
    /// Whether it is a job, and not another line.
    pub(super) job: bool,
    pub(super) bytes: usize,
    pub(super) limit: usize,
}

impl std::fmt::Display for Overlong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.job { "job" } else { "line" };
        write!(f, "{what} too large: {} bytes, limit {}", self.bytes, self.limit)
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

    pub(super) fn get(&self, range: std::ops::Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// The next line. Its range is good until the next [`Lines::push`] or [`Lines::next`].
    pub(super) fn next(&mut self) -> Next {
        let from = self.searched.max(self.start);
        let end = memchr::memchr(b'\n', &self.buffer[from..]).map(|at| from + at);
        if let Some(mut overlong) = self.discarding {
            return self.discard(&mut overlong, end);
        }
        let start = self.start;
        let upto = end.unwrap_or(self.buffer.len());
        let cr = usize::from(self.buffer[start..upto].ends_with(b"\r"));
        let (verb, limit) = limit_of(&self.buffer[start..]);
        if upto - start > verb + limit + cr {
            self.start += verb;
            return self.discard(&mut Overlong { job: verb > 0, bytes: 0, limit }, end);
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
        let upto = end.unwrap_or(self.buffer.len());
        let cr = usize::from(end.is_some() && self.buffer[self.start..upto].ends_with(b"\r"));
        overlong.bytes += upto - self.start - cr;
        (self.start, self.searched) = (end.map_or(upto, |end| end + 1), end.map_or(upto, |end| end + 1));
        self.compact();
        if overlong.bytes > overlong.limit.saturating_mul(LINE_OVERRUN) {
            return Next::Hopeless(*overlong);
        }
        self.discarding = end.is_none().then_some(*overlong);
        match end {
            Some(_) => Next::TooLong(*overlong),
            None => Next::Partial,
        }
    }

    /// Gives back the room of what was handled; a large line's room is returned to the system.
    fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > LINE_MAX {
            self.buffer = Vec::new();
        }
    }
}

/// How long a line may be, behind the verb if it pushes jobs: their limit counts the bytes of the job.
fn limit_of(line: &[u8]) -> (usize, usize) {
    if line.starts_with(b"PUSH ") {
        (b"PUSH ".len(), JOB_MAX)
    } else if line.starts_with(b"PUSHB ") {
        (b"PUSHB ".len(), BULK_MAX)
    } else {
        (0, LINE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &mut Lines) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            match lines.next() {
                Next::Line(range) => found.push(String::from_utf8_lossy(lines.get(range)).into_owned()),
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
    fn a_line_at_its_limit_passes_and_one_beyond_is_thrown_away_h03() {
        for (start, counted, limit) in [("ACK ", 4, LINE_MAX), ("PUSH ", 0, JOB_MAX)] {
            for (length, end) in [(limit, "\n"), (limit, "\r\n"), (limit + 1, "\n"), (limit + 1, "\r\n")] {
                let mut lines = Lines::default();
                lines.push(start.as_bytes());
                lines.push(&vec![b'x'; length - counted]);
                lines.push(&end.as_bytes()[..end.len() - 1]);
                assert_eq!(all(&mut lines).len(), 0);
                lines.push(b"\nINFO\n");
                let found = all(&mut lines);
                assert_eq!(found[0].contains("too large"), length > limit, "{start} {length} {end:?}");
                assert_eq!(found[1], "INFO");
                assert!(lines.buffer.capacity() <= 3 * LINE_MAX || lines.buffer.capacity() <= limit * 2);
            }
        }
    }

    #[test]
    fn a_line_far_beyond_its_limit_is_hopeless_and_never_held() {
        let mut lines = Lines::default();
        let chunk = vec![b'x'; 64 * 1024];
        let mut pushed = 0;
        while all(&mut lines) != ["hopeless"] {
            lines.push(&chunk);
            pushed += chunk.len();
            assert!(lines.len() <= LINE_MAX + chunk.len() && pushed <= LINE_MAX * 5, "{pushed}");
        }
        assert!(pushed > LINE_MAX * LINE_OVERRUN);
    }
}
