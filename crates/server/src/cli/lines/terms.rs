//! The member `terms` of a job's line, since format 3: what the server has agreed to do for a job beyond running it. It is
//! not read from the job's `custom`, which says what was asked for: a key may be free by now, a time counted from its push.

use std::borrow::Cow;

use bessemer_core::fact::{Callback, Release, Terms, Unique};
use serde::{Deserialize, Serialize};

use super::{read, written};

/// What a job asked for; nothing of it is left out that it still has.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Agreed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unique: Option<Key<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<Called<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cron: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tracked: bool,
}

/// The key of a unique job.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key<'a> {
    /// 32 hexadecimal digits.
    key: Cow<'a, str>,
    until: Cow<'a, str>,
    release: ReleaseWord,
}

/// The batch whose callback it is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Called<'a> {
    batch: Cow<'a, str>,
    which: CallbackWord,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReleaseWord {
    Success,
    Start,
    Expiry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CallbackWord {
    Success,
    Complete,
    Death,
}

impl<'a> Agreed<'a> {
    /// `None`: nothing.
    pub(super) fn of(terms: &Terms<'a>) -> Option<Self> {
        let agreed = Self {
            unique: terms.unique.map(|Unique { key, until, release }| Key {
                key: format!("{key:032x}").into(),
                until: written(until),
                release: match release {
                    Release::Success => ReleaseWord::Success,
                    Release::Start => ReleaseWord::Start,
                    Release::Expiry => ReleaseWord::Expiry,
                },
            }),
            expires: terms.expires.map(written),
            batch: terms.batch.map(Into::into),
            callback: terms.callback.map(|(batch, which)| Called {
                batch: batch.into(),
                which: match which {
                    Callback::Success => CallbackWord::Success,
                    Callback::Complete => CallbackWord::Complete,
                    Callback::Death => CallbackWord::Death,
                },
            }),
            cron: terms.cron.map(Into::into),
            tracked: terms.tracked,
        };
        (agreed != Self::default()).then_some(agreed)
    }

    pub(super) fn terms(&self) -> Result<Terms<'_>, String> {
        let unique = self.unique.as_ref().map(|unique| {
            let key = Some(&unique.key).filter(|key| key.len() == 32);
            let key = key.and_then(|key| u128::from_str_radix(key, 16).ok());
            Ok::<_, String>(Unique {
                key: key.ok_or("`key` has to be 32 hexadecimal digits")?,
                until: read("until", Some(&unique.until))?,
                release: match unique.release {
                    ReleaseWord::Success => Release::Success,
                    ReleaseWord::Start => Release::Start,
                    ReleaseWord::Expiry => Release::Expiry,
                },
            })
        });
        let callback = self.callback.as_ref().map(|called| {
            let which = match called.which {
                CallbackWord::Success => Callback::Success,
                CallbackWord::Complete => Callback::Complete,
                CallbackWord::Death => Callback::Death,
            };
            (&*called.batch, which)
        });
        Ok(Terms {
            unique: unique.transpose()?,
            expires: self.expires.as_ref().map(|at| read("expires", Some(at))).transpose()?,
            batch: self.batch.as_deref(),
            callback,
            cron: self.cron.as_deref(),
            tracked: self.tracked,
        })
    }
}

#[cfg(test)]
mod tests {
    use bessemer_core::Wall;

    use super::*;

    #[test]
    fn what_was_agreed_reads_back() {
        let unique = Unique { key: 0xab << 120, until: Wall(5), release: Release::Expiry };
        let all = Terms {
            unique: Some(unique),
            expires: Some(Wall(7)),
            batch: Some("b-1"),
            callback: Some(("b-2", Callback::Death)),
            cron: Some("nightly"),
            tracked: true,
        };
        let one = Terms { unique: Some(Unique { release: Release::Start, ..unique }), ..Terms::default() };
        for terms in [all, one, Terms { tracked: true, ..Terms::default() }] {
            let text = serde_json::to_string(&Agreed::of(&terms).expect("something")).expect("JSON");
            let read: Agreed<'_> = serde_json::from_str(&text).expect("the same");
            assert_eq!(read.terms(), Ok(terms), "{text}");
        }
        assert_eq!(Agreed::of(&Terms::default()), None);
    }

    #[test]
    fn what_nobody_can_have_agreed_to_is_refused() {
        let why = |text: &str| match serde_json::from_str::<Agreed<'_>>(text) {
            Ok(agreed) => agreed.terms().expect_err(text),
            Err(error) => error.to_string(),
        };
        let key = |key: &str| format!(r#"{{"unique":{{"key":"{key}","until":"x","release":"start"}}}}"#);
        assert_eq!(why(&key("7")), "`key` has to be 32 hexadecimal digits");
        assert_eq!(why(&key(&"g".repeat(32))), "`key` has to be 32 hexadecimal digits");
        assert!(why(&key(&"0".repeat(32))).starts_with("`until` is no moment"));
        assert!(why(r#"{"expires":"soon"}"#).starts_with("`expires` is no moment"));
        assert!(why(r#"{"later":1}"#).starts_with("unknown field `later`"));
    }
}
