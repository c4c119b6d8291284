//! Queues and sets: how they appear, are paused, removed and cleared, and how much they hold.

use crate::limits::Rules;
use crate::machine::scenario::{play, play_with};

#[test]
fn the_dead_set_is_bounded_oldest_out_d28() {
    play_with(
        Rules { dead_max: 2, ..Rules::default() },
        "0s p connect         | ok
         0s p push a          | ok
         1s p push b          | ok
         2s p push c          | ok
         3s p kill a          | 1
         4s p kill b          | 1
         5s p kill c          | 1
         5s p sees dead       | b c
         5s p sees info       | processed 0 failed 0 discarded 1",
    );
}

#[test]
fn rules_may_change_and_the_dead_beyond_a_lower_limit_go_row_112() {
    play(
        "0s p connect               | ok
         0s p push a                | ok
         0s p push b                | ok
         0s p push c                | ok
         0s p push d                | ok
         1s p kill a                | 1
         2s p kill b                | 1
         3s p kill c                | 1
         4s p decrees dead=1        | so be it
         4s p sees dead             | c
         5s p sees info             | processed 0 failed 0 discarded 2
         6s w hello                 | ok
         6s w fetch default         | d
         7s w leaves                | gone
         8s p decrees grace=10s     | so be it
         16s p sees working         | d@w
         17s p sees default         | d
         17s p decrees window=1s    | so be it
         40s p push d               | ok
         40s p sees default         | d",
    );
}

#[test]
fn queues_and_workers_are_limited() {
    play_with(
        Rules { queues_max: 1, workers_max: 1, ..Rules::default() },
        "0s w hello           | ok
         0s w2 hello w        | ok
         0s v hello           | too many workers, limit 1
         0s w push a          | ok
         0s w push b queue=q  | too many queues, limit 1
         0s w push c          | ok",
    );
}

#[test]
fn a_queue_appears_with_its_first_enqueue_i01() {
    play(
        "0s p connect                   | ok
         0s p fetch q                   | waits
         0s p sees q                    | no such queue
         2s                             | p: nothing
         2s p push a queue=q at=10s     | ok
         2s p sees q                    | no such queue
         10s p sees q                   | a",
    );
}

#[test]
fn a_paused_queue_is_passed_over_and_takes_jobs_u03_f04() {
    play(
        "0s p connect                   | ok
         0s p push a queue=q            | ok
         0s p pause q nobody            | ok
         0s p push b queue=q            | ok
         0s p sees queues               | q:2:paused
         0s w hello                     | ok
         0s w fetch q                   | waits
         1s p push c queue=other        | ok
         2s                             | w: nothing
         2s w fetch q other             | c
         3s w fetch q                   | waits
         4s p resume *                  | w: a, ok
         4s w fetch q                   | b",
    );
}

#[test]
fn a_pause_reaches_a_fetch_that_waits_already_q58() {
    play(
        "0s p connect          | ok
         0s p push a queue=q   | ok
         0s w hello            | ok
         0s w fetch q          | a
         0s w fetch q          | waits
         1s p pause q          | ok
         1s p push b queue=q   | ok
         2s                    | w: nothing",
    );
}

#[test]
fn queues_that_are_resumed_together_serve_who_has_waited_longest_g07() {
    play(
        "0s p connect           | ok
         0s p push a queue=x    | ok
         0s p push b queue=y    | ok
         0s p push c queue=y    | ok
         0s p pause x y         | ok
         0s w1 hello            | ok
         0s w2 hello            | ok
         0s w1 fetch y          | waits
         0s w2 fetch y x        | waits
         1s p resume x y        | w1: b, w2: c, ok",
    );
}

#[test]
fn a_removed_queue_is_forgotten_and_comes_again_u04_d05() {
    play(
        "0s p connect                       | ok
         0s p push a queue=q                | ok
         0s p push b queue=q                | ok
         0s p push c queue=q at=90s         | ok
         0s w hello                         | ok
         0s w fetch q                       | a
         0s p pause q                       | ok
         1s p remove q nobody               | ok
         1s p sees queues                   |
         1s p sees q                        | no such queue
         1s p sees working                  | a@w
         1s p push b queue=q                | ok
         1s p sees queues                   | q:1
         1s w ack a                         | ok
         1s p remove *                      | ok
         1s p sees queues                   |
         91s p sees queues                  | q:1
         91s p sees q                       | c",
    );
}

#[test]
fn numbers_of_removed_queues_are_given_again() {
    let rules = Rules { queues_max: 2, ..Rules::default() };
    play_with(
        rules,
        "0s p connect              | ok
         0s p push a1 queue=a      | ok
         0s p push b1 queue=b      | ok
         0s p push c1 queue=c      | too many queues, limit 2
         0s w hello                | ok
         0s w fetch a              | a1
         0s p remove a             | ok
         0s p push c2 queue=c      | too many queues, limit 2
         0s w ack a1               | ok
         0s p push c3 queue=c      | ok
         0s p sees queues          | b:1 c:1",
    );
}

#[test]
fn flush_wipes_everything_but_workers_n03_q44() {
    play(
        "0s p connect                 | ok
         0s w hello                   | ok
         0s p push a                  | ok
         0s w fetch default           | a
         0s p push b retry=-1         | ok
         0s w fetch default           | b
         0s w fail b                  | ok
         0s p push c                  | ok
         0s w fetch default           | c
         0s w fail c                  | ok
         0s p push d at=90s           | ok
         0s p push e queue=q          | ok
         0s p pause q                 | ok
         0s w2 hello                  | ok
         0s w2 fetch q default        | waits
         1s p flush                   | 5
         1s p sees queues             |
         1s p sees info               | processed 0 failed 0 discarded 0
         1s p sees working            |
         1s p sees scheduled          |
         1s p sees retries            |
         1s p sees dead               |
         1s p sees workers            | w:Running:0 w2:Running:0
         1s w ack a                   | ok
         1s w fail a                  | Job not found a
         1s p sees info               | processed 0 failed 0 discarded 0
         1s p push e queue=q          | w2: e, ok
         1s p sees queues             | q:0
         1s w2 ack e                  | ok
         1s p sees info               | processed 1 failed 0 discarded 0",
    );
}

#[test]
fn a_cleared_set_is_empty_and_nothing_else_is_m07() {
    play(
        "0s p connect                 | ok
         0s w hello                   | ok
         0s p push a retry=-1         | ok
         0s w fetch default           | a
         0s w fail a                  | ok
         0s p push b                  | ok
         0s w fetch default           | b
         0s w fail b                  | ok
         0s p push c at=90s           | ok
         0s p clear retries           | 1
         0s p sees retries            |
         0s p sees dead               | a×1
         0s p clear dead              | 1
         0s p sees dead               |
         0s p sees scheduled          | c
         0s p clear scheduled         | 1
         0s p sees scheduled          |
         0s p push b                  | ok
         0s p sees default            | b",
    );
}

#[test]
fn latency_is_the_age_of_the_next_job_u05() {
    play(
        "0s p connect                   | ok
         0s p push a queue=q            | ok
         5s p push b queue=q            | ok
         7s p latency q nobody          | nobody=0s q=7s
         7s w hello                     | ok
         7s w fetch q                   | a
         9s p latency q                 | q=4s
         9s w fetch q                   | b
         9s p latency q                 | q=0s",
    );
}

#[test]
fn a_job_that_comes_back_brings_its_removed_queue_with_it_u04() {
    play(
        "0s p connect                | ok
         0s w hello                  | ok
         0s p push a queue=q         | ok
         0s p push b queue=q         | ok
         0s w fetch q                | a
         0s w fetch q                | b
         0s p remove q               | ok
         0s p sees queues            |
         0s w undelivered b          | back
         0s p sees queues            | q:1
         0s p remove q               | ok
         0s w leaves                 | gone
         61s p sees queues           | q:1
         61s p sees q                | a",
    );
}
