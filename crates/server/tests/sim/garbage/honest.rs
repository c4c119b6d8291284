//! Somebody honest among them: pushes a job, fetches it, ACKs it, and each time is answered at once and rightly.

use bessemer_core::ConnId;
use bessemer_protocol::resp::{Decoded, Reply, decode};
use bessemer_server::config::Limits;

use super::super::chance::Chance;
use super::super::world::Broken;

/// The honest client.
pub(super) struct Honest {
    pub(super) conn: ConnId,
    /// Jobs pushed so far; the last one is fetched next.
    count: u64,
    stage: Stage,
    inbox: Vec<u8>,
    received: u64,
    /// How long a line of arguments may be.
    room: usize,
}

#[derive(Clone, Copy)]
enum Stage {
    Push,
    Fetch,
    Ack,
}

impl Honest {
    pub(super) fn new(limits: &Limits) -> Self {
        let room = limits.job_max.min(1_000) - 100;
        Self { conn: ConnId(0), count: 0, stage: Stage::Push, inbox: Vec::new(), received: 0, room }
    }

    fn jid(&self) -> String {
        format!("honest-{:06}", self.count)
    }

    /// The next command, as a line.
    pub(super) fn next(&mut self, chance: &mut Chance) -> String {
        match self.stage {
            Stage::Push => {
                self.count += 1;
                let text = "x".repeat(chance.below(self.room as u64) as usize);
                let jid = self.jid();
                format!(
                    "PUSH {{\"jid\":\"{jid}\",\"jobtype\":\"H\",\"args\":[\"{text}\"],\"queue\":\"honest\"}}\r\n"
                )
            }
            Stage::Fetch => "FETCH honest\r\n".into(),
            Stage::Ack => format!("ACK {{\"jid\":\"{}\"}}\r\n", self.jid()),
        }
    }

    /// Takes bytes; how many there were in all.
    pub(super) fn receives(&mut self, bytes: &[u8]) -> u64 {
        self.inbox.extend_from_slice(bytes);
        self.received += bytes.len() as u64;
        if self.received == 5 {
            // The OK to its HELLO.
            self.inbox.clear();
        }
        self.received
    }

    /// What was said must be the answer to this line.
    pub(super) fn check(&mut self, line: &str) -> Result<(), Broken> {
        let said = std::mem::take(&mut self.inbox);
        let reply = match decode(&said, 1 << 20) {
            Ok(Decoded::Reply(reply, used)) if used == said.len() => reply,
            other => return Err(format!("the honest client sent {line:?} and was told {other:?}")),
        };
        let (fine, next) = match self.stage {
            Stage::Push => (reply == Reply::Simple("OK".into()), Stage::Fetch),
            Stage::Fetch => {
                let jid = format!("\"jid\":\"{}\"", self.jid());
                let job = matches!(reply, Reply::Bulk(job) if String::from_utf8_lossy(job).contains(&jid));
                (job, Stage::Ack)
            }
            Stage::Ack => (reply == Reply::Simple("OK".into()), Stage::Push),
        };
        self.stage = next;
        if fine { Ok(()) } else { Err(format!("the honest client sent {line:?} and was told {reply:?}")) }
    }
}
