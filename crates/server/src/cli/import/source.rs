//! What an import reads, recognised by what it is: lines of an export, Faktory's data file, or its Redis.

use std::fs::{File, FileType};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use bessemer_store::Fatal;
use bessemer_store::tools::Watch;

use super::keys::Take;
use super::rdb::{self, About, RdbError};
use super::redis::{self, Address};
use crate::exit::{Exit, Failure};

/// Names that Faktory and Redis give to a data file, and Faktory to the socket beside it.
const DATA: [&str; 2] = ["faktory.rdb", "dump.rdb"];
const SOCKET: &str = "redis.sock";

/// The variable from which `redis-cli` takes a password too.
const PASSWORD: &str = "REDISCLI_AUTH";

/// Where jobs come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Most probably lines of an export.
    Lines(PathBuf),
    Rdb {
        path: PathBuf,
        file: File,
        size: u64,
        about: About,
    },
    Redis(Address),
}

impl Source {
    /// Recognises what `named` is.
    pub(super) fn find(named: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        if let Some(text) = named.to_str().filter(|text| Address::is_meant(text)) {
            let usage = |error: redis::AddressError| Failure { exit: Exit::Usage, what: error.to_string() };
            let address = Address::parse(text).map_err(usage)?;
            return Ok(Self::Redis(address.or_password(variable(PASSWORD))));
        }
        let kind = kind(named)?;
        if kind.is_socket() {
            let address = Address::of_socket(named.to_owned());
            return Ok(Self::Redis(address.or_password(variable(PASSWORD))));
        }
        let path = if kind.is_dir() { data_file(named)? } else { named.to_owned() };
        let mut file = File::open(&path).map_err(|error| failed(&path, error))?;
        let size = file.metadata().map_err(|error| failed(&path, error))?.len();
        let mut begin = Vec::new();
        file.by_ref().take(rdb::MAGIC.len() as u64).read_to_end(&mut begin).map_err(|e| failed(&path, e))?;
        if begin != rdb::MAGIC {
            return Ok(Self::Lines(path));
        }
        Ok(Self::Rdb { path, file, size, about: About::default() })
    }

    /// What people call it. It never holds a password.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Lines(path) | Self::Rdb { path, .. } => path.display().to_string(),
            Self::Redis(address) => address.to_string(),
        }
    }

    /// The database that it names itself.
    pub(super) fn database(&self) -> Option<u64> {
        match self {
            Self::Redis(address) => address.database,
            _ => None,
        }
    }

    /// What a data file says of itself, once it was read.
    pub(super) fn about(&self) -> Option<About> {
        match self {
            Self::Rdb { about, .. } => Some(about.clone()),
            _ => None,
        }
    }

    /// Whether a Redis has it open: then the file is older than what that holds.
    pub(super) fn is_in_use(&self) -> bool {
        let Self::Rdb { path, .. } = self else { return false };
        UnixStream::connect(path.with_file_name(SOCKET)).is_ok()
    }

    /// Reads all of it, from its beginning.
    pub(super) fn read(
        &mut self,
        database: u64,
        take: &mut dyn Take,
        watch: &mut Watch<'_>,
    ) -> Result<(), Failure> {
        let name = self.name();
        let named = |failure: Failure| Failure { what: format!("{name}: {}", failure.what), ..failure };
        match self {
            Self::Lines(_) => unreachable!("lines are read line by line"),
            Self::Rdb { path, file, size, about } => {
                file.rewind().map_err(|error| failed(path, error))?;
                *about = rdb::read(file, *size, take, watch).map_err(|error| match error {
                    RdbError::Wrong { .. } => {
                        Failure { exit: Exit::Damage, what: format!("{name}, {error}") }
                    }
                    RdbError::Unread { offset, source } => {
                        Fatal { action: "read", path: name.clone(), offset, source }.into()
                    }
                    RdbError::Refused(failure) => named(failure),
                })?;
                Ok(())
            }
            Self::Redis(address) => redis::read(address, database, take, watch)
                .map_err(|error| named(Failure { exit: error.exit(), what: error.to_string() })),
        }
    }
}

/// What kind of file it is; only files can be read twice.
fn kind(path: &Path) -> Result<FileType, Failure> {
    let bad = |what: &str| Failure { exit: Exit::Damage, what: format!("{}: {what}", path.display()) };
    let found = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure { exit: Exit::NoInput, ..bad("there is no such file") },
        _ => failed(path, error),
    })?;
    let kind = found.file_type();
    if kind.is_file() || kind.is_dir() || kind.is_socket() {
        return Ok(kind);
    }
    Err(bad("is no regular file, and an import reads its file twice"))
}

/// The data file in a directory of Faktory's.
fn data_file(directory: &Path) -> Result<PathBuf, Failure> {
    let mut paths = DATA.iter().map(|name| directory.join(name));
    paths.find(|path| path.is_file()).ok_or_else(|| {
        let what = format!("{}: there is no {} in this directory", directory.display(), DATA[0]);
        Failure { exit: Exit::NoInput, what }
    })
}

fn failed(path: &Path, source: io::Error) -> Failure {
    Fatal { action: "read", path: path.display().to_string(), offset: 0, source }.into()
}
