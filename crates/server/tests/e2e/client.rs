//! A raw client: bytes out, replies in, each with a deadline.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

/// No command takes longer; an empty FETCH answers after two seconds.
const DEADLINE: Duration = Duration::from_secs(15);

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// `+OK`, `-ERR …`: the line without its end.
    Line(String),
    /// `$n`: the text.
    Bulk(Vec<u8>),
    /// `$-1`.
    Null,
}

/// A connection, in plain text unless it is said what it goes over.
pub(crate) struct Client<S = TcpStream> {
    stream: BufReader<S>,
    /// The line with which the server opened the conversation.
    pub(crate) greeting: String,
}

impl Client {
    /// Connects and reads the greeting.
    pub(crate) fn connect(port: u16) -> io::Result<Self> {
        let mut client = Self::silent(port)?;
        client.read_greeting()?;
        Ok(client)
    }

    /// Connects and reads nothing.
    pub(crate) fn silent(port: u16) -> io::Result<Self> {
        Ok(Self::over(socket(port)?))
    }

    /// Whether a reply is there by now.
    pub(crate) fn has_reply(&self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).expect("a socket");
        let there = !self.stream.buffer().is_empty() || stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).expect("a socket");
        there
    }

    /// Nothing more will be sent, replies are still read.
    pub(crate) fn half_close(&self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Write)
    }
}

/// A socket on which nothing waits for ever.
pub(crate) fn socket(port: u16) -> io::Result<TcpStream> {
    patient(TcpStream::connect(("127.0.0.1", port))?)
}

/// The same of somebody who has this address.
pub(crate) fn socket_from(address: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddrV4::new(address, 0))?;
    connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
    patient(socket.into())
}

fn patient(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    Ok(stream)
}

impl<S: Read + Write> Client<S> {
    /// A connection over something that is connected. Nothing has been read of it.
    pub(crate) fn over(stream: S) -> Self {
        Self { stream: BufReader::new(stream), greeting: String::new() }
    }

    /// Reads what the server says first.
    pub(crate) fn read_greeting(&mut self) -> io::Result<()> {
        match self.reply()? {
            Reply::Line(line) => self.greeting = line,
            other => return Err(io::Error::other(format!("a greeting, not {other:?}"))),
        }
        Ok(())
    }

    /// Says HELLO; anything but OK is an error.
    pub(crate) fn hello(&mut self, hello: &str) -> io::Result<()> {
        match self.call(&format!("HELLO {hello}"))? {
            Reply::Line(line) if line == "+OK" => Ok(()),
            other => Err(io::Error::other(format!("HELLO {hello}: {other:?}"))),
        }
    }

    /// Sends one command and reads its reply.
    pub(crate) fn call(&mut self, command: &str) -> io::Result<Reply> {
        self.send(format!("{command}\r\n").as_bytes())?;
        self.reply()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)?;
        self.stream.get_mut().flush()
    }

    /// Reads one reply.
    pub(crate) fn reply(&mut self) -> io::Result<Reply> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection ended inside a reply"));
        };
        let line = std::str::from_utf8(line).map_err(io::Error::other)?;
        if line == "$-1" {
            return Ok(Reply::Null);
        }
        let Some(length) = line.strip_prefix('$') else {
            return Ok(Reply::Line(line.to_owned()));
        };
        let length: usize = length.parse().map_err(io::Error::other)?;
        let mut text = vec![0; length + 2];
        self.stream.read_exact(&mut text)?;
        if text.split_off(length) != b"\r\n" {
            return Err(io::Error::other("a bulk reply does not end where it says"));
        }
        Ok(Reply::Bulk(text))
    }

    /// Whether the server closes the connection without another byte.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.stream.fill_buf() {
            Ok(rest) => rest.is_empty(),
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }
}
