//! What all requests share, and typed questions to the engine.

use std::sync::Arc;

use bessemer_core::command::Record;
use bessemer_core::fact::Family;
use bessemer_core::limits::SAME_JID_MAX;
use bessemer_core::query::{
    CronView, Day, Info, JobView, Jobs, KeptPage, Page, QueueView, Scan, Scanned, Set, Sift, Sifted,
    ThrottleView, Where, WorkerView,
};
use bessemer_core::{Action, Answer, Query};
use tokio::sync::Semaphore;

use crate::audit::{self, Audit};
use crate::bulk::Bulk;
use crate::events::Events;
use crate::guard::auth::Lock;
use crate::guard::visitor::Visitor;
use crate::keeper::Keeper;
use crate::metrics::Labelled;
use crate::problem::Problem;
use crate::rates::Rates;
use crate::watch::DeployMark;
use crate::{Front, Site, limits};

/// The state of the router.
#[derive(Clone)]
pub(crate) struct Web<F> {
    pub front: F,
    pub site: Arc<Site>,
    pub lock: Arc<Lock>,
    pub bulk: Arc<Bulk>,
    pub rates: Arc<Rates>,
    /// Who listens to what happens.
    pub events: Arc<Events>,
    /// Who writes down what happened.
    pub keeper: Arc<Keeper>,
    /// Queues that have lines of their own in the metrics.
    pub labelled: Arc<Labelled>,
    pub audit: Audit,
    /// Held by whoever changes tokens.
    pub tokens: Arc<tokio::sync::Mutex<()>>,
    /// One permit for each request that may run.
    pub running: Arc<Semaphore>,
    /// One for each search that may run.
    pub searches: Arc<Semaphore>,
    /// One permit for each KiB that requests which push jobs may hold.
    pub pushing: Arc<Semaphore>,
}

impl<F: Front> Web<F> {
    pub(crate) fn new(front: F, site: Site) -> Self {
        front.watch().limit_pairs(site.limits.metrics_pairs_max);
        Self {
            front,
            lock: Arc::new(Lock::of(&site)),
            bulk: Arc::default(),
            audit: Audit::default(),
            tokens: Arc::default(),
            rates: Arc::default(),
            events: Arc::default(),
            keeper: Arc::default(),
            labelled: Arc::default(),
            running: Arc::new(Semaphore::new(site.limits.requests_max)),
            searches: Arc::new(Semaphore::new(limits::SEARCHES_MAX)),
            pushing: Arc::new(Semaphore::new(limits::PUSHES_HELD >> 10)),
            site: Arc::new(site),
        }
    }

    /// The same dashboard under another site. What goes on goes on, and who has been guessing is still known unless
    /// there is something else to guess.
    pub(crate) fn under(&self, site: Site) -> Self {
        self.front.watch().limit_pairs(site.limits.metrics_pairs_max);
        let passwords = |site: &Site| (site.password.clone(), site.viewer_password.clone());
        let same = passwords(&site) == passwords(&self.site);
        let lock = if same { self.lock.clone() } else { Arc::new(Lock::of(&site)) };
        let requests_max = site.limits.requests_max;
        let same = requests_max == self.site.limits.requests_max;
        let running = if same { self.running.clone() } else { Arc::new(Semaphore::new(requests_max)) };
        Self { lock, running, site: Arc::new(site), ..self.clone() }
    }

    pub(crate) async fn info(&self) -> Result<Box<Info>, Problem> {
        match self.front.ask(Query::Info).await? {
            Answer::Info(info) => Ok(info),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn history(&self, days: usize) -> Result<Vec<Day>, Problem> {
        match self.front.ask(Query::History { days }).await? {
            Answer::History(days) => Ok(days),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn workers(&self) -> Result<Vec<WorkerView>, Problem> {
        match self.front.ask(Query::Workers).await? {
            Answer::Workers(workers) => Ok(workers),
            other => Err(unexpected(&other)),
        }
    }

    /// Jobs, or `None` where there is no such queue.
    pub(crate) async fn jobs(&self, query: Query) -> Result<Option<Jobs>, Problem> {
        match self.front.ask(query).await? {
            Answer::Jobs(jobs) => Ok(Some(jobs)),
            Answer::Missing => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    /// The jobs with this jid: those that live, or else those that were discarded and may still come back.
    pub(crate) async fn with_jid(&self, jid: &str) -> Result<Vec<JobView>, Problem> {
        let live = self.jobs(Query::Jid { jid: jid.to_owned() }).await?.unwrap_or_default().jobs;
        if !live.is_empty() {
            return Ok(live);
        }
        let scan = Scan {
            places: vec![Where::Discarded],
            jids: Some(vec![jid.to_owned()]),
            queue: None,
            jobtype: None,
            from: None,
            count: 1,
            most: SAME_JID_MAX,
            texts: true,
        };
        Ok(self.scan(scan).await?.jobs)
    }

    /// How many jobs a set holds.
    pub(crate) async fn len(&self, set: Set) -> Result<u64, Problem> {
        let info = self.info().await?;
        Ok(match set {
            Set::Scheduled => info.scheduled,
            Set::Retries => info.retries,
            Set::Dead => info.dead,
            Set::Discarded => {
                let page = Page { from: 0, count: 0 };
                self.jobs(Query::Set { set, page }).await?.unwrap_or_default().total as u64
            }
        })
    }

    /// One piece of a walk.
    pub(crate) async fn scan(&self, scan: Scan) -> Result<Box<Scanned>, Problem> {
        match self.front.ask(Query::Scan(Box::new(scan))).await? {
            Answer::Scanned(scanned) => Ok(scanned),
            other => Err(unexpected(&other)),
        }
    }

    /// A piece of a pass over all jobs.
    pub(crate) async fn sift(&self, sift: Sift) -> Result<Sifted, Problem> {
        match self.front.ask(Query::Sift(Box::new(sift))).await? {
            Answer::Sifted(sifted) => Ok(*sifted),
            other => Err(unexpected(&other)),
        }
    }

    /// A page of a queue, however far down; `None` where there is none.
    pub(crate) async fn queue_page(&self, queue: &str, mut page: Page) -> Result<Option<Jobs>, Problem> {
        let (mut from, mut back) = (None, false);
        loop {
            match self.front.ask(Query::Far { queue: queue.to_owned(), from, page, back }).await? {
                // From the other end it is nearer.
                Answer::Far { jobs, next: Some(_) }
                    if !back && jobs.total / 2 < page.from && from.is_none() =>
                {
                    let end = jobs.total.min(page.from.saturating_add(page.count));
                    if page.from >= end {
                        return Ok(Some(jobs));
                    }
                    (page, back) = (Page { from: jobs.total - end, count: end - page.from }, true);
                }
                Answer::Far { next: Some((job, rest)), .. } => (from, page) = (Some(job), rest),
                Answer::Far { jobs, next: None } => return Ok(Some(jobs)),
                Answer::Missing => return Ok(None),
                other => return Err(unexpected(&other)),
            }
        }
    }

    pub(crate) async fn queues(&self) -> Result<Vec<QueueView>, Problem> {
        match self.front.ask(Query::Queues).await? {
            Answer::Queues(queues) => Ok(queues),
            other => Err(unexpected(&other)),
        }
    }

    /// What limits queues, by their names.
    pub(crate) async fn throttles(&self) -> Result<Vec<ThrottleView>, Problem> {
        match self.front.ask(Query::Throttles).await? {
            Answer::Throttles(throttles) => Ok(throttles),
            other => Err(unexpected(&other)),
        }
    }

    /// The cron entries, each with its last run; or one with all that are known. None: there is no such entry.
    pub(crate) async fn crons(&self, id: Option<String>) -> Result<Option<Vec<CronView>>, Problem> {
        match self.front.ask(Query::Cron { id }).await? {
            Answer::Cron(entries) => Ok(Some(entries)),
            Answer::Missing => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    /// Does what an operator wants, and takes it down in the audit log.
    pub(crate) async fn act(&self, action: Action) -> Result<u64, Problem> {
        self.act_on(action, None).await
    }

    /// The same for an object that has a name: an action knows jobs by their numbers only. It goes on when nobody waits for
    /// it any more: what is done is taken down.
    pub(crate) async fn act_on(&self, action: Action, object: Option<String>) -> Result<u64, Problem> {
        let web = self.clone();
        let work = async move {
            let words = audit::words(&action);
            let is_named = matches!(action, Action::Queue { .. } | Action::Cron { .. });
            let count = web.front.act(action).await?;
            if let Some((word, default)) = words {
                web.record(word, object.unwrap_or(default), count.max(is_named.into())).await;
            }
            Ok(count)
        };
        Visitor::leave_behind(work).await.unwrap_or_else(|panic| Err(Problem::internal(&panic)))
    }

    /// Records of a family in the order of their keys, from a key on: as many as fit an answer, which says where to go on.
    pub(crate) async fn kept(
        &self,
        family: Family,
        from: Option<Vec<u8>>,
        count: usize,
    ) -> Result<KeptPage, Problem> {
        match self.front.ask(Query::Kept { family, from, count }).await? {
            Answer::Kept(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Sets a mark; it is durable when this returns, and so are the statistics up to it.
    pub(crate) async fn mark(&self, mark: DeployMark) -> Result<(), Problem> {
        let web = self.clone();
        // As a task of its own: whoever asked may leave, and it is done whole all the same.
        let set = tokio::spawn(async move {
            web.keep(vec![mark.record()]).await?;
            web.front.watch().mark(mark);
            web.keeper.save(&web.front).await;
            Ok(())
        });
        set.await.map_err(|e| Problem::internal(&format!("setting a mark ended: {e}")))?
    }

    /// Puts and removes records; they become durable together, or none does.
    pub(crate) async fn keep(&self, records: Vec<Record>) -> Result<(), Problem> {
        self.front.act(Action::Keep(records)).await?;
        Ok(())
    }
}

pub(crate) fn unexpected(answer: &Answer) -> Problem {
    let kind = match answer {
        Answer::Info(_) => "figures",
        Answer::History(_) => "history",
        Answer::Workers(_) => "workers",
        Answer::Jobs(_) => "jobs",
        Answer::Ids { .. } => "ids",
        Answer::Sifted(_) => "a piece of a pass",
        Answer::Far { .. } => "a page far down",
        Answer::Scanned(_) => "a piece of a walk",
        Answer::Queues(_) => "queues",
        Answer::Kept(_) => "records",
        Answer::Batches(_) | Answer::Batch(_) => "batches",
        Answer::Members(_) => "members of a batch",
        Answer::Keys(_) => "unique keys",
        Answer::Throttles(_) => "throttles",
        Answer::Cron(_) => "cron entries",
        Answer::Missing => "nothing",
    };
    Problem::internal(&format!("the engine answered {kind}, which was not the question"))
}
