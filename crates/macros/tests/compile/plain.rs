use bessemer::prelude::*;

#[job(queu = "mail")]
async fn send_invoice(to: String) -> JobResult {
    println!("invoice goes to {to}");
    Ok(Done)
}

fn main() {
    drop(SendInvoice::perform_async("stuart@example.com"));
}
