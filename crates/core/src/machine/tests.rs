//! The rules of jobs as scenarios; see `scenario.rs` for the language.

mod cron;
mod cron_life;
mod deeds;
mod history;
mod keys;
mod life;
mod lost;
mod queues;
mod track_life;
