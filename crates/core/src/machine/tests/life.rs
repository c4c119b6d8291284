//! The life of a job: fetched, ended, failed, retried, scheduled, reserved; and what is one push and what are two.

use crate::machine::scenario::play;

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
fn who_shows_a_lease_ends_that_delivery_and_no_other_g09_d03() {
    play(
        "0s w1 hello                | ok
         0s w2 hello                | ok
         0s w1 push a one reserve=60 | ok
         0s w1 push a two reserve=60 | ok
         0s w1 fetch default        | a
         0s w2 fetch default        | a
         # Its own worker has the other one.
         0s w1 ack a lease=2        | ok
         0s w1 sees working         | a@w1
         0s w1 ack a lease=2        | ok
         0s w1 fail a lease=2       | Job not found a
         0s w1 fail a lease=none    | Job not found a
         0s w1 sees working         | a@w1
         # The reservation is over, the same worker has the job again, and its first attempt reports late.
         60s w1 sees retries        | a×1
         60s w1 requeue a           | 1
         60s w1 fetch default       | a
         60s w1 ack a lease=1       | ok
         60s w1 fail a lease=1      | Job not found a
         60s w1 sees working        | a×1@w1
         60s w1 ack a lease=3       | ok
         60s w1 sees working        |",
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
