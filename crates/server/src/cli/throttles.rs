//! `bessemer throttles`: what limits queues, who holds the slots; sets limits and takes that back.

use std::time::Duration;

use bessemer::{ListedThrottle, QueueLimits, ThrottleHolder};
use bessemer_core::throttle::{Parts, Throttle};
use serde_json::json;

use super::address::{Address, Server};
use super::figures::{grouped, span};
use super::table::{Table, number, text};
use super::{Cli, output, refuse_missing};
use crate::exit::{Exit, Failure};

/// Workers that the table names; the others it counts.
const NAMED: usize = 3;

/// Show what limits queues and who holds the slots; set limits, or take that back.
#[derive(Clone, Debug, clap::Args)]
pub struct Throttles {
    #[command(subcommand)]
    action: Option<Action>,
    /// Say it as one JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Show what limits queues, and who holds the slots
    List,
    /// Limit a queue, whatever the configuration says, until it is reset
    Set(Set),
    /// Limit these as the configuration says again
    Reset {
        /// A queue
        #[arg(value_name = "QUEUE", required = true)]
        queues: Vec<String>,
    },
}

#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("limits").required(true).multiple(true))]
struct Set {
    /// The queue, which need not be there yet
    #[arg(value_name = "QUEUE")]
    queue: String,
    /// Jobs that all workers together work on at once
    #[arg(long, value_name = "N", group = "limits")]
    concurrency: Option<u64>,
    /// Jobs that each worker process works on at once
    #[arg(long, value_name = "N", group = "limits")]
    worker: Option<u64>,
    /// Jobs that are begun in each span of time
    #[arg(long, value_name = "N", group = "limits")]
    rate: Option<u64>,
    /// The span, in seconds [default: 1]
    #[arg(long, value_name = "SECONDS", requires = "rate")]
    per: Option<u64>,
    /// Jobs that may be begun at once when none was for a while [default: as many as --rate]
    #[arg(long, value_name = "N", requires = "rate")]
    burst: Option<u64>,
    /// No limit at all
    #[arg(long, group = "limits", conflicts_with_all = ["concurrency", "worker", "rate"])]
    none: bool,
}

impl Throttles {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        if let Some(Action::Set(set)) = &self.action {
            set.check()?;
        }
        self.address.talk(cli, async |server| match &self.action {
            None | Some(Action::List) => self.list(server).await,
            Some(Action::Set(set)) => {
                let count = server.client.set_throttle(&set.queue, &set.limits()).await?;
                self.say("set", count, &format!("the queue {} has {}", set.queue, words(&set.limits())))
            }
            Some(Action::Reset { queues }) => self.reset(server, queues).await,
        })
    }

    /// A queue is known by its throttle, or by its jobs.
    async fn reset(&self, server: &mut Server, queues: &[String]) -> Result<(), Failure> {
        let limited = server.client.list_throttles().await?;
        let waiting = server.client.info().await?.faktory.queues;
        let is_known = |queue: &&String| {
            waiting.contains_key(*queue) || limited.iter().any(|throttle| throttle.queue == **queue)
        };
        let (known, missing): (Vec<&String>, Vec<&String>) = queues.iter().partition(is_known);
        let mut count = 0;
        for queue in &known {
            count += server.client.reset_throttle(queue).await?;
        }
        let said = match self.json || !known.is_empty() {
            true => self.say("reset", count, "limited as the configuration says"),
            false => Ok(()),
        };
        refuse_missing("queue", &missing).and(said)
    }

    fn say(&self, what: &str, count: u64, sentence: &str) -> Result<(), Failure> {
        if self.json {
            return output::json(&json!({ (what): count }));
        }
        output::line(&if count == 0 { format!("{sentence}, as before") } else { sentence.to_owned() })
    }

    async fn list(&self, server: &mut Server) -> Result<(), Failure> {
        let throttles = server.client.list_throttles().await?;
        if self.json {
            return output::json(&json!({ "throttles": throttles }));
        }
        if throttles.is_empty() {
            return output::line("no throttles");
        }
        table(&throttles).print()
    }
}

impl Set {
    fn limits(&self) -> QueueLimits {
        let Self { concurrency, worker, rate, per, burst, .. } = *self;
        QueueLimits { concurrency, worker, rate, per, burst, timeout: None }
    }

    /// Whether these are limits; said before anybody is asked.
    fn check(&self) -> Result<(), Failure> {
        let wrong = |bad: bessemer_core::throttle::BadThrottle| Failure {
            exit: Exit::Usage,
            what: bad.to_string().replace('`', ""),
        };
        read(&self.limits()).map(drop).map_err(wrong)
    }
}

fn read(limits: &QueueLimits) -> Result<Throttle, bessemer_core::throttle::BadThrottle> {
    let QueueLimits { concurrency, worker, rate, per, burst, timeout } = *limits;
    Parts { concurrency, worker, rate, per, burst, timeout }.throttle()
}

/// What limits a queue, but for what does nothing.
fn words(limits: &QueueLimits) -> String {
    let throttle = read(&QueueLimits { timeout: None, ..*limits });
    throttle.map_or_else(|bad| bad.to_string(), |throttle| throttle.to_string())
}

fn table(throttles: &[ListedThrottle]) -> Table {
    let mut table = Table::new([
        text("QUEUE"),
        text("LIMITS"),
        text("BY"),
        number("TAKEN"),
        number("WAITING"),
        text("STATE"),
        text("HELD BY"),
    ]);
    for throttle in throttles {
        let taken = match throttle.limits.concurrency {
            Some(most) => format!("{} of {}", grouped(throttle.working), grouped(most)),
            None => grouped(throttle.working),
        };
        table.row([
            throttle.queue.clone(),
            words(&throttle.limits),
            if throttle.set { "operator" } else { "configuration" }.into(),
            taken,
            grouped(throttle.waiting),
            state(throttle),
            holders(&throttle.holders),
        ]);
    }
    table
}

fn state(throttle: &ListedThrottle) -> String {
    match (throttle.next_token, throttle.full) {
        (Some(after), _) => {
            format!("next in {}", span(Duration::try_from_secs_f64(after).unwrap_or_default()))
        }
        (None, true) => "full".into(),
        (None, false) => String::new(),
    }
}

fn holders(holders: &[ThrottleHolder]) -> String {
    let named = |holder: &ThrottleHolder| {
        let wid = if holder.wid.is_empty() { "no worker" } else { &holder.wid };
        format!("{wid} ({})", grouped(holder.jobs))
    };
    let mut shown: Vec<String> = holders.iter().take(NAMED).map(named).collect();
    if holders.len() > NAMED {
        shown.push("…".into());
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_limits_a_queue_and_who_holds_the_slots() {
        let holder = |wid: &str, jobs| ThrottleHolder { wid: wid.into(), jobs };
        let one = ListedThrottle {
            queue: "mail".into(),
            limits: QueueLimits { concurrency: Some(3), timeout: Some(60), ..QueueLimits::default() },
            configured: None,
            set: false,
            full: true,
            working: 3,
            waiting: 1_200,
            fetches: 4,
            tokens: None,
            next_token: None,
            holders: vec![holder("w1", 2), holder("", 1)],
        };
        let rate = QueueLimits { rate: Some(5), per: Some(60), burst: Some(5), ..QueueLimits::default() };
        let two = ListedThrottle {
            queue: "partner".into(),
            limits: rate,
            set: true,
            working: 0,
            waiting: 1,
            tokens: Some(0),
            next_token: Some(7.0),
            holders: ["a", "b", "c", "d"].map(|wid| holder(wid, 1)).into(),
            ..one.clone()
        };
        let lines = table(&[one, two]).lines(None);
        assert_eq!(
            lines,
            [
                "QUEUE    LIMITS                 BY              TAKEN  WAITING  STATE        HELD BY",
                "mail     concurrency=3          configuration  3 of 3    1,200  full         w1 (2), no worker (1)",
                "partner  rate=5 per=60 burst=5  operator            0        1  next in 7 s  a (1), b (1), c (1), …",
            ]
        );
    }
}
