//! A store in the making: a directory into which an import has begun and not ended.
//!
//! ```text
//! data dir/  IMPORTING           the importer's note to itself; while it is there nobody serves, copies or exports this
//!            0000000001.seg …    the first jobs of those that are to come
//! ```
//!
//! The note is written before the first segment and removed after the last job was found to be in the store. So whatever
//! interrupts an import, its directory is never taken for a store, and whoever begins it again knows how far it had come:
//! jobs are written in their order, and a log that is cut off holds the first of them.

use std::io;

use super::{ToolError, failed, manifest};
use crate::embedded::OpenError;
use crate::embedded::disk::{Disk, DiskFile};
use crate::embedded::segment::{file_name, number_in};

/// The name of the note.
pub(in crate::embedded) const NAME: &str = "IMPORTING";

/// What it is written as until it is whole.
const NEW: &str = "IMPORTING.tmp";

/// Nobody has so much to remember.
const BYTES_MAX: u64 = 64 << 10;

/// What is in a directory that a whole store is to be put into.
#[derive(Debug)]
pub struct Draft<D> {
    disk: D,
    /// What the importer that began it has written down; `None`: nobody has begun.
    pub note: Option<String>,
    /// There are segments: of a store, or with a note, of half a store.
    pub has_segments: bool,
}

impl<D: Disk> Draft<D> {
    /// Looks into a directory; one with a backup is for nothing else.
    pub fn look(disk: D) -> Result<Self, ToolError> {
        let names = disk.list().map_err(|error| failed(&disk, "list", "", error))?;
        if names.iter().any(|name| name == manifest::NAME) {
            return Err(OpenError::Backup { path: disk.path("") }.into());
        }
        let has_segments = names.iter().any(|name| number_in(name).is_some());
        let note = if names.iter().any(|name| name == NAME) { Some(read(&disk)?) } else { None };
        Ok(Self { disk, note, has_segments })
    }

    /// Begins an import: what was begun before is removed, and the note is durable afterwards. A store that is there stays
    /// and becomes the draft; see [`super::Importer::is_unused`].
    pub fn begin(&mut self, note: &str) -> Result<(), ToolError> {
        let Self { disk, .. } = self;
        if self.note.is_some() {
            remove_segments(disk)?;
            self.has_segments = false;
        }
        match disk.remove(NEW) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(disk, "remove", NEW, error));
            }
            _ => {}
        }
        let file = disk.create(NEW).map_err(|error| failed(disk, "create", NEW, error))?;
        file.write_at(note.as_bytes(), 0).map_err(|error| failed(disk, "write", NEW, error))?;
        file.sync_data().map_err(|error| failed(disk, "flush", NEW, error))?;
        disk.rename(NEW, NAME).map_err(|error| failed(disk, "name", NAME, error))?;
        disk.sync_dir().map_err(|error| failed(disk, "flush the directory of", NAME, error))?;
        self.note = Some(note.to_owned());
        Ok(())
    }

    /// All of it is there: from now on it is a store.
    pub fn end(self) -> Result<(), ToolError> {
        let disk = &self.disk;
        disk.remove(NAME).map_err(|error| failed(disk, "remove", NAME, error))?;
        disk.sync_dir().map_err(|error| failed(disk, "flush the directory of", NAME, error))
    }
}

/// The newest first, each for good: what is left at any time is half the same store.
fn remove_segments<D: Disk>(disk: &D) -> Result<(), ToolError> {
    let names = disk.list().map_err(|error| failed(disk, "list", "", error))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_in(name)).collect();
    numbers.sort_unstable();
    for name in numbers.into_iter().rev().map(file_name) {
        disk.remove(&name).map_err(|error| failed(disk, "remove", &name, error))?;
        disk.sync_dir().map_err(|error| failed(disk, "flush the directory of", &name, error))?;
    }
    Ok(())
}

fn read<D: Disk>(disk: &D) -> Result<String, ToolError> {
    let unread = |error| failed(disk, "read", NAME, error);
    let file = disk.open(NAME).map_err(unread)?;
    let mut bytes = vec![0; file.size().map_err(unread)?.min(BYTES_MAX) as usize];
    file.read_at(&mut bytes, 0).map_err(unread)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
