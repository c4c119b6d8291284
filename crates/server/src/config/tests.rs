//! Whole configurations: flags, variables and folders in, a [`Config`] or one clear line out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

/// A machine with an `/etc` and a home of its own.
struct Machine {
    top: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// A good password, so that a test about something else is not about it.
const GOOD: &str = "correct horse battery staple";

impl Machine {
    fn new() -> Self {
        let top = tempfile::tempdir().expect("a folder");
        let home = top.path().join("home").display().to_string();
        Self { top, variables: vec![("HOME", home)] }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    /// Writes a file for its owner's eyes.
    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("below the top")).expect("a folder");
        fs::write(&path, text).expect("a file");
        self.mode(&path, 0o600);
        path
    }

    fn mode(&self, path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }

    fn set(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.push((name, value.to_string()));
        self
    }

    /// Starts with these flags. Texts name the machine's top as `TOP`.
    fn start(&self, flags: &str) -> (Result<Config, String>, Vec<String>) {
        let top = self.top.path().display().to_string();
        let arguments = format!("bessemer {flags}").replace("TOP", &top);
        let cli = Cli::read(arguments.split_whitespace().map(Into::into)).expect("flags");
        let env = |name: &str| {
            let found = self.variables.iter().rev().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let mut notes = Notes::default();
        let config = Config::gather(&cli, &Variables::read(env), &self.path("etc"), &mut notes);
        let notes = notes.0.into_iter().map(|note| match note {
            Note::Info(text) => format!("info: {text}").replace(&top, "TOP"),
            Note::Warn(text) => format!("warn: {text}").replace(&top, "TOP"),
        });
        (config.map_err(|error| error.to_string().replace(&top, "TOP")), notes.collect())
    }

    fn config(&self, flags: &str) -> Config {
        self.start(flags).0.expect("a configuration")
    }

    fn refusal(&self, flags: &str) -> String {
        let line = self.start(flags).0.expect_err("a refusal");
        assert!(!line.contains('\n'), "more than a line: {line}");
        line
    }

    fn notes(&self, flags: &str) -> String {
        self.start(flags).1.join("\n")
    }
}

/// What a single file of `conf.d` leads to.
fn refused(text: &str) -> String {
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", text);
    machine.refusal("-c TOP/c")
}

fn accepted(text: &str) -> (Config, String) {
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", text);
    (machine.config("-c TOP/c"), machine.notes("-c TOP/c"))
}

// ---- defaults

#[test]
fn nothing_given_is_development_on_this_machine_o01_o03_d17() {
    let machine = Machine::new();
    let (config, notes) = machine.start("");
    let config = config.expect("a configuration");
    assert_eq!(config.environment.to_string(), "development");
    assert_eq!(config.binding.to_string(), "localhost:7419");
    assert_eq!(config.web_binding.expect("on").to_string(), "localhost:7420");
    assert_eq!(config.directory, machine.path("home/.bessemer/db"));
    assert_eq!((config.config_directory, config.insecure), (None, false));
    assert!(config.password.is_none() && config.web_password.is_none());
    assert_eq!(config.segment_bytes, 64 << 20);
    assert_eq!(notes, [""; 0]);
}

#[test]
fn the_defaults_are_those_of_the_core_and_of_the_plan() {
    let config = Machine::new().config("");
    assert_eq!(config.rules, Rules::default());
    let seconds = Duration::from_secs;
    let limits = Limits {
        connections_max: 10_000,
        handshake_timeout: seconds(5),
        handshakes_max: 256,
        handshakes_per_address: 64,
        line_timeout: seconds(30),
        write_timeout: seconds(10),
        unsent_max: 32 << 20,
        buffered_max: 256 << 20,
        fetch_wait: seconds(2),
        shutdown_timeout: seconds(10),
    };
    assert_eq!(config.limits, limits);
    assert_eq!(Limits::default(), limits);
}

/// Reading a key that `default.toml` lacks panics, and so does [`Config::gather`] when a key of it was not read.
#[test]
fn every_key_of_default_toml_is_read_and_the_file_may_be_copied() {
    let (copied, notes) = accepted(DEFAULT);
    let without = Machine::new().config("");
    assert_eq!((copied.rules, copied.limits), (without.rules, without.limits));
    assert_eq!(notes, "");
}

#[test]
fn production_keeps_its_data_in_var_and_needs_a_password_o03_o07() {
    for environment in ["production", "staging"] {
        let flags = format!("-e {environment}");
        let line = Machine::new().refusal(&flags);
        let text =
            "faktory requires a password to be set in staging or production, see the Security wiki page";
        assert!(line.starts_with(text), "{line}");
        let config = Machine::new().set("FAKTORY_PASSWORD", GOOD).config(&flags);
        assert_eq!(config.directory, Path::new("/var/lib/bessemer"));
        for yes in ["1", "true", "yes"] {
            assert!(Machine::new().set("FAKTORY_SKIP_PASSWORD", yes).config(&flags).insecure);
        }
        Machine::new().set("FAKTORY_SKIP_PASSWORD", "no").refusal(&flags);
        assert!(Machine::new().config(&format!("{flags} --insecure-no-password")).insecure);
    }
}

// ---- flags and environment

#[test]
fn flags_beat_files_and_a_bad_one_is_one_line_o05() {
    let machine = Machine::new();
    let text = "faktory.binding = '127.0.0.1:1'\nweb.binding = ':0'\nstore.directory = '/data'";
    machine.write("c/conf.d/a.toml", text);
    let config = machine.config("-c TOP/c");
    assert_eq!(config.binding.to_string(), "127.0.0.1:1");
    assert!(config.web_binding.is_none(), "`:0` turns the dashboard off (V-01)");
    assert_eq!(config.directory, Path::new("/data"));
    let config = machine.config("-c TOP/c -b localhost:7419 -w 127.0.0.1:0 -d db");
    assert_eq!(config.binding.to_string(), "localhost:7419");
    assert_eq!(config.web_binding.expect("any port").port(), 0);
    assert_eq!(config.directory, Path::new("db"));
    let line = machine.refusal("-b localhost");
    assert_eq!(
        line,
        "-b: \"localhost\" is not HOST:PORT, such as localhost:7419, :7419 or [::1]:7419: it has no port"
    );
}

#[test]
fn the_environment_comes_from_the_flag_or_the_variable_o02() {
    let machine = Machine::new().set("FAKTORY_ENV", "staging").set("FAKTORY_PASSWORD", GOOD);
    assert_eq!(machine.config("").environment, Environment::Staging);
    assert_eq!(machine.config("-e production").environment, Environment::Production);
    let expected = "Invalid environment \"x\": legal values are development, staging or production";
    assert_eq!(machine.refusal("-e x"), expected);
    assert_eq!(Machine::new().set("FAKTORY_ENV", "x").refusal(""), expected);
    assert_eq!(Machine::new().set("FAKTORY_ENV", "").config("").environment, Environment::Development);
}

#[test]
fn without_a_home_the_data_directory_has_to_be_named() {
    let machine = Machine::new().set("HOME", "");
    assert!(machine.refusal("").contains("-d"));
    assert_eq!(machine.config("-d /data").directory, Path::new("/data"));
}

// ---- D8

#[test]
fn a_port_that_others_reach_needs_a_password_in_every_environment_d8() {
    for binding in [":7419", "0.0.0.0:7419", "[::]:7419", "192.0.2.1:7419", "jobs.example.org:7419"] {
        let line = Machine::new().refusal(&format!("-b {binding}"));
        assert!(line.starts_with(&format!("-b {binding} ")), "{line}");
        assert!(line.contains("FAKTORY_PASSWORD") && line.contains("--insecure-no-password"), "{line}");
        let line = Machine::new().refusal(&format!("-w {binding}"));
        assert!(line.starts_with(&format!("-w {binding} ")), "{line}");
        Machine::new().set("FAKTORY_PASSWORD", GOOD).config(&format!("-b {binding} -w {binding}"));
        let flags = format!("-b {binding} -w {binding} --insecure-no-password");
        let notes = Machine::new().notes(&flags);
        assert_eq!(notes.matches("without a password").count(), 2, "{notes}");
        Machine::new().set("FAKTORY_SKIP_PASSWORD", "yes").config(&flags);
    }
    Machine::new().config("-b 127.0.0.1:7419 -w [::1]:7420");
}

#[test]
fn a_dashboard_with_its_own_password_may_be_open_while_the_port_for_jobs_is_not() {
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", format!("[web]\nbinding = ':7420'\npassword = '{GOOD}'"));
    let config = machine.config("-c TOP/c");
    assert!(config.password.is_none());
    assert_eq!(config.web_password.expect("its own").expose(), GOOD);
    assert!(machine.refusal("-c TOP/c -b :7419").starts_with("-b :7419 "));
}

// ---- files

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
fn tls_files_are_refused_rather_than_served_in_plain_text() {
    for name in ["private.key.pem", "public.cert.pem"] {
        let machine = Machine::new();
        machine.write(&format!("home/.bessemer/{name}"), "");
        let line = machine.refusal("");
        assert!(line.starts_with(&format!("TOP/home/.bessemer/{name}: TLS ")), "{line}");
        machine.write(&format!("c/{name}"), "");
        machine.refusal("-c TOP/c");
    }
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
        ("limits.unsent_max = '1MiB'", ":1:8: `limits.unsent_max` must be at least \"32MiB\""),
        ("limits.buffered_max = '63MiB'", ":1:8: `limits.buffered_max` must be at least \"64MiB\""),
        ("limits.queues_max = 0", ":1:8: `limits.queues_max` must be from 1 to 1000000"),
        ("limits.queues_max = -1", ":1:8: `limits.queues_max` must be from 1 to 1000000"),
        ("workers.on_lost = 'retry'", ":1:9: `workers.on_lost` must be \"requeue\", \"wait\" or \"dead\""),
        ("web.hosts = [1]", ":1:5: `web.hosts` must hold strings only"),
        ("web.hosts = ['http://a']", ":1:5: `web.hosts` must hold names"),
        ("web.base_path = 'jobs/'", ":1:5: `web.base_path` must be empty or a path"),
        ("web.binding = '7420'", ":1:5: `web.binding` is wrong: \"7420\" is not HOST:PORT"),
        ("faktory.binding = ''", ":1:9: `faktory.binding` is wrong: \"\" is not HOST:PORT"),
        ("store.directory = 'db'", ":1:7: `store.directory` must be an absolute path"),
        ("store.segment_size = '1KiB'", ":1:7: `store.segment_size` must be at least \"1MiB\""),
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
        ("passwrd = 'x'", ":1:1: unknown key `passwrd`; the nearest known one is"),
        ("[web]\n'ho.sts' = []", ":2:1: unknown key `web.\"ho.sts\"`; the nearest known one is `web.hosts`"),
    ] {
        let line = refused(text);
        assert!(line.starts_with(&format!("TOP/c/conf.d/a.toml{expected}")), "{line}");
    }
}

#[test]
fn what_only_faktory_reads_is_warned_about_once() {
    let machine = Machine::new();
    let cron = "[[cron]]\nschedule = '5 * * * *'\n[cron.job]\ntype = 'A'\n";
    let rest = "[queues]\nbackpressure = 1\n[security.tls]\na = 1\n[throttles]\nq = { worker = 1, timeout = 2 }\n\
                [statsd]\n[webui]\ntitle = 'x'\n[faktory]\npasswrd = 'x'";
    machine.write("c/conf.d/a.toml", format!("{cron}{cron}"));
    machine.write("c/conf.d/b.toml", format!("{cron}{rest}"));
    machine.config("-c TOP/c");
    let notes = machine.notes("-c TOP/c");
    for name in ["cron", "queues", "security", "throttles", "statsd", "webui"] {
        assert_eq!(notes.matches(&format!("`{name}` is not used by this version")).count(), 1, "{notes}");
    }
    let typo = "`faktory.passwrd` is not used by this version; the nearest known one is `faktory.password`";
    assert!(notes.contains(typo), "{notes}");
    assert!(notes.starts_with("warn: TOP/c/conf.d/a.toml:1:3: `cron`"), "{notes}");
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
}

#[test]
fn every_kind_of_value_is_read() {
    let (config, _) = accepted(
        "[faktory]\nallow_legacy_password_hash = true\n[web]\nbase_path = '/a/b'\n[workers]\non_lost = 'dead'\n\
         max_lost_workers = 0x10\n[store]\nsegment_size = '1 GiB'\n[limits]\nfetch_wait = '250ms'\nline_timeout = '2m'\n\
         connections_max = 20_000\n[retention]\ndead_age = '1d'\nrepush_window = '1h'",
    );
    assert!(config.allow_legacy_password_hash);
    assert_eq!(config.web_base_path, "/a/b");
    assert_eq!((config.rules.on_lost, config.rules.max_lost_workers), (OnLost::Dead, 16));
    assert_eq!(config.segment_bytes, 1 << 30);
    assert_eq!(config.limits.fetch_wait, Duration::from_millis(250));
    assert_eq!(config.limits.line_timeout, Duration::from_secs(120));
    assert_eq!(config.limits.connections_max, 20_000);
    assert_eq!(config.rules.dead_age, Duration::from_secs(86_400));
    assert_eq!(config.rules.repush_window, Duration::from_secs(3_600));
}

// ---- passwords

fn password(machine: &Machine, flags: &str) -> Option<String> {
    machine.config(flags).password.map(|password| password.expose().to_owned())
}

#[test]
fn the_password_is_looked_for_in_order_o06() {
    let machine = Machine::new();
    machine.write("etc/faktory/password", "from faktory's file\n");
    assert_eq!(password(&machine, ""), None, "not in development");
    assert_eq!(password(&machine, "-e staging").as_deref(), Some("from faktory's file"));
    machine.write("etc/bessemer/password", " from our own file \r\n");
    assert_eq!(password(&machine, "-e production").as_deref(), Some("from our own file"));
    machine.write("c/conf.d/a.toml", "faktory.password = 'from the configuration'");
    assert_eq!(password(&machine, "-e production -c TOP/c").as_deref(), Some("from the configuration"));
    assert_eq!(password(&machine, "-c TOP/c").as_deref(), Some("from the configuration"));
    let machine = machine.set("FAKTORY_PASSWORD", "from the environment");
    assert_eq!(password(&machine, "-c TOP/c").as_deref(), Some("from the environment"));
    let machine = machine.set("FAKTORY_PASSWORD", "");
    assert_eq!(password(&machine, "-c TOP/c"), None, "set, although empty");
    assert_eq!(password(&machine, "-e production -c TOP/c").as_deref(), Some("from our own file"));
}

#[test]
fn a_second_password_is_warned_about_row_117() {
    let machine = Machine::new().set("FAKTORY_PASSWORD", GOOD);
    machine.write("c/conf.d/a.toml", format!("faktory.password = '{GOOD}'"));
    let expected = "warn: FAKTORY_PASSWORD is set, so TOP/c/conf.d/a.toml:1:9: faktory.password is not used";
    assert_eq!(machine.notes("-c TOP/c"), expected);
    machine.write("etc/faktory/password", GOOD);
    let notes = machine.notes("-e production");
    assert_eq!(notes, "warn: a password is set elsewhere, so TOP/etc/faktory/password is not used");
}

#[test]
fn a_value_with_a_slash_names_a_file_o06() {
    let machine = Machine::new();
    let secret = machine.write("secret", format!("{GOOD}\n"));
    machine.write("c/conf.d/a.toml", format!("web.password = '{}'", secret.display()));
    assert_eq!(machine.config("-c TOP/c").web_password.expect("a file's").expose(), GOOD);
    let machine = machine.set("FAKTORY_PASSWORD", secret.display());
    assert_eq!(password(&machine, "-e production").as_deref(), Some(GOOD));
}

#[test]
fn a_password_that_cannot_be_meant_is_refused_row_109() {
    let machine = Machine::new();
    for (bytes, reason) in [
        (b"".as_slice(), "is empty"),
        (b" \n\t", "is empty"),
        (b"nul\0nul", "has a NUL in it"),
        (b"\xff\xfe", "is not UTF-8"),
        (&[b'x'; 4097], "is larger than 4096 bytes"),
    ] {
        machine.write("etc/bessemer/password", bytes);
        let line = machine.refusal("-e production");
        assert_eq!(line, format!("the password of TOP/etc/bessemer/password: {reason}"));
    }
    for (value, reason) in [(" ", "is empty"), ("\u{fffd}", "is not UTF-8")] {
        let line = Machine::new().set("FAKTORY_PASSWORD", value).refusal("");
        assert_eq!(line, format!("the password of FAKTORY_PASSWORD: {reason}"));
    }
    let line = refused("\n[faktory]\npassword = \"a\\u0000b\"");
    assert_eq!(line, "the password of TOP/c/conf.d/a.toml:3:1: faktory.password: has a NUL in it");
}

#[test]
fn a_password_file_that_is_none_is_one_line_row_109() {
    let machine = Machine::new();
    fs::create_dir(machine.path("folder")).expect("a folder");
    for (name, reason) in [("none", "No such file or directory"), ("folder", "is no regular file")] {
        let path = machine.path(name);
        let line = Machine::new().set("FAKTORY_PASSWORD", path.display()).refusal("");
        let expected = format!("the password of FAKTORY_PASSWORD: {}: {reason}", path.display());
        assert!(line.starts_with(&expected), "{line}");
    }
}

#[test]
fn a_password_file_for_everybody_is_refused_in_production_and_warned_about_elsewhere_row_109() {
    let machine = Machine::new();
    let path = machine.write("etc/bessemer/password", GOOD);
    for mode in [0o640, 0o604, 0o444] {
        machine.mode(&path, mode);
        let what = format!("can be read by others (mode {mode:o}); chmod 600 makes it safe");
        let line = machine.refusal("-e production");
        assert_eq!(line, format!("the password of TOP/etc/bessemer/password: {what}"));
        let notes = machine.notes("-e staging");
        assert_eq!(notes, format!("warn: the password of TOP/etc/bessemer/password {what}"));
    }
}

#[test]
fn a_short_password_is_warned_about_row_109() {
    let machine = Machine::new().set("FAKTORY_PASSWORD", "fifteen letters");
    assert_eq!(machine.notes(""), "warn: the password of FAKTORY_PASSWORD has less than 16 characters");
    assert_eq!(Machine::new().set("FAKTORY_PASSWORD", "sixteen letters!").notes(""), "");
}

#[test]
fn a_password_is_never_shown_o07() {
    let machine = Machine::new().set("FAKTORY_PASSWORD", "hunter2");
    let (config, notes) = machine.start("");
    let shown = format!("{config:?} {notes:?}");
    assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
}
