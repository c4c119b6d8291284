//! Every limit of a line and of what it asks for: one key, one error that names it, a reply at the limit and another one
//! beyond it. The defaults are tried in `../wire/limits.txt` and `../wire/rows-*.txt`, those of the doorstep in `doorstep.rs`.

use std::time::Duration;

use crate::client::{Client, Reply};
use crate::clock::{Watch, until};
use crate::server::Server;

/// What a command is answered, as text.
fn call(client: &mut Client, command: &str) -> String {
    match client.call(command).expect("a reply") {
        Reply::Line(line) => line,
        Reply::Bulk(text) => String::from_utf8(text).expect("UTF-8"),
        Reply::Null => "nothing".into(),
    }
}

/// A PUSH whose job has exactly so many bytes.
fn push(number: usize, queue: &str, bytes: usize) -> String {
    let head = format!(r#"{{"jid":"limited-{number}","jobtype":"T","queue":"{queue}","args":[""#);
    format!(r#"PUSH {head}{}"]}}"#, "x".repeat(bytes - head.len() - 3))
}

#[test]
fn each_limit_has_a_key_and_an_error_at_one_beyond_it() {
    let server = Server::start_on(
        None,
        "[limits]\nline_max = '64KiB'\njob_max = '1KiB'\nbulk_max = '2KiB'\nbulk_jobs_max = 3\n\
         fetch_queues_max = 2\nqueues_max = 2\nworkers_max = 1\nfetch_wait = '10ms'\n",
    );
    let mut client = server.client();
    let ack = |bytes: usize| format!("ACK {}", "x".repeat(bytes - 4));
    let bulk = |bytes: usize| {
        let pad = |n| push(n, "one", 900)[5..].to_owned();
        let rest = bytes - "PUSHB [,]".len() - 900 + "PUSHB ".len();
        format!("PUSHB [{},{}]", pad(20), &push(21, "one", rest)[5..])
    };
    let jobs = |count| format!("PUSHB [{}]", vec!["{}"; count].join(","));
    let jid = "jobs must have a reasonable jid parameter";
    for (command, reply) in [
        (ack(64 << 10), "-ERR invalid ACK xxx"),
        (ack((64 << 10) + 1), "-ERR line too long: 65537 bytes, limit 65536"),
        (push(1, "one", 1024), "+OK"),
        (push(2, "one", 1025), "-ERR job too large: 1025 bytes, limit 1024"),
        (push(3, "one", 4096), "-ERR job too large: 4096 bytes, limit 1024"),
        (bulk(2048), "{\"limited-21\":\"job too large: "),
        (bulk(2049), "-ERR PUSHB too large: 2049 bytes, limit 2048"),
        (jobs(3), &format!("{{\"\":\"{jid}\",\"#1\":\"{jid}\",\"#2\":\"{jid}\"}}")),
        (jobs(4), "-ERR too many jobs in PUSHB: 4, limit 3"),
        ("FETCH nowhere nothing".into(), "nothing"),
        ("FETCH nowhere nothing never".into(), "-ERR too many queues in FETCH: 3, limit 2"),
        (push(4, "two", 100), "+OK"),
        (push(5, "three", 100), "-ERR too many queues, limit 2"),
        (push(5, "two", 100), "+OK"),
        (format!("PUSHB [{}]", &push(6, "four", 100)[5..]), "{\"limited-6\":\"too many queues, limit 2\"}"),
    ] {
        let said = call(&mut client, &command);
        assert!(said.starts_with(reply), "{:?}: {said:?}, not {reply:?}", &command[..command.len().min(80)]);
    }
    let hello = |wid: &str| format!(r#","wid":"{wid}","hostname":"h","pid":1,"labels":[]"#);
    let _worker = server.client_as(&hello("one"));
    let mut second = Client::connect(server.port).expect("a greeting");
    let said = call(&mut second, r#"HELLO {"v":2,"wid":"two"}"#);
    assert!(said == "-ERR too many workers, limit 1" && second.is_closed(), "{said:?}");
    let rejected = &server.info()["server"]["rejected"];
    let expected = serde_json::json!({
        "ack": 1, "line_too_long": 1, "job_too_large": 4, "bulk_jobs": 1, "jid": 3, "fetch": 1,
        "too_many_queues": 2, "too_many_workers": 1,
    });
    assert_eq!(rejected, &expected);
}

#[test]
fn a_job_of_more_than_four_times_its_limit_ends_the_connection_row_63() {
    let server = Server::start_on(None, "limits.job_max = '1KiB'\n");
    let mut client = server.client();
    client.send(push(1, "one", 4097).as_bytes()).expect("a job without an end");
    let reply = client.reply().expect("a reply");
    assert_eq!(reply, Reply::Line("-ERR job too large: 4097 bytes, limit 1024".into()));
    assert!(client.is_closed());
}

#[test]
fn a_line_has_its_time() {
    let server = Server::start_on(None, "limits.line_timeout = '500ms'\n");
    let (mut slow, mut other) = (server.client(), server.client());
    slow.send(b"PUSH {\"jid\"").expect("half a line");
    let since = Watch::start();
    let reply = slow.reply().expect("a reply");
    assert_eq!(reply, Reply::Line("-ERR line took longer than 500ms".into()));
    assert!(slow.is_closed() && since.elapsed() > Duration::from_millis(400));
    assert_eq!(call(&mut other, "ACK {\"jid\":\"unknown-1\"}"), "+OK");
    assert_eq!(server.info()["server"]["rejected"]["line_too_slow"], 1);
}

#[test]
fn who_sends_for_ever_and_never_reads_is_paused_and_then_cut_row_30() {
    let server = Server::start_on(None, "limits.write_timeout = '1s'\n");
    let mut other = server.client();
    let mut greedy = server.client();
    // Each line costs six bytes and is answered by hundreds.
    let lines = b"INFO\r\n".repeat(10_000);
    let since = Watch::start();
    let sent = std::iter::repeat_with(|| greedy.send(&lines)).take(10_000).take_while(Result::is_ok).count();
    assert!(sent < 10_000, "it is still read after {} MB", sent * lines.len() / 1_000_000);
    let gone = since.elapsed();
    assert!(gone > Duration::from_millis(900) && gone < Duration::from_secs(20), "{gone:?}");
    let memory = server.memory_mib();
    assert!(memory < 300, "{memory} MiB");
    until("it is gone", || (server.info()["server"]["rejected"]["reader_too_slow"] == 1).then_some(()));
    assert_eq!(call(&mut other, "ACK {\"jid\":\"unknown-1\"}"), "+OK");
}

#[test]
fn the_replies_of_a_pipeline_come_in_order_however_long_it_is_row_27() {
    let server = Server::start();
    let mut client = server.client();
    let lines: String = (0..2_000)
        .map(|n| match n % 4 {
            0 => format!("PUSH {{\"jid\":\"pipeline-{n:04}\",\"jobtype\":\"T\",\"args\":[]}}\r\n"),
            1 => "FETCH default\r\n".to_owned(),
            2 => format!("ACK {{\"jid\":\"pipeline-{:04}\"}}\r\n", n - 2),
            _ => format!("FOO{n}\r\n"),
        })
        .collect();
    client.send(lines.as_bytes()).expect("one segment, or a few");
    for n in 0..2_000 {
        let reply = client.reply().expect("a reply");
        let fine = match (&reply, n % 4) {
            (Reply::Line(line), 0 | 2) => line == "+OK",
            (Reply::Bulk(job), 1) => {
                String::from_utf8_lossy(job).contains(&format!("\"jid\":\"pipeline-{:04}\"", n - 1))
            }
            (Reply::Line(line), 3) => *line == format!("-ERR unknown command FOO{n}"),
            _ => false,
        };
        assert!(fine, "line {n}: {reply:?}");
    }
    assert_eq!(server.info()["faktory"]["total_processed"], 500);
}
