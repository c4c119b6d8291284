//! Assertions about what was pushed, whose message shows the nearest miss.
//!
//! ```text
//! expected one SendInvoice with arguments ["stuart@example.com",42,any] on "mail", found 0
//!   the nearest is ["stuart@example.com",43,null] on "mail": argument 1 is 43, not 42
//!   2 more of this type are no nearer
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use bessemer_protocol::time::rfc3339;

use crate::testing::expected::{Expect, Expected, ExpectedArgs, short};
use crate::testing::pushed::Pushed;
use crate::testing::sandbox::Sandbox;

/// Jobs that a message lists.
const LISTED_MAX: usize = 5;

/// An assertion in preparation, from [`Sandbox::assert_enqueued`]. What is not said does not matter; the last word says
/// how many there are to be.
///
/// ```no_run
/// # use bessemer::prelude::*;
/// # use bessemer::testing::{Sandbox, any};
/// # use std::time::Duration;
/// # struct SendInvoice;
/// # impl Job for SendInvoice {
/// #     const JOBTYPE: &'static str = "SendInvoice";
/// #     type Args = (String, u64);
/// #     async fn perform(&self, _: &Context, _: Self::Args) -> JobResult { Ok(Done) }
/// # }
/// # let sandbox = Sandbox::new();
/// sandbox.assert_enqueued::<SendInvoice>().once();
/// sandbox.assert_enqueued::<SendInvoice>().args((any(), 42)).queue("mail").times(2);
/// sandbox.assert_enqueued::<SendInvoice>().in_at_least(Duration::from_secs(3600)).at_least_once();
/// sandbox.assert_enqueued::<SendInvoice>().args(("nobody@example.com", any())).never();
/// ```
#[must_use = "nothing is asserted before once(), times(n), at_least_once() or never()"]
pub struct Assertion<'s, A> {
    sandbox: &'s Sandbox,
    jobtype: String,
    args: Option<Vec<Expected>>,
    queue: Option<String>,
    when: Option<When>,
    custom: Vec<(String, Expected)>,
    types: PhantomData<fn() -> A>,
}

enum When {
    At(SystemTime),
    InAtLeast(Duration),
    AtOnce,
}

/// How many are expected.
#[derive(Clone, Copy)]
enum Count {
    Exactly(usize),
    Some,
}

impl<'s, A> Assertion<'s, A> {
    pub(super) fn new(sandbox: &'s Sandbox, jobtype: &str) -> Self {
        Self {
            sandbox,
            jobtype: jobtype.into(),
            args: None,
            queue: None,
            when: None,
            custom: Vec::new(),
            types: PhantomData,
        }
    }

    /// With these arguments: values, [`any`](crate::testing::any) or [`matching`](crate::testing::matching), one as it is,
    /// several as a tuple.
    pub fn args(mut self, args: impl ExpectedArgs<A>) -> Self {
        self.args = Some(args.expected());
        self
    }

    /// On this queue.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = Some(name.into());
        self
    }

    /// To be run at this time.
    pub fn at(mut self, time: SystemTime) -> Self {
        self.when = Some(When::At(time));
        self
    }

    /// To be run so much later than it was pushed, or later still.
    pub fn in_at_least(mut self, delay: Duration) -> Self {
        self.when = Some(When::InAtLeast(delay));
        self
    }

    /// To be run at once.
    pub fn at_once(mut self) -> Self {
        self.when = Some(When::AtOnce);
        self
    }

    /// With this custom value.
    pub fn custom(mut self, name: impl Into<String>, value: impl Expect) -> Self {
        self.custom.push((name.into(), value.expect()));
        self
    }

    /// There is exactly one.
    ///
    /// # Panics
    /// When there is not.
    #[track_caller]
    pub fn once(self) -> Pushed {
        let mut found = self.check(Count::Exactly(1));
        found.remove(0)
    }

    /// There are exactly so many.
    ///
    /// # Panics
    /// When there are not.
    #[track_caller]
    pub fn times(self, count: usize) -> Vec<Pushed> {
        self.check(Count::Exactly(count))
    }

    /// There is one or more.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn at_least_once(self) -> Vec<Pushed> {
        self.check(Count::Some)
    }

    /// There is none.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn never(self) {
        self.check(Count::Exactly(0));
    }

    #[track_caller]
    fn check(self, count: Count) -> Vec<Pushed> {
        let all = self.sandbox.pushed();
        let of_type: Vec<&Pushed> = all.iter().filter(|job| job.jobtype == self.jobtype).collect();
        let (found, others): (Vec<&Pushed>, Vec<&Pushed>) =
            of_type.into_iter().partition(|job| self.differences(job).is_empty());
        let fits = match count {
            Count::Exactly(count) => found.len() == count,
            Count::Some => !found.is_empty(),
        };
        assert!(fits, "{}", self.message(count, &all, &found, &others));
        found.into_iter().cloned().collect()
    }

    /// What is not as expected, arguments first and in their order.
    fn differences(&self, job: &Pushed) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(expected) = &self.args {
            differing(expected, job, &mut found);
        }
        if let Some(queue) = self.queue.as_ref().filter(|queue| **queue != job.queue) {
            found.push(format!("the queue is {:?}, not {queue:?}", job.queue));
        }
        found.extend(self.when.as_ref().and_then(|when| when.differs(job)));
        for (name, expected) in &self.custom {
            match job.custom.get(name) {
                Some(value) if expected.takes(value) => {}
                Some(value) => found.push(format!("custom.{name} is {}, not {expected}", short(value))),
                None => found.push(format!("there is no custom.{name}")),
            }
        }
        found
    }

    fn message(&self, count: Count, all: &[Pushed], found: &[&Pushed], others: &[&Pushed]) -> String {
        let expected = match count {
            Count::Exactly(0) => "no".to_owned(),
            Count::Exactly(1) => "one".to_owned(),
            Count::Exactly(count) => count.to_string(),
            Count::Some => "at least one".to_owned(),
        };
        let mut text =
            format!("expected {expected} {}{}, found {}", self.jobtype, self.wanted(), found.len());
        let mut line = |line: String| _ = write!(text, "\n  {line}");
        if found.is_empty() && others.is_empty() {
            line(none_of_the_type(all));
        } else if found.is_empty() {
            let mut misses: Vec<(&Pushed, Vec<String>)> =
                others.iter().map(|job| (*job, self.differences(job))).collect();
            misses.sort_by_key(|(_, differences)| differences.len());
            let (nearest, differences) = &misses[0];
            line(format!("the nearest is {}: {}", shown(nearest), differences[0]));
            for difference in &differences[1..] {
                line(format!("  and {difference}"));
            }
            if misses.len() > 1 {
                line(format!("{} more of this type are no nearer", misses.len() - 1));
            }
        } else {
            found.iter().take(LISTED_MAX).for_each(|job| line(shown(job)));
            if found.len() > LISTED_MAX {
                line(format!("and {} more", found.len() - LISTED_MAX));
            }
        }
        text
    }

    /// What was said of the job, in words.
    fn wanted(&self) -> String {
        let mut text = String::new();
        if let Some(args) = &self.args {
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            _ = write!(text, " with arguments [{}]", args.join(","));
        }
        if let Some(queue) = &self.queue {
            _ = write!(text, " on {queue:?}");
        }
        match &self.when {
            Some(When::At(at)) => _ = write!(text, " at {}", time(*at)),
            Some(When::InAtLeast(delay)) => _ = write!(text, " in at least {delay:?}"),
            Some(When::AtOnce) => text.push_str(" at once"),
            None => {}
        }
        for (name, expected) in &self.custom {
            _ = write!(text, " with custom.{name} {expected}");
        }
        text
    }
}

/// Where the arguments of a job are not as expected.
fn differing(expected: &[Expected], job: &Pushed, found: &mut Vec<String>) {
    let args = job.arguments();
    for (index, expected) in expected.iter().enumerate() {
        match args.get(index) {
            Some(value) if expected.takes(value) => {}
            Some(value) => found.push(format!("argument {index} is {}, not {expected}", short(value))),
            None => found.push(format!("argument {index} is missing, which is to be {expected}")),
        }
    }
    if args.len() > expected.len() {
        found.push(format!("there are {} arguments, not {}", args.len(), expected.len()));
    }
}

impl When {
    fn differs(&self, job: &Pushed) -> Option<String> {
        let found = match job.at {
            Some(at) => format!("it runs at {}", time(at)),
            None => "it runs at once".to_owned(),
        };
        match self {
            Self::At(at) => (job.at != Some(*at)).then(|| format!("{found}, not at {}", time(*at))),
            Self::AtOnce => {
                job.at.is_some_and(|at| at > job.pushed_at).then(|| format!("{found}, not at once"))
            }
            Self::InAtLeast(delay) => {
                let later = job.at.and_then(|at| at.duration_since(job.pushed_at).ok());
                match later {
                    Some(later) if later >= *delay => None,
                    Some(later) => Some(format!("it runs in {later:?}, not in {delay:?} or later")),
                    None => Some(format!("{found}, not in {delay:?} or later")),
                }
            }
        }
    }
}

fn none_of_the_type(all: &[Pushed]) -> String {
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().for_each(|job| *types.entry(&job.jobtype).or_default() += 1);
    let types: Vec<String> = types.iter().map(|(jobtype, count)| format!("{jobtype} ({count})")).collect();
    match types.is_empty() {
        true => "nothing was pushed".into(),
        false => format!("none of this type was pushed; there are {}", types.join(", ")),
    }
}

fn shown(job: &Pushed) -> String {
    let mut text = format!("{} on {:?}", short(&job.args), job.queue);
    if let Some(at) = job.at {
        _ = write!(text, " at {}", time(at));
    }
    text
}

fn time(at: SystemTime) -> String {
    rfc3339(at).unwrap_or_else(|| "a time beyond all years".into())
}
