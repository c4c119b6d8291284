//! Where a server is: `tcp://[user][:password]@host[:port]`, and the environment variables that say it (`O-08`).
//!
//! An own parser of a hundred lines: the usual crate brings the tables of international domain names into every
//! user's worker, for addresses that hardly ever are more than `localhost`.

use std::fmt;

use percent_encoding::percent_decode_str;

/// The port of the work protocol.
pub const DEFAULT_PORT: u16 = 7419;

/// A server's address, and what it takes to log in.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether the connection is to be encrypted (`tcp+tls://`).
    pub tls: bool,
    /// For routing proxies; servers ignore it.
    pub user: Option<String>,
    pub password: Option<String>,
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    pub port: u16,
}

/// Why a text is no address of a server. None of them repeats the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("server address must begin with tcp:// or tcp+tls://")]
    Scheme,
    #[error("server address has no host")]
    NoHost,
    #[error("host {0:?} of the server address is malformed")]
    BadHost(String),
    /// Not quoted: whoever forgets the host has written the password here.
    #[error("port of the server address is not in 1..=65535")]
    BadPort,
    #[error("server address goes on behind the port; a / or @ in a password is written %2F or %40")]
    Trailing,
    #[error("user or password of the server address is not UTF-8 when its % signs are decoded")]
    BadEncoding,
    #[error("FAKTORY_PROVIDER must be the name of a variable that holds the address, not an address itself")]
    ProviderIsUrl,
    #[error("FAKTORY_PROVIDER names the variable {0}, which is not set")]
    ProviderUnset(String),
    #[error("{variable}: {reason}")]
    Variable { variable: String, reason: Box<UrlError> },
}

impl Default for Url {
    /// `tcp://localhost:7419`.
    fn default() -> Self {
        Self { tls: false, user: None, password: None, host: "localhost".into(), port: DEFAULT_PORT }
    }
}

impl Url {
    /// The address that the environment names: the variable that `FAKTORY_PROVIDER` names, else `FAKTORY_URL`, else
    /// `BESSEMER_URL`, else `tcp://localhost:7419`. An empty variable counts as not set.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, UrlError> {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let named = |name: &str, value: String| {
            let reason = |reason| UrlError::Variable { variable: name.to_owned(), reason: Box::new(reason) };
            value.trim().parse().map_err(reason)
        };
        if let Some(provider) = set("FAKTORY_PROVIDER") {
            let provider = provider.trim();
            if provider.contains(':') {
                return Err(UrlError::ProviderIsUrl);
            }
            let value = set(provider).ok_or_else(|| UrlError::ProviderUnset(provider.to_owned()))?;
            return named(provider, value);
        }
        for name in ["FAKTORY_URL", "BESSEMER_URL"] {
            if let Some(value) = set(name) {
                return named(name, value);
            }
        }
        Ok(Self::default())
    }
}

impl std::str::FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "tcp" => false,
            "tcp+tls" => true,
            _ => return Err(UrlError::Scheme),
        };
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, rest),
        };
        let (user, password) = match login {
            Some(login) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                (decode(user)?, decode(password)?)
            }
            None => (None, None),
        };
        let (host, port) = host_and_port(address.strip_suffix('/').unwrap_or(address))?;
        Ok(Self { tls, user, password, host: host.to_owned(), port })
    }
}

/// The text behind `%` signs; empty is none.
fn decode(text: &str) -> Result<Option<String>, UrlError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| UrlError::BadEncoding)?;
    Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
}

fn host_and_port(address: &str) -> Result<(&str, u16), UrlError> {
    if address.contains(['/', '?', '#']) {
        return Err(UrlError::Trailing);
    }
    let (host, port) = if let Some(bracketed) = address.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']').ok_or_else(|| UrlError::BadHost(address.to_owned()))?;
        let ip: Result<std::net::Ipv6Addr, _> = host.parse();
        if ip.is_err() || !(port.is_empty() || port.starts_with(':')) {
            return Err(UrlError::BadHost(address.to_owned()));
        }
        (host, port.strip_prefix(':'))
    } else {
        let (host, port) = match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        };
        if host.is_empty() {
            return Err(UrlError::NoHost);
        }
        if !host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c)) {
            return Err(UrlError::BadHost(host.to_owned()));
        }
        (host, port)
    };
    let Some(port) = port else { return Ok((host, DEFAULT_PORT)) };
    // `parse` would accept a plus sign.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number @ 1..) if digits => Ok((host, number)),
        _ => Err(UrlError::BadPort),
    }
}

impl fmt::Display for Url {
    /// The address without user and password, for logs and errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "tcp+tls" } else { "tcp" };
        let Self { host, port, .. } = self;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self}")?;
        if self.password.is_some() {
            f.write_str(", with password")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (bool, Option<String>, Option<String>, String, u16) {
        let url: Url = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        (url.tls, url.user, url.password, url.host, url.port)
    }

    #[test]
    fn addresses_are_read() {
        let some = |text: &str| Some(text.to_owned());
        for (text, tls, user, password, host, port) in [
            ("tcp://localhost:7419", false, None, None, "localhost", 7419),
            ("tcp://localhost", false, None, None, "localhost", 7419),
            ("TCP://work.example/", false, None, None, "work.example", 7419),
            ("tcp+tls://:secret@10.0.0.1:1", true, None, some("secret"), "10.0.0.1", 1),
            ("tcp://u:p%40%2F%3A%20%E2%82%AC@h:65535", false, some("u"), some("p@/: €"), "h", 65535),
            ("tcp://u@h", false, some("u"), None, "h", 7419),
            ("tcp://:a:b@c@h", false, None, some("a:b@c"), "h", 7419),
            ("tcp://[::1]:7420", false, None, None, "::1", 7420),
            ("tcp://:pw@[fe80::1]", false, None, some("pw"), "fe80::1", 7419),
        ] {
            assert_eq!(parts(text), (tls, user, password, host.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_gets_one_clear_line() {
        use UrlError::*;
        for (text, error) in [
            ("localhost:7419", Scheme),
            ("http://localhost", Scheme),
            ("", Scheme),
            ("tcp://", NoHost),
            ("tcp://:7419", NoHost),
            ("tcp://:pw@", NoHost),
            ("tcp://h:0", BadPort),
            ("tcp://h:65536", BadPort),
            ("tcp://h:+1", BadPort),
            ("tcp://h:", BadPort),
            ("tcp://h:1:2", BadPort),
            ("tcp://a b", BadHost("a b".into())),
            ("tcp://[::1", BadHost("[::1".into())),
            ("tcp://[::1]x", BadHost("[::1]x".into())),
            ("tcp://[localhost]:1", BadHost("[localhost]:1".into())),
            ("tcp://h:1/db", Trailing),
            ("tcp://h?x", Trailing),
            ("tcp://:%ff@h", BadEncoding),
        ] {
            assert_eq!(text.parse::<Url>(), Err(error), "{text}");
        }
    }

    #[test]
    fn neither_text_form_shows_the_password() {
        let url: Url = "tcp+tls://me:hunter2@[::1]:9".parse().unwrap();
        assert_eq!(url.to_string(), "tcp+tls://[::1]:9");
        assert_eq!(format!("{url:?}"), "Url(tcp+tls://[::1]:9, with password)");
    }

    #[test]
    fn the_environment_names_the_server_o08() {
        let resolve = |vars: &[(&str, &str)]| {
            let url =
                Url::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
            url.map(|url| url.to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(resolve(&[]).unwrap(), "tcp://localhost:7419");
        assert_eq!(resolve(&[("FAKTORY_URL", "")]).unwrap(), "tcp://localhost:7419");
        assert_eq!(resolve(&[("BESSEMER_URL", "tcp://b")]).unwrap(), "tcp://b:7419");
        assert_eq!(
            resolve(&[("BESSEMER_URL", "tcp://b"), ("FAKTORY_URL", "tcp://f")]).unwrap(),
            "tcp://f:7419"
        );
        let provider = [("FAKTORY_PROVIDER", "MY_URL"), ("MY_URL", "tcp://p:1"), ("FAKTORY_URL", "tcp://f")];
        assert_eq!(resolve(&provider).unwrap(), "tcp://p:1");
        assert_eq!(
            resolve(&provider[..1]).unwrap_err(),
            "FAKTORY_PROVIDER names the variable MY_URL, which is not set"
        );
        assert!(resolve(&[("FAKTORY_PROVIDER", "tcp://p:1")]).unwrap_err().contains("not an address itself"));
        assert_eq!(
            resolve(&[("FAKTORY_URL", "localhost")]).unwrap_err(),
            "FAKTORY_URL: server address must begin with tcp:// or tcp+tls://"
        );
    }
}
