//! Tokens of scripts: what they may do, and by what they are known.
//!
//! A token is `bsm_<id>_<secret>`. It is shown once; kept are its id, to find it by, and a digest of its secret. The
//! secret has 256 random bits, so that nobody can go through all that have its digest, and one round of hashing is enough.

use bessemer_core::Wall;
use bessemer_core::command::Record;
use bessemer_core::fact::Family;
use bessemer_core::limits::SLICE_MAX;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::guard::visitor::Scope;
use crate::problem::Problem;
use crate::web::Web;
use crate::{Front, limits};

/// What a token begins with: whoever finds one knows what it is.
const PREFIX: &str = "bsm_";

/// A token, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    digest: String,
    /// Microseconds since 1970, as with all that follow.
    created: i64,
    expires: Option<i64>,
    /// The day on which it was used last.
    used: Option<i64>,
}

/// What a new token is to be.
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    /// Days that it is good for; `None`: until it is revoked.
    pub(crate) days: Option<u64>,
}

impl Token {
    pub(crate) fn created(&self) -> Wall {
        Wall(self.created)
    }

    pub(crate) fn expires(&self) -> Option<Wall> {
        self.expires.map(Wall)
    }

    /// `2026-01-02`
    pub(crate) fn used(&self) -> Option<String> {
        self.used.map(day)
    }

    pub(crate) fn has_expired(&self, now: Wall) -> bool {
        self.expires.is_some_and(|at| at <= now.0)
    }

    fn record(&self, id: &str) -> Record {
        let value = serde_json::to_vec(self).expect("names and numbers are JSON");
        Record { family: Family::Token, key: id.into(), value: Some(value) }
    }
}

fn day(at: i64) -> String {
    Wall(at).rfc3339().get(..10).unwrap_or_default().to_owned()
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `Bearer <token>`: id and secret.
pub(crate) fn bearer(credentials: &[u8]) -> Option<(&str, &str)> {
    let (scheme, rest) = credentials.split_at_checked(7)?;
    if credentials.len() > limits::AUTHORIZATION_MAX || !scheme.eq_ignore_ascii_case(b"bearer ") {
        return None;
    }
    str::from_utf8(rest.trim_ascii()).ok()?.strip_prefix(PREFIX)?.split_once('_')
}

/// Whether these credentials are meant to be a token.
pub(crate) fn is_bearer(credentials: &[u8]) -> bool {
    credentials.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
}

fn random(bytes: &mut [u8]) -> Result<String, Problem> {
    getrandom::fill(bytes).map_err(|error| Problem::internal(&error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl<F: Front> Web<F> {
    /// The token with this id.
    async fn token(&self, id: &str) -> Result<Option<Token>, Problem> {
        if id.is_empty() {
            return Ok(None);
        }
        let page = self.kept(Family::Token, Some(id.into()), 1).await?;
        let found = page.records.into_iter().find(|(key, _)| key == id.as_bytes());
        found.map(|(_, value)| serde_json::from_slice(&value).map_err(|e| Problem::internal(&e))).transpose()
    }

    /// The token that this is, if it is good; the day is noted.
    pub(crate) async fn admit(&self, id: &str, secret: &str) -> Result<Option<Token>, Problem> {
        let now = self.front.now();
        let Some(token) = self.token(id).await? else { return Ok(None) };
        let is_it: bool = digest(secret).as_bytes().ct_eq(token.digest.as_bytes()).into();
        if !is_it || token.has_expired(now) {
            return Ok(None);
        }
        if token.used() != Some(day(now.0)) {
            self.note_use(id, now).await?;
        }
        Ok(Some(token))
    }

    /// Notes the day. One that was revoked meanwhile stays so.
    async fn note_use(&self, id: &str, now: Wall) -> Result<(), Problem> {
        let _turn = self.tokens.lock().await;
        let Some(mut token) = self.token(id).await? else { return Ok(()) };
        token.used = Some(now.0);
        if let Err(problem) = self.keep(vec![token.record(id)]).await {
            // It is good all the same.
            tracing::warn!("failed to note that a token was used: {}", problem.text);
        }
        Ok(())
    }

    /// Every token and its id.
    pub(crate) async fn all_tokens(&self) -> Result<Vec<(String, Token)>, Problem> {
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let page = self.kept(Family::Token, from, SLICE_MAX).await?;
            for (key, value) in page.records {
                let token = serde_json::from_slice(&value).map_err(|error| Problem::internal(&error))?;
                all.push((String::from_utf8_lossy(&key).into_owned(), token));
            }
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Makes a token; its id, and the text that is never shown again.
    pub(crate) async fn create_token(&self, wanted: Wanted) -> Result<(String, String, Token), Problem> {
        let Wanted { name, mut scopes, days } = wanted;
        let name = name.trim().to_owned();
        let length = name.chars().count();
        if !(1..=limits::TOKEN_NAME_MAX).contains(&length) || name.chars().any(char::is_control) {
            let most = limits::TOKEN_NAME_MAX;
            return Err(Problem::bad(format!(
                "invalid name: a token's has 1 to {most} characters, none of control"
            )));
        }
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(Problem::bad(
                "invalid scopes: a token has at least one of read, push, operate, admin",
            ));
        }
        if days.is_some_and(|days| !(1..=limits::TOKEN_DAYS_MAX).contains(&days)) {
            let most = limits::TOKEN_DAYS_MAX;
            return Err(Problem::bad(format!("invalid days: a token is good for 1 to {most}")));
        }
        let now = self.front.now();
        let (id, secret) = (random(&mut [0; 8])?, random(&mut [0; 32])?);
        let expires = days.map(|days| now.0 + days as i64 * 86_400_000_000);
        let token = Token { name, scopes, digest: digest(&secret), created: now.0, expires, used: None };
        let _turn = self.tokens.lock().await;
        if self.kept(Family::Token, None, 1).await?.total >= limits::TOKENS_MAX {
            let most = limits::TOKENS_MAX;
            return Err(Problem::new(
                axum::http::StatusCode::CONFLICT,
                format!("There are {most} tokens, which is as many as there may be; revoke one first"),
            ));
        }
        self.keep(vec![token.record(&id)]).await?;
        self.record("create token", format!("{id} {}", token.name), 1).await;
        Ok((id.clone(), format!("{PREFIX}{id}_{secret}"), token))
    }

    /// Makes a token good for nothing.
    pub(crate) async fn revoke_token(&self, id: &str) -> Result<Token, Problem> {
        let _turn = self.tokens.lock().await;
        let token = self.token(id).await?.ok_or_else(|| Problem::not_found("There is no such token"))?;
        self.keep(vec![Record { family: Family::Token, key: id.into(), value: None }]).await?;
        self.record("revoke token", format!("{id} {}", token.name), 1).await;
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_is_a_token() {
        assert_eq!(bearer(b"Bearer bsm_a1_b2"), Some(("a1", "b2")));
        assert_eq!(bearer(b"bearer  bsm_a1_b_2 "), Some(("a1", "b_2")));
        for bad in ["", "Bearer", "Bearer x", "Bearer bsm_a1", "Basic bsm_a1_b2", "Bearer \u{ff}bsm_a_b"] {
            assert_eq!(bearer(bad.as_bytes()), None, "{bad}");
        }
        let long = format!("Bearer bsm_a_{}", "b".repeat(limits::AUTHORIZATION_MAX));
        assert_eq!(bearer(long.as_bytes()), None);
    }
}
