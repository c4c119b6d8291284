//! Wrong passwords: what they cost whoever sends them, and what the log says (limits of section 4, decision `D1`).

use std::time::Duration;

use bessemer_protocol::handshake::{Hi, password_hash};

use crate::client::{Client, Reply};
use crate::clock::Watch;
use crate::server::Server;

const PASSWORD: &str = "correct horse battery staple";

/// The last word of the server to a HELLO with a password that is hashed as its version does it.
fn said_to(port: u16, password: &str, version: u8) -> Reply {
    let mut client = Client::connect(port).expect("a greeting");
    let hi = Hi::parse(client.greeting.trim_start_matches('+')).expect("a greeting");
    let asked = hi.asks().expect("a challenge");
    let rounds = if version < 2 { 1 } else { asked.iterations };
    let hash = password_hash(password, asked.salt, rounds);
    client.call(&format!(r#"HELLO {{"v":{version},"pwdhash":"{hash}"}}"#)).expect("a reply")
}

fn line(text: &str) -> Reply {
    Reply::Line(text.into())
}

#[test]
fn who_guesses_is_slowed_down_and_the_right_password_still_lets_in() {
    let config =
        format!("faktory.password = '{PASSWORD}'\n[limits]\nwrong_passwords = 2\nhandshake_timeout = '3s'");
    let server = Server::start_on(None, &config);
    for _ in 0..2 {
        assert_eq!(said_to(server.port, "wrong", 2), line("-ERR Invalid password"));
    }
    let watch = Watch::start();
    assert_eq!(said_to(server.port, PASSWORD, 2), line("+OK"));
    assert!(watch.elapsed() > Duration::from_millis(800), "a second after the last wrong one");

    let guess = |port| move || said_to(port, "wrong", 2);
    let guesses: Vec<_> = (0..8).map(|_| std::thread::spawn(guess(server.port))).collect();
    let answers: Vec<_> = guesses.into_iter().map(|guess| guess.join().expect("no panic")).collect();
    let told = "-ERR Invalid password: too many wrong ones came from this address; try again in a while";
    let (slowed, sent_away): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| *answer == line("-ERR Invalid password"));
    // Whose turn comes just as its time to log in is over may hear of that.
    let late = "-ERR too many clients are logging in; try again in a while";
    assert!(sent_away.iter().all(|answer| [line(told), line(late)].contains(answer)), "{sent_away:?}");
    assert!(slowed.len() <= 3 && sent_away.len() >= 5, "one a second, and three seconds to wait: {slowed:?}");

    let said = server.output();
    assert_eq!(said.matches("refused a client from 127.0.0.1").count(), 1, "once a minute: {said}");
    assert!(!said.contains(PASSWORD) && !said.contains("pwdhash"), "{said}");
}

#[test]
fn clients_that_hash_once_are_warned_about_once_of_each_address_d1() {
    let server = Server::start_on(None, &format!("faktory.password = '{PASSWORD}'"));
    for _ in 0..3 {
        assert_eq!(said_to(server.port, PASSWORD, 1), line("+OK"));
    }
    assert_eq!(said_to(server.port, PASSWORD, 2), line("+OK"));
    server.await_said("hashes the password in one round only", 1);
    assert_eq!(server.output().matches("hashes the password in one round only").count(), 1);
}
