//! A small file system of its own, for the faults that need one: a disk that runs full, a disk that gives up.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An ext4 file system in a file, mounted until it is dropped.
pub(crate) struct Volume {
    folder: TempDir,
}

impl Volume {
    /// One of so many MiB. `None` where this machine does not let us mount: a test that needs one is then not run,
    /// and says so past everything that gathers the output of tests.
    pub(crate) fn mount(mib: u64) -> Option<Self> {
        let volume = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let image = volume.folder.path().join("image");
        let file = std::fs::File::create(&image).expect("an image");
        file.set_len(mib << 20).expect("an image");
        std::fs::create_dir(volume.path()).expect("a folder to mount at");
        // Nothing is kept for root, who may be running this.
        let made = run(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image))
            .and_then(|()| run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(volume.path())));
        let Err(why) = made else { return Some(volume) };
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        writeln!(
            std::io::stderr(),
            "\nNOT RUN: {test}: no file system of its own can be mounted here: {why}"
        )
        .expect("standard error");
        None
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("volume")
    }

    /// What ext4 does after an error of its device: from now on nothing is written any more.
    pub(crate) fn give_up(&self) {
        run(Command::new("mount").args(["-o", "remount,abort"]).arg(self.path())).expect("mount(8)");
    }

    /// Mounts it anew, as one does after such an error.
    pub(crate) fn repair(&self) {
        let image = self.folder.path().join("image");
        run(Command::new("umount").arg(self.path())).expect("umount(8)");
        run(Command::new("mount").args(["-o", "loop"]).arg(image).arg(self.path())).expect("mount(8)");
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: what still has a file open there is about to end. One that was never mounted is none of ours.
        let _ = run(Command::new("umount").arg("-l").arg(self.path()));
    }
}

/// A file that takes all that is left of a disk but for so many bytes.
pub(crate) fn fill(path: &Path, free: u64) {
    let mut file = std::fs::File::create(path).expect("a file");
    for piece in [64 << 10, 4 << 10, 512] {
        let zeros = vec![0; piece];
        while file.write_all(&zeros).and_then(|()| file.sync_data()).is_ok() {}
    }
    let length = file.metadata().expect("a file").len();
    file.set_len(length - free).and_then(|()| file.sync_all()).expect("a shorter file");
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {}", said.trim())) }
}
