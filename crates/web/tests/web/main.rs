//! The dashboard through its router, on a real machine of the core.

mod actions;
mod api;
mod batches;
mod cron;
mod edit;
mod guards;
mod health;
mod hostile;
mod house;
mod inline;
mod languages;
mod metrics;
mod openmetrics;
mod pages;
mod recent;
mod roles;
mod search;
mod throttles;
mod unique;
