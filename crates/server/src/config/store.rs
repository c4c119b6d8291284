//! What a tool needs to know of a store: read from the same flags, variables and files as the server's configuration,
//! but a tool opens no port, so it asks for no password.

use std::path::{Path, PathBuf};

use bessemer_core::Rules;
use bessemer_store::{Options, WaterMarks};

use super::env::Variables;
use super::files::File;
use super::{ConfigError, Environment, Notes, Settings, data_directory, files, rules, segment_bytes};
use crate::cli::Cli;

/// Where a store is, and the rules of its jobs.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The data.
    pub directory: PathBuf,
    /// The rules of jobs.
    pub rules: Rules,
    /// The size of a segment of the log.
    pub segment_bytes: u64,
}

impl StoreConfig {
    /// Reads what the flags, the environment and the files say, and logs what is worth a warning.
    pub fn load(cli: &Cli, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables::read(env);
        let mut notes = Notes::default();
        let sources = Sources::find(cli, &variables, Path::new("/etc"), &mut notes)?;
        let environment = sources.environment;
        let mut settings = Settings::default();
        for (path, text) in &sources.files {
            settings.merge(path, text, &mut notes)?;
        }
        notes.log();
        Ok(Self {
            directory: data_directory(cli, environment, &variables, &settings)?,
            rules: rules(&settings)?,
            segment_bytes: segment_bytes(&settings)?,
        })
    }
}

impl StoreConfig {
    /// How a tool opens a store of this kind. It serves no producers that a disk without much room would refuse: what fits,
    /// fits.
    pub(crate) fn options(&self) -> Options {
        let (rules, segment_bytes) = (self.rules.clone(), self.segment_bytes);
        Options { rules, segment_bytes, marks: WaterMarks { low: 0, high: 0 }, ..Options::default() }
    }
}

/// The environment, and the directory and the files that it and the flags lead to.
pub(super) struct Sources {
    pub(super) environment: Environment,
    pub(super) directory: Option<PathBuf>,
    pub(super) files: Vec<File>,
}

impl Sources {
    pub(super) fn find(
        cli: &Cli,
        variables: &Variables,
        etc: &Path,
        notes: &mut Notes,
    ) -> Result<Self, ConfigError> {
        let environment = cli.environment.as_ref().or(variables.environment.as_ref());
        let environment =
            environment.map_or(Ok(Environment::Development), |name| Environment::named(name))?;
        let directory = files::directory(cli.config.as_deref(), environment, etc, variables, notes)?;
        let files = directory.as_deref().map_or(Ok(Vec::new()), files::read)?;
        Ok(Self { environment, directory, files })
    }
}
