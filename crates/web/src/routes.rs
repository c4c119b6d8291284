//! A router that knows its addresses, so that a test can walk them all.

use axum::Router;
use axum::routing::MethodRouter;

use crate::Front;
use crate::web::Web;

/// Routes, and the paths that they were made with.
pub(crate) struct Routes<F> {
    router: Router<Web<F>>,
    paths: Vec<String>,
}

impl<F: Front> Routes<F> {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), paths: Vec::new() }
    }

    /// As [`Router::route`].
    pub(crate) fn route(mut self, path: &str, methods: MethodRouter<Web<F>>) -> Self {
        self.paths.push(path.to_owned());
        Self { router: self.router.route(path, methods), ..self }
    }

    /// As [`Router::merge`].
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// Everything below a path.
    pub(crate) fn nest(
        mut self,
        root: &str,
        other: Self,
        dress: impl FnOnce(Router<Web<F>>) -> Router<Web<F>>,
    ) -> Self {
        self.paths.extend(other.paths.iter().map(|path| format!("{root}{path}")));
        Self { router: self.router.nest(root, dress(other.router)), ..self }
    }

    pub(crate) fn router(self) -> Router<Web<F>> {
        self.router
    }

    pub(crate) fn paths(self) -> Vec<String> {
        self.paths
    }
}
