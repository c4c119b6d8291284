//! `bessemer check-config`: reads everything as a start would, and starts nothing.

use bessemer_store::embedded::disk::RealDisk;
use serde_json::{Value, json};

use super::Cli;
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::server;

/// Check the configuration that the server would start with: flags, environment, files. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckConfig {
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub(super) fn run(&self, cli: &Cli) -> Result<(), Failure> {
        let (warnings, config) = Config::check(cli, config::variable);
        let config = config.map_err(Failure::from).and_then(|config| {
            // What a start would ask the disk; one that is not there yet cannot be asked.
            if let Ok(disk) = RealDisk::look(&config.directory) {
                server::refuse_small(&disk, &config)?;
            }
            Ok(config)
        });
        if self.json {
            println!("{}", document(&warnings, &config));
            return config.map(drop);
        }
        for warning in &warnings {
            println!("warning: {warning}");
        }
        let config = config?;
        lines(&config).iter().for_each(|(what, value)| println!("{what:<12} {value}"));
        println!("the configuration is good");
        Ok(())
    }
}

/// What was read, and what it comes to: no values of secrets.
fn lines(config: &Config) -> Vec<(&'static str, String)> {
    let mut lines = vec![("environment", config.environment.to_string())];
    let none = || vec!["none".to_owned()];
    let or_none = |texts: Vec<String>| if texts.is_empty() { none() } else { texts };
    let files = config.files.iter().map(|path| path.display().to_string()).collect();
    lines.extend(or_none(files).into_iter().map(|file| ("file", file)));
    lines.extend(config.set.iter().map(|setting| {
        let value = setting.value.as_deref().unwrap_or("(not shown)");
        ("key", format!("{} = {value}   {}", setting.key, setting.at))
    }));
    let web = config.web_binding.as_ref().map_or("off".into(), ToString::to_string);
    let tls = config.tls.as_ref().map_or_else(none, |tls| {
        let files = tls.files().map(|path| path.display().to_string());
        files.chain([format!("valid until {}", tls.expires.rfc3339())]).collect()
    });
    let known = |set: bool| if set { "set" } else { "none" }.to_owned();
    lines.extend([
        ("jobs at", config.binding.to_string()),
        ("dashboard at", web),
        ("data in", config.directory.display().to_string()),
        ("password", known(config.password.is_some())),
        ("web password", known(config.web_password.is_some())),
        ("TLS", tls.join(", ")),
    ]);
    lines
}

/// The same for scripts.
fn document(warnings: &[String], config: &Result<Config, Failure>) -> Value {
    let config = match config {
        Ok(config) => config,
        Err(failure) => return json!({ "ok": false, "error": failure.what, "warnings": warnings }),
    };
    let set = config
        .set
        .iter()
        .map(|setting| json!({ "key": setting.key, "value": setting.value, "at": setting.at.to_string() }));
    let tls = config
        .tls
        .as_ref()
        .map(|tls| json!({ "files": tls.files().collect::<Vec<_>>(), "valid_until": tls.expires.rfc3339() }));
    json!({
        "ok": true,
        "warnings": warnings,
        "environment": config.environment.to_string(),
        "config_directory": config.config_directory,
        "files": config.files,
        "set": set.collect::<Vec<_>>(),
        "binding": config.binding.to_string(),
        "web_binding": config.web_binding.as_ref().map(ToString::to_string),
        "directory": config.directory,
        "password": config.password.is_some(),
        "web_password": config.web_password.is_some(),
        "tls": tls,
    })
}
