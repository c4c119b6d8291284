//! The command line and a running server: what a person reads, what a script reads, and how a mistake ends.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::client::Reply;
use crate::clock::until;
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

#[test]
fn a_mistake_is_one_line_and_changes_nothing() {
    let server = Server::start();
    let person = Person { server: &server };
    for (arguments, code, said) in [
        (
            &["push", "T", "Stuart"][..],
            2,
            "argument 1: Stuart is no JSON; if it is a text, write '\"Stuart\"'",
        ),
        (&["push", "T", "1", "{\"a\""], 2, "argument 2: is no JSON: EOF while parsing an object at byte 4"),
        (&["push", "T", "--custom", "[]"], 2, "--custom is no JSON object: "),
        (&["push", "T", "--at", "tomorrow"], 2, ""),
        (&["push", "T", "--in", "5m", "--at", "2999-01-01T00:00:00Z"], 2, ""),
        (&["push", "T", "--count", "0"], 2, ""),
        (&["push", "T", "--count", "2", "--jid", "abcdefgh"], 2, ""),
        (&["push"], 2, ""),
        (
            &["push", "T", "--jid", "short"],
            76,
            "server refused PUSH: jobs must have a reasonable jid parameter",
        ),
        (&["push", "T", "--queue", "a\u{1b}b"], 76, "server refused PUSH: cannot get \"a\\u{1b}b\" queue: "),
        (
            &["push", "T", "--url", "localhost"],
            2,
            "--url: server address must begin with tcp:// or tcp+tls://",
        ),
        (&["push", "T", "--url", "tcp+tls://localhost"], 2, "TLS is not supported yet"),
        (&["jobs", "delete"], 2, "say which jobs: "),
        (&["jobs", "kill", "--all", "--set", "dead"], 2, "--all means every job there is"),
        (&["flush"], 2, "This deletes 0 jobs of tcp://127.0.0.1:"),
    ] {
        let (found, line) = person.wrong(arguments);
        assert_eq!(found, code, "{arguments:?}: {line}");
        assert!(line.starts_with(said), "{arguments:?}: {line}");
    }
    assert_eq!(server.info()["faktory"]["queues"], json!({}));
}

#[test]
fn who_cannot_be_talked_to_is_named_with_the_reason_and_a_code() {
    let server = Server::start_with(&[("FAKTORY_PASSWORD", "opensesame")]);
    let person = Person { server: &server };
    let at = format!("127.0.0.1:{}", server.port);
    let (code, line) = person.wrong(&["info"]);
    assert_eq!(
        (code, line),
        (77, format!("tcp://{at} wants a password: write it into the address, tcp://:PASSWORD@HOST:PORT"))
    );
    let (code, line) = person.wrong(&["info", "--url", &format!("tcp://:wrong@{at}")]);
    assert_eq!((code, line), (77, format!("tcp://{at} refused the login: Invalid password")));
    let info = person.json(&["info", "--url", &format!("tcp://:opensesame@{at}")]);
    assert_eq!(info["server"]["faktory_version"], "1.10.0");

    // The dashboard speaks, but another language.
    let (code, _) = person.wrong(&["info", "--url", &format!("tcp://127.0.0.1:{}", server.web)]);
    assert_eq!(code, 69);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let (code, line) = person.wrong(&["info", "--url", &format!("tcp://127.0.0.1:{port}")]);
    assert_eq!(code, 69);
    assert!(
        line.contains("nothing listens there: `bessemer` starts a server, --url names another"),
        "{line}"
    );
}

#[test]
fn on_the_servers_machine_its_own_flags_and_files_say_where_it_is() {
    let server = Server::start_with(&[("FAKTORY_PASSWORD", "opensesame")]);
    let home = tempfile::tempdir().expect("a folder");
    let conf_d = home.path().join(".bessemer/conf.d");
    std::fs::create_dir_all(&conf_d).expect("a folder");
    let config = format!("[faktory]\nbinding = \"127.0.0.1:{}\"\npassword = \"opensesame\"\n", server.port);
    std::fs::write(conf_d.join("a.toml"), config).expect("a file");
    let run = |arguments: &[&str], env: &[(&str, &str)], home: &Path| {
        let env = env.iter().copied();
        good(arguments, bessemer().args(arguments).env("HOME", home).envs(env).output().expect("it starts"))
    };
    run(&["push", "ByFile"], &[], home.path());
    let nowhere = tempfile::tempdir().expect("a folder");
    let at = format!("127.0.0.1:{}", server.port);
    // A flag beats the variable that would lead elsewhere.
    let env = [("FAKTORY_PASSWORD", "opensesame"), ("FAKTORY_URL", "tcp://127.0.0.1:1")];
    run(&["push", "ByFlag", "-b", &at], &env, nowhere.path());
    run(&["-b", &at, "push", "ByFlagBefore"], &env, nowhere.path());
    let url = format!("tcp://:opensesame@{at}");
    run(&["push", "ByProvider"], &[("FAKTORY_PROVIDER", "JOBS_URL"), ("JOBS_URL", &url)], nowhere.path());
    let mut client = crate::client::Client::connect(server.port).expect("a connection");
    assert!(client.hello(r#"{"v":2}"#).is_err(), "it has a password");
    let info = run(&["info", "--json", "--url", &url], &[], nowhere.path());
    let info: Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["faktory"]["queues"], json!({ "default": 4 }));
}

#[test]
fn figures_are_shown_to_people_and_scripts() {
    let server = Server::start();
    let person = Person { server: &server };
    person.says(&["push", "T", "--count", "1234"]);
    let said = person.says(&["info"]);
    assert!(said.starts_with(concat!("server       Bessemer ", env!("CARGO_PKG_VERSION"), ", ")), "{said}");
    assert!(said.contains("\nenqueued     1,234 in 1 queue\n"), "{said}");
    let info = person.json(&["info"]);
    assert_eq!(info["faktory"]["queues"], json!({ "default": 1234 }));
    assert!(info["server"]["uptime"].is_u64());
}

#[test]
fn who_watches_sees_figures_again_and_again() {
    let server = Server::start();
    let person = Person { server: &server };
    let watched = person.terminal(&["info", "--watch", "100ms"], 80);
    watched.shows("processed    0, 0 a second");
    // Drawn anew at the same place.
    assert!(watched.text().starts_with("\x1b[H\x1b[J"), "{:?}", watched.text());
}

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
fn the_shell_sends_lines_and_shows_replies_o16() {
    let server = Server::start();
    let person = Person { server: &server };
    let lines = "PUSH {\"jid\":\"12345678\",\"jobtype\":\"T\\u001b\",\"args\":[\"\u{9b}\"]}\n\nFROB x\nFETCH default\nFETCH default\nEND\nFLUSH\n";
    let said = good(&["shell"], person.output_of(&["shell"], lines));
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said[0], concat!("Connected to Bessemer ", env!("CARGO_PKG_VERSION")));
    assert_eq!(said[1..3], ["OK", "ERR unknown command FROB"]);
    assert!(said[3].contains("\"T\\u001b\"") && said[3].contains("\\u{9b}"), "{}", said[3]);
    assert_eq!(said[4..], ["(nothing)"], "what stands behind END is not sent");
}

#[test]
fn a_reader_that_has_enough_ends_a_list_quietly() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = bessemer();
    command.args(["completions", "bash"]).env("HOME", home.path());
    let mut child = command.spawn().expect("the built binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
}

#[test]
fn a_demo_without_a_server_has_its_own_and_leaves_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let temporary = home.path().join("tmp");
    std::fs::create_dir(&temporary).expect("a folder");
    let arguments = ["-b", "127.0.0.1:0", "-w", "127.0.0.1:0", "demo", "--rate", "40"];
    let mut server = Server::of_demo(&arguments, &temporary);
    until("the pages have something to show", || {
        let faktory = server.info()["faktory"].clone();
        let sets = &faktory["sets"];
        let some = |figure: &Value| figure.as_u64().is_some_and(|figure| figure > 0);
        let live =
            [&faktory["total_processed"], &faktory["total_failures"], &sets["scheduled"], &sets["working"]];
        live.iter().all(|figure| some(figure)).then_some(())
    });
    assert!(server.http("GET", "/busy", "").1.contains("pictures"), "its workers are listed");
    assert_eq!(std::fs::read_dir(&temporary).expect("a folder").count(), 1);
    let status = server.stop("INT");
    assert_eq!(status.code(), Some(0), "{}", server.output());
    assert_eq!(std::fs::read_dir(&temporary).expect("a folder").count(), 0);
    assert!(
        server.output().lines().last().is_some_and(|line| line.starts_with("pushed ")),
        "{}",
        server.output()
    );
}
