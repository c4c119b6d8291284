//! The password: where it is looked for (rule `O-06`), and which one is good enough.
//!
//! ```text
//! FAKTORY_PASSWORD ─unset─► `faktory.password` ─┬─ a value that starts with `/` names a file
//!        └──────────────empty────────┴──────────► outside development: /etc/bessemer/password,
//!                                                                      else /etc/faktory/password
//! ```

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use zeroize::Zeroizing;

use super::keys::Settings;
use super::{ConfigError, Environment, Notes, env, files};

/// Bytes of a file with a password, far more than any password.
const FILE_MAX: u64 = 4 << 10;

/// A shorter password is guessed too easily by whoever records a HELLO.
const GOOD_LENGTH: usize = 16;

/// What a client has to know. It shows itself to nobody who does not ask for it, and leaves nothing in freed memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Refuses what cannot be meant; the error says why.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.trim().is_empty() {
            Err("is empty")
        } else if text.len() as u64 > FILE_MAX {
            Err("is longer than 4096 bytes")
        } else if text.contains('\0') {
            Err("has a NUL in it")
        } else if text.contains(char::REPLACEMENT_CHARACTER) {
            Err("is not UTF-8")
        } else {
            Ok(Self(text.to_owned().into()))
        }
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Looks for passwords and judges what it finds.
pub(super) struct Search<'a> {
    pub(super) environment: Environment,
    pub(super) etc: &'a Path,
    pub(super) settings: &'a Settings<'a>,
    pub(super) notes: &'a mut Notes,
}

impl Search<'_> {
    /// The password of the port for jobs.
    pub(super) fn command(&mut self, variable: Option<&str>) -> Result<Option<Password>, ConfigError> {
        const KEY: &str = "faktory.password";
        let mut found = match variable {
            Some(value) => {
                if self.settings.text(KEY).is_some() {
                    let key = self.origin(KEY);
                    self.notes.warn(format!("{} is set, so {key} is not used", env::PASSWORD));
                }
                self.value(env::PASSWORD, value)?
            }
            None => self.key(KEY)?,
        };
        if self.environment == Environment::Development {
            return Ok(found);
        }
        for path in ["bessemer/password", "faktory/password"].map(|name| self.etc.join(name)) {
            let absent = [ErrorKind::NotFound, ErrorKind::NotADirectory];
            if fs::metadata(&path).is_err_and(|error| absent.contains(&error.kind())) {
                continue;
            }
            if found.is_some() {
                let file = path.display();
                self.notes.warn(format!("a password is set elsewhere, so {file} is not used"));
            } else {
                found = Some(self.file(&path.display().to_string(), &path)?);
            }
            break;
        }
        Ok(found)
    }

    /// The dashboard's own password.
    pub(super) fn web(&mut self) -> Result<Option<Password>, ConfigError> {
        self.key("web.password")
    }

    /// The one that only reads.
    pub(super) fn viewer(&mut self, other: Option<&Password>) -> Result<Option<Password>, ConfigError> {
        const KEY: &str = "web.viewer_password";
        let Some(found) = self.key(KEY)? else { return Ok(None) };
        match other {
            None => Err(self
                .settings
                .wrong(KEY, "needs `web.password` beside it: without one everybody may do everything")),
            Some(other) if other.expose() == found.expose() => Err(self
                .settings
                .wrong(KEY, "is the password that may do everything; it has to be another one")),
            Some(_) => Ok(Some(found)),
        }
    }

    fn key(&mut self, name: &'static str) -> Result<Option<Password>, ConfigError> {
        match self.settings.text(name) {
            Some(value) => self.value(&self.origin(name), value),
            None => Ok(None),
        }
    }

    /// `file:line:column: key`
    fn origin(&self, name: &'static str) -> String {
        self.settings.spot(name).map_or_else(|| name.to_owned(), |at| format!("{at}: {name}"))
    }

    fn value(&mut self, origin: &str, value: &str) -> Result<Option<Password>, ConfigError> {
        if value.is_empty() {
            return Ok(None);
        }
        if value.starts_with('/') {
            return self.file(&format!("{origin}: {value}"), Path::new(value)).map(Some);
        }
        let password = Password::new(value).map_err(|what| refused(origin, what))?;
        self.judge(origin, &password);
        Ok(Some(password))
    }

    fn file(&mut self, origin: &str, path: &Path) -> Result<Password, ConfigError> {
        let text = Zeroizing::new(files::read_text(path, FILE_MAX).map_err(|what| refused(origin, what))?);
        if let Some(what) = files::exposure(path).map_err(|error| refused(origin, error))? {
            if self.environment == Environment::Production {
                return Err(refused(origin, what));
            }
            self.notes.warn(format!("the password of {origin} {what}"));
        }
        let password = Password::new(text.trim()).map_err(|what| refused(origin, what))?;
        self.judge(origin, &password);
        Ok(password)
    }

    fn judge(&mut self, origin: &str, password: &Password) {
        if password.0.len() < GOOD_LENGTH {
            self.notes.warn(format!("the password of {origin} has less than {GOOD_LENGTH} characters"));
        }
    }
}

fn refused(origin: &str, what: impl fmt::Display) -> ConfigError {
    ConfigError::Source { name: format!("the password of {origin}"), what: what.to_string() }
}
