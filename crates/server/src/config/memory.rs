//! The memory that the process may have: the machine's, or less if a control group says so.

use std::fs;
use std::path::Path;

/// Bytes. Where nobody tells, there is no end.
pub(super) fn given() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = groups.lines().filter_map(|line| limit(line, Path::new("/sys/fs/cgroup")));
    limits.chain(machine()).min().unwrap_or(u64::MAX)
}

/// From the kernel itself: a hardened service does not see `/proc/meminfo`.
#[cfg(target_os = "linux")]
fn machine() -> Option<u64> {
    let info = rustix::system::sysinfo();
    Some(info.totalram.saturating_mul(info.mem_unit.into()))
}

#[cfg(not(target_os = "linux"))]
fn machine() -> Option<u64> {
    None
}

/// `0::/system.slice/bessemer.service`, or `5:memory:/docker/…` of the older kind. A group is held to the limits of
/// those around it too. In a container the path may lie outside of what it sees, and its own group is the top.
fn limit(line: &str, top: &Path) -> Option<u64> {
    let mut parts = line.splitn(3, ':');
    let (hierarchy, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let (top, file) = match hierarchy {
        "0" => (top.to_owned(), "memory.max"),
        _ if controllers.split(',').any(|name| name == "memory") => {
            (top.join("memory"), "memory.limit_in_bytes")
        }
        _ => return None,
    };
    let group = top.join(path.trim_start_matches('/'));
    let around = group.ancestors().take_while(|folder| folder.starts_with(&top));
    // `max`, where there is none.
    around.filter_map(|folder| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_some() {
        assert!((1 << 20..1 << 50).contains(&given()));
    }

    #[test]
    fn the_narrowest_group_counts() {
        let top = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = top.path().join(name);
            fs::create_dir_all(path.parent().expect("below the top")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        let found = |line: &str| limit(line, top.path());
        write("a.slice/memory.max", "1000\n");
        write("a.slice/b.service/memory.max", "max\n");
        write("memory/docker/memory.limit_in_bytes", "500\n");
        assert_eq!(found("0::/a.slice/b.service"), Some(1_000));
        assert_eq!(found("0::/"), None);
        assert_eq!(found("5:cpu,memory:/docker"), Some(500));
        assert_eq!(found("5:cpu:/docker"), None);
        write("memory.max", "300\n");
        assert_eq!(found("0::/a.slice/b.service"), Some(300));
        assert_eq!(found("0::/../../elsewhere"), Some(300), "beyond what a container sees");
        assert_eq!(found("nonsense"), None);
    }
}
