//! The page that asks before something is done that cannot be undone. It works without scripts: what it asks is a form,
//! and that form does it.

use askama::Template;
use axum::http::StatusCode;

use crate::form::Fields;
use crate::frame::Frame;
use crate::problem::Problem;

/// More jobs than this are deleted only by who types the name of what holds them.
pub(crate) const TYPED_ABOVE: u64 = 100;

/// The field that says that the question was answered; its value is what is to be done it to.
pub(crate) const FIELD: &str = "confirm";

/// The field by which a form of ours says that nobody has been asked yet. A script that has asked takes it away.
pub(crate) const ASK: &str = "ask";

/// Whether somebody is to be asked before this is done.
pub(crate) fn asks(form: &Fields) -> bool {
    form.first(ASK).is_some() && form.first(FIELD).is_none()
}

/// Renders as a page.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct Confirm {
    pub frame: Frame,
    /// The question, as a heading.
    pub question: String,
    /// What will happen.
    pub sentences: Vec<String>,
    /// Where the form goes.
    pub action: String,
    /// What the form says beside the answer.
    pub fields: Vec<(&'static str, String)>,
    /// What it is done to.
    pub name: String,
    /// Whether the name has to be typed.
    pub typed: bool,
    /// The button that does it.
    pub yes: String,
    /// Where the button leads that does not.
    pub back: String,
}

/// Whether the form answers a question about this name.
pub(crate) fn check(form: &Fields, name: &str) -> Result<(), Problem> {
    match form.first(FIELD) {
        Some(said) if said == name => Ok(()),
        Some(_) => Err(Problem::new(
            StatusCode::CONFLICT,
            format!("Nothing was done: what was typed is not the name, {name}"),
        )),
        None => {
            Err(Problem::bad(format!("Nothing was done: the field {FIELD} has to hold the name, {name}")))
        }
    }
}
