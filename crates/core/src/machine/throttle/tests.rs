//! What limits do, as tables (rule `E-60`).

use crate::limits::Rules;
use crate::machine::scenario::{limit, play, play_with};

/// With a limit for `default` in the configuration.
fn with(words: &[&str]) -> Rules {
    let throttles = [("default".into(), limit(words))].into();
    Rules { throttles, ..Rules::default() }
}

#[test]
fn a_full_queue_is_skipped_as_if_empty_and_the_next_one_is_tried_e60() {
    play_with(
        with(&["concurrency=2"]),
        "0s w1 hello                     | ok
         0s w2 hello                     | ok
         0s p  push a                    | ok
         0s p  push b                    | ok
         0s p  push c                    | ok
         0s p  push x queue=other        | ok
         0s w1 fetch default other       | a
         0s w2 fetch default other       | b
         0s p  sees throttles            | default concurrency=2: 2 taken by w1=1 w2=1, 1 wait, full
         0s w1 fetch default other       | x
         0s w1 fetch default other       | waits
         1s w2 ack b                     | ok, w1: c
         1s p  sees throttles            | default concurrency=2: 2 taken by w1=2, 0 wait, full
         1s w1 ack a                     | ok
         1s w1 ack c                     | ok
         1s p  sees throttles            | default concurrency=2: 0 taken, 0 wait",
    );
}

#[test]
fn every_way_out_of_a_workers_hands_frees_the_slot_for_who_has_waited_longest_e60() {
    play_with(
        Rules { max_lost_workers: 1, ..with(&["concurrency=1"]) },
        "0s   w1 hello                   | ok
         0s   w2 hello                   | ok
         0s   w3 hello                   | ok
         0s   w4 hello                   | ok
         0s   p  push a retry=1          | ok
         0s   p  push b reserve=60       | ok
         0s   p  push c                  | ok
         0s   p  push d                  | ok
         0s   p  push e retry=0          | ok
         0s   p  push f                  | ok
         0s   w1 fetch default           | a
         0s   w2 fetch default           | waits
         0s   w3 fetch default           | waits
         1s   w1 fail a                  | ok, w2: b
         2s                              | w3: nothing
        # expiry: b, then its worker fetches in vain.
         60s  w3 beat w3                 | running
         61s  w3 fetch default           | c
         62s  p  release c               | 1
         62s  w4 fetch default           | c
         62s  w1 fetch default           | waits
         63s  w4 undelivered c           | back, w1: c
         63s  w2 fetch default           | waits
         64s  w1 ack c                   | ok, w2: d
         64s  w3 fetch default           | waits
         65s  w2 fail d                  | ok, w3: e
         65s  w4 fetch default           | waits
         66s  w3 fail e                  | ok, w4: f
         66s  p  sees working            | f@w4",
    );
}

#[test]
fn a_lost_workers_slots_are_free_at_once_and_never_twice_e60() {
    play_with(
        with(&["concurrency=2", "worker=1"]),
        "0s   w1 hello                   | ok
         0s   w2 hello                   | ok
         0s   p  push a                  | ok
         0s   p  push b                  | ok
         0s   p  push c                  | ok
         0s   w1 fetch default           | a
         0s   w1 fetch default           | waits
         1s   w2 fetch default           | b
         2s                              | w1: nothing
         2s   w1 leaves                  | gone
         59s  w3 hello                   | ok
         61s  w3 fetch default           | waits
         62s                             | w3: a
         62s  p  sees throttles          | default concurrency=2 worker=1: 2 taken by w2=1 w3=1, 1 wait, full
        # Its late ACK is stale, and frees nothing.
         63s  w1 hello                   | ok
         63s  w1 ack a                   | ok
         63s  w1 fetch default           | waits
         63s  p  sees throttles          | default concurrency=2 worker=1: 2 taken by w2=1 w3=1, 1 wait, full
         64s  w3 ack a                   | ok, w1: c",
    );
}

#[test]
fn each_worker_has_its_own_slots_and_the_next_in_line_is_the_first_that_may_e60() {
    play_with(
        with(&["worker=1"]),
        "0s w1 hello                     | ok
         0s w1b hello w1                 | ok
         0s w1c hello w1                 | ok
         0s w2 hello                     | ok
         0s w1 fetch default             | waits
         0s w1b fetch default            | waits
         0s w2 fetch default             | waits
         0s p  push a                    | w1: a, ok
         0s p  push b                    | w2: b, ok
         0s p  push c                    | ok
         1s w2 fetch default             | waits
         1s w2 ack b                     | ok, c
         1s p  push d                    | ok
         1s w1 ack a                     | ok, w1b: d
         1s p  sees throttles            | default worker=1: 2 taken by w1=1 w2=1, 0 wait
         1s w1c fetch default other      | waits
         1s p  push e                    | ok
         1s p  push x queue=other        | w1c: x, ok",
    );
}

#[test]
fn who_waits_for_what_was_freed_is_before_who_came_later_and_waits_for_more_e60() {
    let one = limit(&["concurrency=1"]);
    let throttles = [("a".into(), one)].into();
    let rules =
        Rules { throttles, lost_worker_grace: std::time::Duration::from_secs(60), ..Rules::default() };
    play_with(
        rules,
        "0s   w1 hello                   | ok
         0s   w2 hello                   | ok
         0s   w3 hello                   | ok
         0s   p  push a1 queue=a retry=0 | ok
         0s   p  push a2 queue=a         | ok
         0s   p  push b1 queue=b         | ok
         0s   w1 fetch a                 | a1
         0s   w1 fetch b                 | b1
         1s   w1 leaves                  | gone
         60s  w2 fetch a                 | waits
         60s  w3 fetch a b               | waits
        # The worker is lost: one of its jobs is gone and frees the slot of a, the other is back in b.
         61s                             | w2: a2, w3: b1",
    );
}

#[test]
fn those_who_are_no_workers_count_together_as_one_e60() {
    play_with(
        with(&["worker=1"]),
        "0s s1 connect                   | ok
         0s s2 connect                   | ok
         0s w1 hello                     | ok
         0s p  push a                    | ok
         0s p  push b                    | ok
         0s p  push c                    | ok
         0s s1 fetch default             | a
         0s s2 fetch default             | waits
         0s w1 fetch default             | b
         1s s1 ack a                     | ok, s2: c",
    );
}

#[test]
fn a_rate_begins_so_many_and_then_one_as_each_token_comes_e60() {
    play_with(
        with(&["rate=2", "per=10", "burst=3"]),
        "0s     w1 hello                 | ok
         0s     w2 hello                 | ok
         0s     p push a                 | ok
         0s     p push b                 | ok
         0s     p push c                 | ok
         0s     p push d                 | ok
         0s     p push e                 | ok
         0s     w1 fetch default         | a
         0s     w1 ack a                 | ok
         0s     w1 fetch default         | b
         0s     w1 fetch default         | c
         0s     p sees throttles         | default rate=2 per=10 burst=3: 2 taken by w1=2, 2 wait, 0 tokens, full
         4s     w1 fetch default         | waits
         4999ms                          |
         4999ms w2 fetch default         | waits
         5s                              | w1: d
         6999ms                          | w2: nothing
         9s     w2 fetch default         | waits
         10s                             | w2: e
         10s    w1 fetch default         | waits
        # Nobody's job goes before those that stand.
         11s    p push f                 | ok
         11s    p push g                 | ok
         12s                             | w1: nothing
         14s    w1 fetch default         | waits
         15s                             | w1: f
         100s   p sees throttles         | default rate=2 per=10 burst=3: 5 taken by w1=4 w2=1, 1 wait, 3 tokens",
    );
}

#[test]
fn what_was_not_delivered_gives_its_token_back_d13() {
    play_with(
        with(&["rate=1", "per=3600"]),
        "0s w1 hello                     | ok
         0s w2 hello                     | ok
         0s p push a                     | ok
         0s w1 fetch default             | a
         0s w2 fetch default             | waits
         0s w1 undelivered a             | back, w2: a",
    );
}

#[test]
fn an_operators_word_stands_above_the_configuration_until_it_is_taken_back_e60() {
    play_with(
        with(&["concurrency=1"]),
        "0s w1 hello                     | ok
         0s w2 hello                     | ok
         0s w3 hello                     | ok
         0s p push a                     | ok
         0s p push b                     | ok
         0s p push c                     | ok
         0s p push d                     | ok
         0s w1 fetch default             | a
         0s w2 fetch default             | waits
         0s w3 fetch default             | waits
         0s o throttle default concurrency=2 | 1, w2: b
         0s o throttle default concurrency=2 | 0
         0s o sees throttles             | default concurrency=2 (set): 2 taken by w1=1 w2=1, 2 wait, full
        # A configuration that is read again does not touch it.
         0s o decrees limit=default,concurrency:9 | so be it
         0s o sees throttles             | default concurrency=2 (set): 2 taken by w1=1 w2=1, 2 wait, full
         0s o throttle default worker=1  | 1, w3: c
         1s w1 fetch default             | waits
         1s o reset default              | 1, w1: d
         1s o reset default              | 0
         1s o sees throttles             | default concurrency=9: 4 taken by w1=2 w2=1 w3=1, 0 wait
        # More than there may be end as they end, and none begins before.
         1s o throttle default concurrency=1 | 1
         1s p push e                     | ok
         1s w2 fetch default             | waits
         1s w1 ack a                     | ok
         1s w1 ack d                     | ok
         1s w2 ack b                     | ok
         1s w3 ack c                     | ok, w2: e
        # Lifted is not reset.
         1s o throttle default           | 1
         1s o sees throttles             | default no limit (set): 1 taken by w2=1, 0 wait",
    );
}

#[test]
fn a_raised_limit_of_the_configuration_is_served_at_once_e60() {
    play_with(
        with(&["concurrency=1"]),
        "0s w1 hello                     | ok
         0s w2 hello                     | ok
         0s p push a                     | ok
         0s p push b                     | ok
         0s w1 fetch default             | a
         0s w2 fetch default             | waits
         0s o decrees limit=default,concurrency:2 | so be it
         0s                              | w2: b
         0s p push c                     | ok
         0s w1 fetch default             | waits
        # Whatever comes first: what stood there goes first.
         0s o decrees limit=default      | so be it
         0s p push d                     | w1: c, ok",
    );
}

#[test]
fn a_paused_queue_serves_nobody_and_a_resumed_one_as_many_as_may_e60() {
    play_with(
        with(&["concurrency=1"]),
        "0s w1 hello                     | ok
         0s w2 hello                     | ok
         0s w3 hello                     | ok
         0s p push a                     | ok
         0s p push b                     | ok
         0s w1 fetch default             | a
         0s o pause default              | ok
         0s w2 fetch default             | waits
         0s w3 fetch default             | waits
         0s w1 ack a                     | ok
         0s p push c                     | ok
         1s o resume default             | w2: b, ok",
    );
}

#[test]
fn a_queue_that_is_not_there_yet_has_its_limit_when_it_comes_e60() {
    play_with(
        with(&["concurrency=1"]),
        "0s w1 hello                     | ok
         0s w2 hello                     | ok
         0s o throttle later worker=1    | 1
         0s w1 fetch default later       | waits
         0s w2 fetch default             | waits
         0s p push a                     | w1: a, ok
         0s p push b                     | ok
         0s o flush                      | 2
         0s p push c                     | w2: c, ok
         0s p push d                     | ok
         0s w1 fetch default later       | waits
         0s p push e queue=later         | w1: e, ok
         0s o remove default             | ok
         0s w2 ack c                     | ok
         0s o sees throttles             | default concurrency=1: 0 taken, 0 wait | later worker=1 (set): 1 taken by w1=1, 0 wait",
    );
}

#[test]
fn so_many_queues_have_limits_and_one_more_is_refused() {
    play_with(
        Rules { throttles_max: 2, ..with(&["concurrency=1"]) },
        "0s o throttle a worker=1        | 1
         0s o throttle b worker=1        | too many throttles, limit 2
         0s o throttle a worker=2        | 1
         0s o throttle default worker=2  | 1
         0s o reset a                    | 1
         0s o throttle b worker=1        | 1
         0s o decrees throttles=1        | so be it
         0s o throttle b                 | 1
         0s o reset b                    | 1",
    );
}

#[test]
fn without_limits_nothing_is_different() {
    play(
        "0s w1 hello                     | ok
         0s p push a                     | ok
         0s p push b                     | ok
         0s w1 fetch default             | a
         0s w1 fetch default             | b
         0s p sees throttles             |",
    );
}
