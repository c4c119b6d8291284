//! What a server counts, from outside: `/metrics` (`D16`), and lines for statsd (rule `E-70`) at a socket of the test's.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::client::Reply;
use crate::clock::until;
use crate::server::Server;

/// Works one job of this type.
fn work(server: &Server, jobtype: &str) {
    let mut client = server.client();
    let push = format!(r#"PUSH {{"jid":"job-000001","jobtype":"{jobtype}","args":[],"queue":"mail"}}"#);
    assert_eq!(client.call(&push).expect("PUSH"), Reply::Line("+OK".into()));
    assert!(matches!(client.call("FETCH mail").expect("FETCH"), Reply::Bulk(_)));
    assert_eq!(client.call(r#"ACK {"jid":"job-000001"}"#).expect("ACK"), Reply::Line("+OK".into()));
}

/// Waits until all of these lines have come; says what came.
fn await_lines(wanted: &[&str], mut receive: impl FnMut(&mut [u8]) -> std::io::Result<usize>) {
    let (mut seen, mut packet) = (String::new(), vec![0; 65_536]);
    until(&format!("{wanted:?}"), || {
        if let Ok(length) = receive(&mut packet) {
            seen.push_str(std::str::from_utf8(&packet[..length]).expect("UTF-8"));
            seen.push('\n');
        }
        wanted.iter().all(|line| seen.lines().any(|came| came == *line)).then_some(())
    });
    let odd = seen.lines().find(|line| !line.is_empty() && !line.starts_with("faktory."));
    assert_eq!(odd, None, "{seen}");
}

#[test]
fn a_scrape_shows_what_was_worked_and_how_long_the_disk_took_d16() {
    let server = Server::start();
    work(&server, "Mail");
    let (status, page) = server.http("GET", "/metrics", "");
    assert_eq!(status, 200, "{page}");
    let value = |line: &str| -> f64 {
        let found = page.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {line} in {page}")).parse().expect("a number")
    };
    assert!(page.ends_with("# EOF\n"));
    assert_eq!(value(r#"bessemer_attempts_total{queue="mail",jobtype="Mail",outcome="done"}"#), 1.0);
    assert_eq!(value(r#"bessemer_queue_pushed_total{queue="mail"}"#), 1.0);
    assert_eq!(value("bessemer_jobs_processed_total"), 1.0);
    assert!(value("bessemer_flush_seconds_count") >= 3.0, "each reply waited for one");
    assert!(value("bessemer_turn_seconds_count") >= 3.0);
    // A flush is a part of its turn, and is counted a moment before it: a scrape may come between the two.
    until("the turn of the last flush to be counted", || {
        let (_, page) = server.http("GET", "/metrics", "");
        let sum = |name: &str| page.lines().find_map(|l| l.strip_prefix(name)?.parse::<f64>().ok());
        let (turns, flushes) = (sum("bessemer_turn_seconds_sum "), sum("bessemer_flush_seconds_sum "));
        (turns.expect("turns") >= flushes.expect("flushes")).then_some(())
    });
    assert!(value("bessemer_disk_free_bytes") > 0.0 && value("bessemer_resident_memory_bytes") > 0.0);
    assert!(value("bessemer_time_seconds") >= value("bessemer_process_start_time_seconds"));
    assert_eq!(value("bessemer_statsd_dropped_total"), 0.0);
}

/// A cron entry that pushes its job once, and is then refused.
const PULSE: &str = "[[cron]]\nid = 'pulse'\nschedule = '@every 1s'\n[cron.job]\ntype = 'Pulse'\n\
                     [cron.job.custom]\nunique_for = 3600\n";

#[test]
fn statsd_is_told_of_each_job_and_of_the_state_by_udp_e70() {
    let daemon = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    daemon.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket");
    let port = daemon.local_addr().expect("an address").port();
    let config = format!(
        "[statsd]\nlocation = 'localhost:{port}'\ntags = ['env:test', 'blue']\nbufferSize = 3\n{PULSE}"
    );
    let server = Server::start_on(None, &config);
    server.await_said("figures are sent to localhost:", 1);
    work(&server, "Mail|x,y#z");
    let tags = "|#env:test,blue,queue:mail,jobtype:Mail_x_y_z";
    let count = format!("faktory.jobs.count:1|c{tags}");
    await_lines(
        &[
            &count,
            "faktory.dead:0|g|#env:test,blue",
            "faktory.processed:0|g|#env:test,blue",
            "faktory.cron.runs:1|c|#env:test,blue,cron:pulse",
            "faktory.cron.refused:1|c|#env:test,blue,cron:pulse",
        ],
        |packet| daemon.recv(packet),
    );
    // What the file says now counts from the next start on.
    server.configure("conf.d/test.toml", &format!("[statsd]\nlocation = ''\n{PULSE}"));
    server.signal("HUP");
    server.await_said("a restart is needed for statsd.bufferSize, statsd.location, statsd.tags", 1);
}

#[test]
fn a_unix_socket_named_by_the_variable_is_told_too_e70() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dsd.socket");
    let daemon = UnixDatagram::bind(&path).expect("a socket");
    daemon.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket");
    let server = Server::start_with(&[("DD_DOGSTATSD_URL", &format!("unix://{}", path.display()))]);
    server.await_said("figures are sent to ", 1);
    work(&server, "Mail");
    await_lines(&["faktory.jobs.count:1|c|#queue:mail,jobtype:Mail", "faktory.retries:0|g"], |packet| {
        daemon.recv(packet)
    });
}

#[test]
fn a_daemon_that_is_not_there_costs_lines_and_nothing_else_e70() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = format!("unix://{}/none.socket", folder.path().display());
    let server = Server::start_with(&[("DD_DOGSTATSD_URL", &location)]);
    work(&server, "Mail");
    until("lines are dropped, and counted", || {
        let (_, page) = server.http("GET", "/metrics", "");
        let dropped = page.lines().find_map(|line| line.strip_prefix("bessemer_statsd_dropped_total "))?;
        (dropped != "0").then_some(())
    });
}
