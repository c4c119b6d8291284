//! The embedded engine passes what every engine must pass.

use bessemer_core::{Now, Rules};
use bessemer_store::conformance::{House, SCENARIOS, play};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::{Embedded, Options};

/// A simulated disk; whenever the store is opened again, the power was lost.
struct Disk(SimDisk);

impl House for Disk {
    type Engine = Embedded<SimDisk>;

    async fn open(&mut self, rules: &Rules, now: Now) -> Self::Engine {
        self.0 = self.0.power_loss();
        let options = Options { rules: rules.clone(), ..Options::default() };
        let opened = Embedded::open(self.0.clone(), options, now, *b"sixteen bytes id");
        opened.unwrap_or_else(|error| panic!("{error}")).0
    }
}

#[tokio::test]
async fn the_engine_conforms() {
    for (seed, scenario) in SCENARIOS.iter().enumerate() {
        play(&mut Disk(SimDisk::new(seed as u64)), scenario).await;
    }
}
