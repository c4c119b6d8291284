//! Where a port listens: the text that an operator gave, and the addresses that it means.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// `localhost:7419`, `:7419` (all interfaces), `0.0.0.0:7419`, `[::1]:7419` or `name:7419`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    text: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Every interface, by IPv6 and IPv4.
    Everywhere(u16),
    Address(SocketAddr),
    Name(String, u16),
}

/// A text that is no binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not HOST:PORT, such as localhost:7419, :7419 or [::1]:7419: {reason}")]
pub struct BadBinding {
    text: String,
    reason: &'static str,
}

impl Binding {
    /// The addresses to listen at, the first that this machine has; a name is looked up now.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.place {
            // One socket for both families; where the machine has no IPv6, the other.
            Place::Everywhere(port) => Ok(vec![
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, *port)),
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, *port)),
            ]),
            Place::Address(address) => Ok(vec![*address]),
            Place::Name(name, port) => {
                let mut found: Vec<_> = (name.as_str(), *port).to_socket_addrs()?.collect();
                // IPv4 first, as the reference does it.
                found.sort_by_key(SocketAddr::is_ipv6);
                Ok(found)
            }
        }
    }

    /// Whether only this machine can connect (`D8`). A name other than localhost counts as reachable: what it means
    /// may change after it was asked.
    pub fn is_loopback(&self) -> bool {
        match &self.place {
            Place::Everywhere(_) | Place::Name(..) => false,
            Place::Address(address) => address.ip().to_canonical().is_loopback(),
        }
    }

    /// A host at which this machine reaches it.
    pub fn reachable_host(&self) -> String {
        match &self.place {
            Place::Everywhere(_) => "localhost".to_owned(),
            Place::Name(name, _) => name.clone(),
            Place::Address(address) => match address.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
                IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.to_string(),
                ip => ip.to_string(),
            },
        }
    }

    /// Whether both cannot be listened at. Names are not looked up: what they mean may change.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let everything = |ip: IpAddr, other: IpAddr| ip.is_unspecified() && ip.is_ipv4() == other.is_ipv4();
        let meets = match (&self.place, &other.place) {
            (Place::Everywhere(_), _) | (_, Place::Everywhere(_)) => true,
            (Place::Name(name, _), Place::Name(other, _)) => name.eq_ignore_ascii_case(other),
            (Place::Address(one), Place::Address(other)) => {
                let (one, other) = (one.ip(), other.ip());
                one == other || everything(one, other) || everything(other, one)
            }
            _ => false,
        };
        meets && self.port() == other.port() && self.port() != 0
    }

    /// Whether it has to be looked up.
    pub fn is_named(&self) -> bool {
        matches!(self.place, Place::Name(..))
    }

    /// The port as given; 0 lets the system choose one.
    pub fn port(&self) -> u16 {
        match &self.place {
            Place::Everywhere(port) | Place::Name(_, port) => *port,
            Place::Address(address) => address.port(),
        }
    }
}

impl FromStr for Binding {
    type Err = BadBinding;

    fn from_str(text: &str) -> Result<Self, BadBinding> {
        let bad = |reason| BadBinding { text: text.to_owned(), reason };
        let (host, port) = text.rsplit_once(':').ok_or_else(|| bad("it has no port"))?;
        if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad("the port is not a number"));
        }
        let port: u16 = port.parse().map_err(|_| bad("a port is at most 65535"))?;
        let place = match host {
            "" => Place::Everywhere(port),
            // Not looked up: wherever names are broken this one still has to work.
            "localhost" => Place::Address((Ipv4Addr::LOCALHOST, port).into()),
            _ if host.starts_with('[') => {
                let address = text.parse().map_err(|_| bad("no IPv6 address stands in the brackets"))?;
                Place::Address(address)
            }
            _ if host.contains('/') => return Err(bad("it is a URL")),
            _ if host.contains(':') => return Err(bad("an IPv6 address stands in brackets")),
            _ => match host.parse::<IpAddr>() {
                Ok(address) => Place::Address((address, port).into()),
                Err(_) if is_name(host) => Place::Name(host.to_owned(), port),
                Err(_) => return Err(bad("the host is neither a name nor an address")),
            },
        };
        Ok(Self { text: text.to_owned(), place })
    }
}

/// Letters, digits, dots, hyphens and underscores; and not an address with a number too many or too large.
pub(super) fn is_name(host: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    host.len() <= 253 && host.bytes().all(allowed) && host.bytes().any(|b| b.is_ascii_alphabetic())
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_means_its_addresses_o01() {
        for (text, addresses, loopback) in [
            ("localhost:7419", "127.0.0.1:7419", true),
            (":7419", "[::]:7419 0.0.0.0:7419", false),
            ("[::1]:7419", "[::1]:7419", true),
            ("[::ffff:127.0.0.1]:7419", "[::ffff:127.0.0.1]:7419", true),
            ("[::]:7419", "[::]:7419", false),
            ("0.0.0.0:7419", "0.0.0.0:7419", false),
            ("127.0.0.1:0", "127.0.0.1:0", true),
            ("192.0.2.1:65535", "192.0.2.1:65535", false),
        ] {
            let binding: Binding = text.parse().expect(text);
            let found = binding.addresses().expect("no name to look up");
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), addresses);
            assert_eq!(binding.is_loopback(), loopback, "{text}");
            assert_eq!(binding.port(), found[0].port());
            assert_eq!(binding.to_string(), text);
        }
    }

    #[test]
    fn two_bindings_overlap_where_one_port_would_be_listened_at_twice() {
        for (one, other, overlap) in [
            ("localhost:7419", "127.0.0.1:7419", true),
            (":7419", "localhost:7419", true),
            (":7419", "jobs.example.org:7419", true),
            ("0.0.0.0:7419", "192.0.2.1:7419", true),
            ("[::]:7419", "[::1]:7419", true),
            ("jobs.example.org:7419", "Jobs.example.org:7419", true),
            ("localhost:7419", "localhost:7420", false),
            ("127.0.0.1:7419", "[::1]:7419", false),
            ("192.0.2.1:7419", "192.0.2.2:7419", false),
            ("jobs.example.org:7419", "localhost:7419", false),
            (":0", ":0", false),
        ] {
            let [first, second] = [one, other].map(|text| text.parse::<Binding>().expect(text));
            assert_eq!(first.overlaps(&second), overlap, "{one} {other}");
            assert_eq!(second.overlaps(&first), overlap, "{other} {one}");
        }
    }

    #[test]
    fn a_name_is_kept_and_counts_as_reachable_d8() {
        let binding: Binding = "jobs.example.org:7419".parse().expect("a name");
        assert_eq!(binding.place, Place::Name("jobs.example.org".into(), 7419));
        assert!(!binding.is_loopback());
    }

    #[test]
    fn anything_else_is_one_clear_line() {
        for (text, reason) in [
            ("", "no port"),
            ("7419", "no port"),
            ("localhost", "no port"),
            ("localhost:", "not a number"),
            ("localhost:http", "not a number"),
            ("localhost:-1", "not a number"),
            ("localhost:+1", "not a number"),
            ("localhost:65536", "at most 65535"),
            ("::1:7419", "in brackets"),
            ("[::1:7419", "brackets"),
            ("[localhost]:7419", "brackets"),
            ("1.2.3:7419", "neither a name nor an address"),
            ("300.0.0.1:7419", "neither a name nor an address"),
            ("tcp://localhost:7419", "a URL"),
            ("local host:7419", "neither a name nor an address"),
            ("lo\ncal:7419", "neither a name nor an address"),
        ] {
            let line = text.parse::<Binding>().expect_err(text).to_string();
            assert!(line.contains(reason), "{line}");
            assert!(!line.contains('\n') && line.contains("localhost:7419"), "{line}");
        }
    }
}
