//! The names under which the dashboard may be addressed (`D15`).
//!
//! A page in somebody's browser can make its own host name point to 127.0.0.1 (DNS rebinding). Its requests are then
//! same-origin for every other check; only the `Host` header gives them away.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;
use crate::text;

/// Accepts addresses, loopback names and the configured names.
pub(crate) fn check(headers: &HeaderMap, configured: &[String]) -> Result<(), Problem> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|value| value.to_str().ok()).filter(|_| hosts.next().is_none());
    if host.is_some_and(|host| known(host, configured)) {
        return Ok(());
    }
    let shown = text::quoted(host.unwrap_or("(none)"));
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        format!(
            "This dashboard does not go by the name {shown}; add it to hosts in the section [web] of the configuration"
        ),
    ))
}

/// Whether a browser on this machine asks. Its name is shared by all that listens here, so nothing may be said about all
/// that goes by it.
pub(crate) fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn known(host: &str, configured: &[String]) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(address, port)| {
            address.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || is_port(port))
        });
    }
    let split = host.find(':').unwrap_or(host.len());
    let (name, port) = host.split_at(split);
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let named = name.parse::<Ipv4Addr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || configured.iter().any(|known| known.eq_ignore_ascii_case(&name));
    named && (port.is_empty() || is_port(port))
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|port| port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_pass() {
        let configured = ["jobs.example.com".to_owned()];
        for host in [
            "localhost",
            "LOCALHOST:7420",
            "localhost.",
            "app.localhost:1",
            "127.0.0.1:7420",
            "192.168.1.9",
            "[::1]",
            "[::1]:7420",
            "jobs.example.com",
            "Jobs.Example.Com.:443",
        ] {
            assert!(known(host, &configured), "{host}");
        }
        for host in [
            "",
            ":7420",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example#localhost",
            "localhost@evil.example",
            "localhost:7420:1",
            "localhost:x",
            "localhost:+1",
            "[::1",
            "[::1]x",
            "[evil]",
            "::1",
            "xjobs.example.com",
            "jobs.example.com..",
        ] {
            assert!(!known(host, &configured), "{host}");
        }
    }
}
