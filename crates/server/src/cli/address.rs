//! Which server the command line talks to, and the conversation with it.
//!
//! ```text
//! --url ─► a flag that names the server of this machine (-b, -c, -e) ─► FAKTORY_PROVIDER, FAKTORY_URL, BESSEMER_URL
//!                                                             └─► the server of this machine, by its configuration
//! ```
//!
//! A flag beats a variable, as everywhere. The configuration says the password too, and the certificate that the server
//! shows: on its machine it is known by that, whatever its names are and whoever signed it.

use std::path::PathBuf;

use bessemer::{Bessemer, Builder, Client, Url};

use super::{Cli, SERVER};
use crate::config::{self, LocalServer};
use crate::exit::{Exit, Failure};
use crate::server::StartError;

/// Which server.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Address {
    /// The server: tcp://[:PASSWORD@]HOST[:PORT], or tcp+tls:// [default: FAKTORY_PROVIDER, FAKTORY_URL, else that of
    /// this machine]
    #[arg(long, value_name = "URL", global = true, help_heading = SERVER)]
    url: Option<String>,
    #[command(flatten)]
    pub(super) certificates: Certificates,
}

/// Whom TLS trusts, and who it says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Certificates {
    /// Trust the authorities in this file [default: BESSEMER_CA_FILE, else those of the system]
    #[arg(long, value_name = "FILE", global = true, help_heading = SERVER)]
    ca_file: Option<PathBuf>,
    /// Show this certificate to the server [default: BESSEMER_CLIENT_CERTIFICATE]
    #[arg(long, value_name = "FILE", global = true, requires = "client_key", help_heading = SERVER)]
    client_certificate: Option<PathBuf>,
    /// The key of that certificate [default: BESSEMER_CLIENT_KEY]
    #[arg(long, value_name = "FILE", global = true, requires = "client_certificate", help_heading = SERVER)]
    client_key: Option<PathBuf>,
}

/// A server and the connection to it.
pub(super) struct Server {
    pub(super) url: Url,
    pub(super) client: Client,
}

impl Address {
    /// The server, whoever names it.
    fn open(&self, cli: &Cli) -> Result<Bessemer, Failure> {
        match self.find(cli, config::variable)? {
            (Url { port: 0, .. }, _) => {
                let what = "the system chooses the port of that server; name it with --url";
                Err(Failure { exit: Exit::Usage, what: what.to_owned() })
            }
            (url, local) => Ok(self.certificates.trusting(local.as_ref()).address(url).connect()?),
        }
    }

    /// The address, and the server of this machine where it is that one.
    pub(super) fn find(
        &self,
        cli: &Cli,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<(Url, Option<LocalServer>), Failure> {
        let wrong = |exit, what: String| Failure { exit, what };
        if let Some(text) = &self.url {
            let url: Result<Url, _> = text.parse();
            let url = url.map_err(|error| wrong(Exit::Usage, format!("--url: {error}")))?;
            return Ok((url, None));
        }
        let is_named = cli.binding.is_some() || cli.config.is_some() || cli.environment.is_some();
        let filled = |name| env(name).is_some_and(|value| !value.trim().is_empty());
        if !is_named && ["FAKTORY_PROVIDER", "FAKTORY_URL", "BESSEMER_URL"].into_iter().any(filled) {
            let url = Url::from_lookup(env).map_err(|error| wrong(Exit::Config, error.to_string()))?;
            return Ok((url, None));
        }
        let local = LocalServer::load(cli, env).map_err(|error| {
            let Failure { exit, what } = error.into();
            wrong(exit, format!("{what}; --url names a server without its configuration"))
        })?;
        Ok((local.url.clone(), Some(local)))
    }

    /// Connects, and has the conversation.
    pub(super) fn talk<T>(
        &self,
        cli: &Cli,
        conversation: impl AsyncFnOnce(&mut Server) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let app = self.open(cli)?;
        runtime()?.block_on(async {
            let mut server = Server { client: app.client().await?, url: app.url().clone() };
            let outcome = conversation(&mut server).await;
            server.client.end().await;
            outcome
        })
    }
}

impl Certificates {
    /// With those that the flags name. The server of this machine is known by its own.
    pub(super) fn trusting(&self, local: Option<&LocalServer>) -> Builder {
        let mut builder = Bessemer::builder();
        let own = local.and_then(|local| local.certificate.as_ref());
        if let Some(path) = &self.ca_file {
            builder = builder.ca_file(path);
        } else if let Some(path) = own {
            builder = builder.server_certificate(path);
        }
        if let (Some(certificate), Some(key)) = (&self.client_certificate, &self.client_key) {
            builder = builder.client_certificate(certificate, key);
        }
        builder
    }
}

/// What conversations run on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(StartError::Thread)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: Option<&str>, flags: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let arguments = std::iter::once("bessemer").chain(flags.split_whitespace()).map(Into::into);
        let cli = Cli::read(arguments).expect("flags");
        let env =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let found = Address { url: url.map(str::to_owned), ..Address::default() }.find(&cli, env);
        found
            .map(|(url, _)| format!("{url} {}", url.password.as_deref().unwrap_or("-")))
            .map_err(|error| error.what)
    }

    #[test]
    fn a_flag_beats_a_variable_and_that_the_configuration_o08() {
        let variables = [("FAKTORY_URL", "tcp://:pw@f"), ("FAKTORY_PASSWORD", "local")];
        assert_eq!(found(Some("tcp://u:1"), "-b :7519", &variables).unwrap(), "tcp://u:1 -");
        assert_eq!(found(None, "-b :7519", &variables).unwrap(), "tcp://localhost:7519 local");
        assert_eq!(found(None, "", &variables).unwrap(), "tcp://f:7419 pw");
        assert_eq!(found(None, "", &variables[1..]).unwrap(), "tcp://127.0.0.1:7419 local");
        let provider = [("FAKTORY_PROVIDER", "JOBS"), ("JOBS", "tcp://p"), ("FAKTORY_URL", "tcp://f")];
        assert_eq!(found(None, "", &provider).unwrap(), "tcp://p:7419 -");
        assert_eq!(found(None, "", &[("FAKTORY_URL", " ")]).unwrap(), "tcp://127.0.0.1:7419 -");
    }

    #[test]
    fn what_is_no_address_is_one_line_without_the_password() {
        let error = found(Some("tcp://:secret@h:x"), "", &[]).unwrap_err();
        assert_eq!(error, "--url: port of the server address is not in 1..=65535");
        let error = found(None, "", &[("FAKTORY_PROVIDER", "GONE")]).unwrap_err();
        assert_eq!(error, "FAKTORY_PROVIDER names the variable GONE, which is not set");
    }
}
