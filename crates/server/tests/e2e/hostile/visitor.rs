//! Attacks on the dashboard, which shares a thread with those who log in.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::attack::{crowd, drain, knock};
use super::honest::BASIC;
use super::{Pace, Stop};
use crate::server::Server;

/// A byte of a request a second, and never a whole one.
pub(super) fn never_ask(server: &Server, _: u32, stop: &Stop) {
    crowd(300, stop, || knock(server.web), |stream| stream.write_all(b"G").is_ok() && drain(stream));
}

/// Asks without a password, each time on a new connection.
pub(super) fn unknown(server: &Server, _: u32, stop: &Stop) {
    let mut pace = Pace::per_second(250);
    while !stop.is_rung() {
        pace.wait();
        let Some(mut stream) = knock(server.web) else { continue };
        _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
        _ = stream.write_all(&request(server, ""));
        _ = stream.read(&mut [0; 1024]);
    }
}

/// Asks for pages again and again, and takes none.
pub(super) fn never_read(server: &Server, _: u32, stop: &Stop) {
    let pages = request(server, &format!("Authorization: Basic {BASIC}\r\n")).repeat(1_000);
    let ask = |stream: &mut TcpStream| {
        let mut asked = 0;
        // As much as the server takes without waiting for it.
        stream.set_nonblocking(true).is_ok()
            && loop {
                match stream.write(&pages[asked..]) {
                    Ok(n) if asked + n < pages.len() => asked += n,
                    Ok(_) => break true,
                    Err(e) => break e.kind() == std::io::ErrorKind::WouldBlock,
                }
            }
    };
    crowd(64, stop, || knock(server.web), ask);
}

fn request(server: &Server, header: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{header}\r\n", server.web).into_bytes()
}
