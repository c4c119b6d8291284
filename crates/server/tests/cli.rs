//! The binary before it serves: what it says on which stream, and the code it ends with. What the flags and files mean
//! is tested beside `config` and `cli`; a running server in `e2e`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs the binary to its end, with a home of its own and nothing of Faktory's in its environment.
fn run(arguments: &[&str], env: &[(&str, &str)], home: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bessemer"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FAKTORY") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("HOME", home).envs(env.iter().copied());
    command.output().expect("the built binary starts")
}

/// The last line of standard error, and the exit code.
fn end(arguments: &[&str], env: &[(&str, &str)], home: &Path) -> (String, Option<i32>) {
    let output = run(arguments, env, home);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    (said.lines().last().unwrap_or_default().to_owned(), output.status.code())
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn version_and_help_go_to_standard_output_o01() {
    let home = home();
    let output = run(&["-v"], &[], home.path());
    let version = concat!("bessemer ", env!("CARGO_PKG_VERSION"), "\n");
    let expected = format!("{version}Built from a working tree\nLicensed under MIT OR Apache-2.0\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));

    let output = run(&["-h"], &[], home.path());
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    for flag in ["-b, ", "-w, ", "-e, ", "-l, ", "-d, ", "-c, ", "-v, ", "-h, ", "--insecure-no-password"] {
        assert!(help.contains(flag), "{flag} is missing:\n{help}");
    }
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn a_bad_environment_gets_the_help_and_code_1_and_an_unknown_flag_code_2_o02() {
    let home = home();
    let output = run(&["-e", "x"], &[], home.path());
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(said.contains("Usage: bessemer"), "{said}");
    let line = "Invalid environment \"x\": legal values are development, staging or production\n";
    assert!(said.ends_with(line), "{said}");
    assert_eq!(output.status.code(), Some(1));

    let output = run(&["-nope"], &[], home.path());
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(said.contains("'--nope'") && said.contains("Usage: bessemer"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_open_port_without_a_password_is_refused_in_one_line_d8_o07() {
    let home = home();
    let (line, code) = end(&["-b", ":7419"], &[], home.path());
    assert!(line.starts_with("bessemer: -b :7419 can be reached from other machines"), "{line}");
    assert_eq!(code, Some(78));
    let (line, code) = end(&["-e=production"], &[("FAKTORY_PASSWORD", "")], home.path());
    let text = "faktory requires a password to be set in staging or production, see the Security wiki page";
    assert!(line.starts_with(&format!("bessemer: {text}")), "{line}");
    assert_eq!(code, Some(78));
}

#[test]
fn a_mistake_in_a_file_is_one_line_with_its_place_row_106() {
    let home = home();
    let folder = home.path().join(".bessemer/conf.d");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("a.toml"), "[limits]\nfetch_wait = 2\n").expect("a file");
    let (line, code) = end(&[], &[], home.path());
    let expected = "a.toml:2:1: `limits.fetch_wait` must be a string such as \"2s\", not an integer";
    assert_eq!(line, format!("bessemer: {}/{expected}", folder.display()));
    assert_eq!(code, Some(78));
}

#[test]
fn a_directory_that_is_a_file_is_no_good_to_check_config_either() {
    let home = home();
    let file = home.path().join("file");
    fs::write(&file, "").expect("a file");
    let file = file.display().to_string();
    let line = format!("bessemer: failed to open directory {file}: not a directory");
    let serve = ["-d", &file, "-b", "127.0.0.1:0", "-w", ":0"];
    assert_eq!(end(&serve, &[], home.path()), (line.clone(), Some(74)));
    assert_eq!(end(&["-d", &file, "check-config"], &[], home.path()), (line, Some(74)));
}

#[test]
fn a_disk_that_can_never_have_room_is_named_with_the_key_that_asks_for_it() {
    let home = home();
    let folder = home.path().join(".bessemer/conf.d");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("a.toml"), "[store]\ndisk_high_water = '1024GiB'\n").expect("a file");
    let place = format!(
        "bessemer: {}/a.toml:2:1: `store.disk_high_water` is 1048576 MiB: more than",
        folder.display()
    );
    // Memory, of which no machine has so much.
    let small = tempfile::tempdir_in("/dev/shm").expect("a folder");
    let directory = small.path().display().to_string();
    for arguments in
        [&["-d", &directory, "-b", "127.0.0.1:0", "-w", ":0"][..], &["-d", &directory, "check-config"]]
    {
        let (line, code) = end(arguments, &[], home.path());
        assert!(line.starts_with(&place) && code == Some(78), "{line}");
    }
}

#[test]
fn a_password_that_is_not_utf_8_is_refused_and_not_taken_for_none_row_109() {
    use std::os::unix::ffi::OsStrExt;
    let home = home();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bessemer"));
    command.env("HOME", home.path()).env("FAKTORY_PASSWORD", std::ffi::OsStr::from_bytes(b"pass\xffword"));
    let output = command.output().expect("the built binary starts");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(said, "bessemer: the password of FAKTORY_PASSWORD: is not UTF-8\n");
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn an_unknown_level_shows_warnings_and_errors_o12() {
    let home = home();
    let output = run(&["-l", "loud", "-b", ":7419"], &[], home.path());
    let log = String::from_utf8(output.stdout).expect("UTF-8");
    let (time, text) = (log.get(2..26).unwrap_or_default(), log.get(26..).unwrap_or_default());
    assert!(log.starts_with("W ") && time.ends_with('Z'), "{log:?}");
    assert_eq!(text, " -l loud: no such level, so warnings and errors are shown\n");
}

#[test]
fn check_config_says_what_a_start_would_read_and_ends_with_its_code() {
    let home = home();
    let conf_d = home.path().join(".bessemer/conf.d");
    fs::create_dir_all(&conf_d).expect("a folder");
    let text = "[faktory]\npassword = 'correct horse battery staple'\n[limits]\nfetch_wait = '1s'\n[[cron]]\n\
                id = 'hourly'\nschedule = '5 * * * *'\n[cron.job]\ntype = 'Report'\n[[cron]]\nid = 'nightly'\n\
                schedule = '@daily'\nenabled = false\n[cron.job]\ntype = 'Report'\n[statsd]\nlocation = 'localhost:8125'\n[throttles]\nmail = { worker = 2, timeout = 60 }\n";
    fs::write(conf_d.join("a.toml"), text).expect("a file");
    let output = run(&["-w", ":0", "check-config"], &[], home.path());
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for line in [
        "limits.fetch_wait = 1s   ",
        "a.toml:4:1\n",
        "throttles.mail = worker=2 timeout=60",
        "\nLIMITED QUEUE  LIMITS\nmail           worker=2 timeout=60\n",
        "\nCRON     SCHEDULE   ZONE  JOB     QUEUE    NEXT\nhourly   5 * * * *  UTC   Report  default  ",
        ":05:00 +00:00\nnightly  @daily     UTC   Report  default  off\n",
        "faktory.password = (not shown)",
        "dashboard at off\n",
    ] {
        assert!(said.contains(line), "{line} is missing:\n{said}");
    }
    assert!(!said.contains("correct horse"), "{said}");
    assert!(!home.path().join(".bessemer/db").exists(), "nothing was created");

    let output = run(&["check-config", "--json"], &[], home.path());
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((said["ok"].as_bool(), said["warnings"].as_array().map(Vec::len)), (Some(true), Some(0)));
    assert_eq!(
        (&said["set"][1]["key"], &said["set"][1]["value"]),
        (&"limits.fetch_wait".into(), &"1s".into())
    );
    assert_eq!(said["throttles"], serde_json::json!({ "mail": { "worker": 2, "timeout": 60 } }));
    let crons = &said["crons"];
    assert_eq!((&crons[0]["id"], crons[0]["next"].as_array().map(Vec::len)), (&"hourly".into(), Some(3)));
    assert_eq!((&crons[1]["enabled"], crons[1]["next"].as_array().map(Vec::len)), (&false.into(), Some(0)));

    fs::write(conf_d.join("b.toml"), "limits.fetch_wait = '2s'").expect("a file");
    let (line, code) = end(&["check-config"], &[], home.path());
    assert!(
        line.contains("b.toml:1:8: `limits.fetch_wait` is set already, at ") && code == Some(78),
        "{line}"
    );
    let output = run(&["check-config", "--json"], &[], home.path());
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((said["ok"].as_bool(), output.status.code()), (Some(false), Some(78)));
    let (line, code) = end(&["check-config"], &[("FAKTORY2_PREVIEW", "maybe")], home.path());
    let expected = "bessemer: FAKTORY2_PREVIEW: \"maybe\" is neither true nor false";
    assert_eq!((line.as_str(), code), (expected, Some(78)));
}
