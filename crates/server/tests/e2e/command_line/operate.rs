//! Jobs, queues and workers under the hands of an operator.

use serde_json::{Value, json};

use super::{Person, bad, fetch, populate};
use crate::client::{Client, Reply};
use crate::server::Server;
#[test]
fn a_question_is_asked_on_a_terminal_and_the_answer_counts() {
    let server = Server::start();
    let person = Person { server: &server };
    person.says(&["push", "T"]);
    let mut asked = person.terminal(&["flush"], 80);
    asked.shows("This deletes 1 job of tcp://127.0.0.1:");
    asked.shows("Type flush to go on: ");
    asked.types("yes");
    assert_eq!(asked.ends(), Some(3));
    asked.shows("bessemer: nothing was changed");
    assert_eq!(server.info()["faktory"]["total_enqueued"], 1);
}

#[test]
fn jobs_are_found_by_where_they_are_and_what_they_are() {
    let server = Server::start();
    let person = Person { server: &server };
    assert_eq!(person.says(&["jobs", "list"]), "no jobs\n");
    populate(&server);
    let found = |flags: &[&str]| -> Vec<String> {
        let said = person.says(&[&["jobs", "list", "--json"], flags].concat());
        let jobs = said.lines().map(|line| serde_json::from_str(line).expect("a JSON object on each line"));
        jobs.map(|job: Value| job["job"]["jid"].as_str().expect("a jid").to_owned()).collect()
    };
    let all = ["job-work", "job-first", "job-second", "job-retry", "job-later", "job-dead"];
    assert_eq!(found(&[]), all);
    assert_eq!(found(&["--set", "queued"]), ["job-first", "job-second"]);
    assert_eq!(found(&["--set", "dead"]), ["job-dead"]);
    assert_eq!(found(&["--queue", "a"]), ["job-first"]);
    assert_eq!(found(&["--type", "Wait"]), ["job-first", "job-later"]);
    assert_eq!(found(&["job-dead", "--jid", "job-work"]), ["job-dead", "job-work"]);
    assert_eq!(found(&["--match", r#"*"k":1*"#]), ["job-second"]);
    assert_eq!(found(&["--type", "Work", "--set", "retries", "--queue", "r"]), ["job-retry"]);
    assert_eq!(found(&["--limit", "2"]), all[..2]);
    assert_eq!(found(&["--all"]), all);

    let table = person.says(&["jobs", "list"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 7, "{table}");
    assert!(lines[0].starts_with("STATE      JID         QUEUE"), "{table}");
    assert!(lines[3].starts_with("queued     job-second  b        Wait\\u{7}"), "{table}");
    assert!(lines[6].ends_with("E: b\\u{9b}m"), "{table}");
    assert!(!table.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{table:?}");

    let shown = person.says(&["jobs", "show", "job-dead"]);
    assert!(shown.starts_with("jid           job-dead\ntype          Work\n"), "{shown}");
    assert!(shown.ends_with("\nerror         E: b\\u{9b}m\n  l\\u{1b}1\n"), "{shown}");
    let (code, line) = person.wrong(&["jobs", "show", "job-none"]);
    assert_eq!((code, &*line), (66, "there is no job \"job-none\""));
}

#[test]
fn jobs_are_retried_killed_and_deleted_where_they_are_meant() {
    let server = Server::start();
    let person = Person { server: &server };
    populate(&server);
    let sets = || server.info()["faktory"]["sets"].clone();
    assert_eq!(person.says(&["jobs", "retry", "job-dead"]), "retried 1 job\n");
    assert_eq!(sets(), json!({ "dead": 0, "retries": 1, "scheduled": 1, "working": 1 }));
    assert_eq!(person.says(&["jobs", "kill", "--set", "scheduled"]), "killed 1 job\n");
    assert_eq!(sets(), json!({ "dead": 1, "retries": 1, "scheduled": 0, "working": 1 }));
    assert_eq!(person.json(&["jobs", "delete", "--set", "retries", "--type", "Work"])["count"], 1);
    let (code, line) = person.wrong(&["jobs", "delete", "--set", "working"]);
    assert_eq!(code, 2);
    assert!(line.contains("their worker's"), "{line}");
    let (code, line) = person.wrong(&["jobs", "retry", "--set", "queued"]);
    assert_eq!((code, &*line), (2, "--set queued: these jobs are in their queues already"));
    let (code, line) = person.wrong(&["jobs", "kill", "--set", "dead"]);
    assert_eq!((code, &*line), (2, "--set dead: these jobs are dead already"));
    assert_eq!(person.says(&["jobs", "delete", "job-work"]), "deleted 0 jobs\n", "it is its worker's");
    assert_eq!(person.says(&["jobs", "delete", "--all", "--dry-run"]), "4 jobs would be deleted\n");
    assert_eq!(person.says(&["jobs", "delete", "--all"]), "deleted 4 jobs\n");
    assert_eq!(sets(), json!({ "dead": 0, "retries": 0, "scheduled": 0, "working": 1 }));
    assert_eq!(server.info()["faktory"]["total_enqueued"], 0);
}

#[test]
fn what_is_discarded_is_out_of_sight_and_comes_back_where_it_was() {
    let server = Server::start();
    let person = Person { server: &server };
    populate(&server);
    let found = || -> Vec<String> {
        let said = person.says(&["jobs", "list", "--json"]);
        let jobs = said.lines().map(|line| serde_json::from_str(line).expect("a JSON object on each line"));
        jobs.map(|job: Value| job["job"]["jid"].as_str().expect("a jid").to_owned()).collect()
    };
    let before = found();
    assert_eq!(person.says(&["jobs", "discard", "--type", "Wait"]), "discarded 2 jobs\n");
    assert_eq!(server.info()["faktory"]["sets"]["scheduled"], 0);
    let hidden = person.says(&["jobs", "list", "--set", "discarded"]);
    assert!(hidden.contains("discarded  job-first") && hidden.contains("job-later"), "{hidden}");
    assert_eq!(person.wrong(&["jobs", "show", "job-first"]).0, 66, "nobody finds it by its jid");
    let (code, line) = person.wrong(&["jobs", "kill", "--set", "discarded"]);
    assert_eq!(code, 2);
    assert!(line.starts_with("--set discarded: these jobs can be restored or deleted"), "{line}");
    let (code, line) = person.wrong(&["jobs", "restore", "--set", "dead"]);
    assert_eq!((code, &*line), (2, "only --set discarded can be restored"));
    assert_eq!(person.says(&["jobs", "restore", "job-first"]), "restored 1 job\n");
    assert_eq!(person.json(&["jobs", "restore", "--all"])["count"], 1);
    assert_eq!(found(), before);
    assert_eq!(person.says(&["jobs", "discard", "job-dead", "job-work"]), "discarded 1 job\n");
    assert_eq!(person.says(&["jobs", "delete", "--set", "discarded"]), "deleted 1 job\n");
    assert_eq!(person.says(&["jobs", "restore", "--all"]), "restored 0 jobs\n");
}

#[test]
fn jobs_are_taken_back_moved_and_edited() {
    let server = Server::start();
    let person = Person { server: &server };
    populate(&server);
    let shown = |jid: &str| person.json(&["jobs", "show", jid]);
    assert_eq!(person.says(&["jobs", "release", "--all"]), "released 1 job\n");
    assert_eq!(shown("job-work")["state"], "queued");
    let (code, line) = person.wrong(&["jobs", "release", "--set", "queued"]);
    assert_eq!((code, &*line), (2, "only --set working can be released: other jobs are in nobody's hands"));
    assert_eq!(person.says(&["jobs", "move", "--to", "b", "job-first", "job-dead"]), "moved 2 jobs\n");
    let moved = shown("job-first");
    assert_eq!((&moved["state"], &moved["job"]["queue"]), (&json!("queued"), &json!("b")));
    assert_eq!(
        (&shown("job-dead")["state"], &shown("job-dead")["job"]["queue"]),
        (&json!("dead"), &json!("b"))
    );
    let (_, line) = person.wrong(&["jobs", "move", "--to", "a b", "job-first"]);
    assert!(line.contains("queue"), "{line}");
    let edit = [
        "jobs",
        "edit",
        "job-dead",
        "--args",
        r#"[{"cents":1}]"#,
        "--type",
        "Other",
        "--reserve-for",
        "2h",
        "--enqueue",
    ];
    assert_eq!(person.says(&edit), "edited 1 job\n");
    let edited = shown("job-dead");
    assert_eq!((&edited["state"], &edited["job"]["jobtype"]), (&json!("queued"), &json!("Other")));
    assert_eq!(
        (&edited["job"]["args"], &edited["job"]["reserve_for"]),
        (&json!([{ "cents": 1 }]), &json!(7200))
    );
    assert!(edited["job"]["failure"]["message"].is_string(), "{edited}");
    let wrong = |flags: &[&str]| person.wrong(&[&["jobs", "edit"], flags].concat());
    assert!(wrong(&["job-dead"]).1.starts_with("say what is to be different"));
    assert!(wrong(&["job-dead", "--args", "["]).1.starts_with("--args: this is no JSON"));
    assert!(wrong(&["job-none", "--retry", "1"]).1.contains("there is no job \"job-none\""));
    assert_eq!(wrong(&["job-dead", "--reserve-for", "500ms"]).0, 2);
    assert!(wrong(&["job-dead", "--retry", "99999"]).1.contains("invalid job: retry 99999"));
    assert_eq!(fetch(&server, "b")["jid"], "job-second");
    let moved = fetch(&server, "b");
    assert_eq!((&moved["jid"], &moved["queue"]), (&json!("job-first"), &json!("b")));
}

#[test]
fn what_was_mistyped_is_named_after_the_others_are_done_with_code_66() {
    let server = Server::start();
    let person = Person { server: &server };
    populate(&server);
    for line in [
        "jobs edit job-none --retry 1",
        "jobs show job-none",
        "jobs retry job-none",
        "jobs kill job-none",
        "jobs delete job-none",
        "jobs delete job-none --dry-run",
        "jobs discard job-none",
        "jobs restore job-dead",
        "jobs delete --set discarded job-dead",
        "jobs release job-none",
        "jobs move --to b job-none",
        "cron show none",
        "cron run none",
        "cron pause none",
        "cron resume none",
        "batches show b-none",
        "batches check b-none",
        "batches cancel b-none --yes",
        "throttles reset none",
        "workers quiet none",
        "queues pause none",
        "unique release 2f4b5c0e9d1a7f36c8b1e05d9a4477e1",
    ] {
        let (code, said) = person.wrong(&line.split(' ').collect::<Vec<_>>());
        assert!(code == 66 && (said.contains(" no ")), "{line}: {code} {said}");
    }
    let some = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        let output = person.output(&arguments);
        let said = String::from_utf8(output.stdout.clone()).expect("UTF-8");
        let (code, line) = bad(output);
        (said, code, line)
    };
    let missing = "there are no jobs \"job-none\", \"job-away\"".to_owned();
    let delete = "jobs delete job-none job-retry job-away job-dead";
    assert_eq!(some(delete), ("deleted 2 jobs\n".to_owned(), 66, missing));
    assert_eq!(person.says(&["jobs", "delete", "job-work"]), "deleted 0 jobs\n", "it is there");
    person.says(&["throttles", "set", "a", "--rate", "9"]);
    let missing = "there is no queue \"none\"".to_owned();
    let reset = "limited as the configuration says\n".to_owned();
    assert_eq!(some("throttles reset none a"), (reset, 66, missing));
    assert_eq!(person.says(&["throttles"]), "no throttles\n");
}

#[test]
fn more_than_a_handful_is_deleted_only_after_a_question() {
    let server = Server::start();
    let person = Person { server: &server };
    person.says(&["push", "Many", "7", "--count", "5"]);
    assert_eq!(person.says(&["jobs", "kill", "--type", "Many"]), "killed 5 jobs\n");
    person.says(&["push", "Many", "7", "--count", "2500"]);
    let delete = ["jobs", "delete", "--type", "Many"];
    let (code, line) = person.wrong(&delete);
    assert_eq!((code, &*line), (2, "Delete 2,505 jobs? There is nobody to ask; --yes does it without"));

    let mut asked = person.terminal(&delete, 80);
    asked.shows("Delete 2,505 jobs? [y/N] ");
    asked.types("n");
    assert_eq!(asked.ends(), Some(3));
    assert_eq!(server.info()["faktory"]["total_enqueued"], 2500);
    let mut asked = person.terminal(&delete, 80);
    asked.types("y");
    asked.shows("[y/N] ");
    asked.types("");
    assert_eq!(asked.ends(), Some(3), "what was typed before the question is no answer");
    let mut asked = person.terminal(&delete, 80);
    asked.shows("[y/N] ");
    asked.types("y");
    assert_eq!(asked.ends(), Some(0));
    asked.shows("deleted 2,505 jobs");

    person.says(&["push", "Many", "--count", "2500"]);
    assert_eq!(person.json(&["jobs", "kill", "--all", "--yes"]), json!({ "count": 2500, "seen": 2500 }));
    assert_eq!(server.info()["faktory"]["sets"]["dead"], 2500);
    assert_eq!(person.says(&["jobs", "retry", "--set", "dead"]), "retried 2,500 jobs\n", "nobody asks");
}

#[test]
fn queues_are_listed_paused_resumed_and_removed() {
    let server = Server::start();
    let person = Person { server: &server };
    assert_eq!(person.says(&["queues"]), "no queues\n");
    person.says(&["push", "T", "--queue", "mail", "--count", "1234"]);
    person.says(&["push", "T", "--queue", "bulk"]);
    fetch(&server, "bulk");
    assert_eq!(person.says(&["queues", "pause", "bulk"]), "paused 1 queue\n");
    let table = person.says(&["queues", "list"]);
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["QUEUE", "JOBS", "OLDEST", "STATE"]);
    assert_eq!(lines[1], ["bulk", "0", "-", "paused"]);
    assert_eq!(lines[2][..2], ["mail", "1,234"]);
    let queues = person.json(&["queues"]);
    assert_eq!((&queues["queues"][0]["paused"], &queues["queues"][1]["size"]), (&json!(true), &json!(1234)));
    assert_eq!(person.json(&["queues", "pause", "*"]), json!({ "paused": ["bulk", "mail"] }));
    assert_eq!(person.says(&["queues", "resume", "mail", "bulk"]), "resumed 2 queues\n");
    let (code, line) = person.wrong(&["queues", "pause", "mail", "no such"]);
    assert_eq!((code, &*line), (66, "there is no queue \"no such\""));
    assert_eq!(person.json(&["queues"])["queues"][1]["paused"], false, "nothing was paused");

    let (code, line) = person.wrong(&["queues", "remove", "mail"]);
    assert_eq!(code, 2);
    assert!(line.starts_with("Remove the queue mail with 1,234 jobs? There is nobody to ask"), "{line}");
    assert_eq!(person.says(&["queues", "remove", "mail", "-y"]), "removed 1 queue\n");
    assert_eq!(server.info()["faktory"]["queues"], json!({ "bulk": 0 }));
}

#[test]
fn workers_are_listed_quieted_and_stopped() {
    let server = Server::start();
    let person = Person { server: &server };
    assert_eq!(person.says(&["workers"]), "no workers\n");
    let mut client = Client::connect(server.port).expect("a connection");
    let hello = r#"{"v":2,"wid":"w1234567","hostname":"h\u001b","pid":7,"labels":["x","y"]}"#;
    client.hello(hello).expect("HELLO");
    let table = person.says(&["workers"]);
    let line = table.lines().nth(1).expect("a worker");
    assert!(line.starts_with("w1234567  h\\u{1b}") && line.ends_with("x, y"), "{table}");
    let mut beat = || client.call(r#"BEAT {"wid":"w1234567"}"#).expect("a reply");
    assert_eq!(person.json(&["workers", "quiet", "w1234567"]), json!({ "count": 1 }));
    assert_eq!(beat(), Reply::Bulk(br#"{"state":"quiet"}"#.to_vec()));
    assert!(person.says(&["workers", "stop", "--all"]).starts_with("told 1 worker; "));
    assert_eq!(beat(), Reply::Bulk(br#"{"state":"terminate"}"#.to_vec()));
    assert_eq!(person.json(&["workers"])["workers"][0]["state"], "terminate");
    let (code, line) = person.wrong(&["workers", "stop", "nobody"]);
    assert_eq!((code, &*line), (66, "there is no worker \"nobody\""));
    assert_eq!(person.wrong(&["workers", "stop"]).0, 2);
}

#[test]
fn a_flush_takes_everything_after_the_word() {
    let server = Server::start();
    let person = Person { server: &server };
    populate(&server);
    let mut asked = person.terminal(&["flush"], 200);
    asked.shows("This deletes 5 jobs of tcp://127.0.0.1:");
    asked.shows("and 1 that is being worked on, with all queues and all counts. Type flush to go on: ");
    asked.types("flush");
    assert_eq!(asked.ends(), Some(0));
    asked.shows("flushed 6 jobs");
    let faktory = &server.info()["faktory"];
    assert_eq!((&faktory["queues"], &faktory["total_processed"]), (&json!({}), &json!(0)));
    assert_eq!(person.json(&["flush", "--yes"]), json!({ "jobs": 0 }));
}
