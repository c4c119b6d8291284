//! Where commands arrive in a sandbox: what a server would answer to them.

use bessemer_protocol::job::Job;
use bessemer_protocol::limits::{BULK_JOBS_MAX, BULK_MAX, JOB_MAX};
use serde::Deserialize;

use crate::client::command::{Answer, Command};
use crate::error::Error;
use crate::testing::pushed::Pushed;
use crate::testing::sandbox::Sandbox;
use crate::testing::worked::Progress;

/// What TRACK SET says of a running job.
#[derive(Deserialize)]
struct Told {
    jid: String,
    percent: Option<u8>,
    desc: Option<String>,
}

impl Sandbox {
    /// Answers a command as a server would.
    pub(crate) async fn answer(&self, command: &Command) -> Result<Answer, Error> {
        let line = String::from_utf8_lossy(&command.line);
        let (verb, rest) =
            line.trim_end_matches(['\r', '\n']).split_once(' ').unwrap_or((line.trim_end(), ""));
        let ok = Answer::Simple("OK".into());
        match verb {
            "PUSH" => {
                let job = self.judge(rest).map_err(|text| refused(command, &text))?;
                self.take_in(vec![job]).await;
                Ok(ok)
            }
            "PUSHB" => {
                let (good, report) = self.judge_all(rest).map_err(|text| refused(command, &text))?;
                self.take_in(good).await;
                Ok(Answer::Bulk(report))
            }
            "TRACK" => {
                let told = rest.strip_prefix("SET ").and_then(|json| serde_json::from_str::<Told>(json).ok());
                let Told { jid, percent, desc } = told.ok_or_else(|| elsewhere(command))?;
                // More time may be asked for too, and nothing told.
                if percent.is_some() || desc.is_some() {
                    self.shelf().tell(&jid, Progress { percent, text: desc });
                }
                Ok(ok)
            }
            _ => Err(elsewhere(command)),
        }
    }

    /// The job of a PUSH, or why it is refused.
    pub(super) fn judge(&self, sent: &str) -> Result<Pushed, String> {
        within("job", sent, JOB_MAX)?;
        let job = Job::parse(sent).map_err(|error| error.to_string())?;
        let job = job.check().map_err(|error| error.to_string())?;
        Pushed::new(sent, &job, self.now())
    }

    /// The good jobs of a PUSHB, and the report on the others.
    fn judge_all(&self, sent: &str) -> Result<(Vec<Pushed>, Vec<u8>), String> {
        within("PUSHB", sent, BULK_MAX)?;
        let jobs = Job::parse_bulk(sent, BULK_JOBS_MAX).map_err(|error| error.to_string())?;
        let (mut good, mut bad) = (Vec::new(), serde_json::Map::new());
        for (text, job) in jobs {
            let jid = job.jid().unwrap_or_default().to_owned();
            let kept = within("job", text, JOB_MAX)
                .and_then(|()| job.check().map_err(|error| error.to_string()))
                .and_then(|job| Pushed::new(text, &job, self.now()));
            match kept {
                Ok(job) => good.push(job),
                Err(why) => _ = bad.insert(jid, why.into()),
            }
        }
        Ok((good, serde_json::to_vec(&bad).expect("a map of texts")))
    }

    async fn take_in(&self, jobs: Vec<Pushed>) {
        for job in jobs {
            let jid = job.jid.clone();
            let inline = {
                let mut shelf = self.shelf();
                shelf.take_in(job) && shelf.inline
            };
            if inline {
                self.run_now(&jid).await;
            }
        }
    }
}

fn within(what: &str, text: &str, limit: usize) -> Result<(), String> {
    let bytes = text.len();
    if bytes > limit { Err(format!("{what} too large: {bytes} bytes, limit {limit}")) } else { Ok(()) }
}

fn refused(command: &Command, text: &str) -> Error {
    command.refused(&format!("ERR {text}"))
}

fn elsewhere(command: &Command) -> Error {
    let text =
        "a sandbox takes PUSH, PUSHB and TRACK SET; for everything else bessemer-testing has a whole server";
    refused(command, text)
}
