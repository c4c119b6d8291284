//! Clients that vanish: while they wait for a job, and with a job in their hands.

use std::time::Duration;

use serde_json::Value;

use crate::client::{Client, Reply};
use crate::clock::{Watch, until};
use crate::server::Server;

#[test]
fn who_vanishes_while_waiting_for_a_job_strands_none() {
    let server = Server::start();
    let mut waiting: Vec<Client> = (0..40).map(|_| server.client()).collect();
    for client in &mut waiting {
        client.send(b"FETCH default\r\n").expect("FETCH");
    }
    // Every second one goes: some with a wish for more, some in the middle of a line.
    let mut left = Vec::new();
    for (number, mut client) in waiting.into_iter().enumerate() {
        match number % 4 {
            0 => client.send(b"INFO\r\n").expect("INFO"),
            2 => client.send(b"ACK {\"jid\"").expect("half a line"),
            _ => left.push(client),
        }
    }
    until("the server knows that they are gone", || {
        (server.info()["server"]["connections"] == left.len() + 1).then_some(())
    });
    let mut producer = server.client();
    for number in 0..left.len() {
        let push = format!(r#"PUSH {{"jid":"waited-for-{number}","jobtype":"T","args":[]}}"#);
        assert_eq!(producer.call(&push).expect("PUSH"), Reply::Line("+OK".into()));
    }
    for (number, client) in left.iter_mut().enumerate() {
        let mut reply = client.reply().expect("a reply");
        // Its two seconds may have been over before the push.
        if reply == Reply::Null {
            reply = client.call("FETCH default").expect("FETCH");
        }
        assert!(matches!(reply, Reply::Bulk(_)), "client {number} got {reply:?}");
    }
    let info = server.info();
    assert_eq!(info["faktory"]["total_enqueued"], 0);
    assert_eq!(info["faktory"]["sets"]["working"], 20);
}

/// In real time, once: the grace is a minute.
#[test]
fn the_job_of_a_killed_worker_is_given_to_another_within_about_a_minute() {
    let server = Server::start();
    let mut producer = server.client();
    let job = r#"PUSH {"jid":"survivor1","jobtype":"T","args":[7]}"#;
    assert_eq!(producer.call(job).expect("PUSH"), Reply::Line("+OK".into()));
    let worker = |wid: &str, pid: u32| {
        let mut client = Client::connect(server.port).expect("a connection");
        client
            .hello(&format!(r#"{{"v":2,"wid":"{wid}","hostname":"h","pid":{pid},"labels":[]}}"#))
            .expect("HELLO");
        client
    };
    let mut killed = worker("worker-killed", 1);
    let mut other = worker("worker-other", 2);
    assert!(matches!(killed.call("FETCH default").expect("FETCH"), Reply::Bulk(_)));
    // The kernel closes the connections of a killed process; the server sees no more of it than this.
    drop(killed);
    let watch = Watch::start();
    let job = loop {
        match other.call("FETCH default").expect("FETCH") {
            Reply::Bulk(job) => break job,
            Reply::Null => assert!(watch.elapsed() < Duration::from_secs(80), "still not given to another"),
            line @ Reply::Line(_) => panic!("{line:?}"),
        }
    };
    assert!(
        watch.elapsed() > Duration::from_secs(55),
        "taken from it too early: after {:?}",
        watch.elapsed()
    );
    let job: Value = serde_json::from_slice(&job).expect("JSON");
    assert_eq!((&job["jid"], &job["args"][0]), (&"survivor1".into(), &7.into()));
    assert_eq!(job.get("failure"), None, "no retry was spent");
}
