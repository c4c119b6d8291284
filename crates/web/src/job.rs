//! A job as pages show it: its body read for display (rule `V-30`).
//!
//! The body was checked when it was pushed, but a page must not fail over one that a later version or an import
//! stored: what cannot be read is shown as a question mark.

use std::borrow::Cow;

use bessemer_core::Wall;
use bessemer_core::command::FailureView;
use bessemer_core::query::{JobView, Place};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::link::Base;
use crate::moment::Moment;
use crate::words::Words;
use crate::{json, limits, text};

/// The class under which Rails' ActiveJob pushes every job.
const ACTIVE_JOB: &str = "ActiveJob::QueueAdapters::FaktoryAdapter::JobWrapper";

/// The members of a body that pages show.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Body<'a> {
    #[serde(borrow)]
    pub jid: Cow<'a, str>,
    #[serde(borrow)]
    jobtype: Cow<'a, str>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    #[serde(borrow)]
    pub custom: Option<&'a RawValue>,
    pub created_at: Option<String>,
    pub at: Option<String>,
    pub retry: Option<i64>,
    pub reserve_for: Option<i64>,
}

/// A job's jid.
pub(crate) fn jid_of(job: &JobView) -> Option<String> {
    Some(Body::read(job.body.bytes()).jid.into_owned())
}

/// A job as the audit log names it: by its jid, and its queue.
pub(crate) fn named(job: &JobView) -> String {
    let body = Body::read(job.body.bytes());
    format!("job {} in queue {}", body.jid, job.queue)
}

/// What a job's text is known by: who edits it must have seen it as it is.
pub(crate) fn version(job: &JobView) -> String {
    let digest = Sha256::digest(job.body.bytes());
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<'a> Body<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "failed to read a job's body for a page");
            Self { jid: "?".into(), jobtype: "?".into(), ..Self::default() }
        })
    }

    /// The type that the application knows: behind a wrapper, what it wraps.
    pub(crate) fn jobtype(&self) -> String {
        text::name(&self.wrapped().unwrap_or_else(|| self.jobtype.to_string()))
    }

    /// The arguments on one line, as JSON, cut for a list.
    pub(crate) fn line(&self) -> String {
        let mut line = String::new();
        for (i, arg) in self.args().into_iter().enumerate() {
            if i > 0 {
                line.push_str(", ");
            }
            line.push_str(&json::compact(arg.get(), limits::LIST_ARG_MAX));
            if line.len() > limits::LIST_ARGS_MAX {
                break;
            }
        }
        text::cut(line, limits::LIST_ARGS_MAX)
    }

    /// The arguments laid out over lines, cut for a job's own page.
    pub(crate) fn args_laid_out(&self) -> String {
        self.args.map_or_else(String::new, |args| json::pretty(args.get(), limits::CELL_MAX))
    }

    /// How long they are.
    pub(crate) fn args_len(&self) -> usize {
        self.args.map_or(0, |args| args.get().len())
    }

    /// The arguments laid out for who changes them; `None`: they are too long for that.
    pub(crate) fn args_to_edit(&self) -> Option<String> {
        let args = self.args.map_or("[]", RawValue::get);
        if args.len() > limits::EDIT_MAX {
            return None;
        }
        let laid_out = json::editable(args);
        // Deep ones take more room for their indents than for themselves.
        Some(if laid_out.len() > 2 * limits::EDIT_MAX { json::compact(args, usize::MAX) } else { laid_out })
    }

    /// The arguments as they are searched: an array on one line, and at most `max` bytes of it.
    pub(crate) fn args_on_a_line(&self, max: usize) -> String {
        self.args.map_or_else(String::new, |args| json::compact(args.get(), max))
    }

    /// Each argument's text.
    fn args(&self) -> Vec<&'a RawValue> {
        self.args.and_then(|args| serde_json::from_str(args.get()).ok()).unwrap_or_default()
    }

    /// The batch that it is a member or a callback of.
    pub(crate) fn batch(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Custom {
            #[serde(alias = "_bid")]
            bid: String,
        }
        Some(serde_json::from_str::<Custom>(self.custom?.get()).ok()?.bid)
    }

    fn wrapped(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Custom {
            wrapped: String,
        }
        #[derive(Deserialize)]
        struct Call {
            arguments: Vec<serde_json::Value>,
        }
        if self.jobtype != ACTIVE_JOB {
            return None;
        }
        let Custom { wrapped } = serde_json::from_str(self.custom?.get()).ok()?;
        let mail = wrapped == "ActionMailer::DeliveryJob" || wrapped.ends_with("MailDeliveryJob");
        if !mail {
            return Some(wrapped);
        }
        let call = self.args().into_iter().next().filter(|arg| arg.get().len() <= limits::CELL_MAX);
        let call: Option<Call> = call.and_then(|arg| serde_json::from_str(arg.get()).ok());
        let name = |i: usize| call.as_ref()?.arguments.get(i)?.as_str();
        Some(name(0).zip(name(1)).map(|(class, method)| format!("{class}#{method}")).unwrap_or(wrapped))
    }
}

/// What every list says of a job.
pub(crate) struct Card {
    pub jid: String,
    pub href: String,
    pub jobtype: String,
    pub queue: String,
    pub queue_href: String,
    pub args: String,
}

impl Card {
    pub(crate) fn new(base: &Base, view: &JobView, body: &Body<'_>) -> Self {
        Self {
            href: base.job(&body.jid),
            jid: text::visible(&body.jid),
            jobtype: body.jobtype(),
            queue_href: base.queue(&view.queue),
            queue: text::visible(&view.queue),
            args: body.line(),
        }
    }
}

/// When a job that waits is dropped.
pub(crate) fn expires(view: &JobView, now: Wall, words: Words) -> Option<Moment> {
    let waits = matches!(view.place, Place::Queued { .. } | Place::Scheduled { .. } | Place::Retrying { .. });
    view.expires.filter(|_| waits).map(|at| Moment::new(at, now, words))
}

/// What a worker said of a failure.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Trace {
    pub errtype: String,
    pub message: String,
    pub backtrace: Vec<String>,
}

impl Trace {
    pub(crate) fn read(failure: &FailureView) -> Self {
        let trace: Self = serde_json::from_slice(failure.text.bytes()).unwrap_or_else(|error| {
            tracing::warn!(%error, "failed to read a failure for a page");
            Self { errtype: "?".into(), message: "?".into(), backtrace: Vec::new() }
        });
        Self {
            errtype: text::visible(&trace.errtype),
            message: text::visible(&trace.message),
            backtrace: trace.backtrace.iter().map(|line| text::visible(line)).collect(),
        }
    }

    /// `RuntimeError: boom` (rule `V-25`).
    pub(crate) fn summary(&self) -> String {
        text::cut(format!("{}: {}", self.errtype, self.message), limits::LIST_ARG_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> (String, String) {
        let body = Body::read(body.as_bytes());
        (body.jobtype(), body.line())
    }

    #[test]
    fn arguments_are_shown_as_json_joined_by_commas_v30() {
        let (jobtype, line) =
            shown(r#"{"jid":"12345678","jobtype":"Mail","args":[1, "a", {"b": [9007199254740993]}]}"#);
        assert_eq!((jobtype.as_str(), line.as_str()), ("Mail", r#"1, "a", {"b":[9007199254740993]}"#));
    }

    #[test]
    fn long_arguments_are_cut_each_and_together() {
        let long = "ä".repeat(2_000);
        let (_, line) = shown(&format!(r#"{{"args":["{long}",2]}}"#));
        assert!(line.len() < 1_040 && line.ends_with("…, 2"), "{} bytes", line.len());
        let many = vec!["1234567"; 10_000].join(",");
        let (_, line) = shown(&format!(r#"{{"args":[{many}]}}"#));
        assert!(line.len() <= limits::LIST_ARGS_MAX + 3 && line.ends_with('…'));
    }

    #[test]
    fn wrappers_are_shown_as_what_they_wrap_v30() {
        let job = |wrapped: &str, args: &str| {
            format!(r#"{{"jobtype":"{ACTIVE_JOB}","args":{args},"custom":{{"wrapped":"{wrapped}"}}}}"#)
        };
        let mail = r#"[{"job_class":"x","arguments":["UserMailer","welcome","deliver_now"]}]"#;
        assert_eq!(shown(&job("ReportJob", "[]")).0, "ReportJob");
        assert_eq!(shown(&job("ActionMailer::DeliveryJob", mail)).0, "UserMailer#welcome");
        assert_eq!(shown(&job("ActionMailer::MailDeliveryJob", mail)).0, "UserMailer#welcome");
        assert_eq!(shown(&job("ActionMailer::MailDeliveryJob", "[1]")).0, "ActionMailer::MailDeliveryJob");
        assert_eq!(shown(&format!(r#"{{"jobtype":"{ACTIVE_JOB}","args":[]}}"#)).0, ACTIVE_JOB);
    }

    #[test]
    fn members_and_callbacks_say_their_batch_e08() {
        let batch = |custom: &str| Body::read(format!(r#"{{"custom":{custom}}}"#).as_bytes()).batch();
        assert_eq!(batch(r#"{"bid":"b-1"}"#), Some("b-1".into()));
        assert_eq!(batch(r#"{"_bid":"b-1","_cb":"success"}"#), Some("b-1".into()));
        assert_eq!([batch(r#"{"bid":7}"#), batch("{}"), batch("7")], [None, None, None]);
    }

    #[test]
    fn what_cannot_be_read_is_a_question_mark() {
        assert_eq!(shown("garbage").0, "?");
        assert_eq!(shown(r#"{"jobtype":7}"#).0, "?");
        assert_eq!(shown(r#"{"jobtype":"A","args":7}"#).1, "");
        assert_eq!(
            shown(r#"{"jid":"12345678","jobtype":"A","args":["\ud800"]}"#),
            ("A".into(), r#""\ud800""#.into())
        );
    }
}
