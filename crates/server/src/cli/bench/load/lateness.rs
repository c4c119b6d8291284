//! Scheduled jobs: how long after its time a worker that waits gets one.

use std::rc::Rc;
use std::time::Duration;

use bessemer_core::Wall;

use super::super::client::Client;
use super::super::error::Result;
use super::super::line::Line;
use super::super::plan::Case;
use super::super::sample::Sample;
use super::super::server::Server;
use super::consume::Worker;
use super::done::Done;
use super::ledger::Ledger;
use super::{Run, Window, join};
use crate::clock;

/// Jobs that are due in a second.
const PER_S: u64 = 200;

/// Windows over which they are spread: a server that looks every five seconds is to be seen doing so.
const WINDOWS: u32 = 3;

/// From the first PUSH to the first due job.
const LEAD: Duration = Duration::from_millis(500);

pub(super) async fn lateness(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    let queue = run.queue("lateness");
    let crew = server.crew(case.connections, Some(&run.mark.wid("lateness"))).await?;
    let producer = server.connect(None).await?;
    let spread = run.window * WINDOWS;
    let jobs = (spread.as_secs_f64() * PER_S as f64).ceil() as u64;
    let first = run.number(jobs);
    let ledger = Rc::new(Ledger::new(&server.name, first));
    let done = Rc::new(Done::default());
    let window = Window::open(server, spread).await;
    let start = clock::wall().after(LEAD);
    let due = move |number: u64| start.after(Duration::from_micros((number - first) * 1_000_000 / PER_S));
    let mut working = tokio::task::JoinSet::new();
    for client in crew {
        let mut worker = Worker::new(client, &run.mark, &queue, false);
        let (window, ledger, done) = (window.clone(), ledger.clone(), done.clone());
        working.spawn_local(async move {
            loop {
                let number = worker.fetch().await?;
                let now = clock::wall();
                let number = ledger.fetched(number)?;
                window.took_for(now.since(due(number)));
                worker.finish(number).await?;
                window.count(1);
                done.one_more();
            }
        });
    }
    let scheduled = async {
        let lines =
            (first..first + jobs).map(|number| schedule(run, &queue, case.bytes, number, due(number)));
        push_all(producer, lines.collect(), jobs).await?;
        done.wait_for(jobs).await;
        Result::Ok(())
    };
    tokio::select! {
        ended = join(&mut working) => ended?,
        ended = scheduled => ended?,
    }
    let sample = window.close(server);
    drop(working);
    ledger.check(first + jobs, server.waiting(&queue).await?)?;
    server.remove(&queue).await?;
    Ok(sample)
}

fn schedule(run: &Run, queue: &str, bytes: usize, number: u64, at: Wall) -> Vec<u8> {
    Line::schedule(&run.mark, queue, bytes, &at.rfc3339()).about(number).to_vec()
}

/// Sends all while the replies are read.
async fn push_all(producer: Client, lines: Vec<Vec<u8>>, jobs: u64) -> Result<()> {
    let Client { mut sender, mut receiver } = producer;
    let send = async move {
        for line in lines {
            sender.send(&line).await?;
        }
        Result::Ok(sender)
    };
    let receive = async move {
        for _ in 0..jobs {
            receiver.ok("PUSH").await?;
        }
        Ok(())
    };
    // The half that sends stays open until everything is answered.
    let (_sender, ()) = tokio::try_join!(send, receive)?;
    Ok(())
}
