//! The password of the dashboard: HTTP Basic with any user name (rule `V-02`).
//!
//! Digests are compared, not passwords, so that neither content nor length shows in the time it takes. An address
//! that guesses is slowed to one try a second.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use bessemer_core::Wall;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::limits;
use crate::problem::Problem;

/// The password's digest, and who has been guessing.
pub(crate) struct Lock {
    digest: Option<[u8; 32]>,
    /// Held for a look-up, never across an await.
    wrong: Mutex<BTreeMap<IpAddr, Wrong>>,
}

/// The wrong passwords of one address.
struct Wrong {
    count: u32,
    first: Wall,
    last: Wall,
}

impl Lock {
    pub(crate) fn new(password: Option<&str>) -> Self {
        Self { digest: password.map(|password| Sha256::digest(password).into()), wrong: Mutex::default() }
    }

    /// Lets a request in, or says why not.
    pub(crate) fn check(
        &self,
        credentials: Option<&HeaderValue>,
        address: IpAddr,
        now: Wall,
    ) -> Result<(), Problem> {
        let Some(digest) = &self.digest else { return Ok(()) };
        let Some(credentials) = credentials else {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "Authorization required"));
        };
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if !may_try(&mut wrong, address, now) {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many wrong passwords; wait a second",
            ));
        }
        let right = |given: Vec<u8>| Sha256::digest(given).as_slice().ct_eq(digest).into();
        if password(credentials.as_bytes()).is_some_and(right) {
            return Ok(());
        }
        note(&mut wrong, address, now);
        Err(Problem::new(StatusCode::UNAUTHORIZED, "Authorization failed"))
    }
}

fn may_try(wrong: &mut BTreeMap<IpAddr, Wrong>, address: IpAddr, now: Wall) -> bool {
    let Some(entry) = wrong.get_mut(&address) else { return true };
    // The clock may have been set back; then the minute starts anew.
    if now < entry.last || now.since(entry.first) >= Duration::from_secs(60) {
        wrong.remove(&address);
        return true;
    }
    if entry.count < limits::WRONG_PASSWORDS {
        return true;
    }
    let rested = now.since(entry.last) >= Duration::from_secs(1);
    if rested {
        entry.last = now;
    }
    rested
}

fn note(wrong: &mut BTreeMap<IpAddr, Wrong>, address: IpAddr, now: Wall) {
    if wrong.len() >= limits::WRONG_ADDRESSES && !wrong.contains_key(&address) {
        let quiet = wrong.iter().min_by_key(|(_, entry)| entry.last).map(|(address, _)| *address);
        quiet.and_then(|address| wrong.remove(&address));
    }
    let entry = wrong.entry(address).or_insert(Wrong { count: 0, first: now, last: now });
    entry.count += 1;
    entry.last = now;
    if entry.count == limits::WRONG_PASSWORDS {
        tracing::warn!(%address, "too many wrong passwords for the dashboard; slowing this address down");
    }
}

/// The password in `Basic <base64 of name:password>`; `None`: there is none.
fn password(credentials: &[u8]) -> Option<Vec<u8>> {
    let (scheme, rest) = credentials.split_at_checked(6)?;
    if credentials.len() > limits::AUTHORIZATION_MAX || !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let pair = base64(rest.trim_ascii())?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

/// Standard base64, padded or not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0u8);
    for byte in &text[..text.len() - padding] {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    // One letter left over is no byte at all.
    (held < 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_767_323_045_000_000);
    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn status(lock: &Lock, credentials: &str, seconds: f64) -> u16 {
        let credentials = HeaderValue::from_str(credentials).unwrap();
        let now = Wall(NOW.0 + (seconds * 1e6) as i64);
        lock.check(Some(&credentials), ADDRESS, now).map_or_else(|problem| problem.status.as_u16(), |()| 200)
    }

    #[test]
    fn any_name_with_the_password_is_let_in_v02() {
        let lock = Lock::new(Some("s3cret:ü"));
        assert_eq!(status(&lock, "Basic OnMzY3JldDrDvA==", 0.0), 200); // :s3cret:ü
        assert_eq!(status(&lock, "basic  am9lOnMzY3JldDrDvA", 0.0), 200); // joe:s3cret:ü
        for bad in [
            "Basic",
            "Basic ",
            "Basic !",
            "Basic czNjcmV0OsO8=A",
            "Basic czNjcmV0",     // no colon
            "Basic OnMzY3JldA==", // :s3cret
            "Bearer OnMzY3JldDrDvA==",
            "Basic OnMzY3JldDrDvDrDvA==", // something behind it
        ] {
            assert_eq!(status(&Lock::new(Some("s3cret:ü")), bad, 0.0), 401, "{bad}");
        }
        let long = format!("Basic {}", "A".repeat(1_000_000));
        assert_eq!(status(&lock, &long, 0.0), 401);
        assert_eq!(lock.check(None, ADDRESS, NOW).unwrap_err().text, "Authorization required");
        assert_eq!(status(&Lock::new(None), "Basic !", 0.0), 200);
    }

    #[test]
    fn base64_is_read_as_its_rfc_writes_it() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zg", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(base64(text.as_bytes()).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for bad in ["Z", "Zm9vY", "Zm9v\n", "====", "Z-_="] {
            assert_eq!(base64(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn guessing_is_slowed_to_one_try_a_second() {
        let (lock, right, wrong) = (Lock::new(Some("p")), "Basic OnA=", "Basic OnE=");
        for _ in 0..limits::WRONG_PASSWORDS {
            assert_eq!(status(&lock, wrong, 0.0), 401);
        }
        assert_eq!(status(&lock, right, 0.5), 429);
        assert_eq!(status(&lock, wrong, 1.0), 401);
        assert_eq!(status(&lock, wrong, 1.5), 429);
        assert_eq!(status(&lock, right, 2.0), 200);
        let elsewhere =
            lock.check(Some(&HeaderValue::from_static("Basic OnA=")), "192.0.2.2".parse().unwrap(), NOW);
        assert_eq!(elsewhere, Ok(()));
        assert_eq!(status(&lock, wrong, 61.0), 401);
        assert_eq!(status(&lock, wrong, 61.1), 401);
    }

    #[test]
    fn only_so_many_addresses_are_remembered() {
        let lock = Lock::new(Some("p"));
        let bad = HeaderValue::from_static("Basic OnE=");
        for n in 0..2 * limits::WRONG_ADDRESSES as u32 {
            let address = IpAddr::V4(n.into());
            assert_eq!(
                lock.check(Some(&bad), address, Wall(NOW.0 + i64::from(n))).unwrap_err().status.as_u16(),
                401
            );
        }
        assert_eq!(lock.wrong.lock().unwrap().len(), limits::WRONG_ADDRESSES);
    }
}
