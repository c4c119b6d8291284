//! The command line: Faktory's flags, in the forms that Go programs take (`-b x`, `-b=x`, `--b x`, `--b=x`), and a long
//! name for each.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser};

use crate::config::Config;

/// What `-v` prints after the name.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\nLicensed under ", env!("CARGO_PKG_LICENSE"));

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
    #[arg(short, long, alias = "b", value_name = "HOST:PORT")]
    pub binding: Option<String>,
    /// Where the dashboard is; :0 turns it off [default: localhost:7420]
    #[arg(short, long, alias = "w", value_name = "HOST:PORT")]
    pub web: Option<String>,
    /// development, staging or production [default: FAKTORY_ENV, else development]
    #[arg(short, long, alias = "e", value_name = "NAME")]
    pub environment: Option<String>,
    /// error, warn, info or debug
    #[arg(short, long, alias = "l", value_name = "LEVEL", default_value = "info")]
    pub log_level: String,
    /// Where the data is [default: ~/.bessemer/db in development, else /var/lib/bessemer]
    #[arg(short, long, alias = "d", value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Where configuration is [default: ~/.bessemer in development, else /etc/bessemer; else Faktory's]
    #[arg(short, long, alias = "c", value_name = "DIR")]
    pub config: Option<PathBuf>,
    /// Let everybody in who can reach a port
    #[arg(long)]
    pub insecure_no_password: bool,
    /// Print the version and the licence
    #[arg(short, long, alias = "v", action = ArgAction::Version)]
    version: Option<bool>,
    /// Print this help
    #[arg(short, long, alias = "h", action = ArgAction::Help)]
    help: Option<bool>,
}

impl Cli {
    /// Reads the arguments, the program's name first. What comes back as an error may be the help that was asked for;
    /// it knows how the process ends.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments.into_iter().map(with_two_dashes))
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
