//! Which dashboard the command line asks, and one request to its JSON API.
//!
//! ```text
//! --web ─► BESSEMER_WEB_URL ─► the dashboard of this machine, by its configuration
//! ```
//!
//! An address with `http://` or `https://` says all there is to know, its password too. `HOST:PORT` is a dashboard of this
//! machine, whose password and certificate the configuration knows.

use std::path::PathBuf;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use bessemer::{Bessemer, Error, TlsError, Url};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::time::timeout;

use super::address::runtime;
use super::{Cli, SERVER};
use crate::config::{self, LocalServer};
use crate::exit::{Exit, Failure};

/// Where a variable names it.
const VARIABLE: &str = "BESSEMER_WEB_URL";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an answer, far more than a thousand tokens take.
const ANSWER_MAX: usize = 16 << 20;

/// Which dashboard.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Dashboard {
    /// The dashboard: http://[NAME:PASSWORD@]HOST[:PORT][/BASE], https:// the same, or HOST:PORT on this machine
    /// [default: BESSEMER_WEB_URL, else that of this machine]
    #[arg(long, short, alias = "w", value_name = "ADDRESS", global = true, help_heading = SERVER)]
    web: Option<String>,
    /// Trust the authorities in this file [default: BESSEMER_CA_FILE, else those of the system]
    #[arg(long, value_name = "FILE", global = true, help_heading = SERVER)]
    ca_file: Option<PathBuf>,
}

/// Where it is.
#[derive(Debug)]
struct Found {
    /// Host and port, name and password, and whether it speaks TLS.
    url: Url,
    /// The path before its own.
    base: String,
    /// The certificate that it is known by.
    certificate: Option<PathBuf>,
}

impl Dashboard {
    /// Asks the API; its answer.
    pub(super) fn ask(&self, cli: &Cli, method: Method, path: &str, body: &str) -> Result<Value, Failure> {
        let found = self.find(cli, config::variable)?;
        let mut builder = Bessemer::builder();
        if let Some(path) = &self.ca_file {
            builder = builder.ca_file(path);
        } else if let Some(path) = &found.certificate {
            builder = builder.server_certificate(path);
        }
        let app = builder.address(found.url.clone()).connect()?;
        let asked = async {
            let answer = timeout(PATIENCE, exchange(&app, &found, method, path, body)).await;
            answer.unwrap_or_else(|_| Err(found.silent("it does not answer")))
        };
        runtime()?.block_on(asked)
    }

    fn find(&self, cli: &Cli, env: impl Fn(&str) -> Option<String>) -> Result<Found, Failure> {
        let variable = env(VARIABLE).filter(|value| !value.trim().is_empty());
        let is_named = cli.config.is_some() || cli.environment.is_some();
        let (from, named) = match (&self.web, variable) {
            (Some(web), _) => ("--web", Some(web.clone())),
            (None, variable) => (VARIABLE, variable.filter(|_| !is_named)),
        };
        if let Some(text) = named.as_ref().filter(|text| text.contains("://")) {
            return Found::read(text).map_err(|what| {
                let exit = if from == VARIABLE { Exit::Config } else { Exit::Usage };
                Failure { exit, what: format!("{from}: {what}") }
            });
        }
        let mut cli = cli.clone();
        cli.web = named.or(cli.web);
        let local = LocalServer::load(&cli, env).map_err(|error| {
            let Failure { exit, what } = error.into();
            Failure {
                exit,
                what: format!("{what}; --web http://… names a dashboard without its configuration"),
            }
        })?;
        let none = || Failure {
            exit: Exit::Config,
            what: "the server of this machine has no dashboard; --web http://… names another".into(),
        };
        let address = local.dashboard.as_deref().ok_or_else(none)?;
        let mut found = Found::read(address).map_err(|what| Failure { exit: Exit::Config, what })?;
        found.url.password = local.web_password.map(|password| password.expose().to_owned());
        found.certificate = local.certificate.filter(|_| found.url.tls);
        Ok(found)
    }
}

impl Found {
    /// The address, read: the same as that of a port for jobs but for its scheme and what is behind it.
    fn read(text: &str) -> Result<Self, String> {
        let (scheme, port, rest) = match text.trim().split_once("://") {
            Some(("http", rest)) => ("tcp", 80, rest),
            Some(("https", rest)) => ("tcp+tls", 443, rest),
            _ => return Err("the address of a dashboard begins with http:// or https://".into()),
        };
        let (place, base) = rest.split_once('/').unwrap_or((rest, ""));
        let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let port = if has_port { String::new() } else { format!(":{port}") };
        let url: Result<Url, _> = format!("{scheme}://{place}{port}").parse();
        let url = url.map_err(|error| error.to_string().replace("server address", "address"))?;
        let base = base.trim_end_matches('/');
        let base = if base.is_empty() { String::new() } else { format!("/{base}") };
        Ok(Self { url, base, certificate: None })
    }

    /// As it is told, without the password.
    fn shown(&self) -> String {
        let scheme = if self.url.tls { "https" } else { "http" };
        format!("{scheme}://{}{}", self.host(), self.base)
    }

    fn host(&self) -> String {
        let Url { host, port, .. } = &self.url;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    fn silent(&self, why: impl std::fmt::Display) -> Failure {
        Failure { exit: Exit::Address, what: format!("cannot ask the dashboard {}: {why}", self.shown()) }
    }

    /// Who asks, as the audit log will name it.
    fn credentials(&self) -> Option<String> {
        let password = self.url.password.as_ref()?;
        let name = self.url.user.clone().filter(|name| !name.is_empty());
        let name = name.or_else(|| config::variable("USER")).unwrap_or_else(|| "bessemer".into());
        Some(format!("Basic {}", base64(format!("{}:{password}", name.replace(':', "_")).as_bytes())))
    }
}

async fn exchange(
    app: &Bessemer,
    found: &Found,
    method: Method,
    path: &str,
    body: &str,
) -> Result<Value, Failure> {
    let stream = app.dial().await.map_err(|error| match error {
        Error::Connect { source, .. } => found.silent(source),
        Error::Tls { source: TlsError::PlainText, .. } => {
            found.silent("it speaks plain text, and its address would begin with http://")
        }
        Error::Tls { source, .. } => Failure { exit: Exit::Permission, what: found.silent(source).what },
        error => error.into(),
    })?;
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}/api/v1{path}", found.base))
        .header(header::HOST, found.host())
        .header(header::ACCEPT, "application/json");
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    if let Some(credentials) = found.credentials() {
        request = request.header(header::AUTHORIZATION, credentials);
    }
    let request = request.body(Body::from(body.to_owned())).map_err(|error| found.silent(error))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| found.silent(error))?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| found.silent(error))?;
    let status = answer.status();
    let text = to_bytes(Body::new(answer.into_body()), ANSWER_MAX).await;
    connection.abort();
    let text = text.map_err(|error| found.silent(error))?;
    read(found, status, &text)
}

/// What the API answered, or why it did not do it.
fn read(found: &Found, status: StatusCode, text: &[u8]) -> Result<Value, Failure> {
    let answer: Option<Value> = serde_json::from_slice(text).ok();
    if let Some(answer) = answer.as_ref().filter(|_| status.is_success()) {
        return Ok(answer.clone());
    }
    let said = answer.as_ref().and_then(|answer| answer["error"]["message"].as_str());
    let exit = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => Exit::Permission,
        StatusCode::NOT_FOUND if said.is_some() => Exit::NoInput,
        _ => Exit::Refused,
    };
    let what = said.map_or_else(
        || format!("{} answers {status}, which is no answer of this API", found.shown()),
        str::to_owned,
    );
    Err(Failure { exit, what })
}

/// Standard base64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        out.extend((0..=three.len()).map(|at| char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63])));
        out.extend(std::iter::repeat_n('=', 3 - three.len()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(web: Option<&str>, flags: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let arguments = std::iter::once("bessemer").chain(flags.split_whitespace()).map(Into::into);
        let cli = Cli::read(arguments).expect("flags");
        let env =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let found = Dashboard { web: web.map(str::to_owned), ca_file: None }.find(&cli, env);
        let shown = |found: Found| format!("{} {}", found.shown(), found.url.password.unwrap_or("-".into()));
        found.map(shown).map_err(|error| error.what)
    }

    #[test]
    fn a_flag_beats_the_variable_and_that_the_configuration() {
        let variables =
            [("BESSEMER_WEB_URL", "https://anna:p%40@jobs.example/bessemer/"), ("FAKTORY_PASSWORD", "local")];
        assert_eq!(found(None, "", &variables).unwrap(), "https://jobs.example:443/bessemer p@");
        assert_eq!(found(Some("http://[::1]"), "", &variables).unwrap(), "http://[::1]:80 -");
        assert_eq!(found(Some(":7520"), "", &variables).unwrap(), "http://localhost:7520 local");
        assert_eq!(found(None, "", &variables[1..]).unwrap(), "http://127.0.0.1:7420 local");
        assert_eq!(found(None, "-w :7620", &[]).unwrap(), "http://localhost:7620 -");
    }

    #[test]
    fn what_is_no_address_is_one_line_without_the_password() {
        let error = found(Some("http://:secret@h:x"), "", &[]).unwrap_err();
        assert_eq!(error, "--web: port of the address is not in 1..=65535");
        assert!(found(Some("ftp://h"), "", &[]).unwrap_err().ends_with("begins with http:// or https://"));
        assert!(found(None, "-w :0", &[]).unwrap_err().contains("has no dashboard"));
    }

    #[test]
    fn base64_is_written_as_its_rfc_does() {
        for (text, written) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(text.as_bytes()), written, "{text}");
        }
    }
}
