//! The example `storefront`: orders over HTTP, and a process that dies between an effect and its report, again and again.

use std::collections::BTreeMap;
use std::path::Path;

use super::Program;
use crate::clock::until;
use crate::server::{Server, http};

const ORDERS: u64 = 30;
const JSON: &str = "application/json";

/// A shop on any port, with its ledger in this folder.
struct Shop {
    program: Program,
    port: u16,
}

impl Shop {
    fn open(server: &Server, folder: &Path, crash: Option<&str>) -> Self {
        let ledger = folder.join("ledger").display().to_string();
        let mut env = vec![("STOREFRONT_BINDING", "127.0.0.1:0"), ("STOREFRONT_LEDGER", &ledger)];
        env.extend(crash.map(|job| ("STOREFRONT_CRASH", job)));
        let mut program = Program::start("storefront", server, &[], &env);
        let opened = "the storefront is open at http://127.0.0.1:";
        // A worker that crashes at its first job may say nothing more than this.
        let port = until("the shop opens", || {
            let said = program.output();
            let port = said.split_once(opened).and_then(|(_, rest)| rest.lines().next()?.parse().ok());
            assert!(port.is_some() || program.lives() || said.contains(opened), "it ended:\n{said}");
            port
        });
        Self { program, port }
    }

    /// Orders; `None` when the shop dies before it answers.
    fn order(&self, number: u64) -> Option<u16> {
        let cents = 4200 + number;
        let body = format!(r#"{{"customer":"stuart-{number}@example.com","item":"anvil","cents":{cents}}}"#);
        http(self.port, "PUT", &format!("/orders/{number}"), JSON, &body).ok().map(|(status, _)| status)
    }

    fn look(&self, number: u64) -> String {
        http(self.port, "GET", &format!("/orders/{number}"), JSON, "").expect("an answer").1
    }
}

/// How often each job had its effect, by its id.
fn effects(folder: &Path) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(folder.join("ledger")).unwrap_or_default();
    let mut effects = BTreeMap::new();
    for line in text.lines() {
        let (jid, _) = line.split_once('\t').expect("an id and an effect");
        *effects.entry(jid.to_owned()).or_default() += 1;
    }
    effects
}

#[test]
fn an_order_is_charged_mailed_and_shipped_once_whenever_the_shop_dies() {
    // A lost worker's jobs come back soon, and however often it dies of other causes than its jobs.
    let config = "[workers]\nlost_worker_grace = '1s'\nrestart_grace = '1s'\nmax_lost_workers = 1000";
    let server = Server::start_on(None, config);
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path();

    let mut unanswered = Vec::new();
    let mut crashes = ["ChargeCard", "SendReceipt", "ShipOrder"].into_iter();
    for (number, crash) in (1..).step_by(10).zip(crashes.by_ref()) {
        let mut shop = Shop::open(&server, folder, Some(crash));
        // Jobs run while further orders come in, so it dies somewhere among these.
        unanswered.extend((number..number + 10).filter(|number| shop.order(*number) != Some(202)));
        let status = shop.program.await_end();
        assert_eq!(status.code(), None, "it dies by a signal: {}", shop.program.output());
    }
    let mut shop = Shop::open(&server, folder, None);
    // Browsers that heard no answer send the order again, and a nervous one does so without a reason.
    for number in unanswered.into_iter().chain([1, 1, ORDERS]) {
        assert_eq!(shop.order(number), Some(202));
    }
    until("every order is charged, mailed and shipped", || {
        let complete = |number| {
            shop.look(number)
                == format!(r#"{{"charged":true,"mailed":true,"order":{number},"shipped":true}}"#)
        };
        (1..=ORDERS).all(complete).then_some(())
    });
    until("the server knows that, too", || {
        let faktory = server.info()["faktory"].clone();
        (faktory["total_enqueued"] == 0 && faktory["sets"]["working"] == 0).then_some(())
    });
    let jobs =
        |number| ["charge", "receipt", "shipment"].map(|effect| (format!("{effect}-order-{number}"), 1));
    let expected: BTreeMap<String, u64> = (1..=ORDERS).flat_map(jobs).collect();
    assert_eq!(effects(folder), expected, "nothing is done twice, and nothing is lost");
    let sets = server.info()["faktory"]["sets"].clone();
    assert_eq!((&sets["dead"], &sets["retries"]), (&0.into(), &0.into()));
    shop.program.signal("TERM");
    assert_eq!(shop.program.await_end().code(), Some(0), "{}", shop.program.output());
}

#[test]
fn an_order_that_makes_no_sense_is_refused_in_one_line_and_a_ledger_has_one_shop() {
    let server = Server::start();
    let home = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(&server, home.path(), None);
    let (status, said) = http(shop.port, "PUT", "/orders/1", JSON, r#"{"customer":"x","item":"","cents":0}"#)
        .expect("an answer");
    assert_eq!((status, said.lines().count()), (422, 1), "{said}");
    assert_eq!(server.info()["faktory"]["total_enqueued"], 0);
    assert_eq!(shop.look(1), r#"{"charged":false,"mailed":false,"order":1,"shipped":false}"#);
    let ledger = home.path().join("ledger").display().to_string();
    let env = [("STOREFRONT_BINDING", "127.0.0.1:0"), ("STOREFRONT_LEDGER", ledger.as_str())];
    let mut other = Program::start("storefront", &server, &[], &env);
    assert_eq!(other.await_end().code(), Some(1));
    until("it says why", || other.output().contains("is in use").then_some(()));
}
