//! What tools read: a store's directory, or a backup, shown as the directory that it is a copy of.

use std::io;
use std::sync::Arc;

use super::manifest::Manifest;
use super::{ToolError, draft, failed};
use crate::embedded::OpenError;
use crate::embedded::disk::{Disk, DiskFile};
use crate::embedded::segment::{file_name, number_in};

/// A directory that is only read, whoever has it. Everything that would change it is refused.
#[derive(Clone, Debug)]
pub struct Source<D> {
    disk: D,
    backup: Option<Arc<Manifest>>,
}

/// A file of a [`Source`].
#[derive(Debug)]
pub struct SourceFile<F>(F);

impl<D: Disk> Source<D> {
    /// Looks at what is there: a manifest makes it a backup. Half a store is none.
    pub fn open(disk: D) -> Result<Self, ToolError> {
        match disk.open(draft::NAME) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&disk, "open", draft::NAME, error)),
            Ok(_) => return Err(OpenError::Draft { path: disk.path("") }.into()),
        }
        let backup = Manifest::load(&disk)?.map(Arc::new);
        Ok(Self { disk, backup })
    }

    /// A store in the making, for who makes it.
    pub fn draft(disk: D) -> Self {
        Self { disk, backup: None }
    }

    /// Whether it is a backup.
    pub fn is_backup(&self) -> bool {
        self.backup.is_some()
    }

    pub(super) fn manifest(&self) -> Option<&Manifest> {
        self.backup.as_deref()
    }

    /// The name that a file has here.
    fn stored<'a>(&'a self, name: &'a str) -> io::Result<&'a str> {
        let Some(manifest) = &self.backup else { return Ok(name) };
        let copy = number_in(name).and_then(|number| manifest.copy(number));
        copy.map(|copy| copy.name.as_str()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl<D: Disk> Disk for Source<D> {
    type File = SourceFile<D::File>;

    const THREADS: bool = D::THREADS;

    fn list(&self) -> io::Result<Vec<String>> {
        match &self.backup {
            Some(manifest) => Ok(manifest.copies.iter().map(|copy| file_name(copy.number)).collect()),
            None => self.disk.list(),
        }
    }

    fn open(&self, name: &str) -> io::Result<Self::File> {
        self.disk.open(self.stored(name)?).map(SourceFile)
    }

    fn create(&self, _: &str) -> io::Result<Self::File> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_dir(&self) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn free(&self) -> io::Result<u64> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn path(&self, name: &str) -> String {
        self.disk.path(self.stored(name).unwrap_or(name))
    }
}

impl<F: DiskFile> DiskFile for SourceFile<F> {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.0.read_at(buf, at)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}
