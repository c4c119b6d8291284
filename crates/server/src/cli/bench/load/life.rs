//! A job's whole life on one connection: PUSH, FETCH, ACK. Plain, and with one thing asked for that a plain job does not have:
//! what that costs is the difference, since everything else is the same.

use std::rc::Rc;

use tokio::time::Instant;

use super::super::error::Result;
use super::super::line::Line;
use super::super::plan::{Case, Load};
use super::super::sample::Sample;
use super::super::server::Server;
use super::consume::Worker;
use super::ledger::Ledger;
use super::{Run, Window, all};

/// Every connection has one job at a time, until the time is over. All share a queue, so one may fetch what another has pushed.
pub(super) async fn life(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    let queue = run.queue("life");
    let batch =
        if case.load == Load::Batched { server.open_batch(&run.mark.jobtype(), &queue).await? } else { None };
    let line = match (case.load, &batch) {
        (Load::Unique, _) => Line::unique(&run.mark, &queue, case.bytes),
        (_, Some(batch)) => Line::member(&run.mark, &queue, case.bytes, batch),
        _ => Line::push(&run.mark, &queue, case.bytes, 1),
    };
    if case.load == Load::Throttled {
        server.limit(&queue, case.connections).await?;
    }
    let crew = server.crew(case.connections, Some(&run.mark.wid("life"))).await?;
    let first = run.numbers.get();
    let ledger = Rc::new(Ledger::new(&server.name, first));
    let window = Window::open(server, run.window).await;
    let tasks = crew.into_iter().map(|client| {
        let mut worker = Worker::new(client, &run.mark, &queue, false);
        let (run, window, ledger, mut line) = (run.clone(), window.clone(), ledger.clone(), line.clone());
        async move {
            let mut begun = Instant::now();
            while begun < window.until {
                worker.push(line.about(run.number(1))).await?;
                let number = ledger.fetched(worker.take().await?)?;
                worker.finish(number).await?;
                let finished = Instant::now();
                window.took(begun, finished);
                window.count(1);
                begun = finished;
            }
            Ok(())
        }
    });
    all(tasks).await?;
    let sample = window.close(server);
    ledger.check(run.numbers.get(), server.waiting(&queue).await?)?;
    if let Some(batch) = &batch {
        // Its callback comes into the queue that is removed.
        server.commit_batch(batch).await?;
    }
    server.remove(&queue).await?;
    if case.load == Load::Throttled {
        server.unlimit(&queue).await?;
    }
    Ok(sample)
}
