//! The attacks, each a function that goes on until it is told to stop; those on the dashboard are in `visitor.rs`. They are
//! limited in rate, so that they do not win by eating the machine, and never fail: to be shown out is what they are for.
//! Most of them know the password: it takes one who is in to do harm.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

use bessemer_protocol::handshake::{Hi, password_hash};

use super::{PASSWORD, Pace, Stop, visitor};
use crate::client::socket_from;
use crate::clock::pause;
use crate::server::Server;

/// One kind of hostile client.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// How many do it at once.
    pub(crate) threads: u32,
    pub(crate) run: fn(server: &Server, number: u32, stop: &Stop),
}

const fn attack(name: &'static str, threads: u32, run: fn(&Server, u32, &Stop)) -> Attack {
    Attack { name, threads, run }
}

pub(crate) const ALL: &[Attack] = &[
    // What the figures are when nothing happens: the noise of the machine.
    attack("none, for comparison", 0, |_, _, _| {}),
    attack("64 send a byte a second", 1, byte_by_byte),
    attack("300 connect and never speak", 1, never_speak),
    attack("500 workers that wait and never read", 1, never_answer),
    attack("garbage, 2 MB/s", 2, garbage),
    attack("empty lines, 500,000/s", 1, empty_lines),
    attack("bad jobs, 10,000/s", 2, bad_jobs),
    attack("nesting of 1 MB, 40/s", 1, depth),
    attack("64 endless lines of 16 MB", 2, endless),
    attack("100,000 commands, replies unread", 2, never_read),
    attack("INFO, 400/s, with 5,000 queues", 2, inform),
    attack("new queues, 10,000/s", 2, queues),
    attack("PUSHB of 10,000 jobs, 4/s", 1, bulks),
    attack("connections, 1,000/s", 4, storm),
    attack("wrong passwords, 1,000/s", 8, guess),
    attack("the same from 250 addresses", 8, guess_from_everywhere),
    attack("dashboard: 300 send a byte a second", 1, visitor::never_ask),
    attack("dashboard: 1,000/s without password", 4, visitor::unknown),
    attack("dashboard: 64 read no page", 1, visitor::never_read),
];

/// A connection that has logged in, or none if the server does not want it.
fn enter(server: &Server) -> Option<TcpStream> {
    let mut stream = knock(server.port)?;
    let greeting = line(&mut stream)?;
    let hi = Hi::parse(greeting.strip_prefix('+')?).ok()?;
    let hash = hi.asks().map_or(String::new(), |asked| password_hash(PASSWORD, asked.salt, asked.iterations));
    stream.write_all(format!("HELLO {{\"v\":2,\"pwdhash\":\"{hash}\"}}\r\n").as_bytes()).ok()?;
    (line(&mut stream)? == "+OK").then_some(stream)
}

pub(super) fn knock(port: u16) -> Option<TcpStream> {
    impatient(TcpStream::connect(("127.0.0.1", port)).ok()?)
}

fn impatient(stream: TcpStream) -> Option<TcpStream> {
    stream.set_nodelay(true).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.set_write_timeout(Some(Duration::from_secs(1))).ok()?;
    Some(stream)
}

/// Reads a line, a byte at a time; nothing behind it is lost.
fn line(stream: &mut TcpStream) -> Option<String> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while stream.read(&mut byte).ok()? == 1 {
        match byte[0] {
            b'\n' => return Some(String::from_utf8_lossy(&text).trim_end().to_owned()),
            byte => text.push(byte),
        }
    }
    None
}

/// Throws away what has arrived; `false` when the server has closed.
pub(super) fn drain(stream: &mut TcpStream) -> bool {
    let mut room = [0; 64 * 1024];
    if stream.set_nonblocking(true).is_err() {
        return false;
    }
    let open = loop {
        match stream.read(&mut room) {
            Ok(0) => break false,
            Ok(_) => {}
            Err(e) => break e.kind() == ErrorKind::WouldBlock,
        }
    };
    open && stream.set_nonblocking(false).is_ok()
}

/// Sends the same again and again, so many times a second, and takes the replies.
fn flood(server: &Server, what: &[u8], rate: u32, stop: &Stop) {
    let mut pace = Pace::per_second(rate);
    let mut stream = None;
    while !stop.is_rung() {
        pace.wait();
        let Some(open) = stream.as_mut() else {
            stream = enter(server);
            continue;
        };
        if open.write_all(what).is_err() || !drain(open) {
            stream = None;
        }
    }
}

/// Keeps so many connections, made by `make`, and does something to each once a second.
pub(super) fn crowd(
    count: usize,
    stop: &Stop,
    make: impl Fn() -> Option<TcpStream>,
    each: impl Fn(&mut TcpStream) -> bool,
) {
    let mut all: Vec<TcpStream> = Vec::new();
    while !stop.is_rung() {
        while all.len() < count && !stop.is_rung() {
            match make() {
                Some(stream) => all.push(stream),
                None => break,
            }
        }
        all.retain_mut(&each);
        pause(Duration::from_secs(1));
    }
}

fn byte_by_byte(server: &Server, _: u32, stop: &Stop) {
    let make = || {
        let mut stream = enter(server)?;
        stream.write_all(b"PUSH {\"jid\":\"slow-and-slower").ok()?;
        Some(stream)
    };
    crowd(64, stop, make, |stream| stream.write_all(b"x").is_ok());
}

fn never_speak(server: &Server, _: u32, stop: &Stop) {
    crowd(300, stop, || knock(server.port), drain);
}

fn never_answer(server: &Server, _: u32, stop: &Stop) {
    let make = || {
        let mut stream = enter(server)?;
        stream.write_all(b"FETCH nothing-is-here\r\n").ok()?;
        Some(stream)
    };
    crowd(500, stop, make, |_| true);
}

fn garbage(server: &Server, number: u32, stop: &Stop) {
    // The same for ever, from a generator that anybody can write down.
    let mut state = u64::from(number) + 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let mut blob: Vec<u8> = (0..16 * 1024).map(|_| byte()).collect();
    blob.push(b'\n');
    flood(server, &blob, 64, stop);
}

fn empty_lines(server: &Server, _: u32, stop: &Stop) {
    flood(server, &[b'\n'; 5_000], 100, stop);
}

fn bad_jobs(server: &Server, _: u32, stop: &Stop) {
    let kinds = [
        r#"PUSH {"jid":"bad-job-00001","jobtype":"T","args":[],"retry":10001}"#,
        r#"PUSH {"jid":"bad-job-00001","jobtype":"T","args":[],"at":"tomorrow"}"#,
        r#"PUSH {"jid":"bad-job-00001","jobtype":"T","args":[1,]}"#,
        r#"PUSH {"jid":"short","jobtype":"T","args":[]}"#,
        r#"PUSH {"jid":"bad-job-00001","jobtype":"T","args":[],"queue":"a b"}"#,
    ];
    let blob = kinds.map(|kind| format!("{kind}\r\n")).concat().repeat(10);
    flood(server, blob.as_bytes(), 100, stop);
}

fn never_read(server: &Server, _: u32, stop: &Stop) {
    let blob = b"INFO\r\n".repeat(1_000);
    while !stop.is_rung() {
        let Some(mut stream) = enter(server) else {
            pause(Duration::from_millis(100));
            continue;
        };
        for _ in 0..100 {
            if stop.is_rung() || stream.write_all(&blob).is_err() {
                break;
            }
        }
        // Until the server has had enough of it.
        while !stop.is_rung() && stream.write_all(b"\n").is_ok() {
            pause(Duration::from_millis(100));
        }
    }
}

fn inform(server: &Server, number: u32, stop: &Stop) {
    if let Some(mut stream) = enter(server).filter(|_| number == 0) {
        for queue in 0..5_000 {
            let job = format!(
                "PUSH {{\"jid\":\"inform-{queue}\",\"jobtype\":\"T\",\"args\":[],\"queue\":\"i{queue}\"}}\r\n"
            );
            if stream.write_all(job.as_bytes()).is_err() || !drain(&mut stream) {
                return;
            }
        }
    }
    flood(server, &b"INFO\r\n".repeat(10), 20, stop);
}

fn storm(server: &Server, number: u32, stop: &Stop) {
    let mut pace = Pace::per_second(250);
    while !stop.is_rung() {
        pace.wait();
        // Gone at once, gone in the midst of HELLO, gone after it: nobody is wrong about the password.
        let stream = match number {
            0 | 1 => knock(server.port),
            _ => enter(server),
        };
        let Some(mut stream) = stream else { continue };
        match number {
            0 => {}
            1 => _ = stream.write_all(b"HELLO {\"v\""),
            _ => _ = stream.write_all(b"END\r\n"),
        }
        _ = stream.shutdown(Shutdown::Both);
    }
}

fn guess(server: &Server, _: u32, stop: &Stop) {
    guess_by(stop, |_| knock(server.port));
}

fn guess_from_everywhere(server: &Server, number: u32, stop: &Stop) {
    guess_by(stop, |turn| {
        let address = Ipv4Addr::new(127, 0, 1, ((turn * 8 + number) % 250) as u8 + 1);
        impatient(socket_from(address, server.port).ok()?)
    });
}

fn guess_by(stop: &Stop, knock: impl Fn(u32) -> Option<TcpStream>) {
    let mut pace = Pace::per_second(125);
    let hello = format!("HELLO {{\"v\":2,\"pwdhash\":\"{}\"}}\r\n", "0".repeat(64));
    let mut turn = 0;
    while !stop.is_rung() {
        pace.wait();
        turn += 1;
        let Some(mut stream) = knock(turn) else { continue };
        _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
        _ = stream.write_all(hello.as_bytes());
        _ = line(&mut stream).and_then(|_| line(&mut stream));
    }
}

fn queues(server: &Server, number: u32, stop: &Stop) {
    if number == 1 {
        let names: Vec<String> = (0..256).map(|n| format!("nobody-{n}-{}", "x".repeat(200))).collect();
        let fetch = format!("FETCH {}\r\n", names.join(" "));
        let make = || {
            let mut stream = enter(server)?;
            stream.write_all(fetch.as_bytes()).ok()?;
            Some(stream)
        };
        return crowd(50, stop, make, |stream| stream.write_all(fetch.as_bytes()).is_ok() && drain(stream));
    }
    let (mut pace, mut stream, mut next) = (Pace::per_second(100), enter(server), 0);
    while !stop.is_rung() {
        pace.wait();
        let Some(open) = stream.as_mut() else {
            stream = enter(server);
            continue;
        };
        let jobs: Vec<String> = (next..next + 100)
            .map(|n| {
                format!(
                    "PUSH {{\"jid\":\"queue-{n:08}\",\"jobtype\":\"T\",\"args\":[],\"queue\":\"{n}\"}}\r\n"
                )
            })
            .collect();
        next += 100;
        if open.write_all(jobs.concat().as_bytes()).is_err() || !drain(open) {
            stream = enter(server);
        }
    }
}

fn endless(server: &Server, _: u32, stop: &Stop) {
    let (begin, chunk) = (b"PUSH {\"jid\":\"", [b'x'; 64 * 1024]);
    let mut pace = Pace::per_second(800);
    let mut all: Vec<(TcpStream, usize)> = Vec::new();
    while !stop.is_rung() {
        if all.len() < 32
            && let Some(mut stream) = enter(server)
            && stream.write_all(begin).is_ok()
            && stream.set_nonblocking(true).is_ok()
        {
            all.push((stream, 0));
        }
        all.retain_mut(|(stream, sent)| {
            pace.wait();
            if *sent >= 15 << 20 {
                return true;
            }
            match stream.write(&chunk) {
                Ok(n) => {
                    *sent += n;
                    true
                }
                Err(e) => e.kind() == ErrorKind::WouldBlock,
            }
        });
    }
}

fn bulks(server: &Server, _: u32, stop: &Stop) {
    let (mut pace, mut stream, mut next) = (Pace::per_second(4), enter(server), 0);
    while !stop.is_rung() {
        pace.wait();
        let Some(open) = stream.as_mut() else {
            stream = enter(server);
            continue;
        };
        let jobs: Vec<String> = (next..next + 10_000)
            .map(|n| format!(r#"{{"jid":"bulk-{n:08}","jobtype":"T","args":[],"queue":"bulk"}}"#))
            .collect();
        next += 10_000;
        if open.write_all(format!("PUSHB [{}]\r\n", jobs.join(",")).as_bytes()).is_err() || !drain(open) {
            stream = None;
        }
    }
}

fn depth(server: &Server, _: u32, stop: &Stop) {
    let push = [b"PUSH {\"args\":".as_slice(), &[b'['; 1 << 20], b"\r\n"].concat();
    flood(server, &push, 40, stop);
}
