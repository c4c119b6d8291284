//! Where the server of this machine takes jobs, and its password: read from the same flags, variables and files as the
//! server's configuration, so that on its machine the command line needs no address.

use std::path::Path;

use bessemer::Url;

use super::env::Variables;
use super::store::sources;
use super::{ConfigError, Notes, Settings, binding, password};
use crate::cli::Cli;

/// The address of the server that these flags, variables and files would start.
pub fn local_server(cli: &Cli, env: impl Fn(&str) -> Option<String>) -> Result<Url, ConfigError> {
    find(cli, &Variables::read(env), Path::new("/etc"))
}

/// [`local_server`] with everything given, `/etc` too.
fn find(cli: &Cli, variables: &Variables, etc: &Path) -> Result<Url, ConfigError> {
    // What is worth a warning at the server's start is nobody's business here.
    let notes = &mut Notes::default();
    let (environment, files) = sources(cli, variables, etc, notes)?;
    let mut settings = Settings::default();
    for (path, text) in &files {
        settings.merge(path, text, notes)?;
    }
    let binding = binding("-b", cli.binding.as_deref(), "faktory.binding", &settings)?;
    let mut search = password::Search { environment, etc, settings: &settings, notes };
    let password = search.command(variables.password.as_deref())?;
    if binding.port() == 0 {
        let what = "the system chooses the port of that server; name it with --url";
        return Err(ConfigError::Source { name: binding.to_string(), what: what.to_owned() });
    }
    let password = password.map(|password| password.expose().to_owned());
    Ok(Url { host: binding.reachable_host(), port: binding.port(), password, ..Url::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(flags: &str, password: Option<&str>, file: &str) -> Result<Url, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let conf_d = folder.path().join("conf.d");
        std::fs::create_dir(&conf_d).expect("a folder");
        std::fs::write(conf_d.join("a.toml"), file).expect("a file");
        let flags = flags.split_whitespace().map(str::to_owned);
        let directory = ["-c".to_owned(), folder.path().display().to_string()];
        let arguments = std::iter::once("bessemer".to_owned()).chain(flags).chain(directory);
        let cli = Cli::read(arguments.map(Into::into)).expect("flags");
        let variables = Variables { password: password.map(str::to_owned), ..Variables::default() };
        find(&cli, &variables, folder.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn binding_and_password_are_those_of_the_server_o05_o06() {
        let found = |flags, password, file| {
            let url = url(flags, password, file).expect("an address");
            (url.to_string(), url.password.unwrap_or_default())
        };
        assert_eq!(found("", None, ""), ("tcp://127.0.0.1:7419".into(), "".into()));
        let file = "[faktory]\nbinding = \":7519\"\npassword = \"from the file\"\n";
        assert_eq!(found("", None, file), ("tcp://localhost:7519".into(), "from the file".into()));
        assert_eq!(found("-b [::]:1", Some("pw"), file), ("tcp://[::1]:1".into(), "pw".into()));
        assert_eq!(found("-b 0.0.0.0:1", Some(""), ""), ("tcp://127.0.0.1:1".into(), "".into()));
        assert_eq!(found("-b jobs.example:1", None, ""), ("tcp://jobs.example:1".into(), "".into()));
    }

    #[test]
    fn a_port_that_nobody_knows_is_asked_for() {
        let error = url("-b localhost:0", None, "").expect_err("no port");
        assert!(error.ends_with("name it with --url"), "{error}");
    }
}
