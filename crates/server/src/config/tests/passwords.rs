//! Where a password comes from, and which are refused or warned about.

use super::*;

fn password(machine: &Machine, flags: &str) -> Option<String> {
    machine.config(flags).password.map(|password| password.expose().to_owned())
}

#[test]
fn the_password_is_looked_for_in_order_o06() {
    let machine = Machine::new();
    machine.write("etc/faktory/password", "from faktory's file\n");
    assert_eq!(password(&machine, ""), None, "not in development");
    assert_eq!(password(&machine, "-e staging").as_deref(), Some("from faktory's file"));
    machine.write("etc/bessemer/password", " from our own file \r\n");
    assert_eq!(password(&machine, "-e production").as_deref(), Some("from our own file"));
    machine.write("c/conf.d/a.toml", "faktory.password = 'from the configuration'");
    assert_eq!(password(&machine, "-e production -c TOP/c").as_deref(), Some("from the configuration"));
    assert_eq!(password(&machine, "-c TOP/c").as_deref(), Some("from the configuration"));
    let machine = machine.set("FAKTORY_PASSWORD", "from the environment");
    assert_eq!(password(&machine, "-c TOP/c").as_deref(), Some("from the environment"));
    let machine = machine.set("FAKTORY_PASSWORD", "");
    assert_eq!(password(&machine, "-c TOP/c"), None, "set, although empty");
    assert_eq!(password(&machine, "-e production -c TOP/c").as_deref(), Some("from our own file"));
}

#[test]
fn a_second_password_is_warned_about_row_117() {
    let machine = Machine::new().set("FAKTORY_PASSWORD", GOOD);
    machine.write("c/conf.d/a.toml", format!("faktory.password = '{GOOD}'"));
    let expected = "warn: FAKTORY_PASSWORD is set, so TOP/c/conf.d/a.toml:1:9: faktory.password is not used";
    assert_eq!(machine.notes("-c TOP/c"), expected);
    machine.write("etc/faktory/password", GOOD);
    let notes = machine.notes("-e production");
    assert_eq!(notes, "warn: a password is set elsewhere, so TOP/etc/faktory/password is not used");
}

#[test]
fn a_value_with_a_slash_names_a_file_o06() {
    let machine = Machine::new();
    let secret = machine.write("secret", format!("{GOOD}\n"));
    machine.write("c/conf.d/a.toml", format!("web.password = '{}'", secret.display()));
    assert_eq!(machine.config("-c TOP/c").web_password.expect("a file's").expose(), GOOD);
    let machine = machine.set("FAKTORY_PASSWORD", secret.display());
    assert_eq!(password(&machine, "-e production").as_deref(), Some(GOOD));
}

#[test]
fn the_password_that_only_reads_stands_beside_another() {
    let machine = Machine::new();
    let secret = machine.write("secret", "looks only, by a file\n");
    let file = |viewer: &str| format!("[web]\npassword = '{GOOD}'\nviewer_password = '{viewer}'");
    machine.write("c/conf.d/a.toml", file(&secret.display().to_string()));
    let config = machine.config("-c TOP/c");
    assert_eq!(config.viewer_password.expect("a file's").expose(), "looks only, by a file");
    assert_eq!(config.set[1].value, None, "it is a secret");
    machine.write("c/conf.d/a.toml", file(GOOD));
    let line = machine.refusal("-c TOP/c");
    assert!(
        line.ends_with(
            "`web.viewer_password` is the password that may do everything; it has to be another one"
        ),
        "{line}"
    );
    let line = refused("web.viewer_password = 'looks only, and nothing else'");
    assert!(line.ends_with(
        "`web.viewer_password` needs `web.password` beside it: without one everybody may do everything"
    ));
}

#[test]
fn a_password_that_cannot_be_meant_is_refused_row_109() {
    let machine = Machine::new();
    for (bytes, reason) in [
        (b"".as_slice(), "is empty"),
        (b" \n\t", "is empty"),
        (b"nul\0nul", "has a NUL in it"),
        (b"\xff\xfe", "is not UTF-8"),
        (&[b'x'; 4097], "is larger than 4096 bytes"),
    ] {
        machine.write("etc/bessemer/password", bytes);
        let line = machine.refusal("-e production");
        assert_eq!(line, format!("the password of TOP/etc/bessemer/password: {reason}"));
    }
    for (value, reason) in [(" ", "is empty"), ("\u{fffd}", "is not UTF-8")] {
        let line = Machine::new().set("FAKTORY_PASSWORD", value).refusal("");
        assert_eq!(line, format!("the password of FAKTORY_PASSWORD: {reason}"));
    }
    let line = Machine::new().set("FAKTORY_PASSWORD", "x".repeat(4_097)).refusal("");
    assert_eq!(line, "the password of FAKTORY_PASSWORD: is longer than 4096 bytes");
    let line = refused("\n[faktory]\npassword = \"a\\u0000b\"");
    assert_eq!(line, "the password of TOP/c/conf.d/a.toml:3:1: faktory.password: has a NUL in it");
}

#[test]
fn a_password_file_that_is_none_is_one_line_row_109() {
    let machine = Machine::new();
    fs::create_dir(machine.path("folder")).expect("a folder");
    for (name, reason) in [("none", "No such file or directory"), ("folder", "is no regular file")] {
        let path = machine.path(name);
        let line = Machine::new().set("FAKTORY_PASSWORD", path.display()).refusal("");
        let expected = format!("the password of FAKTORY_PASSWORD: {}: {reason}", path.display());
        assert!(line.starts_with(&expected), "{line}");
    }
}

#[test]
fn a_password_file_for_everybody_is_refused_in_production_and_warned_about_elsewhere_row_109() {
    let machine = Machine::new();
    let path = machine.write("etc/bessemer/password", GOOD);
    for mode in [0o640, 0o604, 0o444] {
        machine.mode(&path, mode);
        let what = format!("can be read by others (mode {mode:o}); chmod 600 makes it safe");
        let line = machine.refusal("-e production");
        assert_eq!(line, format!("the password of TOP/etc/bessemer/password: {what}"));
        let notes = machine.notes("-e staging");
        assert_eq!(notes, format!("warn: the password of TOP/etc/bessemer/password {what}"));
    }
}

/// Only root can give a file away.
#[test]
fn a_password_file_of_somebody_else_is_refused_in_production_and_warned_about_elsewhere() {
    let machine = Machine::new();
    let path = machine.write("etc/bessemer/password", GOOD);
    let given = std::os::unix::fs::chown(&path, Some(12_345), None).is_ok();
    let notes = machine.notes("-e staging");
    let what = "belongs to somebody else (user 12345); chown makes it ours or root's";
    let expected = format!("warn: the password of TOP/etc/bessemer/password {what}");
    assert_eq!(notes, if given { expected.as_str() } else { "" });
    if given {
        let line = machine.refusal("-e production");
        assert_eq!(line, format!("the password of TOP/etc/bessemer/password: {what}"));
    }
}

#[test]
fn a_short_password_is_warned_about_row_109() {
    let machine = Machine::new().set("FAKTORY_PASSWORD", "fifteen letters");
    assert_eq!(machine.notes(""), "warn: the password of FAKTORY_PASSWORD has less than 16 characters");
    assert_eq!(Machine::new().set("FAKTORY_PASSWORD", "sixteen letters!").notes(""), "");
}

#[test]
fn a_password_is_never_shown_o07() {
    let machine = Machine::new().set("FAKTORY_PASSWORD", "hunter2");
    let (config, notes) = machine.start("");
    let shown = format!("{config:?} {notes:?}");
    assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
}
