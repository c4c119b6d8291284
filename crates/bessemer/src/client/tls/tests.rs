//! Tests of TLS: against servers with certificates of every kind, by real sockets and real files.

use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use serde_json::json;
use tempfile::TempDir;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, version};

use super::*;
use crate::client::builder::Builder;
use crate::client::fake::Fake;
use crate::{Bessemer, JobOptions, NewJob};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

/// Somebody who signs certificates, and a folder for them.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "an authority of tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.as_ref().pem()).unwrap();
        Self { issuer, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// Writes `NAME.pem` and `NAME.key`, for these hosts and years.
    fn sign(&self, name: &str, hosts: &[&str], years: std::ops::Range<i32>) -> (PathBuf, PathBuf) {
        let params = params(hosts, years);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        self.write(name, &certificate.pem(), &key)
    }

    fn write(&self, name: &str, certificate: &str, key: &KeyPair) -> (PathBuf, PathBuf) {
        let files = (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        std::fs::write(&files.0, certificate).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }
}

fn params(hosts: &[&str], years: std::ops::Range<i32>) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.not_before = date_time_ymd(years.start, 1, 1);
    params.not_after = date_time_ymd(years.end, 12, 31);
    params
}

/// A fake server that shows this certificate, and wants one of its clients if there are authorities for them.
async fn serve(
    fake: &Fake,
    (certificate, key): &(PathBuf, PathBuf),
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Path>,
) -> u16 {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions).unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(path).unwrap());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = builder.with_single_cert(certificates(certificate).unwrap(), key).unwrap();
    fake.listen_sealed(Arc::new(config)).await
}

fn at(port: u16) -> Builder {
    Bessemer::builder().url(&format!("tcp+tls://localhost:{port}")).patience(Duration::ZERO)
}

/// The line of the error that a push ends with.
async fn refused(builder: Builder) -> String {
    let app = builder.connect().unwrap();
    let error = app.push(&job(1)).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
    error.chain()
}

fn job(size: usize) -> NewJob {
    NewJob::new("T", &[json!("x".repeat(size))], JobOptions::new()).unwrap()
}

const ALWAYS: std::ops::Range<i32> = 2000..2999;

#[tokio::test]
async fn jobs_of_any_size_travel_in_both_versions_h30() {
    let authority = Authority::new();
    let server = authority.sign("server", &["localhost"], ALWAYS);
    for version in VERSIONS {
        let fake = Fake::with_password("s3cret");
        let port = serve(&fake, &server, &[version], None).await;
        let url = format!("tcp+tls://:s3cret@localhost:{port}");
        let app = Bessemer::builder().url(&url).ca_file(authority.ca()).connect().unwrap();
        for size in [0, 1, 16_384, 3_000_000] {
            app.push(&job(size)).await.unwrap();
        }
        assert_eq!(fake.count("HELLO"), 1, "the connection is used again");
        assert_eq!(fake.seen("PUSH", 4).await.iter().map(String::len).max().unwrap() / 1_000_000, 3);
        app.client().await.unwrap().end().await;
        fake.seen("END", 1).await;
    }
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_or_another_name_is_refused_in_one_line() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let fake = Fake::new();
    let port = serve(&fake, &theirs.sign("server", &["localhost"], ALWAYS), &VERSIONS, None).await;
    let head = |port| format!("no TLS with tcp+tls://localhost:{port}: ");
    assert_eq!(
        refused(at(port).ca_file(ours.ca())).await,
        head(port)
            + "nobody who is trusted here has signed its certificate; a CA file (ca_file, BESSEMER_CA_FILE) names others"
    );
    let named = ours.sign("named", &["jobs.example", "10.0.0.1"], ALWAYS);
    let port = serve(&fake, &named, &VERSIONS, None).await;
    assert_eq!(
        refused(at(port).ca_file(ours.ca())).await,
        head(port) + "its certificate is for jobs.example, 10.0.0.1, and not for localhost"
    );
    for (years, told) in
        [(2000..2001, "its certificate has expired"), (2990..2999, "its certificate is not valid yet")]
    {
        let port = serve(&fake, &ours.sign("dated", &["localhost"], years), &VERSIONS, None).await;
        assert_eq!(refused(at(port).ca_file(ours.ca())).await, head(port) + told);
    }
    assert_eq!(fake.count("HELLO"), 0, "nobody was told who is calling");
}

#[tokio::test]
async fn a_plain_server_is_refused_in_one_line() {
    let authority = Authority::new();
    let address = Fake::new().listen().await;
    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let told = refused(at(port).ca_file(authority.ca())).await;
    let text = "it speaks plain text, and its address would begin with tcp://";
    assert_eq!(told, format!("no TLS with tcp+tls://localhost:{port}: {text}"));
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_by_its_own_file() {
    let authority = Authority::new();
    // As `openssl req -x509` makes it: an authority that is also a server.
    let key = KeyPair::generate().unwrap();
    let mut params = params(&["localhost"], ALWAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let server = authority.write("server", &params.self_signed(&key).unwrap().pem(), &key);
    let fake = Fake::new();
    for version in VERSIONS {
        let port = serve(&fake, &server, &[version], None).await;
        at(port).ca_file(&server.0).connect().unwrap().push(&job(1)).await.unwrap();
        let told = refused(at(port).ca_file(authority.ca())).await;
        assert!(told.contains("nobody who is trusted here has signed its certificate"), "{told}");
        let by_address = Bessemer::builder().url(&format!("tcp+tls://127.0.0.1:{port}"));
        let by_address = by_address.patience(Duration::ZERO);
        let told = refused(by_address.clone().ca_file(&server.0)).await;
        assert!(told.ends_with("its certificate is for localhost, and not for 127.0.0.1"), "{told}");
        by_address.clone().server_certificate(&server.0).connect().unwrap().push(&job(1)).await.unwrap();
        let told = refused(by_address.server_certificate(authority.ca())).await;
        assert!(told.ends_with("its certificate is another one than the file says"), "{told}");
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_one_is_wanted() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = ours.sign("server", &["localhost"], ALWAYS);
    let known = ours.sign("client", &["client"], ALWAYS);
    let foreign = theirs.sign("client", &["client"], ALWAYS);
    let fake = Fake::new();
    for version in VERSIONS {
        let port = serve(&fake, &server, &[version], Some(&ours.ca())).await;
        let app = at(port).ca_file(ours.ca());
        let welcome = app.clone().client_certificate(&known.0, &known.1).connect().unwrap();
        welcome.push(&job(1)).await.unwrap();
        let told = refused(app.clone()).await;
        assert!(told.contains("it wants a certificate of its clients"), "{told}");
        let told = refused(app.client_certificate(&foreign.0, &foreign.1)).await;
        assert!(told.contains("it refuses this client's certificate: "), "{told}");
    }
}

#[test]
fn files_that_are_no_good_are_refused_before_anybody_connects() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("client", &["client"], ALWAYS);
    let (other, _) = authority.sign("other", &["client"], ALWAYS);
    let (gone, empty, huge) = (authority.file("gone"), authority.file("empty"), authority.file("huge"));
    std::fs::write(&empty, "").unwrap();
    let told = |builder: Builder| builder.connect().unwrap_err().to_string();
    let line = |path: &Path, what: &str| format!("{}: {what}", path.display());
    assert_eq!(told(at(1).ca_file(&gone)), line(&gone, "No such file or directory (os error 2)"));
    assert_eq!(told(at(1).ca_file(&empty)), line(&empty, "holds no certificate in PEM form"));
    assert_eq!(told(at(1).ca_file(&key)), line(&key, "holds no certificate in PEM form"));
    let builder = at(1).ca_file(authority.ca());
    assert_eq!(
        told(builder.clone().client_certificate(&certificate, &certificate)),
        line(&certificate, "holds no private key in PEM form")
    );
    let told_both = told(builder.clone().client_certificate(&other, &key));
    assert_eq!(told_both, line(&other, &format!("belongs to another key than {}", key.display())));
    // The byte that says version 3 says version 1, which is what `openssl x509 -req` writes without extensions. How base64
    // spells it depends on how long the length before it is, and a random serial number is at times a byte shorter.
    let text = std::fs::read_to_string(&certificate).unwrap();
    let spelled = [("AwIBAg", "AwIBAA"), ("ADAgEC", "ADAgEA")];
    let (three, one) =
        spelled.into_iter().min_by_key(|(three, _)| text.find(three).unwrap_or(text.len())).unwrap();
    let old = text.replacen(three, one, 1);
    assert_ne!(text, old);
    std::fs::write(&certificate, old).unwrap();
    let told_old = told(builder.client_certificate(&certificate, &key));
    let what = "is a certificate of X.509 version 1, and TLS takes those of version 3 only";
    assert_eq!(told_old, line(&certificate, what));
    // At the limit it is judged by what is in it, one beyond by its size.
    std::fs::File::create(&huge).unwrap().set_len(FILE_MAX).unwrap();
    assert_eq!(told(at(1).ca_file(&huge)), line(&huge, "holds no certificate in PEM form"));
    std::fs::File::create(&huge).unwrap().set_len(FILE_MAX + 1).unwrap();
    let size = "has 8388609 bytes, and a file of TLS at most 8388608";
    assert_eq!(told(at(1).ca_file(&huge)), line(&huge, size));
    let plain = Bessemer::builder().url("tcp://localhost").ca_file(authority.ca());
    let text = "tcp://localhost:7419 is not encrypted, though files of TLS are named: the address of TLS is tcp+tls://";
    assert_eq!(told(plain), text);
}

#[tokio::test]
async fn a_file_that_was_replaced_counts_for_the_next_connection() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let fake = Fake::new();
    let port = serve(&fake, &ours.sign("server", &["localhost"], ALWAYS), &VERSIONS, None).await;
    let app = at(port).ca_file(theirs.ca()).connect().unwrap();
    assert!(app.push(&job(1)).await.is_err());
    std::fs::write(theirs.ca(), "half written").unwrap();
    let told = app.push(&job(1)).await.unwrap_err().chain();
    assert!(told.contains("nobody who is trusted here"), "as it was: {told}");
    // Another length, since its time may be the same.
    let renewed = std::fs::read_to_string(ours.ca()).unwrap() + "\n\n";
    std::fs::write(theirs.ca(), renewed).unwrap();
    app.push(&job(1)).await.unwrap();
}
