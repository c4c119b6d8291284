//! What a server needs to start: flags, environment and files, read once, checked and put together.
//!
//! | file | owns |
//! |---|---|
//! | `default.toml` | every key, its default, and what it is for |
//! | `keys.rs` | the keys: merging files over the defaults, reading values, reporting mistakes |
//! | `files.rs` | the configuration directory and what lies in it |
//! | `env.rs` | the environment variables |
//! | `change.rs` | what is different after a reload, and what of it waits for a restart |
//! | `throttles.rs` | what limits queues |
//! | `statsd.rs`, `otel.rs` | where figures and traces are sent |
//! | `cron.rs` | the entries of `[[cron]]` |
//! | `tls.rs`, `certificate.rs` | the files of TLS, read and checked |
//! | `binding.rs`, `password.rs`, `limits.rs`, `memory.rs` | one value each, and its rules |
//!
//! A flag beats a variable, a variable beats a file, a file beats the default. Mistakes are one line each, and nothing
//! starts with half a configuration.

mod binding;
mod certificate;
mod change;
mod cron;
mod env;
mod files;
mod keys;
mod limits;
mod local;
mod memory;
mod otel;
mod password;
mod statsd;
mod store;
mod throttles;
mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use bessemer_core::fact::OnLost;
use bessemer_core::limits::DISCARD_UNDO_MAX;
use bessemer_core::query::Durability;
use bessemer_core::{Rules, Wall};
use bessemer_store::WaterMarks;

pub use self::binding::{BadBinding, Binding};
pub use self::change::Changes;
use self::env::Variables;
pub use self::env::variable;
use self::keys::Settings;
pub(crate) use self::keys::parse_duration;
pub use self::keys::{DEFAULT, Setting, Spot};
pub use self::limits::Limits;
pub use self::local::LocalServer;
pub use self::otel::OtelConfig;
pub use self::password::Password;
pub use self::statsd::{Location, StatsdConfig};
use self::store::Sources;
pub use self::store::StoreConfig;
pub use self::tls::{Stamps, Tls};
use crate::cli::Cli;
use crate::clock;
use crate::exit::Exit;

/// Everything that a server needs to start; flags, environment and files have been read.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which defaults and which caution apply.
    pub environment: Environment,
    /// Where jobs are taken.
    pub binding: Binding,
    /// Where the dashboard is; none: it is off (rule `V-01`).
    pub web_binding: Option<Binding>,
    /// The data.
    pub directory: PathBuf,
    /// Where configuration was read from.
    pub config_directory: Option<PathBuf>,
    /// What clients have to know.
    pub password: Option<Password>,
    /// What browsers have to know; where the dashboard has no password of its own, the same.
    pub web_password: Option<Password>,
    /// What browsers have to know that only look.
    pub viewer_password: Option<Password>,
    /// Somebody said that no password is needed (`D8`).
    pub insecure: bool,
    /// Whether clients that hash once may use a short password in production (`D1`).
    pub allow_legacy_password_hash: bool,
    /// What both ports say who they are with; none: they speak plain text (rule `H-30`).
    pub tls: Option<Tls>,
    /// Names under which a browser may ask for a dashboard without a password (`D15`), in lower case.
    pub web_hosts: Vec<String>,
    /// Where a proxy shows the dashboard: empty, or `/` and a path without a `/` at its end (`D11`).
    pub web_base_path: String,
    /// What browsers may cost.
    pub web_limits: bessemer_web::limits::Limits,
    /// Where figures are sent; none: nowhere.
    pub statsd: Option<StatsdConfig>,
    /// Where traces are sent; none: nowhere.
    pub otel: Option<OtelConfig>,
    /// The rules of jobs.
    pub rules: Rules,
    /// What the server holds at most, and how long it waits.
    pub limits: Limits,
    /// The size of a segment of the log.
    pub segment_bytes: u64,
    /// What a reply waits for (`G1`).
    pub durability: Durability,
    /// When producers are refused for want of room, and when they are let in again.
    pub marks: WaterMarks,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// The keys that they set.
    pub set: Vec<Setting>,
    /// How the two bindings are set: by a flag, or a key and its place.
    binding_place: String,
    web_binding_place: String,
    /// The value of every key, without secrets.
    keys: BTreeMap<String, String>,
}

/// Which defaults and which caution apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Staging,
    Production,
}

/// Why there is no configuration. Each is one line for an operator.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Rule `O-02`.
    #[error("Invalid environment {0:?}: legal values are development, staging or production")]
    Environment(String),
    /// Rule `O-07`; the text up to the semicolon is the reference's.
    #[error(
        "faktory requires a password to be set in staging or production, see the Security wiki page; ours is \
         docs/configuration.md, \"Password\": set FAKTORY_PASSWORD, or say --insecure-no-password (or FAKTORY_SKIP_PASSWORD=1) to go without"
    )]
    PasswordRequired,
    /// `D8`.
    #[error(
        "{place} {binding} can be reached from other machines, and there is no password; set FAKTORY_PASSWORD, or say \
         --insecure-no-password (or FAKTORY_SKIP_PASSWORD=1) to let everybody in"
    )]
    Exposed { place: String, binding: String },
    /// Jobs and the dashboard where only one of them can be.
    #[error("{place} {binding} is taken: the other port has it, by {other} {other_binding}")]
    OnePort { place: String, binding: String, other: String, other_binding: String },
    /// Nowhere to put the data.
    #[error("HOME is not set, so there is no default data directory; name one with -d")]
    Homeless,
    /// A mistake in a file of `conf.d`.
    #[error("{at}: {reason}")]
    Key { at: Spot, reason: String },
    /// A flag, variable, file or directory, and what is wrong with it.
    #[error("{name}: {what}")]
    Source { name: String, what: String },
}

impl ConfigError {
    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Environment(_) => Exit::Environment,
            _ => Exit::Config,
        }
    }

    fn source(path: &Path, what: impl fmt::Display) -> Self {
        Self::Source { name: path.display().to_string(), what: what.to_string() }
    }
}

impl Config {
    /// Reads what the flags, the environment and the files say, and logs what is worth a warning.
    pub fn load(cli: Cli, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut notes = Notes::default();
        let found = Variables::read(env);
        let config = Self::gather(&cli, &found, Path::new("/etc"), clock::wall(), None, &mut notes);
        notes.log();
        config
    }

    /// Reads all of it and logs nothing: what is worth a warning comes along, also with a mistake.
    pub fn check(
        cli: &Cli,
        env: impl Fn(&str) -> Option<String>,
    ) -> (Vec<String>, Result<Self, ConfigError>) {
        let mut notes = Notes::default();
        let found = Variables::read(env);
        let config = Self::gather(cli, &found, Path::new("/etc"), clock::wall(), None, &mut notes);
        let text_of = |note| match note {
            Note::Info(text) | Note::Warn(text) => text,
        };
        (notes.0.into_iter().map(text_of).collect(), config)
    }

    /// Reads all of it again, while a server serves by this one (row 112): what it may go on by, and what is different.
    pub fn again(
        &self,
        cli: &Cli,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Changes), ConfigError> {
        let mut notes = Notes::default();
        let (found, before) = (Variables::read(env), self.tls.as_ref());
        let config = Self::gather(cli, &found, Path::new("/etc"), clock::wall(), before, &mut notes);
        let adopted = config.and_then(|config| self.adopt(config, &mut notes));
        notes.log();
        adopted
    }

    /// What these flags and the texts of such files say; neither the environment nor any file is read.
    #[cfg(feature = "embed")]
    pub(crate) fn given(cli: &Cli, texts: &[&str]) -> Result<Self, ConfigError> {
        let files = texts.iter().map(|text| (PathBuf::from("settings"), (*text).to_owned())).collect();
        let sources = Sources { environment: Environment::Development, directory: None, files };
        let (nothing, nowhere, mut notes) = (Variables::default(), Path::new(""), Notes::default());
        let config = Self::assemble(cli, &nothing, nowhere, sources, clock::wall(), None, &mut notes);
        notes.log();
        config
    }

    /// [`Config::load`] with everything given, `/etc` too.
    fn gather(
        cli: &Cli,
        variables: &Variables,
        etc: &Path,
        now: Wall,
        before: Option<&Tls>,
        notes: &mut Notes,
    ) -> Result<Self, ConfigError> {
        variables.refuse_odd_preview()?;
        let sources = Sources::find(cli, variables, etc, notes)?;
        Self::assemble(cli, variables, etc, sources, now, before, notes)
    }

    /// Puts together what was found.
    fn assemble(
        cli: &Cli,
        variables: &Variables,
        etc: &Path,
        sources: Sources,
        now: Wall,
        before: Option<&Tls>,
        notes: &mut Notes,
    ) -> Result<Self, ConfigError> {
        let Sources { environment, directory: config_directory, files } = sources;
        let mut settings = Settings::default();
        for (path, text) in &files {
            settings.merge(path, text, notes)?;
        }

        let web_binding = binding("-w", cli.web.as_deref(), "web.binding", &settings)?;
        let directory = config_directory.as_deref();
        let tls = tls::Search { environment, directory, settings: &settings }.tls(now, before, notes)?;
        let mut search = password::Search { environment, etc, settings: &settings, notes };
        let password = search.command(variables.password.as_deref())?;
        let web_password = search.web()?.or_else(|| password.clone());
        let viewer_password = search.viewer(web_password.as_ref())?;
        let config = Self {
            environment,
            binding: binding("-b", cli.binding.as_deref(), "faktory.binding", &settings)?,
            web_binding: (web_binding.to_string() != ":0").then_some(web_binding),
            directory: data_directory(cli, environment, variables, &settings)?,
            config_directory,
            web_password,
            viewer_password,
            password,
            insecure: cli.insecure_no_password || variables.skip_password,
            allow_legacy_password_hash: settings.switch("faktory.allow_legacy_password_hash"),
            tls,
            web_hosts: web_hosts(&settings)?,
            web_base_path: web_base_path(&settings)?,
            web_limits: limits::of_dashboard(&settings)?,
            statsd: statsd::read(&settings, variables.statsd.as_deref())?,
            otel: otel::read(&settings)?,
            rules: rules(&settings)?,
            limits: Limits::read(&settings, environment)?,
            segment_bytes: segment_bytes(&settings)?,
            durability: durability(&settings)?,
            marks: marks(&settings)?,
            files: files.iter().map(|(path, _)| path.clone()).collect(),
            set: settings.set_by_files(),
            binding_place: flag_or_key(cli.binding.as_ref(), "-b", "faktory.binding", &settings),
            web_binding_place: flag_or_key(cli.web.as_ref(), "-w", "web.binding", &settings),
            keys: settings.texts_of_all(),
        };
        settings.assert_all_read();
        config.refuse_one_port(cli.web.is_none() && settings.spot("web.binding").is_none())?;
        config.refuse_to_be_open(notes)?;
        Ok(config)
    }

    /// A key, and where a file sets it.
    pub(crate) fn place(&self, key: &str) -> String {
        let set = self.set.iter().find(|setting| setting.key == key);
        set.map_or_else(|| format!("`{key}`"), |setting| format!("{}: `{key}`", setting.at))
    }

    /// Two ports cannot listen at one. `is_default`: nobody has said where the dashboard is.
    fn refuse_one_port(&self, is_default: bool) -> Result<(), ConfigError> {
        let Some(web) = self.web_binding.as_ref().filter(|web| web.overlaps(&self.binding)) else {
            return Ok(());
        };
        let jobs = (self.binding_place.clone(), self.binding.to_string());
        let web = (self.web_binding_place.clone(), web.to_string());
        let ((place, binding), (other, other_binding)) = if is_default { (jobs, web) } else { (web, jobs) };
        Err(ConfigError::OnePort { place, binding, other, other_binding })
    }

    /// Nobody goes without a password by accident: outside development never (rule `O-07`), and nowhere on a port that
    /// other machines can reach (`D8`).
    fn refuse_to_be_open(&self, notes: &mut Notes) -> Result<(), ConfigError> {
        if self.environment != Environment::Development && self.password.is_none() && !self.insecure {
            return Err(ConfigError::PasswordRequired);
        }
        let ports = [
            (&self.binding_place, Some(&self.binding), &self.password),
            (&self.web_binding_place, self.web_binding.as_ref(), &self.web_password),
        ];
        for (place, binding, password) in ports {
            match binding {
                Some(binding) if password.is_none() && !binding.is_loopback() => {
                    let binding = binding.to_string();
                    if !self.insecure {
                        return Err(ConfigError::Exposed { place: place.clone(), binding });
                    }
                    notes.warn(format!(
                        "{place} {binding}: anybody who can reach it gets in, without a password"
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn binding(
    flag: &str,
    given: Option<&str>,
    key: &'static str,
    settings: &Settings<'_>,
) -> Result<Binding, ConfigError> {
    // The file's is read in any case: a mistake in it is one, also while a flag hides it.
    let text = settings.text(key).unwrap_or_default();
    let set = text.parse().map_err(|error: BadBinding| settings.wrong(key, format!("is wrong: {error}")))?;
    let wrong = |error: BadBinding| ConfigError::Source { name: flag.to_owned(), what: error.to_string() };
    given.map_or(Ok(set), |text| text.parse().map_err(wrong))
}

fn flag_or_key(given: Option<&String>, flag: &str, key: &'static str, settings: &Settings<'_>) -> String {
    given.map_or_else(|| settings.place(key), |_| flag.to_owned())
}

fn data_directory(
    cli: &Cli,
    environment: Environment,
    variables: &Variables,
    settings: &Settings<'_>,
) -> Result<PathBuf, ConfigError> {
    const KEY: &str = "store.directory";
    let set = settings.text(KEY).map(PathBuf::from);
    if set.as_ref().is_some_and(|path| path.is_relative()) {
        return Err(settings.wrong(KEY, "must be an absolute path"));
    }
    if let Some(path) = cli.directory.clone().or(set) {
        return Ok(path);
    }
    match environment {
        Environment::Development => {
            let home = variables.home.as_ref().ok_or(ConfigError::Homeless)?;
            Ok(home.join(".bessemer/db"))
        }
        _ => Ok(PathBuf::from("/var/lib/bessemer")),
    }
}

fn segment_bytes(settings: &Settings<'_>) -> Result<u64, ConfigError> {
    Ok(settings.size("store.segment_size", 1 << 20..=1 << 30)? as u64)
}

fn web_hosts(settings: &Settings<'_>) -> Result<Vec<String>, ConfigError> {
    const KEY: &str = "web.hosts";
    let mut hosts = settings.texts(KEY)?;
    for host in &mut hosts {
        host.make_ascii_lowercase();
        if !binding::is_name(host) {
            return Err(
                settings.wrong(KEY, format!("must hold names such as \"jobs.example.org\", not {host:?}"))
            );
        }
    }
    Ok(hosts)
}

fn web_base_path(settings: &Settings<'_>) -> Result<String, ConfigError> {
    const KEY: &str = "web.base_path";
    let path = settings.text(KEY).unwrap_or_default();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b);
    let fits =
        path.starts_with('/') && !path.ends_with('/') && !path.contains("//") && path.bytes().all(allowed);
    if !path.is_empty() && !fits {
        return Err(settings.wrong(KEY, "must be empty or a path such as \"/jobs\", without a / at its end"));
    }
    Ok(path.to_owned())
}

fn durability(settings: &Settings<'_>) -> Result<Durability, ConfigError> {
    const KEY: &str = "store.durability";
    let text = settings.text(KEY).unwrap_or_default();
    let found = Durability::ALL.into_iter().find(|mode| mode.as_str() == text);
    found.ok_or_else(|| settings.wrong(KEY, format!("must be \"strict\" or \"relaxed\", not {text:?}")))
}

fn marks(settings: &Settings<'_>) -> Result<WaterMarks, ConfigError> {
    const LOW: &str = "store.disk_low_water";
    const HIGH: &str = "store.disk_high_water";
    let low = settings.size(LOW, 1 << 20..=1 << 40)? as u64;
    let high = settings.size(HIGH, 1 << 20..=1 << 40)? as u64;
    if low < high {
        return Ok(WaterMarks { low, high });
    }
    let (low, high) = (low >> 20, high >> 20);
    Err(match settings.spot(LOW) {
        Some(_) => settings.wrong(LOW, format!("is {low} MiB: not less than `{HIGH}`, which is {high} MiB")),
        None => settings.wrong(HIGH, format!("is {high} MiB: not more than `{LOW}`, which is {low} MiB")),
    })
}

fn rules(settings: &Settings<'_>) -> Result<Rules, ConfigError> {
    const ON_LOST: &str = "workers.on_lost";
    let on_lost = match settings.text(ON_LOST) {
        Some("requeue") => OnLost::Requeue,
        Some("wait") => OnLost::Wait,
        Some("dead") => OnLost::Dead,
        _ => return Err(settings.wrong(ON_LOST, "must be \"requeue\", \"wait\" or \"dead\"")),
    };
    let (throttles, throttles_max) = settings.throttles()?;
    Ok(Rules {
        throttles,
        throttles_max,
        lost_worker_grace: settings.duration("workers.lost_worker_grace")?,
        max_lost_workers: settings.count("workers.max_lost_workers", 1..=1_000)? as u32,
        lost_worker_window: settings.duration("workers.lost_worker_window")?,
        on_lost,
        restart_grace: settings.duration("workers.restart_grace")?,
        stall: settings.duration("workers.stall")?,
        silent_after: settings.duration("workers.silent_after")?,
        dead_age: settings.duration("retention.dead_age")?,
        dead_max: settings.count("retention.dead_max", 1..=100_000_000)?,
        discard_undo: settings.duration_up_to("retention.discard_undo", DISCARD_UNDO_MAX)?,
        // Queues are numbered in 16 bits, and a callback of a batch or a job that comes back is not kept out.
        queues_max: settings.count("limits.queues_max", 1..=60_000)?,
        workers_max: settings.count("limits.workers_max", 1..=1_000_000)?,
        kept_max: settings.size("limits.kept_max", 1 << 20..=1 << 30)?,
        batches_max: settings.count("limits.batches_max", 1..=10_000_000)?,
        batch_keep: settings.duration("retention.batch_keep")?,
        tracks_max: settings.count("limits.tracks_max", 1..=100_000_000)?,
        unique_max: settings.count("limits.unique_max", 0..=100_000_000)?,
        cron: cron::entries(settings)?,
        repush_window: settings.duration("retention.repush_window")?,
        repush_max: settings.count("retention.repush_max", 0..=100_000_000)?,
    })
}

impl Environment {
    fn named(name: &str) -> Result<Self, ConfigError> {
        match name {
            "development" => Ok(Self::Development),
            "staging" => Ok(Self::Staging),
            "production" => Ok(Self::Production),
            _ => Err(ConfigError::Environment(name.to_owned())),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        })
    }
}

/// What an operator should know although nothing is wrong; gathered, so that reading is pure.
#[derive(Debug, Default)]
struct Notes(Vec<Note>);

#[derive(Debug)]
enum Note {
    Info(String),
    Warn(String),
}

impl Notes {
    fn info(&mut self, text: String) {
        self.0.push(Note::Info(text));
    }

    fn warn(&mut self, text: String) {
        self.0.push(Note::Warn(text));
    }

    fn log(self) {
        for note in self.0 {
            match note {
                Note::Info(text) => tracing::info!("{text}"),
                Note::Warn(text) => tracing::warn!("{text}"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
