//! `[throttles]`: what limits queues, in all files together (rule `E-60`).

use super::*;

fn limits(config: &Config) -> Vec<String> {
    config.rules.throttles.iter().map(|(queue, throttle)| format!("{queue}: {throttle}")).collect()
}

#[test]
fn faktorys_entries_and_ours_are_read_from_all_files_e60() {
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", "[throttles]\nemail = { concurrency = 10, timeout = 60 }\n");
    machine.write(
        "c/conf.d/b.toml",
        "[throttles]\nreports = { worker = 1, timeout = 3_600 }\n'partner.api' = { rate = 0x64, per = 60, burst = 10 }\n\
         [throttles.both]\nconcurrency = 5\nworker = 2\n",
    );
    let config = machine.config("-c TOP/c");
    assert_eq!(
        limits(&config),
        [
            "both: concurrency=5 worker=2",
            "email: concurrency=10 timeout=60",
            "partner.api: rate=100 per=60 burst=10",
            "reports: worker=1 timeout=3600",
        ]
    );
    assert_eq!(machine.notes("-c TOP/c"), "");
    let set: Vec<String> = config.set.iter().map(|set| format!("{} {}", set.key, set.at)).collect();
    let top = machine.path("c/conf.d");
    assert!(set.contains(&format!("throttles.email {}/a.toml:2:1", top.display())), "{set:?}");
    assert!(limits(&machine.config("")).is_empty());
}

#[test]
fn a_mistake_is_named_with_its_place_and_the_nearest_word_e60() {
    for (text, expected) in [
        (
            "[throttles]\nq = 3",
            ":2:1: `throttles.q` must be a table such as { concurrency = 3, timeout = 60 }",
        ),
        ("throttles = 3", ":1:1: `throttles` must be a table"),
        (
            "[throttles]\nq = { concurency = 3 }",
            ":2:7: unknown key `throttles.q.concurency`; the nearest known one is `throttles.q.concurrency`",
        ),
        ("[throttle]\nq.worker = 3", ":1:2: unknown key `throttle`; the nearest known one is `throttles`"),
        (
            "[throttles]\nq = { worker = 1, concurrency = 0 }",
            ":2:19: `throttles.q`: `concurrency` must be from 1 to 1000000, not 0",
        ),
        (
            "[throttles]\nq = { worker = 1, timeout = 2_678_401 }",
            ":2:19: `throttles.q`: `timeout` must be from 1 to 2678400, not 2678401",
        ),
        ("[throttles]\nq = { worker = -1 }", ":2:7: `throttles.q.worker` must be 1 or more, not -1"),
        ("[throttles]\nq = { worker = '1' }", ":2:7: `throttles.q.worker` must be an integer, not a string"),
        ("[throttles]\nq = { timeout = 60 }", ":2:1: `throttles.q` needs `concurrency`, `worker` or `rate`"),
        (
            "[throttles]\nq = { worker = 1, per = 2 }",
            ":2:1: `throttles.q`: `per` says nothing without `rate`",
        ),
        ("[throttles]\n'a b' = { worker = 1 }", ":2:1: `throttles.\"a b\"`: "),
        (
            "[limits]\nthrottles_max = 1\n[throttles]\nb.worker = 1\na.worker = 1",
            ":4:1: `throttles.b` is one throttle too many, `limits.throttles_max` is 1",
        ),
    ] {
        let line = refused(text);
        assert!(line.starts_with(&format!("TOP/c/conf.d/a.toml{expected}")), "{text}\n{line}");
    }
    assert!(accepted("[limits]\nthrottles_max = 2\n[throttles]\nb.worker = 1\na.worker = 1").1.is_empty());
}

#[test]
fn a_queue_has_one_entry_in_all_files_e60() {
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", "[throttles]\nq = { worker = 1 }");
    machine.write("c/conf.d/b.toml", "\n[throttles]\nq = { concurrency = 1 }");
    let expected = "TOP/c/conf.d/b.toml:3:1: `throttles.q` is set already, at TOP/c/conf.d/a.toml:2:1";
    assert_eq!(machine.refusal("-c TOP/c"), expected);
}

#[test]
fn a_reload_changes_them_and_says_which_e60() {
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", "[throttles]\na = { worker = 1 }\nb = { worker = 1 }\nc = { rate = 2 }");
    let before = machine.config("-c TOP/c");
    machine.write("c/conf.d/a.toml", "[throttles]\na = { worker = 2 }\nc = { rate = 2 }\nd = { rate = 2 }");
    let after = machine.config("-c TOP/c");
    let changes = before.changes(&after);
    assert_eq!(changes.made, ["throttles.a", "throttles.b", "throttles.d"]);
    assert!(changes.waiting.is_empty());
}
