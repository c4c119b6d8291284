//! The binary `bessemer`.
fn main() {}
