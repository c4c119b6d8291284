//! A configuration that takes the place of another while the server serves (row 112): what is different, and what of it
//! has to wait for a restart.

use std::collections::BTreeSet;

use super::{Config, ConfigError, Notes};

/// Keys that a running server cannot follow: its port, its files, what its log is read by, and where figures
/// and traces are sent.
const FIXED: [&str; 17] = [
    "faktory.binding",
    "otel.endpoint",
    "otel.sample",
    "otel.service_name",
    "retention.repush_max",
    "retention.repush_window",
    "statsd.bufferSize",
    "statsd.location",
    "statsd.namespace",
    "statsd.queueLatency",
    "statsd.tags",
    "store.directory",
    "store.disk_high_water",
    "store.disk_low_water",
    "store.durability",
    "store.segment_size",
    "web.connections_max",
];

/// What is different, by the names of keys. Values are not told: some are secrets.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// In force from now on.
    pub made: Vec<String>,
    /// In force after a restart, and until then as before.
    pub waiting: Vec<String>,
}

impl Config {
    /// What a server that serves by this configuration may go on by.
    pub(super) fn adopt(&self, mut new: Self, notes: &mut Notes) -> Result<(Self, Changes), ConfigError> {
        let changes = self.changes(&new);
        new.binding.clone_from(&self.binding);
        new.binding_place.clone_from(&self.binding_place);
        new.directory.clone_from(&self.directory);
        new.segment_bytes = self.segment_bytes;
        new.durability = self.durability;
        new.marks = self.marks;
        new.statsd.clone_from(&self.statsd);
        new.otel.clone_from(&self.otel);
        new.web_limits.connections_max = self.web_limits.connections_max;
        new.rules.repush_window = self.rules.repush_window;
        new.rules.repush_max = self.rules.repush_max;
        // Who expects TLS is not to be served in plain text because a file was away for a moment.
        if self.tls.is_some() != new.tls.is_some() {
            new.tls.clone_from(&self.tls);
        }
        for name in FIXED {
            if let Some(text) = self.keys.get(name) {
                new.keys.insert(name.to_owned(), text.clone());
            }
        }
        // What was mixed may be open to everybody where neither of the two was.
        new.refuse_to_be_open(notes)?;
        Ok((new, changes))
    }

    pub(super) fn changes(&self, new: &Self) -> Changes {
        let mut changes = Changes::default();
        let differ = |name: &String| self.keys.get(name) != new.keys.get(name);
        // A queue's limits may be gone altogether.
        let names: BTreeSet<&String> = self.keys.keys().chain(new.keys.keys()).collect();
        for name in names.into_iter().filter(|name| differ(name)) {
            // A flag may stand before it.
            let hidden = match name.as_str() {
                "faktory.binding" => self.binding == new.binding,
                "web.binding" => self.web_binding == new.web_binding,
                "store.directory" => self.directory == new.directory,
                _ => false,
            };
            let fixed = FIXED.contains(&name.as_str());
            let list = if fixed { &mut changes.waiting } else { &mut changes.made };
            list.extend((!hidden).then(|| name.clone()));
        }
        let by_content = [
            ("faktory.password", self.password != new.password),
            ("web.password", self.web_password != new.web_password),
            ("web.viewer_password", self.viewer_password != new.viewer_password),
            ("cron", self.rules.cron != new.rules.cron),
        ];
        let by_content = by_content.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name);
        let of_tls = self.tls.as_ref().zip(new.tls.as_ref()).map(|(before, new)| before.changes(new));
        for name in by_content.chain(of_tls.into_iter().flatten()) {
            // Another file with other authorities is one change.
            if !changes.made.iter().any(|made| made == name) {
                changes.made.push(name.to_owned());
            }
        }
        if self.tls.is_some() != new.tls.is_some() {
            changes.waiting.push(format!("TLS {}", if new.tls.is_some() { "on" } else { "off" }));
        }
        changes
    }
}
