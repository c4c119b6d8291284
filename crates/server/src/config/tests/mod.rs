//! Whole configurations: flags, variables and folders in, a [`Config`] or one clear line out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

mod cron;
mod files;
mod otel;
mod passwords;
mod statsd;
mod throttles;
mod tls;

/// A machine with an `/etc`, a home and a time of its own.
struct Machine {
    top: TempDir,
    now: Wall,
    variables: Vec<(&'static str, String)>,
}

/// A good password, so that a test about something else is not about it.
const GOOD: &str = "correct horse battery staple";

impl Machine {
    fn new() -> Self {
        let top = tempfile::tempdir().expect("a folder");
        let home = top.path().join("home").display().to_string();
        Self { top, now: clock::wall(), variables: vec![("HOME", home)] }
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
        let config =
            Config::gather(&cli, &Variables::read(env), &self.path("etc"), self.now, None, &mut notes);
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
    assert_eq!(config.marks, WaterMarks::default());
    assert_eq!(notes, [""; 0]);
}

#[test]
fn the_defaults_are_those_of_the_core_and_of_the_plan() {
    let config = Machine::new().config("");
    assert_eq!(config.rules, Rules::default());
    let seconds = Duration::from_secs;
    let limits = Limits {
        connections_max: 10_000,
        loopback_reserved: 8,
        handshake_timeout: seconds(5),
        handshakes_max: 256,
        handshakes_per_address: 64,
        handshake_patience: seconds(1),
        hello_max: 16 << 10,
        wrong_passwords: 10,
        password_checks: 2_000,
        keepalive_after: seconds(15),
        unreachable_timeout: seconds(30),
        line_max: 1 << 20,
        job_max: 16 << 20,
        bulk_max: 64 << 20,
        bulk_jobs_max: 10_000,
        fetch_queues_max: 256,
        allow_flush: true,
        line_timeout: seconds(30),
        write_timeout: seconds(10),
        unsent_max: 32 << 20,
        buffered_max: 256 << 20,
        memory_high_water: config.limits.memory_high_water,
        fetch_wait: seconds(2),
        shutdown_timeout: seconds(10),
    };
    assert_eq!(config.limits, limits);
    assert_eq!(config.web_limits, bessemer_web::limits::Limits::default());
    let all = accepted("limits.memory_high_water = '100%'").0.limits.memory_high_water;
    assert!(limits.memory_high_water.abs_diff(all / 100 * 80) < 100);
    assert_eq!(Limits::default(), limits);
}

#[test]
fn durability_is_strict_unless_somebody_asks_for_less_g1() {
    assert_eq!(Machine::new().config("").durability, Durability::Strict);
    assert_eq!(accepted("store.durability = 'relaxed'").0.durability, Durability::Relaxed);
    assert_eq!(accepted("store.durability = 'strict'").0.durability, Durability::Strict);
    for wrong in ["Relaxed", "none", ""] {
        let line = format!("`store.durability` must be \"strict\" or \"relaxed\", not {wrong:?}");
        assert_eq!(
            refused(&format!("store.durability = '{wrong}'")),
            format!("TOP/c/conf.d/a.toml:1:7: {line}")
        );
    }
}

#[test]
fn flush_has_to_be_allowed_in_production_and_nowhere_else_d7() {
    for (environment, text, allowed) in [
        ("development", "", true),
        ("staging", "", true),
        ("production", "", false),
        ("production", "faktory.allow_flush = true", true),
        ("development", "faktory.allow_flush = false", true),
    ] {
        let machine = Machine::new().set("FAKTORY_PASSWORD", GOOD);
        machine.write("c/conf.d/a.toml", text);
        let config = machine.config(&format!("-e {environment} -c TOP/c"));
        assert_eq!(config.limits.allow_flush, allowed, "{environment} {text}");
    }
}

#[test]
fn water_marks_that_contradict_each_other_are_refused_row_114() {
    let (config, _) = accepted("store.disk_low_water = '1MiB'\nstore.disk_high_water = '2MiB'");
    assert_eq!(config.marks, WaterMarks { low: 1 << 20, high: 2 << 20 });
    for (text, line) in [
        (
            "store.disk_low_water = '2MiB'\nstore.disk_high_water = '2MiB'",
            "`store.disk_low_water` is 2 MiB: not less than `store.disk_high_water`, which is 2 MiB",
        ),
        (
            "store.disk_high_water = '255MiB'",
            "`store.disk_high_water` is 255 MiB: not more than `store.disk_low_water`, which is 256 MiB",
        ),
    ] {
        assert_eq!(refused(text), format!("TOP/c/conf.d/a.toml:1:7: {line}"));
    }
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

#[test]
fn a_port_that_others_reach_needs_a_password_in_every_environment_d8() {
    for binding in [":7419", "0.0.0.0:7419", "[::]:7419", "192.0.2.1:7419", "jobs.example.org:7419"] {
        let line = Machine::new().refusal(&format!("-b {binding}"));
        assert!(line.starts_with(&format!("-b {binding} ")), "{line}");
        assert!(line.contains("FAKTORY_PASSWORD") && line.contains("--insecure-no-password"), "{line}");
        let line = Machine::new().refusal(&format!("-w {binding}"));
        assert!(line.starts_with(&format!("-w {binding} ")), "{line}");
        let ports = format!("-b {binding} -w {}", binding.replace("7419", "7420"));
        Machine::new().set("FAKTORY_PASSWORD", GOOD).config(&ports);
        let flags = format!("{ports} --insecure-no-password");
        let notes = Machine::new().notes(&flags);
        assert_eq!(notes.matches("without a password").count(), 2, "{notes}");
        Machine::new().set("FAKTORY_SKIP_PASSWORD", "yes").config(&flags);
    }
    Machine::new().config("-b 127.0.0.1:7419 -w [::1]:7420");
    let line = refused("[faktory]\nbinding = ':7419'");
    assert!(line.starts_with("TOP/c/conf.d/a.toml:2:1: `faktory.binding` :7419 can be reached"), "{line}");
}

#[test]
fn jobs_and_dashboard_are_not_at_one_port() {
    let place = "TOP/c/conf.d/a.toml:1";
    for (text, line) in [
        (
            "web.binding = 'localhost:7419'",
            ":5: `web.binding` localhost:7419 is taken: the other port has it, by `faktory.binding` localhost:7419",
        ),
        (
            "faktory.binding = 'localhost:7420'",
            ":9: `faktory.binding` localhost:7420 is taken: the other port has it, by `web.binding` localhost:7420",
        ),
    ] {
        assert_eq!(refused(text), format!("{place}{line}"));
    }
    let line = Machine::new().refusal("-b 127.0.0.1:7419 -w localhost:7419");
    assert_eq!(line, "-w localhost:7419 is taken: the other port has it, by -b 127.0.0.1:7419");
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", "web.binding = 'localhost:7419'");
    assert!(machine.config("-c TOP/c -b 127.0.0.1:0").web_binding.is_some());
    assert!(machine.config("-c TOP/c -w :0").web_binding.is_none(), "it is off");
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
