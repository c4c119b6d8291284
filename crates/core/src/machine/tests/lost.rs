//! Workers that are lost, come back, or stand still: what becomes of their jobs.

use crate::machine::scenario::play;

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
