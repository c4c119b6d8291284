//! Nothing inline and nothing unescaped in templates and scripts: the content policy forbids the one, and this test
//! the other.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.extension().is_some_and(|known| known == ending) {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), ending, &mut found);
    assert!(!found.is_empty(), "no {ending} in {folder}");
    found
}

#[test]
fn templates_escape_everything_and_hold_no_script_or_style() {
    for (path, text) in files("templates", "html") {
        let dense: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for banned in [
            "|safe",
            "| safe",
            "|escape",
            "autoescape",
            " style=",
            "javascript:",
            "<style",
            "<script>",
            " on",
        ] {
            let uses =
                dense.match_indices(banned).filter(|(at, _)| banned != " on" || handler(&dense[at + 1..]));
            assert_eq!(uses.count(), 0, "{banned:?} in {}", path.display());
        }
    }
}

/// Whether the text begins with an attribute such as `onclick=`.
fn handler(text: &str) -> bool {
    let name = text.bytes().take_while(u8::is_ascii_lowercase).count();
    text[name..].starts_with('=')
}

/// Libraries of others: they build markup from our own pages, so what they are is pinned instead.
fn vendored(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("vendor"))
}

#[test]
fn vendored_files_are_what_they_say() {
    let list = &files("static/vendor", "json")[0].1;
    let list: Vec<serde_json::Value> = serde_json::from_str(list).unwrap();
    let mut known: Vec<PathBuf> = Vec::new();
    for entry in &list {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("static/vendor").join(entry["file"].as_str().unwrap());
        let hash = Sha256::digest(fs::read(&path).unwrap());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(entry["sha256"], hash, "{}", path.display());
        known.push(path);
    }
    let found: Vec<PathBuf> = files("static/vendor", "js").into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, known);
}

#[test]
fn scripts_build_no_markup_from_text() {
    for (path, text) in files("static", "js").into_iter().filter(|(path, _)| !vendored(path)) {
        for banned in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "createContextualFragment",
            "DOMParser",
        ] {
            assert!(!text.contains(banned), "{banned} in {}", path.display());
        }
    }
}

#[test]
fn styles_fetch_nothing_from_elsewhere() {
    for (path, text) in files("static", "css") {
        for banned in ["@import", "url(", "http:", "https:"] {
            assert!(!text.contains(banned), "{banned} in {}", path.display());
        }
    }
}

#[test]
fn styles_know_no_left_and_no_right() {
    for (path, text) in files("static", "css") {
        for (number, line) in text.lines().enumerate() {
            let rule = line.rsplit_once("*/").map_or(line, |(_, rest)| rest);
            let sided = ["-left", "-right", " left:", " right:", ": left", ": right"];
            let found = sided.into_iter().find(|side| rule.contains(side));
            assert_eq!(found, None, "line {} of {}", number + 1, path.display());
        }
    }
}
