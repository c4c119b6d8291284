//! What operators do to jobs and queues, and what can be seen of it; see `scenario.rs` for the language.

use crate::limits::Rules;
use crate::machine::scenario::{play, play_with};

#[test]
fn a_released_job_goes_back_to_the_head_and_its_worker_is_late_a03() {
    play(
        "0s w hello                 | ok
         0s p connect               | ok
         0s p push a retry=0        | ok
         0s p push b                | ok
         0s p push c                | ok
         0s p push d at=1h          | ok
         0s w fetch default         | a
         0s w fetch default         | b
         5s p release b a c d nobody | 2
         5s p attempts              | ? released of T in default by w: waited 0s ran 5s, \
                                      ? released of T in default by w: waited 0s ran 5s
         5s p sees working          |
         5s p sees default          | c b a
         6s p latency default       | default=1s
         6s w ack a                 | ok
         6s w fail b                | Job not found b
         6s p sees default          | c b a
         6s p sees info             | processed 0 failed 0 discarded 0
         6s v hello                 | ok
         6s v fetch default         | a
         6s w fail a                | Job not found a
         6s v fail a                | ok
         6s p sees default          | c b
         7s w leaves                | gone
         99s p sees default         | c b",
    );
}

#[test]
fn a_released_job_goes_to_who_waits_and_brings_its_queue_with_it_g07_u04() {
    play(
        "0s w hello                 | ok
         0s p connect               | ok
         0s p push a queue=q        | ok
         0s w fetch q               | a
         0s p remove q              | ok
         0s p release a             | 1
         0s p sees queues           | q:1
         0s v hello                 | ok
         0s v fetch q               | a
         1s v fetch q               | waits
         1s p release a             | v: a, 1
         1s p sees working          | a@v",
    );
}

#[test]
fn a_cleared_queue_is_empty_and_as_paused_as_it_was_u03() {
    play(
        "0s p connect                 | ok
         0s p push a queue=q          | ok
         0s p push b queue=q at=90s   | ok
         0s p push c queue=other      | ok
         0s p pause q                 | ok
         1s p empty q                 | 1
         1s p sees queues             | other:1 q:0:paused
         1s p empty nobody            | 0
         1s p sees queues             | other:1 q:0:paused
         1s p push a queue=q          | ok
         1s p sees q                  | a
         91s p sees q                 | b a",
    );
}

#[test]
fn a_queue_knows_who_came_and_left_and_is_being_worked_on() {
    play(
        "0s p connect               | ok
         0s w hello                 | ok
         0s p push a queue=q        | ok
         0s p push b queue=q        | ok
         0s w fetch q               | a
         0s p sees traffic          | q:+2-1@1
         0s w fetch q               | b
         0s w fetch q               | waits
         1s p push c queue=q        | w: c, ok
         1s p sees traffic          | q:+3-3@3
         1s w ack a                 | ok
         1s w fail b                | ok
         1s p release c             | 1
         1s p sees traffic          | q:+4-3@0
         1s p delete c              | 1
         1s p sees traffic          | q:+4-4@0
         1s p push d queue=q at=2s  | ok
         1s p sees traffic          | q:+4-4@0
         2s p sees traffic          | q:+5-4@0
         2s p flush                 | 2
         2s p sees traffic          |",
    );
}

#[test]
fn a_worker_shows_the_queues_of_its_last_fetch() {
    play(
        "0s w hello                 | ok
         0s v hello w               | ok
         0s p connect               | ok
         0s p sees asked            | w=
         0s w fetch a b             | waits
         1s p sees asked            | w=a,b
         1s v fetch b a c           | waits
         1s p sees asked            | w=b,a,c
         1s p fetch z               | waits
         1s p sees asked            | w=b,a,c
         3s                         | w: nothing, v: nothing, p: nothing",
    );
    let names: Vec<String> = (0..300).map(|n| format!("q{n}")).collect();
    let shown = format!("w={}", names[..256].join(","));
    play(&format!(
        "0s w hello | ok
         0s w fetch {} | waits
         0s w sees asked | {shown}
         0s w fetch {} | waits
         0s w sees asked | {shown}",
        names.join(" "),
        names[..256].join(" "),
    ));
}

#[test]
fn what_is_discarded_is_out_of_sight_and_goes_for_good_in_time() {
    play(
        "0s p connect               | ok
         0s w hello                 | ok
         0s p push a                | ok
         0s p push b                | ok
         0s p push c at=1h          | ok
         0s p push d                | ok
         0s p push e                | ok
         0s w fetch default         | a
         0s w fail a                | ok
         0s p kill e                | 1
         0s w fetch default         | b
         1s p discard a b c d e     | 4
         1s p discard a d           | 0
         1s p kill a d              | 0
         1s p requeue a d           | 0
         1s p sees discarded        | a×1 c d e
         1s p sees default          |
         1s p sees scheduled        |
         1s p sees retries          |
         1s p sees dead             |
         1s p sees working          | b@w
         1s p sees jid=d            |
         1s p latency default       | default=0s
         1s w fetch default         | waits
         3s                         | w: nothing
         60s p sees discarded       | a×1 c d e
         61s p sees discarded       |
         61s p restore a c d e      | 0
         61s p sees info            | processed 1 failed 1 discarded 0",
    );
}

#[test]
fn what_is_restored_stands_where_it_stood() {
    play(
        "0s p connect               | ok
         0s w hello                 | ok
         0s p push a                | ok
         0s p push b                | ok
         0s p push c                | ok
         0s p push d                | ok
         0s p push e                | ok
         0s p push s at=1h          | ok
         0s p push k                | ok
         0s p kill k                | 1
         1s p discard d b a c       | 4
         1s p sees default          | e
         2s p restore b             | 1
         2s p sees default          | e b
         2s p restore d s           | 1
         2s p sees default          | e d b
         2s p push f                | ok
         2s p discard f             | 1
         2s p push g                | ok
         2s p restore c f a         | 3
         2s p sees default          | g f e d c b a
         3s p latency default       | default=3s
         3s p discard s k g f a     | 5
         3s p restore k s           | 2
         3s p sees scheduled        | s
         3s p sees dead             | k
         3s p clear discarded       | 3
         3s p restore a f g         | 0
         3s p sees default          | e d c b",
    );
}

#[test]
fn a_restored_job_is_due_at_once_or_goes_to_who_waits_g07() {
    play(
        "0s p connect               | ok
         0s w hello                 | ok
         0s p push a at=5s queue=q  | ok
         0s p push b queue=q        | ok
         0s p push c queue=q        | ok
         1s p discard a b c         | 3
         1s p remove q              | ok
         1s p sees queues           |
         1s w fetch q               | waits
         2s p restore c b           | w: b, 2
         2s p sees queues           | q:1
         9s p sees q                | c
         9s p restore a             | 1
         9s p sees scheduled        |
         9s p sees q                | a c",
    );
}

#[test]
fn a_restored_dead_job_counts_in_the_dead_set_d28() {
    play_with(
        Rules { dead_max: 2, ..Rules::default() },
        "0s p connect         | ok
         0s p push a          | ok
         0s p push b          | ok
         0s p push c          | ok
         1s p kill a          | 1
         2s p discard a       | 1
         3s p kill b          | 1
         4s p kill c          | 1
         5s p restore a       | 1
         5s p sees dead       | b c",
    );
}

#[test]
fn a_discarded_job_is_still_the_same_push_until_it_is_gone_d05() {
    play(
        "0s p connect             | ok
         0s p decrees undo=10s    | so be it
         0s p push a              | ok
         1s p discard a           | 1
         2s p push a              | ok
         2s p sees default        |
         3s p restore a           | 1
         3s p sees default        | a
         4s p discard a           | 1
         14s p push a             | ok
         14s p sees default       | a
         15s p decrees undo=0s    | so be it
         15s p discard a          | 1
         15s p sees discarded     |
         15s p push a             | ok
         15s p sees default       | a",
    );
}

#[test]
fn flush_forgets_what_was_discarded_n03() {
    play(
        "0s p connect             | ok
         0s p push a              | ok
         0s p push b              | ok
         1s p discard a           | 1
         1s p flush               | 2
         1s p sees discarded      |
         1s p restore a           | 0
         1s p push a              | ok
         1s p sees default        | a",
    );
}

#[test]
fn a_moved_job_keeps_its_state_and_says_its_new_queue() {
    play(
        "0s p connect               | ok
         0s w hello                 | ok
         0s p push a                | ok
         0s p push b                | ok
         0s p push c queue=q        | ok
         0s p push s at=9s          | ok
         0s p push k                | ok
         0s p kill k                | 1
         0s w fetch default         | a
         0s w fail a                | ok
         0s p push x                | ok
         0s w fetch default         | b
         1s p move q a b c s k x    | 4
         1s p sees q                | x>q c
         1s p sees default          |
         1s p sees scheduled        | s>q
         1s p sees retries          | a>q×1
         1s p sees dead             | k>q
         1s p sees working          | b@w
         2s w fetch q               | c
         2s w fetch q               | x>q
         2s p requeue a             | 1
         2s w fetch default q       | a>q
         2s w fail a                | ok
         9s w fetch q               | s>q
         9s w undelivered s         | back
         9s p move other s          | 1
         9s p sees queues           | default:0 other:1 q:0
         9s p move default nobody s | 1
         9s p sees default          | s>default",
    );
}

#[test]
fn a_moved_job_goes_to_who_waits_there_and_a_queue_too_many_is_refused_g07() {
    play_with(
        Rules { queues_max: 2, ..Rules::default() },
        "0s p connect               | ok
         0s w hello                 | ok
         0s p push a                | ok
         0s p push b at=9s          | ok
         0s w fetch q               | waits
         1s p move q a              | w: a>q, 1
         1s p move third b          | too many queues, limit 2
         1s p sees queues           | default:0 q:0
         1s p pause q               | ok
         9s p move q b              | 1
         9s p sees queues           | default:0 q:1:paused
         9s p latency q             | q=0s",
    );
}

#[test]
fn an_edited_job_stands_where_it_stood_with_all_that_happened_to_it() {
    play(
        "0s p connect                | ok
         0s w hello                  | ok
         0s p push f                 | ok
         0s w fetch default          | f
         0s w fail f                 | ok
         0s p push a                 | ok
         0s p push b                 | ok
         0s p push c                 | ok
         0s p push s at=90s          | ok
         1s p edit b retry=0         | 1
         1s p edit a new             | 1
         1s p edit c new             | 1
         1s p sees default           | c b a
         1s p edit f more            | 1
         1s p edit s more            | 1
         1s p sees retries           | f×1
         1s p sees scheduled         | s
         2s w fetch default          | a
         2s p edit a again           | 0
         2s w fetch default          | b
         2s w fail b                 | ok
         2s p sees retries           | f×1
         3s p edit f now             | 1
         3s p sees default           | f×1 c
         3s p edit f seen=long.ago   | 0
         4s p push a                 | ok
         4s p sees default           | f×1 c
         4s p edit c queue=q         | 1
         4s p sees q                 | c
         4s p sees default           | f×1
         5s p discard c              | 1
         5s p edit c more            | 0
         6s w fetch q                | waits
         7s p edit f queue=q         | w: f, 1",
    );
}

#[test]
fn an_edited_job_has_lost_as_many_workers_as_before_g11() {
    play(
        "0s p connect | ok
         0s p push a | ok
         0s w1 hello | ok
         0s w1 fetch default | a
         0s w1 leaves | gone
         100s p edit a new | 1
         100s w2 hello | ok
         100s w2 fetch default | a
         100s w2 leaves | gone
         200s p edit a newer | 1
         200s w3 hello | ok
         200s w3 fetch default | a
         200s w3 leaves | gone
         259s p sees dead |
         260s p sees dead | a×1",
    );
}

#[test]
fn an_edited_job_that_has_failed_keeps_its_place_among_others() {
    play(
        "0s p connect           | ok
         0s w hello             | ok
         0s p push b            | ok
         0s w fetch default     | b
         0s w fail b            | ok
         1s p push a            | ok
         1s p requeue b         | 1
         1s p push c            | ok
         1s p sees default      | c b×1 a
         2s p edit b new        | 1
         2s p sees default      | c b×1 a
         3s w fetch default     | a
         3s w fetch default     | b
         3s w fetch default     | c",
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
