//! A job that cannot move between threads.

use std::rc::Rc;

use bessemer::prelude::*;

#[job]
async fn count(number: u64) -> JobResult {
    let number = Rc::new(number);
    std::future::ready(()).await;
    println!("{number}");
    Ok(Done)
}

fn main() {}
