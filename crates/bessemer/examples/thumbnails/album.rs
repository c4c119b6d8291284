//! A folder of pictures and its folder of thumbnails, which is also the record of what is done: a thumbnail is there
//! whole or not at all, and a picture that cannot be read leaves a note in its place.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::{ImageFormat, ImageReader};

/// A folder of pictures.
pub(crate) struct Album {
    folder: PathBuf,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) pictures: usize,
    pub(crate) thumbnails: usize,
    pub(crate) broken: usize,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Progress {
    pub(crate) fn ended(&self) -> usize {
        self.thumbnails + self.broken
    }

    pub(crate) fn complete(&self) -> bool {
        self.ended() == self.pictures
    }
}

impl Album {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where the thumbnails are.
    pub(crate) fn thumbnails(&self) -> PathBuf {
        self.folder.join("thumbnails")
    }

    fn thumbnail(&self, picture: &str) -> PathBuf {
        self.thumbnails().join(format!("{picture}.jpg"))
    }

    /// What tells why there is no thumbnail.
    fn note(&self, picture: &str) -> PathBuf {
        self.thumbnails().join(format!("{picture}.txt"))
    }

    /// The names of the pictures.
    fn pictures(&self) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let extension = Path::new(&name).extension().unwrap_or_default().to_ascii_lowercase();
            if ["png", "jpg", "jpeg"].iter().any(|known| extension == *known) {
                names.insert(name);
            }
        }
        Ok(names)
    }

    /// The pictures that nobody has dealt with yet.
    pub(crate) fn missing(&self) -> io::Result<Vec<String>> {
        let ended = |name: &String| self.thumbnail(name).exists() || self.note(name).exists();
        Ok(self.pictures()?.into_iter().filter(|name| !ended(name)).collect())
    }

    /// Counts what is there.
    pub(crate) fn progress(&self) -> io::Result<Progress> {
        let mut progress = Progress { pictures: 0, thumbnails: 0, broken: 0, bytes_in: 0, bytes_out: 0 };
        for name in self.pictures()? {
            progress.pictures += 1;
            progress.bytes_in += fs::metadata(self.folder.join(&name))?.len();
            if let Ok(thumbnail) = fs::metadata(self.thumbnail(&name)) {
                progress.thumbnails += 1;
                progress.bytes_out += thumbnail.len();
            } else if self.note(&name).exists() {
                progress.broken += 1;
            }
        }
        Ok(progress)
    }

    /// Makes one thumbnail, or notes why that cannot be. May be done twice: the second time makes the same again.
    pub(crate) fn make(&self, picture: &str, edge: u32, jid: &str) -> anyhow::Result<()> {
        let reader = ImageReader::open(self.folder.join(picture))?.with_guessed_format()?;
        let image = match reader.decode() {
            Ok(image) => image,
            // The disk may do better next time, the picture will not.
            Err(image::ImageError::IoError(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(error.into());
            }
            Err(error) => return Ok(fs::write(self.note(picture), format!("{error}\n"))?),
        };
        // Under another name until it is whole: whoever counts thumbnails, or is killed here, leaves no half one.
        let draft = self.thumbnails().join(format!("{jid}.draft"));
        image.thumbnail(edge, edge).into_rgb8().save_with_format(&draft, ImageFormat::Jpeg)?;
        Ok(fs::rename(draft, self.thumbnail(picture))?)
    }
}
