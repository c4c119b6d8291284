//! The machine against the reference: every job in its place, every queue in its order, every count.

use std::collections::BTreeMap;

use bessemer_core::command::{Refusal, Text};
use bessemer_core::fact::{Family, Stood};
use bessemer_core::query::{Answer, Info, JobView, Page, Place, Set};
use bessemer_core::{JobId, Machine, Now, Query, Reply, Wall};

use super::model::batches::listed;
use super::model::{Durable, Expected, Job, Model};

/// Whether the machine holds what the reference holds, and nothing else.
pub(crate) fn state(durable: &Durable, real: &Machine, now: Now) -> Result<(), String> {
    let info = info(real, now);
    let mut left: BTreeMap<JobId, &Job> = durable.jobs.iter().map(|(id, job)| (*id, job)).collect();
    for queue in info.queues.keys() {
        let jobs = pages(real, now, |page| Query::Queue { name: queue.clone(), page })?;
        let orders: Vec<i64> =
            jobs.iter().filter_map(|view| durable.jobs.get(&view.id)).map(|job| job.order).collect();
        if !orders.is_sorted_by(|newer, older| newer > older) {
            return Err(format!("queue {queue} is out of order: {orders:?}, newest first"));
        }
        jobs.iter().try_for_each(|view| job(&mut left, view))?;
    }
    for set in [Set::Scheduled, Set::Retries, Set::Dead, Set::Discarded] {
        let jobs = pages(real, now, |page| Query::Set { set, page })?;
        jobs.iter().try_for_each(|view| job(&mut left, view))?;
    }
    let jobs = pages(real, now, |page| Query::Working { page })?;
    jobs.iter().try_for_each(|view| job(&mut left, view))?;
    if let Some((id, job)) = left.first_key_value() {
        return Err(format!("job {} ({:x}) is lost; it should be {:?}", job.jid, id.0, job.place));
    }
    if !info.queues.keys().map(|name| &**name).eq(durable.queues.iter().map(|name| &**name)) {
        return Err(format!(
            "the known queues are {:?} and should be {:?}",
            info.queues.keys(),
            durable.queues
        ));
    }
    let Answer::Queues(queues) = real.answer(now, &Query::Queues) else { return Err("no queues".into()) };
    let paused: Vec<&str> = queues.iter().filter(|queue| queue.paused).map(|queue| &*queue.name).collect();
    if !paused.iter().copied().eq(durable.paused.iter().map(|name| &**name)) {
        return Err(format!("paused are {paused:?}, and should be {:?}", durable.paused));
    }
    if (info.processed, info.failures) != (durable.processed, durable.failed) {
        let found = (info.processed, info.failures);
        return Err(format!(
            "processed and failed are {found:?}, counted {:?}",
            (durable.processed, durable.failed)
        ));
    }
    asked_for(durable, real, now)?;
    let kept = durable.kept.iter().map(|((family, key), value)| (*family, &key[..], &value[..]));
    // The others come of rules that have histories of their own in the core.
    if !real.kept().filter(|(family, ..)| family.is_open()).eq(kept) {
        let found = real.kept().map(|(family, key, _)| format!("{} {}", family.as_str(), key.escape_ascii()));
        return Err(format!("other records are kept than were told: {:?}", found.collect::<Vec<_>>()));
    }
    let ended: u64 = durable.endings.values().sum();
    if durable.accepted != durable.jobs.len() as u64 + ended {
        return Err(format!("accepted {} = live {} + ended {ended}?", durable.accepted, durable.jobs.len()));
    }
    Ok(())
}

/// What jobs ask for beyond being run, and what limits queues.
fn asked_for(durable: &Durable, real: &Machine, now: Now) -> Result<(), String> {
    let Answer::Keys(keys) = real.answer(now, &Query::Keys { from: 0, count: 100 }) else {
        return Err("no keys".into());
    };
    let held = durable.held_keys(now.wall);
    if !keys.keys.iter().map(|held| held.key).eq(held.iter().copied()) {
        return Err(format!("keys that are held: {:?}, and should be {held:x?}", keys.keys));
    }
    let Answer::Throttles(throttles) = real.answer(now, &Query::Throttles) else {
        return Err("no throttles".into());
    };
    if !throttles.iter().map(|view| (&*view.queue, view.limit)).eq(durable.throttled()) {
        return Err(format!("queues that are limited: {throttles:?}"));
    }
    let Answer::Cron(crons) = real.answer(now, &Query::Cron { id: None }) else {
        return Err("no cron entries".into());
    };
    if !crons.iter().map(|view| (view.paused, view.next)).eq(durable.cron_views(&real.rules().cron)) {
        return Err(format!(
            "cron entries: {crons:?}, known as {:?}",
            durable.cron_views(&real.rules().cron)
        ));
    }
    let (batches, known) = (listed(real, now), durable.batch_views());
    if let Some((found, right)) = batches.iter().zip(&known).find(|(found, right)| found != right) {
        return Err(format!("batch {found:?} should be {right:?}"));
    }
    if batches.len() != known.len() {
        return Err(format!("{} batches are known, and should be {}", batches.len(), known.len()));
    }
    // The records behind both begin with a moment; those of words are named by a hash of the jid.
    let moments = |family: Family| {
        let records = real.kept().filter(move |(of, ..)| *of == family);
        let first = |value: &[u8]| value.first_chunk().map(|bytes| Wall(i64::from_le_bytes(*bytes)));
        let mut moments: Vec<Wall> = records.filter_map(|(.., value)| first(value)).collect();
        moments.sort_unstable();
        moments
    };
    let found = (moments(Family::Unique), moments(Family::Track));
    let right = (durable.left_until(), durable.said_at());
    if found == right { Ok(()) } else { Err(format!("keys left and words said: {found:?}, not {right:?}")) }
}

/// Whether of each rate as much is left as the reference has.
pub(crate) fn tokens(model: &Model, real: &Machine, now: Now) -> Result<(), String> {
    let Answer::Throttles(throttles) = real.answer(now, &Query::Throttles) else {
        return Err("no throttles".into());
    };
    match throttles.iter().find(|view| view.tokens != model.tokens(now, &view.queue)) {
        Some(view) => Err(format!("{view:?} should have {:?} tokens", model.tokens(now, &view.queue))),
        None => Ok(()),
    }
}

/// One job as the machine has it.
fn job(left: &mut BTreeMap<JobId, &Job>, view: &JobView) -> Result<(), String> {
    let Some(job) = left.remove(&view.id) else {
        return Err(format!("job {:x} stands somewhere, {:?}, and should not", view.id.0, view.place));
    };
    // A body is not read here; each edit makes it longer.
    if let Text::At(span) = view.body
        && span.len as usize != job.body.len()
    {
        return Err(format!("job {} has {} bytes, and should be {}", job.jid, span.len, job.body));
    }
    let queued = matches!(view.place, Place::Queued { .. } | Place::Working { .. });
    let attempts = view.failure.as_ref().map(|failure| (failure.retry_count, failure.remaining));
    let found = (&view.place, &*view.queue, view.enqueued_at, attempts);
    let stood_queued = matches!(view.place, Place::Discarded { was: Stood::Queued { .. }, .. });
    let enqueued = (queued || stood_queued).then_some(job.enqueued);
    let right = (&job.place, &*job.queue, enqueued, job.attempts);
    if found == right { Ok(()) } else { Err(format!("job {} is {found:?} and should be {right:?}", job.jid)) }
}

fn pages(real: &Machine, now: Now, query: impl Fn(Page) -> Query) -> Result<Vec<JobView>, String> {
    let mut all = Vec::new();
    loop {
        let Answer::Jobs(jobs) = real.answer(now, &query(Page { from: all.len(), count: 100 })) else {
            return Err("a list that is there is missing".into());
        };
        let done = jobs.jobs.is_empty();
        all.extend(jobs.jobs);
        if done || all.len() >= jobs.total {
            return if all.len() == jobs.total {
                Ok(all)
            } else {
                Err("a list is shorter than it says".into())
            };
        }
    }
}

pub(crate) fn info(real: &Machine, now: Now) -> Box<Info> {
    match real.answer(now, &Query::Info) {
        Answer::Info(info) => info,
        other => panic!("INFO is answered by INFO, not {other:?}"),
    }
}

/// Whether a reply is the one that the reference expects.
pub(crate) fn reply(expected: &Expected, found: &Reply) -> bool {
    match (expected, found) {
        (Expected::Done, Reply::Done) | (Expected::Nothing, Reply::Nothing) => true,
        (Expected::Job { enqueued, attempts, body, .. }, Reply::Job(job)) => {
            let failure = job.failure.as_ref().map(|failure| (failure.retry_count, failure.remaining));
            job.enqueued_at == *enqueued && failure == *attempts && job.body.bytes() == body.as_bytes()
        }
        (Expected::Pushed(each), Reply::Pushed(outcomes)) => {
            let single = |outcome: &Result<(), Refusal>| match outcome {
                Ok(()) => Reply::Done,
                Err(why) => Reply::Refused(why.clone()),
            };
            outcomes.len() == each.len()
                && each.iter().zip(outcomes).all(|(right, found)| reply(right, &single(found)))
        }
        (Expected::Bid(bid), Reply::Bid(found)) => **bid == **found,
        (Expected::Jid(jid), Reply::Jid(found)) => **jid == **found,
        (Expected::Batch(view), Reply::Batch(found)) => view == found,
        (Expected::Count(count), Reply::Count(found)) => count == found,
        (Expected::Latencies(waited), Reply::Latencies(found)) => waited == found,
        (Expected::State(stage), Reply::State(found)) => stage == found,
        (Expected::Info { .. }, Reply::Info(info)) => {
            *expected
                == Expected::Info {
                    enqueued: info.enqueued,
                    working: info.working,
                    scheduled: info.scheduled,
                    retries: info.retries,
                    dead: info.dead,
                    processed: info.processed,
                    failed: info.failures,
                }
        }
        (Expected::Tracked { state, percent, desc, known }, Reply::Tracked(found)) => {
            let said = (&found.progress.percent, &found.progress.desc);
            (state, known) == (&found.state, &found.known) && said == (percent, desc)
        }
        (Expected::DoneOrRefused(_), Reply::Done) => true,
        (Expected::Refused(why) | Expected::DoneOrRefused(why), Reply::Refused(found)) => why == found,
        _ => false,
    }
}
