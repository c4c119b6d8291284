//! Bessemer, a work server: one binary with its own durable store.
