//! A folder of pictures becomes a folder of thumbnails: one job looks into it and fans out into one job for each picture.
//!
//! `cargo run --example thumbnails -- FOLDER` writes into `FOLDER/thumbnails`, shows how far it is, and ends with a report.
//! Without a folder of that name it draws a few pictures first. Start it in several terminals, and they share the work:
//! what is done is what lies in the folder of thumbnails, whoever did it.

mod album;
mod samples;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use album::{Album, Progress};
use bessemer::prelude::*;
use bessemer::{NewJob, Stop};
use tokio::time::Instant;

/// The longer side of a thumbnail, in pixels.
const EDGE: u32 = 160;

/// Looks into a folder, and pushes a job for each picture that has no thumbnail yet. Two processes that do so at once push
/// some pictures twice, which costs time and changes nothing.
#[job(queue = "pictures")]
async fn make_album(#[ctx] ctx: &Context, folder: PathBuf, edge: u32) -> JobResult {
    let missing = Album::of(&folder).missing()?;
    let jobs: Result<Vec<NewJob>, _> =
        missing.into_iter().map(|picture| MakeThumbnail::args(folder.clone(), picture, edge)).collect();
    // Up to a thousand jobs in one command. Where it breaks off the job is tried again, and pushes what is still missing.
    let refused = ctx.app().push_all(&jobs?).await?;
    match refused.first() {
        None => Ok(Done),
        Some(refused) => Err(refused.error.to_string().into()),
    }
}

/// Makes one thumbnail. Decoding a picture blocks its thread, so that happens on one of those that the worker has for it.
#[job(queue = "pictures", retry = 3, blocking)]
fn make_thumbnail(#[ctx] ctx: &Context, folder: PathBuf, picture: String, edge: u32) -> JobResult {
    Album::of(&folder).make(&picture, edge, ctx.jid())?;
    Ok(Done)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    let folder = std::env::args().nth(1).unwrap_or_else(|| "pictures".into());
    if !Path::new(&folder).exists() {
        println!("{folder} does not exist: drawing some pictures into it");
        samples::draw(Path::new(&folder))?;
    }
    // Jobs may be done by a process that was started elsewhere.
    let folder = std::path::absolute(folder)?;
    let album = Album::of(&folder);
    std::fs::create_dir_all(album.thumbnails())?;

    let app = Bessemer::from_env()?;
    app.install_global();
    MakeAlbum::perform_async(folder.clone(), EDGE).await?;

    let slots = std::thread::available_parallelism().map_or(2, usize::from);
    let worker = app.worker().job(MakeAlbum).job(MakeThumbnail).slots(slots);
    let stop = worker.stop_handle();
    let (worked, watched) = tokio::join!(worker.run(), watch(&album, stop));
    worked?;
    watched
}

/// Shows how far it is until every picture is done, and stops the worker then.
async fn watch(album: &Album, stop: Stop) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut shown = None;
    let progress = loop {
        let progress = album.progress()?;
        if shown != Some(progress) {
            show(progress);
            shown = Some(progress);
        }
        if progress.complete() {
            break progress;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    stop.terminate();
    if std::io::stdout().is_terminal() {
        println!();
    }
    let Progress { pictures, thumbnails, broken, bytes_in, bytes_out } = progress;
    println!(
        "{pictures} pictures, {thumbnails} thumbnails, {broken} not readable; {} KiB became {} KiB in {:.1?}",
        bytes_in / 1024,
        bytes_out / 1024,
        begun.elapsed()
    );
    Ok(())
}

/// One line that is written over in a terminal, and a line for each step elsewhere.
fn show(progress: Progress) {
    let mut out = std::io::stdout();
    let (before, after) = if out.is_terminal() { ("\r", "") } else { ("", "\n") };
    let line = format!("{before}{} of {} pictures done{after}", progress.ended(), progress.pictures);
    // Who looks at progress through a closed pipe misses nothing.
    _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
