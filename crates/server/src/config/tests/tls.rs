//! Which files TLS is spoken with, and which are refused (rule `H-30`, row 111).

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

/// A certificate for localhost and its key, in PEM, valid until the end of this year.
fn made(until: i32) -> (String, String) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.not_after = date_time_ymd(until, 12, 31);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

/// A machine whose configuration directory holds the two files of Faktory.
fn secured() -> Machine {
    let machine = Machine::new();
    let (certificate, key) = made(2999);
    machine.write("c/public.cert.pem", certificate);
    machine.write("c/private.key.pem", key);
    machine
}

fn tls(machine: &Machine) -> Option<Tls> {
    machine.config("-c TOP/c").tls
}

#[test]
fn two_files_in_the_directory_turn_it_on_for_both_ports_h30() {
    assert!(Machine::new().config("").tls.is_none());
    let machine = secured();
    let found = tls(&machine).expect("TLS");
    assert!(found.dashboard.is_some());
    let files: Vec<_> = found.files().collect();
    assert_eq!(files, [machine.path("c/public.cert.pem"), machine.path("c/private.key.pem")]);
    assert_eq!(found.expires.rfc3339(), "2999-12-31T00:00:00Z");
    assert_eq!(machine.notes("-c TOP/c"), "");
    assert_eq!(Some(found), tls(&machine), "the same files are the same");

    // As in Faktory's own directory.
    let (certificate, key) = made(2999);
    machine.write("home/.faktory/public.cert.pem", certificate);
    machine.write("home/.faktory/private.key.pem", key);
    assert!(machine.config("").tls.is_some());
    assert_ne!(machine.config("").tls, tls(&machine));
}

#[test]
fn keys_name_other_files_and_beat_the_two() {
    let machine = secured();
    let (certificate, key) = made(2998);
    machine.write("c/own/chain.pem", format!("{certificate}{}", made(2999).0));
    let key = machine.write("elsewhere/key.pem", key);
    let text = format!(
        "[tls]\ncertificate = 'own/chain.pem'\nprivate_key = '{}'\nclient_ca = 'public.cert.pem'\ndashboard = false",
        key.display()
    );
    machine.write("c/conf.d/a.toml", text);
    let found = tls(&machine).expect("TLS");
    let files = ["c/own/chain.pem", "elsewhere/key.pem", "c/public.cert.pem"].map(|name| machine.path(name));
    assert_eq!(found.files().collect::<Vec<_>>(), files);
    assert!(found.dashboard.is_none());
    assert_eq!(found.expires.rfc3339(), "2998-12-31T00:00:00Z");
}

#[test]
fn half_of_it_is_refused_row_111() {
    for (alone, other) in [("private.key.pem", "public.cert.pem"), ("public.cert.pem", "private.key.pem")] {
        let machine = secured();
        fs::remove_file(machine.path("c").join(other)).expect("a file");
        assert_eq!(
            machine.refusal("-c TOP/c"),
            format!("TOP/c/{alone}: has no {other} beside it, so TLS is neither on nor off")
        );
    }
    for (text, what) in [
        ("tls.certificate = 'a'", "`tls.certificate` is set, and `tls.private_key` is not"),
        ("tls.private_key = 'a'", "`tls.private_key` is set, and `tls.certificate` is not"),
        ("tls.client_ca = 'a'", "`tls.client_ca` is set, and there is no certificate"),
    ] {
        assert_eq!(refused(text), format!("TOP/c/conf.d/a.toml:1:5: {what}"));
    }
}

/// What is said when this stands in one of the files.
fn refused_with(name: &str, text: &str) -> String {
    let machine = secured();
    machine.write(&format!("c/{name}"), text);
    machine.refusal("-c TOP/c")
}

#[test]
fn files_that_cannot_be_meant_are_refused_and_named_row_111() {
    let (certificate, key) = made(2999);
    let begin = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let old = key.replace("-----\nMI", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMI");
    let foreign = format!("TOP/c/public.cert.pem: belongs to another key than {}", "TOP/c/private.key.pem");
    // The byte that says version 3 says version 1.
    let version_1 = certificate.replacen("AwIBAg", "AwIBAA", 1);
    assert_ne!(version_1, certificate);
    let passphrase = "is encrypted; `openssl pkey` writes it without a passphrase";
    for (name, text, expected) in [
        ("private.key.pem", "", "holds no private key in PEM form"),
        ("private.key.pem", certificate.as_str(), "holds no private key in PEM form"),
        ("private.key.pem", &begin("ENCRYPTED PRIVATE KEY"), passphrase),
        ("private.key.pem", &old, passphrase),
        ("private.key.pem", &begin("PRIVATE KEY"), "is unusable: "),
        ("private.key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "is no PEM file: a section has no end"),
        ("public.cert.pem", "", "holds no certificate in PEM form"),
        ("public.cert.pem", &key, "holds no certificate in PEM form"),
        ("public.cert.pem", &begin("CERTIFICATE"), "begins with what is no certificate"),
        (
            "public.cert.pem",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "is no PEM file: base64",
        ),
        (
            "public.cert.pem",
            &version_1,
            "is a certificate of X.509 version 1, and TLS takes those of version 3",
        ),
        ("public.cert.pem", &made(2020).0, "expired at 2020-12-31T00:00:00Z"),
    ] {
        let line = refused_with(name, text);
        assert!(line.starts_with(&format!("TOP/c/{name}: {expected}")), "{line}");
    }
    assert_eq!(refused_with("public.cert.pem", &certificate), foreign);

    let machine = secured();
    fs::remove_file(machine.path("c/private.key.pem")).expect("a file");
    fs::create_dir(machine.path("c/private.key.pem")).expect("a folder");
    assert_eq!(machine.refusal("-c TOP/c"), "TOP/c/private.key.pem: is no regular file");
    machine.write("c/conf.d/a.toml", "tls = { certificate = 'none.pem', private_key = 'public.cert.pem' }");
    assert_eq!(
        machine.refusal("-c TOP/c"),
        "TOP/c/conf.d/a.toml:1:35: `tls.private_key`: TOP/c/public.cert.pem: holds no private key in PEM form"
    );
    machine.write("c/conf.d/a.toml", "tls = { certificate = 'public.cert.pem', private_key = 'none.pem' }");
    let line = machine.refusal("-c TOP/c");
    let begin = "TOP/c/conf.d/a.toml:1:42: `tls.private_key`: TOP/c/none.pem: No such file or directory";
    assert!(line.starts_with(begin), "{line}");
}

#[test]
fn authorities_of_clients_are_checked_too() {
    let machine = secured();
    machine.write("c/conf.d/a.toml", "tls.client_ca = 'ca.pem'");
    let place = "TOP/c/conf.d/a.toml:1:5: `tls.client_ca`: TOP/c/ca.pem";
    assert!(machine.refusal("-c TOP/c").starts_with(&format!("{place}: No such file")));
    machine.write("c/ca.pem", "\n");
    assert_eq!(machine.refusal("-c TOP/c"), format!("{place}: holds no certificate in PEM form"));
    machine.write("c/ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(machine.refusal("-c TOP/c").starts_with(&format!("{place}: is unusable: ")));
}

#[test]
fn a_key_for_everybody_is_refused_in_production_and_warned_about_elsewhere_row_111() {
    let machine = secured().set("FAKTORY_PASSWORD", GOOD);
    for mode in [0o640, 0o604, 0o444] {
        machine.mode(&machine.path("c/private.key.pem"), mode);
        let what =
            format!("TOP/c/private.key.pem can be read by others (mode {mode:o}); chmod 600 makes it safe");
        let line = machine.refusal("-e production -c TOP/c");
        assert_eq!(line, what.replace(".pem can", ".pem: can"));
        assert_eq!(machine.notes("-e staging -c TOP/c"), format!("warn: {what}"));
    }
}

#[test]
fn a_certificate_that_is_about_to_end_or_has_not_begun_is_warned_about() {
    let mut machine = secured();
    for (now, note) in [
        ("2999-12-16T23:59:59Z", ""),
        ("2999-12-17T00:00:01Z", "warn: TOP/c/public.cert.pem expires at 2999-12-31T00:00:00Z"),
        ("2999-12-31T00:00:00Z", "warn: TOP/c/public.cert.pem expires at 2999-12-31T00:00:00Z"),
        ("1960-01-01T00:00:00Z", "warn: TOP/c/public.cert.pem is not valid before 1975-01-01T00:00:00Z"),
    ] {
        machine.now = Wall::parse(now).expect("a moment");
        assert_eq!(machine.notes("-c TOP/c"), note, "{now}");
    }
    machine.now = Wall::parse("2999-12-31T00:00:01Z").expect("a moment");
    assert_eq!(machine.refusal("-c TOP/c"), "TOP/c/public.cert.pem: expired at 2999-12-31T00:00:00Z");
}

#[test]
fn one_that_ends_while_it_is_served_is_no_reason_to_refuse_a_reload_row_111() {
    let machine = secured();
    let served = tls(&machine).expect("TLS");
    let after = Wall::parse("2999-12-31T00:00:01Z").expect("a moment");
    assert_eq!(served.again(after).expect("the same files"), served);
    assert_eq!(served.touched(), None);
    let (certificate, key) = made(2998);
    machine.write("c/public.cert.pem", certificate);
    machine.write("c/private.key.pem", key);
    assert!(served.touched().is_some());
    let line = served.again(after).expect_err("another that has ended").to_string();
    assert!(line.ends_with("public.cert.pem: expired at 2998-12-31T00:00:00Z"), "{line}");
}

#[test]
fn a_reload_names_what_of_it_is_different() {
    let machine = secured();
    machine.write("c/conf.d/a.toml", "tls.client_ca = 'ca.pem'");
    machine.write("c/ca.pem", made(2999).0);
    let before = machine.config("-c TOP/c");
    let made_by = |machine: &Machine| before.changes(&machine.config("-c TOP/c")).made;
    assert!(made_by(&machine).is_empty());
    machine.write("c/ca.pem", made(2999).0);
    assert_eq!(made_by(&machine), ["tls.client_ca"]);
    machine.write("c/other.pem", made(2999).0);
    machine.write("c/conf.d/a.toml", "tls.client_ca = 'other.pem'");
    assert_eq!(made_by(&machine), ["tls.client_ca"]);
    let (certificate, key) = made(2998);
    machine.write("c/public.cert.pem", certificate);
    machine.write("c/private.key.pem", key);
    assert_eq!(made_by(&machine), ["tls.client_ca", "the certificate"]);
}
