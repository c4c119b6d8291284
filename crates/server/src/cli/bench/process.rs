//! What the kernel's books say of a server's process: processor time and memory. Linux keeps them in `/proc`; elsewhere
//! there are none, and nothing is measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Units of `/proc/PID/stat` in a second; Linux tells programs no other on the machines that we build for.
const TICKS_PER_S: u64 = 100;

/// A process and its children: Faktory has a Redis beside it, which does most of its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pids: BTreeSet<u32>,
}

impl Process {
    /// A process by its id, if it is there and can be read.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let mut pids = BTreeSet::from([pid]);
        let all: Vec<(u32, u32)> = numbers_in("/proc").filter_map(|pid| Some((pid, parent(pid)?))).collect();
        loop {
            let before = pids.len();
            pids.extend(
                all.iter()
                    .filter(|(_, parent)| pids.contains(parent))
                    .map(|(pid, _)| *pid)
                    .collect::<Vec<_>>(),
            );
            if pids.len() == before {
                break;
            }
        }
        let process = Self { pids };
        process.cpu().map(|_| process)
    }

    /// The process that listens at a port of this machine.
    pub(super) fn behind(port: u16) -> Option<Self> {
        let tables =
            ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
        let sockets: Vec<String> = tables
            .iter()
            .flat_map(|table| listeners(table, port))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        let has_one = |pid: &u32| {
            let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
            let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
            links.into_iter().any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
        };
        numbers_in("/proc").find(has_one).and_then(Self::of)
    }

    /// Processor time so far, user and system, of all threads.
    pub(super) fn cpu(&self) -> Option<Duration> {
        self.pids.iter().map(|pid| cpu_of(*pid)).sum()
    }

    /// Resident memory in bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        self.pids.iter().map(|pid| memory_of(*pid)).sum()
    }
}

/// The scheduler's own books count nanoseconds; where the kernel keeps none, the process's count ticks.
fn cpu_of(pid: u32) -> Option<Duration> {
    let threads = format!("/proc/{pid}/task");
    let mut total = Duration::ZERO;
    for thread in numbers_in(&threads) {
        // A thread may have ended since the directory was read.
        let Ok(book) = fs::read_to_string(format!("{threads}/{thread}/schedstat")) else { continue };
        total += Duration::from_nanos(book.split(' ').next()?.parse().ok()?);
    }
    if total > Duration::ZERO {
        return Some(total);
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * 1000 / TICKS_PER_S))
}

fn memory_of(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().split(' ').next()?.parse::<u64>().ok()? * 1024)
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything, also spaces and brackets.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// The sockets of a table of the kernel's that listen at a port.
fn listeners(table: &str, port: u16) -> Vec<&str> {
    let row = |line: &'_ str| -> Option<(u16, bool)> {
        let mut fields = line.split_whitespace().skip(1);
        let here = u16::from_str_radix(fields.next()?.rsplit_once(':')?.1, 16).ok()?;
        Some((here, fields.nth(1)? == "0A"))
    };
    let ours = table.lines().skip(1).filter(|line| row(line) == Some((port, true)));
    ours.filter_map(|line| line.split_whitespace().nth(9)).collect()
}

/// The entries of a directory whose names are numbers.
fn numbers_in(directory: impl AsRef<Path>) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_process_behind_a_port_is_found_and_has_its_books() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let found = Process::behind(port).expect("this process");
        assert!(found.pids.contains(&std::process::id()), "{found:?}");
        assert!(found.cpu().is_some() && found.memory() > Some(1 << 20));
        drop(listener);
        assert_eq!(Process::behind(port), None);
    }

    #[test]
    fn only_sockets_that_listen_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1CFB 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0\n\
             1: 0100007F:1CFB 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0\n\
             2: 0100007F:1CFC 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0\n";
        assert_eq!(listeners(table, 7419), ["4711"]);
        assert_eq!(Process::of(u32::MAX), None);
    }
}
