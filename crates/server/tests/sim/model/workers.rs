//! Connections, workers and operators.

use bessemer_core::command::{Hello, Refusal, Stage};
use bessemer_core::query::Place;
use bessemer_core::{ConnId, JobId, Now};

use super::{Expected, Model, Worker};

impl Model {
    pub(super) fn known(&mut self, wid: &str) -> u64 {
        self.by_wid.get(wid).copied().unwrap_or_else(|| self.introduce(wid))
    }

    pub(super) fn introduce(&mut self, wid: &str) -> u64 {
        let no = self.next();
        let worker = Worker { wid: wid.into(), who: None, stage: Stage::Running, links: 0, gone: None };
        self.workers.insert(no, worker);
        self.by_wid.insert(wid.into(), no);
        no
    }

    pub(super) fn connect(&mut self, conn: ConnId, hello: Option<&Hello<'_>>) -> Expected {
        let worker = hello.map(|hello| {
            let who = (hello.hostname.to_owned(), hello.pid);
            let same = self.by_wid.get(hello.wid).copied().filter(|no| {
                let worker = &self.workers[no];
                worker.links > 0 || worker.who.as_ref().is_none_or(|before| *before == who)
            });
            let no = same.unwrap_or_else(|| self.introduce(hello.wid));
            let worker = self.workers.get_mut(&no).expect("it is known");
            worker.who = Some(who);
            worker.links += 1;
            worker.gone = None;
            no
        });
        self.conns.insert(conn, worker);
        Expected::Done
    }

    pub(super) fn disconnect(&mut self, now: Now, conn: ConnId) -> bool {
        self.parked.retain(|_, parked| parked.conn != conn);
        if let Some(Some(no)) = self.conns.remove(&conn) {
            let worker = self.workers.get_mut(&no).expect("a connected worker is known");
            worker.links -= 1;
            if worker.links == 0 {
                worker.gone = Some(now.boot);
            }
        }
        false
    }

    pub(super) fn worker(&self, conn: ConnId) -> Option<&Worker> {
        self.conns.get(&conn).copied().flatten().and_then(|no| self.workers.get(&no))
    }

    pub(super) fn beat(&mut self, conn: ConnId, wid: &str, state: Option<Stage>) -> Expected {
        let Some(no) = self.by_wid.get(wid).copied().filter(|no| self.workers[no].links > 0) else {
            return Expected::Refused(Refusal::UnknownWorker(wid.into()));
        };
        let own = self.conns.get(&conn) == Some(&Some(no));
        let worker = self.workers.get_mut(&no).expect("it is known");
        if own {
            worker.stage = worker.stage.max(state.unwrap_or_default());
        }
        let stage = worker.stage;
        self.quiet();
        Expected::State(stage)
    }

    pub(super) fn signal(&mut self, wid: Option<&str>, stage: Stage) -> Expected {
        let mut count = 0;
        let reached = |worker: &&mut Worker| worker.links > 0 && wid.is_none_or(|wid| wid == worker.wid);
        for worker in self.workers.values_mut().filter(reached) {
            worker.stage = worker.stage.max(stage);
            count += 1;
        }
        self.quiet();
        Expected::Count(count)
    }

    /// Workers on their way out get no more jobs (rule `F-05`).
    pub(super) fn quiet(&mut self) {
        let Self { conns, workers, parked, .. } = self;
        for parked in parked.values_mut() {
            let worker = conns.get(&parked.conn).copied().flatten().and_then(|no| workers.get(&no));
            if worker.is_some_and(|worker| worker.stage != Stage::Running) {
                parked.queues.clear();
            }
        }
    }

    pub(super) fn each(&mut self, jobs: &[JobId], mut act: impl FnMut(&mut Self, JobId) -> bool) -> Expected {
        let mut count = 0;
        for id in jobs {
            let free =
                self.durable.jobs.get(id).is_some_and(|job| !matches!(job.place, Place::Working { .. }));
            count += u64::from(free && act(self, *id));
        }
        Expected::Count(count)
    }

    pub(super) fn info(&self) -> Expected {
        let count =
            |is: fn(&Place) -> bool| self.durable.jobs.values().filter(|job| is(&job.place)).count() as u64;
        Expected::Info {
            enqueued: count(|place| matches!(place, Place::Queued { .. })),
            working: count(|place| matches!(place, Place::Working { .. })),
            scheduled: count(|place| matches!(place, Place::Scheduled { .. })),
            retries: count(|place| matches!(place, Place::Retrying { .. })),
            dead: count(|place| matches!(place, Place::Dead { .. })),
            processed: self.durable.processed,
            failed: self.durable.failed,
        }
    }
}
