//! The pages, one file each, each with its template of the same name.

pub(crate) mod act;
pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod busy;
pub(crate) mod choice;
pub(crate) mod confirm;
pub(crate) mod cron;
pub(crate) mod debug;
pub(crate) mod docs;
pub(crate) mod edit;
pub(crate) mod home;
pub(crate) mod job;
pub(crate) mod queue;
pub(crate) mod queues;
pub(crate) mod recent;
pub(crate) mod search;
pub(crate) mod set;
pub(crate) mod statistics;
pub(crate) mod throttles;
pub(crate) mod tokens;
pub(crate) mod unique;
pub(crate) mod works;
