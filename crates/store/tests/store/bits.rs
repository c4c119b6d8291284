//! Every bit of a small directory, flipped: the store notices, or the bit did not matter.
//!
//! The directory is what a random history left: recycled segments with old bytes in them, jobs that were told again,
//! failures, a spare. All of it is 64 KiB. `make test` takes a sample of its 524,288 bits, `make bits` takes all
//! (`BESSEMER_BITS=all`).

use std::ops::Range;

use bessemer_core::command::Push;
use bessemer_core::{Command, Ticket};
use bessemer_store::embedded::disk::{Disk, DiskFile};
use bessemer_store::{Embedded, Engine, OpenError, Options};

use crate::damage::{Files, SEGMENT_HEADER, all_files, batches, disk_with};
use crate::texts::body;
use crate::world::{Death, ENTROPY, Fault, World, job, now_at};

const SEGMENT: u64 = 8 << 10;
const DIRECTORY: usize = 64 << 10;

/// Of so many bits a sample takes one: no multiple of 8, so that all bits of a byte have their turn.
const ONE_IN: usize = 31;

/// What was put into the directory, and what it holds.
struct Whole {
    files: Files,
    options: Options,
    /// The state, and that before the last batch.
    dump: String,
    before: String,
}

/// A bit.
#[derive(Clone, Copy, Debug)]
struct Bit<'a> {
    file: &'a str,
    byte: usize,
    bit: u8,
}

#[test]
fn no_flipped_bit_is_served_or_guessed_g15() {
    let whole = whole();
    let used = used(&whole.files);
    let outcomes = each_bit(&whole, |bit| judge(&whole, bit, &used, &flipped(&whole.files, bit)));
    println!("{outcomes:?}");
    let [refused, cut, did_not_matter] = outcomes;
    assert!(refused > cut && cut > 0 && did_not_matter > 0, "{outcomes:?}");
}

#[test]
fn no_bit_that_flips_under_a_running_store_is_served_g15() {
    let whole = whole();
    let outcomes = each_bit(&whole, |bit| {
        // Only what is read again matters, and each page is read many times.
        if !(bit.byte / 8 + bit.bit as usize).is_multiple_of(16) {
            return 0;
        }
        let disk = disk_with(&whole.files);
        let mut world = World::on(disk.clone(), whole.options.clone(), &whole.dump);
        let mut engine = world.open(false).unwrap().unwrap();
        let file = disk.open(bit.file).unwrap();
        let mut byte = [0];
        file.read_at(&mut byte, bit.byte as u64).unwrap();
        file.write_at(&[byte[0] ^ 1 << bit.bit], bit.byte as u64).unwrap();
        let went_on = world.look_at_all(&mut engine, true).unwrap_or_else(|what| panic!("{bit:?}: {what}"));
        if went_on { 2 } else { 1 }
    });
    println!("{outcomes:?}");
    assert!(outcomes[1] > 0 && outcomes[2] > outcomes[1], "{outcomes:?}");
}

fn flipped(files: &Files, bit: Bit<'_>) -> Files {
    let mut files = files.clone();
    files.get_mut(bit.file).expect("a file")[bit.byte] ^= 1 << bit.bit;
    files
}

/// Counts what became of each bit, on two threads.
fn each_bit(whole: &Whole, outcome: impl Fn(Bit<'_>) -> usize + Sync) -> [u64; 3] {
    let all = std::env::var("BESSEMER_BITS").is_ok_and(|value| value == "all");
    let places: Vec<(&str, usize)> = whole
        .files
        .iter()
        .flat_map(|(file, bytes)| (0..bytes.len()).map(move |byte| (&**file, byte)))
        .collect();
    let bits = || (0..places.len() * 8).step_by(if all { 1 } else { ONE_IN });
    let half = |half: usize| -> [u64; 3] {
        let mut counts = [0; 3];
        for at in bits().filter(|at| at / ONE_IN % 2 == half) {
            let (file, byte) = places[at / 8];
            counts[outcome(Bit { file, byte, bit: (at % 8) as u8 })] += 1;
        }
        counts
    };
    std::thread::scope(|scope| {
        let [one, other] = [0, 1].map(|number| scope.spawn(move || half(number)));
        let (one, other) = (one.join().expect("no panic"), other.join().expect("no panic"));
        std::array::from_fn(|at| one[at] + other[at])
    })
}

/// 0: refused by its place. 1: cut as a torn tail. 2: as if nothing had been.
fn judge(whole: &Whole, bit: Bit<'_>, used: &Used, files: &Files) -> usize {
    let in_use = used.in_use(bit);
    match Embedded::open(disk_with(files), whole.options.clone(), now_at(0), ENTROPY) {
        Err(OpenError::Damaged { path, offset, .. }) => {
            assert!(in_use, "{bit:?}: refused at {path}, {offset}, and nobody needs it");
            assert!(path == bit.file && offset <= bit.byte as u64, "{bit:?}: refused at {path}, {offset}");
            0
        }
        Err(OpenError::TooNew { path, .. }) => {
            assert!(path == bit.file && (8..12).contains(&bit.byte), "{bit:?}: {path} is too new");
            0
        }
        Err(error) => panic!("{bit:?}: {error}"),
        Ok((engine, report)) => {
            let dump = engine.machine().dump();
            if used.is_last(bit) {
                assert!(dump == whole.before && report.torn.is_some(), "{bit:?}: {report:?}");
                return 1;
            }
            assert!(!in_use && dump == whole.dump, "{bit:?}: {report:?}");
            2
        }
    }
}

/// The bytes that say something.
struct Used {
    /// Of each segment: the header and all batches.
    ends: Vec<(String, usize)>,
    last: Range<usize>,
}

fn used(files: &Files) -> Used {
    let segments = files.iter().filter(|(name, _)| name.ends_with(".seg"));
    let ends: Vec<(String, usize)> = segments
        .map(|(name, content)| {
            (name.clone(), batches(content).last().map_or(SEGMENT_HEADER, |last| last.end))
        })
        .collect();
    let last = batches(&files[&ends.last().expect("a segment").0]).pop().expect("a batch");
    Used { ends, last }
}

impl Used {
    fn in_use(&self, bit: Bit<'_>) -> bool {
        self.ends.iter().any(|(file, end)| file == bit.file && bit.byte < *end)
    }

    fn is_last(&self, bit: Bit<'_>) -> bool {
        self.ends.last().is_some_and(|(file, _)| file == bit.file) && self.last.contains(&bit.byte)
    }
}

/// A directory of exactly the size, with a bit of everything in it.
fn whole() -> Whole {
    (0..1000).find_map(grown).expect("a seed whose directory has the size")
}

fn grown(seed: u64) -> Option<Whole> {
    let mut world = World::new(seed, None);
    world.options.segment_bytes = SEGMENT;
    world.keeps_size = true;
    let size = |files: &Files| files.values().map(Vec::len).sum::<usize>();
    (0..12).find(|_| {
        world.life(60, Fault::None, Death::Killed).unwrap();
        let files = all_files(&world.disk.disk);
        let recycled = files.values().any(|content| is_recycled(content));
        recycled && size(&files) == DIRECTORY && files.keys().any(|name| name.ends_with(".tmp"))
    })?;
    let mut engine = world.open(false).unwrap().unwrap();
    let before = engine.machine().dump();
    let job = Push { body: &body("job-999999"), ..job("job-999999", "default") };
    engine.submit(world.now(), Ticket(1), Command::Push { job });
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(engine.poll_turn(&mut cx, world.now(), &mut bessemer_core::Settled::default()).is_ready());
    let dump = engine.machine().dump();
    drop(engine);
    let files = all_files(&world.disk.disk);
    let used = used(&files);
    let cut = flipped(&files, Bit { file: &used.ends.last()?.0, byte: used.last.start, bit: 0 });
    let is_cut = Embedded::open(disk_with(&cut), world.options.clone(), world.now(), ENTROPY).is_ok();
    (is_cut && size(&files) == DIRECTORY).then(|| Whole {
        files,
        options: world.options.clone(),
        dump,
        before,
    })
}

/// Whether old batches stand behind the new ones.
fn is_recycled(content: &[u8]) -> bool {
    let end = batches(content).last().map_or(0, |last| last.end);
    content[end..].windows(4).any(|bytes| bytes == b"Bat\x9c")
}
