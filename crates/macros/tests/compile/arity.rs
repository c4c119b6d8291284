use bessemer::prelude::*;

#[job]
async fn send_invoice(to: String, order: u64) -> JobResult {
    println!("invoice {order} goes to {to}");
    Ok(Done)
}

fn main() {
    drop(SendInvoice::perform_async("stuart@example.com"));
    drop(SendInvoice::with().queue("mail").perform_async("stuart@example.com", 7, true));
}
