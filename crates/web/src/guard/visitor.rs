//! Who asks, and what they may do.
//!
//! What a request needs is told by its method and path alone, before any route is looked up: whatever changes something
//! needs more than reading, so a new route cannot be forgotten. Who asks is known to the task that answers, also to what
//! it leaves behind, so that every change finds its name for the audit log.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

tokio::task_local! {
    static HERE: Arc<Visitor>;
}

/// What somebody may do. Scopes have no ranks: who may operate may not read, unless it says so too. Only `admin` is all of
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// See everything that pages and API show, but tokens and the audit log.
    Read,
    /// Push jobs, and set marks in statistics.
    Push,
    /// Act on jobs, queues and workers.
    Operate,
    /// All of it, tokens and the audit log.
    Admin,
}

impl Scope {
    pub(crate) const ALL: [Self; 4] = [Self::Read, Self::Push, Self::Operate, Self::Admin];

    /// As requests, pages and the OpenAPI document name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Push => "push",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// What a request needs.
    pub(crate) fn needed(method: &Method, path: &str) -> Self {
        const ADMIN: [&str; 4] = ["/tokens", "/audit", "/api/v1/tokens", "/api/v1/audit"];
        // It changes a cookie of whoever asks, and nothing here.
        const CHOICES: [&str; 2] = ["/language", "/theme"];
        const PUSH: [&str; 3] = ["/api/v1/jobs", "/api/v1/marks", "/statistics/marks"];
        let below = |root: &&str| {
            path.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if ADMIN.iter().any(below) {
            Self::Admin
        } else if method.is_safe() || method == Method::POST && CHOICES.contains(&path) {
            Self::Read
        } else if method == Method::POST && PUSH.contains(&path) {
            Self::Push
        } else {
            Self::Operate
        }
    }
}

/// How somebody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// There is no password.
    Open,
    /// By the password.
    Admin,
    /// By the one that only reads.
    Viewer,
    Token,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Admin => "admin",
            Self::Viewer => "viewer",
            Self::Token => "token",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// What it calls itself, or what its token is called.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) address: IpAddr,
    /// `page`, `api`.
    pub(crate) by: &'static str,
}

impl Visitor {
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Refuses what it may not do.
    pub(crate) fn check(&self, scope: Scope) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        let text = match (self.role, scope) {
            (Role::Viewer, Scope::Admin) => {
                "This needs the password: the read-only one shows no tokens and no audit log"
            }
            (Role::Viewer, _) => "This password only reads; a change needs the other one",
            (_, Scope::Read) => "This token may not read: it lacks the scope read",
            (_, Scope::Push) => "This token may not push: it lacks the scope push",
            (_, Scope::Operate) => "This token may not change anything here: it lacks the scope operate",
            (_, Scope::Admin) => "This needs the scope admin",
        };
        let problem = Problem::new(StatusCode::FORBIDDEN, text);
        Err(match (self.role, scope) {
            (Role::Viewer, Scope::Admin) => problem.said("problem-viewer-admin"),
            (Role::Viewer, _) => problem.said("problem-viewer"),
            _ => problem,
        })
    }

    /// Whom this task answers; `None`: nobody, it is the server's own.
    pub(crate) fn here() -> Option<Arc<Self>> {
        HERE.try_with(Arc::clone).ok()
    }

    /// Answers this visitor.
    pub(crate) fn answer<T>(self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        HERE.scope(Arc::new(self), work)
    }

    /// Does it on its own, in the name of whom this task answers: it goes on when nobody waits for it any more.
    pub(crate) fn leave_behind<T: Send + 'static>(
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        match Self::here() {
            Some(visitor) => tokio::spawn(HERE.scope(visitor, work)),
            None => tokio::spawn(work),
        }
    }
}

/// Whether a page is to offer what changes something. Templates ask.
pub(crate) fn acts() -> bool {
    Visitor::here().is_none_or(|visitor| visitor.may(Scope::Operate))
}

/// Whether a page is to offer tokens and the audit log.
pub(crate) fn administers() -> bool {
    Visitor::here().is_none_or(|visitor| visitor.may(Scope::Admin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_changes_something_needs_more_than_reading() {
        let needed = |method: &str, path: &str| Scope::needed(&method.parse().unwrap(), path);
        for path in ["/", "/retries", "/api/v1/jobs", "/auditor"] {
            assert_eq!(needed("GET", path), Scope::Read, "{path}");
        }
        for (method, path) in [
            ("POST", "/"),
            ("DELETE", "/api/v1/jobs"),
            ("PUT", "/x"),
            ("PATCH", "/api/v1/jobs"),
            ("ODD", "/"),
        ] {
            assert_eq!(needed(method, path), Scope::Operate, "{method} {path}");
        }
        assert_eq!(needed("POST", "/api/v1/jobs"), Scope::Push);
        for path in ["/language", "/theme"] {
            assert_eq!(needed("POST", path), Scope::Read, "{path}");
            assert_eq!(needed("DELETE", path), Scope::Operate, "{path}");
        }
        for path in ["/tokens", "/tokens/x", "/audit", "/api/v1/audit", "/api/v1/tokens/x"] {
            assert_eq!(needed("GET", path), Scope::Admin, "{path}");
            assert_eq!(needed("POST", path), Scope::Admin, "{path}");
        }
    }
}
