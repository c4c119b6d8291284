//! Arguments of other types.

use bessemer::prelude::*;

#[job]
async fn send_invoice(to: String, order: u64, copy: Option<String>) -> JobResult {
    println!("invoice {order} goes to {to}, copy {copy:?}");
    Ok(Done)
}

async fn push() -> Result<(), bessemer::Error> {
    SendInvoice::perform_async(7, 7, None).await?;
    SendInvoice::perform_async("stuart@example.com", "7", None).await?;
    SendInvoice::with().perform_async(true, 7, None).await?;
    Ok(())
}

fn main() {
    drop(push());
}
