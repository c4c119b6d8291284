//! Backups in random histories: taken while the store is served, on a disk of their own that loses its power in the
//! midst of it.

use bessemer_store::Embedded;
use bessemer_store::embedded::disk::{Disk, SimDisk};
use bessemer_store::embedded::tools::{self, Source};

use crate::careless::Careless;
use crate::world::{Checked, ENTROPY, World};

/// Where backups go.
pub(crate) struct Vault {
    disk: SimDisk,
    /// What the store was when the last backup in it was made.
    holds: Option<String>,
}

impl Vault {
    pub(crate) fn new(seed: u64) -> Self {
        Self { disk: SimDisk::new(!seed), holds: None }
    }
}

impl World {
    /// A backup, and perhaps the end of the machine that takes it. Afterwards there is this one or the last, whole.
    pub(crate) fn back_up(&mut self, engine: &Embedded<Careless>, faulty: bool) -> Checked {
        let now = self.now();
        let unlucky = self.dice.one_in(2);
        if unlucky {
            self.vault.disk.stop_after(self.dice.below(60));
        }
        let copied = Source::open(self.disk.clone())
            .and_then(|source| tools::backup(&source, &self.vault.disk, now.wall, &mut |_| {}));
        let stopped = self.vault.disk.list().is_err();
        match copied {
            Ok(_) => {
                self.seen.note("a backup");
                self.vault.holds = Some(engine.machine().dump());
            }
            Err(_) if stopped => self.seen.note("a power loss in a backup"),
            Err(_) if faulty => {}
            Err(error) => return Err(format!("a backup fails: {error}")),
        }
        if unlucky {
            self.vault.disk = self.vault.disk.power_loss();
        }
        let source = Source::open(self.vault.disk.clone()).map_err(|error| error.to_string())?;
        if !source.is_backup() {
            return if self.vault.holds.is_none() { Ok(()) } else { Err("a backup is gone".into()) };
        }
        let restored = SimDisk::new(0);
        tools::restore(&source, &restored, &self.options.rules, now, &mut |_| {})
            .map_err(|error| format!("a backup cannot be restored: {error}"))?;
        let opened = Embedded::open(restored, self.options.clone(), now, ENTROPY);
        let dump =
            opened.map_err(|error| format!("a restored backup does not start: {error}"))?.0.machine().dump();
        if dump == engine.machine().dump() || self.vault.holds.as_ref() == Some(&dump) {
            self.vault.holds = Some(dump);
            Ok(())
        } else {
            Err("a backup holds what was neither now nor before".into())
        }
    }
}
