//! An argument that serde does not know.

use bessemer::prelude::*;

struct Order {
    number: u64,
}

#[job]
async fn ship(order: Order) -> JobResult {
    println!("ships {}", order.number);
    Ok(Done)
}

fn main() {}
