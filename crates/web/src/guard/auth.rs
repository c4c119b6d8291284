//! The passwords of the dashboard: HTTP Basic with any user name (rule `V-02`); one for all, and one that only reads.
//!
//! Digests are compared, not passwords, so that neither content nor length shows in the time it takes. An address
//! that guesses is slowed to one try a second: what it sends waits for its turn, and the right password still lets in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use bessemer_core::Wall;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::guard::visitor::Role;
use crate::problem::Problem;
use crate::{Site, limits};

/// The passwords' digests, and who has been guessing.
pub(crate) struct Lock {
    digest: Option<[u8; 32]>,
    /// Of the password that only reads.
    viewer: Option<[u8; 32]>,
    /// Held for a look-up, never across an await.
    wrong: Mutex<BTreeMap<IpAddr, Wrong>>,
}

/// The wrong passwords of one address.
struct Wrong {
    count: u32,
    first: Wall,
    last: Wall,
    /// When what it tries is looked at again, once there were too many.
    next: Option<Wall>,
}

impl Lock {
    pub(crate) fn of(site: &Site) -> Self {
        let digest = |password: &Option<String>| password.as_ref().map(|text| Sha256::digest(text).into());
        Self {
            digest: digest(&site.password),
            viewer: digest(&site.viewer_password),
            wrong: Mutex::default(),
        }
    }

    /// Whether everybody gets in.
    pub(crate) fn is_open(&self) -> bool {
        self.digest.is_none()
    }

    /// Lets a password in, and says which it was and what its owner is called; or why not.
    pub(crate) fn check(
        &self,
        credentials: Option<&HeaderValue>,
        address: IpAddr,
        now: Wall,
    ) -> Result<(Role, String), Problem> {
        let Some(digest) = &self.digest else { return Ok((Role::Open, String::new())) };
        let credentials = credentials.ok_or_else(required)?;
        let Some((name, given)) = password(credentials.as_bytes()) else {
            return Err(self.wrong(address, now));
        };
        let given = Sha256::digest(given);
        let is = |digest: &[u8; 32]| bool::from(given.as_slice().ct_eq(digest));
        // Both are compared in any case.
        let (admin, viewer) = (is(digest), self.viewer.as_ref().is_some_and(is));
        match (admin, viewer) {
            (true, _) => Ok((Role::Admin, name)),
            (_, true) => Ok((Role::Viewer, name)),
            _ => Err(self.wrong(address, now)),
        }
    }

    /// How long an address has to wait until what it tries is looked at. Who would have to wait for too long is to go.
    pub(crate) fn turn(&self, address: IpAddr, now: Wall) -> Result<Duration, Problem> {
        turn(&mut self.guesses(), address, now).ok_or_else(|| {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many wrong passwords; wait a few seconds")
        })
    }

    /// What an address tried was wrong.
    pub(crate) fn wrong(&self, address: IpAddr, now: Wall) -> Problem {
        note(&mut self.guesses(), address, now);
        Problem::new(StatusCode::UNAUTHORIZED, "Authorization failed").said("problem-wrong-password")
    }

    fn guesses(&self) -> std::sync::MutexGuard<'_, BTreeMap<IpAddr, Wrong>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn required() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "Authorization required").said("problem-no-password")
}

fn turn(wrong: &mut BTreeMap<IpAddr, Wrong>, address: IpAddr, now: Wall) -> Option<Duration> {
    let Some(entry) = wrong.get_mut(&address) else { return Some(Duration::ZERO) };
    // The clock may have been set back; then the minute starts anew.
    if now < entry.last || now.since(entry.first) >= Duration::from_secs(60) {
        wrong.remove(&address);
        return Some(Duration::ZERO);
    }
    if entry.count < limits::WRONG_PASSWORDS {
        return Some(Duration::ZERO);
    }
    let at = entry.next.map_or(now, |next| next.max(now));
    let wait = at.since(now);
    if wait > limits::TURN_TIME {
        return None;
    }
    entry.next = Some(at.after(Duration::from_secs(1)));
    Some(wait)
}

fn note(wrong: &mut BTreeMap<IpAddr, Wrong>, address: IpAddr, now: Wall) {
    if wrong.len() >= limits::WRONG_ADDRESSES && !wrong.contains_key(&address) {
        let quiet = wrong.iter().min_by_key(|(_, entry)| entry.last).map(|(address, _)| *address);
        quiet.and_then(|address| wrong.remove(&address));
    }
    let entry = wrong.entry(address).or_insert(Wrong { count: 0, first: now, last: now, next: None });
    entry.count += 1;
    entry.last = now;
    if entry.count == limits::WRONG_PASSWORDS {
        tracing::warn!(%address, "too many wrong passwords for the dashboard; slowing this address down");
    }
}

/// Name and password in `Basic <base64 of name:password>`; `None`: there are none.
fn password(credentials: &[u8]) -> Option<(String, Vec<u8>)> {
    let (scheme, rest) = credentials.split_at_checked(6)?;
    if credentials.len() > limits::AUTHORIZATION_MAX || !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let pair = base64(rest.trim_ascii())?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some((String::from_utf8_lossy(&pair[..colon]).into_owned(), pair[colon + 1..].to_vec()))
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

    fn lock(password: &str) -> Lock {
        Lock::of(&Site { password: Some(password.into()), ..Site::default() })
    }

    fn status(lock: &Lock, credentials: &str, seconds: f64) -> u16 {
        let credentials = HeaderValue::from_str(credentials).unwrap();
        let now = Wall(NOW.0 + (seconds * 1e6) as i64);
        let tried = lock.turn(ADDRESS, now).and_then(|_| lock.check(Some(&credentials), ADDRESS, now));
        tried.map_or_else(|problem| problem.status.as_u16(), |_| 200)
    }

    #[test]
    fn any_name_with_the_password_is_let_in_v02() {
        let lock = lock("s3cret:ü");
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
            assert_eq!(status(&self::lock("s3cret:ü"), bad, 0.0), 401, "{bad}");
        }
        let long = format!("Basic {}", "A".repeat(1_000_000));
        assert_eq!(status(&lock, &long, 0.0), 401);
        assert_eq!(lock.check(None, ADDRESS, NOW).unwrap_err().text, "Authorization required");
        assert_eq!(status(&Lock::of(&Site::default()), "Basic !", 0.0), 200);
    }

    #[test]
    fn the_other_password_only_reads() {
        let site = Site { password: Some("p".into()), viewer_password: Some("v".into()), ..Site::default() };
        let lock = Lock::of(&site);
        let check = |text| lock.check(Some(&HeaderValue::from_static(text)), ADDRESS, NOW);
        assert_eq!(check("Basic am9lOnA="), Ok((Role::Admin, "joe".into())));
        assert_eq!(check("Basic am9lOnY="), Ok((Role::Viewer, "joe".into())));
        assert_eq!(check("Basic am9lOnE=").map_err(|problem| problem.status.as_u16()), Err(401));
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
        let (lock, right, wrong) = (lock("p"), "Basic OnA=", "Basic OnE=");
        for _ in 0..limits::WRONG_PASSWORDS {
            assert_eq!(status(&lock, wrong, 0.0), 401);
        }
        let wait = |seconds: f64| {
            let turn = lock.turn(ADDRESS, Wall(NOW.0 + (seconds * 1e6) as i64));
            turn.map(|wait| wait.as_millis()).map_err(|problem| problem.status.as_u16())
        };
        assert_eq!([0.5, 0.5, 1.0].map(wait), [Ok(0), Ok(1_000), Ok(1_500)]);
        assert_eq!(status(&lock, right, 3.5), 200, "when its turn has come");
        assert_eq!(
            [3.5; 6].map(wait),
            [1_000, 2_000, 3_000, 4_000, 5_000].map(Ok).into_iter().chain([Err(429)]).collect::<Vec<_>>()[..]
        );
        assert_eq!(wait(9.5), Ok(0), "who was sent away has taken nobody's turn");
        let elsewhere =
            lock.check(Some(&HeaderValue::from_static("Basic OnA=")), "192.0.2.2".parse().unwrap(), NOW);
        assert_eq!(elsewhere, Ok((Role::Admin, String::new())));
        assert_eq!(status(&lock, wrong, 61.0), 401);
        assert_eq!(status(&lock, wrong, 61.1), 401);
    }

    #[test]
    fn only_so_many_addresses_are_remembered() {
        let lock = lock("p");
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
