//! A connection to a Redis, and its replies (RESP 2). A reply of many elements is read element by element: it is never
//! held whole.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::{At, RedisError};

/// Bytes of a line.
const LINE_MAX: u64 = 64 << 10;

/// Bytes of one text: Redis takes no longer ones.
const TEXT_MAX: u64 = 512 << 20;

/// Nobody waits longer for a connection, or for the next bytes of a reply.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const READ_WITHIN: Duration = Duration::from_secs(60);

/// A socket of either kind.
trait Duplex: Read + Write {}

impl<S: Read + Write> Duplex for S {}

/// A connection.
pub(super) struct Connection {
    stream: BufReader<Box<dyn Duplex>>,
    request: Vec<u8>,
}

/// How a reply begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Line(String),
    Number(i64),
    /// A text of so many bytes follows.
    Text(u64),
    /// So many replies follow.
    Many(u64),
    Nothing,
}

impl Connection {
    pub(super) fn open(at: &At) -> io::Result<Self> {
        let stream: Box<dyn Duplex> = match at {
            At::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(READ_WITHIN))?;
                Box::new(stream)
            }
            At::Tcp { host, port } => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                let mut stream = None;
                for address in (host.as_str(), *port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT_WITHIN) {
                        Ok(connected) => {
                            stream = Some(connected);
                            break;
                        }
                        Err(error) => last = error,
                    }
                }
                let stream = stream.ok_or(last)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(READ_WITHIN))?;
                Box::new(stream)
            }
        };
        Ok(Self::over(stream))
    }

    fn over(stream: Box<dyn Duplex>) -> Self {
        Self { stream: BufReader::with_capacity(256 << 10, stream), request: Vec::new() }
    }

    /// Adds a command to those that [`Connection::send`] sends.
    pub(super) fn command(&mut self, words: &[&[u8]]) {
        self.request.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            self.request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            self.request.extend_from_slice(word);
            self.request.extend_from_slice(b"\r\n");
        }
    }

    pub(super) fn send(&mut self) -> Result<(), RedisError> {
        let stream = self.stream.get_mut();
        stream.write_all(&self.request).and_then(|()| stream.flush())?;
        self.request.clear();
        Ok(())
    }

    /// Sends a command and reads the beginning of its reply.
    pub(super) fn ask(&mut self, words: &[&[u8]]) -> Result<Reply, RedisError> {
        self.command(words);
        self.send()?;
        self.reply()
    }

    /// The beginning of a reply; one that says an error is an error.
    pub(super) fn reply(&mut self) -> Result<Reply, RedisError> {
        let mut line = Vec::new();
        self.stream.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let odd = || RedisError::Odd("its reply is none of Redis");
        let line = line.strip_suffix(b"\r\n").ok_or_else(odd)?;
        let (kind, rest) = line.split_first().ok_or_else(odd)?;
        let text = String::from_utf8_lossy(rest).into_owned();
        let number = || text.parse::<i64>().map_err(|_| odd());
        let counted = |make: fn(u64) -> Reply| {
            let number = number()?;
            if number == -1 { Ok(Reply::Nothing) } else { u64::try_from(number).map(make).map_err(|_| odd()) }
        };
        match kind {
            b'+' => Ok(Reply::Line(text)),
            b'-' => Err(RedisError::Said(text)),
            b':' => Ok(Reply::Number(number()?)),
            b'$' => counted(Reply::Text),
            b'*' => counted(Reply::Many),
            _ => Err(odd()),
        }
    }

    /// How many replies follow.
    pub(super) fn many(&mut self) -> Result<u64, RedisError> {
        match self.reply()? {
            Reply::Many(count) => Ok(count),
            _ => Err(RedisError::Odd("a list is expected of it")),
        }
    }

    /// Reads a text.
    pub(super) fn text(&mut self, to: &mut Vec<u8>) -> Result<(), RedisError> {
        match self.reply()? {
            Reply::Text(len) => self.rest_of_text(len, to),
            _ => Err(RedisError::Odd("a text is expected of it")),
        }
    }

    /// Reads a text whose length was read. Memory grows with what comes, and not with what the length claims.
    pub(super) fn rest_of_text(&mut self, len: u64, to: &mut Vec<u8>) -> Result<(), RedisError> {
        if len > TEXT_MAX {
            return Err(RedisError::Odd("a text of it is longer than Redis takes"));
        }
        to.clear();
        let read = self.stream.by_ref().take(len).read_to_end(to)?;
        let mut end = [0; 2];
        self.stream.read_exact(&mut end)?;
        if read as u64 == len && end == *b"\r\n" {
            Ok(())
        } else {
            Err(RedisError::Odd("a text of it is shorter than it says"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that has said all it will say, and does not listen.
    struct Said(&'static [u8]);

    impl Read for Said {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            self.0.read(to)
        }
    }

    impl Write for Said {
        fn write(&mut self, from: &[u8]) -> io::Result<usize> {
            Ok(from.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn hears(said: &'static [u8]) -> Connection {
        Connection::over(Box::new(Said(said)))
    }

    #[test]
    fn each_kind_of_reply_is_read() {
        let mut peer = hears(b"+OK\r\n:-7\r\n$5\r\na\r\nb!\r\n$-1\r\n*2\r\n$0\r\n\r\n*-1\r\n-ERR no\r\n");
        let mut text = Vec::new();
        assert_eq!(peer.reply().expect("a reply"), Reply::Line("OK".into()));
        assert_eq!(peer.reply().expect("a reply"), Reply::Number(-7));
        peer.text(&mut text).expect("a text");
        assert_eq!(text, b"a\r\nb!");
        assert_eq!(peer.reply().expect("a reply"), Reply::Nothing);
        assert_eq!(peer.many().expect("a list"), 2);
        peer.text(&mut text).expect("a text");
        assert_eq!(text, b"");
        assert_eq!(peer.reply().expect("a reply"), Reply::Nothing);
        assert_eq!(peer.reply().expect_err("an error").to_string(), "it says: ERR no");
        assert!(matches!(peer.reply(), Err(RedisError::Failed(_))), "the peer has gone");
    }

    #[test]
    fn what_is_no_reply_is_told_and_takes_no_memory() {
        for said in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"\r\n",
            b"$x\r\n",
            b"$-2\r\n",
            b":\r\n",
            b"+no end",
            b"$600000000\r\n",
            b"$500000000\r\nabc",
            b"$3\r\nabcd\r\n",
        ] {
            let mut text = Vec::new();
            assert!(hears(said).text(&mut text).is_err(), "{said:?}");
            assert!(text.capacity() < 1 << 20);
        }
    }
}
