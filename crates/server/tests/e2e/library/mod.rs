//! Programs that are made of the library, as processes: the examples that users copy from, and a worker that is killed.
//!
//! Here are the programs. `walk.rs` runs those of the walk-through, `thumbnails.rs` and `storefront.rs` the two of that
//! name; `kills.rs` has workers and servers die with jobs in their hands, `records.rs` is what they write down.

mod kills;
mod records;
mod storefront;
mod thumbnails;
mod walk;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use crate::clock::until;
use crate::server::{Server, collect};

/// A process of one of the examples, at a server.
pub(crate) struct Program {
    name: &'static str,
    child: Option<Child>,
    output: Arc<Mutex<String>>,
}

impl Program {
    /// Starts the example with these arguments, and more in its environment.
    pub(crate) fn start(
        name: &'static str,
        server: &Server,
        arguments: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(example(name));
        command.args(arguments).env("FAKTORY_URL", format!("tcp://127.0.0.1:{}", server.port));
        command.env_remove("FAKTORY_PROVIDER").env_remove("RUST_LOG");
        command.envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the built example starts");
        let output = collect(&mut child);
        Self { name, child: Some(child), output }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("a process")
    }

    /// Its process id.
    pub(crate) fn pid(&mut self) -> u32 {
        self.child().id()
    }

    /// Whether it goes on.
    pub(crate) fn lives(&mut self) -> bool {
        self.child().try_wait().expect("a child process").is_none()
    }

    /// What it wrote so far.
    pub(crate) fn output(&self) -> String {
        self.output.lock().expect("no panic").clone()
    }

    /// Waits until it has said this so often.
    pub(crate) fn await_said(&mut self, text: &str, times: usize) {
        until(&format!("{} says `{text}` ({times})", self.name), || {
            let said = self.output().matches(text).count() >= times;
            assert!(said || self.lives(), "{} ended:\n{}", self.name, self.output());
            said.then_some(())
        });
    }

    /// SIGKILL, and nothing else.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("a process");
        child.kill().expect("SIGKILL");
        child.wait().expect("a child process");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&mut self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill(1)").success());
    }

    /// Waits until it ends by itself; how it did.
    pub(crate) fn await_end(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a process");
        until(&format!("{} ends", self.name), || child.try_wait().expect("a child process"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("the last words of {}:\n{}", self.name, self.output());
        }
    }
}

/// The file of an example. Cargo builds those of the workspace first, which is nothing to do after `cargo test
/// --workspace`: no test runs one that is older than its source.
fn example(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let profile = Path::new(env!("CARGO_BIN_EXE_bessemer")).parent().expect("the profile's folder");
        let target = profile.parent().expect("the target folder");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--workspace", "--examples", "--locked", "--quiet", "--target-dir"]).arg(target);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        let built = build.status().expect("cargo");
        assert!(built.success(), "cargo could not build the examples");
        profile.join("examples")
    });
    folder.join(name)
}
