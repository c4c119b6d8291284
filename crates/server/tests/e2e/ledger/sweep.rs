//! The same script again and again, and each time another one of its calls to the disk fails or is the last.
//!
//! A first run under strace says which calls there are. Each of them is then made again, and strace kills the process
//! there, or has the call fail. What the server answered until then goes into the book, and a second start, without
//! strace, must have it all. A second sweep does the same to a start: the recovery of a log with several segments.
//!
//! strace counts calls of each thread by itself. The engine makes most of them, and a call of its is named by its number
//! among all of its kind: higher numbers than the others ever reach. A call of another thread is named by its file and
//! its number there.
//!
//! `make test` takes a sample, `make sweep` takes all of them (`BESSEMER_SWEEP=all`). Where nobody may trace, it says so
//! and shows nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::actors::{QUEUES, Stage, jid_of};
use super::book::{Book, End, Pushed};
use super::dice::Dice;
use super::gate::Gate;
use super::inventory;
use crate::client::{Client, Reply};
use crate::server::{Server, bessemer};

/// The smallest segments there are, and no young ones that would be kept.
const SETTINGS: &str = "store.segment_size = '1MiB'\nretention.repush_window = '1ms'\n";

/// Commands of the script.
const COMMANDS: u64 = 200;

/// What `make test` takes of each kind of call and fate.
const SAMPLE: usize = 3;

/// Calls that reach the disk, and what may befall each.
const CALLS: [(&str, &[Fate]); 7] = [
    ("openat", &[Fate::Kill, Fate::Error("EIO"), Fate::Error("ENOSPC")]),
    ("pwrite64", &[Fate::Kill, Fate::Error("EIO"), Fate::Error("ENOSPC")]),
    ("fdatasync", &[Fate::Kill, Fate::Error("EIO")]),
    ("fsync", &[Fate::Kill, Fate::Error("EIO")]),
    ("rename", &[Fate::Kill, Fate::Error("EIO"), Fate::Error("ENOSPC")]),
    ("unlink", &[Fate::Kill, Fate::Error("EIO")]),
    ("ftruncate", &[Fate::Kill, Fate::Error("EIO")]),
];

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The process is killed as it makes it.
    Kill,
    /// It fails.
    Error(&'static str),
}

/// One call of the script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    kind: &'static str,
    /// The file's name in the data directory; empty: the directory itself.
    file: String,
    /// Counted from 1, in its thread: on any file, or only on that one.
    number: u64,
    any_file: bool,
}

#[test]
fn no_call_to_the_disk_is_one_too_many() {
    if !may_trace() {
        shout("SWEEP NOT RUN: strace is missing here or may not trace, and nothing of it is shown");
        return;
    }
    sweep("the script", None);
}

#[test]
fn no_call_of_a_start_is_one_too_many() {
    if may_trace() {
        let mut server = Server::configured(SETTINGS);
        server.spawn();
        server.await_ready();
        let (book, _) = play(&server);
        server.kill();
        sweep("a start", Some((&server, &book)));
    }
}

/// Every call, or a sample of them, with every fate. `grown`: a store to begin with, and what is known of it.
fn sweep(what: &str, grown: Option<(&Server, &Book)>) {
    let calls = calls(grown);
    let mut points = Vec::new();
    for (kind, fates) in CALLS {
        let calls: Vec<&Call> = calls.iter().filter(|call| call.kind == kind).collect();
        for fate in fates {
            points.extend(some_of(&calls).into_iter().map(|call| (call.clone(), *fate)));
        }
    }
    assert!(points.len() > 20, "{points:?}: too few to be worth it");
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::<String, u64>::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((call, fate)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = point(call, *fate, grown);
                    *outcomes.lock().expect("no panic").entry(outcome).or_default() += 1;
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no panic");
    shout(&format!("sweep of {what}: {} calls, {} points: {outcomes:?}", calls.len(), points.len()));
    let missed = outcomes.get(MISSED).copied().unwrap_or(0);
    assert!(missed * 5 < points.len() as u64, "{missed} calls were not made again");
}

/// As many as are asked for, spread evenly.
fn some_of<'a>(calls: &[&'a Call]) -> Vec<&'a Call> {
    if std::env::var("BESSEMER_SWEEP").is_ok_and(|value| value == "all") {
        return calls.to_vec();
    }
    let step = calls.len().div_ceil(SAMPLE).max(1);
    calls.iter().rev().step_by(step).copied().collect()
}

/// A server whose store is that of `grown`, or none yet.
fn server(grown: Option<(&Server, &Book)>) -> Server {
    let server = Server::configured(SETTINGS);
    if let Some((grown, _)) = grown {
        fs::create_dir(server.folder()).expect("a data directory");
        for entry in fs::read_dir(grown.folder()).expect("a data directory") {
            let entry = entry.expect("a data directory");
            fs::copy(entry.path(), Path::new(&server.folder()).join(entry.file_name())).expect("a copy");
        }
    }
    server
}

/// What the server answered, and whether it is still there.
fn act(server: &mut Server, grown: Option<(&Server, &Book)>) -> (Book, bool) {
    let ready = server.await_ready_or_end().is_ok();
    match grown {
        Some((_, book)) => (book.clone(), ready),
        None if ready => play(server),
        None => (Book::default(), false),
    }
}

/// The calls that are made when nothing befalls any.
fn calls(grown: Option<(&Server, &Book)>) -> Vec<Call> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = server(grown);
    let kinds = CALLS.map(|(kind, _)| kind).join(",");
    server.spawn_by(&mut strace(&folder, &["-y", "-e", &format!("trace={kinds}")]));
    let (book, _) = act(&mut server, grown);
    assert_eq!(book.breaches, [""; 0]);
    let status = server.stop("TERM");
    assert!(status.success(), "{status}");
    let data = fs::canonicalize(server.folder()).expect("a data directory").display().to_string();
    read(&fs::read_to_string(folder.path().join("trace")).expect("a trace"), &data)
}

/// The calls on files of `data` in what strace wrote.
fn read(trace: &str, data: &str) -> Vec<Call> {
    let kind = |name: &str| CALLS.iter().map(|(kind, _)| *kind).find(|kind| *kind == name);
    let calls: Vec<(&str, &'static str, &str)> = trace
        .lines()
        .filter_map(|line| {
            let (thread, call) = line.split_once(' ')?;
            let (name, arguments) = call.trim_start().split_once('(')?;
            Some((thread, kind(name)?, arguments))
        })
        .collect();
    let flushes = |thread| calls.iter().filter(|call| (call.0, call.1) == (thread, "fdatasync")).count();
    let engine = calls.iter().map(|call| call.0).max_by_key(|thread| flushes(thread)).expect("calls");
    let mut numbers = BTreeMap::<(&str, &str, String), u64>::new();
    let mut count = |key| {
        let number = numbers.entry(key).or_default();
        *number += 1;
        *number
    };
    let mut found = Vec::new();
    for (thread, kind, arguments) in &calls {
        let any_file = *thread == engine;
        let number = if any_file { count((thread, kind, String::new())) } else { 0 };
        let Some((_, rest)) = arguments.split_once(data) else { continue };
        let file = rest.split(['"', '>']).next().unwrap_or_default().trim_start_matches('/').to_owned();
        let number = if any_file { number } else { count((thread, kind, file.clone())) };
        found.push(Call { kind, file, number, any_file });
    }
    found
}

const MISSED: &str = "the call was not made";

/// One life that ends at the call, and one that has to know all that was answered. Says what happened.
fn point(call: &Call, fate: Fate, grown: Option<(&Server, &Book)>) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = server(grown);
    let path = Path::new(&server.folder()).join(&call.file).display().to_string();
    let path = path.trim_end_matches('/');
    let inject = match fate {
        Fate::Kill => format!("inject={}:signal=KILL:when={}", call.kind, call.number),
        Fate::Error(errno) => format!("inject={}:error={errno}:when={}", call.kind, call.number),
    };
    let trace = format!("trace={}", call.kind);
    let arguments = ["-e", &trace, "-e", &inject, "-P", path];
    server.spawn_by(&mut strace(&folder, &arguments[..if call.any_file { 4 } else { 6 }]));
    let (book, alive) = act(&mut server, grown);
    let ended = if alive { server.end_or_kill() } else { Some(server.await_end()) };
    let trace = fs::read_to_string(folder.path().join("trace")).unwrap_or_default();
    let happened = trace.contains("INJECTED") || trace.contains("killed by SIGKILL") && fate == Fate::Kill;
    let code = ended.and_then(|status| status.code());
    let context = || format!("{fate:?} at {call:?}, ended {ended:?}");
    let writes = matches!(call.kind, "pwrite64" | "fdatasync") && call.file.ends_with(".seg");
    if happened && writes && fate == Fate::Error("EIO") {
        assert_eq!(
            code,
            Some(74),
            "{}: a write that failed is the end (G14)\n{}",
            context(),
            server.output()
        );
    }
    // Where any file may be the one, it may be one of the configuration's.
    let clear = |code: Option<i32>| code == Some(74) || (call.any_file && code == Some(78));
    assert!(fate == Fate::Kill || ended.is_none_or(|status| clear(status.code())), "{}", context());

    server.spawn();
    if let Err(status) = server.await_ready_or_end() {
        panic!("{}: it does not start again: {status}\n{}", context(), server.output());
    }
    let stage = Stage { port: server.port, book: Mutex::new(book), gate: Gate::default() };
    inventory::take(&server, &stage);
    let breaches = stage.book(|book| book.breaches.clone());
    assert!(breaches.is_empty(), "{}:\n{}", context(), breaches.join("\n"));
    match (happened, ended) {
        (false, _) => MISSED.to_owned(),
        (true, None) if fate == Fate::Kill => "killed".to_owned(),
        (true, Some(status)) if status.code().is_none() => "killed".to_owned(),
        (true, Some(status)) => format!("ended with {}", status.code().unwrap_or_default()),
        (true, None) => "went on".to_owned(),
    }
}

/// The server with a tracer beside it, which writes to `folder`.
fn strace(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "--seccomp-bpf", "-qq", "-o"]).arg(folder.path().join("trace")).args(arguments);
    let server = bessemer();
    command.arg(server.get_program());
    server.get_envs().for_each(|(name, _)| _ = command.env_remove(name));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn may_trace() -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("trace");
    let arguments =
        ["-f", "--seccomp-bpf", "-e", "trace=openat", "-e", "inject=openat:error=EIO:when=99", "-o"];
    let mut command = Command::new("strace");
    command.args(arguments).arg(&out).arg("true");
    command.stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
        && fs::metadata(&out).is_ok_and(|file| file.len() > 0)
}

/// A line for whoever waits; past the test runner, which would keep it for failures.
fn shout(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).expect("standard error");
}

/// The script, one command after the other; what came of it, and whether the server outlived it.
fn play(server: &Server) -> (Book, bool) {
    let mut script = Script { book: Book::default(), dice: Dice::new(1, 1), pushed: 0, held: Vec::new() };
    let mut all = || {
        let mut client = Client::connect(server.port)?;
        client.hello(r#"{"v":2}"#)?;
        (0..COMMANDS).try_for_each(|number| script.step(&mut client, number))
    };
    // Whoever hears no answer knows that the server has ended, or is about to.
    let outlived = all().is_ok();
    (script.book, outlived)
}

struct Script {
    book: Book,
    dice: Dice,
    pushed: u64,
    held: Vec<String>,
}

impl Script {
    fn step(&mut self, client: &mut Client, number: u64) -> std::io::Result<()> {
        match number % 10 {
            0..4 => self.push(client, 1, QUEUES[(number % 10 / 2) as usize]),
            4 => self.push(client, 3, QUEUES[1]),
            // Nobody asks for these.
            5 if number % 20 == 5 => self.push(client, 1, QUEUES[2]),
            5..8 => self.fetch(client),
            8 => self.end(client, End::Ack),
            _ => self.end(client, if number % 30 == 9 { End::Fail } else { End::Ack }),
        }
    }

    fn push(&mut self, client: &mut Client, count: u64, queue: &'static str) -> std::io::Result<()> {
        let bulk = (count > 1).then_some(self.pushed);
        let (mut jids, mut bodies) = (Vec::new(), Vec::new());
        for _ in 0..count {
            self.pushed += 1;
            let jid = format!("job-{:06}", self.pushed);
            let fill = "x".repeat(self.dice.below(90_000) as usize);
            bodies.push(format!(r#"{{"jid":"{jid}","jobtype":"T","queue":"{queue}","args":["{fill}"]}}"#));
            self.book.sending(&jid, Pushed { queue, retry: 25, later: false, bulk });
            jids.push(jid);
        }
        let command =
            if count > 1 { format!("PUSHB [{}]", bodies.join(",")) } else { format!("PUSH {}", bodies[0]) };
        match client.call(&command)? {
            Reply::Line(line) if line.starts_with("-ERR") => {
                jids.iter().for_each(|jid| self.book.refused(jid));
            }
            reply if reply == Reply::Line("+OK".into()) || reply == Reply::Bulk(b"{}".into()) => {
                jids.iter().for_each(|jid| self.book.accepted(jid));
            }
            reply => self.book.breach(&jids[0], &format!("was answered {reply:?}")),
        }
        Ok(())
    }

    fn fetch(&mut self, client: &mut Client) -> std::io::Result<()> {
        match client.call(&format!("FETCH {} {}", QUEUES[0], QUEUES[1]))? {
            Reply::Bulk(job) => {
                let jid = jid_of(&job);
                self.book.delivered(&jid);
                self.held.push(jid);
            }
            reply => self.book.breach("-", &format!("FETCH was answered {reply:?}")),
        }
        Ok(())
    }

    fn end(&mut self, client: &mut Client, end: End) -> std::io::Result<()> {
        let jid = self.held.remove(0);
        let verb = if end == End::Ack { "ACK" } else { "FAIL" };
        match client.call(&format!(r#"{verb} {{"jid":"{jid}"}}"#)) {
            Ok(reply) if reply == Reply::Line("+OK".into()) => self.book.ended(&jid, end),
            Ok(reply) => self.book.breach(&jid, &format!("{verb} was answered {reply:?}")),
            Err(error) => {
                self.book.unanswered(&jid, end);
                return Err(error);
            }
        }
        Ok(())
    }
}
