//! Data files that are built here byte by byte: each form of each value, and what is no data file.

use super::*;

/// A file without its checksum: what was put into it so far.
pub(in super::super) struct Built(Vec<u8>);

impl Built {
    pub(in super::super) fn version(version: u32) -> Self {
        Self(format!("REDIS{version:04}").into_bytes())
    }

    pub(in super::super) fn put(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A text with its length.
    pub(in super::super) fn text(self, text: &str) -> Self {
        let len = text.len() as u32;
        let built = match len {
            0..64 => self.put(&[len as u8]),
            64..16_384 => self.put(&[0x40 | (len >> 8) as u8, len as u8]),
            _ => panic!("no test needs a longer one"),
        };
        built.put(text.as_bytes())
    }

    /// A key of a type; its value is to follow.
    pub(in super::super) fn key(self, code: u8, name: &str) -> Self {
        self.put(&[code]).text(name)
    }

    /// The end and the checksum.
    pub(in super::super) fn whole(self) -> Vec<u8> {
        let Self(mut bytes) = self.put(&[opcode::END]);
        let sum = crc64::append(0, &bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }
}

/// Writes down what is told; wants everything but hashes and keys that begin with `-`.
#[derive(Default)]
struct Heard(Vec<String>);

impl Take for Heard {
    fn key(&mut self, database: u64, key: &[u8], kind: Kind) -> Result<bool, Failure> {
        self.0.push(format!("{database} {kind:?} {}", String::from_utf8_lossy(key)));
        Ok(kind != Kind::Hash && !key.starts_with(b"-"))
    }

    fn value(&mut self, value: &[u8], score: Option<f64>) -> Result<(), Failure> {
        let score = score.map_or(String::new(), |score| format!(" {score:?}"));
        self.0.push(format!("{}{score}", String::from_utf8_lossy(value)));
        Ok(())
    }
}

fn heard(file: &[u8]) -> Result<(About, Vec<String>), RdbError> {
    let mut heard = Heard::default();
    let about = read(file, file.len() as u64, &mut heard, &mut |_| {})?;
    Ok((about, heard.0))
}

fn error(file: &[u8]) -> String {
    heard(file).expect_err("an error").to_string()
}

const LISTPACK: &[u8] = b"\x10\0\0\0\x02\0\x83abc\x05\xf1\xff\xff\x03\xff";
const ZIPLIST: &[u8] = b"\x12\0\0\0\x0f\0\0\0\x02\0\0\x03abc\x05\xf3\xff";
const INTSET: &[u8] = b"\x02\0\0\0\x02\0\0\0\x07\0\xff\xff";

fn packed(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_default()
}

/// One value of each form that Redis 6 and 7 write, some of them twice: wanted and not.
fn everything() -> Vec<u8> {
    let mut built = Built::version(11);
    for (name, text) in [("redis-ver", "7.2.4"), ("redis-bits", "64"), ("ctime", "1767323045")] {
        built = built.put(&[opcode::AUX]).text(name).text(text);
    }
    built =
        built.put(&[opcode::FUNCTION]).text("#!lua name=x").put(&[opcode::SELECT, 0, opcode::RESIZE, 20, 1]);
    for sign in ["", "-"] {
        let name = |name: &str| format!("{sign}{name}");
        built = built.put(&[opcode::EXPIRES_MS, 1, 2, 3, 4, 5, 6, 7, 8, opcode::IDLE, 5]);
        built = built.key(0, &name("plain")).text("text");
        built = built.put(&[opcode::EXPIRES, 1, 2, 3, 4, opcode::FREQUENCY, 9]);
        built = built.key(0, &name("int8")).put(&[0xc0, 0xfe]).key(0, &name("int16")).put(&[0xc1, 1, 0x80]);
        built = built.key(0, &name("int32")).put(&[0xc2, 0, 0, 0, 0x80]);
        built = built.key(0, &name("packed")).put(b"\xc3\x06\x06\x02abc\x20\x02");
        built = built.key(0, &name("long")).put(&[0x80, 0, 0, 0, 4]).put(b"long");
        built = built.key(1, &name("list")).put(&[2]).text("a").text(&"b".repeat(100));
        built = built.key(2, &name("set")).put(&[1]).text("a");
        built = built.key(3, &name("zset")).put(&[3]).text("a").put(b"\x031.5").text("b").put(&[0xfe]);
        built = built.text("c").put(&[0xff]);
        built = built.key(4, &name("hash")).put(&[1]).text("f").text("v");
        built = built.key(5, &name("zset2")).put(&[1]).text("a").put(&1_767_323_045.25f64.to_le_bytes());
        for code in [9, 13, 16] {
            built = built.key(code, &name("hash")).text("whatever");
        }
        built = built.key(10, &name("list1")).put(&[ZIPLIST.len() as u8]).put(ZIPLIST);
        built = built.key(11, &name("set1")).put(&[INTSET.len() as u8]).put(INTSET);
        built = built.key(12, &name("zset3")).put(&[ZIPLIST.len() as u8]).put(ZIPLIST);
        built = built.key(14, &name("list2")).put(&[1, ZIPLIST.len() as u8]).put(ZIPLIST);
        built = built.key(17, &name("zset4")).put(&[LISTPACK.len() as u8]).put(LISTPACK);
        built = built.key(18, &name("list3")).put(&[2, 2, LISTPACK.len() as u8]).put(LISTPACK);
        built = built.put(&[1]).text("plain");
        built = built.key(20, &name("set2")).put(&[LISTPACK.len() as u8]).put(LISTPACK);
    }
    built.put(&[opcode::SELECT, 3]).key(0, "other").text("x").whole()
}

#[test]
fn each_form_of_each_value_is_told_or_passed_over() {
    let (about, told) = heard(&everything()).expect("a file");
    let made = Some(Wall(1_767_323_045_000_000));
    assert_eq!(about, About { version: 11, redis: Some("7.2.4".into()), made });
    let b = "b".repeat(100);
    let wanted = [
        "0 Text plain",
        "text",
        "0 Text int8",
        "-2",
        "0 Text int16",
        "-32767",
        "0 Text int32",
        "-2147483648",
        "0 Text packed",
        "abcabc",
        "0 Text long",
        "long",
        "0 List list",
        "a",
        &b,
        "0 Set set",
        "a",
        "0 Sorted zset",
        "a 1.5",
        "b inf",
        "c -inf",
        "0 Hash hash",
        "0 Sorted zset2",
        "a 1767323045.25",
        "0 Hash hash",
        "0 Hash hash",
        "0 Hash hash",
        "0 List list1",
        "abc",
        "2",
        "0 Set set1",
        "7",
        "-1",
        "0 Sorted zset3",
        "abc 2.0",
        "0 List list2",
        "abc",
        "2",
        "0 Sorted zset4",
        "abc -1.0",
        "0 List list3",
        "abc",
        "-1",
        "plain",
        "0 Set set2",
        "abc",
        "-1",
    ];
    assert_eq!(told[..wanted.len()], wanted);
    let others = &told[wanted.len()..];
    let keys: Vec<&String> = told.iter().filter(|line| line.starts_with("0 ")).collect();
    assert_eq!(others.len(), keys.len() / 2 + 2, "of what is not wanted only the key is told: {others:?}");
    assert_eq!(others[others.len() - 2..], ["3 Text other", "x"]);
}

#[test]
fn a_file_that_ends_anywhere_is_cut_off_and_says_where() {
    let whole = everything();
    for cut in 0..whole.len() {
        let said = error(&whole[..cut]);
        assert_eq!(said, format!("offset {cut}: the file ends in the midst of it; it is not whole"));
    }
}

#[test]
fn no_flipped_bit_passes_or_does_harm() {
    let whole = everything();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(heard(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn nothing_is_believed_of_a_file_without_a_checksum_but_what_it_is() {
    // Whatever the bytes are, reading them ends, and tells no more than there is.
    let mut whole = everything();
    let len = whole.len();
    whole[len - 8..].fill(0);
    assert!(heard(&whole).is_ok(), "zeros: its Redis makes none");
    for (at, byte) in (9..len - 8).flat_map(|at| [0x00, 0x80, 0x81, 0xc3, 0xfa, 0xff].map(|byte| (at, byte)))
    {
        let mut changed = whole.clone();
        changed[at] = byte;
        if let Ok((_, told)) = heard(&changed) {
            assert!(told.iter().map(String::len).sum::<usize>() < 64 * len, "byte {at}");
        }
    }
}

#[test]
fn a_length_that_is_a_lie_takes_no_memory() {
    let begin = || Built::version(11).key(0, "key");
    for lie in
        [&b"\x80\x1f\xff\xff\xff"[..], b"\x81\0\0\0\0\x1f\xff\xff\xff", b"\xc3\x80\x1f\xff\xff\xff\x05"]
    {
        let mut reader = Reader { bytes: Bytes::new(lie), key: Vec::new(), text: Vec::new(), told: 0 };
        assert!(reader.read_text().is_err());
        assert!(reader.text.capacity() < 1 << 20, "{lie:?}");
    }
    let huge = begin().put(b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff").whole();
    assert_eq!(error(&huge), "offset 14: a text of 9223372036854775807 bytes; Redis takes 536870912 at most");
    let many = Built::version(11).key(1, "key").put(b"\x81\xff\xff\xff\xff\xff\xff\xff\xff").whole();
    assert!(error(&many).starts_with("offset "));
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let begin = || Built::version(12);
    for (file, said) in [
        (b"REDIS".to_vec(), "offset 5: the file ends in the midst of it; it is not whole"),
        (b"VALKEY080".to_vec(), "offset 0: this is no data file of Redis"),
        (b"REDIS00x1".to_vec(), "offset 5: the file does not say which version it has"),
        (b"REDIS0004".to_vec(), "offset 5: the file has RDB version 4; versions 5 to 15 are read"),
        (b"REDIS0016".to_vec(), "offset 5: the file has RDB version 16; versions 5 to 15 are read"),
        (
            begin().key(7, "m").whole(),
            "offset 9: a key of a Redis module, which cannot be read (type 7, RDB version 12)",
        ),
        (begin().put(&[opcode::MODULE]).whole(), "offset 9: data of a Redis module, which cannot be read"),
        (
            begin().key(21, "s").whole(),
            "offset 9: a stream, which Faktory has none of and which cannot be read (type 21, RDB version 12)",
        ),
        (
            begin().key(25, "s").whole(),
            "offset 9: neither a value nor a note of a kind that this version knows (type 25, RDB version 12)",
        ),
        (
            begin().key(0, "a").put(&[0xc4]).whole(),
            "offset 12: a length is in no encoding that this version knows",
        ),
        (begin().key(1, "a").put(&[0xc0, 1]).whole(), "offset 12: a count is expected here"),
        (
            begin().key(18, "a").put(&[1, 3, 0]).whole(),
            "offset 13: a piece of a list is neither plain nor packed",
        ),
        (begin().key(3, "a").put(&[1]).text("m").put(b"\x01x").whole(), "offset 15: a score is no number"),
        (
            begin().key(20, "a").text(&packed(b"\x07\0\0\0\0\0")).whole(),
            "offset 12: a packed collection is longer or shorter than it says",
        ),
    ] {
        assert_eq!(error(&file), said);
    }
    let mut damaged = everything();
    let at = damaged.windows(4).position(|window| window == b"text").expect("the text");
    damaged[at] ^= 1;
    let (offset, said) = (damaged.len() - 8, error(&damaged));
    assert!(said.starts_with(&format!("offset {offset}: the file is damaged: its checksum is ")), "{said}");
    let longer = [everything(), b"*1\r\n".to_vec()].concat();
    assert_eq!(error(&longer), format!("offset {}: there is more behind the end", longer.len() - 4));
}

#[test]
fn an_error_of_whoever_takes_it_ends_the_reading() {
    struct Full;
    impl Take for Full {
        fn key(&mut self, _: u64, _: &[u8], _: Kind) -> Result<bool, Failure> {
            Err(Failure { exit: crate::exit::Exit::Io, what: "full".into() })
        }

        fn value(&mut self, _: &[u8], _: Option<f64>) -> Result<(), Failure> {
            panic!("no value is told of a key that was refused")
        }
    }
    let file = everything();
    let refused = read(&file[..], 0, &mut Full, &mut |_| {});
    assert!(matches!(refused, Err(RdbError::Refused(failure)) if failure.what == "full"));
}
