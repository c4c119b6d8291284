//! `bessemer jobs list`: a table of jobs, or one JSON object a line.

use bessemer::ListedJob;
use bessemer_core::Wall;

use super::{Job, SLICE, Which, when, word};
use crate::cli::address::Server;
use crate::cli::figures::ago;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::cli::table::{Table, cut, text};
use crate::clock;
use crate::exit::Failure;

/// Rows that are laid out together.
const ROWS: usize = 1_000;

/// Columns of what may be long; `show` has all of it.
const CELL_MAX: usize = 200;

/// List jobs: those being worked on, queued, failed, scheduled, dead
#[derive(Clone, Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    which: Which,
    /// So many at most
    #[arg(long, short = 'n', alias = "n", value_name = "N", default_value_t = 25)]
    limit: u64,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl List {
    pub(super) async fn run(&self, server: &mut Server, json: bool) -> Result<(), Failure> {
        let mut filter = self.which.filter();
        let most = if self.all { u64::MAX } else { self.limit };
        let (mut found, mut rows) = (0, Vec::new());
        let mut progress = Progress::in_jobs("looking");
        while found < most {
            filter.count = usize::try_from(most - found).ok().map(|left| left.min(SLICE));
            let page = server.client.list_jobs(&filter).await?;
            found += page.jobs.len() as u64;
            filter.after = page.next;
            if json {
                page.jobs.iter().try_for_each(output::json)?;
            } else {
                rows.extend(page.jobs);
                if rows.len() >= ROWS {
                    progress.wipe();
                    table(&std::mem::take(&mut rows))?.print()?;
                }
            }
            if filter.after.is_none() {
                break;
            }
            progress.tell_jobs(found, None);
        }
        drop(progress);
        if json {
            return Ok(());
        }
        if found == 0 {
            return output::line("no jobs");
        }
        if !rows.is_empty() {
            table(&rows)?.print()?;
        }
        if filter.after.is_some() {
            output::note("there may be more: --limit N shows N jobs, --all shows all");
        }
        Ok(())
    }
}

fn table(rows: &[ListedJob]) -> Result<Table, Failure> {
    lay_out(rows, clock::wall())
}

/// There is a column for workers, and for when jobs expire, where there are any that do. Of a job that failed the error says
/// more than the arguments.
fn lay_out(rows: &[ListedJob], now: Wall) -> Result<Table, Failure> {
    let jobs = rows.iter().map(Job::read).collect::<Result<Vec<_>, _>>()?;
    let has_worker = rows.iter().any(|row| row.wid.is_some());
    let expires = rows.iter().any(|row| row.expires_at.is_some());
    let failed = jobs.iter().filter(|job| job.failure.is_some()).count();
    let mut columns = vec![text("STATE"), text("JID"), text("QUEUE"), text("TYPE"), text("WHEN")];
    columns.extend(expires.then(|| text("EXPIRES")));
    columns.extend(has_worker.then(|| text("WORKER")));
    columns.push(text(match failed {
        0 => "ARGS",
        all if all == jobs.len() => "ERROR",
        _ => "ARGS OR ERROR",
    }));
    let mut table = Table::new(columns);
    for (row, job) in rows.iter().zip(&jobs) {
        let mut cells = vec![
            word(row.state).to_owned(),
            job.jid.to_string(),
            job.queue.to_string(),
            job.jobtype.to_string(),
            when(row, job, now),
        ];
        let end = || row.expires_at.as_ref().map(|at| ago(now, at)).unwrap_or_default();
        cells.extend(expires.then(end));
        cells.extend(has_worker.then(|| row.wid.clone().unwrap_or_default()));
        let args = || job.args.map_or("", |args| args.get()).to_owned();
        cells.push(cut(&job.error().unwrap_or_else(args), CELL_MAX));
        table.row(cells);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<ListedJob> {
        serde_json::from_str(text).expect("listed jobs")
    }

    fn lines(text: &str) -> Vec<String> {
        let now = Wall::parse("2026-01-02T03:05:05Z").expect("a moment");
        lay_out(&rows(text), now).expect("a table").lines(None)
    }

    #[test]
    fn workers_have_a_column_where_there_are_any_and_errors_stand_for_arguments() {
        let queued = r#"{"state":"queued","since":"2026-01-02T03:04:05Z",
            "job":{"jid":"jid-00001","queue":"q","jobtype":"T","args":[1,"\u001b[31m"]}}"#;
        let expected = [
            "STATE   JID        QUEUE  TYPE  WHEN     ARGS",
            r#"queued  jid-00001  q      T     1 m ago  [1,"\u001b[31m"]"#,
        ];
        assert_eq!(lines(&format!("[{queued}]")), expected);
        let working = r#"{"state":"working","since":"2026-01-02T03:05:03Z","until":"2026-01-02T03:35:03Z","wid":"w\u0007",
            "job":{"jid":"jid-00002","queue":"q","jobtype":"T\n","args":[],"failure":{"errtype":"E","message":"m"}}}"#;
        let mixed = lines(&format!("[{queued},{working}]"));
        assert_eq!(mixed[0], "STATE    JID        QUEUE  TYPE  WHEN     WORKER  ARGS OR ERROR");
        assert_eq!(mixed[2], "working  jid-00002  q      T\\n   2 s ago  w\\u{7}  E: m");
        assert!(lines(&format!("[{working}]"))[0].ends_with("  ERROR"));
        let expiring = queued.replace(r#""since""#, r#""expires_at":"2026-01-02T03:10:05Z","since""#);
        let expected = [
            "STATE   JID        QUEUE  TYPE  WHEN     EXPIRES  ARGS",
            r#"queued  jid-00001  q      T     1 m ago  in 5 m   [1,"\u001b[31m"]"#,
            r#"queued  jid-00001  q      T     1 m ago           [1,"\u001b[31m"]"#,
        ];
        assert_eq!(lines(&format!("[{expiring},{queued}]")), expected);
    }
}
