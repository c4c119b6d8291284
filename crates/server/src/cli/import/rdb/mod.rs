//! The data file of a Redis, read from its beginning to its end; what is wanted of it is told to a [`Take`].
//!
//! ```text
//! RDB   = "REDIS", version in four digits, (note | key)*, 0xff, checksum u64
//! note  = opcode from 0xf4 on, what belongs to it
//! key   = type of the value, text, value
//! text  = length and bytes | integer | packed by LZF
//! ```
//!
//! A type never gets another meaning in a later version, so a newer file is read as long as every type in it is known.
//! `bytes.rs` counts and sums the bytes, `packed.rs` and `lzf.rs` unpack what is packed in them.

mod bytes;
mod crc64;
mod lzf;
mod packed;

use std::io::{self, Read};

use bessemer_core::Wall;
use bessemer_store::tools::{Progress, Watch};

use self::bytes::Bytes;
use self::packed::{Items, Packing};
use super::keys::{Kind, Take};
use crate::exit::Failure;

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"REDIS";

/// Versions that are read: from the first with a checksum to that of Redis 8.10, in which what we read is as it always
/// was.
const VERSIONS: std::ops::RangeInclusive<u32> = 5..=15;

/// Bytes of one text: Redis takes no longer ones.
const TEXT_MAX: u64 = 512 << 20;

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum RdbError {
    /// It is not what an RDB is.
    #[error("offset {offset}: {what}")]
    Wrong { offset: u64, what: String },
    /// The disk failed.
    #[error("offset {offset}: {source}")]
    Unread { offset: u64, source: io::Error },
    /// Whoever takes it wants no more.
    #[error(transparent)]
    Refused(#[from] Failure),
}

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) version: u32,
    /// The version of its Redis.
    pub(super) redis: Option<String>,
    /// When it was written, to the second.
    pub(super) made: Option<Wall>,
}

/// Reads a file of `size` bytes.
pub(super) fn read(
    input: impl Read,
    size: u64,
    take: &mut dyn Take,
    watch: &mut Watch<'_>,
) -> Result<About, RdbError> {
    let mut reader = Reader { bytes: Bytes::new(input), key: Vec::new(), text: Vec::new(), told: 0 };
    let mut about = About { version: reader.version()?, ..About::default() };
    let (mut database, mut steps) = (0, Steps { size, watch });
    loop {
        let offset = reader.bytes.offset();
        let code = reader.bytes.byte()?;
        match code {
            opcode::AUX => reader.note(&mut about)?,
            opcode::SELECT => database = reader.length()?,
            opcode::RESIZE => _ = (reader.length()?, reader.length()?),
            opcode::SLOT => _ = (reader.length()?, reader.length()?, reader.length()?),
            // Faktory's own keys never expire, and nobody else's are wanted.
            opcode::EXPIRES => reader.bytes.skip(4)?,
            opcode::EXPIRES_MS => reader.bytes.skip(8)?,
            opcode::IDLE => _ = reader.length()?,
            opcode::FREQUENCY => reader.bytes.skip(1)?,
            opcode::FUNCTION => reader.skip_text()?,
            opcode::MODULE => return Err(wrong(offset, "data of a Redis module, which cannot be read")),
            opcode::END => break,
            _ => {
                let form = Form::of(code).map_err(|why| {
                    let version = about.version;
                    wrong(offset, &format!("{why} (type {code}, RDB version {version})"))
                })?;
                reader.pair(form, database, take, &mut steps)?;
            }
        }
    }
    reader.end()?;
    Ok(about)
}

/// What begins anything but a key.
mod opcode {
    pub(super) const SLOT: u8 = 0xf4;
    pub(super) const FUNCTION: u8 = 0xf5;
    pub(super) const MODULE: u8 = 0xf7;
    pub(super) const IDLE: u8 = 0xf8;
    pub(super) const FREQUENCY: u8 = 0xf9;
    pub(super) const AUX: u8 = 0xfa;
    pub(super) const RESIZE: u8 = 0xfb;
    pub(super) const EXPIRES_MS: u8 = 0xfc;
    pub(super) const EXPIRES: u8 = 0xfd;
    pub(super) const SELECT: u8 = 0xfe;
    pub(super) const END: u8 = 0xff;
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    /// A count, and so many texts.
    Texts(Kind),
    /// A count, and so many texts with a score each, which is binary or a text.
    Scored {
        binary: bool,
    },
    /// A count, and so many texts and values.
    Pairs,
    /// All of it in one text.
    Packed(Kind, Packing),
    /// A count, and so many packed pieces. `marked`: each says first whether it is packed at all.
    Pieces {
        marked: bool,
    },
    /// A hash in one text.
    PackedHash,
}

impl Form {
    /// The form that a type names. The error says what is wrong with it.
    fn of(code: u8) -> Result<Self, &'static str> {
        use Packing::{Intset, Listpack, Ziplist};
        Ok(match code {
            0 => Self::Text,
            1 => Self::Texts(Kind::List),
            2 => Self::Texts(Kind::Set),
            3 => Self::Scored { binary: false },
            4 => Self::Pairs,
            5 => Self::Scored { binary: true },
            6 | 7 => return Err("a key of a Redis module, which cannot be read"),
            9 | 13 | 16 => Self::PackedHash,
            10 => Self::Packed(Kind::List, Ziplist),
            11 => Self::Packed(Kind::Set, Intset),
            12 => Self::Packed(Kind::Sorted, Ziplist),
            14 => Self::Pieces { marked: false },
            15 | 19 | 21 => return Err("a stream, which Faktory has none of and which cannot be read"),
            17 => Self::Packed(Kind::Sorted, Listpack),
            18 => Self::Pieces { marked: true },
            20 => Self::Packed(Kind::Set, Listpack),
            _ => return Err("neither a value nor a note of a kind that this version knows"),
        })
    }

    fn kind(self) -> Kind {
        match self {
            Self::Text => Kind::Text,
            Self::Texts(kind) | Self::Packed(kind, _) => kind,
            Self::Scored { .. } => Kind::Sorted,
            Self::Pairs | Self::PackedHash => Kind::Hash,
            Self::Pieces { .. } => Kind::List,
        }
    }
}

/// Tells how far it has come.
struct Steps<'s, 'w> {
    size: u64,
    watch: &'s mut Watch<'w>,
}

/// How long something is, or what it is instead.
enum Length {
    Plain(u64),
    /// An integer of so many bytes.
    Integer(usize),
    Packed,
}

struct Reader<R> {
    bytes: Bytes<R>,
    key: Vec<u8>,
    /// The text that was read last.
    text: Vec<u8>,
    /// How far it had come when that was told.
    told: u64,
}

fn wrong(offset: u64, what: &str) -> RdbError {
    RdbError::Wrong { offset, what: what.to_owned() }
}

impl<R: Read> Reader<R> {
    fn version(&mut self) -> Result<u32, RdbError> {
        if self.bytes.array::<5>()? != *MAGIC {
            return Err(wrong(0, "this is no data file of Redis"));
        }
        let digits: [u8; 4] = self.bytes.array()?;
        let version = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
        match version {
            Some(version) if VERSIONS.contains(&version) => Ok(version),
            Some(version) => {
                let (first, last) = (VERSIONS.start(), VERSIONS.end());
                Err(wrong(
                    5,
                    &format!("the file has RDB version {version}; versions {first} to {last} are read"),
                ))
            }
            None => Err(wrong(5, "the file does not say which version it has")),
        }
    }

    /// The checksum, and nothing behind it.
    fn end(&mut self) -> Result<(), RdbError> {
        let (offset, sum) = (self.bytes.offset(), self.bytes.sum());
        let said = u64::from_le_bytes(self.bytes.array()?);
        // Zero: its Redis makes none.
        if said != 0 && said != sum {
            let what = format!("the file is damaged: its checksum is {sum:016x}, and it says {said:016x}");
            return Err(wrong(offset, &what));
        }
        let offset = self.bytes.offset();
        if self.bytes.is_at_end()? { Ok(()) } else { Err(wrong(offset, "there is more behind the end")) }
    }

    /// A note about the file.
    fn note(&mut self, about: &mut About) -> Result<(), RdbError> {
        self.read_text()?;
        std::mem::swap(&mut self.key, &mut self.text);
        self.read_text()?;
        let text = String::from_utf8_lossy(&self.text);
        match &self.key[..] {
            b"redis-ver" => about.redis = Some(text.into_owned()),
            b"ctime" => {
                let seconds = text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000));
                about.made = seconds.map(Wall);
            }
            _ => {}
        }
        Ok(())
    }

    /// A key and its value.
    fn pair(
        &mut self,
        form: Form,
        database: u64,
        take: &mut dyn Take,
        steps: &mut Steps<'_, '_>,
    ) -> Result<(), RdbError> {
        self.read_text()?;
        std::mem::swap(&mut self.key, &mut self.text);
        let wanted = take.key(database, &self.key, form.kind())?;
        match form {
            Form::Text => self.one(wanted, None, take),
            Form::Texts(_) => self.many(steps, |reader| reader.one(wanted, None, take)),
            Form::Pairs => self.many(steps, |reader| {
                reader.skip_text()?;
                reader.skip_text()
            }),
            Form::Scored { binary } => self.many(steps, |reader| {
                if !wanted {
                    reader.skip_text()?;
                    return reader.score(binary).map(drop);
                }
                reader.read_text()?;
                let score = reader.score(binary)?;
                Ok(take.value(&reader.text, Some(score))?)
            }),
            Form::Packed(kind, packing) => self.packed(wanted, kind, packing, take),
            Form::Pieces { marked } => self.many(steps, |reader| {
                let offset = reader.bytes.offset();
                match if marked { reader.length()? } else { 2 } {
                    1 => reader.one(wanted, None, take),
                    2 if marked => reader.packed(wanted, Kind::List, Packing::Listpack, take),
                    2 => reader.packed(wanted, Kind::List, Packing::Ziplist, take),
                    _ => Err(wrong(offset, "a piece of a list is neither plain nor packed")),
                }
            }),
            Form::PackedHash => self.skip_text(),
        }
    }

    /// A count, and so many of something.
    fn many(
        &mut self,
        steps: &mut Steps<'_, '_>,
        mut one: impl FnMut(&mut Self) -> Result<(), RdbError>,
    ) -> Result<(), RdbError> {
        for _ in 0..self.length()? {
            one(self)?;
            let done = self.bytes.offset();
            if self.told >> 20 < done >> 20 {
                self.told = done;
                (steps.watch)(Progress { done, of: steps.size.max(done) });
            }
        }
        Ok(())
    }

    /// A text that is an element, or the whole value.
    fn one(&mut self, wanted: bool, score: Option<f64>, take: &mut dyn Take) -> Result<(), RdbError> {
        if !wanted {
            return self.skip_text();
        }
        self.read_text()?;
        Ok(take.value(&self.text, score)?)
    }

    /// A text that many elements are packed in.
    fn packed(
        &mut self,
        wanted: bool,
        kind: Kind,
        packing: Packing,
        take: &mut dyn Take,
    ) -> Result<(), RdbError> {
        if !wanted {
            return self.skip_text();
        }
        let offset = self.bytes.offset();
        let odd = |why| wrong(offset, why);
        self.read_text()?;
        let mut items = Items::of(packing, &self.text).map_err(odd)?;
        let (mut digits, mut more) = (Vec::new(), Vec::new());
        while let Some(item) = items.next().map_err(odd)? {
            let score = match kind {
                Kind::Sorted => {
                    let score = items.next().map_err(odd)?.ok_or_else(|| odd("an element has no score"))?;
                    Some(number(score.text(&mut more)).ok_or_else(|| odd("a score is no number"))?)
                }
                _ => None,
            };
            take.value(item.text(&mut digits), score)?;
        }
        Ok(())
    }

    fn score(&mut self, binary: bool) -> Result<f64, RdbError> {
        if binary {
            return Ok(f64::from_le_bytes(self.bytes.array()?));
        }
        let offset = self.bytes.offset();
        match self.bytes.byte()? {
            0xff => Ok(f64::NEG_INFINITY),
            0xfe => Ok(f64::INFINITY),
            0xfd => Ok(f64::NAN),
            len => {
                let mut text = Vec::new();
                self.bytes.append(u64::from(len), &mut text)?;
                number(&text).ok_or_else(|| wrong(offset, "a score is no number"))
            }
        }
    }

    /// A number that stands where a length may.
    fn length(&mut self) -> Result<u64, RdbError> {
        let offset = self.bytes.offset();
        match self.length_of_text()? {
            Length::Plain(number) => Ok(number),
            _ => Err(wrong(offset, "a count is expected here")),
        }
    }

    fn length_of_text(&mut self) -> Result<Length, RdbError> {
        let offset = self.bytes.offset();
        let first = self.bytes.byte()?;
        let low = u64::from(first & 0x3f);
        Ok(match (first >> 6, first & 0x3f) {
            (0, _) => Length::Plain(low),
            (1, _) => Length::Plain(low << 8 | u64::from(self.bytes.byte()?)),
            (2, 0) => Length::Plain(u64::from(u32::from_be_bytes(self.bytes.array()?))),
            (2, 1) => Length::Plain(u64::from_be_bytes(self.bytes.array()?)),
            (3, 0) => Length::Integer(1),
            (3, 1) => Length::Integer(2),
            (3, 2) => Length::Integer(4),
            (3, 3) => Length::Packed,
            _ => return Err(wrong(offset, "a length is in no encoding that this version knows")),
        })
    }

    /// Reads a text into `text`.
    fn read_text(&mut self) -> Result<(), RdbError> {
        self.text.clear();
        let offset = self.bytes.offset();
        match self.length_of_text()? {
            Length::Plain(len) => {
                check_length(offset, len)?;
                self.bytes.append(len, &mut self.text)
            }
            Length::Integer(width) => {
                let mut wide = [0; 8];
                for byte in &mut wide[8 - width..] {
                    *byte = self.bytes.byte()?;
                }
                let number = i64::from_le_bytes(wide) >> (64 - 8 * width);
                self.text.extend_from_slice(number.to_string().as_bytes());
                Ok(())
            }
            Length::Packed => {
                let (packed, len) = (self.length()?, self.length()?);
                check_length(offset, packed)?;
                check_length(offset, len)?;
                let mut bytes = Vec::new();
                self.bytes.append(packed, &mut bytes)?;
                lzf::expand(&bytes, len as usize, &mut self.text).map_err(|why| wrong(offset, why))
            }
        }
    }

    fn skip_text(&mut self) -> Result<(), RdbError> {
        match self.length_of_text()? {
            Length::Plain(len) => self.bytes.skip(len),
            Length::Integer(width) => self.bytes.skip(width as u64),
            Length::Packed => {
                let (packed, _) = (self.length()?, self.length()?);
                self.bytes.skip(packed)
            }
        }
    }
}

/// Nobody's memory is to be filled by a length that is a lie.
fn check_length(offset: u64, len: u64) -> Result<(), RdbError> {
    if len > TEXT_MAX {
        return Err(wrong(offset, &format!("a text of {len} bytes; Redis takes {TEXT_MAX} at most")));
    }
    Ok(())
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
