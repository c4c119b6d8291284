//! What is to be different of many jobs at once: their arguments, their queue, how often they may be retried. Each becomes
//! another job under its jid, by the rules of PUSH, and goes to its queue.
//!
//! One command a job, a few at the same time, so that they share a flush and everybody else gets a turn. A job that somebody
//! works on by then, or that has changed meanwhile, stays as it is and is not counted.

use bessemer_core::edit::Replacement;
use bessemer_core::query::{JobView, Place};
use bessemer_core::{Action, JobId, Query};
use bessemer_protocol::job::Job;
use bessemer_protocol::operate::JobEdit;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use crate::form::Fields;
use crate::limits::{CHANGES_AT_ONCE, EDIT_MAX};
use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, text};

/// Nothing is different where it is still being asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// JSON, as it was given.
    pub(crate) args: Option<String>,
    pub(crate) queue: Option<String>,
    pub(crate) retry: Option<i64>,
}

impl Change {
    pub(crate) fn new(args: Option<String>, queue: Option<String>, retry: Option<i64>) -> Self {
        Self { args, queue, retry }
    }

    /// What a form says; what it leaves empty stays as it is.
    pub(crate) fn of(form: &Fields) -> Result<Self, Problem> {
        let said = |name: &str| form.first(name).map(str::trim).filter(|said| !said.is_empty());
        let number = |said: &str| {
            said.parse()
                .map_err(|_| Problem::bad(format!("Retries allowed is a number, not {}", text::quoted(said))))
        };
        Ok(Self {
            args: said("args").map(|args| args.replace("\r\n", "\n")),
            queue: said("queue").map(Into::into),
            retry: said("retry").map(number).transpose()?,
        })
    }

    /// Whether it is one, by the rules of PUSH.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if *self == Self::default() {
            return Err(Problem::bad("Say what is to be different: arguments, queue or retries"));
        }
        if self.args.as_ref().is_some_and(|args| args.len() > EDIT_MAX) {
            return Err(Problem::bad(format!("The arguments have more than {EDIT_MAX} bytes")));
        }
        let edit = self.edit()?;
        let any = edit.of(r#"{"jid":"any-job1","jobtype":"T","args":[]}"#).unwrap_or_default();
        let parsed = Job::parse(&any).map_err(|error| Problem::bad(error.to_string()))?;
        parsed.check().map(|_| ()).map_err(|error| Problem::bad(error.to_string()))
    }

    /// As the audit log says it, behind the jobs; no arguments.
    pub(crate) fn words(&self) -> String {
        let args = self.args.as_ref().map(|_| "arguments".to_owned());
        let queue = self.queue.as_ref().map(|queue| format!("queue {queue}"));
        let retry = self.retry.map(|retry| format!("retry {retry}"));
        args.into_iter().chain(queue).chain(retry).collect::<Vec<_>>().join(", ")
    }

    /// Makes it to these jobs; says how many it reached.
    pub(crate) async fn make<F: Front>(&self, web: &Web<F>, jobs: &[JobId]) -> Result<u64, Problem> {
        let edit = self.edit()?;
        let mut reached = 0;
        for some in jobs.chunks(CHANGES_AT_ONCE) {
            let named = Query::Named { ids: some.to_vec() };
            let mut acts = JoinSet::new();
            for job in web.jobs(named).await?.unwrap_or_default().jobs {
                if let Some(replacement) = replacement(web, &edit, &job) {
                    let front = web.front.clone();
                    acts.spawn(async move { front.act(Action::Replace(Box::new(replacement))).await });
                }
            }
            while let Some(done) = acts.join_next().await {
                reached += done.map_err(|panicked| Problem::internal(&panicked))??;
            }
        }
        Ok(reached)
    }

    fn edit(&self) -> Result<JobEdit, Problem> {
        let args: Option<Box<RawValue>> = self
            .args
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| Problem::bad(format!("The arguments are no JSON: {error}")))?;
        let (queue, retry) = (self.queue.clone(), self.retry);
        Ok(JobEdit { args, queue, retry, enqueue: true, ..JobEdit::default() })
    }
}

/// What a job becomes; `None`: that cannot be.
fn replacement<F: Front>(web: &Web<F>, edit: &JobEdit, job: &JobView) -> Option<Replacement> {
    if matches!(job.place, Place::Working { .. }) {
        return None;
    }
    let text = edit.of(&String::from_utf8_lossy(job.body.bytes()))?;
    if text.len() > web.site.limits.job_max {
        return None;
    }
    Replacement::new(job, &text, web.front.now(), true).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(form: &str) -> Result<Change, String> {
        let change = Change::of(&Fields::parse(form.as_bytes()).expect("fields"));
        change.and_then(|change| change.check().map(|()| change)).map_err(|problem| problem.text)
    }

    #[test]
    fn what_is_left_empty_stays_and_what_no_push_would_take_is_refused() {
        let change = of("args=[1]&queue=&retry=+3").expect("a change");
        assert_eq!((change.words().as_str(), &change.queue), ("arguments, retry 3", &None));
        for (form, wrong) in [
            ("args=+&queue=&retry=", "Say what is to be different: arguments, queue or retries"),
            ("args=[1", "The arguments are no JSON: EOF while parsing a list at line 1 column 2"),
            ("args={}", "args"),
            ("queue=a+b", "queue"),
            ("retry=x", "Retries allowed is a number, not x"),
            ("retry=10001", "retry"),
        ] {
            let said = of(form).expect_err(form);
            assert!(said.contains(wrong), "{form}: {said}");
        }
    }

    #[test]
    fn arguments_have_a_limit() {
        let args = |bytes: usize| format!("args=[\"{}\"]", "x".repeat(bytes - 4));
        assert!(of(&args(EDIT_MAX)).is_ok());
        assert_eq!(of(&args(EDIT_MAX + 1)), Err(format!("The arguments have more than {EDIT_MAX} bytes")));
    }
}
