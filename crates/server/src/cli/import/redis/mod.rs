//! A running Redis, which is only read: every key by SCAN and TYPE, and the values of those that are Faktory's in pages.
//!
//! Faktory's own Redis listens on a socket in its data directory and nowhere else (rule `S-01`); the Enterprise edition
//! may use one at an address (rule `S-08`). While somebody changes what it holds no two readings are the same, which the
//! importer finds out.

mod resp;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

use bessemer_store::tools::{Progress, Watch};
use percent_encoding::percent_decode_str;

use self::resp::{Connection, Reply};
use super::faktory::Place;
use super::keys::{Kind, Take};
use crate::exit::{Exit, Failure};

/// The port of a Redis.
const PORT: u16 = 6379;

/// Keys that are asked for at once.
const SCAN_COUNT: &[u8] = b"1000";

/// Elements of one page at most, and bytes, about: a Redis holds its reply in memory.
const PAGE_MAX: u64 = 1_000;
const PAGE_BYTES: u64 = 4 << 20;

/// Where a Redis is, and what it takes to read it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    at: At,
    user: Option<String>,
    password: Option<String>,
    /// `None`: the address does not say.
    pub(super) database: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

/// Why a text is no address of a Redis. None of them repeats the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error("TLS to a Redis is not supported: import its data file, or lead a tunnel to it")]
    Tls,
    #[error(
        "the address of a Redis is redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or unix:/PATH[?db=DATABASE]"
    )]
    Malformed,
}

/// Why a Redis cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum RedisError {
    #[error("cannot be reached: {0}")]
    Unreachable(io::Error),
    #[error("{0}")]
    Failed(#[from] io::Error),
    /// Its own word.
    #[error("it says: {0}")]
    Said(String),
    #[error("{0}")]
    Odd(&'static str),
    /// Whoever takes it wants no more.
    #[error(transparent)]
    Refused(#[from] Failure),
}

impl Address {
    /// Whether a text is meant to be one.
    pub(super) fn is_meant(text: &str) -> bool {
        ["redis://", "rediss://", "unix:", "redis+unix:"].iter().any(|scheme| text.starts_with(scheme))
    }

    /// The address of a socket.
    pub(super) fn of_socket(path: PathBuf) -> Self {
        Self { at: At::Unix(path), user: None, password: None, database: None }
    }

    pub(super) fn parse(text: &str) -> Result<Self, AddressError> {
        let bad = AddressError::Malformed;
        let (scheme, rest) = text.split_once(':').ok_or(bad)?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let number = |text: &str| text.parse::<u64>().map_err(|_| bad);
        let (at, database) = match scheme {
            "rediss" => return Err(AddressError::Tls),
            "redis" => {
                let (address, database) = place.split_once('/').unwrap_or((place, ""));
                let database = if database.is_empty() { None } else { Some(number(database)?) };
                (tcp(address)?, database)
            }
            _ => {
                let (path, database) = match place.split_once("?db=") {
                    Some((path, database)) => (path, Some(number(database)?)),
                    None => (place, None),
                };
                if path.is_empty() {
                    return Err(bad);
                }
                (At::Unix(decode(path)?.into()), database)
            }
        };
        let (user, password) = login.map_or(("", ""), |login| login.split_once(':').unwrap_or((login, "")));
        let given = |text: &str| Ok(Some(decode(text)?).filter(|text| !text.is_empty()));
        Ok(Self { at, user: given(user)?, password: given(password)?, database })
    }

    /// Takes a password from elsewhere where the address has none.
    pub(super) fn or_password(mut self, password: Option<String>) -> Self {
        self.password = self.password.or(password);
        self
    }
}

fn tcp(address: &str) -> Result<At, AddressError> {
    let bad = AddressError::Malformed;
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad)?),
        _ => (address, PORT),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() || host.contains(['/', '?', '#', ' ']) {
        return Err(bad);
    }
    Ok(At::Tcp { host: host.to_owned(), port })
}

fn decode(text: &str) -> Result<String, AddressError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| AddressError::Malformed)?;
    Ok(text.into_owned())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::Tcp { host, port } if host.contains(':') => write!(f, "redis://[{host}]:{port}"),
            At::Tcp { host, port } => write!(f, "redis://{host}:{port}"),
            At::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl RedisError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Unreachable(_) => Exit::NoInput,
            Self::Said(text) if text.starts_with("LOADING") => Exit::Restless,
            Self::Said(text)
                if ["NOAUTH", "WRONGPASS", "NOPERM"].iter().any(|code| text.starts_with(code)) =>
            {
                Exit::Permission
            }
            Self::Failed(_) | Self::Said(_) | Self::Odd(_) => Exit::Io,
            Self::Refused(failure) => failure.exit,
        }
    }
}

/// Reads a database of a Redis.
pub(super) fn read(
    address: &Address,
    database: u64,
    take: &mut dyn Take,
    watch: &mut Watch<'_>,
) -> Result<(), RedisError> {
    let mut peer = Connection::open(&address.at).map_err(RedisError::Unreachable)?;
    match (&address.user, &address.password) {
        (Some(user), Some(password)) => _ = peer.ask(&[b"AUTH", user.as_bytes(), password.as_bytes()])?,
        (None, Some(password)) => _ = peer.ask(&[b"AUTH", password.as_bytes()])?,
        (_, None) => {}
    }
    if database > 0 {
        peer.ask(&[b"SELECT", database.to_string().as_bytes()])?;
    }
    let keys = keys(&mut peer, database, take)?;
    let mut reader = Reader { peer, of: 0, done: 0, take, watch, text: Vec::new(), score: Vec::new() };
    reader.size(&keys)?;
    for (key, kind) in &keys {
        if reader.take.key(database, key, *kind)? {
            reader.value(key, *kind)?;
        }
    }
    Ok(())
}

/// The keys that are Faktory's, sorted, so that two readings tell the same in the same order. The others are told at
/// once, without their values.
fn keys(
    peer: &mut Connection,
    database: u64,
    take: &mut dyn Take,
) -> Result<BTreeMap<Vec<u8>, Kind>, RedisError> {
    let (mut found, mut cursor) = (BTreeMap::new(), b"0".to_vec());
    loop {
        peer.command(&[b"SCAN", &cursor, b"COUNT", SCAN_COUNT]);
        peer.send()?;
        if peer.many()? != 2 {
            return Err(RedisError::Odd("its reply to SCAN is none"));
        }
        peer.text(&mut cursor)?;
        let mut page = Vec::new();
        for _ in 0..peer.many()? {
            let mut key = Vec::new();
            peer.text(&mut key)?;
            page.push(key);
        }
        page.iter().for_each(|key| peer.command(&[b"TYPE", key]));
        peer.send()?;
        for key in page {
            let kind = match peer.reply()? {
                Reply::Line(kind) => kind,
                _ => return Err(RedisError::Odd("its reply to TYPE is none")),
            };
            let kind = match &*kind {
                // It has gone meanwhile.
                "none" => continue,
                "string" => Kind::Text,
                "list" => Kind::List,
                "set" => Kind::Set,
                "zset" => Kind::Sorted,
                "hash" => Kind::Hash,
                _ => Kind::Other,
            };
            if Place::of(&key, kind).is_some() {
                found.insert(key, kind);
            } else {
                take.key(database, &key, kind)?;
            }
        }
        if cursor == b"0" {
            return Ok(found);
        }
    }
}

/// Reads values.
struct Reader<'r, 'w> {
    peer: Connection,
    /// Elements in all, when it began, and told so far.
    of: u64,
    done: u64,
    take: &'r mut dyn Take,
    watch: &'r mut Watch<'w>,
    text: Vec<u8>,
    score: Vec<u8>,
}

impl Reader<'_, '_> {
    /// Asks how many elements there are.
    fn size(&mut self, keys: &BTreeMap<Vec<u8>, Kind>) -> Result<(), RedisError> {
        let sized = |kind: &Kind| match kind {
            Kind::List => Some(&b"LLEN"[..]),
            Kind::Sorted => Some(&b"ZCARD"[..]),
            _ => None,
        };
        for (key, kind) in keys {
            if let Some(command) = sized(kind)
                && let Reply::Number(count) = self.peer.ask(&[command, key])?
            {
                self.of += u64::try_from(count).unwrap_or(0);
            }
        }
        Ok(())
    }

    fn value(&mut self, key: &[u8], kind: Kind) -> Result<(), RedisError> {
        match kind {
            Kind::Text => match self.peer.ask(&[b"GET", key])? {
                Reply::Text(len) => {
                    self.peer.rest_of_text(len, &mut self.text)?;
                    Ok(self.take.value(&self.text, None)?)
                }
                _ => Ok(()),
            },
            Kind::Set => {
                self.peer.command(&[b"SMEMBERS", key]);
                self.peer.send()?;
                self.elements(1).map(drop)
            }
            _ => self.pages(key, kind == Kind::Sorted),
        }
    }

    fn pages(&mut self, key: &[u8], is_sorted: bool) -> Result<(), RedisError> {
        let (mut from, mut page) = (0, 1);
        loop {
            let [first, last] = [from, from + page - 1].map(|number: u64| number.to_string());
            let (first, last) = (first.as_bytes(), last.as_bytes());
            let parts = if is_sorted {
                self.peer.command(&[b"ZRANGE", key, first, last, b"WITHSCORES"]);
                2
            } else {
                self.peer.command(&[b"LRANGE", key, first, last]);
                1
            };
            self.peer.send()?;
            let (count, bytes) = self.elements(parts)?;
            if count < page {
                return Ok(());
            }
            from += count;
            // As many as fit, judged by those that came.
            page = (PAGE_BYTES / (bytes / count).max(1)).clamp(1, PAGE_MAX);
        }
    }

    /// Tells the elements of a reply, each of which has so many parts; how many there were, and their bytes.
    fn elements(&mut self, parts: u64) -> Result<(u64, u64), RedisError> {
        let (count, mut bytes) = (self.peer.many()? / parts, 0);
        for _ in 0..count {
            self.peer.text(&mut self.text)?;
            bytes += self.text.len() as u64;
            let score = if parts == 2 {
                self.peer.text(&mut self.score)?;
                let score = std::str::from_utf8(&self.score).ok().and_then(|score| score.parse().ok());
                Some(score.ok_or(RedisError::Odd("a score of it is no number"))?)
            } else {
                None
            };
            self.take.value(&self.text, score)?;
            self.done += 1;
        }
        (self.watch)(Progress { done: self.done, of: self.of.max(self.done) });
        Ok((count, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_their_passwords() {
        let read = |text: &str| {
            let address = Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let shown = format!("{address} {address:?}");
            assert!(!shown.contains("secret"), "{shown}");
            (address.to_string(), address.user, address.password, address.database)
        };
        let some = |text: &str| Some(text.to_owned());
        let at = |text: &str| text.to_owned();
        for (text, expected) in [
            ("redis://localhost", (at("redis://localhost:6379"), None, None, None)),
            ("redis://:secret@h:1/3", (at("redis://h:1"), None, some("secret"), Some(3))),
            ("redis://u:secret%40@[::1]:2/", (at("redis://[::1]:2"), some("u"), some("secret@"), None)),
            ("redis://[::1]", (at("redis://[::1]:6379"), None, None, None)),
            ("unix:/a/redis.sock", (at("unix:/a/redis.sock"), None, None, None)),
            ("unix:///a/b?db=2", (at("unix:/a/b"), None, None, Some(2))),
            ("redis+unix://:secret@/a%20b", (at("unix:/a b"), None, some("secret"), None)),
        ] {
            assert!(Address::is_meant(text), "{text}");
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_gets_one_line_that_does_not_repeat_it() {
        for text in [
            "redis://",
            "redis://:secret@",
            "redis://h:secret",
            "redis://h:70000",
            "redis://h/secret",
            "redis://a b",
            "unix:",
            "unix:/a?db=secret",
            "redis://:secret%ff@h",
        ] {
            let error = Address::parse(text).expect_err(text);
            assert_eq!(error, AddressError::Malformed, "{text}");
            assert!(!error.to_string().contains("secret"));
        }
        assert_eq!(Address::parse("rediss://:secret@h"), Err(AddressError::Tls));
        assert!(!Address::is_meant("faktory.rdb") && !Address::is_meant("/a/redis:"));
    }
}
