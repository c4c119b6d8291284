//! `[statsd]` as the reference's paid edition has it (rule `E-70`), and its variable.

use super::*;

fn statsd(text: &str) -> StatsdConfig {
    accepted(text).0.statsd.expect("it is on")
}

#[test]
fn nothing_is_sent_until_somebody_says_where_e70() {
    assert_eq!(accepted("[statsd]\nnamespace = 'x.'").0.statsd, None);
    let config = statsd("[statsd]\nlocation = 'localhost:8125'");
    assert_eq!(config.location, Location::Udp("localhost:8125".parse().expect("a place")));
    assert_eq!((config.namespace.as_str(), config.packet), ("faktory.", 1_432));
    assert!(config.tags.is_empty() && config.latency_of.is_empty());
}

#[test]
fn the_references_keys_are_read_e70() {
    let config = statsd(
        "[statsd]\nlocation = 'unix:///run/dd.sock'\nnamespace = 'jobs'\ntags = ['env:production', 'blue']\n\
         bufferSize = 1\nqueueLatency = ['default', 'mail']",
    );
    assert_eq!(config.location, Location::Unix("/run/dd.sock".into()));
    assert_eq!((config.namespace.as_str(), config.packet), ("jobs", 95));
    assert_eq!(config.tags, ["env:production", "blue"]);
    assert_eq!(config.latency_of, ["default", "mail"]);
}

#[test]
fn the_variable_suffices_and_beats_the_file_e70() {
    let machine = Machine::new().set("DD_DOGSTATSD_URL", "udp://dogs.example:8125");
    let config = machine.config("").statsd.expect("it is on");
    assert_eq!(config.location, Location::Udp("dogs.example:8125".parse().expect("a place")));
    machine.write("c/conf.d/a.toml", "[statsd]\nlocation = 'localhost:1'\ntags = ['a:b']");
    let config = machine.config("-c TOP/c").statsd.expect("it is on");
    assert_eq!(
        (&config.location, config.tags.len()),
        (&Location::Udp("dogs.example:8125".parse().expect("a place")), 1)
    );
    let bad = Machine::new().set("DD_DOGSTATSD_URL", "http://dogs.example");
    let line = bad.refusal("");
    assert!(line.starts_with("DD_DOGSTATSD_URL: is wrong: "), "{line}");
}

#[test]
fn what_would_spoil_a_line_is_refused() {
    let long = format!("tags = ['{}']", "x".repeat(201));
    let most = format!("tags = ['{}']", "x".repeat(200));
    statsd(&format!("[statsd]\nlocation = 'h:1'\n{most}\nbufferSize = 600"));
    for (text, says) in [
        ("location = 'nowhere'", "`statsd.location` is wrong: "),
        ("location = ':8125'", "a daemon has a host and a port"),
        ("location = 'h:0'", "a daemon has a host and a port"),
        ("location = 'unix://run/x'", "unix:// and an absolute path"),
        ("namespace = 'a b'", "`statsd.namespace` must be letters"),
        ("tags = ['a|b']", "`statsd.tags` holds \"a|b\""),
        ("tags = ['']", "`statsd.tags` holds \"\""),
        (&long, "a tag is such as"),
        ("tags = [1]", "must hold strings only"),
        ("bufferSize = 0", "`statsd.bufferSize` must be from 1 to 600"),
        ("bufferSize = 601", "`statsd.bufferSize` must be from 1 to 600"),
        ("buffersize = 1", "unknown key `statsd.buffersize`; the nearest known one is `statsd.bufferSize`"),
    ] {
        let line = refused(&format!("[statsd]\n{text}"));
        assert!(line.contains(says), "{text}: {line}");
    }
}
