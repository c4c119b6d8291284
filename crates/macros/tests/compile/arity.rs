//! Too few arguments, and too many.

use bessemer::prelude::*;

#[job]
async fn send_invoice(to: String, order: u64) -> JobResult {
    println!("invoice {order} goes to {to}");
    Ok(Done)
}

async fn push() -> Result<(), bessemer::Error> {
    SendInvoice::perform_async("stuart@example.com").await?;
    SendInvoice::with().queue("mail").perform_async("stuart@example.com", 7, true).await?;
    Ok(())
}

fn main() {
    drop(push());
}
