//! LZF, in which Redis writes texts of more than twenty bytes.
//!
//! ```text
//! 000lllll                    the l + 1 bytes that follow, as they are
//! lllooooo oooooooo           l + 2 bytes that were written o + 1 bytes ago; l is not 0
//! 111ooooo llllllll oooooooo  the same for l + 9 bytes
//! ```

/// Appends the text, which has `len` bytes. It grows as it is read: a `len` that is a lie takes no memory.
pub(super) fn expand(mut packed: &[u8], len: usize, text: &mut Vec<u8>) -> Result<(), &'static str> {
    let begin = text.len();
    while let Some((control, rest)) = packed.split_first() {
        packed = rest;
        if *control < 32 {
            let (plain, rest) =
                packed.split_at_checked(usize::from(*control) + 1).ok_or("a packed text is cut off")?;
            packed = rest;
            text.extend_from_slice(plain);
        } else {
            let mut byte = || -> Result<usize, &'static str> {
                let (byte, rest) = packed.split_first().ok_or("a packed text is cut off")?;
                packed = rest;
                Ok(usize::from(*byte))
            };
            let more = if control >> 5 == 7 { byte()? } else { 0 };
            let back = (usize::from(control & 0x1f) << 8 | byte()?) + 1;
            let from = (text.len() - begin).checked_sub(back);
            let from = begin + from.ok_or("a packed text repeats what is not there")?;
            // It may repeat what it is just writing.
            for at in from..from + usize::from(control >> 5) + more + 2 {
                text.push(text[at]);
            }
        }
        if text.len() - begin > len {
            return Err("a packed text is longer than it says");
        }
    }
    if text.len() - begin < len { Err("a packed text is shorter than it says") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(packed: &[u8], len: usize) -> Result<String, &'static str> {
        let mut text = b"<".to_vec();
        expand(packed, len, &mut text).map(|()| String::from_utf8(text[1..].to_vec()).expect("UTF-8"))
    }

    #[test]
    fn plain_bytes_and_repetitions_make_the_text() {
        assert_eq!(expanded(b"", 0), Ok(String::new()));
        assert_eq!(expanded(b"\x02abc", 3), Ok("abc".into()));
        assert_eq!(expanded(b"\x02abc\x20\x02", 6), Ok("abcabc".into()));
        assert_eq!(expanded(b"\x00a\xe0\x05\x00", 15), Ok("a".repeat(15)));
    }

    #[test]
    fn what_is_no_packed_text_is_told() {
        for (packed, len, why) in [
            (&b"\x02ab"[..], 3, "a packed text is cut off"),
            (b"\x00a\x20", 4, "a packed text is cut off"),
            (b"\x00a\xe0\x01", 4, "a packed text is cut off"),
            (b"\x00a\x20\x01", 4, "a packed text repeats what is not there"),
            (b"\x02abc", 2, "a packed text is longer than it says"),
            (b"\x02abc", usize::MAX, "a packed text is shorter than it says"),
        ] {
            assert_eq!(expanded(packed, len), Err(why), "{packed:?}");
        }
    }
}
