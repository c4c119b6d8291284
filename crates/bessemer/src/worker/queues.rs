//! Which queues are asked for the next job, and in which order: strict, by weight or in turns, with a cap for each.
//!
//! A FETCH that names a capped queue may bring a job of it, so it holds a place there until it is answered. A queue
//! without a free place is left out of the FETCH: no job is fetched that may not run.

use std::collections::HashMap;

use crate::error::Error;
use crate::random::Dice;

/// A queue of a worker, from its name or with a cap and a weight.
///
/// ```
/// use bessemer::Queue;
///
/// let queue = Queue::new("bulk").max(5).weight(1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    name: String,
    max: Option<usize>,
    weight: u32,
}

impl Queue {
    /// A queue without a cap, of weight 1.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), max: None, weight: 1 }
    }

    /// How many of its jobs this worker runs at the same time, at most. Default: as many as the worker has slots.
    pub fn max(mut self, jobs: usize) -> Self {
        self.max = Some(jobs);
        self
    }

    /// With [`Order::Weighted`]: how often it comes first, compared to the others. Default: 1.
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }
}

impl<N: Into<String>> From<N> for Queue {
    fn from(name: N) -> Self {
        Self::new(name)
    }
}

/// In which order the queues of a worker are served. A FETCH names them all, and the server takes the first that has a
/// job: what comes later is only served when what comes earlier is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they were given, always. A queue may starve behind another.
    #[default]
    Strict,
    /// Drawn anew for each FETCH: a queue of weight 3 comes first three times as often as one of weight 1.
    Weighted,
    /// Each FETCH begins with the next one.
    RoundRobin,
}

/// The queues of a running worker, and who has a place in those with a cap.
pub(crate) struct Queues {
    all: Vec<Queue>,
    order: Order,
    /// Jobs that run, or may be fetched, by index.
    taken: Vec<usize>,
    by_name: HashMap<String, usize>,
    /// The FETCH that names all as they were given: mostly the only one there is.
    plain: Vec<u8>,
    next: usize,
    dice: Dice,
}

/// The places that a FETCH under way holds: in any queue of these. Handed back to [`Queues`].
#[derive(Debug, Default)]
#[must_use = "places must be handed back"]
pub(crate) struct Places(Vec<usize>);

/// The place of a running job in its queue, if that has a cap. Handed back to [`Queues`].
#[derive(Debug, Default)]
#[must_use = "a place must be handed back"]
pub(crate) struct Place(Option<usize>);

impl Queues {
    /// # Errors
    /// [`Error::Worker`] for queues that make no sense.
    pub(crate) fn new(all: Vec<Queue>, order: Order) -> Result<Self, Error> {
        let odd =
            |name: &String| name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control());
        let by_name: HashMap<_, _> = all.iter().map(|queue| queue.name.clone()).zip(0..).collect();
        let mistake = if all.is_empty() {
            "it has no queues"
        } else if all.iter().any(|queue| odd(&queue.name)) {
            "a queue's name is empty or holds white space"
        } else if by_name.len() < all.len() {
            "a queue is named twice"
        } else if all.iter().any(|queue| queue.max == Some(0)) {
            "a queue may have no job at all; leave it out"
        } else if order == Order::Weighted && all.iter().any(|queue| queue.weight == 0) {
            "a queue has no weight and would never come first; leave it out, or give it 1"
        } else {
            let mut plain = Vec::new();
            write(&all, 0..all.len(), &mut plain);
            return Ok(Self {
                taken: vec![0; all.len()],
                all,
                order,
                by_name,
                plain,
                next: 0,
                dice: Dice::new()?,
            });
        };
        Err(Error::Worker(mistake))
    }

    /// Whether some queue has a cap, so that a FETCH is soon out of date.
    pub(crate) fn are_capped(&self) -> bool {
        self.all.iter().any(|queue| queue.max.is_some())
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.all.iter().map(|queue| queue.name.as_str()).collect()
    }

    /// Appends the line of a FETCH for one more job; `None` if no queue has a place for it.
    pub(crate) fn draw(&mut self, lines: &mut Vec<u8>) -> Option<Places> {
        let capped = self.are_capped();
        if !capped && self.order == Order::Strict {
            lines.extend_from_slice(&self.plain);
            return Some(Places::default());
        }
        let full = |index: usize| self.all[index].max.is_some_and(|max| self.taken[index] >= max);
        let mut open: Vec<usize> = (0..self.all.len()).filter(|index| !full(*index)).collect();
        if open.is_empty() {
            return None;
        }
        match self.order {
            Order::Strict => {}
            Order::Weighted => {
                let weights = open.iter().map(|index| u64::from(self.all[*index].weight)).collect();
                self.dice.shuffle(&mut open, weights);
            }
            Order::RoundRobin => {
                let first = open.iter().position(|index| *index >= self.next).unwrap_or(0);
                open.rotate_left(first);
                self.next = open[0] + 1;
            }
        }
        write(&self.all, open.iter().copied(), lines);
        open.retain(|index| self.all[*index].max.is_some());
        open.iter().for_each(|index| self.taken[*index] += 1);
        Some(Places(open))
    }

    /// A FETCH was answered, with a job of this queue or with nothing.
    pub(crate) fn answered(&mut self, places: Places, queue: Option<&str>) -> Place {
        places.0.into_iter().for_each(|index| self.taken[index] -= 1);
        let place = queue.and_then(|name| self.by_name.get(name).copied());
        let place = place.filter(|index| self.all[*index].max.is_some());
        if let Some(index) = place {
            self.taken[index] += 1;
        }
        Place(place)
    }

    /// A job has ended.
    pub(crate) fn ended(&mut self, place: Place) {
        if let Some(index) = place.0 {
            self.taken[index] -= 1;
        }
    }
}

fn write(all: &[Queue], order: impl Iterator<Item = usize>, line: &mut Vec<u8>) {
    line.extend_from_slice(b"FETCH");
    for index in order {
        line.push(b' ');
        line.extend_from_slice(all[index].name.as_bytes());
    }
    line.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(all: impl IntoIterator<Item = Queue>, order: Order) -> Queues {
        Queues::new(all.into_iter().collect(), order).unwrap()
    }

    /// Draws, and hands the places back.
    fn drawn(queues: &mut Queues) -> String {
        let mut lines = Vec::new();
        let places = queues.draw(&mut lines).unwrap();
        let place = queues.answered(places, None);
        queues.ended(place);
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn strict_order_is_that_in_which_they_were_given() {
        let mut queues = queues(["b", "a"].map(Queue::new), Order::Strict);
        assert_eq!(drawn(&mut queues), "FETCH b a\r\n");
        assert_eq!(drawn(&mut queues), "FETCH b a\r\n");
    }

    #[test]
    fn in_turns_each_comes_first_equally_often() {
        let mut queues = queues(["a", "b", "c"].map(Queue::new), Order::RoundRobin);
        let firsts: Vec<String> = (0..4).map(|_| drawn(&mut queues)).collect();
        assert_eq!(firsts, ["FETCH a b c\r\n", "FETCH b c a\r\n", "FETCH c a b\r\n", "FETCH a b c\r\n"]);
    }

    #[test]
    fn a_heavy_queue_comes_first_as_often_as_its_weight_says() {
        let mut queues = queues([Queue::new("a").weight(3), Queue::new("b")], Order::Weighted);
        let first = (0..10_000).filter(|_| drawn(&mut queues) == "FETCH a b\r\n").count();
        // Seven standard deviations on each side.
        assert!((7_200..7_800).contains(&first), "{first}");
    }

    #[test]
    fn a_full_queue_is_left_out_until_a_job_of_it_has_ended() {
        let mut queues = queues([Queue::new("bulk").max(2), Queue::new("mail")], Order::Strict);
        let mut lines = Vec::new();
        let first = queues.draw(&mut lines).unwrap();
        let second = queues.draw(&mut lines).unwrap();
        let third = queues.draw(&mut lines).unwrap();
        let line = String::from_utf8(lines).unwrap();
        assert_eq!(line, "FETCH bulk mail\r\nFETCH bulk mail\r\nFETCH mail\r\n");

        let running = queues.answered(first, Some("bulk"));
        let mail = queues.answered(second, Some("mail"));
        assert_eq!(drawn(&mut queues), "FETCH bulk mail\r\n", "the second had its place for nothing");
        let nothing = queues.answered(third, None);
        let also = queues.draw(&mut Vec::new()).unwrap();
        let also = queues.answered(also, Some("bulk"));
        assert_eq!(drawn(&mut queues), "FETCH mail\r\n");
        [running, mail, nothing, also].into_iter().for_each(|place| queues.ended(place));
        assert_eq!(drawn(&mut queues), "FETCH bulk mail\r\n");
    }

    #[test]
    fn where_every_queue_is_full_there_is_nothing_to_ask_for() {
        let mut queues = queues([Queue::new("bulk").max(1)], Order::RoundRobin);
        let places = queues.draw(&mut Vec::new()).unwrap();
        assert!(queues.draw(&mut Vec::new()).is_none());
        // A server that sends what was not asked for is taken at its word.
        let place = queues.answered(places, Some("other"));
        queues.ended(place);
        assert!(queues.draw(&mut Vec::new()).is_some());
    }
}
