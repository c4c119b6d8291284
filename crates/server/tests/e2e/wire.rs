//! Plays the transcripts of `../wire/*.txt`, each against a server of its own.

use std::collections::HashMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::client::{Client, Reply};
use crate::clock::{Watch, now, until};
use crate::server::Server;
use crate::transcript::{Expected, Step, Transcript, differs, fill, fits};

/// Several transcripts wait for an empty FETCH most of their time.
const SIDE_BY_SIDE: usize = 8;

#[test]
fn the_server_speaks_as_the_transcripts_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("transcripts").map(|e| e.expect("one").path()).collect();
    paths.sort();
    let all = paths.len();
    let (todo, failed) = (Mutex::new(paths), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(path) = { todo.lock().expect("no panic").pop() } {
                    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                    let text = fs::read_to_string(&path).expect("a transcript");
                    // One that panics has said why; the others are played all the same.
                    let played =
                        catch_unwind(|| Transcript::parse(&text).and_then(|transcript| play(&transcript)));
                    if let Err(why) = played.unwrap_or_else(|_| Err("panicked, see above".to_owned())) {
                        failed.lock().expect("no panic").push(format!("tests/wire/{name}: {why}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.is_empty(), "{} of {all} transcripts:\n{}", failed.len(), failed.join("\n"));
    assert!(all > 10, "only {all} transcripts were found");
}

/// What a guide shows of the protocol in a block that is marked `transcript` is what the server says.
#[test]
fn the_transcripts_of_the_guides_are_true() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut shown = 0;
    for path in fs::read_dir(docs).expect("guides").map(|entry| entry.expect("one").path()) {
        let is_guide = path.extension().is_some_and(|kind| kind == "md");
        let text = if is_guide { fs::read_to_string(&path).expect("a guide") } else { String::new() };
        for block in text.split("```transcript\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            let played = Transcript::parse(block).and_then(|transcript| play(&transcript));
            played.unwrap_or_else(|why| panic!("{}: {why}\n{block}", path.display()));
            shown += 1;
        }
    }
    assert!(shown > 0, "no guide shows a transcript");
}

/// Rules P-01, M-02, B-01: whoever sent something else is told what was expected in words of JSON, and of no language.
#[test]
fn no_reply_names_a_type_of_the_program() {
    const VERBS: &[&str] = &[
        "PUSH",
        "PUSHB",
        "ACK",
        "FAIL",
        "BEAT",
        "MUTATE",
        "EXTEND",
        "TRACK SET",
        "TRACK GET",
        "BATCH NEW",
        "BATCH OPEN",
        "BATCH LIST",
        "BATCH SHOW",
        "JOBS LIST",
        "JOBS RETRY",
        "JOBS KILL",
        "JOBS DELETE",
        "JOBS DISCARD",
        "JOBS RESTORE",
        "JOBS RELEASE",
        "JOBS MOVE",
        "JOBS EDIT",
        "UNIQUE LIST",
        "UNIQUE RELEASE",
        "THROTTLES SET q",
        "THROTTLES RESET q",
        "CRON SHOW",
        "CRON RUN",
        "WORKERS QUIET",
        "QUEUE LATENCY",
        "QUEUE PAUSE",
    ];
    let inside = [
        r#"{"cmd":"kill","target":"dead","filter":ARG}"#,
        r#"{"set":ARG}"#,
        r#"{"state":ARG}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"retry":ARG,"custom":{"unique_until":ARG,"on_lost":ARG}}"#,
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"failure":ARG}"#,
        r#"{"success":ARG}"#,
        r#"{"count":ARG}"#,
        "ARG",
    ];
    let server = Server::start();
    let mut client = server.client();
    let mut refused = 0;
    for (verb, around) in VERBS.iter().flat_map(|verb| inside.iter().map(move |around| (verb, around))) {
        for argument in ["null", r#""x""#, "[]", "1", "{}", "-0.0"] {
            let command = format!("{verb} {}", around.replace("ARG", argument));
            let Reply::Line(told) = client.call(&command).expect("a reply") else { continue };
            let names_one = ["struct ", "enum ", "variant ", "i64", "u32", "u64", "usize"];
            assert!(!names_one.iter().any(|name| told.contains(name)), "{command}: {told}");
            refused += usize::from(told.starts_with("-ERR "));
        }
    }
    assert!(refused > VERBS.len() * 6, "only {refused} were refused");
}

/// The rows of sections 3.1 to 3.4 of the catalogue of bad inputs.
const ROWS: &[u32] = &[
    1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 21, 22, 24, 25, 27, 28, 30, 31, 33, 34, 36, 37, 39, 40, 42,
    43, 45, 46, 48, 49, 51, 52, 54, 55, 57, 58, 60, 61, 63, 64, 66, 67, 69, 70, 72, 73, 75, 76, 78, 79, 81,
    82, 84, 85, 87, 88,
];

/// One that will be shown with what it is about: a MUTATE that is killed.
const TO_COME: &[u32] = &[85];

#[test]
fn every_row_of_the_catalogue_of_bad_inputs_is_shown() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).expect("crates").to_owned();
    let mut shown = std::collections::BTreeSet::new();
    let mut folders = vec![crates];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|kind| kind == "rs" || kind == "txt") {
                let text = fs::read_to_string(&entry).expect("text");
                shown.extend(["row_", "row ", "3.1/", "3.2/", "3.3/", "3.4/"].into_iter().flat_map(|mark| {
                    let numbers = text.split(mark).skip(1);
                    numbers.filter_map(|rest| {
                        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
                        digits.parse::<u32>().ok()
                    })
                }));
            }
        }
    }
    let missing: Vec<_> = ROWS.iter().filter(|row| !shown.contains(row) && !TO_COME.contains(row)).collect();
    assert!(missing.is_empty(), "no test cites these rows: {missing:?}");
}

fn play(transcript: &Transcript) -> Result<(), String> {
    let env: Vec<(&str, &str)> = transcript.env.iter().map(|(name, value)| (&**name, &**value)).collect();
    let server = Server::start_with(&env);
    let mut player = Player {
        server: &server,
        connections: HashMap::new(),
        on: String::new(),
        since: Watch::start(),
        bids: HashMap::new(),
    };
    for (number, step) in &transcript.steps {
        player.step(step).map_err(|why| format!("line {number}: {why}\n{}", server.output()))?;
    }
    Ok(())
}

struct Player<'a> {
    server: &'a Server,
    connections: HashMap<String, Client>,
    on: String,
    since: Watch,
    /// Batches, by the name that the transcript gives them.
    bids: HashMap<String, String>,
}

impl Player<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::On { connection, hello } => self.open(connection, hello.as_deref()),
            Step::Send(lines) => self.send(&lines.concat()),
            Step::HalfClose => self.client()?.half_close().map_err(|error| error.to_string()),
            Step::Close => {
                self.connections.remove(&self.on).map(drop).ok_or_else(|| "no connection".to_owned())
            }
            Step::Expect { reply, timing } => {
                let found = self.client()?.reply().map_err(|error| format!("expected {reply:?}: {error}"))?;
                let taken = self.since.elapsed();
                if let (Reply::Line(line), client) = (&found, self.client()?)
                    && client.greeting.is_empty()
                {
                    client.greeting.clone_from(line);
                }
                match (reply, &found) {
                    (Expected::Bid(name), Reply::Bulk(bid)) => self.name(name, bid)?,
                    _ => compare(reply, &found, &|text| self.named(text))?,
                }
                match timing.filter(|timing| !timing.fits(taken)) {
                    Some(timing) => Err(format!("{timing:?}, not after {taken:?}")),
                    None => Ok(()),
                }
            }
            Step::Closed => match self.client()?.is_closed() {
                true => Ok(()),
                false => Err("the connection is open and has more to say".to_owned()),
            },
            Step::Wait { path, value } => {
                until(&format!("INFO has {path} = {value}"), || {
                    (self.server.info().pointer(path) == Some(value)).then_some(())
                });
                Ok(())
            }
            Step::Post { path, form } => match self.server.http("POST", path, form) {
                (302 | 303, _) => Ok(()),
                (status, body) => Err(format!("POST {path} {form}: {status} {body}")),
            },
        }
    }

    /// A batch goes by this name from now on; one that does already has to be the same.
    fn name(&mut self, name: &str, bid: &[u8]) -> Result<(), String> {
        let bid = String::from_utf8_lossy(bid).into_owned();
        if bid.len() != 16 || !bid.starts_with("b-") {
            return Err(format!("{bid} is no name of a batch"));
        }
        match self.bids.insert(format!("<{name}>"), bid.clone()) {
            Some(before) if before != bid => Err(format!("{name} was {before}, and is {bid}")),
            _ => Ok(()),
        }
    }

    /// The text with the batches that it names.
    fn named(&self, text: &str) -> String {
        self.bids.iter().fold(text.to_owned(), |text, (name, bid)| text.replace(name, bid))
    }

    fn open(&mut self, name: &str, hello: Option<&str>) -> Result<(), String> {
        name.clone_into(&mut self.on);
        if self.connections.contains_key(name) {
            return Ok(());
        }
        let mut client = Client::silent(self.server.port).map_err(|error| error.to_string())?;
        if let Some(hello) = hello {
            client = Client::connect(self.server.port).map_err(|error| error.to_string())?;
            client.hello(hello).map_err(|error| error.to_string())?;
        }
        self.connections.insert(name.to_owned(), client);
        Ok(())
    }

    fn send(&mut self, text: &str) -> Result<(), String> {
        let greeting = self.client()?.greeting.clone();
        let bytes = fill(&self.named(text), &greeting, now())?;
        self.since = Watch::start();
        self.client()?.send(&bytes).map_err(|error| error.to_string())
    }

    fn client(&mut self) -> Result<&mut Client, String> {
        self.connections.get_mut(&self.on).ok_or_else(|| format!("connection `{}` is not open", self.on))
    }
}

fn compare(expected: &Expected, found: &Reply, named: &dyn Fn(&str) -> String) -> Result<(), String> {
    let fine = match (expected, found) {
        (Expected::Null, Reply::Null) => true,
        (Expected::Line(pattern), Reply::Line(line)) => fits(&named(pattern), line),
        (Expected::Bulk(text), Reply::Bulk(bytes)) => text.as_bytes() == bytes,
        (Expected::Json(expected), Reply::Bulk(bytes)) => {
            let json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
            let expected = &serde_json::from_str(&named(&expected.to_string())).expect("names are plain");
            match differs(expected, Some(&json), now()) {
                Some(why) => return Err(format!("{why}\n  in {json}")),
                None => true,
            }
        }
        _ => false,
    };
    if fine { Ok(()) } else { Err(format!("expected {expected:?}, found {}", show(found))) }
}

fn show(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(bytes) => format!("${} {}", bytes.len(), String::from_utf8_lossy(bytes)),
        other => format!("{other:?}"),
    }
}
