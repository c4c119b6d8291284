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

/// A job that is fetched by a client which asked for leases: the delivery's token.
fn leased(client: &mut Client) -> String {
    let Reply::Bulk(job) = client.call("FETCH default").expect("FETCH") else { panic!("a job") };
    let job: Value = serde_json::from_slice(&job).expect("JSON");
    job["lease"].as_str().expect("a lease").to_owned()
}

#[test]
fn a_lease_names_its_delivery_also_after_a_kill_g09_d03() {
    let mut server = Server::start();
    let asks = r#","wid":"w-leases1","features":["lease","of the future"]"#;
    let mut worker = server.client_as(asks);
    let ok = Reply::Line("+OK".into());
    let push = r#"PUSH {"jid":"leased0001","jobtype":"T","args":[],"retry":3}"#;
    assert_eq!(worker.call(push).expect("PUSH"), ok);
    let first = leased(&mut worker);
    assert_eq!(
        worker.call(r#"FAIL {"jid":"leased0001"}"#).expect("FAIL"),
        ok,
        "whoever names none is judged by its wid"
    );
    let requeue = r#"MUTATE {"cmd":"requeue","target":"retries","filter":{"jids":["leased0001"]}}"#;
    assert_eq!(worker.call(requeue).expect("MUTATE"), ok);
    let second = leased(&mut worker);
    assert_ne!(first, second);
    server.kill();
    server.spawn();
    server.await_ready();

    let working = |server: &Server| server.info()["faktory"]["sets"]["working"].clone();
    let mut worker = server.client_as(asks);
    let late = format!(r#"{{"jid":"leased0001","lease":"{first}"}}"#);
    assert_eq!(worker.call(&format!("ACK {late}")).expect("ACK"), ok, "row 75");
    assert_eq!(
        worker.call(&format!("FAIL {late}")).expect("FAIL"),
        Reply::Line("-ERR Job not found leased0001".into())
    );
    assert_eq!(working(&server), 1);
    // It decides, whoever shows it.
    let ack = format!(r#"ACK {{"jid":"leased0001","lease":"{second}"}}"#);
    assert_eq!(server.client_as(r#","wid":"w-another""#).call(&ack).expect("ACK"), ok);
    assert_eq!(working(&server), 0);

    // Who did not ask is told of none.
    let mut plain = server.client_as(r#","wid":"w-plain01""#);
    assert_eq!(plain.call(&push.replace("0001", "0002")).expect("PUSH"), ok);
    let Reply::Bulk(job) = plain.call("FETCH default").expect("FETCH") else { panic!("a job") };
    assert!(!String::from_utf8_lossy(&job).contains("lease\""));
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
