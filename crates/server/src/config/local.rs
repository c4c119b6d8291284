//! Where the server of this machine is, and its password: read from the same flags, variables and files as the
//! server's configuration, so that on its machine the command line needs no address.

use std::path::{Path, PathBuf};

use bessemer::Url;

use super::env::Variables;
use super::store::Sources;
use super::{ConfigError, Notes, Password, Settings, binding, password, tls};
use crate::cli::Cli;

/// The server that these flags, variables and files would start.
#[derive(Clone, Debug)]
pub struct LocalServer {
    /// Where it takes jobs; port 0: the system chooses one, so nobody knows.
    pub url: Url,
    /// The certificate that it shows, where it speaks TLS.
    pub certificate: Option<PathBuf>,
    /// Where its dashboard is, if it has one.
    pub dashboard: Option<String>,
    /// The password of its dashboard; none: everybody on this machine is let in.
    pub web_password: Option<Password>,
}

impl LocalServer {
    /// Reads what the flags, the environment and the files say.
    pub fn load(cli: &Cli, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        find(cli, &Variables::read(env), Path::new("/etc"))
    }
}

/// [`LocalServer::load`] with everything given, `/etc` too.
fn find(cli: &Cli, variables: &Variables, etc: &Path) -> Result<LocalServer, ConfigError> {
    // What is worth a warning at the server's start is nobody's business here.
    let notes = &mut Notes::default();
    let Sources { environment, directory, files } = Sources::find(cli, variables, etc, notes)?;
    let mut settings = Settings::default();
    for (path, text) in &files {
        settings.merge(path, text, notes)?;
    }
    let binding = self::binding("-b", cli.binding.as_deref(), "faktory.binding", &settings)?;
    let web = self::binding("-w", cli.web.as_deref(), "web.binding", &settings)?;
    let search = tls::Search { environment, directory: directory.as_deref(), settings: &settings };
    let certificate = search.certificate()?;
    let tls = certificate.is_some();
    let mut search = password::Search { environment, etc, settings: &settings, notes };
    let password = search.command(variables.password.as_deref())?;
    let web_password = search.web()?.or_else(|| password.clone());
    let password = password.map(|password| password.expose().to_owned());
    let (host, port) = (binding.reachable_host(), binding.port());
    let url = Url { tls, host, port, password, ..Url::default() };
    let scheme = if tls && settings.switch("tls.dashboard") { "https" } else { "http" };
    let host = match web.reachable_host() {
        host if host.contains(':') => format!("[{host}]"),
        host => host,
    };
    let dashboard = (web.port() != 0).then(|| format!("{scheme}://{host}:{}", web.port()));
    Ok(LocalServer { url, certificate, dashboard, web_password })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(flags: &str, password: Option<&str>, file: &str) -> LocalServer {
        let folder = tempfile::tempdir().expect("a folder");
        let conf_d = folder.path().join("conf.d");
        std::fs::create_dir(&conf_d).expect("a folder");
        std::fs::write(conf_d.join("a.toml"), file).expect("a file");
        let flags = flags.split_whitespace().map(str::to_owned);
        let directory = ["-c".to_owned(), folder.path().display().to_string()];
        let arguments = std::iter::once("bessemer".to_owned()).chain(flags).chain(directory);
        let cli = Cli::read(arguments.map(Into::into)).expect("flags");
        let variables = Variables { password: password.map(str::to_owned), ..Variables::default() };
        find(&cli, &variables, folder.path()).expect("a server")
    }

    #[test]
    fn binding_and_password_are_those_of_the_server_o05_o06() {
        let found = |flags, password, file| {
            let url = local(flags, password, file).url;
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
    fn a_server_that_speaks_tls_is_not_spoken_to_in_plain_text_h30() {
        assert_eq!(local("", None, "").certificate, None);
        let named = local("", None, "[tls]\ncertificate = \"/x/c.pem\"\nprivate_key = \"k.pem\"\n");
        assert_eq!(named.certificate.as_deref(), Some(Path::new("/x/c.pem")));
        let found = |file| {
            let local = local("", None, file);
            (local.url.to_string(), local.dashboard.unwrap_or_default())
        };
        let pair = "[tls]\ncertificate = \"c.pem\"\nprivate_key = \"k.pem\"\n";
        assert_eq!(found(pair), ("tcp+tls://127.0.0.1:7419".into(), "https://127.0.0.1:7420".into()));
        let proxied = format!("{pair}dashboard = false\n");
        assert_eq!(found(&proxied), ("tcp+tls://127.0.0.1:7419".into(), "http://127.0.0.1:7420".into()));
    }

    #[test]
    fn the_dashboard_is_where_the_server_shows_it_v01() {
        let found = |flags| local(flags, None, "").dashboard;
        assert_eq!(found("").as_deref(), Some("http://127.0.0.1:7420"));
        assert_eq!(found("-w [::1]:80").as_deref(), Some("http://[::1]:80"));
        assert_eq!(found("-w :0"), None);
        let password = |file| local("", Some("pw"), file).web_password.map(|found| found.expose().to_owned());
        assert_eq!(password("").as_deref(), Some("pw"));
        assert_eq!(password("[web]\npassword = \"other\"\n").as_deref(), Some("other"));
    }
}
