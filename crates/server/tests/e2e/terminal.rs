//! A terminal with a person before it: there a tool asks, draws bars, and cuts lines to their width.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::clock::until;

/// A terminal in which a command runs.
pub(crate) struct Terminal {
    keyboard: File,
    shown: Arc<Mutex<String>>,
    child: Child,
}

impl Terminal {
    /// Runs a command in a terminal of so many columns.
    pub(crate) fn run(mut command: Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudoterminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("its other end");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("its size");
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its other end");
        let another = || slave.try_clone().expect("a descriptor");
        command.stdin(another()).stdout(another()).stderr(slave.try_clone().expect("a descriptor"));
        let child = command.spawn().expect("the built binary starts");
        // Those that are left would keep the terminal open when the child has ended.
        drop((command, slave));
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().expect("a descriptor");
        let shown = Arc::new(Mutex::new(String::new()));
        let paper = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            // The end is an error: nobody holds the other end any more.
            while let Ok(read @ 1..) = screen.read(&mut piece) {
                paper.lock().expect("no panic").push_str(&String::from_utf8_lossy(&piece[..read]));
            }
        });
        Self { keyboard, shown, child }
    }

    /// Waits until this text is to be seen.
    pub(crate) fn shows(&self, text: &str) {
        until(&format!("the terminal shows {text:?}"), || self.text().contains(text).then_some(()));
    }

    /// Everything that was to be seen so far.
    pub(crate) fn text(&self) -> String {
        self.shown.lock().expect("no panic").clone()
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").expect("the terminal is there");
    }

    /// Presses Ctrl-C: sends what the terminal of a session would send.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("the command runs");
    }

    /// Waits until the command ends by itself; its exit code.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        until("the command ends", || self.child.try_wait().expect("a child process")).code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the terminal showed:\n{}", self.text());
        }
    }
}
