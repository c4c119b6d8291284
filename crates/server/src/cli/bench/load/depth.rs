//! Jobs that wait: what each takes of the server's memory, and how long a start on all of them lasts.

use std::rc::Rc;

use super::super::error::{BenchError, Result};
use super::super::plan::Case;
use super::super::sample::{Restart, Sample};
use super::super::server::Server;
use super::push::fill;
use super::{Run, Window};

pub(super) async fn depth(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    server.renew(&run.place).await?;
    let queue = run.queue("depth");
    let each = |before: Option<u64>, after: Option<u64>| {
        Some(after?.saturating_sub(before?) as f64 / case.waiting as f64)
    };
    let window = Window::open(server, run.window).await;
    let empty = server.memory();
    fill(run, server, &queue, case.bytes, case.waiting).await?;
    window.count(case.waiting);
    let mut sample = window.close(server);
    server.rest().await;
    (sample.memory, sample.bytes_each) = (server.memory(), each(empty, server.memory()));
    if let Some(took) = server.restart().await? {
        let waiting = server.waiting(&queue).await?;
        if waiting != case.waiting {
            let what = format!("of {} waiting jobs {waiting} are there after a start", case.waiting);
            return Err(BenchError::NotOnce { server: server.name.to_string(), what });
        }
        sample.restart = Some(Restart { took, bytes_each: each(empty, server.memory()) });
    }
    server.remove_backlog(&queue, &run.place).await?;
    Ok(sample)
}
