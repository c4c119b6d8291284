//! The command line and a server that speaks TLS: whom it trusts, who it says it is, and how a mistake ends.

use std::path::PathBuf;
use std::process::Output;

use super::{bad, good};
use crate::sealed::Authority;
use crate::server::{Server, bessemer};
use crate::tls::{secure, secured};

/// Runs `bessemer info` with these flags, divided by blanks, and variables.
fn info(server: &Server, flags: &str, env: &[(&str, &str)]) -> Output {
    let home = PathBuf::from(server.folder()).parent().expect("the server's folder").to_owned();
    let mut command = bessemer();
    command.arg("info").args(flags.split_whitespace()).env("HOME", home);
    command.envs(env.iter().copied()).output().expect("it ends")
}

/// A file in the server's folder.
fn file(server: &Server, name: &str, text: &str) -> String {
    server.configure(name, text);
    let folder = PathBuf::from(server.folder());
    folder.parent().expect("the server's folder").join(".bessemer").join(name).display().to_string()
}

#[test]
fn a_server_is_trusted_by_flag_by_variable_or_by_the_system_h30() {
    let authority = Authority::new();
    let server = secured(&authority.sign(2999), "");
    let ca = file(&server, "ca.pem", &authority.certificate());
    let other = file(&server, "other.pem", &Authority::named("somebody else").certificate());
    let url = format!("tcp+tls://localhost:{}", server.port);
    let at_url = ("FAKTORY_URL", &*url);
    good(&["--ca-file"], info(&server, &format!("--ca-file {ca}"), &[at_url]));
    good(&["BESSEMER_CA_FILE"], info(&server, "", &[at_url, ("BESSEMER_CA_FILE", &ca)]));
    // What the operating system trusts; the variable is that of all programs on Linux.
    good(&["SSL_CERT_FILE"], info(&server, "", &[at_url, ("SSL_CERT_FILE", &ca)]));
    let told = bad(info(&server, "", &[at_url, ("SSL_CERT_FILE", &other)]));
    let line = format!(
        "no TLS with {url}: nobody who is trusted here has signed its certificate; \
         a CA file (ca_file, BESSEMER_CA_FILE) names others"
    );
    assert_eq!(told, (77, line));
    let told = bad(info(&server, "--ca-file /gone", &[at_url]));
    assert_eq!(told, (78, "/gone: No such file or directory (os error 2)".into()));
    let plain = format!("--url tcp://127.0.0.1:{}", server.port);
    let (code, line) = bad(info(&server, &plain, &[]));
    assert_eq!(code, 69, "{line}");
    assert!(
        line.ends_with("does not greet; where it speaks TLS, its address begins with tcp+tls://"),
        "{line}"
    );
    let (code, line) = bad(info(&server, &format!("{plain} --ca-file {ca}"), &[]));
    assert_eq!(code, 78, "{line}");
    assert!(line.contains("is not encrypted, though files of TLS are named"), "{line}");
}

#[test]
fn on_its_machine_a_server_is_known_by_its_own_certificate() {
    let (authority, other) = (Authority::new(), Authority::named("somebody else"));
    let server = secured(&authority.sign(2999), "");
    // Neither is its authority known here, nor does its certificate name this address.
    let here = format!("-b 127.0.0.1:{}", server.port);
    good(&["-b"], info(&server, &here, &[]));
    // A file that the server has not read yet.
    secure(&server, &other.sign(2999));
    let (code, line) = bad(info(&server, &here, &[]));
    assert_eq!(code, 77, "{line}");
    assert!(line.ends_with("its certificate is another one than the file says"), "{line}");
}

#[test]
fn a_certificate_is_shown_to_a_server_that_wants_one() {
    let authority = Authority::new();
    let mut server = Server::configured("tls.client_ca = 'clients.pem'");
    server.configure("clients.pem", &authority.certificate());
    secure(&server, &authority.sign(2999));
    server.spawn();
    server.await_ready();
    let (ours, client) = (file(&server, "ca.pem", &authority.certificate()), authority.sign(2999));
    let certificate = file(&server, "client.pem", &client.certificate);
    let key = file(&server, "client.key", &client.key);
    let url = format!("--url tcp+tls://localhost:{} --ca-file {ours}", server.port);
    let (code, line) = bad(info(&server, &url, &[]));
    assert_eq!(code, 77, "{line}");
    assert!(line.contains("it wants a certificate of its clients"), "{line}");
    let flags = format!("{url} --client-certificate {certificate} --client-key {key}");
    good(&["--client-certificate"], info(&server, &flags, &[]));
    let variables = [("BESSEMER_CLIENT_CERTIFICATE", &*certificate), ("BESSEMER_CLIENT_KEY", &*key)];
    good(&["BESSEMER_CLIENT_CERTIFICATE"], info(&server, &url, &variables));
    let told = bad(info(&server, &url, &variables[..1]));
    assert_eq!(told, (78, "BESSEMER_CLIENT_CERTIFICATE is set, and BESSEMER_CLIENT_KEY is not".into()));
    assert_eq!(bad(info(&server, &format!("{url} --client-key {key}"), &[])).0, 2);
}
