//! A real Redis, filled as Faktory fills it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clock::until;

/// A Redis in a folder of its own, at a socket and at a port.
pub(crate) struct Redis {
    folder: TempDir,
    child: Child,
    stream: BufReader<UnixStream>,
    pub(crate) port: u16,
}

impl Redis {
    /// Starts one with these arguments beside its own. `password`: what it asks for.
    pub(crate) fn start(arguments: &[&str], password: Option<&str>) -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder"), arguments, password)
    }

    /// Starts one that reads this data file.
    pub(crate) fn start_on(file: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("faktory.rdb"), file).expect("a data file");
        // It looks at every entry of what is packed.
        Self::start_in(folder, &["--sanitize-dump-payload", "yes"], None)
    }

    fn start_in(folder: TempDir, arguments: &[&str], password: Option<&str>) -> Self {
        // Nobody else is likely to be given it before it is used.
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let [dir, socket] = [folder.path().to_owned(), folder.path().join("redis.sock")];
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
        command.arg("--dir").arg(&dir).arg("--unixsocket").arg(&socket);
        command.args(["--dbfilename", "faktory.rdb"]).args(arguments);
        if let Some(password) = password {
            command.args(["--requirepass", password]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("redis-server (Debian: redis-server) starts");
        let stream = until("the Redis listens", || UnixStream::connect(&socket).ok());
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let mut redis = Self { folder, child, stream: BufReader::new(stream), port };
        if let Some(password) = password {
            redis.call(&["AUTH", password]);
        }
        redis
    }

    /// Its data directory.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Its address by its socket.
    pub(crate) fn socket(&self) -> String {
        format!("unix:{}", self.folder.path().join("redis.sock").display())
    }

    /// One command; what it answers, if that is a line, a number or a text.
    pub(crate) fn call(&mut self, words: &[&str]) -> String {
        self.send(&command(words));
        self.reply()
    }

    /// Many commands, none of which may fail.
    pub(crate) fn fill(&mut self, commands: impl IntoIterator<Item = Vec<u8>>) {
        let (mut request, mut count) = (Vec::new(), 0);
        for command in commands {
            request.extend_from_slice(&command);
            count += 1;
            if request.len() > 1 << 16 {
                self.send(&std::mem::take(&mut request));
                (0..std::mem::take(&mut count)).for_each(|_| _ = self.reply());
            }
        }
        self.send(&request);
        (0..count).for_each(|_| _ = self.reply());
    }

    /// Writes its data file; where that is.
    pub(crate) fn save(&mut self) -> String {
        assert_eq!(self.call(&["SAVE"]), "OK");
        self.folder.path().join("faktory.rdb").display().to_string()
    }

    fn send(&mut self, request: &[u8]) {
        self.stream.get_mut().write_all(request).expect("the Redis reads");
    }

    fn reply(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a reply of the Redis");
        let line = line.trim_end();
        assert!(!line.starts_with('-'), "the Redis says {line}");
        let Some(len) = line.strip_prefix('$') else { return line[1..].to_owned() };
        let mut text = vec![0; len.parse::<usize>().expect("a length") + 2];
        self.stream.read_exact(&mut text).expect("a text of the Redis");
        String::from_utf8_lossy(&text[..text.len() - 2]).into_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes of a command.
pub(crate) fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

/// A job as Faktory writes it, with an argument of so many bytes.
pub(crate) fn job(jid: &str, queue: &str, size: usize) -> Value {
    json!({
        "retry": 25, "jid": jid, "queue": queue, "jobtype": "T", "created_at": "2026-11-20T01:02:03.123456789Z",
        "enqueued_at": "2026-11-21T01:02:03.5Z", "args": [9_007_199_254_740_993_u64, "x".repeat(size)],
    })
}

/// The command by which a job comes to the head of a list.
pub(crate) fn push(key: &str, job: &Value) -> Vec<u8> {
    command(&["LPUSH", key, &job.to_string()])
}

/// The command by which a job comes into a set.
pub(crate) fn add(key: &str, score: f64, job: &Value) -> Vec<u8> {
    command(&["ZADD", key, &score.to_string(), &job.to_string()])
}
