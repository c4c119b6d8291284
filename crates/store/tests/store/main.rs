//! The embedded store against everything that disks, kernels and people do to it.

mod backup;
mod bits;
mod careless;
mod conformance;
mod crash;
mod damage;
mod dice;
mod draft;
mod export;
mod faults;
mod relaxed;
mod room;
mod seen;
mod serving;
mod texts;
mod tools;
mod world;
