//! TLS: whom a client trusts, who it says it is, and why a handshake failed, in one line.
//!
//! ```text
//! no file named    what the operating system trusts; on Linux also SSL_CERT_FILE and SSL_CERT_DIR
//! a CA file        its authorities and nobody else; a certificate that is in it itself is trusted too
//! one certificate  the server that has exactly this one, whatever names are in it
//! ```
//!
//! Files are read when the handle is made, so that what is wrong with them is told at once, and again before a new
//! connection where they have changed: who renews a certificate restarts nobody.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bessemer_protocol::url::Url;
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    self, AlertDescription, CertificateError, ClientConfig, DEFAULT_VERSIONS, DigitallySignedStruct,
    RootCertStore, SignatureScheme,
};

use crate::client::socket::{self, Dial, Socket};
use crate::error::Error;

/// Bytes of one file: a key, or certificates. What is larger is another file.
const FILE_MAX: u64 = 8 << 20;

/// Names of a certificate that an error repeats.
const NAMES_SHOWN: usize = 5;

/// Why a server cannot be spoken to by TLS. What is written first in an error's line is its address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// No authority that is trusted here has signed its certificate.
    #[error(
        "nobody who is trusted here has signed its certificate; a CA file (ca_file, BESSEMER_CA_FILE) names others"
    )]
    UnknownAuthority,
    /// Its certificate names other servers.
    #[error("its certificate is for {}, and not for {host}", listed(.names))]
    WrongName { host: String, names: Vec<String> },
    /// The time of its certificate is over, or this machine's clock is wrong.
    #[error("its certificate has expired")]
    Expired,
    /// The time of its certificate has not come, or this machine's clock is wrong.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// It has another certificate than the one that was named.
    #[error("its certificate is another one than the file says")]
    OtherCertificate,
    /// It has no TLS.
    #[error("it speaks plain text, and its address would begin with tcp://")]
    PlainText,
    /// It serves those only who show a certificate.
    #[error(
        "it wants a certificate of its clients (client_certificate, BESSEMER_CLIENT_CERTIFICATE and BESSEMER_CLIENT_KEY)"
    )]
    CertificateRequired,
    /// It does not take the certificate that was shown to it.
    #[error("it refuses this client's certificate: {0}")]
    CertificateRefused(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

fn listed(names: &[String]) -> String {
    // As rustls says it: `DnsName("localhost")`, `IpAddress(127.0.0.1)`.
    let plain = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, name)| name.strip_suffix(')')).unwrap_or(name);
        inner.trim_matches('"').to_owned()
    };
    match names.iter().take(NAMES_SHOWN).map(plain).collect::<Vec<_>>() {
        names if names.is_empty() => "nobody by name".to_owned(),
        names => names.join(", "),
    }
}

/// Which files are to be used; none of them: the trust of the operating system, and nobody in particular.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) server: Option<PathBuf>,
    pub(crate) identity: Option<Identity>,
}

/// A client's certificate, with those that lead to its authority, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Opens connections that are sealed.
pub(crate) struct Tls {
    files: Files,
    /// Whoever locks it only copies a handle, or reads the files again.
    current: Mutex<Current>,
}

/// What was read, and what the files were like just before.
struct Current {
    config: Arc<ClientConfig>,
    stamps: Stamps,
}

type Stamps = Vec<Option<(SystemTime, u64)>>;

impl Tls {
    /// Reads the files.
    pub(crate) fn new(files: Files) -> Result<Self, Error> {
        let stamps = files.stamps();
        let config = Arc::new(files.read()?);
        Ok(Self { files, current: Mutex::new(Current { config, stamps }) })
    }

    /// What the files say now; files that are no longer any good have been.
    fn config(&self) -> Arc<ClientConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = self.files.stamps();
        if stamps != current.stamps {
            current.stamps = stamps;
            match self.files.read() {
                Ok(config) => current.config = Arc::new(config),
                Err(error) => tracing::warn!(error = error.chain(), "files of TLS are used as they were"),
            }
        }
        current.config.clone()
    }
}

impl Dial for Tls {
    fn dial<'a>(&'a self, url: &'a Url) -> Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>> {
        Box::pin(async move {
            let host = ServerName::try_from(url.host.clone());
            let host = host.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
            let stream = socket::open(url).await?;
            let stream = TlsConnector::from(self.config()).connect(host, stream).await?;
            Ok(Box::new(stream) as Socket)
        })
    }

    fn explain(&self, url: &Url, error: &io::Error) -> Option<TlsError> {
        let error: &rustls::Error = error.get_ref()?.downcast_ref()?;
        Some(explain(error, &url.host, self.files.identity.is_some()))
    }
}

fn explain(error: &rustls::Error, host: &str, shows_identity: bool) -> TlsError {
    use AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            // The second: an authority of the same name has another key by now.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsError::UnknownAuthority,
            CertificateError::NotValidForNameContext { presented, .. } => {
                TlsError::WrongName { host: host.to_owned(), names: presented.clone() }
            }
            CertificateError::NotValidForName => TlsError::WrongName { host: host.to_owned(), names: vec![] },
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsError::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsError::NotYetValid
            }
            // It signs itself, as `openssl req -x509` makes it, and is not in the CA file.
            CertificateError::Other(why) if format!("{why:?}").contains("CaUsedAsEndEntity") => {
                TlsError::UnknownAuthority
            }
            CertificateError::ApplicationVerificationFailure => TlsError::OtherCertificate,
            other => TlsError::Other(format!("its certificate is unusable: {other}")),
        },
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => TlsError::PlainText,
        // A server of TLS 1.2 has no word of its own for a certificate that is missing.
        rustls::Error::AlertReceived(Alert::CertificateRequired | Alert::HandshakeFailure)
            if !shows_identity =>
        {
            TlsError::CertificateRequired
        }
        rustls::Error::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::DecryptError
            | Alert::AccessDenied),
        ) if shows_identity => TlsError::CertificateRefused(format!("{alert:?}")),
        other => TlsError::Other(other.to_string()),
    }
}

impl Files {
    fn paths(&self) -> impl Iterator<Item = &Path> {
        let identity = self.identity.iter().flat_map(|identity| [&identity.certificate, &identity.key]);
        self.authorities.iter().chain(&self.server).chain(identity).map(PathBuf::as_path)
    }

    fn stamps(&self) -> Stamps {
        let stamp = |path: &Path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        self.paths().map(stamp).collect()
    }

    fn read(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(DEFAULT_VERSIONS)
            .expect("the provider speaks both versions")
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider)?);
        let Some(Identity { certificate, key }) = &self.identity else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificates(certificate)?;
        let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
            .map_err(|_| unusable(key, "holds no private key in PEM form"))?;
        builder.with_client_auth_cert(chain, secret).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                unusable(certificate, format!("belongs to another key than {}", key.display()))
            }
            error if error.to_string().contains("UnsupportedCertVersion") => {
                let what = "is a certificate of X.509 version 1, and TLS takes those of version 3 only";
                unusable(certificate, what.to_owned())
            }
            error => unusable(certificate, error.to_string()),
        })
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let (path, any_name) = match (&self.server, &self.authorities) {
            (Some(path), _) => (path, true),
            (None, Some(path)) => (path, false),
            (None, None) => {
                let verifier = Verifier::new(provider).map_err(|error| Error::SystemTrust(error.to_string()));
                return Ok(Arc::new(verifier?));
            }
        };
        let listed = certificates(path)?;
        let mut roots = RootCertStore::empty();
        for certificate in &listed {
            roots.add(certificate.clone()).map_err(|error| unusable(path, error.to_string()))?;
        }
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let inner = inner.map_err(|error| unusable(path, error.to_string()))?;
        Ok(Arc::new(Listed { certificates: listed, any_name, inner }))
    }
}

/// The certificates of a file; at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(unusable(path, "holds no certificate in PEM form")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error: io::Error| unusable(path, error.to_string());
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > FILE_MAX {
        return Err(unusable(path, format!("has {size} bytes, and a file of TLS at most {FILE_MAX}")));
    }
    std::fs::read(path).map_err(failed)
}

fn unusable(path: &Path, what: impl Into<String>) -> Error {
    Error::TlsFile { path: path.to_owned(), what: what.into() }
}

/// Trusts what a file lists.
#[derive(Debug)]
struct Listed {
    certificates: Vec<CertificateDer<'static>>,
    /// Not the authorities of servers are listed, but one server.
    any_name: bool,
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Listed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // Who signs for himself is his own authority, which the usual check does not allow: it wants two certificates.
        let is_listed = self.certificates.contains(end_entity);
        if self.any_name {
            return if self.certificates[0] == *end_entity {
                Ok(ServerCertVerified::assertion())
            } else {
                Err(CertificateError::ApplicationVerificationFailure.into())
            };
        }
        if is_listed {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests;
