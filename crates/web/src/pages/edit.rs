//! `/jobs/<jid>/edit`: a job that nobody works on becomes another one under its jid, with other arguments, and goes to its
//! queue again where that is wanted.
//!
//! What cannot be is said in a line above the form, which stays as it was filled in; nothing has changed then.

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bessemer_core::Action;
use bessemer_core::edit::Replacement;
use bessemer_core::fact::JobId;
use bessemer_core::query::{JobView, Place};
use bessemer_protocol::operate::JobEdit;
use serde_json::value::RawValue;

use super::job;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Tab};
use crate::guard::visitor;
use crate::job::{Body, named, version};
use crate::link::Base;
use crate::problem::Problem;
use crate::visit::{Name, Shown, Visit, html, redirect};
use crate::{Front, text};

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    frame: Frame,
    id: u64,
    action: String,
    back: String,
    jid: String,
    jobtype: String,
    form: Form,
    /// What the form was made from.
    before: String,
    /// Why it was not done.
    wrong: Option<String>,
}

/// What the form holds.
struct Form {
    /// `None`: they are too long to be edited here.
    args: Option<String>,
    queue: String,
    retry: String,
}

/// Where a job is edited.
pub(crate) fn address(base: &Base, jid: &str, id: JobId) -> String {
    format!("{}/edit?id={}", base.job(jid), id.0)
}

/// `GET /jobs/<jid>/edit?id=`; without an id where no other job has that jid.
pub(crate) async fn show<F: Front>(visit: Visit<F>, Name(jid): Name) -> Shown {
    let seen = job::find(&visit, &jid, &visit.query).await?;
    if !visitor::acts() || matches!(seen.place, Place::Discarded { .. }) {
        return redirect(StatusCode::FOUND, &visit.base.job(&jid));
    }
    let wrong = working(&seen).then(|| WORKING.to_owned());
    let form = Form::of(&seen);
    render(&visit, &seen, form, wrong).await
}

/// `POST /jobs/<jid>/edit` with `id`, what is to be different of `args`, `queue` and `retry`, and `enqueue` as the `action`
/// where the job is to go to its queue now.
pub(crate) async fn act<F: Front>(visit: Visit<F>, Name(jid): Name, Posted(fields): Posted) -> Shown {
    job::says_which(&fields)?;
    let seen = job::find(&visit, &jid, &fields).await?;
    let done = match replacement(&visit, &jid, &seen, &fields) {
        Ok(None) => Ok(1),
        Ok(Some(replacement)) => {
            let action = Action::Replace(Box::new(replacement));
            visit.web.act_on(action, Some(named(&seen))).await
        }
        Err(wrong) => Err(Problem::new(StatusCode::CONFLICT, wrong)),
    };
    let wrong = match done {
        Ok(0) => "The job has changed meanwhile; nothing was done to it".to_owned(),
        Ok(_) => return redirect(StatusCode::FOUND, &visit.base.job(&jid)),
        Err(problem) if problem.status == StatusCode::CONFLICT => problem.text,
        Err(problem) => return Err(problem),
    };
    let form = Form::of(&seen).filled(&fields);
    let page = render(&visit, &seen, form, Some(wrong)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// A browser sends its lines with CR LF.
fn lines(said: &str) -> String {
    said.replace("\r\n", "\n")
}

const WORKING: &str = "The job is being worked on; it can be changed when that has ended";

const CHANGED: &str = "Somebody has changed the job since this form was opened; nothing was done. The job's page shows what it \
                       is now; what is sent from here takes its place";

fn working(seen: &JobView) -> bool {
    matches!(seen.place, Place::Working { .. })
}

/// What the job is to be; `None`: nothing is to be different. The error is a line for who filled in the form.
fn replacement<F: Front>(
    visit: &Visit<F>,
    jid: &str,
    seen: &JobView,
    fields: &Fields,
) -> Result<Option<Replacement>, String> {
    if working(seen) {
        return Err(WORKING.into());
    }
    if fields.first("before").is_some_and(|before| before != version(seen)) {
        return Err(CHANGED.into());
    }
    let before = Form::of(seen);
    let args = fields.first("args").map(lines).filter(|_| before.args.is_some());
    let args = args.filter(|args| before.args.as_deref().map(str::trim_end) != Some(args.trim_end()));
    let args: Option<Box<RawValue>> = args
        .map(|args| serde_json::from_str(&args))
        .transpose()
        .map_err(|error| format!("The arguments are no JSON: {error}"))?;
    let changed = |name: &str, before: &str| fields.first(name).map(str::trim).filter(|said| *said != before);
    let retry = changed("retry", &before.retry)
        .map(|said| {
            said.parse().map_err(|_| format!("Retries allowed is a number, not {}", text::quoted(said)))
        })
        .transpose()?;
    let edit = JobEdit {
        jid: jid.to_owned(),
        args,
        queue: changed("queue", &before.queue).map(Into::into),
        retry,
        enqueue: fields.first("action") == Some("enqueue"),
        ..JobEdit::default()
    };
    if edit.is_empty() {
        return Ok(None);
    }
    let body = String::from_utf8_lossy(seen.body.bytes());
    let text = edit.of(&body).ok_or("The stored job is no JSON object")?;
    let most = visit.web.site.limits.job_max;
    if text.len() > most {
        return Err(format!("The job would have {} bytes, limit {most}", text.len()));
    }
    Replacement::new(seen, &text, visit.web.front.now(), edit.enqueue)
        .map(Some)
        .map_err(|error| error.to_string())
}

impl Form {
    fn of(seen: &JobView) -> Self {
        let body = Body::read(seen.body.bytes());
        Self {
            args: body.args_to_edit(),
            queue: seen.queue.clone(),
            retry: body.retry.unwrap_or(bessemer_protocol::job::RETRY_DEFAULT).to_string(),
        }
    }

    /// As somebody has filled it in.
    fn filled(self, fields: &Fields) -> Self {
        let said = |name: &str, before: String| {
            fields.first(name).map_or(before, |said| text::visible(&lines(said)))
        };
        Self {
            args: self.args.map(|args| said("args", args)),
            queue: said("queue", self.queue),
            retry: said("retry", self.retry),
        }
    }
}

async fn render<F: Front>(visit: &Visit<F>, seen: &JobView, form: Form, wrong: Option<String>) -> Shown {
    let body = Body::read(seen.body.bytes());
    html(&EditPage {
        frame: visit.frame(visit.words.say("edit-title"), Tab::Other).await?,
        id: seen.id.0,
        action: format!("{}/edit", visit.base.job(&body.jid)),
        back: visit.base.job(&body.jid),
        jid: text::visible(&body.jid),
        jobtype: body.jobtype(),
        form,
        before: version(seen),
        wrong,
    })
}
