//! Many connections and nothing to do: some that are idle, or workers that wait for a job.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::client::{Answer, Client, odd};
use super::super::error::Result;
use super::super::floor::FETCH_WAIT;
use super::super::plan::Case;
use super::super::sample::Sample;
use super::super::server::Server;
use super::{Run, Window, join};

/// What is little takes longer to be seen.
const WINDOWS: u32 = 2;

/// Connections that have said HELLO.
pub(super) async fn idle(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    server.renew(&run.place).await?;
    let before = server.memory();
    let crowd = server.crew(case.connections, None).await?;
    let window = Window::open(server, run.window * WINDOWS).await;
    sleep(run.window * WINDOWS).await;
    let sample = window.close(server);
    drop(crowd);
    Ok(Sample { bytes_each: grown(before, &sample, case), ..sample })
}

/// Workers, each a process of its own to the server, which ask again whenever they are told that there is nothing. They
/// ask one after the other over the time of a FETCH, since a server answers those that ask at once at once.
pub(super) async fn blocked(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    server.renew(&run.place).await?;
    let before = server.memory();
    let queue = run.queue("blocked");
    let mut waiting = JoinSet::new();
    for number in 0..case.connections {
        let client = server.connect(Some(&run.mark.wid(&format!("blocked-{number}")))).await?;
        let pause = FETCH_WAIT.mul_f64(number as f64 / case.connections as f64);
        waiting.spawn_local(wait(client, queue.clone(), pause));
    }
    let watch = async {
        sleep(FETCH_WAIT).await;
        let window = Window::open(server, run.window * WINDOWS).await;
        sleep(run.window * WINDOWS).await;
        window.close(server)
    };
    let sample = tokio::select! {
        // Only an error ends one.
        ended = join(&mut waiting) => { ended?; return Ok(Sample::default()) }
        sample = watch => sample,
    };
    Ok(Sample { bytes_each: grown(before, &sample, case), ..sample })
}

async fn wait(mut client: Client, queue: String, pause: Duration) -> Result<()> {
    let line = format!("FETCH {queue}\r\n").into_bytes();
    let server = client.receiver.server();
    sleep(pause).await;
    loop {
        match client.call("FETCH", &line).await? {
            Answer::Null => {}
            other => return Err(odd(&server, "FETCH", &other)),
        }
    }
}

/// Bytes that the server grew by for each connection.
fn grown(before: Option<u64>, sample: &Sample, case: Case) -> Option<f64> {
    Some(sample.memory?.saturating_sub(before?) as f64 / case.connections as f64)
}
