//! The largest jobs and the largest PUSHB that are allowed: one batch each, whole again after a kill, byte for byte.

use bessemer_protocol::limits::{BULK_MAX, JOB_MAX};

use crate::client::{Client, Reply};
use crate::server::Server;

/// A job of exactly so many bytes.
fn job(number: usize, len: usize) -> String {
    let head = format!(r#"{{"jid":"large-{number:04}","jobtype":"Large","args":[""#);
    let tail = r#""]}"#;
    let fill = char::from(b'a' + number as u8);
    let fill = String::from(fill).repeat(len - head.len() - tail.len());
    format!("{head}{fill}{tail}")
}

fn line(client: &mut Client, command: &str) -> String {
    match client.call(command).expect("a reply") {
        Reply::Line(line) => line,
        Reply::Bulk(text) => String::from_utf8(text).expect("UTF-8"),
        Reply::Null => "nothing".into(),
    }
}

/// Five jobs in one PUSHB of exactly so many bytes.
fn bulk(len: usize) -> String {
    let around = "[,,,,]".len();
    let each = (len - around) / 5;
    let jobs: Vec<String> =
        (0..5).map(|n| job(n, if n == 4 { len - around - 4 * each } else { each })).collect();
    format!("[{}]", jobs.join(","))
}

#[test]
fn the_largest_job_and_the_largest_bulk_are_kept_whole_and_one_byte_more_is_refused() {
    let mut server = Server::start();
    let mut client = server.client();
    let largest = job(9, JOB_MAX);
    assert_eq!(line(&mut client, &format!("PUSH {largest}")), "+OK");
    let refused = line(&mut client, &format!("PUSH {}", job(8, JOB_MAX + 1)));
    assert!(refused.starts_with("-ERR") && refused.contains("16777216"), "{refused}");
    assert_eq!(line(&mut client, &format!("PUSHB {}", bulk(BULK_MAX))), "{}");
    let refused = line(&mut client, &format!("PUSHB {}", bulk(BULK_MAX + 1)));
    assert!(refused.starts_with("-ERR") && refused.contains("67108864"), "{refused}");

    server.kill();
    server.spawn();
    server.await_ready();
    let mut client = server.client();
    assert_eq!(server.info()["faktory"]["total_enqueued"], 6);
    for number in [9, 0, 1, 2, 3, 4] {
        let Reply::Bulk(text) = client.call("FETCH default").expect("a reply") else { panic!("no job") };
        let fetched: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let jid = format!("large-{number:04}");
        assert_eq!(fetched["jid"], jid);
        let args = fetched["args"][0].as_str().expect("a string");
        let len = if number == 9 { JOB_MAX } else { (BULK_MAX - 6) / 5 };
        assert!(
            args.len() + 100 > len && args.bytes().all(|b| b == b'a' + number as u8),
            "{jid}: {}",
            args.len()
        );
        assert_eq!(line(&mut client, &format!(r#"ACK {{"jid":"{jid}"}}"#)), "+OK");
    }
    assert_eq!(server.info()["faktory"]["total_enqueued"], 0);
}
