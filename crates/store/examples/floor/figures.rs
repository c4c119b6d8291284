//! Numbers from the kernel's books, and what is made of numbers.

use std::fs;
use std::os::linux::fs::MetadataExt;
use std::path::Path;

/// Processor time of this thread in nanoseconds.
pub(crate) fn cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Resident memory of this process in bytes.
pub(crate) fn resident() -> u64 {
    number(&read("/proc/self/statm"), 1) * 4096
}

/// Bytes that the device under a directory was told to write, by whomever.
pub(crate) fn device_written(directory: &Path) -> u64 {
    let device = fs::metadata(directory).map_or(0, |directory| directory.st_dev());
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let is_it = |line: &&str| number(line, 0) == u64::from(major) && number(line, 1) == u64::from(minor);
    read("/proc/diskstats").lines().find(is_it).map_or(0, |line| number(line, 9) * 512)
}

/// The load averages of the machine.
pub(crate) fn load() -> String {
    read("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A column of a line; what is missing reads as 0.
fn number(text: &str, column: usize) -> u64 {
    text.split_whitespace().nth(column).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The value that a share of all does not exceed.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
    values.get(at).copied().unwrap_or(f64::NAN)
}
