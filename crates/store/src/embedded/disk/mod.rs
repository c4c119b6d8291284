//! The disk as the store needs it: one directory of plain files and eleven calls.
//!
//! [`RealDisk`] is a locked directory of the file system. `SimDisk` (feature `sim`) is the same in memory, with a
//! seed that decides which unflushed bytes outlive a power loss; without faults it is the memory store of tests.

#[cfg(feature = "sim")]
mod inode;
mod real;
#[cfg(feature = "sim")]
mod sim;

use std::fmt::Debug;
use std::io;

pub use real::RealDisk;
#[cfg(feature = "sim")]
pub use sim::{SimDisk, SimFile};

/// A directory. Names are plain file names.
pub trait Disk: Clone + Debug + Send + 'static {
    type File: DiskFile;

    /// Whether chores may run on a thread of their own. Where not, they run between commits, so that a seed decides
    /// everything that happens.
    const THREADS: bool;

    /// The names in it, sorted.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    /// Creates a file that must not exist. Its name is durable after [`Disk::sync_dir`].
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Durable after [`Disk::sync_dir`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Durable after [`Disk::sync_dir`].
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes all that happened to names durable.
    fn sync_dir(&self) -> io::Result<()>;
    /// Bytes that this process may still fill. [`io::ErrorKind::NotFound`] says that the directory is gone.
    fn free(&self) -> io::Result<u64>;
    /// The name as an operator would type it.
    fn path(&self, name: &str) -> String;
}

/// Zeros that are written at once.
pub(super) const ZEROS_MAX: usize = 1 << 20;

/// A page, and whole pages of the disk, begin where this does.
#[repr(align(4096))]
struct Zeros([u8; ZEROS_MAX]);

static ZEROS: Zeros = Zeros([0; ZEROS_MAX]);

/// An open file. A name given away later does not matter to it.
pub trait DiskFile: Debug + Send + Sync + 'static {
    /// Its length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Fills `buf`; [`io::ErrorKind::UnexpectedEof`] when the file ends before.
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()>;
    /// Writes all of `buf`; the file grows where needed.
    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<()>;
    /// Writes so many zeros, [`ZEROS_MAX`] at most, ahead of what will be written there.
    fn write_zeros(&self, len: usize, at: u64) -> io::Result<()> {
        self.write_at(&ZEROS.0[..len], at)
    }
    /// Makes what was written, and the length, durable.
    fn sync_data(&self) -> io::Result<()>;
}
