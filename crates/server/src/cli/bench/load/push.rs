//! PUSH one by one, PUSH a hundred at once without waiting for replies in between, and PUSHB.

use std::rc::Rc;

use tokio::time::Instant;

use super::super::client::{Answer, Client, odd};
use super::super::error::{BenchError, Result};
use super::super::line::Line;
use super::super::plan::{Case, Load};
use super::super::sample::Sample;
use super::super::server::Server;
use super::{Run, Window, all};

/// Jobs of a PUSHB, and PUSHes that are sent at once in *pipelined*.
pub(super) const BATCH: usize = 100;

/// Connections that lay down a backlog before a window.
const FILLERS: usize = 4;

/// A closed loop on each connection: the next is sent when the last is answered.
pub(super) async fn push(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    let queue = run.queue("push");
    let line = match case.load {
        Load::Pushb => Line::push_bulk(&run.mark, &queue, case.bytes, BATCH),
        Load::Pipelined => Line::push(&run.mark, &queue, case.bytes, BATCH),
        _ => Line::push(&run.mark, &queue, case.bytes, 1),
    };
    let clients = server.crew(case.connections, None).await?;
    let window = Window::open(server, run.window).await;
    let tasks = clients.into_iter().map(|mut client| {
        let (run, window, mut line, bulk) =
            (run.clone(), window.clone(), line.clone(), case.load == Load::Pushb);
        async move {
            let mut sent = Instant::now();
            while sent < window.until {
                let number = run.number(line.jobs());
                window.count(line.jobs());
                send(&mut client, &mut line, number, bulk).await?;
                let answered = Instant::now();
                window.took(sent, answered);
                sent = answered;
            }
            Ok(())
        }
    });
    all(tasks).await?;
    let sample = window.close(server);
    server.remove(&queue).await?;
    Ok(sample)
}

/// Pushes so many jobs, fast and not counted; the number of the first.
pub(super) async fn fill(
    run: &Rc<Run>,
    server: &Server,
    queue: &str,
    bytes: usize,
    jobs: u64,
) -> Result<u64> {
    let first = run.number(jobs);
    let line = Line::push_bulk(&run.mark, queue, bytes, BATCH);
    let next = Rc::new(std::cell::Cell::new(first));
    let tasks = server.crew(FILLERS, None).await?.into_iter().map(|mut client| {
        let (next, mut line, queue, run) = (next.clone(), line.clone(), queue.to_owned(), run.clone());
        async move {
            loop {
                let number = next.get();
                let left = first + jobs - number;
                if left < line.jobs() {
                    line = Line::push_bulk(&run.mark, &queue, bytes, left as usize);
                }
                if left == 0 {
                    return Ok(());
                }
                next.set(number + line.jobs());
                send(&mut client, &mut line, number, true).await?;
            }
        }
    });
    all(tasks).await?;
    Ok(first)
}

/// Sends it and reads what is to come back: OK for each PUSH, an empty object for a PUSHB.
async fn send(client: &mut Client, line: &mut Line, number: u64, bulk: bool) -> Result<()> {
    if !bulk {
        let jobs = line.jobs();
        client.sender.send(line.about(number)).await?;
        for _ in 0..jobs {
            client.receiver.ok("PUSH").await?;
        }
        return Ok(());
    }
    let server = client.receiver.server();
    match client.call("PUSHB", line.about(number)).await? {
        Answer::Bulk(b"{}") => Ok(()),
        Answer::Bulk(refused) => {
            let answer = String::from_utf8_lossy(&refused[..refused.len().min(200)]).into_owned();
            Err(BenchError::Refused { server: server.to_string(), verb: "PUSHB", answer })
        }
        other => Err(odd(&server, "PUSHB", &other)),
    }
}
