//! The code in the guides of `docs/worker`, compiled as documentation tests. No part of the library.

#[doc = include_str!("../../../docs/worker/index.md")]
struct Index;

#[doc = include_str!("../../../docs/worker/jobs.md")]
struct Jobs;

#[doc = include_str!("../../../docs/worker/from-faktory-worker.md")]
struct FromFaktoryWorker;

#[doc = include_str!("../../../docs/worker/from-faktory-crate.md")]
struct FromFaktoryCrate;

#[doc = include_str!("../../../docs/worker/from-sidekiq.md")]
struct FromSidekiq;

#[doc = include_str!("../../../docs/worker/workers.md")]
struct Workers;

#[doc = include_str!("../../../docs/worker/shutdown.md")]
struct Shutdown;

#[doc = include_str!("../../../docs/worker/failures.md")]
struct Failures;

#[doc = include_str!("../../../docs/worker/state.md")]
struct State;

// Its code has layers.
#[cfg(feature = "tower")]
#[doc = include_str!("../../../docs/worker/observability.md")]
struct Observability;

#[doc = include_str!("../../../docs/worker/client.md")]
struct Client;

#[doc = include_str!("../../../docs/batches.md")]
struct Batches;
