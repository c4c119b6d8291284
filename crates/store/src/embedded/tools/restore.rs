//! Making a store of a backup.
//!
//! The newest segment gets its name first, for good, then the others: a directory in which some are missing is refused
//! by every start, so that half a restore is never taken for a store.

use bessemer_core::{Now, Rules};
use crc32c::crc32c_append;

use super::export::refuse;
use super::manifest::{Copy, pieces};
use super::source::Source;
use super::verify::{Verified, verify};
use super::{Progress, ToolError, Watch, failed};
use crate::embedded::OpenError;
use crate::embedded::disk::{Disk, DiskFile};
use crate::embedded::segment::{file_name, spare_name};

/// Copies a backup into an empty directory, and verifies the result. The backup is read twice: nothing is written
/// before every file of it was found to be as it was made.
pub fn restore<S: Disk, T: Disk>(
    source: &Source<S>,
    target: &T,
    rules: &Rules,
    now: Now,
    watch: &mut Watch<'_>,
) -> Result<Verified, ToolError> {
    let Some(manifest) = source.manifest() else {
        return Err(ToolError::NoBackup { path: source.path("") });
    };
    let names = target.list().map_err(|error| failed(target, "list", "", error))?;
    if let Some(name) = names.into_iter().find(|name| name != "LOCK") {
        return Err(ToolError::NotEmpty { path: target.path(""), name });
    }
    refuse(manifest.damages(source)?)?;
    let of = manifest.copies.iter().map(|copy| copy.bytes).sum();
    let mut done = 0;
    for copy in manifest.copies.iter().rev() {
        put(source, target, copy)?;
        done += copy.bytes;
        watch(Progress { done, of });
    }
    let verified = verify(&Source::open(target.clone())?, rules, now, &mut |_| {})?;
    refuse(verified.damages.clone())?;
    Ok(verified)
}

/// Makes one copy a segment, durably.
fn put<S: Disk, T: Disk>(source: &Source<S>, target: &T, copy: &Copy) -> Result<(), ToolError> {
    let (name, spare) = (file_name(copy.number), spare_name(1));
    let unread = |error| failed(source, "read", &name, error);
    let unwritten = |action| {
        let spare = &spare;
        move |error| failed(target, action, spare, error)
    };
    let from = source.open(&name).map_err(unread)?;
    let to = target.create(&spare).map_err(unwritten("create"))?;
    let (mut crc, mut written) = (0, Ok(()));
    pieces(&from, copy.bytes, &mut |piece, at| {
        crc = crc32c_append(crc, piece);
        if written.is_ok() {
            written = to.write_at(piece, at);
        }
        Ok(())
    })
    .map_err(unread)?;
    written.map_err(unwritten("write"))?;
    if crc != copy.crc {
        return Err(OpenError::damaged(source, &name, 0, "the copy is not as it was made (checksum)").into());
    }
    to.sync_data().map_err(unwritten("flush"))?;
    target.rename(&spare, &name).map_err(unwritten("name"))?;
    target.sync_dir().map_err(unwritten("flush the directory of"))
}
