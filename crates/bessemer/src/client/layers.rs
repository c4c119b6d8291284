//! Tower layers around pushes, with the feature `tower`: to add to `custom`, to limit, to count, to refuse.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::util::{BoxCloneSyncService, ServiceExt};
use tower::{BoxError, Layer, Service};

use crate::client::pool::{Bessemer, Rejected};
use crate::error::Error;
use crate::payload::NewJob;

/// Jobs that are about to be pushed, as layers see them.
#[derive(Clone, Debug)]
pub struct Push {
    /// One, or those of a bulk push.
    pub jobs: Vec<NewJob>,
    bulk: bool,
}

impl Push {
    pub(crate) fn one(job: &NewJob) -> Self {
        Self { jobs: vec![job.clone()], bulk: false }
    }

    pub(crate) fn many(jobs: Vec<NewJob>) -> Self {
        Self { jobs, bulk: true }
    }
}

/// The pushing of jobs, through some layers or none. It answers those of a bulk push that were refused.
pub type PushService = BoxCloneSyncService<Push, Vec<Rejected>, BoxError>;

/// The layers of a handle.
pub(crate) struct Layers {
    /// The outermost first.
    wraps: Vec<Arc<dyn Fn(PushService) -> PushService + Send + Sync>>,
    stack: PushService,
}

impl Bessemer {
    /// The same server with a layer around every push. The layer that was added first is the outermost: it sees a push
    /// first. A bulk push comes as one, with all its jobs.
    ///
    /// A layer that answers an error of its own refuses the push: [`Error::Layer`].
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<PushService> + Send + Sync + 'static,
        L::Service: Service<Push, Response = Vec<Rejected>, Error: Into<BoxError>, Future: Send + 'static>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let wrap = move |inner: PushService| {
            BoxCloneSyncService::new(layer.layer(inner).map_err(Into::<BoxError>::into))
        };
        let mut wraps = self.layers.take().map(|layers| layers.wraps.clone()).unwrap_or_default();
        wraps.push(Arc::new(wrap));
        let innermost = BoxCloneSyncService::new(Innermost { app: self.clone() });
        let stack = wraps.iter().rev().fold(innermost, |inner, wrap| wrap(inner));
        self.layers = Some(Arc::new(Layers { wraps, stack }));
        self
    }
}

impl Layers {
    /// Pushes through the layers.
    pub(crate) async fn push(&self, push: Push) -> Result<Vec<Rejected>, Error> {
        self.stack.clone().oneshot(push).await.map_err(|error| match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => Error::Layer(error),
        })
    }
}

/// The push itself.
#[derive(Clone)]
struct Innermost {
    /// Without layers.
    app: Bessemer,
}

impl Service<Push> for Innermost {
    type Response = Vec<Rejected>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Vec<Rejected>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, push: Push) -> Self::Future {
        let app = self.app.clone();
        Box::pin(async move {
            match push.jobs.as_slice() {
                [job] if !push.bulk => app.push(job).await.map(|_| Vec::new()).map_err(Into::into),
                _ => app.push_all(push.jobs).await.map_err(Into::into),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use serde_json::Value;
    use tower::layer::layer_fn;
    use tower::timeout::TimeoutLayer;
    use tower::util::MapRequestLayer;
    use tower::{ServiceBuilder, service_fn};

    use super::*;
    use crate::client::fake::{Fake, Say};
    use crate::job::JobOptions;

    fn job() -> NewJob {
        NewJob::new("T", &[], JobOptions::new()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn layers_change_and_count_what_is_pushed() {
        let fake = Fake::new();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let counting = layer_fn(move |inner: PushService| {
            let counted = counted.clone();
            service_fn(move |push: Push| {
                counted.fetch_add(push.jobs.len(), Ordering::Relaxed);
                inner.clone().oneshot(push)
            })
        });
        let tenant = MapRequestLayer::new(|mut push: Push| {
            push.jobs.iter_mut().for_each(|job| job.set_custom("tenant", "acme"));
            push
        });
        let app = fake.app().layer(tenant).layer(counting);
        let job = job();
        assert_eq!(app.push(&job).await.unwrap(), *job.jid());
        let pushed: Value = serde_json::from_str(&fake.seen("PUSH", 1).await[0]).unwrap();
        assert_eq!(
            (&pushed["jid"], &pushed["custom"]["tenant"]),
            (&job.jid().as_str().into(), &"acme".into())
        );

        fake.answer("PUSHB", Say::Bulk(r#"{"abcdefgh":"NOTUNIQUE Job not unique"}"#));
        assert_eq!(app.push_all([job.clone(), job]).await.unwrap().len(), 1);
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn errors_come_back_as_they_are_and_those_of_a_layer_as_its_own() {
        let fake = Fake::new();
        let app = fake.app().layer(ServiceBuilder::new().layer(TimeoutLayer::new(Duration::from_secs(1))));
        fake.answer("PUSH", Say::Raw("-NOTUNIQUE Job not unique\r\n"));
        assert!(app.push(&job()).await.unwrap_err().is_not_unique());
        fake.answer("PUSH", Say::Silence);
        let error = app.push(&job()).await.unwrap_err();
        assert_eq!(error.chain(), "a layer refused the push: request timed out");
    }
}
