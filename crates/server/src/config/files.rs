//! The configuration's files: which directory they are read from, and what lies in it.
//!
//! ```text
//! DIRECTORY/conf.d/*.toml         merged in the order of their names (`keys.rs`)
//! DIRECTORY/private.key.pem       TLS (`tls.rs`)
//! DIRECTORY/public.cert.pem
//! ```

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::env::Variables;
use super::{ConfigError, Environment, Notes};

/// Bytes of one file. Nobody writes so much by hand.
const FILE_MAX: u64 = 1 << 20;

const CONF_D: &str = "conf.d";
/// A key and its certificate, named as Faktory names them.
pub(super) const TLS_FILES: [&str; 2] = ["private.key.pem", "public.cert.pem"];

/// A file and what is in it.
pub(super) type File = (PathBuf, String);

/// The directory that configuration is read from: the one named, else ours, else Faktory's (`D17`).
pub(super) fn directory(
    named: Option<&Path>,
    environment: Environment,
    etc: &Path,
    variables: &Variables,
    notes: &mut Notes,
) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(named) = named {
        return match fs::metadata(named) {
            Ok(found) if found.is_dir() => Ok(Some(named.to_owned())),
            Ok(_) => Err(ConfigError::source(named, "is no directory")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                notes.warn(format!("-c {}: there is no such directory", named.display()));
                Ok(None)
            }
            Err(error) => Err(ConfigError::source(named, error)),
        };
    }
    let (ours, faktory) = match (environment, &variables.home) {
        (Environment::Development, Some(home)) => (home.join(".bessemer"), home.join(".faktory")),
        (Environment::Development, None) => return Ok(None),
        _ => (etc.join("bessemer"), etc.join("faktory")),
    };
    if configures(&ours) {
        return Ok(Some(ours));
    }
    if !configures(&faktory) {
        return Ok(None);
    }
    let (from, not) = (faktory.display(), ours.display());
    notes.info(format!("reading Faktory's configuration from {from}, as there is none in {not}"));
    Ok(Some(faktory))
}

/// Whether a directory holds configuration. That it exists says nothing: data lies in `~/.bessemer` too.
fn configures(directory: &Path) -> bool {
    // What is there and cannot be looked at counts: reading it will say why.
    let there = |name: &&str| !matches!(directory.join(name).try_exists(), Ok(false));
    TLS_FILES.iter().chain([&CONF_D]).any(there)
}

/// The files of `conf.d`, in the order of their names. Hidden ones are an editor's.
pub(super) fn read(directory: &Path) -> Result<Vec<File>, ConfigError> {
    let folder = directory.join(CONF_D);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ConfigError::source(&folder, error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| ConfigError::source(&folder, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".toml") && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = read_text(&path, FILE_MAX).map_err(|what| ConfigError::source(&path, what))?;
            Ok((path, text))
        })
        .collect()
}

/// Why a file is no place for a secret: others may read it, or it is somebody else's. None: it is one.
pub(super) fn exposure(path: &Path) -> io::Result<Option<String>> {
    /// The permissions of everybody but the owner to read a file.
    const READABLE_BY_OTHERS: u32 = 0o044;
    let found = fs::metadata(path)?;
    let (mode, owner) = (found.mode(), found.uid());
    if mode & READABLE_BY_OTHERS != 0 {
        return Ok(Some(format!("can be read by others (mode {:o}); chmod 600 makes it safe", mode & 0o777)));
    }
    let ours = owner == 0 || owner == rustix::process::geteuid().as_raw();
    Ok((!ours).then(|| format!("belongs to somebody else (user {owner}); chown makes it ours or root's")))
}

/// A text file of at most this many bytes; the error says what is wrong with it.
pub(super) fn read_text(path: &Path, most: u64) -> Result<String, String> {
    let reason = |error: io::Error| error.to_string();
    // Before opening: a pipe without a writer would wait for ever.
    if !fs::metadata(path).map_err(reason)?.is_file() {
        return Err("is no regular file".into());
    }
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)).map_err(reason)?;
    if bytes.len() as u64 > most {
        return Err(format!("is larger than {most} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".into())
}
