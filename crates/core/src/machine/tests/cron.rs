//! What cron entries do, as tables (rule E-50); see `scenario.rs` for the language. The stage opens at 22:13:20 UTC.

use crate::limits::Rules;
use crate::machine::scenario::{play, play_with};

#[test]
fn an_entry_ticks_when_it_says_and_its_job_is_pushed() {
    play(
        "0s   p connect                          | ok
         0s   p has a schedule=*/5_*_*_*_*       | so be it
         0s   p has b schedule=@hourly queue=q   | so be it
         0s   p sees crons                       | a=22:15:00 b=23:00:00
         99s  p sees default                     | no such queue
         100s p sees default                     | a-20231114T221500Z
         100s p sees cron=a                      | 22:15:00 pushed@queued
         401s p sees default                     | a-20231114T222000Z a-20231114T221500Z
         401s p sees q                           | no such queue
         50m  p sees q                           | b-20231114T230000Z
         50m  p sees cron=nobody                 | no such queue",
    );
}

#[test]
fn a_new_entry_has_no_tick_in_the_past() {
    play(
        "0s    p connect                         | ok
         101s  p has a schedule=*/5_*_*_*_* missed=all | so be it
         101s  p sees default                    | no such queue
         399s  p sees default                    | no such queue
         400s  p sees default                    | a-20231114T222000Z",
    );
}

#[test]
fn a_run_follows_its_job_to_the_end() {
    play(
        "0s    p connect                         | ok
         0s    w hello                           | ok
         0s    p has a schedule=@every_1m        | so be it
         40s   p sees cron=a                     | 22:14:00 pushed@queued
         41s   w fetch default                   | a-20231114T221400Z
         41s   p sees cron=a                     | 22:14:00 pushed@working
         42s   w fail a-20231114T221400Z         | ok
         42s   p sees cron=a                     | 22:14:00 pushed×1@retries
         50s   p requeue a-20231114T221400Z      | 1
         50s   w fetch default                   | a-20231114T221400Z
         51s   w ack a-20231114T221400Z          | ok
         51s   p sees cron=a                     | 22:14:00 done×1
         51s   p lacks a                         | so be it
         51s   p has a schedule=@every_1m retry=-1 | so be it
         101s  w fetch default                   | a-20231114T221500Z
         102s  w fail a-20231114T221500Z         | ok
         102s  p sees cron=a                     | 22:15:00 died×1@dead, 22:14:00 done×1
         103s  p requeue a-20231114T221500Z      | 1
         103s  p sees cron=a                     | 22:15:00 pushed×1@queued, 22:14:00 done×1
         104s  p kill a-20231114T221500Z         | 1
         104s  p delete a-20231114T221500Z       | 1
         104s  p sees cron=a                     | 22:15:00 died×1, 22:14:00 done×1
         104s  p has a schedule=@every_1m retry=0 | so be it
         160s  w fetch default                   | a-20231114T221600Z
         160s  w fail a-20231114T221600Z         | ok
         160s  p sees cron=a                     | 22:16:00 discarded×1, 22:15:00 died×1, 22:14:00 done×1
         220s  p delete a-20231114T221700Z       | 1
         280s  p empty default                   | 1
         340s  p flush                           | 1
         341s  p lacks a                         | so be it
         341s  p has a schedule=@every_1m        | so be it
         341s  p sees cron=a                     | 22:19:00 deleted, 22:18:00 deleted, 22:17:00 deleted, \
                                                   22:16:00 discarded×1, 22:15:00 died×1, 22:14:00 done×1",
    );
}

#[test]
fn a_job_goes_to_who_waits_for_it() {
    play(
        "0s    w hello                           | ok
         0s    w has a schedule=@every_10s       | so be it
         39s   w fetch default                   | a-20231114T221330Z
         39s   w fetch default                   | a-20231114T221340Z
         39s   w fetch default                   | a-20231114T221350Z
         39s   w fetch default                   | waits
         40s                                     | w: a-20231114T221400Z",
    );
}

#[test]
fn what_was_missed_is_made_up_for_as_the_entry_says_g16() {
    play(
        "0s    p connect                         | ok
         0s    p has all schedule=@every_1h missed=all queue=all | so be it
         0s    p has once schedule=@every_1h missed=once queue=once | so be it
         0s    p has skip schedule=@every_1h missed=skip queue=skip | so be it
         0s    p sees crons                      | all=23:00:00 once=23:00:00 skip=23:00:00
         3h!                                     |
         3h    p sees all                        | all-20231115T010000Z all-20231115T000000Z all-20231114T230000Z
         3h    p sees once                       | once-20231115T010000Z
         3h    p sees skip                       | no such queue
         3h    p sees cron=once                  | 01:00:00 pushed@queued, 00:00:00 missed 2 ticks
         3h    p sees cron=skip                  | 01:00:00 missed 3 ticks
         10030s! p sees skip                     | no such queue
         6h    p sees skip                       | skip-20231115T040000Z skip-20231115T030000Z skip-20231115T020000Z",
    );
    // 23:00 is 2,800 seconds after the beginning. Late by a minute is in time, by more is not.
    for (late, ran) in [(2_860, "23:00:00 pushed@queued"), (2_861, "23:00:00 missed")] {
        play(&format!(
            "0s p connect | ok
             0s p has a schedule=@every_1h missed=skip | so be it
             1s p sees crons | a=23:00:00
             {late}s! p sees cron=a | {ran}"
        ));
    }
}

#[test]
fn of_many_missed_ticks_a_hundred_are_made_up_for() {
    // The first tick is 40 seconds after the beginning.
    for (ticks, made_up) in [(99, 99), (100, 100), (101, 100), (5_000, 100)] {
        play(&format!(
            "0s p connect | ok
             0s p has a schedule=@every_1m missed=all queue=q | so be it
             1s p sees crons | a=22:14:00
             {}s! p sees queues | q:{made_up}",
            ticks * 60 - 20,
        ));
    }
}

#[test]
fn a_paused_entry_does_not_tick_and_what_it_missed_is_gone() {
    play(
        "0s    p connect                         | ok
         0s    p has a schedule=@every_1m missed=all | so be it
         0s    p cron pause a                    | ok
         0s    p cron pause a                    | ok
         0s    p sees crons                      | a=paused
         170s  p sees default                    | no such queue
         170s  p cron resume a                   | ok
         170s  p cron resume a                   | ok
         170s  p sees cron=a                     | 22:16:00 paused 3 ticks
         170s  p sees crons                      | a=22:17:00
         220s  p sees default                    | a-20231114T221700Z
         220s  p cron pause nobody               | Unknown cron entry nobody
         221s  p cron pause a                    | ok
         230s  p cron resume a                   | ok
         230s  p sees cron=a                     | 22:17:00 pushed@queued, 22:16:00 paused 3 ticks",
    );
}

#[test]
fn a_run_by_hand_changes_no_tick() {
    play(
        "0s    p connect                         | ok
         0s    p has a schedule=@every_1m        | so be it
         1s    p cron run a                      | a-20231114T221321.000001Z
         1s    p cron run a                      | a-20231114T221321.000002Z
         1s    p sees cron=a                     | 22:13:21 by hand pushed@queued, 22:13:21 by hand pushed@queued
         2s    p cron pause a                    | ok
         2s    p cron run a                      | a-20231114T221322.000001Z
         3s    p cron resume a                   | ok
         40s   p sees default                    | a-20231114T221400Z a-20231114T221322.000001Z \
                                                   a-20231114T221321.000002Z a-20231114T221321.000001Z
         40s   p cron run nobody                 | Unknown cron entry nobody",
    );
}

#[test]
fn an_entry_that_is_off_or_lost_begins_anew_and_doubles_nothing() {
    play(
        "0s    p connect                         | ok
         0s    p has a schedule=@every_1m missed=all | so be it
         45s   p sees default                    | a-20231114T221400Z
         45s   p lacks a                         | so be it
         45s   p sees crons                      |
         200s  p has a schedule=@every_1m missed=all | so be it
         200s  p sees default                    | a-20231114T221400Z
         219s  p sees default                    | a-20231114T221400Z
         220s  p sees default                    | a-20231114T221700Z a-20231114T221400Z
         221s  p has a schedule=@every_1m missed=all enabled=false | so be it
         300s  p sees crons                      | a=never
         301s  p cron run a                      | a-20231114T221821.000001Z
         400s  p has a schedule=@every_1m missed=all | so be it
         401s  p sees cron=a                     | 22:18:21 by hand pushed@queued, \
                                                   22:17:00 pushed@queued, 22:14:00 pushed@queued
         450s  p has a schedule=@every_2m missed=all | so be it
         450s  p sees crons                      | a=22:22:00",
    );
}

#[test]
fn what_is_known_of_a_lost_entry_is_forgotten_in_a_month() {
    for (days, known) in [(29, "22:14:00 pushed@queued"), (31, "")] {
        play(&format!(
            "0s p connect | ok
             0s p has a schedule=@every_1m | so be it
             40s p lacks a | so be it
             {days}d p has a schedule=@yearly | so be it
             {days}d p sees cron=a | {known}"
        ));
    }
}

#[test]
fn jitter_spreads_and_loses_no_tick() {
    play(
        "0s    p connect                         | ok
         0s    p has a schedule=@every_1m jitter=59 | so be it
         0s    p has b schedule=@every_1m        | so be it
         0s    p sees crons                      | a=22:14:21 b=22:14:00
         50s   p sees default                    | b-20231114T221400Z
         160s  p sees cron=b                     | 22:16:00 pushed@queued, 22:15:00 pushed@queued, 22:14:00 pushed@queued
         219s  p sees cron=a                     | 22:16:00 pushed@queued, 22:15:00 pushed@queued, 22:14:00 pushed@queued",
    );
}

#[test]
fn a_tick_that_finds_no_room_says_so_i01() {
    play_with(
        Rules { queues_max: 1, ..Rules::default() },
        "0s    p connect                         | ok
         0s    p push x                          | ok
         0s    p has a schedule=@every_1m queue=q | so be it
         40s   p sees cron=a                     | 22:14:00 refused (too many queues, limit 1)
         40s   p cron run a                      | too many queues, limit 1
         100s  p sees cron=a                     | 22:15:00 refused (too many queues, limit 1), \
                                                   22:14:00 refused (too many queues, limit 1)",
    );
}

#[test]
fn a_tick_whose_job_is_not_unique_is_refused_and_the_next_one_is_run_e30_e50() {
    play(
        "0s    p connect                         | ok
         0s    w hello                           | ok
         0s    p has a schedule=@every_1m unique=k hold=10m | so be it
         40s   p sees cron=a                     | 22:14:00 pushed@queued
         40s   p sees keys                       | k=a-20231114T221400Z@640s
         # The one before waits still, and so it is with a run by hand; what is refused takes no key.
         101s  p cron run a                      | Job not unique
         101s  p sees cron=a                     | 22:15:00 refused (Job not unique), 22:14:00 pushed@queued
         101s  p sees default                    | a-20231114T221400Z
         101s  p sees keys                       | k=a-20231114T221400Z@640s
         102s  w fetch default                   | a-20231114T221400Z
         103s  w ack a-20231114T221400Z          | ok
         161s  p sees cron=a                     | 22:16:00 pushed@queued, 22:15:00 refused (Job not unique), 22:14:00 done
         # Anybody's job may have it, and a start meets the tick settled.
         162s  w fetch default                   | a-20231114T221600Z
         163s  w ack a-20231114T221600Z          | ok
         164s  p push x unique=k                 | ok
         221s  p sees cron=a                     | 22:17:00 refused (Job not unique), 22:16:00 done, \
                                                   22:15:00 refused (Job not unique), 22:14:00 done
         221s  p sees default                    | x",
    );
}
