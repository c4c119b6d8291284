//! The engine passes what every engine must pass.

use bessemer_core::{Now, Rules};
use bessemer_store::Postgres;
use bessemer_store::conformance::{House, SCENARIOS, play};
use tokio_postgres::Config;

use crate::shared;

/// A database of its own.
pub(crate) struct Database(pub(crate) Config);

impl House for Database {
    type Engine = Postgres;

    async fn open(&mut self, rules: &Rules, now: Now) -> Postgres {
        let opened = Postgres::open(self.0.clone(), rules.clone(), now, *b"sixteen bytes id").await;
        opened.unwrap_or_else(|error| panic!("{error}"))
    }
}

#[tokio::test]
async fn the_engine_conforms() {
    let server = shared();
    for scenario in SCENARIOS {
        let mut database = Database(server.database().await);
        play(&mut database, scenario).await;
    }
}
