//! Client and worker library for Bessemer and every other server that speaks Faktory's protocol.
