//! The manifest of a backup: which files make it up, and what must be in them.
//!
//! ```text
//! backup dir/  MANIFEST              what counts; written last, and always whole
//!              0000000042-7.copy     segment 42 up to its last whole batch, copied by run 7; never changed again
//! ```
//!
//! A run writes new copies, then the manifest that names them, under its final name in one step; only then the files
//! go that it names no longer. So whatever interrupts a run, the directory holds a whole backup: this one or the last.
//!
//! The text is one line per fact, and the last line is the checksum of those before. The rule for changing it stands
//! in `segment.rs`: a reader refuses a first line that it does not know.

use std::fmt::Write as _;
use std::io;

use bessemer_core::Wall;
use crc32c::{crc32c, crc32c_append};

use super::{Damage, ToolError, failed};
use crate::embedded::OpenError;
use crate::embedded::disk::{Disk, DiskFile};
use crate::embedded::segment::{StoreId, file_name};

/// The name of the manifest.
pub(in crate::embedded) const NAME: &str = "MANIFEST";

/// What it is written as until it is whole.
pub(super) const NEW: &str = "MANIFEST.tmp";

/// The format of the manifest, and the newest that is read.
const VERSION: u32 = 1;

/// Nobody has so many segments; more bytes are no manifest.
const BYTES_MAX: u64 = 64 << 20;

/// Files are read in pieces of this size.
const PIECE: u64 = 1 << 20;

/// What a backup is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) store: StoreId,
    /// Runs so far; files carry the number of theirs.
    pub(super) run: u64,
    /// When this run began.
    pub(super) at: Wall,
    /// The log position up to which everything is there.
    pub(super) position: u64,
    /// By number, without gaps.
    pub(super) copies: Vec<Copy>,
}

/// A copied segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) number: u64,
    pub(super) name: String,
    /// The log position of its first batch.
    pub(super) first: u64,
    /// Where its last batch begins in the file; its header tells this segment from one of another history.
    pub(super) last: u64,
    pub(super) bytes: u64,
    /// Of the whole file.
    pub(super) crc: u32,
}

/// The name of a copy.
pub(super) fn copy_name(number: u64, run: u64) -> String {
    format!("{number:010}-{run}.copy")
}

/// Whether a backup may leave a file of this name behind.
pub(super) fn is_ours(name: &str) -> bool {
    let copy = || {
        let (number, run) = name.strip_suffix(".copy")?.split_once('-')?;
        Some(copy_name(number.parse().ok()?, run.parse().ok()?) == name)
    };
    name == NAME || name == NEW || copy().unwrap_or(false)
}

impl Manifest {
    /// The copy of a segment.
    pub(super) fn copy(&self, number: u64) -> Option<&Copy> {
        let at = self.copies.binary_search_by_key(&number, |copy| copy.number).ok()?;
        self.copies.get(at)
    }

    /// The manifest of a directory; `None`: it has none.
    pub(super) fn load<D: Disk>(disk: &D) -> Result<Option<Self>, ToolError> {
        let file = match disk.open(NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(disk, "open", NAME, error)),
        };
        let damaged = |what: &str| OpenError::damaged(disk, NAME, 0, what);
        let size = file.size().map_err(|error| failed(disk, "read", NAME, error))?;
        if size > BYTES_MAX {
            return Err(damaged("this is no manifest of a backup").into());
        }
        let mut bytes = vec![0; size as usize];
        file.read_at(&mut bytes, 0).map_err(|error| failed(disk, "read", NAME, error))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged("the manifest is damaged"))?;
        let version = text.lines().next().and_then(|line| line.strip_prefix("bessemer backup "));
        match version.and_then(|version| version.parse().ok()) {
            Some(version) if version > VERSION => {
                Err(OpenError::TooNew { path: disk.path(NAME), version, known: VERSION }.into())
            }
            Some(VERSION) => {
                Self::decode(text).map(Some).ok_or_else(|| damaged("the manifest is damaged").into())
            }
            _ => Err(damaged("this is no manifest of a backup").into()),
        }
    }

    /// What is wrong with the copies: each is read and compared.
    pub(super) fn damages<D: Disk>(&self, source: &D) -> Result<Vec<Damage>, ToolError> {
        let mut damages = Vec::new();
        for copy in &self.copies {
            let name = file_name(copy.number);
            let mut damaged = |what: &str| {
                let path = source.path(&name);
                damages.push(Damage { path, offset: 0, bytes: None, what: what.into() });
            };
            let file = match source.open(&name) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    damaged("the copy is missing");
                    continue;
                }
                Err(error) => return Err(failed(source, "open", &name, error)),
            };
            let unread = |error| failed(source, "read", &name, error);
            if file.size().map_err(unread)? != copy.bytes {
                damaged("the copy is longer or shorter than its manifest says");
                continue;
            }
            let mut crc = 0;
            pieces(&file, copy.bytes, &mut |piece, _| {
                crc = crc32c_append(crc, piece);
                Ok(())
            })
            .map_err(unread)?;
            if crc != copy.crc {
                damaged("the copy is not as it was made (checksum)");
            }
        }
        Ok(damages)
    }

    /// Writes it under its final name, in one step, and makes it durable.
    pub(super) fn store<D: Disk>(&self, disk: &D) -> Result<(), ToolError> {
        let file = disk.create(NEW).map_err(|error| failed(disk, "create", NEW, error))?;
        file.write_at(self.encode().as_bytes(), 0).map_err(|error| failed(disk, "write", NEW, error))?;
        file.sync_data().map_err(|error| failed(disk, "flush", NEW, error))?;
        disk.rename(NEW, NAME).map_err(|error| failed(disk, "name", NAME, error))?;
        disk.sync_dir().map_err(|error| failed(disk, "flush the directory of", NAME, error))
    }

    fn encode(&self) -> String {
        let mut text = format!("bessemer backup {VERSION}\nstore ");
        for byte in self.store.0 {
            _ = write!(text, "{byte:02x}");
        }
        let Self { run, at, position, .. } = self;
        _ = writeln!(text, "\nrun {run}\nat {}\nposition {position}", at.0);
        for Copy { number, name, first, last, bytes, crc } in &self.copies {
            _ = writeln!(text, "copy {number} {name} {first} {last} {bytes} {crc:08x}");
        }
        let crc = crc32c(text.as_bytes());
        _ = writeln!(text, "crc {crc:08x}");
        text
    }

    fn decode(text: &str) -> Option<Self> {
        let (body, crc) = text.strip_suffix('\n')?.rsplit_once('\n')?;
        let body = text.get(..=body.len())?;
        if crc.strip_prefix("crc ")? != format!("{:08x}", crc32c(body.as_bytes())) {
            return None;
        }
        let mut lines = body.lines().skip(1);
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let store = u128::from_str_radix(field("store")?, 16).ok()?;
        let run = field("run")?.parse().ok()?;
        let at = Wall(field("at")?.parse().ok()?);
        let position = field("position")?.parse().ok()?;
        let copies = lines.map(Copy::decode).collect::<Option<_>>()?;
        Some(Self { store: StoreId(store.to_be_bytes()), run, at, position, copies })
    }
}

impl Copy {
    fn decode(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        if words.next() != Some("copy") {
            return None;
        }
        let mut word = || words.next();
        let copy = Self {
            number: word()?.parse().ok()?,
            name: word()?.into(),
            first: word()?.parse().ok()?,
            last: word()?.parse().ok()?,
            bytes: word()?.parse().ok()?,
            crc: u32::from_str_radix(word()?, 16).ok()?,
        };
        words.next().is_none().then_some(copy)
    }
}

/// Hands a file to `take`, piece by piece, each with its offset.
pub(super) fn pieces<F: DiskFile>(
    file: &F,
    bytes: u64,
    take: &mut dyn FnMut(&[u8], u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE.min(bytes) as usize];
    let mut at = 0;
    while at < bytes {
        let piece = &mut piece[..PIECE.min(bytes - at) as usize];
        file.read_at(piece, at)?;
        take(piece, at)?;
        at += piece.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let copy = |number, run| Copy {
            number,
            name: copy_name(number, run),
            first: number * 1000,
            last: 500,
            bytes: 1048,
            crc: 0xfe,
        };
        let store = StoreId(*b"the first store!");
        Manifest { store, run: 7, at: Wall(-3), position: 43_000, copies: vec![copy(41, 6), copy(42, 7)] }
    }

    #[test]
    fn a_manifest_reads_back_and_no_changed_byte_passes() {
        let text = manifest().encode();
        assert_eq!(Manifest::decode(&text), Some(manifest()));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Manifest::decode(&changed), None, "byte {at}");
            assert_eq!(Manifest::decode(&text[..at]), None, "cut at {at}");
        }
        assert_eq!(manifest().copy(42), manifest().copies.get(1));
        assert_eq!(manifest().copy(40), None);
    }

    #[test]
    fn only_names_of_a_backup_are_ours() {
        for name in [NAME, NEW, "0000000042-7.copy"] {
            assert!(is_ours(name), "{name}");
        }
        for name in ["42-7.copy", "0000000042-07.copy", "0000000042.seg", "x.copy", "letters.txt"] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
