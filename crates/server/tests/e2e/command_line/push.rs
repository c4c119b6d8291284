//! Jobs pushed by hand and by script.

use serde_json::{Value, json};

use super::{Person, bad, fetch, good};
use crate::server::Server;
#[test]
fn a_job_is_pushed_as_it_is_written() {
    let server = Server::start();
    let person = Person { server: &server };
    let jid = person.says(&["push", "HelloWorld", r#""Stuart""#, "-7", "1.0", "{\n\"a\":9007199254740993}"]);
    let job = fetch(&server, "default");
    assert_eq!(job["jid"], jid.trim_end());
    assert_eq!((&job["jobtype"], &job["retry"]), (&json!("HelloWorld"), &json!(25)));
    assert_eq!(job["args"].to_string(), r#"["Stuart",-7,1.0,{"a":9007199254740993}]"#);

    let flags = ["push", "T", "--queue", "q", "--retry", "-1", "--reserve-for", "2h", "--jid", "my-own-jid"];
    let said = person.json(&[&flags[..], &["--custom", r#"{"locale":"en"}"#]].concat());
    assert_eq!(said, json!({ "jid": "my-own-jid" }));
    let job = fetch(&server, "q");
    assert_eq!(
        (&job["jid"], &job["retry"], &job["reserve_for"]),
        (&json!("my-own-jid"), &json!(-1), &json!(7200))
    );
    assert_eq!((&job["custom"], &job["args"]), (&json!({ "locale": "en" }), &json!([])));

    person.says(&["push", "Later", "--in", "5m"]);
    person.says(&["push", "Later", "--at", "2999-01-01T00:00:00+02:00"]);
    person.says(&["push", "Past", "--at", "1999-01-01T00:00:00Z"]);
    assert_eq!(server.info()["faktory"]["sets"]["scheduled"], 2);
    assert_eq!(fetch(&server, "default")["jobtype"], "Past");
}

#[test]
fn many_jobs_are_pushed_from_standard_input_or_by_number() {
    let server = Server::start();
    let person = Person { server: &server };
    assert_eq!(person.says(&["push", "T", "1", "--count", "2345"]), "pushed 2,345 jobs\n");
    let lines: String = (0..1_001).map(|n| format!("[{n}, \"{n}\"]\n")).collect();
    let arguments = ["push", "Square", "--stdin", "--queue", "squares"];
    assert_eq!(good(&arguments, person.output_of(&arguments, &lines)), "pushed 1,001 jobs\n");
    let queues = server.info()["faktory"]["queues"].clone();
    assert_eq!(queues, json!({ "default": 2345, "squares": 1001 }));
    assert_eq!(fetch(&server, "squares")["args"], json!([0, "0"]));

    let jobs = "{\"jobtype\":\"A\",\"queue\":\"a\",\"args\":[1.0],\"priority\":5}\r\n\n\
                {\"jobtype\":\"\",\"args\":[]}\n{\"jid\":\"jid-of-mine\",\"jobtype\":\"B\",\"queue\":\"a\",\"args\":[]}";
    let output = person.output_of(&["push", "--stdin", "--json"], jobs);
    assert_eq!(output.status.code(), Some(76));
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON"),
        json!({ "pushed": 2, "refused": 1 })
    );
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(said.starts_with("bessemer: line 3, jid "), "{said}");
    assert!(
        said.ends_with(": jobs must have a jobtype parameter\nbessemer: the server refused 1 job\n"),
        "{said}"
    );
    assert_eq!(fetch(&server, "a")["args"].to_string(), "[1.0]");
    assert_eq!(fetch(&server, "a")["jid"], "jid-of-mine");

    let (code, line) = bad(person.output_of(&["push", "--stdin"], "{\"jobtype\":\"A\",\"args\":[]}\n[1]\n"));
    assert_eq!(code, 65);
    assert!(line.starts_with("line 2 is no JSON object; with JOBTYPE"), "{line}");
}
