//! An option that does not exist: nothing else is complained of.

use bessemer::prelude::*;

#[job(queu = "mail")]
async fn send_invoice(to: String) -> JobResult {
    println!("invoice goes to {to}");
    Ok(Done)
}

async fn push() -> Result<(), bessemer::Error> {
    SendInvoice::perform_async("stuart@example.com").await?;
    Ok(())
}

fn main() {
    drop(push());
}
