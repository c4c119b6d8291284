//! The command line: Faktory's flags, in the forms that Go programs take (`-b x`, `-b=x`, `--b x`, `--b=x`), a long
//! name for each, and tools as subcommands, one file each. Without a subcommand it is the server.

mod address;
mod backup;
mod batches;
mod bench;
mod check_config;
mod completions;
mod confirm;
mod cron;
mod dashboard;
mod demo;
mod export;
mod figures;
mod flush;
mod import;
mod info;
mod jobs;
mod lines;
mod output;
mod progress;
mod push;
mod queues;
mod restore;
mod salvage;
mod shell;
mod table;
mod throttles;
mod tokens;
mod unique;
mod verify;
mod workers;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bessemer_store::OpenError;
use bessemer_store::embedded::disk::RealDisk;
use bessemer_store::tools::{Source, ToolError};
use clap::{ArgAction, CommandFactory, Parser, Subcommand};

use crate::config::{self, Config, StoreConfig};
use crate::exit::{Exit, Failure};

/// What `-v` prints after the name. `build.rs` knows what it was built from.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nBuilt from ",
    env!("BESSEMER_BUILD"),
    "\nLicensed under ",
    env!("CARGO_PKG_LICENSE")
);

/// Under what the help has the flags that say which server is meant.
const SERVER: &str = "Which server";

/// The flags, as they were given.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "bessemer",
    about = "Bessemer, a work server that speaks the Faktory protocol.",
    version = VERSION,
    args_override_self = true,
    disable_version_flag = true,
    disable_help_flag = true,
    after_help = "The password comes from FAKTORY_PASSWORD: itself, or the name of a file that holds it."
)]
pub struct Cli {
    /// Where jobs are taken [default: localhost:7419]
    #[arg(short, long, alias = "b", value_name = "HOST:PORT", global = true, help_heading = SERVER)]
    pub binding: Option<String>,
    /// Where the dashboard is; :0 turns it off [default: localhost:7420]
    #[arg(short, long, alias = "w", value_name = "HOST:PORT")]
    pub web: Option<String>,
    /// development, staging or production [default: FAKTORY_ENV, else development]
    #[arg(short, long, alias = "e", value_name = "NAME", global = true, help_heading = SERVER)]
    pub environment: Option<String>,
    /// error, warn, info or debug
    #[arg(short, long, alias = "l", value_name = "LEVEL", default_value = "info")]
    pub log_level: String,
    /// Where the data is [default: ~/.bessemer/db in development, else /var/lib/bessemer]
    #[arg(short, long, alias = "d", value_name = "DIR", global = true, help_heading = SERVER)]
    pub directory: Option<PathBuf>,
    /// Where configuration is [default: ~/.bessemer in development, else /etc/bessemer; else Faktory's]
    #[arg(short, long, alias = "c", value_name = "DIR", global = true, help_heading = SERVER)]
    pub config: Option<PathBuf>,
    /// Let everybody in who can reach a port
    #[arg(long)]
    pub insecure_no_password: bool,
    /// Print the version and the licence
    #[arg(short, long, alias = "v", action = ArgAction::Version)]
    version: Option<bool>,
    /// Print this help
    #[arg(short, long, alias = "h", action = ArgAction::Help, global = true)]
    help: Option<bool>,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub tool: Option<Tool>,
}

/// What can be done to a server by its port for jobs and by its dashboard, and to a store beside serving it.
#[derive(Clone, Debug, Subcommand)]
pub enum Tool {
    Push(push::Push),
    Info(info::Info),
    Queues(queues::Queues),
    Jobs(jobs::Jobs),
    Batches(batches::Batches),
    Workers(workers::Workers),
    Tokens(tokens::Tokens),
    Unique(unique::Unique),
    Throttles(throttles::Throttles),
    Cron(cron::Cron),
    Flush(flush::Flush),
    Demo(demo::Demo),
    Shell(shell::Shell),
    Verify(verify::Verify),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Salvage(salvage::Salvage),
    Export(export::Export),
    Import(import::Import),
    CheckConfig(check_config::CheckConfig),
    Bench(bench::Bench),
    #[command(hide = true)]
    Floor(bench::Floor),
    Completions(completions::Completions),
}

impl Cli {
    /// Reads the arguments, the program's name first. What comes back as an error may be the help that was asked for;
    /// it knows how the process ends.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut is_over = false;
        Self::try_parse_from(arguments.into_iter().map(|argument| {
            // What stands behind `--` is no flag, whatever it looks like.
            is_over |= argument == "--";
            if is_over { argument } else { with_two_dashes(argument) }
        }))
    }

    /// What a tool needs to know of the store in `directory`, or else in the one that the flags and files name.
    fn store(&self, directory: Option<&PathBuf>) -> Result<StoreConfig, Failure> {
        let mut cli = self.clone();
        cli.directory = directory.cloned().or(cli.directory);
        Ok(StoreConfig::load(&cli, config::variable)?)
    }
}

/// Looks at a data directory or a backup, whoever has it.
fn source(path: &Path) -> Result<Source<RealDisk>, ToolError> {
    match RealDisk::look(path) {
        Ok(disk) => Source::open(disk),
        Err(OpenError::Failed(fatal)) if fatal.source.kind() == ErrorKind::NotFound => {
            Err(ToolError::NoStore { path: path.display().to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Names that are shown of those that nothing has.
const MISSING_SHOWN: usize = 10;

/// Ends a tool that was given names which nothing has, once it has acted on the others: whoever mistyped one would believe
/// that it is done.
fn refuse_missing(what: &str, names: &[impl AsRef<str>]) -> Result<(), Failure> {
    let shown: Vec<_> = names.iter().take(MISSING_SHOWN).map(|name| format!("{:?}", name.as_ref())).collect();
    let shown = shown.join(", ");
    let what = match names.len() {
        0 => return Ok(()),
        1 => format!("there is no {what} {shown}"),
        2..=MISSING_SHOWN => format!("there are no {what}s {shown}"),
        all => format!("there are no {what}s {shown} and {} more", all - MISSING_SHOWN),
    };
    Err(Failure { exit: Exit::NoInput, what })
}

impl Tool {
    /// What of the log is of interest beside what it says itself. The jobs of the demo are meant to fail.
    pub fn log_level(&self) -> tracing::Level {
        match self {
            Self::Demo(_) => tracing::Level::ERROR,
            _ => tracing::Level::WARN,
        }
    }

    /// Does it, and says on standard output what came of it.
    pub fn run(&self, cli: &Cli) -> Result<(), Failure> {
        match self {
            Self::Push(tool) => tool.run(cli),
            Self::Info(tool) => tool.run(cli),
            Self::Queues(tool) => tool.run(cli),
            Self::Jobs(tool) => tool.run(cli),
            Self::Batches(tool) => tool.run(cli),
            Self::Workers(tool) => tool.run(cli),
            Self::Tokens(tool) => tool.run(cli),
            Self::Unique(tool) => tool.run(cli),
            Self::Throttles(tool) => tool.run(cli),
            Self::Cron(tool) => tool.run(cli),
            Self::Flush(tool) => tool.run(cli),
            Self::Demo(tool) => tool.run(cli),
            Self::Shell(tool) => tool.run(cli),
            Self::Verify(tool) => tool.run(cli),
            Self::Backup(tool) => tool.run(cli),
            Self::Restore(tool) => tool.run(cli),
            Self::Salvage(tool) => tool.run(cli),
            Self::Export(tool) => tool.run(cli),
            Self::Import(tool) => tool.run(cli),
            Self::CheckConfig(tool) => tool.run(cli),
            Self::Bench(tool) => tool.run(cli),
            Self::Floor(tool) => tool.run(),
            Self::Completions(tool) => tool.run(),
        }
    }
}

/// Go reads `-binding` as one flag, where others read `-b` with the value `inding`.
fn with_two_dashes(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(text) if is_long_with_one_dash(text) => format!("-{text}").into(),
        _ => argument,
    }
}

fn is_long_with_one_dash(text: &str) -> bool {
    let Some(flag) = text.strip_prefix('-') else { return false };
    let name = flag.split('=').next().unwrap_or_default();
    name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// What standard error shows first: what this is, and what a new operator looks for.
pub fn banner(config: &Config) -> String {
    let directory = config.directory.display();
    format!("Bessemer {VERSION}\nRunning in {}, data in {directory}\n", config.environment)
}

/// The help, as `-h` prints it.
pub fn help() -> String {
    Cli::command().render_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    fn read(flags: &str) -> Result<Cli, ErrorKind> {
        let arguments = flags.split_whitespace().map(OsString::from);
        Cli::read(std::iter::once("bessemer".into()).chain(arguments)).map_err(|end| end.kind())
    }

    #[test]
    fn every_form_that_go_programs_take_is_taken_o01() {
        for (flag, long) in [("b", "binding"), ("w", "web"), ("e", "environment"), ("l", "log-level")] {
            for name in [flag, long] {
                for form in
                    [format!("-{name} x"), format!("-{name}=x"), format!("--{name} x"), format!("--{name}=x")]
                {
                    let cli = read(&form).unwrap_or_else(|kind| panic!("{form}: {kind}"));
                    let level = Some(cli.log_level).filter(|level| level != "info");
                    let given: Vec<_> =
                        [cli.binding, cli.web, cli.environment, level].into_iter().flatten().collect();
                    assert_eq!(given, ["x"], "{form}");
                }
            }
        }
        let cli = read("-d=a -c b --insecure-no-password").expect("flags");
        assert_eq!((cli.directory, cli.config), (Some("a".into()), Some("b".into())));
        assert!(cli.insecure_no_password);
    }

    #[test]
    fn flags_stay_apart_and_the_last_one_counts() {
        let cli = read("-b :1 -w :2 -b=[::1]:3").expect("flags");
        assert_eq!((cli.binding.as_deref(), cli.web.as_deref()), (Some("[::1]:3"), Some(":2")));
        let cli = read("").expect("no flags");
        assert_eq!((cli.binding, cli.log_level.as_str()), (None, "info"));
    }

    #[test]
    fn help_and_version_end_it_and_so_does_what_is_no_flag_o01_o02() {
        for form in ["-v", "--v", "-version", "--version"] {
            assert_eq!(read(form).expect_err(form), ErrorKind::DisplayVersion, "{form}");
        }
        for form in ["-h", "--h", "-help", "--help"] {
            assert_eq!(read(form).expect_err(form), ErrorKind::DisplayHelp, "{form}");
        }
        for form in ["-x", "-bx", "-b:7419", "--nope=1"] {
            assert_eq!(read(form).expect_err(form), ErrorKind::UnknownArgument, "{form}");
        }
        assert_eq!(read("word").expect_err("no tool"), ErrorKind::InvalidSubcommand);
        assert!(read("-b").is_err(), "a flag without its value");
    }

    #[test]
    fn a_tool_takes_the_flags_that_say_where_the_data_is_and_has_a_help_of_its_own() {
        for form in ["verify -d x", "-d x verify", "verify -directory=x", "verify -e development -c y -d x"] {
            let cli = read(form).unwrap_or_else(|kind| panic!("{form}: {kind}"));
            assert_eq!(cli.directory, Some("x".into()), "{form}");
            assert!(matches!(cli.tool, Some(Tool::Verify(_))), "{form}");
        }
        for form in ["help", "help verify", "verify -h", "verify --help", "verify -help"] {
            assert_eq!(read(form).expect_err(form), ErrorKind::DisplayHelp, "{form}");
        }
        assert_eq!(read("backup").expect_err("no target"), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn a_subcommand_takes_the_flags_that_say_which_server_and_what_stands_behind_two_dashes_as_it_is() {
        for form in
            ["-b :1 push T", "push T -b=:1", "push -binding :1 T", "queues -b :1", "queues list --b :1"]
        {
            let cli = read(form).unwrap_or_else(|kind| panic!("{form}: {kind}"));
            assert_eq!(cli.binding.as_deref(), Some(":1"), "{form}");
        }
        for form in
            ["push T -queue q -retry=-1", "push T -5 -2.5 --in 5m", "push -q q T", "jobs list -type T -n 5"]
        {
            assert!(read(form).is_ok(), "{form}");
        }
        let given = |form| format!("{:?}", read(form).expect(form).tool);
        assert!(given("push T -- -abc --def").contains(r#"["-abc", "--def"]"#));
        assert_eq!(read("push T -abc").expect_err("no flag"), ErrorKind::UnknownArgument);
    }

    #[test]
    fn every_subcommand_of_a_running_server_is_in_the_guide() {
        const GUIDE: &str = include_str!("../../../../docs/command-line.md");
        for name in [
            "push",
            "info",
            "queues",
            "jobs",
            "workers",
            "tokens",
            "unique",
            "throttles",
            "cron",
            "flush",
            "demo",
            "shell",
            "completions",
        ] {
            assert!(Cli::command().find_subcommand(name).is_some(), "{name}");
            assert!(GUIDE.contains(&format!("\n## {name}\n")), "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_named_up_to_a_number() {
        let said = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("j{number}")).collect();
            refuse_missing("job", &names).map_err(|failure| (failure.exit, failure.what))
        };
        let missing = |what: &str| Err((Exit::NoInput, what.to_owned()));
        assert_eq!(said(0), Ok(()));
        assert_eq!(said(1), missing("there is no job \"j0\""));
        assert_eq!(said(2), missing("there are no jobs \"j0\", \"j1\""));
        assert!(said(MISSING_SHOWN).expect_err("missing").1.ends_with(", \"j9\""));
        assert!(said(MISSING_SHOWN + 1).expect_err("missing").1.ends_with(", \"j9\" and 1 more"));
    }

    #[test]
    fn the_banner_says_what_runs_and_where_the_data_is() {
        let cli = read("-d some/db").expect("flags");
        let banner = banner(&Config::load(cli, |_| None).expect("a configuration"));
        let name = concat!("Bessemer ", env!("CARGO_PKG_VERSION"), "\n");
        assert!(banner.starts_with(name) && banner.contains("MIT OR Apache-2.0"), "{banner}");
        assert!(banner.ends_with("Running in development, data in some/db\n"), "{banner}");
    }
}
