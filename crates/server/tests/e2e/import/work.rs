//! Work goes on where Faktory left it.

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::clock::until;
use crate::redis::{Redis, add, command, job, push};
use crate::server::{Server, bessemer};
use crate::tools::{done, serve};

fn failed(mut job: Value) -> Value {
    job["failure"] = json!({
        "retry_count": 2, "remaining": 23, "failed_at": "2026-11-22T00:00:00Z", "next_at": "2026-11-23T00:00:00Z",
        "message": "boom", "errtype": "IOError", "backtrace": ["a.rb:1", "b.rb:2"],
    });
    job
}

fn reserved(job: &Value, wid: &str, expires_at: &str) -> Value {
    json!({ "job": job, "reserved_at": "2026-11-22T00:00:00Z", "expires_at": expires_at, "wid": wid })
}

/// The next job of the queues.
fn fetch(client: &mut Client, queues: &str) -> Option<Value> {
    match client.call(&format!("FETCH {queues}")).expect("FETCH") {
        Reply::Bulk(job) => Some(serde_json::from_slice(&job).expect("JSON")),
        _ => None,
    }
}

fn worker(server: &Server, wid: &str) -> Client {
    let mut client = Client::connect(server.port).expect("a connection");
    client.hello(&format!(r#"{{"v":2,"wid":"{wid}"}}"#)).expect("HELLO");
    client
}

fn ok() -> Reply {
    Reply::Line("+OK".into())
}

#[test]
fn queues_keep_their_order_and_old_workers_end_what_they_have_w08() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut redis = Redis::start(&[], None);
    let mut commands = vec![command(&["SADD", "queues", "a", "b"]), command(&["SET", "processed", "10"])];
    for number in 0..6 {
        commands.push(push("q:a", &job(&format!("new-0000{number}"), "a", number)));
        // Left behind by an update to 1.10, and older than all others.
        commands.push(push("a", &job(&format!("old-0000{number}"), "a", number)));
    }
    let later = 4_102_444_800.0;
    commands.push(add("working", later, &reserved(&job("held-0001", "b", 1), "w1", "2100-01-01T00:00:00Z")));
    commands.push(add(
        "working",
        later,
        &reserved(&failed(job("held-0002", "b", 1)), "w2", "2100-01-01T00:00:00Z"),
    ));
    commands.push(add("retries", later, &failed(job("again-001", "b", 1))));
    commands.push(add("dead", later, &failed(job("dead-0001", "b", 1))));
    commands.push(add("scheduled", 1.5, &job("due-00001", "b", 1)));
    redis.fill(commands);
    let place = folder.path().join("db");
    done(&["import", &redis.save(), &place.display().to_string()], folder.path());
    drop(redis);

    let server = serve(&place, folder.path());
    let info = server.info();
    let sets = &info["faktory"]["sets"];
    assert_eq!(
        (&sets["retries"], &sets["dead"], &sets["working"]),
        (&1.into(), &1.into(), &2.into()),
        "{info}"
    );
    assert_eq!(info["faktory"]["total_processed"], 10);
    let mut client = server.client();
    for layout in ["old", "new"] {
        for number in 0..6 {
            let job = fetch(&mut client, "a").expect("a job");
            assert_eq!(job["jid"], format!("{layout}-0000{number}"));
            assert_eq!(job["args"][0], 9_007_199_254_740_993_u64, "J-03");
            assert_eq!(job["created_at"], "2026-11-20T01:02:03.123456789Z");
            assert_eq!(job["enqueued_at"], "2026-11-21T01:02:03.5Z");
        }
    }
    let due = until("the job that was due is in its queue", || fetch(&mut client, "b"));
    assert_eq!(due["jid"], "due-00001");

    // Another worker may not end it; its own may.
    let mut own = worker(&server, "w1");
    assert_eq!(worker(&server, "w9").call(r#"ACK {"jid":"held-0001"}"#).expect("ACK"), ok());
    assert_eq!(server.info()["faktory"]["total_processed"], 10);
    assert_eq!(own.call(r#"ACK {"jid":"held-0001"}"#).expect("ACK"), ok());
    assert_eq!(server.info()["faktory"]["total_processed"], 11);
    let fail = r#"FAIL {"jid":"held-0002","errtype":"E","message":"again"}"#;
    assert_eq!(worker(&server, "w2").call(fail).expect("FAIL"), ok());
    let (_, page) = server.http("GET", "/retries", "");
    assert!(page.contains("IOError: boom") && page.contains("E: again"), "{page}");
    let exported = done(&["export", &place.display().to_string()], folder.path());
    let held = exported.lines().find(|line| line.contains("held-0002")).expect("the job that failed");
    assert!(
        held.contains(r#""retry_count":3,"remaining":22,"failed_at":"2026-11-22T00:00:00Z""#),
        "R-02: {held}"
    );
}

#[test]
fn a_reservation_that_has_ended_fails_as_it_would_have_w05() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("conf.d")).expect("a folder");
    std::fs::write(folder.path().join("conf.d/a.toml"), "[workers]\nrestart_grace = '1s'\n").expect("a file");
    let mut redis = Redis::start(&[], None);
    let mut once = job("once-0001", "a", 1);
    once["retry"] = 0.into();
    let expired = |job: &Value| reserved(job, "w1", "2026-11-22T00:30:00Z");
    redis.fill([
        add("working", 1_795_307_400.0, &expired(&once)),
        add("working", 1_000.0, &expired(&job("more-0001", "a", 1))),
    ]);
    let place = folder.path().join("db");
    let said = done(&["import", &redis.save(), &place.display().to_string()], folder.path());
    assert!(said.contains("working: 2 jobs, 2 with a reservation that has ended\n"), "{said}");
    let server = serve(&place, folder.path());
    until("both have failed", || (server.info()["faktory"]["total_failures"] == 2).then_some(()));
    let sets = &server.info()["faktory"]["sets"];
    assert_eq!(
        (&sets["retries"], &sets["working"]),
        (&Value::from(1), &Value::from(0)),
        "one had no retries"
    );
    let (_, page) = server.http("GET", "/retries", "");
    assert!(page.contains("ReservationExpired"), "{page}");
}

#[test]
fn a_start_on_faktorys_data_says_what_to_do_and_doing_it_is_enough_d17_row_129() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut redis = Redis::start(&[], None);
    redis.fill([push("q:a", &job("job-00001", "a", 1))]);
    let file = redis.save();
    // The data directory of the configuration, to which the file was copied.
    let place = folder.path().join(".bessemer/db");
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::copy(file, place.join("faktory.rdb")).expect("a copy");
    let start = bessemer().args(["-b", "127.0.0.1:0", "-w", ":0"]).env("HOME", folder.path()).output();
    let said = String::from_utf8(start.expect("the built server starts").stderr).expect("UTF-8");
    let hint = said.lines().last().expect("a line").split('`').nth(1).expect("a hint");
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    assert_eq!(words, ["import", &place.join("faktory.rdb").display().to_string()]);
    let said = done(&words, folder.path());
    assert!(said.contains(&format!("imported 1 job of {} into {}\n", words[1], place.display())), "{said}");
    let server = serve(&place, folder.path());
    assert_eq!(fetch(&mut server.client(), "a").expect("the job")["jid"], "job-00001");
    drop(server);
    // The directory of Faktory itself is a source too.
    let said = done(&["import", &redis.folder().display().to_string(), "--dry-run"], folder.path());
    assert!(said.contains("enqueued: 1 job in 1 queue\n"), "{said}");
}
