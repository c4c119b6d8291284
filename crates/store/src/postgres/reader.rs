//! Pages, read from the tables by a session of their own. What is volatile (workers, tallies) is not in the tables:
//! a whole engine would ask its machine, as the embedded one does.

use bessemer_core::command::{FailureView, Text};
use bessemer_core::fact::{Fact, JobId};
use bessemer_core::limits::PAGE_MAX;
use bessemer_core::query::{Info, JobView, Jobs, Place, Set};
use bessemer_core::{Answer, Query, Span};
use bytes::Bytes;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};

use super::hands::{RETRIES, SCHEDULED};
use super::open;
use super::session::Session;
use crate::embedded::record::Records;
use crate::engine::{Fatal, Gone, Reader, Tell};

/// Asks the tables. Each question has a session of its own, since pages are rare.
#[derive(Clone)]
pub struct PostgresReader {
    config: Config,
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Reader for PostgresReader {
    async fn ask(&self, query: Query) -> Result<Answer, Gone> {
        self.answer(query).await.map_err(|error| {
            tracing::warn!("{error}");
            Gone
        })
    }

    /// The spike keeps no texts apart from their jobs.
    fn read(&self, texts: &[Span], tell: Tell<'_>) -> Result<(), Gone> {
        (0..texts.len()).for_each(|at| tell(at, None));
        Ok(())
    }
}

impl PostgresReader {
    pub(super) fn new(config: Config) -> Self {
        Self { config }
    }

    async fn answer(&self, query: Query) -> Result<Answer, Fatal> {
        let mut session = open::connect(self.config.clone()).await?;
        match query {
            Query::Info => info(&mut session).await,
            Query::Queue { name, page } => {
                let known = open::rows(&mut session, "select from queue where name = $1", &[&name]).await?;
                if known.is_empty() {
                    return Ok(Answer::Missing);
                }
                let sql = "from ready where queue = $1";
                jobs(&mut session, sql, "ord desc", &[&name], (page.from, page.count)).await
            }
            Query::Set { set, page } => {
                let window = (page.from, page.count);
                let kind = match set {
                    Set::Scheduled => SCHEDULED,
                    Set::Retries => RETRIES,
                    // Nobody can discard anything here.
                    Set::Discarded => return Ok(Answer::Jobs(Jobs::default())),
                    Set::Dead => return jobs(&mut session, "from dead", "at, ord", &[], window).await,
                };
                jobs(&mut session, "from later where kind = $1", "at, ord", &[&kind], window).await
            }
            Query::Working { page } => {
                jobs(&mut session, "from reserved", "id", &[], (page.from, page.count)).await
            }
            Query::History { .. }
            | Query::Workers
            | Query::Entry { .. }
            | Query::Jid { .. }
            | Query::SetIds { .. }
            | Query::Scan(_)
            | Query::Sift(_)
            | Query::Named { .. }
            | Query::Far { .. }
            | Query::Queues
            | Query::Batches(_)
            | Query::Batch { .. }
            | Query::Members { .. }
            | Query::Throttles
            | Query::Cron { .. }
            | Query::Kept { .. }
            | Query::Keys { .. } => Err(open::damaged("this page is not part of the spike")),
        }
    }
}

async fn jobs(
    session: &mut Session,
    from: &str,
    order: &str,
    params: Params<'_>,
    (offset, count): (usize, usize),
) -> Result<Answer, Fatal> {
    let total: i64 = open::rows(session, &format!("select count(*) {from}"), params).await?[0].get(0);
    let limit = count.min(PAGE_MAX);
    let page = format!("select id, job {from} order by {order} offset {offset} limit {limit}");
    let rows = open::rows(session, &page, params).await?;
    let jobs = rows.iter().map(view).collect::<Option<Vec<_>>>();
    let jobs = jobs.ok_or_else(|| open::damaged("a row is damaged"))?;
    Ok(Answer::Jobs(Jobs { total: usize::try_from(total).unwrap_or(0), jobs }))
}

async fn info(session: &mut Session) -> Result<Answer, Fatal> {
    let mut info = Info::default();
    let queues = "select name, (select count(*) from ready where queue = name) from queue";
    for row in open::rows(session, queues, &[]).await? {
        let length = count(&row, 1);
        info.queues.insert(row.get(0), length);
        info.enqueued += length;
    }
    let sizes = "select (select count(*) from reserved), (select count(*) from dead),
                        (select count(*) from later where kind = 0), (select count(*) from later where kind = 1)";
    let row = &open::rows(session, sizes, &[]).await?[0];
    (info.working, info.dead) = (count(row, 0), count(row, 1));
    (info.scheduled, info.retries) = (count(row, 2), count(row, 3));
    for row in open::rows(session, open::DAYS, &[]).await? {
        info.processed += count(&row, 1);
        info.failures += count(&row, 2);
    }
    Ok(Answer::Info(Box::new(info)))
}

fn count(row: &Row, column: usize) -> u64 {
    row.get::<_, i64>(column).cast_unsigned()
}

/// A job as its row tells it.
fn view(row: &Row) -> Option<JobView> {
    let (number, job): (i64, &[u8]) = (row.get(0), row.get(1));
    let mut view = None;
    for record in Records::new(job, 0) {
        match (record?.0, &mut view) {
            (Fact::Put { head, standing, body, .. }, _) => {
                let enqueued_at = match Place::from(standing) {
                    Place::Queued { since } => Some(since),
                    _ => None,
                };
                view = Some(JobView {
                    id: JobId(number.cast_unsigned()),
                    queue: head.queue.into(),
                    place: standing.into(),
                    body: Text::Read(Bytes::copy_from_slice(body)),
                    enqueued_at,
                    failure: None,
                    progress: None,
                    expires: head.terms.expires,
                });
            }
            (Fact::Fail { failure, .. }, Some(view)) => {
                view.failure = Some(FailureView {
                    retry_count: failure.retry_count,
                    remaining: failure.remaining,
                    failed_at: failure.failed_at,
                    next_at: failure.next_at,
                    text: Text::Read(Bytes::copy_from_slice(failure.text)),
                });
            }
            (Fact::Set { standing, .. }, Some(view)) => view.place = standing.into(),
            _ => {}
        }
    }
    view
}
