//! A directory of the file system, held by one process at a time (`G22`).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(target_os = "linux")]
use rustix::fs::{Advice, OFlags, fadvise, fcntl_getfl, fcntl_setfl};
use rustix::fs::{FlockOperation, flock, fstat, fstatvfs};
use rustix::io::Errno;

#[cfg(target_os = "linux")]
use super::ZEROS;
use super::{Disk, DiskFile};
use crate::embedded::OpenError;
use crate::engine::Fatal;

/// The file whose kernel lock says who owns the directory. Its text, a pid, is for people: a lock ends with its
/// process, a text does not.
const LOCK: &str = "LOCK";

/// A locked directory: who has one may write. The lock ends with the last clone.
#[derive(Clone, Debug)]
pub struct RealDisk {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    path: PathBuf,
    directory: File,
    /// `None`: somebody else's directory, which is only looked at.
    lock: Option<File>,
}

impl RealDisk {
    /// Takes hold of a directory and creates it, for this user alone, where it is missing.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let failed = |action: &'static str, path: &Path| {
            let path = path.display().to_string();
            move |source: io::Error| OpenError::Failed(Fatal { action, path, offset: 0, source })
        };
        if path.exists() && !path.is_dir() {
            return Err(failed("open directory", path)(io::ErrorKind::NotADirectory.into()));
        }
        let missing = path.ancestors().take_while(|folder| !folder.exists()).count();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed("create directory", path))?;
        // A folder is only as durable as its entry in the one above.
        for folder in path.ancestors().skip(1).take(missing) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let flush = || File::open(folder)?.sync_all();
            flush().map_err(failed("flush directory", folder))?;
        }
        let lock = lock(path)?;
        let directory = File::open(path).map_err(failed("open directory", path))?;
        Ok(Self { held: Arc::new(Held { path: path.to_owned(), directory, lock: Some(lock) }) })
    }

    /// Bytes that the whole file system has, used or not.
    pub fn capacity(&self) -> io::Result<u64> {
        let found = fstatvfs(&self.held.directory)?;
        Ok(found.f_blocks.saturating_mul(found.f_frsize))
    }

    /// Looks at a directory, whoever has it. Nothing in it can be changed by way of this handle, and nothing is
    /// created, not even the lock.
    pub fn look(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let failed = |source: io::Error| {
            let path = path.display().to_string();
            OpenError::Failed(Fatal { action: "open directory", path, offset: 0, source })
        };
        let directory = File::open(path).map_err(failed)?;
        if !directory.metadata().map_err(failed)?.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { held: Arc::new(Held { path: path.to_owned(), directory, lock: None }) })
    }

    /// Where a name is, for changing something.
    fn writable(&self, name: &str) -> io::Result<PathBuf> {
        if self.held.lock.is_none() {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(self.held.path.join(name))
    }
}

/// Takes the kernel's lock and leaves our pid in the file.
fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join(LOCK);
    let failed = |source: io::Error| {
        OpenError::Failed(Fatal { action: "lock", path: path.display().to_string(), offset: 0, source })
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let pid = io::read_to_string(&file).unwrap_or_default().trim().parse().ok();
            return Err(OpenError::InUse { path: directory.display().to_string(), pid });
        }
        Err(errno) => return Err(failed(errno.into())),
    }
    file.set_len(0).map_err(failed)?;
    file.write_all_at(format!("{}\n", std::process::id()).as_bytes(), 0).map_err(failed)?;
    Ok(file)
}

impl Disk for RealDisk {
    type File = File;

    const THREADS: bool = true;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.held.path)? {
            // A name that is no text is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let write = self.held.lock.is_some();
        OpenOptions::new().read(true).write(write).open(self.held.path.join(name))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600).open(self.writable(name)?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.writable(from)?, self.writable(to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.writable(name)?)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.held.directory.sync_all()
    }

    fn free(&self) -> io::Result<u64> {
        let held = self.held.lock.as_ref().ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        if fstat(held)?.st_nlink == 0 {
            let what = format!("{LOCK} was removed, and with it the right to write here");
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        }
        let found = fstatvfs(&self.held.directory)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn path(&self, name: &str) -> String {
        self.held.path.join(name).display().to_string()
    }
}

impl DiskFile for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.read_exact_at(buf, at)
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        self.write_all_at(buf, at)
    }

    /// Past the page cache, which then reads them: 10 ms of a processor for 64 MiB, where copying them into the cache and
    /// from there to the disk takes 23. They are to be in it, or each small write would wait for its page.
    #[cfg(target_os = "linux")]
    fn write_zeros(&self, len: usize, at: u64) -> io::Result<()> {
        let zeros = &ZEROS.0[..len];
        let flags = fcntl_getfl(self)?;
        // Not every file system has it, and none takes parts of pages.
        if fcntl_setfl(self, flags | OFlags::DIRECT).is_err() {
            return self.write_all_at(zeros, at);
        }
        let written = self.write_all_at(zeros, at);
        fcntl_setfl(self, flags)?;
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidInput) {
            return self.write_all_at(zeros, at);
        }
        written?;
        // A hint.
        _ = fadvise(self, at, std::num::NonZeroU64::new(len as u64), Advice::WillNeed);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_second_holder_is_told_who_the_first_is_g22() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/db");
        let first = RealDisk::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        match RealDisk::open(&path) {
            Err(OpenError::InUse { pid, path: named }) => {
                assert_eq!(pid, Some(std::process::id()));
                assert_eq!(named, path.display().to_string());
            }
            other => panic!("the lock did not hold: {other:?}"),
        }
        let clone = first.clone();
        drop(first);
        assert!(matches!(RealDisk::open(&path), Err(OpenError::InUse { .. })));
        drop(clone);
        RealDisk::open(&path).unwrap();
    }

    #[test]
    fn what_is_free_is_part_of_what_there_is() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        let (free, capacity) = (disk.free().unwrap(), disk.capacity().unwrap());
        assert!(0 < free && free < capacity, "{free} of {capacity}");
        // Somebody cleans up: the files we write have no names any more, and another server may come.
        std::fs::remove_file(directory.path().join(LOCK)).unwrap();
        assert_eq!(disk.free().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn zeros_replace_what_was_there_also_parts_of_pages() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        let file = disk.create("a").unwrap();
        let read = || std::fs::read(directory.path().join("a")).unwrap();
        let mut expected = vec![7; 3 * 4096];
        for (len, at) in [(4096, 0), (8192, 4096), (100, 12_000), (5000, 3 * 4096)] {
            expected.fill(7);
            DiskFile::write_at(&file, &expected, 0).unwrap();
            file.write_zeros(len, at).unwrap();
            expected.resize(expected.len().max(at as usize + len), 7);
            expected[at as usize..at as usize + len].fill(0);
            assert!(read() == expected, "{len} at {at}");
            // The file is as it was: a small write goes through the cache.
            DiskFile::write_at(&file, b"x", at).unwrap();
            expected[at as usize] = b'x';
            assert!(read() == expected, "{len} at {at}");
        }
    }

    #[test]
    fn who_only_looks_needs_no_lock_and_changes_nothing() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::write(parent.path().join("a"), "text").unwrap();
        let disk = RealDisk::look(parent.path()).unwrap();
        let file = disk.open("a").unwrap();
        assert_eq!((file.size().unwrap(), disk.list().unwrap()), (4, vec!["a".to_owned()]));
        assert!(DiskFile::write_at(&file, b"b", 0).is_err());
        assert!(disk.create("b").is_err() && disk.rename("a", "b").is_err() && disk.remove("a").is_err());
        assert_eq!(disk.list().unwrap(), ["a"]);
        let holder = RealDisk::open(parent.path()).unwrap();
        RealDisk::look(parent.path()).unwrap().open("a").unwrap();
        drop(holder);
        assert!(RealDisk::look(parent.path().join("a")).is_err(), "a file is no directory");
    }

    #[test]
    fn the_pid_of_a_dead_holder_locks_nobody_out_126() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(LOCK), "1\n").unwrap();
        RealDisk::open(directory.path()).unwrap();
        let text = std::fs::read_to_string(directory.path().join(LOCK)).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
    }
}
