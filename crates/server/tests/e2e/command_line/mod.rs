//! The command line and a running server: what a person reads, what a script reads, and how a mistake ends. Here are the
//! person and the server's jobs; the files beside tell what happens.

mod demo;
mod operate;
mod push;
mod streams;
mod talk;
mod tls;
mod tokens;
mod unique;

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::client::Reply;
use crate::server::{Server, bessemer};
use crate::terminal::Terminal;

/// The command line of a person at that server.
struct Person<'s> {
    server: &'s Server,
}

impl Person<'_> {
    fn output(&self, arguments: &[&str]) -> Output {
        self.output_of(arguments, "")
    }

    /// The same with something to read; standard input is no terminal in either case.
    fn output_of(&self, arguments: &[&str], input: &str) -> Output {
        let url = format!("tcp://127.0.0.1:{}", self.server.port);
        let mut command = bessemer();
        // Nobody's own configuration.
        command
            .args(arguments)
            .env("FAKTORY_URL", url)
            .env("HOME", self.server.folder())
            .stdin(Stdio::piped());
        let mut child = command.spawn().expect("the built binary starts");
        let mut stdin = child.stdin.take().expect("piped");
        // One that does not read its input may end before it is written.
        _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    /// The same in a terminal.
    fn terminal(&self, arguments: &[&str], columns: u16) -> Terminal {
        let mut command = bessemer();
        let url = format!("tcp://127.0.0.1:{}", self.server.port);
        command.args(arguments).env("FAKTORY_URL", url).env("HOME", self.server.folder());
        Terminal::run(command, columns)
    }

    /// What it says when all is well.
    fn says(&self, arguments: &[&str]) -> String {
        good(arguments, self.output(arguments))
    }

    /// The same, read as one JSON document.
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(&[arguments, &["--json"]].concat())).expect("one JSON document")
    }

    /// Exit code and the line of a mistake.
    fn wrong(&self, arguments: &[&str]) -> (i32, String) {
        bad(self.output(arguments))
    }
}

fn good(arguments: &[&str], output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn bad(output: Output) -> (i32, String) {
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    let line = said.lines().last().unwrap_or_default();
    let line = line.strip_prefix("bessemer: ").unwrap_or(line).to_owned();
    (output.status.code().expect("an end by itself"), line)
}

fn fetch(server: &Server, queue: &str) -> Value {
    match server.client().call(&format!("FETCH {queue}")).expect("a reply") {
        Reply::Bulk(job) => serde_json::from_slice(&job).expect("JSON"),
        other => panic!("no job: {other:?}"),
    }
}

/// Jobs in all places: two in queues, one working, one scheduled, one to be retried, one dead.
fn populate(server: &Server) {
    let mut client = server.client();
    let mut call = |line: &str| client.call(line).expect("a reply");
    let push = |jid: &str, more: &str| format!(r#"PUSH {{"jid":"{jid}","args":["\u001b[31m",7]{more}}}"#);
    for (jid, queue, retry) in [("job-work", "w", 25), ("job-retry", "r", 25), ("job-dead", "d", -1)] {
        let more = format!(r#","jobtype":"Work","queue":"{queue}","retry":{retry}"#);
        assert_eq!(call(&push(jid, &more)), Reply::Line("+OK".into()));
        assert!(matches!(call(&format!("FETCH {queue}")), Reply::Bulk(_)));
    }
    for jid in ["job-retry", "job-dead"] {
        let fail =
            format!(r#"FAIL {{"jid":"{jid}","errtype":"E","message":"b\u009bm","backtrace":["l\u001b1"]}}"#);
        assert_eq!(call(&fail), Reply::Line("+OK".into()));
    }
    for (jid, more) in [
        ("job-first", r#","jobtype":"Wait","queue":"a""#),
        ("job-second", r#","jobtype":"Wait\u0007","queue":"b","custom":{"k":1}"#),
        ("job-later", r#","jobtype":"Wait","at":"2999-01-01T00:00:00Z""#),
    ] {
        assert_eq!(call(&push(jid, more)), Reply::Line("+OK".into()));
    }
}
