//! The keys of unique jobs under the hands of an operator, through a kill and into another store.

use std::path::Path;

use super::Person;
use crate::client::Reply;
use crate::server::Server;
use crate::tools;

fn refused() -> Reply {
    Reply::Line("-NOTUNIQUE Job not unique".into())
}

#[test]
fn keys_are_listed_released_kept_through_a_kill_and_carried_to_another_store() {
    let mut server = Server::start();
    let push = |server: &Server, jid: &str, custom: &str| {
        let job = format!(
            r#"PUSH {{"jid":"{jid}","jobtype":"T","args":[],"custom":{{"unique_for":3600,{custom}}}}}"#
        );
        server.client().call(&job).expect("a reply")
    };
    let waits = r#""unique_key":"waits""#;
    let stays = r#""unique_key":"stays","unique_until":"expiry""#;
    let person = Person { server: &server };
    assert_eq!(person.says(&["unique"]), "no unique key is held\n");
    assert_eq!(push(&server, "job-stays", stays), Reply::Line("+OK".into()));
    assert_eq!(super::fetch(&server, "default")["jid"], "job-stays");
    assert_eq!(
        server.client().call(r#"ACK {"jid":"job-stays"}"#).expect("a reply"),
        Reply::Line("+OK".into())
    );
    assert_eq!(push(&server, "job-waits", waits), Reply::Line("+OK".into()));
    server.kill();
    server.spawn();
    server.await_ready();
    assert_eq!(push(&server, "job-again", waits), refused());
    assert_eq!(push(&server, "job-again", stays), refused());

    let person = Person { server: &server };
    let table = person.says(&["unique", "list"]);
    assert!(table.starts_with("KEY   "), "{table}");
    let line = |jid: &str| {
        let line = table.lines().find(|line| line.contains(jid));
        line.unwrap_or_else(|| panic!("no {jid} in {table}")).to_owned()
    };
    assert!(line("job-stays").contains("done") && line("job-stays").ends_with("until expiry"), "{table}");
    assert!(
        line("job-waits").contains("queued") && line("job-waits").ends_with("until it succeeds"),
        "{table}"
    );
    let key = line("job-stays").split(' ').next().expect("a key").to_owned();
    assert_eq!(person.json(&["unique", "list", &key])["jid"], "job-stays");
    let (code, said) = person.wrong(&["unique", "release", "7"]);
    assert!(said.contains("it has 32 hexadecimal digits"), "{code} {said}");

    // Into another store, and there still refused.
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let db = server.folder();
    let lines = tools::lines(Path::new(&db), folder.path());
    assert!(lines.iter().any(|line| line.contains(r#""terms":{"unique":{"key":""#)), "{lines:#?}");
    tools::done(&["export", "-o", &path("all.jsonl"), &db], folder.path());
    tools::done(&["import", &path("all.jsonl"), &path("new")], folder.path());
    assert_eq!(tools::lines(Path::new(&path("new")), folder.path()), lines);

    assert_eq!(person.says(&["unique", "release", &key]), "released 1 key\n");
    assert_eq!(person.json(&["unique", "release", "--jid", "job-waits"])["count"], 1);
    let nobody = (66, format!("there is no held key {key:?}"));
    assert_eq!(person.wrong(&["unique", "release", &key]), nobody);
    let none = (66, "no job \"job-waits\" holds a unique key".into());
    assert_eq!(person.wrong(&["unique", "release", "--jid", "job-waits"]), none);
    assert_eq!(person.says(&["unique", "list", &key]), "this key is free\n");
    assert_eq!(push(&server, "job-again", waits), Reply::Line("+OK".into()));
    let (_, log) = server.http("GET", "/api/v1/audit", "");
    assert!(log.contains("release key") && log.contains(&key), "{log}");

    // Over the API whoever is refused is told the key.
    let job = r#"{"jid":"job-third","jobtype":"T","args":[],"custom":{"unique_for":9,"unique_key":"waits"}}"#;
    let (status, said) = crate::api::json(&server, "POST", "/jobs", job);
    let said = said.to_string();
    assert!(status == 422 && said.contains("not_unique") && said.contains(": the key "), "{status} {said}");
}
