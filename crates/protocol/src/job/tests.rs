//! What a job says, and what is kept of it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::read::KNOWN;
use super::*;
use crate::plain::Scan;

fn stored(text: &str) -> String {
    let mut out = Vec::new();
    Job::parse(text).expect("JSON").check().expect("a job").write("NOW", &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn bulk(text: &str) -> Result<Vec<(&str, Job<'_>)>, ParseError> {
    Job::parse_bulk(text, 10)
}

fn refused(text: &str) -> String {
    match Job::parse(text) {
        Err(e) => e.to_string(),
        Ok(job) => job.check().expect_err(text).to_string(),
    }
}

#[test]
fn what_is_left_out_is_filled_in_p07_p08_p10() {
    assert_eq!(
        stored(r#"{"jid":"abcdefgh1","jobtype":"T","args":[1, 2]}"#),
        r#"{"retry":25,"jid":"abcdefgh1","queue":"default","jobtype":"T","created_at":"NOW","args":[1, 2],"reserve_for":1800}"#
    );
}

#[test]
fn a_job_of_several_lines_is_stored_as_one() {
    let job = "{\"jid\":\"abcdefgh1\",\"jobtype\":\"A\",\"args\":[\n1, \"a b\"],\"custom\":{\n\"x\":1},\"y\":{\"z\\n\":\n2}}";
    let mut stored = Vec::new();
    Job::parse(job).unwrap().check().unwrap().write("2026-01-02T03:04:05Z", &mut stored);
    let stored = String::from_utf8(stored).unwrap();
    assert!(!stored.contains('\n'), "{stored}");
    for member in [r#""args":[1,"a b"]"#, r#""custom":{"x":1}"#, r#""y":{"z\n":2}"#] {
        assert!(stored.contains(member), "{member} in {stored}");
    }
}

#[test]
fn what_came_is_kept_byte_for_byte_j02_j03() {
    let text = r#"{"jid":"abcdefgh1","jobtype":"T","args":[9007199254740993,1.0,1e400,"\ud800",{"b":1,"a":1,"a":2}],
        "custom":{"z":1, "a":[]},"priority":5,"JID":"x","retry":-3,"reserve_for":120,"backtrace":7,"created_at":"then"}"#;
    let stored = stored(text);
    for part in [
        r#""args":[9007199254740993,1.0,1e400,"\ud800",{"b":1,"a":1,"a":2}]"#,
        r#""custom":{"z":1, "a":[]}"#,
        r#""priority":5"#,
        r#""JID":"x""#,
        r#""retry":-3"#,
        r#""reserve_for":120"#,
        r#""backtrace":7"#,
        r#""created_at":"then""#,
    ] {
        assert!(stored.contains(part), "{part} in {stored}");
    }
}

#[test]
fn lone_surrogates_in_what_is_only_kept_refuse_no_job_f08_j02() {
    let stored = stored(
        r#"{"jid":"abcdefgh1","jobtype":"T","args":["\ud800"],"created_at":"\ud800x","enqueued_at":"\udc00",
        "\ud800":1,"x":{"\ud800":"\udc00"},"custom":{"\ud800":"\ud800","unique_for":5},"failure":{"\ud800":1}}"#,
    );
    assert_eq!(
        stored,
        concat!(
            r#"{"retry":25,"custom":{"\ud800":"\ud800","unique_for":5},"jid":"abcdefgh1","queue":"default","#,
            "\"jobtype\":\"T\",\"created_at\":\"\u{fffd}x\",",
            r#""args":["\ud800"],"reserve_for":1800,"#,
            "\"\u{fffd}\":1,",
            r#""x":{"\ud800":"\udc00"}}"#
        )
    );
}

#[test]
fn a_zero_may_have_a_sign_j01() {
    let job = r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"retry":-0,"reserve_for":-0,"backtrace":-0}"#;
    assert_eq!(
        stored(job),
        r#"{"retry":0,"jid":"abcdefgh1","queue":"default","jobtype":"T","created_at":"NOW","args":[],"reserve_for":1800}"#
    );
}

#[test]
fn a_job_that_another_server_kept_comes_with_its_times_and_into_the_queue_where_it_lay() {
    let text = r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"queue":"a","created_at":"then","enqueued_at":"later"}"#;
    let job = Job::parse(text).expect("JSON").in_queue("b").check().expect("a job");
    assert_eq!((job.queue(), job.created_at(), job.enqueued_at()), ("b", Some("then"), Some("later")));
    let refused = Job::parse(text).expect("JSON").in_queue("b c").check().expect_err("a space");
    assert!(refused.to_string().starts_with("cannot get \"b c\" queue"), "{refused}");
}

#[test]
fn what_is_empty_is_left_out_q17() {
    let text = r#"{"jid":"abcdefgh1","jobtype":"T","args":[],"at":"","custom":{ },"backtrace":0,"retry":null,
        "queue":null,"reserve_for":0,"failure":null,"enqueued_at":"x"}"#;
    assert_eq!(
        stored(text),
        r#"{"retry":25,"jid":"abcdefgh1","queue":"default","jobtype":"T","created_at":"NOW","args":[],"reserve_for":1800}"#
    );
}

#[test]
fn a_null_is_what_is_left_out_j01() {
    let job = |member: &str| format!(r#"{{"jid":"abcdefgh1","jobtype":"T","args":[],{member}}}"#);
    let bare = stored(&job(r#""created_at":"NOW""#));
    for name in
        ["queue", "retry", "at", "reserve_for", "backtrace", "custom", "created_at", "enqueued_at", "failure"]
    {
        assert_eq!(stored(&job(&format!(r#""{name}":null"#))), bare, "{name}");
    }
    // Of what nobody knows, a null is a value like any other.
    for (name, value) in [("priority", "null"), ("tags", r#"[null,{"a":null}]"#)] {
        let member = format!(r#""{name}":{value}"#);
        assert!(stored(&job(&member)).contains(&member), "{name}");
    }
    let names =
        ["on_lost", "unique_for", "unique_until", "unique_key", "expires_at", "expires_in", "bid", "track"];
    for name in names {
        let text = job(&format!(r#""custom":{{"{name}":null,"mine":null}}"#));
        let checked = Job::parse(&text).expect("JSON").check().expect(name);
        assert_eq!(*checked.custom(), Custom::default(), "{name}");
    }
    let failure = |text: &str| {
        let text = job(&format!(r#""failure":{text}"#));
        Job::parse(&text).expect("JSON").check().expect("a job").failure().cloned()
    };
    let nulls = r#"{"retry_count":null,"remaining":null,"failed_at":null,"next_at":null,
        "errtype":null,"message":null,"backtrace":null,"other":null}"#;
    assert_eq!(failure(nulls), failure("{}"));
    // What a job cannot be without is missed.
    for (name, error) in [
        ("jid", "jobs must have a reasonable jid parameter"),
        ("jobtype", "jobs must have a jobtype parameter"),
        ("args", "jobs must have an args parameter"),
    ] {
        let values = [("jid", r#""abcdefgh1""#), ("jobtype", r#""T""#), ("args", "[]")];
        let said = values
            .map(|(member, value)| format!(r#""{member}":{}"#, if member == name { "null" } else { value }));
        assert_eq!(refused(&format!("{{{}}}", said.join(","))), error);
    }
}

#[test]
fn the_first_broken_rule_counts_p02_to_p13() {
    let jid = r#""jid":"abcdefgh1""#;
    for (text, error) in [
        ("null".into(), "jobs must have a reasonable jid parameter"),
        ("{}".into(), "jobs must have a reasonable jid parameter"),
        (format!("{{{jid}}}"), "jobs must have a jobtype parameter"),
        (format!(r#"{{{jid},"jobtype":"T"}}"#), "jobs must have an args parameter"),
        (format!(r#"{{{jid},"jobtype":"T","args":null}}"#), "jobs must have an args parameter"),
        (
            format!(r#"{{{jid},"jobtype":"T","args":[],"reserve_for":86401}}"#),
            "jobs cannot be reserved for more than one day",
        ),
        (
            format!(r#"{{{jid},"jobtype":"T","args":[],"retry":10001}}"#),
            "invalid job: retry 10001, limit 10000",
        ),
        (
            format!(r#"{{{jid},"jobtype":"T","args":[],"custom":{{"on_lost":"x"}}}}"#),
            "invalid custom.on_lost: must be \"requeue\", \"wait\" or \"dead\"",
        ),
    ] {
        assert_eq!(refused(&text), error, "{text}");
    }
    let at = refused(&format!(r#"{{{jid},"jobtype":"T","args":[],"at":"tomorrow"}}"#));
    assert!(at.starts_with("invalid timestamp for 'at': \"tomorrow\": "), "{at}");
}

#[test]
fn what_is_no_job_says_why_and_where_p01() {
    for text in ["[]", "\"x\"", "1"] {
        assert_eq!(refused(text), "invalid JSON: expected an object at byte 1");
    }
    for text in [
        "{",
        "{} x",
        r#"{"retry":3.0}"#,
        r#"{"retry":"3"}"#,
        r#"{"args":{}}"#,
        r#"{"args":[1,]}"#,
        r#"{"args":[01]}"#,
        r#"{"args":[NaN]}"#,
        r#"{"jid":"\ud800xxxxxxx"}"#,
        r#"{"custom":[]}"#,
        r#"{"failure":[]}"#,
    ] {
        assert!(refused(text).starts_with("invalid JSON: "), "{text}: {}", refused(text));
    }
    for (text, error) in [
        (r#"{"args":[1,]}"#, "invalid JSON: expected value at byte 12"),
        (r#"{"retry":1e2}"#, "invalid JSON: expected an integer at byte 13"),
        (r#"{"retry":-0.0}"#, "invalid JSON: expected an integer at byte 14"),
        (r#"{"jid":"\ud800xxxxxxx"}"#, "invalid JSON: lone surrogate at byte 15"),
        (r#"{"queue":"\udc00"}"#, "invalid JSON: lone surrogate at byte 16"),
        (
            "{\"a\tb\":1}",
            "invalid JSON: control character (\\u0000-\\u001F) found while parsing a string at byte 3",
        ),
        (r#"{"failure":{"retry_count":1.0}}"#, "invalid JSON: failure: expected an integer at byte 31"),
        (
            r#"{"failure":{"message":1}}"#,
            "invalid JSON: failure: invalid type: integer `1`, expected a string at byte 25",
        ),
    ] {
        assert_eq!(refused(text), error);
    }
    assert_eq!(refused(r#"{"jid":"a","jid":"b"}"#), "invalid job: duplicate field jid");
}

#[test]
fn nesting_is_limited_without_deep_stacks() {
    let nested = |depth: usize| {
        format!(r#"{{"jid":"abcdefgh1","jobtype":"T","args":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    assert!(Job::parse(&nested(DEPTH_MAX)).is_ok());
    assert_eq!(refused(&nested(DEPTH_MAX + 1)), "invalid job: nesting deeper than 128");
    assert_eq!(refused(&nested(1_000_000)), "invalid job: nesting deeper than 128");
    let quoted =
        r#"{"jid":"abcdefgh1","jobtype":"T","args":["BRACKETS"]}"#.replace("BRACKETS", &r#"[\""#.repeat(500));
    assert!(Job::parse(&quoted).is_ok(), "{quoted}");
}

#[test]
fn a_bulk_is_an_array_of_jobs_p20() {
    assert_eq!(bulk("null").expect("empty").len(), 0);
    assert_eq!(bulk("[]").expect("empty").len(), 0);
    let two = bulk(r#"[{"jid":"a"},{}]"#).expect("two");
    assert_eq!((two[0].1.jid(), two[1].1.jid(), two[0].0), (Some("a"), None, r#"{"jid":"a"}"#));
    for (text, error) in [
        (
            r#"[{"jid":"a"}, {"jid":1}]"#,
            "invalid JSON: invalid type: integer `1`, expected a string at byte 22",
        ),
        (r#"[{}, 7]"#, "invalid JSON: expected an object at byte 6"),
        ("{}", "invalid JSON: expected an array of jobs at byte 1"),
        ("null x", "invalid JSON: trailing characters at byte 6"),
        ("[{}", "invalid JSON: EOF while parsing a list at byte 3"),
        ("[{}] x", "invalid JSON: trailing characters at byte 6"),
        (
            "[{\"a\tb\":1}]",
            "invalid JSON: control character (\\u0000-\\u001F) found while parsing a string at byte 4",
        ),
        (
            "[{\"created_at\":\"\t\"}]",
            "invalid JSON: control character (\\u0000-\\u001F) found while parsing a string at byte 16",
        ),
    ] {
        assert_eq!(bulk(text).expect_err(text).to_string(), error, "{text}");
    }
    let many = |n: usize| format!("[{}]", vec!["{}"; n].join(","));
    assert!(bulk(&many(10)).is_ok());
    let error = bulk(&many(11)).expect_err("one too many").to_string();
    assert_eq!(error, "too many jobs in PUSHB: 11, limit 10");
}

/// Members of jobs, good and bad, and what may stand in their place.
fn job_text() -> impl Strategy<Value = String> {
    let others = ["priority", "JID", "", "n\\u0061me", "j\\u0069d", "é"];
    let name = select([&KNOWN[..], &others].concat());
    let value = select(vec![
        "\"abcdefgh1\"",
        "\"T\"",
        "\"2026-11-30T20:00:00Z\"",
        "[]",
        "{}",
        "{ }",
        "[1,\"a\\n\",{\"b\":[2.50]}]",
        "{\"track\":1}",
        "{\"x\":{\"y\":\"z\"}}",
        "5",
        "-0",
        "-1",
        "25",
        "86401",
        "1.0",
        "1e3",
        "01",
        "9223372036854775808",
        "null",
        "true",
        "\"\"",
        "\"a\\\"b\"",
        "\"\\ud800\"",
        "\"\\u00e9\"",
        "\"é\u{7f}\"",
        "\"\t\"",
        "nul",
        "[[[[]]]]",
        "[1,]",
    ]);
    let blank = || select(vec!["", "", "", " ", "\n", "\t\r\n", "\u{c}"]);
    let member =
        (name, value, blank(), blank()).prop_map(|(name, value, a, b)| format!("\"{name}\"{a}:{b}{value}"));
    let members = vec(member, 0..7).prop_map(|members| members.join(","));
    (members, blank(), blank(), select(vec!["", "", "", "", ",", "}", " x"]))
        .prop_map(|(members, a, b, end)| format!("{a}{{{members}{b}}}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_read_at_one_go_is_what_is_read_thoroughly(text in job_text(), cut in any::<Index>(), torn in any::<bool>()) {
        let end = if torn { text.floor_char_boundary(cut.index(text.len() + 1)) } else { text.len() };
        let text = &text[..end];
        let mut scan = Scan::new(text);
        if let Some(job) = Job::scan(&mut scan).filter(|_| scan.is_done()) {
            prop_assert_eq!(Ok(job), Job::parse_any(text));
        }
    }

    #[test]
    fn so_are_the_jobs_of_a_bulk(texts in vec(job_text(), 0..4), torn in any::<bool>(), cut in any::<Index>()) {
        let text = format!("[{}]", texts.join(", "));
        let end = if torn { text.floor_char_boundary(cut.index(text.len() + 1)) } else { text.len() };
        if let Some(jobs) = Job::scan_bulk(&text[..end], 3) {
            prop_assert_eq!(Ok(jobs), Job::parse_any_bulk(&text[..end], 3));
        }
    }
}

#[test]
fn nearly_all_jobs_are_read_at_one_go() {
    for text in [
        r#"{"jid":"abcdefgh1","jobtype":"T","args":[1,"a\nb",null,{"x":[]}],"queue":"q","created_at":"2026-11-30T20:00:00Z"}"#,
        r#" { "jid" : "abcdefgh1", "jobtype" : "T", "args" : [ ] , "retry" : -1, "reserve_for":60, "backtrace":5,
            "at":"2026-11-30T20:00:00Z","custom":{"a":1},"priority":5,"enqueued_at":null} "#,
    ] {
        let mut scan = Scan::new(text);
        assert!(Job::scan(&mut scan).is_some() && scan.is_done(), "{text}");
        let mut deep = format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
        for is_read in [true, false] {
            let text = format!(r#"{{"args":{deep}}}"#);
            assert_eq!(Job::scan(&mut Scan::new(&text)).is_some(), is_read);
            deep = format!("[{deep}]");
        }
    }
}
