//! The rules of jobs as scenarios; see `scenario.rs` for the language.

mod cron;
mod cron_life;
mod deeds;
mod history;
mod keys;
mod track_life;

use super::scenario::{play, play_with};
use crate::limits::Rules;

#[test]
fn jobs_leave_a_queue_in_order_and_the_leftmost_queue_wins_f02() {
    play(
        "0s p connect                   | ok
         0s p push a queue=low          | ok
         0s p push b queue=low          | ok
         0s p push c queue=high         | ok
         0s p sees low                  | b a
         0s w hello                     | ok
         0s w fetch high low            | c
         0s w fetch high low            | a
         0s w fetch nowhere high low    | b
         0s w fetch high low            | waits
         0s p sees working              | c@w a@w b@w
         0s w ack a                     | ok
         0s p sees working              | c@w b@w
         2s                             | w: nothing",
    );
}

#[test]
fn a_fetch_waits_two_seconds_on_all_its_queues_f03() {
    play(
        "0s w1 hello            | ok
         0s w2 hello            | ok
         0s w1 fetch a b        | waits
         1s w2 fetch b          | waits
         1s p connect           | ok
         1s p push x queue=b    | w1: x, ok
         1s p push y queue=b    | w2: y, ok
         1s w1 fetch a          | waits
         3s                     | w1: nothing
         3s p push z queue=a    | ok
         3s w1 fetch a          | z",
    );
}

#[test]
fn a_queue_that_is_named_twice_is_waited_for_once_row_70() {
    play(
        "0s w1 hello            | ok
         0s w1 fetch a b a a    | waits
         1s p connect           | ok
         1s p push x queue=a    | w1: x, ok
         1s p push y queue=a    | ok
         1s w1 fetch b b        | waits
         3s                     | w1: nothing",
    );
}

#[test]
fn a_client_that_vanishes_while_it_waits_strands_nothing() {
    play(
        "0s w1 hello     | ok
         0s w1 fetch q   | waits
         1s w1 leaves    | gone
         1s p connect    | ok
         1s p push x queue=q | ok
         1s p sees q     | x
         1s p fetch q    | x",
    );
}

#[test]
fn a_quiet_worker_gets_no_jobs_on_any_connection_q43() {
    play(
        "0s w1 hello w              | ok
         0s w2 hello w              | ok
         0s w2 fetch q              | waits
         0s w1 beat w               | running
         0s w1 beat w quiet         | quiet
         0s w1 beat w running       | quiet
         1s p connect               | ok
         1s p push x queue=q        | ok
         1s w1 fetch q              | waits
         2s                         | w2: nothing
         3s                         | w1: nothing
         3s w1 beat w terminate     | terminate
         3s w1 beat w quiet         | terminate
         3s p sees q                | x",
    );
}

#[test]
fn a_beat_is_answered_while_the_worker_lives_d10() {
    play(
        "0s w hello                  | ok
         0s p connect                | ok
         0s p beat w quiet           | running
         0s p beat nobody            | Unknown worker nobody
         90s p sees workers          |
         90s w beat w                | running
         90s p sees workers          | w:Running:0
         91s w leaves                | gone
         91s p sees workers          |
         91s p beat w                | Unknown worker w",
    );
}

#[test]
fn a_failed_job_is_retried_until_it_dies_r02_r03() {
    play(
        "0s w hello               | ok
         0s w push a retry=1      | ok
         0s w fetch default       | a
         0s w fail a              | ok
         0s w fail a              | Job not found a
         0s w ack a               | ok
         0s w sees retries        | a×1
         44s w fetch default      | a
         44s w fail a             | ok
         44s w sees retries       |
         44s w sees dead          | a×2
         44s w sees info          | processed 2 failed 2 discarded 0
         181d                     |
         181d w sees dead         |
         181d w sees info         | processed 2 failed 2 discarded 1",
    );
}

#[test]
fn retry_0_is_discarded_and_retry_minus_1_dies_r03() {
    play(
        "0s w hello               | ok
         0s w push a retry=0      | ok
         0s w push b retry=-1     | ok
         0s w fetch default       | a
         0s w fail a              | ok
         0s w fetch default       | b
         0s w fail b              | ok
         0s w sees dead           | b×1
         0s w sees info           | processed 2 failed 2 discarded 0",
    );
}

#[test]
fn a_scheduled_job_joins_the_tail_when_it_is_due_p11() {
    play(
        "0s p connect               | ok
         0s p push later at=10s     | ok
         0s p push past at=0s       | ok
         0s p sees scheduled        | later
         0s p sees default          | past
         9s p push now              | ok
         9s p sees default          | now past
         10s p sees default         | later now past
         11s p push soon at=12s     | ok
         11s p fetch elsewhere      | waits
         12s p sees scheduled       |",
    );
}

#[test]
fn a_due_job_goes_straight_to_who_waits_for_it() {
    play(
        "0s p connect               | ok
         0s p push later at=1s      | ok
         0s w hello                 | ok
         0s w fetch default         | waits
         1s                         | w: later
         1s w sees working          | later@w",
    );
}

#[test]
fn a_reservation_that_expires_is_a_failure_with_back_off_w05() {
    play(
        "0s w hello                   | ok
         0s w push a reserve=60       | ok
         0s w push b reserve=60 retry=0 | ok
         0s w fetch default           | a
         0s w fetch default           | b
         59s w sees working           | a@w b@w
         60s w sees working           |
         60s w sees retries           | a×1
         60s w ack a                  | ok
         60s w fail a                 | Job not found a
         60s w sees info              | processed 2 failed 2 discarded 0",
    );
}

#[test]
fn a_lost_workers_jobs_go_back_to_the_head_in_order_d04() {
    play(
        "0s w hello                 | ok
         0s p connect               | ok
         0s p push a                | ok
         0s p push b                | ok
         0s p push c                | ok
         0s w fetch default         | a
         0s w fetch default         | b
         5s w leaves                | gone
         64s p sees working         | a@w b@w
         65s p sees working         |
         65s p sees default         | c b a
         65s p fetch default        | a
         65s p sees retries         |",
    );
}

#[test]
fn a_lost_workers_jobs_go_to_those_who_wait_oldest_first_d04() {
    play(
        "0s w hello                 | ok
         0s w push a                | ok
         0s w push b                | ok
         0s w fetch default         | a
         0s w fetch default         | b
         5s w leaves                | gone
         64s v hello                | ok
         64s v fetch default        | waits
         64s u hello                | ok
         64s u fetch default        | waits
         65s                        | v: a, u: b",
    );
}

#[test]
fn who_waits_gets_a_lost_workers_job_from_its_leftmost_queue_g07() {
    play(
        "0s w hello                 | ok
         0s w push a queue=high     | ok
         0s w push b queue=low      | ok
         0s w fetch high            | a
         0s w fetch low             | b
         5s w leaves                | gone
         64s v hello                | ok
         64s v fetch high low       | waits
         64s u hello                | ok
         64s u fetch low            | waits
         65s                        | v: a, u: b",
    );
}

#[test]
fn a_worker_that_comes_back_in_time_keeps_its_jobs_d04() {
    play(
        "0s w1 hello w              | ok
         0s w1 push a               | ok
         0s w1 fetch default        | a
         5s w1 leaves               | gone
         60s w2 hello w             | ok
         5m w2 sees working         | a@w
         5m w2 ack a                | ok
         5m w2 sees working         |",
    );
}

#[test]
fn another_pid_under_the_same_wid_is_another_worker_d04() {
    play(
        "0s w1 hello w              | ok
         0s w1 push a               | ok
         0s w1 fetch default        | a
         5s w1 leaves               | gone
         9s w2 hello w pid=2        | ok
         65s w2 sees default        | a
         65s w2 sees workers        | w:Running:0",
    );
}

#[test]
fn a_process_that_began_beside_the_one_before_it_is_known_again_d04() {
    play(
        "0s w1 hello w              | ok
         1s w2 hello w pid=2        | ok
         1s w2 push a               | ok
         1s w2 fetch default        | a
         2s w1 leaves               | gone
         3s w2 leaves               | gone
         4s w3 hello w pid=2        | ok
         90s w3 sees working        | a@w",
    );
}

#[test]
fn a_job_says_what_becomes_of_it_when_its_worker_is_lost_d04() {
    play(
        "0s w hello                     | ok
         0s p connect                   | ok
         0s p push waits lost=wait reserve=600 | ok
         0s p push dies lost=dead       | ok
         0s p push once retry=0         | ok
         0s p push never retry=-1       | ok
         0s w fetch default             | waits
         0s w fetch default             | dies
         0s w fetch default             | once
         0s w fetch default             | never
         0s w leaves                    | gone
         60s p sees working             | waits@w
         60s p sees dead                | dies×1 never×1
         60s p sees default             |
         60s p sees info                | processed 0 failed 0 discarded 0
         600s p sees retries            | waits×1",
    );
}

#[test]
fn a_job_that_loses_three_workers_is_poison_g11() {
    let lose = |n: u32, fetch: u32| {
        format!(
            "{fetch}s w{n} hello | ok
             {fetch}s w{n} fetch default | a
             {fetch}s w{n} leaves | gone"
        )
    };
    let quiet = "300s q hello | ok
                 300s q fetch default | a
                 300s q beat q quiet | quiet
                 300s q leaves | gone
                 360s p sees default | a";
    play(&format!(
        "0s p connect | ok
         0s p push a | ok
         {}
         {}
         {quiet}
         {}
         459s p sees dead |
         460s p sees dead | a×1",
        lose(1, 0),
        lose(2, 100),
        lose(3, 400),
    ));
}

#[test]
fn only_the_own_delivery_is_ended_d03() {
    play(
        "0s w1 hello            | ok
         0s w2 hello            | ok
         0s p connect           | ok
         0s p push a            | ok
         0s w1 fetch default    | a
         0s w2 ack a            | ok
         0s w2 fail a           | Job not found a
         0s p sees working      | a@w1
         0s p ack a             | ok
         0s p sees working      |
         0s p push b            | ok
         0s p fetch default     | b
         0s w2 ack b            | ok
         0s p sees working      |",
    );
}

#[test]
fn equal_jids_do_not_damage_each_other_q46() {
    play(
        "0s w1 hello              | ok
         0s w2 hello              | ok
         0s w1 push a one         | ok
         0s w1 push a two         | ok
         0s w1 fetch default      | a
         0s w2 fetch default      | a
         0s w1 sees working       | a@w1 a@w2
         0s w2 ack a              | ok
         0s w1 sees working       | a@w1
         0s w1 fail a             | ok
         0s w1 sees retries       | a×1",
    );
}

#[test]
fn a_repeated_push_is_the_same_push_for_a_minute_d05() {
    play(
        "0s p connect             | ok
         0s p push a              | ok
         30s p push a             | ok
         30s p sees default       | a
         30s p push a other       | ok
         30s p sees default       | a a
         31s p fetch default      | a
         31s p ack a              | ok
         59s p push a             | ok
         59s p sees default       | a
         62s p push a             | ok
         62s p sees default       | a a",
    );
}

#[test]
fn a_deleted_job_may_be_pushed_again_at_once_d05() {
    play(
        "0s p connect             | ok
         0s p push a              | ok
         1s p delete a            | 1
         1s p push a              | ok
         1s p sees default        | a",
    );
}

#[test]
fn an_undelivered_job_returns_to_the_head_d13() {
    play(
        "0s w hello             | ok
         0s w push a            | ok
         0s w push b            | ok
         0s w fetch default     | a
         0s w undelivered a     | back
         0s w sees default      | b a
         0s w undelivered a     | back
         0s w fetch default     | a
         0s v hello             | ok
         0s v fetch default     | b
         0s v fetch default     | waits
         1s w undelivered a     | back, v: a",
    );
}

#[test]
fn operators_retry_kill_and_delete_but_leave_workers_alone() {
    play(
        "0s w hello               | ok
         0s w push a              | ok
         0s w push b              | ok
         0s w push c at=1h        | ok
         0s w fetch default       | a
         0s w fail a              | ok
         0s w fetch default       | b
         0s w requeue a b c       | 2
         0s w sees default        | c a×1
         0s w kill a b            | 1
         0s w sees dead           | a×1
         0s w requeue a           | 1
         0s w delete a b c        | 2
         0s w sees default        |
         0s w sees working        | b@w",
    );
}

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
fn a_stall_is_no_verdict_about_others_d09() {
    play(
        "0s w hello                 | ok
         0s w push a reserve=60     | ok
         0s w fetch default         | a
         0s v hello                 | ok
         0s v push b                | ok
         0s v fetch default         | b
         0s v leaves                | gone
         100s!                      |
         129s w sees working        | a@w b@v
         129s w ack a               | ok
         130s w sees working        |
         130s w sees default        | b",
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
