//! Queues: a list of slots each, threaded through the table.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::table::{NONE, Slot, State, Table};
use super::throttle::Throttles;
use crate::fact::Order;

/// One queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: Arc<str>,
    /// Shown: something was enqueued to it once (rule `I-01`). Before, only scheduled jobs name it.
    pub(super) known: bool,
    pub(super) paused: bool,
    /// Something limits it: see [`Throttles`].
    pub(super) throttled: bool,
    pub(super) len: usize,
    /// Jobs that belong to it, in whatever state.
    jobs: usize,
    /// Those of them that are being worked on.
    pub(super) working: usize,
    /// Jobs that came and that left since the process started; volatile.
    pub(super) pushed: u64,
    pub(super) left: u64,
    head: Slot,
    tail: Slot,
    /// While replaying: a record came out of order, so the list is to be sorted.
    unsorted: bool,
}

/// All queues, by number and by name.
#[derive(Debug, Default)]
pub(super) struct Queues {
    all: Vec<Queue>,
    by_name: BTreeMap<Arc<str>, u16>,
    /// Numbers that nobody uses.
    free: Vec<u16>,
    /// Where jobs were put back last; nothing but a place to search from.
    near: Slot,
    pub(super) throttles: Throttles,
    /// Jobs in all queues.
    pub(super) enqueued: usize,
}

impl Queues {
    pub(super) fn find(&self, name: &str) -> Option<u16> {
        self.by_name.get(name).copied()
    }

    /// The number of a queue, new if need be. [`crate::Rules::queues_max`] is checked by the caller.
    pub(super) fn intern(&mut self, name: &str) -> u16 {
        if let Some(queue) = self.find(name) {
            return queue;
        }
        let end = || u16::try_from(self.all.len()).expect("the limit on queues is below 65,536");
        let number = self.free.pop().unwrap_or_else(end);
        let throttled = self.throttles.limit(name).is_some();
        let name: Arc<str> = name.into();
        self.by_name.insert(name.clone(), number);
        let (head, tail) = (NONE, NONE);
        let queue = Queue {
            name,
            known: false,
            paused: false,
            throttled,
            len: 0,
            jobs: 0,
            working: 0,
            pushed: 0,
            left: 0,
            head,
            tail,
            unsorted: false,
        };
        match self.all.get_mut(usize::from(number)) {
            Some(place) => *place = queue,
            None => self.all.push(queue),
        }
        number
    }

    /// The number of a queue that one more job belongs to.
    pub(super) fn acquire(&mut self, name: &str) -> u16 {
        let queue = self.intern(name);
        self[queue].jobs += 1;
        queue
    }

    /// One job less belongs to it.
    pub(super) fn release(&mut self, queue: u16) {
        self[queue].jobs -= 1;
        self.drop_if_unused(queue);
    }

    /// A queue is known from now on, or not any more.
    pub(super) fn set_known(&mut self, name: &str, known: bool, paused: bool) {
        let queue = self.intern(name);
        (self[queue].known, self[queue].paused) = (known, paused);
        self.drop_if_unused(queue);
    }

    /// A queue that is not known, and that no job names, is none.
    fn drop_if_unused(&mut self, queue: u16) {
        let Queue { known, jobs, name, .. } = &self[queue];
        if !known && *jobs == 0 {
            let name = name.clone();
            self.by_name.remove(&name);
            self.free.push(queue);
        }
    }

    /// There is none any more. What limits them stays, for when they come again.
    pub(super) fn clear(&mut self) {
        let throttles = std::mem::take(&mut self.throttles);
        *self = Self { throttles, ..Self::default() };
        self.throttles.freed.clear();
    }

    pub(super) fn count(&self) -> usize {
        self.by_name.len()
    }

    /// Every queue's number.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u16> + '_ {
        self.by_name.values().copied()
    }

    /// Known queues, by name.
    pub(super) fn known(&self) -> impl Iterator<Item = &Queue> {
        self.by_name.values().map(|q| &self.all[usize::from(*q)]).filter(|q| q.known)
    }

    /// The next job to leave.
    pub(super) fn first(&self, queue: u16) -> Option<Slot> {
        let head = self.all[usize::from(queue)].head;
        (head != NONE).then_some(head)
    }

    /// Puts a job where its order says: at the tail or the head, and anywhere while replaying.
    pub(super) fn insert(&mut self, table: &mut Table, slot: Slot) {
        let order = table[slot].order;
        let queue = &mut self.all[usize::from(table[slot].queue)];
        let at_head = queue.head != NONE && order < table[queue.head].order;
        if at_head {
            table[slot].prev = NONE;
            table[slot].next = queue.head;
            table[queue.head].prev = slot;
            queue.head = slot;
        } else {
            queue.unsorted |= queue.tail != NONE && order < table[queue.tail].order;
            table[slot].prev = queue.tail;
            table[slot].next = NONE;
            match queue.tail {
                NONE => queue.head = slot,
                tail => table[tail].next = slot,
            }
            queue.tail = slot;
        }
        queue.len += 1;
        queue.pushed += 1;
        self.enqueued += 1;
    }

    /// Puts a job back among those that stand in its queue, where its order says. The search begins at the nearest job that
    /// is known: an end, its neighbours of then, or the one that was put back before it. So it is short where jobs go
    /// back one after the other, and else as long as the queue at worst.
    pub(super) fn put_back(&mut self, table: &mut Table, slot: Slot) {
        let (number, order) = (table[slot].queue, table[slot].order);
        let before = std::mem::replace(&mut self.near, slot);
        let Queue { head, tail, .. } = self[number];
        if head == NONE || order < table[head].order || table[tail].order < order {
            return self.insert(table, slot);
        }
        let stands = |near: &Slot| {
            let is_other = *near != slot && table.is_live(*near);
            is_other && table[*near].state == State::Queued && table[*near].queue == number
        };
        let near = [head, tail, before, table[slot].prev, table[slot].next].into_iter().filter(stands);
        let mut prev = near.min_by_key(|near| table[*near].order.0.abs_diff(order.0)).unwrap_or(head);
        while order < table[prev].order {
            prev = table[prev].prev;
        }
        while table[table[prev].next].order < order {
            prev = table[prev].next;
        }
        let next = table[prev].next;
        (table[slot].prev, table[slot].next) = (prev, next);
        (table[prev].next, table[next].prev) = (slot, slot);
        let queue = &mut self[number];
        queue.len += 1;
        queue.pushed += 1;
        self.enqueued += 1;
    }

    /// A job is about to be put back beside this one.
    pub(super) fn search_from(&mut self, near: Slot) {
        self.near = near;
    }

    /// A job of this queue is in somebody's hands from now on; one that did not stand in it came and left in one.
    pub(super) fn hand_out(&mut self, queue: u16, stood_in_it: bool) {
        let queue = &mut self[queue];
        queue.working += 1;
        if !stood_in_it {
            queue.pushed += 1;
            queue.left += 1;
        }
    }

    /// Takes a job out, wherever it stands.
    pub(super) fn remove(&mut self, table: &mut Table, slot: Slot) {
        let (prev, next) = (table[slot].prev, table[slot].next);
        let queue = &mut self.all[usize::from(table[slot].queue)];
        match prev {
            NONE => queue.head = next,
            prev => table[prev].next = next,
        }
        match next {
            NONE => queue.tail = prev,
            next => table[next].prev = prev,
        }
        queue.len -= 1;
        queue.left += 1;
        self.enqueued -= 1;
    }

    /// Replay is over: lists whose records came out of order are put in order.
    pub(super) fn recovered(&mut self, table: &mut Table) {
        let numbers: Vec<u16> = self.numbers().collect();
        for number in numbers {
            (self[number].pushed, self[number].left) = (0, 0);
            if !std::mem::take(&mut self.all[usize::from(number)].unsorted) {
                continue;
            }
            let mut slots: Vec<Slot> = self.oldest_first(table, number).collect();
            slots.sort_unstable_by_key(|s| table[*s].order);
            let queue = &mut self.all[usize::from(number)];
            let ends = slots.first().copied().zip(slots.last().copied());
            (queue.head, queue.tail) = ends.unwrap_or((NONE, NONE));
            for (i, slot) in slots.iter().enumerate() {
                table[*slot].prev = if i == 0 { NONE } else { slots[i - 1] };
                table[*slot].next = slots.get(i + 1).copied().unwrap_or(NONE);
            }
        }
    }

    /// The jobs of a queue, next to leave first.
    pub(super) fn oldest_first<'a>(
        &self,
        table: &'a Table,
        queue: u16,
    ) -> impl Iterator<Item = Slot> + use<'a> {
        walk(self.all[usize::from(queue)].head, move |s| table[s].next)
    }

    /// The jobs of a queue from this one on, which must stand in it.
    pub(super) fn from<'a>(&self, table: &'a Table, slot: Slot) -> impl Iterator<Item = Slot> + use<'a> {
        walk(slot, move |s| table[s].next)
    }

    /// The jobs of a queue from this one back to those that came before it, which must stand in it.
    pub(super) fn back_from<'a>(&self, table: &'a Table, slot: Slot) -> impl Iterator<Item = Slot> + use<'a> {
        walk(slot, move |s| table[s].prev)
    }

    /// The first queue whose name is not smaller, and so on.
    pub(super) fn named_from(&self, name: &str) -> impl Iterator<Item = u16> + '_ {
        self.by_name.range::<str, _>((Bound::Included(name), Bound::Unbounded)).map(|(_, queue)| *queue)
    }

    /// The jobs of a queue, newest first.
    pub(super) fn newest_first<'a>(
        &self,
        table: &'a Table,
        queue: u16,
    ) -> impl Iterator<Item = Slot> + use<'a> {
        walk(self.all[usize::from(queue)].tail, move |s| table[s].prev)
    }

    /// Walks every list both ways; gives the number of jobs.
    pub(super) fn check(&self, table: &Table) -> Result<usize, String> {
        let mut sum = 0;
        let (mut jobs, mut working) = (vec![0; self.all.len()], vec![0; self.all.len()]);
        for slot in table.slots() {
            let queue = usize::from(table[slot].queue);
            jobs[queue] += 1;
            working[queue] += usize::from(table[slot].state == State::Working);
        }
        for number in self.numbers() {
            let queue = &self[number];
            if queue.jobs != jobs[usize::from(number)] || !(queue.known || queue.jobs > 0) {
                return Err(format!("queue {}: {} jobs name it, or nobody does", queue.name, queue.jobs));
            }
            if queue.working != working[usize::from(number)] {
                return Err(format!("queue {}: {} jobs are worked on, or not", queue.name, queue.working));
            }
            if queue.throttled != self.throttles.limit(&queue.name).is_some() {
                return Err(format!("queue {}: limited, or not", queue.name));
            }
            let slots: Vec<Slot> = self.oldest_first(table, number).collect();
            let back: Vec<Slot> = self.newest_first(table, number).collect();
            let orders: Vec<Order> = slots.iter().map(|s| table[*s].order).collect();
            if slots.len() != queue.len || !slots.iter().eq(back.iter().rev()) || !orders.is_sorted() {
                return Err(format!("queue {}: its list is broken", queue.name));
            }
            sum += slots.len();
        }
        if sum == self.enqueued {
            Ok(sum)
        } else {
            Err(format!("{sum} jobs in queues, counted {}", self.enqueued))
        }
    }
}

impl std::ops::Index<u16> for Queues {
    type Output = Queue;
    fn index(&self, queue: u16) -> &Queue {
        &self.all[usize::from(queue)]
    }
}

impl std::ops::IndexMut<u16> for Queues {
    fn index_mut(&mut self, queue: u16) -> &mut Queue {
        &mut self.all[usize::from(queue)]
    }
}

fn walk(start: Slot, step: impl Fn(Slot) -> Slot) -> impl Iterator<Item = Slot> {
    std::iter::successors((start != NONE).then_some(start), move |s| {
        let next = step(*s);
        (next != NONE).then_some(next)
    })
}
