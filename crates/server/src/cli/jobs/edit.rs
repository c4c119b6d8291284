//! `bessemer jobs edit`: one job becomes another under its jid.

use bessemer::JobEdit;
use bessemer_core::limits::{RESERVE_MAX_S, RESERVE_MIN_S};
use serde_json::json;
use serde_json::value::RawValue;

use super::missing;
use crate::cli::address::Server;
use crate::cli::{output, push, refuse_missing};
use crate::exit::{Exit, Failure};

/// Give a job other arguments, or another type, queue or number of retries
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Edit {
    /// The job; nobody may be working on it
    #[arg(value_name = "JID")]
    jid: String,
    /// Its arguments, a JSON array
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    /// Its type
    #[arg(long = "type", short = 't', alias = "t", value_name = "JOBTYPE")]
    jobtype: Option<String>,
    /// Its queue
    #[arg(long, short, alias = "q", value_name = "NAME")]
    queue: Option<String>,
    /// How often it is retried
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    retry: Option<i64>,
    /// How long a worker may keep it
    #[arg(long, value_name = "TIME", value_parser = reservation)]
    reserve_for: Option<u32>,
    /// What it says beside that, a JSON object
    #[arg(long, value_name = "JSON")]
    custom: Option<String>,
    /// Put it into its queue now
    #[arg(long)]
    enqueue: bool,
}

impl Edit {
    pub(super) async fn run(&self, server: &mut Server, json: bool) -> Result<(), Failure> {
        let edit = JobEdit {
            jid: self.jid.clone(),
            args: document("--args", self.args.as_deref())?,
            jobtype: self.jobtype.clone(),
            queue: self.queue.clone(),
            retry: self.retry,
            reserve_for: self.reserve_for,
            custom: document("--custom", self.custom.as_deref())?,
            enqueue: self.enqueue,
        };
        if edit.is_empty() {
            let what = "say what is to be different: --args, --type, --queue, --retry, --reserve-for, --custom or --enqueue";
            return Err(Failure { exit: Exit::Usage, what: what.to_owned() });
        }
        refuse_missing("job", &missing(server, std::slice::from_ref(&self.jid), false).await?)?;
        let count = server.client.edit_job(&edit).await?;
        match (json, count) {
            (true, _) => output::json(&json!({ "count": count })),
            (false, 0) => output::line("edited 0 jobs: it is being worked on, or has moved on meanwhile"),
            (false, _) => output::line("edited 1 job"),
        }
    }
}

/// A time as `push` takes it, in seconds. A server would make a minute of what is shorter.
fn reservation(text: &str) -> Result<u32, String> {
    let seconds = push::duration(text)?.as_secs();
    let seconds = u32::try_from(seconds).ok().filter(|time| (RESERVE_MIN_S..=RESERVE_MAX_S).contains(time));
    seconds.ok_or_else(|| "a reservation is a minute to a day long".to_owned())
}

/// A value as it was written; whether the server takes it is the server's to say.
fn document(flag: &str, text: Option<&str>) -> Result<Option<Box<RawValue>>, Failure> {
    let read = |text: &str| RawValue::from_string(text.to_owned());
    text.map(read)
        .transpose()
        .map_err(|error| Failure { exit: Exit::Usage, what: format!("{flag}: this is no JSON: {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_a_minute_to_a_day_long() {
        for (text, seconds) in [("60", 60), ("2h", 7_200), ("24h", 86_400)] {
            assert_eq!(reservation(text), Ok(seconds), "{text}");
        }
        for text in ["59s", "500ms", "86401", "9999999d"] {
            assert_eq!(reservation(text), Err("a reservation is a minute to a day long".into()), "{text}");
        }
        assert!(reservation("soon").expect_err("no time").starts_with("a time is"));
    }
}
