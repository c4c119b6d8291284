//! Hostile clients change nothing for the others.
//!
//! Honest clients push, fetch and ACK at a steady rate, first among themselves and then beside hostile ones of one
//! kind. What is asserted is that all of their jobs come through, once each, and that nobody of them is sent away; how
//! long it took is printed as a table, since it says as much about the machine as about the server:
//!
//! ```text
//! make hostile SECONDS=10
//! ```
//!
//! The attackers take processor time too. So each attack is also made on a second server, which nobody honest uses:
//! what the honest ones suffer from that, they suffer from the machine.

mod attack;
mod honest;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::attack::Attack;
use self::table::Row;
use crate::clock::{Watch, pause};
use crate::server::Server;

/// What every server here asks for.
const PASSWORD: &str = "correct-horse-battery-staple";

/// How long one window of measuring is.
fn window() -> Duration {
    let text = std::env::var("BESSEMER_HOSTILE_SECONDS").ok();
    Duration::from_secs(text.map_or(1, |text| text.parse().expect("a number of seconds")))
}

/// Rung when an attack is to end.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn is_rung(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Rings when it is dropped, also by a panic: else the attackers would be waited for for ever.
struct Ring(Stop);

impl Drop for Ring {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Does things at a rate, however long each takes.
pub(crate) struct Pace {
    watch: Watch,
    every: Duration,
    next: Duration,
}

impl Pace {
    pub(crate) fn per_second(rate: u32) -> Self {
        let every = Duration::from_secs(1) / rate;
        Self { watch: Watch::start(), every, next: every }
    }

    /// Waits for the next moment; how long it is past.
    pub(crate) fn wait(&mut self) -> Duration {
        while let Some(left) = self.next.checked_sub(self.watch.elapsed()).filter(|left| !left.is_zero()) {
            pause(left);
        }
        let late = self.watch.elapsed().saturating_sub(self.next);
        self.next += self.every;
        late
    }
}

#[test]
fn hostile_clients_change_nothing_for_the_others() {
    if std::env::var_os("BESSEMER_HOSTILE_SECONDS").is_none() {
        return println!("NOT RUN: it measures the machine as much as the server, by make hostile");
    }
    let only = std::env::var("BESSEMER_HOSTILE_ONLY").unwrap_or_default();
    let mut rows = Vec::new();
    for attack in attack::ALL.iter().filter(|attack| attack.name.contains(&only)) {
        rows.push(suffer(attack));
    }
    table::print(&rows, window());
    assert!(!rows.is_empty(), "no attack is called {only:?}");
}

/// One attack: the honest among themselves, beside an attack on somebody else, and under it.
fn suffer(attack: &Attack) -> Row {
    eprintln!("{}", attack.name);
    let (server, other) = (start(attack), start(attack));
    let mut first = 0;
    let mut measure = |on: Option<&Server>| {
        let stop = Stop::default();
        let sample = std::thread::scope(|scope| {
            if let Some(target) = on {
                for number in 0..attack.threads {
                    let (stop, port) = (stop.clone(), target.port);
                    scope.spawn(move || (attack.run)(port, number, &stop));
                }
                // Until it is in full swing.
                pause(Duration::from_millis(500));
            }
            let _ring = Ring(stop.clone());
            honest::work(&server, &mut first, window())
        });
        eprintln!("  {sample}");
        sample
    };
    let alone = measure(None);
    let beside = measure(Some(&other));
    let under = measure(Some(&server));
    let rejected = server.info()["server"]["rejected"].clone();
    Row { attack: attack.name, alone, beside, under, rejected }
}

fn start(attack: &Attack) -> Server {
    let mut server = Server::configured(attack.config);
    server.ask_for(PASSWORD);
    server.spawn();
    server.await_ready();
    server
}
