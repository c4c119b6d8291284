//! Small collections of Redis, which it keeps in one piece of memory and writes to the file as they are: listpacks
//! (Redis 7), ziplists (up to Redis 6) and sets of integers.
//!
//! ```text
//! listpack = bytes u32, entries u16, (encoding and value, their length from behind)*, 0xff
//! ziplist  = bytes u32, tail u32, entries u16, (length of the entry before, encoding and value)*, 0xff
//! intset   = bytes of an integer u32, integers u32, integer*                    all of it little-endian
//! ```

/// One element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    Text(&'a [u8]),
    /// Redis keeps what looks like an integer as one.
    Number(i64),
}

/// How a collection is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Listpack,
    Ziplist,
    Intset,
}

/// What is left of a packed collection.
#[derive(Debug)]
pub(super) struct Items<'a> {
    packing: Packing,
    rest: &'a [u8],
    /// Elements that are left; `None`: the collection does not say, as there are too many.
    left: Option<u32>,
    /// Bytes of an integer of an intset.
    width: usize,
}

/// A count that says nothing.
const MANY: u16 = u16::MAX;
const END: u8 = 0xff;
const CUT: &str = "a packed collection is cut off";
const ODD: &str = "a packed collection is not as Redis makes them";

impl Item<'_> {
    /// The text of an element; that of a number stands in `digits`.
    pub(super) fn text<'t>(&'t self, digits: &'t mut Vec<u8>) -> &'t [u8] {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => {
                digits.clear();
                digits.extend_from_slice(number.to_string().as_bytes());
                digits
            }
        }
    }
}

impl<'a> Items<'a> {
    /// The elements of a collection. The error: it is none.
    pub(super) fn of(packing: Packing, bytes: &'a [u8]) -> Result<Self, &'static str> {
        let mut rest = bytes;
        let (left, width) = match packing {
            Packing::Listpack | Packing::Ziplist => {
                if u32::from_le_bytes(array(&mut rest)?) as usize != bytes.len() {
                    return Err("a packed collection is longer or shorter than it says");
                }
                if packing == Packing::Ziplist {
                    array::<4>(&mut rest)?;
                }
                let count = u16::from_le_bytes(array(&mut rest)?);
                ((count != MANY).then_some(u32::from(count)), 0)
            }
            Packing::Intset => {
                let width = u32::from_le_bytes(array(&mut rest)?) as usize;
                let count = u32::from_le_bytes(array(&mut rest)?);
                if ![2, 4, 8].contains(&width) || (count as usize).checked_mul(width) != Some(rest.len()) {
                    return Err(ODD);
                }
                (Some(count), width)
            }
        };
        Ok(Self { packing, rest, left, width })
    }

    /// The next element; `None`: that was all.
    pub(super) fn next(&mut self) -> Result<Option<Item<'a>>, &'static str> {
        let is_over = match self.packing {
            Packing::Intset => self.rest.is_empty(),
            _ => self.rest == [END],
        };
        if is_over {
            return if self.left.unwrap_or(0) == 0 { Ok(None) } else { Err(CUT) };
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or("a packed collection holds more than it says")?;
        }
        match self.packing {
            Packing::Listpack => self.listpack_entry(),
            Packing::Ziplist => self.ziplist_entry(),
            Packing::Intset => self.number(self.width),
        }
        .map(Some)
    }

    fn listpack_entry(&mut self) -> Result<Item<'a>, &'static str> {
        let begin = self.rest.len();
        let first = self.byte()?;
        let low = u16::from(first & 0x0f);
        let item = match first {
            0..0x80 => Item::Number(i64::from(first)),
            0x80..0xc0 => self.text(usize::from(first & 0x3f))?,
            0xc0..0xe0 => {
                let number = u16::from(first & 0x1f) << 8 | u16::from(self.byte()?);
                // Thirteen bits with a sign.
                Item::Number(i64::from((number << 3) as i16 >> 3))
            }
            0xe0..0xf0 => {
                let len = low << 8 | u16::from(self.byte()?);
                self.text(usize::from(len))?
            }
            0xf0 => {
                let len = u32::from_le_bytes(array(&mut self.rest)?);
                self.text(len as usize)?
            }
            0xf1..=0xf4 => self.number([2, 3, 4, 8][usize::from(first - 0xf1)])?,
            0xf5.. => return Err(ODD),
        };
        let (_, rest) = self.rest.split_at_checked(backwards(begin - self.rest.len())).ok_or(CUT)?;
        self.rest = rest;
        Ok(item)
    }

    fn ziplist_entry(&mut self) -> Result<Item<'a>, &'static str> {
        if self.byte()? == 0xfe {
            array::<4>(&mut self.rest)?;
        }
        let first = self.byte()?;
        match first {
            0..0x40 => self.text(usize::from(first)),
            0x40..0x80 => {
                let len = usize::from(first & 0x3f) << 8 | usize::from(self.byte()?);
                self.text(len)
            }
            0x80 => {
                let len = u32::from_be_bytes(array(&mut self.rest)?);
                self.text(len as usize)
            }
            0xc0 => self.number(2),
            0xd0 => self.number(4),
            0xe0 => self.number(8),
            0xf0 => self.number(3),
            0xfe => self.number(1),
            0xf1..=0xfd => Ok(Item::Number(i64::from(first & 0x0f) - 1)),
            _ => Err(ODD),
        }
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        Ok(array::<1>(&mut self.rest)?[0])
    }

    fn text(&mut self, len: usize) -> Result<Item<'a>, &'static str> {
        let (text, rest) = self.rest.split_at_checked(len).ok_or(CUT)?;
        self.rest = rest;
        Ok(Item::Text(text))
    }

    /// A little-endian integer with a sign.
    fn number(&mut self, width: usize) -> Result<Item<'a>, &'static str> {
        let (bytes, rest) = self.rest.split_at_checked(width).ok_or(CUT)?;
        self.rest = rest;
        let mut wide = [0; 8];
        wide[8 - width..].copy_from_slice(bytes);
        Ok(Item::Number(i64::from_le_bytes(wide) >> (64 - 8 * width)))
    }
}

/// Bytes of the length that stands behind an entry of a listpack, for readers from behind: seven bits to a byte, but the
/// largest number that would fit takes one more.
fn backwards(len: usize) -> usize {
    match len {
        0..=127 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (array, behind) = rest.split_first_chunk::<N>().ok_or(CUT)?;
    *rest = behind;
    Ok(*array)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(packing: Packing, bytes: &[u8]) -> Result<Vec<String>, &'static str> {
        let (mut items, mut all) = (Items::of(packing, bytes)?, Vec::new());
        while let Some(item) = items.next()? {
            let text = item.text(&mut Vec::new()).to_vec();
            all.push(String::from_utf8(text).expect("UTF-8"));
        }
        Ok(all)
    }

    /// A listpack of these entries, each without its length from behind.
    fn listpack(entries: &[&[u8]]) -> Vec<u8> {
        let mut body = Vec::new();
        for entry in entries {
            body.extend_from_slice(entry);
            body.extend(std::iter::repeat_n(0, backwards(entry.len())));
        }
        body.push(END);
        let mut all = (body.len() as u32 + 6).to_le_bytes().to_vec();
        all.extend_from_slice(&(entries.len() as u16).to_le_bytes());
        [all, body].concat()
    }

    fn ziplist(entries: &[&[u8]]) -> Vec<u8> {
        let mut body = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let before: &[u8] = if at % 2 == 0 { &[3] } else { &[0xfe, 1, 0, 0, 0] };
            body.extend_from_slice(&[before, entry].concat());
        }
        body.push(END);
        let mut all = (body.len() as u32 + 10).to_le_bytes().to_vec();
        all.extend_from_slice(&[0; 4]);
        all.extend_from_slice(&(entries.len() as u16).to_le_bytes());
        [all, body].concat()
    }

    #[test]
    fn each_encoding_of_a_listpack_is_read() {
        let long = "l".repeat(4095);
        let huge = "h".repeat(70_000);
        let bytes = listpack(&[
            &[127],
            b"\x83abc",
            &[0xdf, 0xff],
            &[0xc1, 0x00],
            &[&[0xef, 0xff], long.as_bytes()].concat(),
            &[&[0xf0], &70_000u32.to_le_bytes()[..], huge.as_bytes()].concat(),
            &[0xf1, 0x00, 0x80],
            &[0xf2, 0xff, 0xff, 0x7f],
            &[0xf3, 0, 0, 0, 0x80],
            &[&[0xf4], &i64::MAX.to_le_bytes()[..]].concat(),
        ]);
        let numbers = ["-32768", "8388607", "-2147483648", "9223372036854775807"];
        let expected = [&["127", "abc", "-1", "256", &long, &huge], &numbers[..]].concat();
        assert_eq!(items(Packing::Listpack, &bytes).expect("a listpack"), expected);
    }

    #[test]
    fn each_encoding_of_a_ziplist_is_read() {
        let long = "l".repeat(300);
        let bytes = ziplist(&[
            b"\x03abc",
            &[&[0x41, 0x2c], long.as_bytes()].concat(),
            b"\x80\0\0\0\x02de",
            &[0xc0, 0xfe, 0xff],
            &[0xd0, 1, 0, 0, 0x80],
            &[&[0xe0], &i64::MIN.to_le_bytes()[..]].concat(),
            &[0xf0, 0, 0, 0x80],
            &[0xfe, 0xff],
            &[0xf1],
            &[0xfd],
        ]);
        let numbers = ["-2", "-2147483647", "-9223372036854775808", "-8388608", "-1", "0", "12"];
        let expected = [&["abc", &long, "de"], &numbers[..]].concat();
        assert_eq!(items(Packing::Ziplist, &bytes).expect("a ziplist"), expected);
    }

    #[test]
    fn integers_of_each_width_are_read() {
        for (width, bytes) in [
            (2, vec![0xff, 0xff, 5, 0]),
            (4, vec![0xff, 0xff, 0xff, 0xff, 5, 0, 0, 0]),
            (8, [[0xff; 8], [5, 0, 0, 0, 0, 0, 0, 0]].concat()),
        ] {
            let set = [&[width, 0, 0, 0, 2, 0, 0, 0], &bytes[..]].concat();
            assert_eq!(items(Packing::Intset, &set).expect("a set"), ["-1", "5"]);
            assert_eq!(items(Packing::Intset, &set[..set.len() - 1]), Err(ODD));
        }
        assert_eq!(items(Packing::Intset, &[3, 0, 0, 0, 0, 0, 0, 0]), Err(ODD));
    }

    #[test]
    fn whatever_is_cut_off_or_changed_is_an_error_or_another_collection_and_never_more() {
        let texts = listpack(&[b"\x83abc", &[0xf1, 0, 1], &[&[0xe1, 0x00], &[b'x'; 256][..]].concat()]);
        let old = ziplist(&[b"\x03abc", &[0xc0, 0, 1], &[0xf5]]);
        for (packing, whole) in [(Packing::Listpack, texts), (Packing::Ziplist, old)] {
            for cut in 0..whole.len() {
                assert!(items(packing, &whole[..cut]).is_err(), "{packing:?} cut at {cut}");
            }
            for bit in 0..whole.len() * 8 {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let Ok(mut items) = Items::of(packing, &flipped) else { continue };
                let mut sum = 0;
                while let Ok(Some(item)) = items.next() {
                    sum += item.text(&mut Vec::new()).len();
                }
                assert!(sum <= 8 * whole.len());
            }
        }
    }
}
