//! Directories and `conf.d`: which files are read, how they join, and how each mistake is reported.

use super::*;

#[test]
fn configuration_is_ours_else_faktorys_d17() {
    let machine = Machine::new();
    machine.write("home/.bessemer/db/0000000001.seg", "");
    machine.write("home/.faktory/conf.d/a.toml", "[limits]\nfetch_wait = '1s'");
    let (config, notes) = machine.start("");
    let config = config.expect("a configuration");
    assert_eq!(config.config_directory, Some(machine.path("home/.faktory")), "data is no configuration");
    assert_eq!(config.limits.fetch_wait, Duration::from_secs(1));
    let expected = "info: reading Faktory's configuration from TOP/home/.faktory, as there is none in TOP/home/.bessemer";
    assert_eq!(notes, [expected]);

    machine.write("home/.bessemer/conf.d/a.toml", "");
    let (config, notes) = machine.start("");
    assert_eq!(config.expect("a configuration").config_directory, Some(machine.path("home/.bessemer")));
    assert_eq!(notes, [""; 0]);

    machine.write("etc/faktory/conf.d/a.toml", format!("faktory.password = '{GOOD}'"));
    let config = machine.config("-e production");
    assert_eq!(config.config_directory, Some(machine.path("etc/faktory")));
    assert_eq!(config.password.expect("the file's").expose(), GOOD);
    assert_eq!(config.web_password.expect("falls back").expose(), GOOD);
}

#[test]
fn a_named_directory_that_is_missing_is_warned_about_o04() {
    let machine = Machine::new();
    assert_eq!(machine.notes("-c TOP/none"), "warn: -c TOP/none: there is no such directory");
    assert_eq!(machine.config("-c TOP/none").config_directory, None);
    machine.write("file", "");
    assert_eq!(machine.refusal("-c TOP/file"), "TOP/file: is no directory");
}

#[test]
fn files_are_read_in_the_order_of_their_names_and_tables_join_o04() {
    let machine = Machine::new();
    machine.write("c/conf.d/10-a.toml", "[workers]\nstall = '1s'\n[web]\nhosts = ['Jobs.example.org']");
    machine.write("c/conf.d/20-b.toml", "\u{feff}[workers]\r\nsilent_after = '2s'\r\n");
    machine.write("c/conf.d/30-c.toml", "");
    machine.write("c/conf.d/.hidden.toml", "nonsense");
    machine.write("c/conf.d/notes.txt", "nonsense");
    let config = machine.config("-c TOP/c");
    assert_eq!(config.rules.stall, Duration::from_secs(1));
    assert_eq!(config.rules.silent_after, Duration::from_secs(2));
    assert_eq!(config.web_hosts, ["jobs.example.org"]);

    machine.write("c/conf.d/40-d.toml", "\n  workers.stall = '3s'");
    let line = machine.refusal("-c TOP/c");
    let expected =
        "TOP/c/conf.d/40-d.toml:2:11: `workers.stall` is set already, at TOP/c/conf.d/10-a.toml:2:1";
    assert_eq!(line, expected);
}

#[test]
fn a_file_that_is_none_is_named_row_106() {
    let machine = Machine::new();
    fs::create_dir_all(machine.path("c/conf.d/a.toml")).expect("a folder");
    assert_eq!(machine.refusal("-c TOP/c"), "TOP/c/conf.d/a.toml: is no regular file");

    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", " ".repeat((1 << 20) + 1));
    assert_eq!(machine.refusal("-c TOP/c"), "TOP/c/conf.d/a.toml: is larger than 1048576 bytes");

    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", b"faktory.password = '\xff'");
    assert_eq!(machine.refusal("-c TOP/c"), "TOP/c/conf.d/a.toml: is not UTF-8");

    let machine = Machine::new();
    machine.write("c/conf.d/a.txt", "");
    let loops = machine.path("c/conf.d/a.toml");
    std::os::unix::fs::symlink(&loops, &loops).expect("a link");
    let line = machine.refusal("-c TOP/c");
    assert!(line.starts_with("TOP/c/conf.d/a.toml: Too many levels"), "{line}");

    let machine = Machine::new();
    machine.write("c/conf.d", "");
    assert!(machine.refusal("-c TOP/c").starts_with("TOP/c/conf.d: "));
}

#[test]
fn a_mistake_names_file_line_column_and_reason_row_106() {
    for (text, expected) in [
        ("[workers]\n\nstall = \n", ":3:9: "),
        ("[workers]\nstall = '5s'\nstall = '5s'", ":3:1: duplicate key"),
        ("[web]\n[web]", ":2:2: "),
        ("[wörk]\n", ":1:3: "),
        (
            "[workers]\n\tmax_lost_workers = 'three'",
            ":2:2: `workers.max_lost_workers` must be an integer, not a string",
        ),
        ("workers.stall = 5", ":1:9: `workers.stall` must be a string such as \"5s\", not an integer"),
        ("[limits]\nconnections_max = 1.5", ":2:1: `limits.connections_max` must be an integer, not a float"),
        ("web = 3", ":1:1: `web` must be a table"),
        ("[limits]\nfetch_wait = '2 weeks'", ":2:1: `limits.fetch_wait` must be a duration"),
        ("limits.fetch_wait = '0s'", ":1:8: `limits.fetch_wait` must be a duration"),
        ("limits.fetch_wait = '99999999999999999999s'", ":1:8: `limits.fetch_wait` must be a duration"),
        ("limits.fetch_wait = '9999999999999999999d'", ":1:8: `limits.fetch_wait` must be a duration"),
        ("limits.unsent_max = '32MB'", ":1:8: `limits.unsent_max` must be a size"),
        ("limits.unsent_max = '1MiB'", ":1:8: `limits.unsent_max` must be from \"32MiB\" to \"1GiB\""),
        ("limits.buffered_max = '63MiB'", ":1:8: `limits.buffered_max` must be from \"64MiB\" to"),
        ("limits.job_max = '17MiB'", ":1:8: `limits.job_max` must be from \"1KiB\" to \"16MiB\""),
        ("limits.line_max = '63KiB'", ":1:8: `limits.line_max` must be from \"64KiB\" to \"16MiB\""),
        ("limits.memory_high_water = '0%'", ":1:8: `limits.memory_high_water` must be from \"1%\" to"),
        ("limits.memory_high_water = '101%'", ":1:8: `limits.memory_high_water` must be from \"1%\" to"),
        ("limits.memory_high_water = '63MiB'", ":1:8: `limits.memory_high_water` must be from \"64MiB\""),
        (
            "limits.memory_high_water = '1048576GiB'",
            ":1:8: `limits.memory_high_water` is 1073741824 MiB: more than",
        ),
        ("web.body_max = '1KiB'", ":1:5: `web.body_max` must be from \"16KiB\" to \"64MiB\""),
        (
            "web.requests_max = 300",
            ":1:5: `web.requests_max` is 300: more than `web.connections_max`, which is 256",
        ),
        ("limits.queues_max = 0", ":1:8: `limits.queues_max` must be from 1 to 60000"),
        ("limits.queues_max = -1", ":1:8: `limits.queues_max` must be from 1 to 60000"),
        (
            "retention.discard_undo = '25h'",
            ":1:11: `retention.discard_undo` must be a duration from \"0s\" to \"24h\"",
        ),
        ("retention.discard_undo = 'x'", ":1:11: `retention.discard_undo` must be a duration from"),
        ("limits.unique_max = -1", ":1:8: `limits.unique_max` must be from 0 to 100000000"),
        ("limits.kept_max = '1023KiB'", ":1:8: `limits.kept_max` must be from \"1MiB\" to \"1GiB\""),
        ("limits.batches_max = 0", ":1:8: `limits.batches_max` must be from 1 to 10000000"),
        ("workers.on_lost = 'retry'", ":1:9: `workers.on_lost` must be \"requeue\", \"wait\" or \"dead\""),
        ("web.hosts = [1]", ":1:5: `web.hosts` must hold strings only"),
        ("web.hosts = ['http://a']", ":1:5: `web.hosts` must hold names"),
        ("web.base_path = 'jobs/'", ":1:5: `web.base_path` must be empty or a path"),
        ("web.binding = '7420'", ":1:5: `web.binding` is wrong: \"7420\" is not HOST:PORT"),
        ("faktory.binding = ''", ":1:9: `faktory.binding` is wrong: \"\" is not HOST:PORT"),
        ("store.directory = 'db'", ":1:7: `store.directory` must be an absolute path"),
        ("store.segment_size = '2GiB'", ":1:7: `store.segment_size` must be from \"1MiB\" to \"1GiB\""),
        ("store.segment_size = '1KiB'", ":1:7: `store.segment_size` must be from \"1MiB\" to \"1GiB\""),
    ] {
        let line = refused(text);
        let expected = format!("TOP/c/conf.d/a.toml{expected}");
        assert!(line.starts_with(&expected), "{text:?} gave\n{line}, and not\n{expected}");
    }
}

#[test]
fn an_unknown_key_names_the_nearest_known_one_row_106() {
    for (text, expected) in [
        (
            "[workers]\nlost_workers_grace = '1s'",
            ":2:1: unknown key `workers.lost_workers_grace`; the nearest known one is `workers.lost_worker_grace`",
        ),
        ("[wrokers]\nstall = '1s'", ":1:2: unknown key `wrokers`; the nearest known one is `workers`"),
        ("[web]\n'ho.sts' = []", ":2:1: unknown key `web.\"ho.sts\"`; the nearest known one is `web.hosts`"),
    ] {
        let line = refused(text);
        assert!(line.starts_with(&format!("TOP/c/conf.d/a.toml{expected}")), "{line}");
    }
    for name in ["nosuch", "x", "passwrd"] {
        let line = format!("TOP/c/conf.d/a.toml:1:1: unknown key `{name}`");
        assert_eq!(refused(&format!("{name} = 'x'")), line, "nothing is spelt like that");
    }
}

#[test]
fn what_only_faktory_reads_is_warned_about_once() {
    let machine = Machine::new();
    let webui = "[webui]\ntitle = 'x'\n";
    let rest = "[queues]\nbackpressure = 1\n[security.tls]\na = 1\n[faktory]\npasswrd = 'x'";
    machine.write("c/conf.d/a.toml", webui);
    machine.write("c/conf.d/b.toml", format!("{webui}{rest}"));
    machine.config("-c TOP/c");
    let notes = machine.notes("-c TOP/c");
    for name in ["queues", "security", "webui"] {
        assert_eq!(notes.matches(&format!("`{name}` is not used by this version")).count(), 1, "{notes}");
    }
    let typo = "`faktory.passwrd` is not used by this version; the nearest known one is `faktory.password`";
    assert!(notes.contains(typo), "{notes}");
    let (_, said) = accepted("[faktory]\nfoo = 1");
    assert!(said.contains("`faktory.foo` is not used") && !said.contains("nearest"), "{said}");
    assert!(notes.starts_with("warn: TOP/c/conf.d/a.toml:1:2: `webui`"), "{notes}");
}

#[test]
fn limits_that_contradict_each_other_are_both_named_row_114() {
    let line = refused("limits.handshakes_per_address = 300");
    let expected =
        ":1:8: `limits.handshakes_per_address` is 300: more than `limits.handshakes_max`, which is 256";
    assert_eq!(line, format!("TOP/c/conf.d/a.toml{expected}"));
    let line = refused("limits.handshakes_max = 10");
    let expected =
        ":1:8: `limits.handshakes_max` is 10: less than `limits.handshakes_per_address`, which is 64";
    assert_eq!(line, format!("TOP/c/conf.d/a.toml{expected}"));
    let line = refused("limits.bulk_max = '8MiB'");
    let expected = ":1:8: `limits.bulk_max` is 8MiB: less than `limits.job_max`, which is 16MiB";
    assert_eq!(line, format!("TOP/c/conf.d/a.toml{expected}"));
}

#[test]
fn every_kind_of_value_is_read() {
    let (config, _) = accepted(
        "[faktory]\nallow_legacy_password_hash = true\n[web]\nbase_path = '/a/b'\n[workers]\non_lost = 'dead'\n\
         max_lost_workers = 0x10\n[store]\nsegment_size = '1 GiB'\n[limits]\nfetch_wait = '250ms'\nline_timeout = '2m'\n\
         connections_max = 20_000\n[retention]\ndead_age = '1d'\nrepush_window = '1h'\ndiscard_undo = '0s'",
    );
    assert!(config.allow_legacy_password_hash);
    assert_eq!(config.web_base_path, "/a/b");
    assert_eq!((config.rules.on_lost, config.rules.max_lost_workers), (OnLost::Dead, 16));
    assert_eq!(config.segment_bytes, 1 << 30);
    assert_eq!(config.limits.fetch_wait, Duration::from_millis(250));
    assert_eq!(config.limits.line_timeout, Duration::from_secs(120));
    assert_eq!(config.limits.connections_max, 20_000);
    assert_eq!(config.rules.dead_age, Duration::from_secs(86_400));
    assert_eq!(config.rules.discard_undo, Duration::ZERO, "gone at once");
    assert_eq!(config.rules.repush_window, Duration::from_secs(3_600));
}
