//! Functions that return what is no answer of a job.

use bessemer::prelude::*;

#[job]
async fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[job]
async fn check_stock(order: u64) -> Result<bool, std::num::ParseIntError> {
    Ok(order > 7)
}

fn main() {}
