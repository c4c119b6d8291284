//! Where the servers that the benchmark starts keep their data: on a disk, since memory flushes for nothing.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::{BenchError, Result};

/// File systems that are memory, by the numbers that the kernel gives them.
const MEMORY: [(u64, &str); 2] = [(0x0102_1994, "tmpfs"), (0x8584_58f6, "ramfs")];

/// A directory on a disk.
pub(super) struct Place {
    directory: PathBuf,
}

impl Place {
    pub(super) fn new(directory: &Path) -> Result<Self> {
        let failed = |source| failed(directory, source);
        let directory_of = std::fs::canonicalize(directory).map_err(failed)?;
        if let Some(kind) = memory(&directory_of).map_err(failed)? {
            return Err(BenchError::InMemory { directory: directory.display().to_string(), kind });
        }
        Ok(Self { directory: directory_of })
    }

    /// A directory of its own for one server, which goes with this value.
    pub(super) fn reserve(&self) -> Result<TempDir> {
        TempDir::with_prefix_in("bessemer-bench-", &self.directory)
            .map_err(|source| failed(&self.directory, source))
    }
}

fn failed(directory: &Path, source: io::Error) -> BenchError {
    BenchError::Directory { directory: directory.display().to_string(), source }
}

#[cfg(target_os = "linux")]
fn memory(directory: &Path) -> io::Result<Option<&'static str>> {
    let kind = u64::try_from(rustix::fs::statfs(directory)?.f_type).unwrap_or(0);
    Ok(MEMORY.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name))
}

#[cfg(not(target_os = "linux"))]
fn memory(_: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_is_no_disk() {
        let refused = Place::new(Path::new("/dev/shm")).err().expect("memory");
        assert_eq!(
            refused.to_string(),
            "/dev/shm is on tmpfs, which is memory: name a directory on a disk with --directory"
        );
        let missing = Place::new(Path::new("/nowhere/at/all")).err().expect("nothing");
        assert!(missing.to_string().starts_with("cannot use the directory /nowhere/at/all: "), "{missing}");
    }
}
