//! The example `thumbnails`: real pictures, in two processes that share the work.

use std::path::Path;

use super::Program;
use crate::clock::until;
use crate::server::Server;

/// The names in a folder that end so.
fn names(folder: &Path, end: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    names
}

#[test]
fn each_picture_of_a_folder_has_a_thumbnail_in_the_end() {
    let server = Server::start();
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("pictures");
    let argument = folder.display().to_string();
    let mut first = Program::start("thumbnails", &server, &[&argument], &[]);
    first.await_said("drawing some pictures", 1);
    // It looks at the folder as soon as it has drawn.
    until("the pictures are drawn", || folder.join("thumbnails").exists().then_some(()));
    let mut second = Program::start("thumbnails", &server, &[&argument], &[]);
    for program in [&mut first, &mut second] {
        let status = program.await_end();
        assert_eq!(status.code(), Some(0), "{}", program.output());
        let said = program.output();
        assert!(said.contains("17 of 17 pictures done"), "{said}");
        assert!(said.contains("17 pictures, 16 thumbnails, 1 not readable; "), "{said}");
    }
    let thumbnails = folder.join("thumbnails");
    let made = names(&thumbnails, ".jpg");
    assert_eq!(made.len(), 16);
    for name in &made {
        let bytes = std::fs::read(thumbnails.join(name)).expect("a thumbnail");
        assert_eq!(bytes[..3], [0xFF, 0xD8, 0xFF], "{name} is a JPEG");
        assert!(bytes.len() < 40_000, "{name} is small");
    }
    assert_eq!(names(&thumbnails, ".txt"), ["torn.jpg.txt"]);
    assert_eq!(names(&thumbnails, ".draft"), [""; 0], "no half one is left");
    assert_eq!(server.info()["faktory"]["total_failures"], 0);
}
