//! Faktory's store comes over: `encodings.rs` in whatever form Redis writes it, `work.rs` and works on as before,
//! `interrupted.rs` whatever interrupts it; `refused.rs` what cannot come.

mod encodings;
mod interrupted;
mod refused;
mod work;
