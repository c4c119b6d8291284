//! `bessemer bench`: every load for a moment, against servers that it starts and one at an address; that each job is
//! done exactly once, the form of what comes out, servers behind TLS, and what is said of servers that will not do. How fast anything is
//! here is nobody's business.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::clock::until;
use crate::sealed::{Authority, VERSIONS, connect};
use crate::server::{Server, bessemer};
use crate::tls::{info, secure};

/// Everything as small as it gets.
const TINY: [&str; 14] = [
    "--rounds",
    "1",
    "--seconds",
    "0.05",
    "--connections",
    "1,3",
    "--crews",
    "2+3",
    "--crowd",
    "20",
    "--depth",
    "300",
    "--waiting",
    "300",
];

const FIGURES: [&str; 11] = [
    "jobs_per_s",
    "p50_us",
    "p99_us",
    "p999_us",
    "cpu_us_per_job",
    "cpu_percent",
    "times_floor",
    "memory_mib",
    "bytes_each",
    "restart_s",
    "restart_bytes_each",
];

/// On the file system of the build, which is a real one where `/tmp` may not be.
fn disk() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

fn bench(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = bessemer();
    command.arg("bench").arg("--directory").arg(directory).args(arguments);
    command
}

/// Its exit code and the last line that it said.
fn failed(output: &Output) -> (Option<i32>, String) {
    let said = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said.lines().last().unwrap_or_default().to_owned())
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// Every figure is null, or three numbers in order.
fn check_form(result: &Value) {
    for figure in FIGURES {
        let spread = &result[figure];
        if spread.is_null() {
            continue;
        }
        let [lowest, median, highest] =
            ["lowest", "median", "highest"].map(|end| spread[end].as_f64().expect("a number"));
        assert!(0.0 <= lowest && lowest <= median && median <= highest, "{figure} of {result}");
    }
    for number in ["connections", "producers", "bytes"] {
        assert!(result[number].is_u64(), "{number} of {result}");
    }
}

#[test]
fn every_load_runs_against_children_and_an_address_and_leaves_nothing() {
    let server = Server::start();
    let (directory, address) = (disk(), format!("tcp://127.0.0.1:{}", server.port));
    let loads =
        "push,pushb,pipelined,fetch,fail,life,unique,batched,throttled,mixed,rate,lateness,idle,depth";
    let arguments =
        [&TINY[..], &["--bytes", "100,1k", "--json", "--loads", loads, "strict", &address]].concat();
    let said = json(&bench(directory.path(), &arguments).output().expect("the built binary starts"));

    let names = ["strict".to_owned(), address];
    assert_eq!(said["servers"], serde_json::json!(names));
    assert_eq!(said["rounds"], 1);
    let results = said["results"].as_array().expect("results");
    results.iter().for_each(check_form);
    for load in loads.split(',') {
        for name in &names {
            let of = |result: &&Value| result["load"] == load && result["server"] == **name;
            let found: Vec<&Value> = results.iter().filter(of).collect();
            let sizes = match load {
                "push" => 4,
                "fetch" => 2,
                _ => 1,
            };
            assert_eq!(found.len(), sizes, "{load} on {name}");
            for result in found {
                check_figures(load, *name == names[1], result);
            }
        }
    }
    let left = std::fs::read_dir(directory.path()).expect("a folder").count();
    assert_eq!(left, 0, "the data of the children is gone");
    let info = &server.info()["faktory"];
    let jobs = serde_json::json!({ "scheduled": 0, "retries": 0, "dead": 0, "working": 0 });
    assert_eq!((&info["queues"], &info["sets"]), (&serde_json::json!({}), &jobs), "and no job is left");
}

/// A load has its figures, also of a server that was found by its port.
fn check_figures(load: &str, is_foreign: bool, result: &Value) {
    let has = |figure: &str| !result[figure].is_null();
    let is_standing = load == "idle";
    assert_eq!(has("jobs_per_s"), !is_standing, "{result}");
    assert_eq!(has("p99_us"), !is_standing && load != "depth", "{result}");
    assert!(has("cpu_percent") && has("memory_mib"), "{result}");
    assert_eq!(has("cpu_us_per_job"), !is_standing, "{result}");
    let has_floor = !matches!(load, "rate" | "lateness" | "depth" | "idle");
    assert!(has("times_floor") || !has_floor, "{result}");
    assert_eq!(has("bytes_each"), matches!(load, "idle" | "depth"), "{result}");
    assert_eq!(has("restart_s"), load == "depth" && !is_foreign, "{result}");
}

#[test]
fn a_table_has_a_line_for_each_server_with_the_range_of_the_rounds() {
    let server = Server::start_with(&[("FAKTORY_PASSWORD", "sesame")]);
    let (directory, address) = (disk(), format!("tcp://:sesame@127.0.0.1:{}", server.port));
    let push =
        ["--loads", "push", "--connections", "2", "--bytes", "10", "--rounds", "2", "--seconds", "0.05"];
    let arguments = [&push[..], &["relaxed", &address]].concat();
    let output = bench(directory.path(), &arguments).output().expect("the built binary starts");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> =
        said.lines().filter(|line| line.starts_with("push, 2 connections, 10 B ")).collect();
    assert_eq!(lines.len(), 3, "{said}");
    let shown = format!("  tcp://127.0.0.1:{} ", server.port);
    for (line, name) in lines.iter().zip(["  floor ", "  relaxed ", &shown]) {
        assert!(line.contains(name), "{said}");
    }
    assert!(lines.iter().all(|line| line.contains('[') && line.contains("..")), "{said}");
    assert!(said.contains("\nmedians of the rounds [lowest..highest]"), "{said}");
}

#[test]
fn blocked_workers_stand_beside_a_server_that_only_answers_null() {
    let (server, directory) = (Server::start(), disk());
    let address = format!("tcp://127.0.0.1:{}", server.port);
    let arguments = ["--loads", "blocked", "--crowd", "20", "--seconds", "0.05", "--rounds", "1", &address];
    let output = bench(directory.path(), &arguments).output().expect("the built binary starts");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("20 blocked workers")).collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].contains("  null floor ") && lines[1].contains(&address), "{said}");
    assert!(said.contains("CPU % OF A CORE"), "{said}");
}

#[test]
fn what_cannot_be_measured_gets_one_line_and_a_code() {
    let (server, directory) = (Server::start_with(&[("FAKTORY_PASSWORD", "sesame")]), disk());
    let at = |login: &str| format!("tcp://{login}127.0.0.1:{}", server.port);
    let (open, wrong) = (at(""), at(":wrong@"));
    let cases: [(&[&str], i32, &str); 8] = [
        (&["-b", ":7519"], 2, "-b :7519 is for one server; here each is an address"),
        (&[&open], 77, "the server has a password, which belongs into its address: tcp://:PASSWORD@HOST"),
        (&[&wrong], 77, "HELLO was refused: ERR Invalid password"),
        (&["tcp://127.0.0.1:1"], 69, "tcp://127.0.0.1:1: cannot connect: Connection refused"),
        (&["localhost:7419"], 2, "server address must begin with tcp:// or tcp+tls://"),
        (&["strict", "--pid", "1"], 2, "--pid 1: there is no address that it could belong to"),
        (&["strict", "--directory", "/dev/shm"], 2, "/dev/shm is on tmpfs, which is memory"),
        (&["strict", "--directory", "/no/where"], 74, "cannot use the directory /no/where: No such file"),
    ];
    for (arguments, code, line) in cases {
        let mut command = bessemer();
        command.arg("bench").current_dir(directory.path()).args(arguments);
        let (ended, said) = failed(&command.output().expect("the built binary starts"));
        assert_eq!(ended, Some(code), "{arguments:?}: {said}");
        assert!(said.starts_with("bessemer: ") && said.contains(line), "{arguments:?}: {said}");
        assert!(!said.contains("wrong@"), "the password is nobody's business: {said}");
    }
}

/// A server that speaks TLS to those who show a certificate of this authority.
fn sealed_by(authority: &Authority) -> Server {
    let mut server = Server::configured("tls.client_ca = 'clients.pem'");
    server.configure("clients.pem", &authority.certificate());
    secure(&server, &authority.sign(2999));
    server.spawn();
    server.await_ready();
    server
}

/// A file in this directory.
fn file(directory: &TempDir, name: &str, text: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

#[test]
fn a_server_behind_tls_is_found_measured_and_left_as_any_other() {
    let (authority, files, directory) = (Authority::new(), disk(), disk());
    let (server, client) = (sealed_by(&authority), authority.sign(2999));
    let address = format!("tcp+tls://localhost:{}", server.port);
    let ca = file(&files, "ca.pem", &authority.certificate());
    let loads = "push,pipelined,fetch,rate,idle";
    // A hundred of these at once are more than TLS takes at once.
    let size = ["--bytes", "10k", "--json", "--loads", loads, "--ca-file", &ca, "strict", &address];
    let mut command = bench(directory.path(), &[&TINY[..], &size].concat());
    command.env("BESSEMER_CLIENT_CERTIFICATE", file(&files, "client.pem", &client.certificate));
    command.env("BESSEMER_CLIENT_KEY", file(&files, "client.key", &client.key));
    let said = json(&command.output().expect("the built binary starts"));
    let results = said["results"].as_array().expect("results");
    results.iter().for_each(check_form);
    for load in loads.split(',') {
        for name in ["strict", &address] {
            let of = |result: &&Value| result["load"] == load && result["server"] == name;
            let found: Vec<&Value> = results.iter().filter(of).collect();
            assert_eq!(found.len(), if matches!(load, "push" | "fetch") { 2 } else { 1 }, "{load} on {name}");
            found.into_iter().for_each(|result| check_figures(load, name == address, result));
        }
    }
    let trusted = authority.trusted(&VERSIONS, Some(&client));
    let mut client = connect(&trusted, server.port).expect("TLS");
    client.hello(r#"{"v":2}"#).expect("HELLO");
    assert_eq!(info(&mut client)["faktory"]["queues"], serde_json::json!({}), "no job is left");
}

#[test]
fn a_server_that_cannot_be_talked_to_by_tls_gets_one_line_and_a_code() {
    let (authority, files) = (Authority::new(), disk());
    let (server, plain) = (sealed_by(&authority), Server::start());
    let at = |port: u16| format!("tcp+tls://localhost:{port}");
    let (sealed, unsealed, open) =
        (at(server.port), at(plain.port), format!("tcp://localhost:{}", plain.port));
    let ours = file(&files, "ours.pem", &authority.certificate());
    let theirs = file(&files, "theirs.pem", &Authority::named("somebody else").certificate());
    let cases = [
        (&sealed, &*theirs, 77, "nobody who is trusted here has signed its certificate; a CA file"),
        (&sealed, &ours, 77, "it wants a certificate of its clients"),
        (&unsealed, &ours, 76, "it speaks plain text, and its address would begin with tcp://"),
        (&sealed, "/gone", 78, "/gone: No such file or directory"),
        (&open, &ours, 2, "files of TLS are named, and no address is one of TLS, which is tcp+tls://"),
    ];
    for (address, ca, code, line) in cases {
        let output = bench(files.path(), &["--ca-file", ca, address]).output();
        let output = output.expect("the built binary starts");
        let (ended, said) = failed(&output);
        assert_eq!(ended, Some(code), "{address}: {said}");
        assert!(said.starts_with("bessemer: ") && said.contains(line), "{address}: {said}");
        if matches!(code, 76 | 77) {
            assert!(said.contains(&format!("no TLS with {address}: ")), "{said}");
        }
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1, "{said}");
    }
    let (code, said) = failed(&bench(files.path(), &[&at(1)]).output().expect("the built binary starts"));
    assert_eq!(code, Some(69), "{said}");
    assert_eq!(said, "bessemer: tcp+tls://localhost:1: cannot connect: Connection refused (os error 111)");
}

#[test]
fn an_interrupted_run_leaves_no_server_and_no_data() {
    let directory = disk();
    let mut child = bench(directory.path(), &["--loads", "push", "strict"]).spawn().expect("a process");
    // A line for each window: the children are there.
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    assert!(said.any(|line| line.starts_with("round 1 of 5: ")), "it begins");
    let servers = servers_in(directory.path());
    assert_eq!(servers.len(), 1, "the child has its data there");
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill(1)").success());
    let status = until("the run ends", || child.try_wait().expect("a child process"));
    assert_eq!(status.code(), Some(130));
    assert_eq!(said.last().as_deref(), Some("bessemer: interrupted"));
    assert_eq!(std::fs::read_dir(directory.path()).expect("a folder").count(), 0);
    assert!(!Path::new(&format!("/proc/{}", servers[0])).exists(), "the server is gone");
}

/// The processes that have this directory in their command line, and serve.
fn servers_in(directory: &Path) -> Vec<String> {
    let text = directory.display().to_string();
    let serves = |pid: &String| {
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        arguments.contains(&text) && arguments.contains("\0-d\0")
    };
    let pids = std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit())).filter(serves).collect()
}

/// How a server may be wrong.
#[derive(Clone, Copy)]
enum Wrong {
    Twice,
    Never,
}

#[test]
fn a_job_that_comes_twice_or_never_fails_the_run() {
    for (wrong, line) in
        [(Wrong::Twice, " was fetched twice"), (Wrong::Never, "a job that was pushed is not there")]
    {
        let address = serve_wrongly(wrong);
        let directory = disk();
        let arguments = [
            "--loads",
            "fetch",
            "--connections",
            "1",
            "--rounds",
            "1",
            "--seconds",
            "0.05",
            "--bytes",
            "0",
            &address,
        ];
        let output = bench(directory.path(), &arguments).output().expect("the built binary starts");
        let (code, said) = failed(&output);
        assert_eq!(code, Some(65), "{said}");
        assert!(said.contains("not exactly once: ") && said.ends_with(line), "{said}");
        assert!(output.stdout.is_empty(), "no figures of a server that loses jobs");
    }
}

/// A server that takes jobs and has its own idea of what becomes of them. It ends with the test's process.
fn serve_wrongly(wrong: Wrong) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            std::thread::spawn(move || answer_wrongly(&stream, wrong));
        }
    });
    format!("tcp://127.0.0.1:{port}")
}

fn answer_wrongly(mut stream: &TcpStream, wrong: Wrong) -> std::io::Result<()> {
    let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len());
    stream.write_all(b"+HI {\"v\":2}\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let reply = match line.split(' ').next().unwrap_or_default() {
            "PUSHB" => {
                let jobs: Vec<Value> = serde_json::from_str(&line[6..]).expect("JSON");
                FIRST.lock().expect("no panic").get_or_insert_with(|| jobs[0].clone());
                bulk("{}")
            }
            "FETCH" => match wrong {
                Wrong::Twice => bulk(&FIRST.lock().expect("no panic").clone().expect("a job").to_string()),
                Wrong::Never => "$-1\r\n".into(),
            },
            _ => "+OK\r\n".into(),
        };
        stream.write_all(reply.as_bytes())?;
    }
    Ok(())
}

/// The first job that such a server was given.
static FIRST: std::sync::Mutex<Option<Value>> = std::sync::Mutex::new(None);
