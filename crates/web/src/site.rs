//! What the dashboard knows of the installation it is part of.

use crate::limits::Limits;

/// Facts about the server; where an operator changes one, [`crate::Dashboard::under`] makes a new set of them.
#[derive(Clone, Default)]
pub struct Site {
    /// Asked of every request except `/static/…` and `/health…` (rule `V-02`). `None`: the dashboard is open.
    pub password: Option<String>,
    /// Another one, that only reads. It does nothing where there is no password.
    pub viewer_password: Option<String>,
    /// `development`, `staging` or `production`.
    pub environment: String,
    /// Where commands are taken, as shown in the footer: `localhost:7419`.
    pub binding: String,
    /// The version of this server.
    pub version: String,
    /// The data directory, as the debug page shows it.
    pub data: String,
    /// Names, without port, under which this dashboard may be addressed besides loopback and addresses (`D15`).
    pub hosts: Vec<String>,
    /// Put before every link, and taken off every path: empty, or `/jobs`, without a slash at the end.
    pub base_path: String,
    /// Browsers come by HTTPS, and are told to stay with it.
    pub tls: bool,
    /// What browsers may cost.
    pub limits: Limits,
    /// Others can reach the server and no password is set: every page says so (`D8`).
    pub exposed: bool,
}
