//! The walls of the house and its tidiness, read from the files themselves: which crate may use which, which libraries
//! are kept out of which room, how long a file may grow, and what never stays in the tree.
//!
//! Why each wall stands is in `ARCHITECTURE.md`. A message here names the file and the rule that it breaks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A crate, the crates of the house that it may use, and the libraries that must not get past its door.
struct Wall {
    folder: &'static str,
    may_use: &'static [&'static str],
    keeps_out: &'static [&'static str],
}

/// Runtimes, clocks, chance and logging: what would make the rules of jobs depend on anything but their input.
const EFFECTS: &[&str] = &[
    "anyhow",
    "axum",
    "fastrand",
    "getrandom",
    "log",
    "mio",
    "parking_lot",
    "rand",
    "rustix",
    "tokio",
    "tokio-util",
    "tower",
    "tracing",
    "tracing-subscriber",
];

const WALLS: &[Wall] = &[
    Wall { folder: "protocol", may_use: &[], keeps_out: EFFECTS },
    Wall { folder: "core", may_use: &["bessemer-protocol"], keeps_out: EFFECTS },
    Wall {
        folder: "store",
        may_use: &["bessemer-core", "bessemer-protocol"],
        keeps_out: &["anyhow", "axum", "tower", "tower-http", "askama", "clap"],
    },
    Wall {
        folder: "web",
        may_use: &["bessemer-store", "bessemer-core", "bessemer-protocol"],
        keeps_out: &["anyhow", "clap", "rustix"],
    },
    Wall {
        folder: "bessemer",
        may_use: &["bessemer-protocol", "bessemer-macros"],
        keeps_out: &["anyhow", "axum", "clap", "jiff", "toml", "tracing-subscriber"],
    },
    Wall {
        folder: "server",
        may_use: &["bessemer-web", "bessemer-store", "bessemer-core", "bessemer-protocol", "bessemer"],
        keeps_out: &["askama"],
    },
    // In its tests: cargo itself forbids the circle elsewhere.
    Wall { folder: "macros", may_use: &["bessemer"], keeps_out: EFFECTS },
    Wall { folder: "testing", may_use: &["bessemer", "bessemer-server"], keeps_out: &[] },
];

/// Lines before a file's own tests: above the first a warning, above the second a failure.
const LONG: usize = 500;
const TOO_LONG: usize = 800;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] =
    &["imp.rs", "utils.rs", "util.rs", "common.rs", "helpers.rs", "types.rs", "misc.rs"];

/// What is left behind in a hurry. Written in two halves, so that this file passes its own check.
const LEFTOVERS: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("d", "bg!("),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("HA", "CK:"),
    concat!("#[ig", "nore"),
];

/// Folders of the machine that something was built on; they mean nothing to a reader.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp", "/wt")];

#[test]
fn each_crate_uses_only_the_crates_below_it() {
    let mut broken = Vec::new();
    for (folder, manifest) in manifests() {
        let Some(wall) = WALLS.iter().find(|wall| wall.folder == folder) else {
            broken.push(format!("crates/{folder}: a crate without a wall; say in walls.rs what it may use"));
            continue;
        };
        broken.extend(breaches(wall, &manifest));
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn a_breach_is_seen() {
    let wall = &WALLS[1];
    let manifest = |text: &str| text.parse::<toml::Table>().expect("TOML");
    let caught = |text| breaches(wall, &manifest(text)).len();
    assert_eq!(caught("[dependencies]\nbessemer-protocol.workspace = true\nbytes = '1'"), 0);
    assert_eq!(caught("[dependencies]\nbessemer-store.workspace = true"), 1);
    assert_eq!(caught("[target.'cfg(unix)'.dependencies]\ntokio = '1'"), 1);
    assert_eq!(caught("[dependencies]\nclock = { package = 'getrandom', version = '1' }"), 1);
    assert_eq!(caught("[dev-dependencies]\nbessemer-server.workspace = true"), 1);
    assert_eq!(caught("[dev-dependencies]\nrand = '1'"), 0, "tests may draw");
}

/// The edges of one manifest that its wall forbids. Libraries that are kept out may still serve tests.
fn breaches(wall: &Wall, manifest: &toml::Table) -> Vec<String> {
    let mut found = Vec::new();
    for (section, name) in dependencies(manifest) {
        let ours = name == "bessemer" || name.starts_with("bessemer-");
        let itself = name == wall.folder || name == format!("bessemer-{}", wall.folder);
        if ours && !itself && !wall.may_use.contains(&name.as_str()) {
            found.push(format!("crates/{}: must not use {name}", wall.folder));
        }
        if section != "dev-dependencies" && wall.keeps_out.contains(&name.as_str()) {
            found.push(format!("crates/{}: {name} is kept out of this crate", wall.folder));
        }
    }
    found
}

/// Section and package name of every dependency, those of single platforms and renamed ones too.
fn dependencies(manifest: &toml::Table) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let platforms = manifest.get("target").and_then(toml::Value::as_table).into_iter();
        let tables = platforms.flat_map(toml::Table::values).filter_map(|platform| platform.get(section));
        for table in tables.chain(manifest.get(section)).filter_map(toml::Value::as_table) {
            for (key, value) in table {
                let package = value.get("package").and_then(toml::Value::as_str);
                found.insert((section.to_owned(), package.unwrap_or(key).to_owned()));
            }
        }
    }
    found
}

#[test]
fn files_are_tidy() {
    let mut untidy = Vec::new();
    for path in tracked(&top()) {
        let name = path.strip_prefix(top()).expect("below the top").display().to_string();
        // Pictures and other bytes have no lines to judge.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        untidy.extend(judge(&name, &text).into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(untidy.is_empty(), "\n{}", untidy.join("\n"));
}

#[test]
fn untidiness_is_seen() {
    let judged = |name, text: &str| judge(name, text).len();
    assert_eq!(judged("crates/x/src/a.rs", "//! Owns a.\nfn a() {}\n"), 0);
    assert_eq!(judged("crates/x/src/a.rs", "fn a() {}\n"), 1, "no header");
    assert_eq!(judged("crates/x/src/utils.rs", "//! Owns nothing.\n"), 1, "an empty name");
    assert_eq!(judged("crates/x/src/a.rs", &format!("//! A.\n{}\n", LEFTOVERS[0])), 1);
    assert_eq!(judged("docs/a.md", &format!("see {}x\n", MACHINE_PATHS[0])), 1);
    assert_eq!(judged("crates/x/src/a.rs", &format!("//! A.\n{}", "x\n".repeat(TOO_LONG))), 1);
    let tests = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{}", "x\n".repeat(TOO_LONG));
    assert_eq!(judged("crates/x/src/a.rs", &tests), 0, "tests do not count");
    assert_eq!(judged("e2e/x/package-lock.json", "{\"resolved\": \"https://a.example/b.tgz\"}"), 1);
}

/// What is wrong with one file.
fn judge(name: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let source = name.ends_with(".rs");
    let base = name.rsplit('/').next().unwrap_or(name);
    if source && !text.starts_with("//!") {
        wrong.push("starts without a header (`//!`) that says what it owns".to_owned());
    }
    if EMPTY_NAMES.contains(&base) {
        wrong.push("is named for nothing; name it for what it holds".to_owned());
    }
    if source || name.ends_with(".mjs") || name.ends_with(".py") || name.ends_with(".html") {
        let left = LEFTOVERS.iter().filter(|word| text.contains(*word));
        wrong.extend(left.map(|word| format!("still says `{word}`")));
    }
    let paths = MACHINE_PATHS.iter().filter(|path| text.contains(*path));
    wrong.extend(paths.map(|path| format!("names a folder of some machine: {path}")));
    if base == "package-lock.json" && text.contains(concat!("\"resol", "ved\"")) {
        wrong.push("names the registry it was made with; strip the addresses, keep `integrity`".to_owned());
    }
    if source && name.contains("/src/") {
        let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
        if lines > TOO_LONG {
            wrong.push(format!("{lines} lines before its tests: that is two rooms"));
        } else if lines > LONG {
            println!("warning: {name}: {lines} lines before its tests");
        }
    }
    wrong
}

/// The top folder of the repository.
fn top() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/server stands two below the top").to_owned()
}

/// The crates' folders and manifests.
fn manifests() -> Vec<(String, toml::Table)> {
    let folders = fs::read_dir(top().join("crates")).expect("crates");
    let mut found = Vec::new();
    for folder in folders.map(|entry| entry.expect("an entry of crates").path()) {
        let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest in each crate");
        let manifest = text.parse().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        found.push((folder.file_name().expect("a name").to_string_lossy().into_owned(), manifest));
    }
    assert!(found.len() >= 6, "found only {} crates", found.len());
    found
}

/// The files of the repository, without what builds and installations leave in it. Read from the folders and not
/// from git, so that an unpacked archive can be tested too.
fn tracked(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let built = name.starts_with("target") || name.starts_with(".git") && name != ".gitignore";
        if built || ["node_modules", ".venv", "__pycache__", "results"].contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().expect("a file type").is_dir() {
            found.extend(tracked(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}
