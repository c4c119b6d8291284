//! Who is talked to, what is said on which stream, and how a mistake ends.

use std::path::Path;

use serde_json::{Value, json};

use super::{Person, good};
use crate::client::Client;
use crate::server::{Server, bessemer};
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
        (
            &["push", "T", "1", "{\"a\""],
            2,
            "argument 2: {\"a\" is no JSON: EOF while parsing an object at byte 4",
        ),
        (&["push", "T", "--custom", "[]"], 2, "--custom is no JSON object: "),
        (&["push", "T", "--at", "tomorrow"], 2, ""),
        (&["push", "T", "--in", "5m", "--at", "2999-01-01T00:00:00Z"], 2, ""),
        (&["push", "T", "--count", "0"], 2, ""),
        (&["push", "T", "--count", "2", "--jid", "abcdefgh"], 2, ""),
        (&["push"], 2, ""),
        (
            &["push", "T", "--jid", "short"],
            2,
            "T cannot be pushed: its jid has 5 bytes, and may have 8 to 255",
        ),
        (&["push", "T", "--queue", "a\u{1b}b"], 2, "T cannot be pushed: queue \"a\\u{1b}b\" is no name "),
        (
            &["push", "T", "--url", "localhost"],
            2,
            "--url: server address must begin with tcp:// or tcp+tls://",
        ),
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
    let mut client = Client::connect(server.port).expect("a connection");
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
fn tables_keep_to_the_width_of_the_terminal() {
    let server = Server::start();
    let person = Person { server: &server };
    let text = format!("\"{}\"", "long ".repeat(100));
    person.says(&["push", "T", &text, "--jid", "job-00001"]);
    let mut narrow = person.terminal(&["jobs", "list"], 60);
    assert_eq!(narrow.ends(), Some(0));
    narrow.shows("…");
    let shown = narrow.text();
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
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
