//! One hostile connection: what it has sent, cut into lines by rules of this file alone, and the one reply that each
//! of them must get.

use std::collections::VecDeque;

use bessemer_core::ConnId;
use bessemer_protocol::limits::LINE_OVERRUN;
use bessemer_protocol::resp::{Decoded, ERROR_TEXT_MAX, Reply, decode};
use bessemer_protocol::text::QUOTE_MAX;
use bessemer_server::config::Limits;

/// Why a seed failed.
type Broken = String;

/// One connection.
pub(crate) struct Talk {
    pub(crate) conn: ConnId,
    limits: Limits,
    /// The line that has begun.
    partial: Vec<u8>,
    /// Whether it was said to be far too long.
    hopeless: bool,
    /// Lines that wait for their reply, and what it must be. The first is that of HELLO.
    owed: VecDeque<(Vec<u8>, Due)>,
    /// Bytes of replies that are no whole reply yet.
    inbox: Vec<u8>,
    received: u64,
    /// END was said, or a line that is far too long: whatever follows is nobody's.
    over: bool,
    /// It has said that it sends no more.
    eof: bool,
    gone: bool,
}

/// What a line is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Ok,
    /// Any one reply.
    Any,
    /// An error that begins like this.
    Error(&'static str),
    /// No such command; the text quotes it.
    Unknown,
}

impl Talk {
    pub(crate) fn new(conn: ConnId, limits: Limits) -> Self {
        Self {
            conn,
            limits,
            partial: Vec::new(),
            hopeless: false,
            owed: [(b"HELLO".to_vec(), Due::Ok)].into(),
            inbox: Vec::new(),
            received: 0,
            over: false,
            eof: false,
            gone: false,
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn has_all(&self) -> bool {
        self.gone || self.owed.is_empty()
    }

    pub(crate) fn owed(&self) -> String {
        let (line, due) = &self.owed[0];
        format!("{} lines, first {:?} for {due:?}", self.owed.len(), String::from_utf8_lossy(line))
    }

    pub(crate) fn says_no_more(&mut self) {
        self.eof = true;
        self.over = true;
    }

    /// Notes what is sent.
    pub(crate) fn sends(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.over {
                return;
            }
            match byte {
                b'\n' => self.line(),
                byte => self.partial.push(*byte),
            }
            let (verb, limit) = self.limit();
            let held = self.partial.len().saturating_sub(verb);
            // A CR may be the line's end.
            let cr = usize::from(self.partial.last() == Some(&b'\r'));
            if held - cr.min(held) > limit * LINE_OVERRUN && !self.over {
                self.owed.push_back((std::mem::take(&mut self.partial), Due::Error("")));
                (self.over, self.hopeless) = (true, true);
            }
        }
    }

    /// A line has ended.
    fn line(&mut self) {
        if self.partial.last() == Some(&b'\r') {
            self.partial.pop();
        }
        let (verb, limit) = self.limit();
        let line = std::mem::take(&mut self.partial);
        let due = if line.len() > verb + limit {
            Due::Error(match &line[..verb] {
                b"PUSH " => "job too large: ",
                b"PUSHB " => "PUSHB too large: ",
                _ => "line too long: ",
            })
        } else if let Ok(text) = std::str::from_utf8(&line) {
            match text.split(' ').next().unwrap_or_default() {
                "END" => {
                    self.over = true;
                    return;
                }
                "PUSH" | "PUSHB" | "FETCH" | "ACK" | "FAIL" | "BEAT" | "INFO" | "FLUSH" | "MUTATE"
                | "QUEUE" | "BATCH" | "TRACK" | "EXTEND" | "JOBS" | "WORKERS" | "UNIQUE" | "THROTTLES"
                | "CRON" => Due::Any,
                _ => Due::Unknown,
            }
        } else {
            Due::Error("invalid UTF-8 at byte ")
        };
        self.owed.push_back((line, due));
    }

    fn limit(&self) -> (usize, usize) {
        if self.partial.starts_with(b"PUSH ") {
            (5, self.limits.job_max)
        } else if self.partial.starts_with(b"PUSHB ") {
            (6, self.limits.bulk_max)
        } else {
            (0, self.limits.line_max)
        }
    }

    /// Takes what the server said.
    pub(crate) fn receives(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.received += bytes.len() as u64;
        self.inbox.extend_from_slice(bytes);
        loop {
            let inbox = std::mem::take(&mut self.inbox);
            let used = match decode(&inbox, 64 << 20) {
                Ok(Decoded::Missing(_)) if inbox.is_empty() => return Ok(()),
                Ok(Decoded::Reply(reply, used)) => {
                    self.reply(&reply)?;
                    used
                }
                other => return Err(format!("{:?} is told what is no whole reply: {other:?}", self.conn)),
            };
            self.inbox = inbox[used..].to_vec();
        }
    }

    fn reply(&mut self, reply: &Reply<'_>) -> Result<(), Broken> {
        harmless(reply)?;
        let slow = format!("ERR line took longer than {:?}", self.limits.line_timeout);
        if self.owed.is_empty() && !self.partial.is_empty() && *reply == Reply::Error(slow.into()) {
            (self.over, self.hopeless) = (true, true);
            return Ok(());
        }
        let Some((line, due)) = self.owed.pop_front() else {
            return Err(format!("{:?} is told {reply:?} and is owed nothing", self.conn));
        };
        let shown = String::from_utf8_lossy(&line);
        let start = &shown[..shown.floor_char_boundary(300)];
        let fine = match (due, reply) {
            (Due::Ok, Reply::Simple(_)) | (Due::Any, _) => true,
            // One worker too many.
            (Due::Ok, Reply::Error(text)) => {
                self.over = true;
                self.owed.clear();
                text.starts_with("ERR too many workers")
            }
            (Due::Error(begin), Reply::Error(text)) => text.starts_with(&format!("ERR {begin}")),
            (Due::Unknown, Reply::Error(text)) => {
                let word = shown.split(' ').next().unwrap_or_default();
                **text == format!("ERR unknown command {}", quoted(word))
            }
            _ => false,
        };
        if let Reply::Error(text) = reply
            && quotes_too_much(&line, text)
        {
            return Err(format!("{text:?} quotes more than {QUOTE_MAX} bytes of {start:?}"));
        }
        if fine { Ok(()) } else { Err(format!("{start:?} is owed {due:?} and is told {reply:?}")) }
    }

    /// The server closes: it must have had a reason, and have answered what it could.
    pub(crate) fn was_closed(&mut self) -> Result<(), Broken> {
        self.gone = true;
        // Behind a FETCH that waits nothing is answered to somebody who has left (row 73).
        let cut = self.eof && self.owed.front().is_some_and(|(line, _)| line.starts_with(b"FETCH"));
        if !self.over {
            return Err(format!("{:?} was shown out for nothing; it sent {:?}", self.conn, self.partial));
        }
        if self.owed.is_empty() || cut {
            return Ok(());
        }
        let (eof, hopeless) = (self.eof, self.hopeless);
        Err(format!("closed (eof {eof}, hopeless {hopeless}) before: {}", self.owed()))
    }
}

/// A reply of the grammar, with a code that clients know, in printable ASCII of no great length; a text in JSON; or the name of
/// a batch.
fn harmless(reply: &Reply<'_>) -> Result<(), Broken> {
    let fine = match reply {
        Reply::Simple(text) => text == "OK",
        Reply::Null => true,
        Reply::Error(text) => {
            let known =
                ["ERR ", "NOTUNIQUE ", "SHUTDOWN "].into_iter().find_map(|code| text.strip_prefix(code));
            known.is_some_and(|text| {
                text.len() <= ERROR_TEXT_MAX && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            })
        }
        Reply::Bulk(text) if text.starts_with(b"b-") => {
            text.len() == 16 && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
        }
        Reply::Bulk(text) => {
            let json = std::str::from_utf8(text).ok();
            json.is_some_and(|json| serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok())
                && !text.contains(&b'\n')
        }
    };
    if fine { Ok(()) } else { Err(format!("a reply that may harm: {reply:?}")) }
}

/// As errors quote a word: 64 bytes of it, the rest left out, printable.
fn quoted(word: &str) -> String {
    let shown = &word[..word.floor_char_boundary(QUOTE_MAX)];
    let mut text = String::new();
    for c in shown.chars() {
        match c {
            ' '..='~' => text.push(c),
            c => text.extend(c.escape_default()),
        }
    }
    text + if shown.len() < word.len() { "..." } else { "" }
}

/// Whether a text holds a longer piece of a line than it may. The verb before it may be the text's own, and so may the dots
/// behind it.
fn quotes_too_much(line: &[u8], text: &str) -> bool {
    let length = QUOTE_MAX + "THROTTLES ".len() + "...".len() + 1;
    line.len() >= length
        && text.as_bytes().windows(length).any(|piece| memchr::memmem::find(line, piece).is_some())
}
