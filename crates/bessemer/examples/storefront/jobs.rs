//! The jobs of an order: charge, then mail and ship. Each can run any number of times, and has its effect once.

use std::sync::Arc;

use bessemer::prelude::*;
use bessemer::{Error, NewJob};

use crate::ledger::Ledger;

/// The id of a job is made of what it is for: whoever pushes it again, after a crash or a lost answer, pushes the same.
pub(crate) fn jid(effect: &str, order: u64) -> String {
    format!("{effect}-order-{order}")
}

/// Pushes the first job of an order.
pub(crate) async fn push_charge(
    app: &Bessemer,
    order: u64,
    customer: String,
    item: String,
    cents: u64,
) -> Result<(), Error> {
    let job = ChargeCard::args(order, customer, item, cents)?.with_jid(jid("charge", order))?;
    app.push(&job).await.map(|_| ())
}

/// Takes the money.
#[job(queue = "payments")]
pub(crate) async fn charge_card(
    #[ctx] ctx: &Context,
    #[state] ledger: &Arc<Ledger>,
    order: u64,
    customer: String,
    item: String,
    cents: u64,
) -> JobResult {
    // A payment provider would be given the jid as its idempotency key.
    ledger.once(ctx.jid(), &format!("charged {customer} {cents} cents for {item}"))?;
    crash_if_asked(ctx);
    // Only now: nobody is mailed or shipped to without having paid. When this is cut off, all of it runs again.
    let next: [NewJob; 2] = [
        SendReceipt::args(order, customer.clone(), cents)?.with_jid(jid("receipt", order))?,
        ShipOrder::args(order, customer, item)?.with_jid(jid("shipment", order))?,
    ];
    let refused = ctx.app().push_all(&next).await?;
    match refused.first() {
        None => Ok(Done),
        Some(refused) => Err(format!("{}: {}", refused.jid, refused.error).into()),
    }
}

/// Writes to the customer.
#[job(queue = "mail")]
pub(crate) async fn send_receipt(
    #[ctx] ctx: &Context,
    #[state] ledger: &Arc<Ledger>,
    order: u64,
    customer: String,
    cents: u64,
) -> JobResult {
    ledger.once(ctx.jid(), &format!("mailed {customer} a receipt of {cents} cents for order {order}"))?;
    crash_if_asked(ctx);
    Ok(Done)
}

/// Hands the item to the carrier.
#[job(queue = "shipping")]
pub(crate) async fn ship_order(
    #[ctx] ctx: &Context,
    #[state] ledger: &Arc<Ledger>,
    order: u64,
    customer: String,
    item: String,
) -> JobResult {
    ledger.once(ctx.jid(), &format!("shipped {item} to {customer} for order {order}"))?;
    crash_if_asked(ctx);
    Ok(Done)
}

/// Dies as a process dies whose machine fails: no destructor runs, no connection says goodbye.
fn crash_if_asked(ctx: &Context) {
    if std::env::var("STOREFRONT_CRASH").is_ok_and(|name| name == ctx.jobtype()) {
        std::process::abort();
    }
}
