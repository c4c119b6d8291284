//! Operates on sets and queues, and reads INFO as strictly as the crate does.

use std::error::Error;
use std::io::stdin;

use faktory::mutate::{Filter, JobSet};
use faktory::{Client, JobId};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Command {
    Mutate { cmd: String, target: String, filter: Option<Wanted> },
    Queue { cmd: String, names: Vec<String> },
    Info,
}

#[derive(Deserialize)]
struct Wanted {
    jobtype: Option<String>,
    jids: Option<Vec<String>>,
    regexp: Option<String>,
}

pub async fn operate() -> Result<(), Box<dyn Error>> {
    let mut client = crate::client().await?;
    for line in stdin().lines() {
        match serde_json::from_str(&line?)? {
            Command::Mutate { cmd, target, filter } => mutate(&mut client, &cmd, &target, filter).await?,
            Command::Queue { cmd, names } => queue(&mut client, &cmd, &names).await?,
            Command::Info => {
                info(&mut client).await?;
                continue;
            }
        }
        println!("{}", json!("OK"));
    }
    Ok(())
}

async fn mutate(
    client: &mut Client,
    cmd: &str,
    target: &str,
    wanted: Option<Wanted>,
) -> Result<(), Box<dyn Error>> {
    let set = match target {
        "scheduled" => JobSet::Scheduled,
        "retries" => JobSet::Retries,
        "dead" => JobSet::Dead,
        other => return Err(format!("no such set: {other}").into()),
    };
    let jids: Vec<JobId> =
        wanted.iter().filter_map(|wanted| wanted.jids.as_ref()).flatten().map(JobId::new).collect();
    let jids: Vec<&JobId> = jids.iter().collect();
    // All filters that the crate can make.
    let filter = match &wanted {
        Some(Wanted { jids: Some(_), jobtype: None, regexp: None }) => Filter::from_ids(&jids),
        Some(Wanted { jids: None, jobtype: Some(kind), regexp: Some(pattern) }) => {
            Filter::from_kind_and_pattern(kind, pattern)
        }
        Some(Wanted { jids: None, jobtype: Some(kind), regexp: None }) => Filter::from_kind(kind),
        Some(Wanted { jids: None, jobtype: None, regexp: Some(pattern) }) => Filter::from_pattern(pattern),
        Some(Wanted { jids: None, jobtype: None, regexp: None }) | None => Filter::empty(),
        Some(_) => return Err("the crate has no such filter".into()),
    };
    match cmd {
        "requeue" => client.requeue(set, filter).await?,
        "kill" => client.kill(set, filter).await?,
        "discard" => client.discard(set, filter).await?,
        "clear" => client.clear(set).await?,
        other => return Err(format!("no such mutation: {other}").into()),
    }
    Ok(())
}

async fn queue(client: &mut Client, cmd: &str, names: &[String]) -> Result<(), Box<dyn Error>> {
    let all = names == ["*"];
    match (cmd, all) {
        ("pause", true) => client.queue_pause_all().await?,
        ("pause", false) => client.queue_pause(names).await?,
        ("resume", true) => client.queue_resume_all().await?,
        ("resume", false) => client.queue_resume(names).await?,
        ("remove", true) => client.queue_remove_all().await?,
        ("remove", false) => client.queue_remove(names).await?,
        _ => return Err(format!("no such command for queues: {cmd}").into()),
    }
    Ok(())
}

#[expect(deprecated, reason = "the crate gives the sizes of the sets by no other name")]
async fn info(client: &mut Client) -> Result<(), Box<dyn Error>> {
    let state = client.current_info().await?;
    let data = state.data;
    let sets = |name: &str| data.tasks[name]["size"].clone();
    println!(
        "{}",
        json!({
            "queues": data.queues, "total_enqueued": data.total_enqueued,
            "total_processed": data.total_processed, "total_failures": data.total_failures,
            "sets": {
                "scheduled": sets("Scheduled"), "retries": sets("Retries"), "dead": sets("Dead"), "working": sets("Busy"),
            },
        })
    );
    Ok(())
}
