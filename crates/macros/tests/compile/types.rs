use bessemer::prelude::*;

#[job]
async fn send_invoice(to: String, order: u64, copy: Option<String>) -> JobResult {
    println!("invoice {order} goes to {to}, copy {copy:?}");
    Ok(Done)
}

fn main() {
    drop(SendInvoice::perform_async(7, 7, None));
    drop(SendInvoice::perform_async("stuart@example.com", "7", None));
    drop(SendInvoice::with().perform_async("stuart@example.com", 7, Some(7)));
}
