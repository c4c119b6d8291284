//! What is sent: lines that were valid once and were mutilated, lines that never were, and bytes of other protocols.

use super::super::chance::Chance;

/// Lines that are understood. Nothing here reaches the queue of the honest client.
const VALID: &[&str] = &[
    r#"PUSH {"jid":"garbage-000001","jobtype":"T","args":[1,"two",{"three":[3.5,null,true]}],"queue":"g1"}"#,
    r#"PUSH {"jid":"garbage-000002","jobtype":"T","args":[],"queue":"g2","retry":3,"reserve_for":120,"at":"2027-01-02T03:04:05.5+01:00","created_at":"then","backtrace":5,"custom":{"on_lost":"dead","k":"\u00e9"},"priority":5}"#,
    r#"PUSH {"jid":"garbage-000003","jobtype":"T","args":["\ud83d\ude80"],"queue":"g1","failure":{"retry_count":1,"remaining":2,"failed_at":"2026-01-02T03:04:05Z","message":"m","errtype":"E","backtrace":["l"]}}"#,
    r#"PUSHB [{"jid":"garbage-000004","jobtype":"T","args":[],"queue":"g1"},{"jid":"short","jobtype":"","args":null}]"#,
    "PUSHB []",
    "FETCH g1 g2 nowhere",
    "FETCH g1",
    r#"ACK {"jid":"garbage-000001"}"#,
    r#"FAIL {"jid":"garbage-000001","errtype":"E","message":"m\r\n","backtrace":["a","b"]}"#,
    r#"BEAT {"wid":"w1","current_state":"quiet","rss_kb":12345}"#,
    "INFO",
    "END",
    "FLUSH",
    "QUEUE PAUSE g2",
    "QUEUE RESUME g2",
    "QUEUE REMOVE g2",
    "QUEUE LATENCY g1 g2",
    "QUEUE LIST",
    r#"MUTATE {"cmd":"requeue","target":"retries","filter":{"jobtype":"T","regexp":"*[a-z]?\\*"}}"#,
    r#"MUTATE {"cmd":"kill","target":"scheduled","filter":{"jids":["garbage-000002"]}}"#,
    r#"MUTATE {"cmd":"clear","target":"dead"}"#,
    r#"JOBS LIST {"set":"dead","count":5}"#,
    r#"JOBS LIST {"queue":"g1","jobtype":"T","jids":["garbage-000001"],"regexp":"*"}"#,
    "WORKERS LIST",
    "WORKERS QUIET w1",
    r#"BATCH NEW {"description":"d","success":{"jid":"garbage-000005","jobtype":"T","args":[]}}"#,
    "BATCH COMMIT b-00000000000000",
    r#"BATCH NEW {"parent_bid":"b-00000000000000","complete":{"jobtype":"T","queue":"g1","args":[]},"death":{"jobtype":"T","queue":"g2"}}"#,
    "BATCH OPEN b-00000000000000",
    "BATCH STATUS b-00000000000000",
    "BATCH CHECK b-00000000000000",
    "BATCH CANCEL b-00000000000000",
    r#"BATCH LIST {"count":2,"state":"open"}"#,
    r#"PUSH {"jid":"garbage-000006","jobtype":"T","args":[1],"queue":"g1","custom":{"unique_for":60,"unique_until":"expiry","unique_key":"k","expires_in":"5s","track":1,"bid":"b-00000000000000"}}"#,
    r#"PUSH {"jid":"garbage-000007","jobtype":"T","args":[1],"queue":"g1","custom":{"unique_for":0.5,"unique_until":"start"}}"#,
    r#"UNIQUE LIST {"count":3,"after":"00ff"}"#,
    r#"UNIQUE RELEASE {"jid":"garbage-000006"}"#,
    r#"UNIQUE RELEASE {"key":"00ff"}"#,
    "THROTTLES LIST",
    r#"THROTTLES SET g1 {"concurrency":1,"worker":1}"#,
    r#"THROTTLES SET g2 {"rate":2,"per":1.5,"burst":3,"timeout":60}"#,
    "THROTTLES RESET g1",
    "CRON LIST",
    "CRON SHOW nightly",
    "CRON RUN nightly",
    "CRON PAUSE nightly",
    r#"TRACK SET {"jid":"garbage-000001","percent":101}"#,
    r#"TRACK SET {"jid":"garbage-000001","percent":50,"desc":"\u2603","reserve_until":"2027-01-02T03:04:05Z"}"#,
    "TRACK GET garbage-000001",
    r#"EXTEND {"jid":"garbage-000001","seconds":90}"#,
    r#"EXTEND {"jid":"garbage-000001","reserve_until":"2027-01-02T03:04:05Z"}"#,
    r#"HELLO {"v":2}"#,
];

/// What other programs say to an open port.
const STRANGE: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: localhost:7419\r\nAccept: */*\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 60\r\n\r\nPUSH {\"jid\":\"smuggled1\",\"jobtype\":\"T\",\"args\":[],\"queue\":\"g1\"}\r\n",
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\x0a\x0d\x0a",
    b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n",
    b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    b"\x00\x00\x00\x08\x04\xd2\x16\x2f\n",
    b"EHLO example.org\r\nMAIL FROM:<a@example.org>\r\n",
    b"'; DROP TABLE jobs; --\n",
    b"\r\r\r\n\r\n\n\n\n",
    b"+OK\r\n-ERR no\r\n$3\r\nabc\r\n$-1\r\n",
    b"\xff\xfe\x00P\x00U\x00S\x00H\n",
    b"\xef\xbb\xbfINFO\r\n",
];

/// Pieces that are put in somewhere.
const PIECES: &[&str] = &[
    "\0",
    "\r",
    "\t",
    "\u{1b}[31m",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "  ",
    "null",
    "true",
    "-0",
    "1e999",
    "-1e999",
    "1e-999",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "01",
    "0x1",
    "NaN",
    "3.0",
    "\\u0000",
    "\\ud800",
    "\\udc00\\ud800",
    "\\x",
    "\\u12",
    "é",
    "☃",
    "🚀",
    "\u{202e}",
    "\u{feff}",
    "\u{85}",
    "\u{7f}",
    "*",
    "?",
    "..",
    "../",
    "__proto__",
    "\"jid\":\"x\",",
    "\"args\":[],",
    "\"queue\":null,",
    "//",
    "/**/",
    "$9\\r\\n",
    "%s%n",
    "<script>",
];

/// Appends what somebody hostile sends next: mostly a line, sometimes less or more.
pub(crate) fn append(chance: &mut Chance, bytes: &mut Vec<u8>) {
    match chance.below(20) {
        0 => bytes.extend_from_slice(STRANGE[chance.below(STRANGE.len() as u64) as usize]),
        1 => bytes.extend((0..chance.below(200)).map(|_| chance.bits() as u8)),
        2 => bytes.extend(std::iter::repeat_n(
            chance.pick(b"\n\r x[{\"\0\xff"),
            chance.magnitude(1, 6_000) as usize,
        )),
        3 => {
            bytes.extend_from_slice(chance.pick(&[
                &b"PUSH "[..],
                b"PUSHB ",
                b"FAIL ",
                b"MUTATE ",
                b"JOBS LIST ",
                b"BATCH NEW ",
                b"TRACK SET ",
                b"EXTEND ",
                b"UNIQUE LIST ",
                b"THROTTLES SET g1 ",
            ]));
            json(chance, bytes, 0);
        }
        4 => bytes.extend_from_slice(format!("TOKEN{}", chance.below(1_000)).as_bytes()),
        kind => {
            let mut line = VALID[chance.below(VALID.len() as u64) as usize].as_bytes().to_vec();
            if kind > 8 {
                for _ in 0..chance.magnitude(1, 8) {
                    mutilate(chance, &mut line);
                }
            }
            if line.starts_with(b"QUEUE ") || line.starts_with(b"WORKERS ") {
                // For these a star means the honest one too.
                line.retain(|byte| *byte != b'*');
            }
            bytes.extend(line);
        }
    }
    match chance.below(20) {
        0 => {}
        1 => bytes.extend_from_slice(b"\r\r\n"),
        end if end < 10 => bytes.push(b'\n'),
        _ => bytes.extend_from_slice(b"\r\n"),
    }
}

/// Changes a line in one place.
fn mutilate(chance: &mut Chance, line: &mut Vec<u8>) {
    let len = line.len() as u64;
    let at = chance.below(len + 1) as usize;
    let to = (at + chance.magnitude(1, 40) as usize).min(line.len());
    match chance.below(9) {
        0 if at < line.len() => line[at] ^= 1 << chance.below(8),
        1 if at < line.len() => line[at] = chance.bits() as u8,
        2 => drop(line.drain(at..to)),
        3 => {
            let piece = line[at..to].to_vec();
            line.splice(at..at, piece.repeat(chance.magnitude(1, 100) as usize));
        }
        4 => line.truncate(at),
        5 => {
            let deep = chance.magnitude(1, 2_000) as usize;
            line.splice(at..at, chance.pick(&[&b"["[..], b"{\"a\":", b"[{\"b\":"]).repeat(deep));
        }
        6 => {
            let other = VALID[chance.below(VALID.len() as u64) as usize].as_bytes();
            let from = chance.below(other.len() as u64) as usize;
            line.splice(at..to, other[from..].iter().copied());
        }
        _ => {
            let piece = PIECES[chance.below(PIECES.len() as u64) as usize];
            line.splice(at..at, piece.bytes());
        }
    }
    // A line end would make two lines of it, which is somebody else's turn.
    line.retain(|byte| *byte != b'\n');
}

/// JSON, or nearly.
fn json(chance: &mut Chance, out: &mut Vec<u8>, depth: u32) {
    let names = ["jid", "jobtype", "args", "queue", "at", "retry", "custom", "failure", "message", "x", "☃"];
    match chance.below(if depth > 6 { 6 } else { 9 }) {
        0 => out.extend_from_slice(b"null"),
        1 => out.extend_from_slice(chance.pick(&["true", "false"]).as_bytes()),
        2 => out.extend_from_slice(format!("{}", chance.bits() as i64).as_bytes()),
        3 => out.extend_from_slice(chance.pick(PIECES).as_bytes()),
        4 | 5 => {
            out.push(b'"');
            for _ in 0..chance.below(6) {
                out.extend_from_slice(
                    chance.pick(&["a", "garbage-", "é", "\\n", "\\ud83d\\ude80", "1", "\\\\"]).as_bytes(),
                );
            }
            out.push(b'"');
        }
        6 => {
            out.push(b'[');
            for n in 0..chance.below(5) {
                if n > 0 {
                    out.push(b',');
                }
                json(chance, out, depth + 1);
            }
            out.push(b']');
        }
        _ => {
            out.push(b'{');
            for n in 0..chance.below(6) {
                if n > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(format!("\"{}\":", chance.pick(&names)).as_bytes());
                json(chance, out, depth + 1);
            }
            out.push(b'}');
        }
    }
}
