//! Stand-in until the configuration lands.
use std::time::Duration;
/// Limits.
#[derive(Clone, Debug)]
pub struct Limits {
    pub connections_max: usize,
    pub handshake_timeout: Duration,
    pub handshakes_max: usize,
    pub handshakes_per_address: usize,
    pub line_timeout: Duration,
    pub write_timeout: Duration,
    pub unsent_max: usize,
    pub buffered_max: usize,
    pub fetch_wait: Duration,
    pub shutdown_timeout: Duration,
}
impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            handshake_timeout: Duration::from_secs(5),
            handshakes_max: 256,
            handshakes_per_address: 64,
            line_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(10),
            unsent_max: 32 << 20,
            buffered_max: 256 << 20,
            fetch_wait: Duration::from_secs(2),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

/// Stand-in.
#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    pub binding: Binding,
    pub web_binding: Option<Binding>,
    pub directory: std::path::PathBuf,
    pub password: Option<Password>,
    pub web_password: Option<Password>,
    pub allow_legacy_password_hash: bool,
    pub web_hosts: Vec<String>,
    pub web_base_path: String,
    pub rules: bessemer_core::Rules,
    pub limits: Limits,
    pub segment_bytes: u64,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}
impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("development")
    }
}
#[derive(Clone, Debug)]
pub struct Binding(pub String);
impl Binding {
    pub fn addresses(&self) -> std::io::Result<Vec<std::net::SocketAddr>> {
        Ok(std::net::ToSocketAddrs::to_socket_addrs(&self.0)?.collect())
    }
    pub fn is_loopback(&self) -> bool {
        true
    }
}
impl std::fmt::Display for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
#[derive(Clone, Debug)]
pub struct Password(String);
impl Password {
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl Config {
    pub fn standin(dir: &str, b: &str, w: &str) -> Self {
        Self {
            environment: Environment::Development,
            binding: Binding(b.into()),
            web_binding: Some(Binding(w.into())),
            directory: dir.into(),
            password: None,
            web_password: None,
            allow_legacy_password_hash: false,
            web_hosts: vec![],
            web_base_path: String::new(),
            rules: Default::default(),
            limits: Limits::default(),
            segment_bytes: 64 << 20,
        }
    }
}
