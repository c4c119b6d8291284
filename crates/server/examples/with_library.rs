//! The library `bessemer` as producer, worker and operator, for the tests beside other people's clients and for those that kill
//! workers. What is asked of it: `e2e/clients/README.md`.

use std::collections::BTreeMap;
use std::env;
use std::fs::OpenOptions;
use std::io::stdin;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bessemer::prelude::*;
use bessemer::{ArgumentMismatch, Arguments, Event, MutateFilter, MutateTarget, NewJob};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

/// A job as it is asked for.
#[derive(Deserialize)]
struct Order {
    queue: String,
    jobtype: String,
    args: Box<RawValue>,
    retry: Option<i32>,
    at: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["produce"] => produce().await,
        ["work", slots, queues @ ..] => work(slots.parse()?, queues).await,
        ["operate"] => operate().await,
        _ => Err("usage: produce | work SLOTS QUEUE... | operate".into()),
    }
}

/// The server that the environment names, and the certificate to trust if it names one.
fn app() -> Result<Bessemer, bessemer::Error> {
    match env::var("TRUSTED") {
        Ok(file) => Bessemer::builder().ca_file(file).connect(),
        Err(_) => Bessemer::from_env(),
    }
}

async fn produce() -> Result<(), Box<dyn std::error::Error>> {
    let app = app()?;
    for line in stdin().lines() {
        let order: Order = serde_json::from_str(&line?)?;
        let mut options = JobOptions::new().queue(order.queue);
        if let Some(times) = order.retry {
            options = options.retry(times);
        }
        if let Some(time) = order.at {
            options = options.at(time.parse::<jiff::Timestamp>()?.into());
        }
        let jid = if order.jobtype == Invoice::JOBTYPE {
            let args = <Invoice as Job>::Args::from_json(&order.args)?;
            Invoice::with().on(&app).options(options).perform_async(args).await?
        } else {
            app.push(&NewJob::from_raw(order.jobtype, order.args.clone(), options)?).await?
        };
        say(&mut std::io::stdout(), &json!({ "jid": jid.as_str() }), &order.args)?;
    }
    Ok(())
}

async fn work(slots: usize, queues: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let app = app()?;
    app.on_event(|event| {
        if matches!(event, Event::Quiet) {
            eprintln!("the worker is quiet");
        }
    })?;
    let mut worker = app.worker().job(Record).job(Invoice).job(Fail).job(Hold).job(Toil);
    if let Ok(ms) = env::var("DRAIN_MS") {
        worker = worker.drain(Duration::from_millis(ms.parse()?));
    }
    let report =
        worker.queues(queues.iter().copied()).slots(slots).beat_every(Duration::from_secs(1)).run().await?;
    println!("{report:?}");
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Command {
    Mutate { cmd: String, target: String, filter: Option<Wanted> },
    Queue { cmd: String, names: Vec<String> },
    Flush,
    Info,
}

#[derive(Default, Deserialize)]
struct Wanted {
    jids: Option<Vec<String>>,
    jobtype: Option<String>,
    regexp: Option<String>,
}

async fn operate() -> Result<(), Box<dyn std::error::Error>> {
    let app = app()?;
    for line in stdin().lines() {
        match serde_json::from_str(&line?)? {
            Command::Mutate { cmd, target, filter } => {
                mutate(&app, &cmd, &target, filter.unwrap_or_default()).await?;
            }
            Command::Queue { cmd, names } => match cmd.as_str() {
                "pause" => app.pause_queues(&names).await?,
                "resume" => app.resume_queues(&names).await?,
                "remove" => app.remove_queues(&names).await?,
                other => return Err(format!("no such command for queues: {other}").into()),
            },
            Command::Flush => app.flush().await?,
            Command::Info => {
                println!("{}", serde_json::to_string(&app.info().await?.faktory)?);
                continue;
            }
        }
        println!("{}", json!("OK"));
    }
    Ok(())
}

async fn mutate(
    app: &Bessemer,
    cmd: &str,
    target: &str,
    wanted: Wanted,
) -> Result<(), Box<dyn std::error::Error>> {
    let target = match target {
        "scheduled" => MutateTarget::Scheduled,
        "retries" => MutateTarget::Retries,
        "dead" => MutateTarget::Dead,
        other => return Err(format!("no such set: {other}").into()),
    };
    let filter = match wanted {
        Wanted { jids: Some(jids), .. } => MutateFilter::jids(jids),
        Wanted { jobtype: None, regexp: None, .. } => MutateFilter::Everything,
        Wanted { jobtype, regexp: glob, .. } => MutateFilter::Matching { jobtype, glob },
    };
    match cmd {
        "requeue" => app.requeue(target, &filter).await?,
        "kill" => app.kill(target, &filter).await?,
        "discard" => app.discard(target, &filter).await?,
        "clear" => app.clear(target).await?,
        other => return Err(format!("no such mutation: {other}").into()),
    }
    Ok(())
}

/// Arguments of any kind, byte for byte: they are only written down.
struct Anything(Box<RawValue>);

impl Arguments for Anything {
    fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error> {
        Ok(self.0.clone())
    }

    fn from_json(args: &RawValue) -> Result<Self, ArgumentMismatch> {
        Ok(Self(args.to_owned()))
    }
}

struct Record;

impl Job for Record {
    const JOBTYPE: &'static str = "Record";
    type Args = Anything;

    async fn perform(&self, ctx: &Context, args: Anything) -> JobResult {
        record(ctx, "started", &args.0)?;
        Ok(Done)
    }
}

/// Reads its arguments as the types that an application would give them, and writes down what it makes of them.
struct Invoice;

/// Lines by name, and a remark.
#[derive(Deserialize, Serialize)]
struct Details {
    lines: BTreeMap<String, i64>,
    note: Option<String>,
}

impl Job for Invoice {
    const JOBTYPE: &'static str = "Invoice";
    type Args = (String, u64, Details, Option<String>, f64, Vec<u8>);

    async fn perform(&self, ctx: &Context, args: Self::Args) -> JobResult {
        record(ctx, "started", &args.to_json()?)?;
        Ok(Done)
    }
}

struct Fail;

impl Job for Fail {
    const JOBTYPE: &'static str = "Fail";
    type Args = Anything;

    async fn perform(&self, ctx: &Context, args: Anything) -> JobResult {
        record(ctx, "started", &args.0)?;
        Err("failed <as told>".into())
    }
}

struct Hold;

impl Job for Hold {
    const JOBTYPE: &'static str = "Hold";
    type Args = Anything;

    async fn perform(&self, ctx: &Context, args: Anything) -> JobResult {
        record(ctx, "started", &args.0)?;
        let release = env::var("RELEASE")?;
        while !Path::new(&release).exists() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Done)
    }
}

/// Takes the time that its argument says in milliseconds, and writes down its end as well.
struct Toil;

impl Job for Toil {
    const JOBTYPE: &'static str = "Toil";
    type Args = (u64,);

    async fn perform(&self, ctx: &Context, args: Self::Args) -> JobResult {
        let raw = args.to_json()?;
        record(ctx, "started", &raw)?;
        tokio::time::sleep(Duration::from_millis(args.0)).await;
        record(ctx, "done", &raw)?;
        Ok(Done)
    }
}

/// Notes down one job, in one write to a file opened for appending: several processes do not cut into each other's lines.
#[expect(clippy::disallowed_methods, reason = "a real process lives in real time")]
fn record(ctx: &Context, what: &str, args: &RawValue) -> Result<(), Failure> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    let mut file = OpenOptions::new().append(true).create(true).open(env::var("RECORDS")?)?;
    Ok(say(&mut file, &json!({ "jid": ctx.jid(), "what": what, "pid": std::process::id(), "at": at }), args)?)
}

/// Writes these members and the arguments as they are, on a line.
fn say(
    out: &mut impl std::io::Write,
    members: &serde_json::Value,
    args: &RawValue,
) -> Result<(), std::io::Error> {
    #[derive(Serialize)]
    struct Line<'a> {
        #[serde(flatten)]
        members: &'a serde_json::Value,
        args: &'a RawValue,
    }
    let mut line = serde_json::to_vec(&Line { members, args })?;
    line.push(b'\n');
    out.write_all(&line)
}
