//! Producers and workers at once, until everything that was pushed is done.

use std::rc::Rc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::error::Result;
use super::super::line::Line;
use super::super::plan::Case;
use super::super::sample::Sample;
use super::super::server::Server;
use super::consume::Worker;
use super::done::Done;
use super::ledger::Ledger;
use super::{Run, Window, join};

/// Pushes one by one while the time lasts. What is timed is PUSH and ACK, since a FETCH may wait for its job.
pub(super) async fn mixed(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    let queue = run.queue("mixed");
    let producers = server.crew(case.producers, None).await?;
    let workers = server.crew(case.connections - case.producers, Some(&run.mark.wid("mixed"))).await?;
    let first = run.numbers.get();
    let ledger = Rc::new(Ledger::new(&server.name, first));
    let line = Line::push(&run.mark, &queue, case.bytes, 1);
    let done = Rc::new(Done::default());
    let window = Window::open(server, run.window).await;
    let mut pushing = JoinSet::<Result<()>>::new();
    for mut client in producers {
        let (run, window, mut line) = (run.clone(), window.clone(), line.clone());
        pushing.spawn_local(async move {
            let mut sent = Instant::now();
            while sent < window.until {
                client.call_ok("PUSH", line.about(run.number(1))).await?;
                let answered = Instant::now();
                window.took(sent, answered);
                sent = answered;
            }
            Ok(())
        });
    }
    let mut working = JoinSet::<Result<()>>::new();
    for client in workers {
        let mut worker = Worker::new(client, &run.mark, &queue, false);
        let (window, ledger, done) = (window.clone(), ledger.clone(), done.clone());
        working.spawn_local(async move {
            loop {
                let number = ledger.fetched(worker.fetch().await?)?;
                let fetched = Instant::now();
                worker.finish(number).await?;
                window.took(fetched, Instant::now());
                window.count(1);
                done.one_more();
            }
        });
    }
    let drained = async {
        join(&mut pushing).await?;
        done.wait_for(run.numbers.get() - first).await;
        Result::Ok(())
    };
    // Workers end only by an error.
    tokio::select! {
        ended = join(&mut working) => ended?,
        ended = drained => ended?,
    }
    let sample = window.close(server);
    drop(working);
    ledger.check(run.numbers.get(), server.waiting(&queue).await?)?;
    server.remove(&queue).await?;
    Ok(sample)
}
