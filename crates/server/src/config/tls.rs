//! TLS: which files it is spoken with, and whether they can be meant (rule `H-30`, row 111).
//!
//! ```text
//! DIRECTORY/private.key.pem and DIRECTORY/public.cert.pem   both: TLS on both ports; one alone is a mistake
//! [tls] private_key, certificate, client_ca                 files of other names, or of other folders
//! ```
//!
//! Everything is read and checked here, at the start and at every reload, so that what is served afterwards works.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bessemer_core::Wall;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{DEFAULT_VERSIONS, Error, RootCertStore, ServerConfig};
use zeroize::Zeroizing;

use super::certificate::Validity;
use super::keys::Settings;
use super::{ConfigError, Environment, Notes, files};

/// Bytes of one file: a key, or certificates.
const FILE_MAX: u64 = 1 << 20;

/// A certificate that ends sooner than this is warned about.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// What both ports say who they are with, read and checked.
#[derive(Clone)]
pub struct Tls {
    /// For the port for jobs.
    pub commands: Arc<ServerConfig>,
    /// For the dashboard; none: it is left to a proxy.
    pub dashboard: Option<Arc<ServerConfig>>,
    /// The last moment at which the certificate is valid.
    pub expires: Wall,
    /// How often the files are looked at.
    pub check_every: Duration,
    source: Source,
    /// What the files were like just before they were read.
    stamps: Stamps,
    chain: Vec<CertificateDer<'static>>,
    client_ca: Vec<CertificateDer<'static>>,
}

/// When files were written, and which they are: it differs when one was replaced or written.
pub type Stamps = Vec<Option<(SystemTime, u64, u64)>>;

/// Where it is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    environment: Environment,
    certificate: PathBuf,
    private_key: PathBuf,
    client_ca: Option<PathBuf>,
    dashboard: bool,
    check_every: Duration,
}

/// The same to everybody who looks from outside.
impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        // A key belongs to its certificate.
        self.dashboard.is_some() == other.dashboard.is_some() && self.changes(other).next().is_none()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("source", &self.source).field("expires", &self.expires).finish()
    }
}

/// Where the files are.
pub(super) struct Search<'a> {
    pub(super) environment: Environment,
    /// Where the two files of Faktory would be, and what names are relative to.
    pub(super) directory: Option<&'a Path>,
    pub(super) settings: &'a Settings<'a>,
}

impl Search<'_> {
    /// Reads and checks what is there. None: TLS is off. `before` is what a server that serves has.
    pub(super) fn tls(
        &self,
        now: Wall,
        before: Option<&Tls>,
        notes: &mut Notes,
    ) -> Result<Option<Tls>, ConfigError> {
        let client_ca = self.named("tls.client_ca");
        let dashboard = self.settings.switch("tls.dashboard");
        let check_every = self.settings.duration("tls.check_every")?;
        match self.pair()? {
            None if client_ca.is_some() => {
                Err(self.settings.wrong("tls.client_ca", "is set, and there is no certificate"))
            }
            None => Ok(None),
            Some((certificate, private_key)) => {
                let environment = self.environment;
                let source =
                    Source { environment, certificate, private_key, client_ca, dashboard, check_every };
                source.read(now, before, notes).map(Some).map_err(|error| self.by_key(error))
            }
        }
    }

    /// The file of the certificate, whatever is in it. None: TLS is off.
    pub(super) fn certificate(&self) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.pair()?.map(|(certificate, _)| certificate))
    }

    /// The files of certificate and key: those that are named, else the two of the directory.
    fn pair(&self) -> Result<Option<(PathBuf, PathBuf)>, ConfigError> {
        const CERTIFICATE: &str = "tls.certificate";
        const KEY: &str = "tls.private_key";
        let alone = |set, other| Err(self.settings.wrong(set, format!("is set, and `{other}` is not")));
        match (self.named(CERTIFICATE), self.named(KEY)) {
            (Some(certificate), Some(key)) => return Ok(Some((certificate, key))),
            (Some(_), None) => return alone(CERTIFICATE, KEY),
            (None, Some(_)) => return alone(KEY, CERTIFICATE),
            (None, None) => {}
        }
        let Some(directory) = self.directory else { return Ok(None) };
        let [key_name, certificate_name] = files::TLS_FILES;
        let (key, certificate) = (directory.join(key_name), directory.join(certificate_name));
        // What is there and cannot be looked at counts: reading it will say why.
        let there = |path: &Path| !matches!(path.try_exists(), Ok(false));
        let lonely = |path: &Path, other| {
            Err(ConfigError::source(
                path,
                format_args!("has no {other} beside it, so TLS is neither on nor off"),
            ))
        };
        match (there(&key), there(&certificate)) {
            (true, true) => Ok(Some((certificate, key))),
            (false, false) => Ok(None),
            (true, false) => lonely(&key, certificate_name),
            (false, true) => lonely(&certificate, key_name),
        }
    }

    /// A mistake in a file that a key names begins with the place of that key.
    fn by_key(&self, error: ConfigError) -> ConfigError {
        let ConfigError::Source { name, what } = error else { return error };
        let keys = ["tls.certificate", "tls.private_key", "tls.client_ca"];
        let names =
            |key: &&'static str| self.named(key).is_some_and(|path| path.display().to_string() == name);
        let key = keys.into_iter().find(names);
        let name = key.map_or(name.clone(), |key| format!("{}: {name}", self.settings.place(key)));
        ConfigError::Source { name, what }
    }

    /// The file that a key names; a relative name counts from the configuration directory.
    fn named(&self, name: &'static str) -> Option<PathBuf> {
        let path = Path::new(self.settings.text(name)?);
        Some(self.directory.map_or_else(|| path.to_owned(), |directory| directory.join(path)))
    }
}

impl Tls {
    /// What was read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.source.files()
    }

    /// How the chain is called where it is said what is different.
    pub const CERTIFICATE: &str = "the certificate";

    /// What of it another one changes, as an operator would call it.
    pub fn changes(&self, new: &Self) -> impl Iterator<Item = &'static str> {
        let differ = [
            (Self::CERTIFICATE, self.chain != new.chain),
            ("tls.client_ca", self.client_ca != new.client_ca),
        ];
        differ.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name)
    }

    /// What the files are like now, if that is not what they were like when they were read.
    pub fn touched(&self) -> Option<Stamps> {
        Some(self.source.stamps()).filter(|stamps| *stamps != self.stamps)
    }

    /// Logs that the certificate is about to end, or has ended.
    pub fn remind(&self, now: Wall) {
        let mut notes = Notes::default();
        note_end(&self.source.certificate, self.expires, now, &mut notes);
        notes.log();
    }

    /// Reads the same files again, and logs what is worth a warning.
    pub fn again(&self, now: Wall) -> Result<Self, ConfigError> {
        let mut notes = Notes::default();
        let tls = self.source.read(now, Some(self), &mut notes);
        notes.log();
        tls
    }
}

impl Source {
    fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.certificate, &self.private_key].into_iter().chain(&self.client_ca).map(PathBuf::as_path)
    }

    fn stamps(&self) -> Stamps {
        let stamp = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len(), found.ino()))
        };
        self.files().map(stamp).collect()
    }

    fn read(&self, now: Wall, before: Option<&Tls>, notes: &mut Notes) -> Result<Tls, ConfigError> {
        let stamps = self.stamps();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = self.key(notes)?;
        let chain = certificates(&self.certificate)?;
        // One that has come to its end while it was served is better than none.
        let served = before.is_some_and(|before| before.chain == chain);
        let expires = judge(&self.certificate, &chain[0], now, served, notes)?;
        let identity = CertifiedKey::from_der(chain.clone(), key, &provider)
            .map_err(|error| mismatch(&error, &self.certificate, &self.private_key))?;
        let identity = Arc::new(identity);
        let client_ca = self.client_ca.as_deref();
        let authorities = client_ca.map_or(Ok(Vec::new()), certificates)?;
        let commands = serve(&identity, client_ca, &authorities, &provider)?;
        let mut browsers = serve(&identity, None, &[], &provider)?;
        browsers.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls {
            commands: Arc::new(commands),
            dashboard: self.dashboard.then(|| Arc::new(browsers)),
            expires,
            check_every: self.check_every,
            source: self.clone(),
            stamps,
            chain,
            client_ca: authorities,
        })
    }

    fn key(&self, notes: &mut Notes) -> Result<PrivateKeyDer<'static>, ConfigError> {
        let path = &self.private_key;
        let text = Zeroizing::new(read(path)?);
        if let Some(what) = files::exposure(path).map_err(|error| ConfigError::source(path, error))? {
            if self.environment == Environment::Production {
                return Err(ConfigError::source(path, what));
            }
            notes.warn(format!("{} {what}", path.display()));
        }
        // In the label, or in a header of the older form.
        if text.contains("ENCRYPTED") {
            return Err(ConfigError::source(
                path,
                "is encrypted; `openssl pkey` writes it without a passphrase",
            ));
        }
        PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
            pem::Error::NoItemsFound => ConfigError::source(path, "holds no private key in PEM form"),
            error => no_pem(path, &error),
        })
    }
}

/// Whether a certificate is valid now; when it ends.
fn judge(
    path: &Path,
    certificate: &CertificateDer<'_>,
    now: Wall,
    served: bool,
    notes: &mut Notes,
) -> Result<Wall, ConfigError> {
    let Some(Validity { from, until }) = Validity::of(certificate) else {
        return Err(ConfigError::source(path, "begins with what is no certificate"));
    };
    if until < now && !served {
        return Err(ConfigError::source(path, format_args!("expired at {}", until.rfc3339())));
    }
    if now < from {
        notes.warn(format!("{} is not valid before {}", path.display(), from.rfc3339()));
    }
    note_end(path, until, now, notes);
    Ok(until)
}

fn note_end(path: &Path, until: Wall, now: Wall, notes: &mut Notes) {
    let (path, end) = (path.display(), until.rfc3339());
    if until < now {
        notes.warn(format!("{path} expired at {end}, and is served for want of another"));
    } else if until.since(now) < SOON {
        notes.warn(format!("{path} expires at {end}"));
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    files::read_text(path, FILE_MAX).map_err(|what| ConfigError::source(path, what))
}

/// The certificates of a file; at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let found = found.map_err(|error| no_pem(path, &error))?;
    if found.is_empty() {
        return Err(ConfigError::source(path, "holds no certificate in PEM form"));
    }
    Ok(found)
}

fn no_pem(path: &Path, error: &pem::Error) -> ConfigError {
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a section has no proper beginning".to_owned(),
        error => error.to_string(),
    };
    ConfigError::source(path, format_args!("is no PEM file: {what}"))
}

fn mismatch(error: &Error, certificate: &Path, key: &Path) -> ConfigError {
    let key_name = key.display();
    match error {
        Error::InconsistentKeys(_) => {
            ConfigError::source(certificate, format_args!("belongs to another key than {key_name}"))
        }
        // The library underneath has a word for it, and no door to that.
        Error::InvalidCertificate(error) if error.to_string().contains("UnsupportedCertVersion") => {
            let what = "is a certificate of X.509 version 1, and TLS takes those of version 3 only";
            ConfigError::source(certificate, what)
        }
        Error::InvalidCertificate(error) => {
            ConfigError::source(certificate, format_args!("is unusable: {error}"))
        }
        error => ConfigError::source(key, format_args!("is unusable: {error}")),
    }
}

/// TLS 1.2 and 1.3, with this identity; clients have to show a certificate of these authorities, if there are any.
fn serve(
    identity: &Arc<CertifiedKey>,
    client_ca: Option<&Path>,
    authorities: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, ConfigError> {
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(DEFAULT_VERSIONS)
        .expect("the provider speaks both versions");
    let identity = Arc::new(SingleCertAndKey::from(identity.clone()));
    let Some(path) = client_ca else {
        return Ok(builder.with_no_client_auth().with_cert_resolver(identity));
    };
    let unusable = |error: &dyn fmt::Display| ConfigError::source(path, format_args!("is unusable: {error}"));
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.clone()).map_err(|error| unusable(&error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let verifier = verifier.map_err(|error| unusable(&error))?;
    Ok(builder.with_client_cert_verifier(verifier).with_cert_resolver(identity))
}
