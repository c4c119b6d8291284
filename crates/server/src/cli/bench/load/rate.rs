//! An open loop: jobs are pushed when it is their time, whether the server keeps up or not, and each is timed from that
//! intended moment until a worker has it. So a pause of the server counts for every job that fell into it.

use std::rc::Rc;
use std::time::Duration;

use bessemer_core::Boot;

use super::super::client::Client;
use super::super::error::{BenchError, Result};
use super::super::line::Line;
use super::super::plan::Case;
use super::super::sample::Sample;
use super::super::server::Server;
use super::consume::Worker;
use super::done::Done;
use super::ledger::Ledger;
use super::pace::{Pace, moment};
use super::push::fill;
use super::{Run, Window};
use crate::clock;

/// From the decision to the first moment.
const LEAD: Duration = Duration::from_millis(20);

/// Bytes of the jobs that come and go before the window.
const CHURN: usize = 10_000;

/// So many of them at once.
const PIECE: u64 = 1_000;

/// Their bytes for each byte that waits, in tenths. Our log is cleaned from the moment at which it is three times as long
/// as what lives in it, until that is told again: the window begins a little after that moment.
const CHURN_TENTHS: u64 = 21;

/// About what a waiting job takes in our log beside its argument.
const AROUND: u64 = 270;

pub(super) async fn rate(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    let backlog = run.queue("backlog");
    if case.waiting > 0 {
        server.renew(&run.place).await?;
        lay_down(run, case, server, &backlog).await?;
    }
    let queue = run.queue("rate");
    let crew = server.crew(case.connections, Some(&run.mark.wid("rate"))).await?;
    let producer = server.connect(None).await?;
    let jobs = (f64::from(run.rate) * run.window.as_secs_f64()).ceil() as u64;
    let first = run.number(jobs);
    let ledger = Rc::new(Ledger::new(&server.name, first));
    let done = Rc::new(Done::default());
    let window = Window::open(server, run.window).await;
    let schedule = Schedule { first, start: clock::boot().after(LEAD), rate: run.rate };
    let mut working = tokio::task::JoinSet::new();
    for client in crew {
        let mut worker = Worker::new(client, &run.mark, &queue, false);
        let (window, ledger, done) = (window.clone(), ledger.clone(), done.clone());
        working.spawn_local(async move {
            loop {
                let number = worker.fetch().await?;
                let now = clock::boot();
                let number = ledger.fetched(number)?;
                window.took_for(now.since(schedule.moment(number)));
                worker.finish(number).await?;
                window.count(1);
                done.one_more();
            }
        });
    }
    let pushed = async {
        produce(producer, Line::push(&run.mark, &queue, case.bytes, 1), schedule, jobs).await?;
        done.wait_for(jobs).await;
        Result::Ok(())
    };
    tokio::select! {
        ended = super::join(&mut working) => ended?,
        ended = pushed => ended?,
    }
    let sample = window.close(server);
    drop(working);
    ledger.check(first + jobs, server.waiting(&queue).await?)?;
    server.remove(&queue).await?;
    if case.waiting > 0 {
        server.remove_backlog(&backlog, &run.place).await?;
    }
    Ok(sample)
}

/// When each job is to be pushed.
#[derive(Clone, Copy)]
struct Schedule {
    first: u64,
    start: Boot,
    rate: u32,
}

impl Schedule {
    fn every(self) -> Duration {
        Duration::from_secs(1) / self.rate
    }

    fn moment(self, number: u64) -> Boot {
        moment(self.start, self.every(), number - self.first)
    }
}

/// Sends each PUSH at its moment over one connection, and reads the replies as they come.
async fn produce(producer: Client, mut line: Line, schedule: Schedule, jobs: u64) -> Result<()> {
    let failed = |source| BenchError::System { what: "start a thread", source };
    let Client { mut sender, mut receiver } = producer;
    let mut pace = Pace::new(schedule.start, schedule.every()).map_err(failed)?;
    let send = async move {
        let (mut sent, mut text) = (0, Vec::new());
        while sent < jobs {
            let until = (sent + pace.passed().await.map_err(failed)?).min(jobs);
            text.clear();
            for number in sent..until {
                text.extend_from_slice(line.about(schedule.first + number));
            }
            sender.send(&text).await?;
            sent = until;
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

/// Jobs that wait in another queue, and behind them in the log what has come and gone.
async fn lay_down(run: &Rc<Run>, case: Case, server: &Server, backlog: &str) -> Result<()> {
    fill(run, server, backlog, case.bytes, case.waiting).await?;
    let churn = run.queue("churn");
    let mut left = case.waiting * (case.bytes as u64 + AROUND) * CHURN_TENTHS / 10 / CHURN as u64;
    while left > 0 {
        let now = left.min(PIECE);
        fill(run, server, &churn, CHURN, now).await?;
        server.remove(&churn).await?;
        left -= now;
    }
    Ok(())
}
