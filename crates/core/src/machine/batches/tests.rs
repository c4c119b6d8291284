//! The rules of batches, as tables.

use crate::batch::Call;
use crate::command::{BatchDeed, Command, Plan, Record, Reply, Ticket};
use crate::fact::{Fact, Facts, Family, Span};
use crate::limits::Rules;
use crate::machine::scenario::{play, play_with};
use crate::machine::{Machine, Settled};
use crate::time::Now;

#[test]
fn members_run_at_once_and_callbacks_wait_for_the_commit_e02_e06_e08() {
    play(
        "0s  w  hello                              | ok
         0s  p  batch new A success complete       | A
         0s  p  push a in=A                        | ok
         0s  p  push b in=A                        | ok
         0s  p  batch status A                     | 2/2/0 complete: success: death:
         1s  w  fetch default                      | a
         1s  w  ack a                              | ok
         1s  w  fetch default                      | b
         1s  w  ack b                              | ok
         1s  w  ack b                              | ok
         1s  p  batch status A                     | 2/0/0 complete: success: death:
         1s  w  fetch default                      | waits
         2s  p  batch commit A                     | w: A-complete, ok
         2s  p  batch status A                     | 2/0/0 complete:1 success: death:
         2s  w  fetch default                      | waits
         3s  w2 hello                              | ok
         3s  w3 connect                            | ok
         3s  w3 ack A-complete                     | w: A-success, ok
         3s  p  batch status A                     | 2/0/0 complete:2 success:1 death:
         3s  w  ack A-success                      | ok
         3s  p  batch status A                     | 2/0/0 complete:2 success:2 death:
         3s  p  sees batch=A                       | succeeded:
         3s  p  batch commit A                     | ok
         4s  w  fetch default                      | waits
         6s                                        | w: nothing",
    );
}

#[test]
fn an_empty_batch_calls_at_once_e09() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | A-success
         0s  p  batch new B complete=q success     | B
         0s  p  batch commit B                     | ok
         0s  p  fetch default q                    | B-complete
         0s  p  fail B-complete                    | ok
         0s  p  batch status B                     | 0/0/0 complete:1 success: death:
         0s  p  sees batch=B                       | running: complete retries",
    );
}

#[test]
fn what_failed_completes_a_batch_and_its_retry_leads_to_success_e07_d22() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success complete       | A
         0s  p  push a in=A                        | ok
         0s  p  push b in=A                        | ok
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | a
         0s  p  ack a                              | ok
         0s  p  fetch default                      | b
         0s  p  sees batch=A                       | running: 1 members
         0s  p  fail b                             | ok
         0s  p  batch status A                     | 2/1/1 complete:1 success: death:
         0s  p  sees batch=A                       | failing: 1 failing, complete queued
         0s  p  fetch default                      | A-complete
         0s  p  ack A-complete                     | ok
         0s  p  batch status A                     | 2/1/1 complete:2 success: death:
         0s  p  requeue b                          | 1
         0s  p  fetch default                      | b
         0s  p  ack b                              | ok
         0s  p  batch status A                     | 2/0/0 complete:2 success:1 death:
         0s  p  fetch default                      | A-success",
    );
}

#[test]
fn a_member_that_is_gone_otherwise_keeps_success_away_and_complete_comes_d22() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success complete death | A
         0s  p  push a in=A                        | ok
         0s  p  push b in=A retry=0                | ok
         0s  p  push c in=A retry=-1               | ok
         0s  p  batch commit A                     | ok
         0s  p  delete a                           | 1
         0s  p  fetch default                      | b
         0s  p  fail b                             | ok
         0s  p  batch status A                     | 3/3/2 complete: success: death:
         0s  p  sees batch=A                       | running: 1 members, never: 2 gone
         0s  p  fetch default                      | c
         0s  p  fail c                             | ok
         0s  p  batch status A                     | 3/3/3 complete:1 success: death:1
         0s  p  fetch default                      | A-complete
         0s  p  fetch default                      | A-death.
         0s  p  ack A-complete                     | ok
         0s  p  ack A-death.                       | ok
         0s  p  sees batch=A                       | failing: 1 failing, never: 2 gone
         0s  p  clear dead                         | 1
         0s  p  sees batch=A                       | failed:
         0s  p  batch status A                     | 3/3/3 complete:2 success: death:2",
    );
}

#[test]
fn cleared_queues_and_jobs_that_time_ends_count_too() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A complete               | A
         0s  p  push a in=A queue=q                | ok
         0s  p  push b in=A queue=q                | ok
         0s  p  push c in=A                        | ok
         0s  p  batch commit A                     | ok
         0s  p  empty q                            | 2
         0s  p  batch status A                     | 3/3/2 complete: success: death:
         0s  p  discard c                          | 1
         0s  p  batch status A                     | 3/3/2 complete: success: death:
         0s  p  restore c                          | 1
         0s  p  discard c                          | 1
         60s p  batch status A                     | 3/3/3 complete:1 success: death:
         60s p  fetch default                      | A-complete",
    );
}

#[test]
fn death_is_told_once_and_of_the_dead_set_however_a_job_gets_there() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A death                  | A
         0s  p  push a in=A                        | ok
         0s  p  push b in=A                        | ok
         0s  p  kill a                             | 1
         0s  p  batch status A                     | 2/2/1 complete: success: death:
         0s  p  batch commit A                     | ok
         0s  p  batch status A                     | 2/2/1 complete: success: death:1
         0s  p  kill b                             | 1
         0s  p  requeue a                          | 1
         0s  p  batch status A                     | 2/2/1 complete: success: death:1
         0s  p  fetch default                      | A-death.
         0s  p  ack A-death.                       | ok
         0s  p  batch status A                     | 2/2/1 complete: success: death:2",
    );
}

#[test]
fn a_batch_is_opened_again_and_calls_once_e03_e04() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  push a in=A                        | ok
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | a
         0s  p  batch open A                       | A
         0s  p  push b in=A                        | ok
         0s  p  ack a                              | ok
         0s  p  batch status A                     | 2/1/0 complete: success: death:
         0s  p  fetch default                      | b
         0s  p  ack b                              | ok
         0s  p  sees batch=A                       | open: commit, or closed in 1800s
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | A-success
         0s  p  ack A-success                      | ok
         0s  p  batch open A                       | A
         0s  p  push c in=A                        | ok
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | c
         0s  p  ack c                              | ok
         0s  p  batch status A                     | 3/0/0 complete: success:2 death:
         0s  p  sees batch=A                       | succeeded:",
    );
}

#[test]
fn one_that_is_opened_and_left_is_closed_and_one_that_is_never_committed_forgotten_e12_d19() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  batch new B success                | B
         0s  p  push b in=B                        | ok
         0s  p  batch commit A                     | ok
         0s  p  batch open A                       | A
         0s  p  fetch default                      | b
         29m p  batch status B                     | 1/1/0 complete: success: death:
         29m p  batch status A                     | 0/0/0 complete: success:1 death:
         30m p  batch status B                     | No such batch B
         30m p  sees batch=A                       | running: success queued
         30m p  push c in=B                        | No such batch B
         30m p  fetch default                      | A-success
         31m p  batch new C success                | C
         60m p  batch open C                       | C
         89m p  sees batch=C                       | open: commit, or forgotten in 60s
         90m p  sees batch=C                       | no such batch",
    );
}

#[test]
fn a_parent_waits_for_its_children_and_their_callbacks_e11() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success complete       | A
         0s  p  batch new B success parent=A       | B
         0s  p  batch new C success complete parent=B | C
         0s  p  push c in=C                        | ok
         0s  p  batch commit A                     | ok
         0s  p  batch commit B                     | ok
         0s  p  sees batch=A                       | running: 1 children: b
         0s  p  batch commit C                     | ok
         0s  p  fetch default                      | c
         0s  p  ack c                              | ok
         0s  p  fetch default                      | C-complete
         0s  p  ack C-complete                     | ok
         0s  p  sees batch=B                       | running: 1 children: c
         0s  p  fetch default                      | C-success
         0s  p  ack C-success                      | ok
         0s  p  fetch default                      | B-success
         0s  p  batch status A                     | 0/0/0 complete: success: death:
         0s  p  ack B-success                      | ok
         0s  p  fetch default                      | A-complete
         0s  p  ack A-complete                     | ok
         0s  p  fetch default                      | A-success
         0s  p  ack A-success                      | ok
         0s  p  sees batch=A                       | succeeded:",
    );
}

#[test]
fn a_step_callback_opens_the_parent_and_adds_the_next_child_e11() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  batch new B success parent=A       | B
         0s  p  batch commit B                     | ok
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | B-success
         0s  p  batch open A                       | A
         0s  p  batch new C success parent=A       | C
         0s  p  batch commit C                     | ok
         0s  p  batch commit A                     | ok
         0s  p  ack B-success                      | ok
         0s  p  sees batch=A                       | running: 1 children: c
         0s  p  fetch default                      | C-success
         0s  p  ack C-success                      | ok
         0s  p  fetch default                      | A-success",
    );
}

#[test]
fn a_child_that_fails_or_is_forgotten_does_not_hold_up_complete() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success complete       | A
         0s  p  batch new B complete parent=A      | B
         0s  p  batch new C success parent=A       | C
         0s  p  push b in=B retry=-1               | ok
         0s  p  batch commit A                     | ok
         0s  p  batch commit B                     | ok
         0s  p  fetch default                      | b
         0s  p  fail b                             | ok
         0s  p  fetch default                      | B-complete
         0s  p  ack B-complete                     | ok
         0s  p  sees batch=A                       | running: 1 children: c
         30m p  sees batch=A                       | running: complete queued
         30m p  fetch default                      | A-complete
         30m p  ack A-complete                     | ok
         30m p  sees batch=A                       | running:
         30m p  delete b                           | 1
         30m p  sees batch=B                       | failed:
         40h p  sees batch=B                       | no such batch
         40h p  sees batch=A                       | failed:",
    );
}

#[test]
fn a_cancelled_batch_calls_nobody_and_what_waits_is_deleted() {
    play(
        "0s  w  hello                              | ok
         0s  p  batch new A success complete       | A
         0s  p  batch new B success parent=A       | B
         0s  p  push a in=A                        | ok
         0s  p  push b in=A                        | ok
         0s  p  push c in=A at=1h                  | ok
         0s  p  push d in=B                        | ok
         0s  p  push e                             | ok
         0s  p  batch commit A                     | ok
         0s  w  fetch default                      | a
         0s  p  batch cancel A                     | 2
         1s  p  sees default                       | e
         1s  p  sees scheduled                     |
         1s  p  sees batch=A                       | cancelled: 1 members
         1s  p  sees batch=B                       | cancelled:
         1s  p  push f in=A                        | batch A was cancelled
         1s  p  batch open A                       | batch A was cancelled
         1s  p  batch new D success parent=B       | batch B was cancelled
         1s  w  fail a                             | ok
         2s  p  sees retries                       |
         2s  p  sees batch=A                       | cancelled:
         2s  p  batch cancel A                     | 0
         2s  p  batch status A                     | 3/3/3 complete: success: death:",
    );
}

#[test]
fn a_repair_pushes_a_callback_that_was_deleted() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  batch commit A                     | ok
         0s  p  delete A-success                   | 1
         0s  p  sees batch=A                       | failed: success nowhere
         0s  p  batch repair A                     | 1
         0s  p  sees batch=A                       | running: success queued
         0s  p  batch repair A                     | 0
         0s  p  fetch default                      | A-success
         0s  p  ack A-success                      | ok
         0s  p  batch repair A                     | 0
         0s  p  sees batch=A                       | succeeded:
         0s  p  batch repair X                     | No such batch X",
    );
}

#[test]
fn a_batch_whose_callback_has_ended_without_ack_is_known_for_a_while_and_not_waited_for_for_ever() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success complete       | A
         0s  p  batch new B success parent=A       | B
         0s  p  batch commit A                     | ok
         0s  p  batch commit B                     | ok
         0s  p  fetch default                      | B-success
         0s  p  fail B-success                     | ok
         0s  p  sees batch=B                       | running: success retries
         0s  p  delete B-success                   | 1
         0s  p  batch status B                     | 0/0/0 complete: success:1 death:
         0s  p  sees batch=B                       | failed: success nowhere
         0s  p  sees batch=A                       | running: 1 children: b
         23h p  sees batch=B                       | failed: success nowhere
         24h p  sees batch=B                       | no such batch
         24h p  fetch default                      | A-complete
         24h p  ack A-complete                     | ok
         24h p  sees batch=A                       | failed:",
    );
}

#[test]
fn no_limit_on_queues_keeps_a_callback_back() {
    play_with(
        Rules { queues_max: 1, ..Rules::default() },
        "0s  p  connect                            | ok
         0s  p  batch new A success=other          | A
         0s  p  push a in=A                        | ok
         0s  p  push b queue=other                 | too many queues, limit 1
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | a
         0s  p  ack a                              | ok
         0s  p  fetch other                        | A-success",
    );
}

#[test]
fn as_many_batches_as_the_limit_says_and_those_that_are_over_make_room() {
    play_with(
        Rules { batches_max: 2, ..Rules::default() },
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  batch new B success                | B
         0s  p  batch new C success                | too many batches, limit 2
         0s  p  batch commit A                     | ok
         0s  p  fetch default                      | A-success
         0s  p  ack A-success                      | ok
         0s  p  batch new C success                | C
         0s  p  batch status A                     | No such batch A
         0s  p  batch status B                     | 0/0/0 complete: success: death:",
    );
}

#[test]
fn batches_stand_one_below_the_other_up_to_a_limit_d23() {
    let mut table = String::from("0s p batch new A0 success | A0\n");
    for depth in 1..1_000 {
        table += &format!("0s p batch new A{depth} success parent=A{} | A{depth}\n", depth - 1);
    }
    table += "0s p batch new B success parent=A999 | batches nested too deeply, limit 1000\n";
    table += "0s p batch new B success parent=A998 | B\n";
    play(&table);
}

#[test]
fn flush_forgets_batches_and_a_cleared_member_is_no_member() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  push a in=A                        | ok
         0s  p  flush                              | 1
         0s  p  batch status A                     | No such batch A
         0s  p  batch commit A                     | No such batch A
         30m p  push b                             | ok",
    );
}

#[test]
fn the_same_push_is_one_member_d05() {
    play(
        "0s  p  connect                            | ok
         0s  p  batch new A success                | A
         0s  p  push a in=A                        | ok
         0s  p  push a in=A                        | ok
         0s  p  batch status A                     | 1/1/0 complete: success: death:
         0s  p  fetch default                      | a
         0s  p  ack a                              | ok
         0s  p  push a in=A                        | ok
         0s  p  batch status A                     | 1/0/0 complete: success: death:",
    );
}

struct Nowhere;

impl Facts for Nowhere {
    fn record(&mut self, _: &Fact<'_>) -> Span {
        Span::default()
    }

    fn release(&mut self, _: Span) {}
}

#[test]
fn what_a_lost_worker_had_comes_before_the_callback_of_its_death_g07() {
    play(
        "0s   w1 hello                             | ok
         0s   p  batch new A death                 | A
         0s   p  push a in=A lost=dead             | ok
         0s   p  push b                            | ok
         0s   p  batch commit A                    | ok
         0s   w1 fetch default                     | a
         0s   w1 fetch default                     | b
         1s   w1 leaves                            | gone
         60s  w2 hello                             | ok
         60s  w2 fetch default                     | waits
         61s                                       | w2: b
         61s  w2 fetch default                     | A-death.",
    );
}

#[test]
fn a_paused_queue_that_is_emptied_keeps_what_a_batch_pushes_then_and_counts_what_was_deleted() {
    play(
        "0s  w  hello                              | ok
         0s  p  batch new A complete               | A
         0s  p  push a in=A                        | ok
         0s  p  batch commit A                     | ok
         0s  p  pause default                      | ok
         0s  w  fetch default                      | waits
         0s  p  empty default                      | 1
         0s  p  sees default                       | A-complete
         1s  p  resume default                     | w: A-complete, ok",
    );
}

#[test]
fn batches_come_over_from_another_store() {
    let (mut one, mut other) =
        (Machine::new(Rules::default(), [1, 2]), Machine::new(Rules::default(), [3, 4]));
    let mut out = Settled::default();
    let callbacks = [Some(r#"{"jobtype":"S"}"#), None, None];
    let new = BatchDeed::New(Plan { description: "d", parent: None, callbacks });
    one.apply(Now::default(), Ticket(1), Command::Batch(new), &mut Nowhere, &mut out);
    let Some((_, Reply::Bid(bid))) = out.replies.pop() else { panic!("no batch") };
    let records: Vec<Record> = one
        .kept()
        .map(|(family, key, value)| Record { family, key: key.into(), value: Some(value.into()) })
        .collect();
    assert!(records.iter().all(|record| record.family == Family::Batch) && records.len() == 2);
    for record in &records {
        other.adopt_record(record, &mut Nowhere).expect("within the limits");
    }
    other.check().expect("whole");
    assert_eq!((other.dump(), other.batch_view(&bid)), (one.dump(), one.batch_view(&bid)));
    // And what was promised is kept.
    other.apply(
        Now::default(),
        Ticket(1),
        Command::Batch(BatchDeed::Commit { bid: &bid }),
        &mut Nowhere,
        &mut out,
    );
    assert_eq!(other.batch_view(&bid).map(|view| view.calls[0]), Some(Call::Pushed));
    let beyond = Record { family: Family::Batch, key: vec![b'k'; 256], value: Some(Vec::new()) };
    assert!(other.adopt_record(&beyond, &mut Nowhere).is_err());
}
