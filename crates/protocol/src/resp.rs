//! Replies, both ways: what a server writes and what a client reads.
//!
//! The grammar is a small part of RESP (rule `H-60`): a line that begins with `+` (fine) or `-` (an error), a bulk
//! text with its length, or the null bulk. Integers and arrays are never sent. Nothing here does I/O: the server
//! appends to its write buffer, the client shows what it has read so far and is told what is missing.

use std::borrow::Cow;

use crate::response::ErrorCode;
use crate::text::ascii;

/// Longest line of a reply that a client accepts; servers keep theirs under a kilobyte.
pub const LINE_MAX: usize = 64 * 1024;

/// Longest text of an error. The Elixir client cuts a line at 1,460 bytes and takes the rest for the next reply.
pub const ERROR_TEXT_MAX: usize = 512;

/// Appends `+OK`.
pub fn put_ok(out: &mut Vec<u8>) {
    out.extend_from_slice(b"+OK\r\n");
}

/// Appends the null bulk: there is nothing.
pub fn put_null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"$-1\r\n");
}

/// Appends one bulk text that is the concatenation of `parts`, so that a spliced body needs no copy of its own.
pub fn put_bulk(out: &mut Vec<u8>, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    out.reserve(len + 24);
    out.push(b'$');
    out.extend_from_slice(itoa::Buffer::new().format(len).as_bytes());
    out.extend_from_slice(b"\r\n");
    for part in parts {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends an error. `text` may hold what a client sent: it is made printable ASCII, since a line break would start a
/// second reply, and what exceeds [`ERROR_TEXT_MAX`] bytes is cut.
pub fn put_error(out: &mut Vec<u8>, code: ErrorCode, text: &str) {
    out.push(b'-');
    out.extend_from_slice(code.as_str().as_bytes());
    out.push(b' ');
    out.extend(text.chars().flat_map(ascii).take(ERROR_TEXT_MAX).map(|c| c as u8));
    out.extend_from_slice(b"\r\n");
}

/// One reply, as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `+text`.
    Simple(Cow<'a, str>),
    /// `-CODE text`, without the dash; see [`crate::response::ServerError::parse`].
    Error(Cow<'a, str>),
    /// A text with a length.
    Bulk(&'a [u8]),
    /// The null bulk.
    Null,
}

/// How far [`decode`] came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A whole reply, and how many bytes of the input it took.
    Reply(Reply<'a>, usize),
    /// The reply goes on; at least this many bytes are missing.
    Missing(usize),
}

/// What a server sent is no reply. The connection cannot be used any further, since nobody knows where the next
/// reply begins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The first byte is none of `+`, `-`, `$`.
    #[error("no reply begins with byte {0:#04x}")]
    UnknownKind(u8),
    /// A line without an end.
    #[error("reply line is longer than {LINE_MAX} bytes")]
    LineTooLong,
    /// The length of a bulk text is not a number, or below -1.
    #[error("bad length of a bulk reply: {0:?}")]
    BadLength(String),
    /// The bulk text is longer than the caller allows.
    #[error("bulk reply of {len} bytes is longer than the limit of {max}")]
    TooLong { len: usize, max: usize },
    /// A line or a bulk text is not followed by CR LF.
    #[error("reply does not end with CR LF")]
    Unterminated,
}

/// Reads one reply from the beginning of `input`, whose bulk texts may have `max` bytes.
///
/// Pure: call it again with the same bytes and more behind them when some were missing. It looks at the head line
/// only until a bulk text is there as a whole, so a long one is not scanned again with each packet.
pub fn decode(input: &[u8], max: usize) -> Result<Decoded<'_>, DecodeError> {
    let Some(&kind) = input.first() else { return Ok(Decoded::Missing(1)) };
    if !matches!(kind, b'+' | b'-' | b'$') {
        return Err(DecodeError::UnknownKind(kind));
    }
    let window = &input[..input.len().min(LINE_MAX)];
    let Some(end) = memchr::memchr(b'\n', window) else {
        return if window.len() < LINE_MAX { Ok(Decoded::Missing(1)) } else { Err(DecodeError::LineTooLong) };
    };
    let line = input[1..end].strip_suffix(b"\r").ok_or(DecodeError::Unterminated)?;
    let rest = &input[end + 1..];
    match kind {
        b'+' => Ok(Decoded::Reply(Reply::Simple(String::from_utf8_lossy(line)), end + 1)),
        b'-' => Ok(Decoded::Reply(Reply::Error(String::from_utf8_lossy(line)), end + 1)),
        _ => match length(line)? {
            None => Ok(Decoded::Reply(Reply::Null, end + 1)),
            Some(len) if len > max => Err(DecodeError::TooLong { len, max }),
            Some(len) if rest.len() < len + 2 => Ok(Decoded::Missing(len + 2 - rest.len())),
            Some(len) if &rest[len..len + 2] != b"\r\n" => Err(DecodeError::Unterminated),
            Some(len) => Ok(Decoded::Reply(Reply::Bulk(&rest[..len]), end + 1 + len + 2)),
        },
    }
}

/// The length in the head line of a bulk text; `None` stands for -1, the null bulk.
fn length(line: &[u8]) -> Result<Option<usize>, DecodeError> {
    let bad = || DecodeError::BadLength(String::from_utf8_lossy(&line[..line.len().min(20)]).into_owned());
    if line == b"-1" {
        return Ok(None);
    }
    // `parse` would accept a plus sign.
    if line.is_empty() || !line.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    let text = std::str::from_utf8(line).map_err(|_| bad())?;
    // Saturating: a length beyond any address space is too long, not malformed.
    Ok(Some(text.parse().unwrap_or(usize::MAX / 2)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("replies in tests are text")
    }

    #[test]
    fn replies_are_written_as_clients_expect_them_h60() {
        assert_eq!(written(put_ok), "+OK\r\n");
        assert_eq!(written(put_null), "$-1\r\n");
        assert_eq!(
            written(|out| put_bulk(out, &[b"{\"state\":", b"\"quiet\"}"])),
            "$17\r\n{\"state\":\"quiet\"}\r\n"
        );
        assert_eq!(written(|out| put_bulk(out, &[])), "$0\r\n\r\n");
        assert_eq!(
            written(|out| put_error(out, ErrorCode::Err, "unknown command FOO")),
            "-ERR unknown command FOO\r\n"
        );
        assert_eq!(
            written(|out| put_error(out, ErrorCode::NotUnique, "Job not unique")),
            "-NOTUNIQUE Job not unique\r\n"
        );
    }

    #[test]
    fn an_error_stays_one_short_line_whatever_it_quotes_h61() {
        assert_eq!(
            written(|out| put_error(out, ErrorCode::Err, "a\r\n+OK\u{7}")),
            "-ERR a\\r\\n+OK\\u{7}\r\n"
        );
        for text in
            ["x".repeat(5_000), "é".repeat(5_000), "\u{1b}\n".repeat(5_000), "x".repeat(ERROR_TEXT_MAX)]
        {
            let line = written(|out| put_error(out, ErrorCode::Err, &text));
            assert!(line.len() <= "-ERR \r\n".len() + ERROR_TEXT_MAX, "{}", line.len());
            assert!(line.len() > ERROR_TEXT_MAX - 10, "{}", line.len());
            assert!(line.trim_end().chars().all(|c| matches!(c, ' '..='~')), "{line}");
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for (input, error) in [
            (&b":1\r\n"[..], DecodeError::UnknownKind(b':')),
            (b"HTTP/1.1 400\r\n", DecodeError::UnknownKind(b'H')),
            (b"+OK\n", DecodeError::Unterminated),
            (b"$-2\r\n", DecodeError::BadLength("-2".into())),
            (b"$+2\r\nab\r\n", DecodeError::BadLength("+2".into())),
            (b"$\r\n", DecodeError::BadLength(String::new())),
            (b"$11\r\n", DecodeError::TooLong { len: 11, max: 10 }),
            (b"$2\r\nabcd", DecodeError::Unterminated),
        ] {
            assert_eq!(decode(input, 10), Err(error), "{input:?}");
        }
        let huge = format!("${}\r\n", "9".repeat(30));
        assert!(matches!(decode(huge.as_bytes(), 10), Err(DecodeError::TooLong { max: 10, .. })));
    }

    #[test]
    fn a_bulk_of_the_limit_is_read_and_an_endless_line_is_not() {
        assert_eq!(decode(b"$3\r\nabc\r\n", 3), Ok(Decoded::Reply(Reply::Bulk(b"abc"), 9)));
        assert_eq!(decode(b"$3\r\na", 3), Ok(Decoded::Missing(4)));
        let mut line = vec![b'x'; LINE_MAX];
        line[0] = b'+';
        assert_eq!(decode(&line, 3), Err(DecodeError::LineTooLong));
        assert_eq!(decode(&line[..LINE_MAX - 1], 3), Ok(Decoded::Missing(1)));
        line[LINE_MAX - 2..].copy_from_slice(b"\r\n");
        assert!(matches!(decode(&line, 3), Ok(Decoded::Reply(Reply::Simple(_), LINE_MAX))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_however_it_is_cut(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            text in "[ -~]{0,50}",
        ) {
            let mut out = Vec::new();
            put_bulk(&mut out, &[&body]);
            put_error(&mut out, ErrorCode::Shutdown, &text);
            put_null(&mut out);
            put_ok(&mut out);
            let mut seen = Vec::new();
            let mut from = 0;
            for to in 0..=out.len() {
                match decode(&out[from..to], 200).unwrap() {
                    Decoded::Missing(n) => prop_assert!(n > 0),
                    Decoded::Reply(reply, used) => {
                        prop_assert_eq!(from + used, to, "a reply ends with its last byte");
                        seen.push(reply);
                        from = to;
                    }
                }
            }
            prop_assert_eq!(seen, vec![
                Reply::Bulk(&body),
                Reply::Error(format!("SHUTDOWN {text}").into()),
                Reply::Null,
                Reply::Simple("OK".into()),
            ]);
        }

        #[test]
        fn no_bytes_make_the_decoder_panic_or_claim_more_than_there_is(input in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(Decoded::Reply(_, used)) = decode(&input, 32) {
                prop_assert!(used <= input.len());
            }
        }
    }
}
