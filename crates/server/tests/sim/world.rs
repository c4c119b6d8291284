//! The world around the server: time, events in order, and everything that is told from one seed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bessemer_core::{JobId, Now};
use bessemer_server::node::Node;

use super::bug::Bug;
use super::chance::{Chance, Clock, SECOND, mix};
use super::client::Client;
use super::disk::SomeDisk;
use super::fault::Fault;
use super::ledger::Ledger;
use super::model::Model;
use super::plan::Plan;
use super::shell::Pipe;
use super::watch::{Watched, Witness};

/// Something that happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Bytes, or an end, reach the server's socket.
    Up(u64),
    /// Bytes, or an end, reach the client.
    Down(u64),
    /// The kernel takes more of what the server has to send.
    Drain(u64),
    /// A client does something.
    Act(usize),
    Fault(Fault),
    /// The server starts, or tries to.
    Start,
    /// A freeze is over.
    Thaw,
    /// Faults stop, and what is there has to be worked off.
    Calm,
    /// Is it worked off?
    Audit,
}

/// Why a seed failed.
pub(crate) type Broken = String;

/// One seed's world.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) chance: Chance,
    pub(crate) clock: Clock,
    events: BTreeMap<(u64, u64), Event>,
    count: u64,
    pub(crate) disk: SomeDisk,
    pub(crate) witness: Rc<RefCell<Witness>>,
    pub(crate) node: Option<Node<Watched>>,
    pub(crate) frozen: bool,
    /// World time at which the node had last read everything.
    pub(crate) heard: u64,
    /// Until when nobody may be judged, in world time (`D9`).
    pub(crate) grace: u64,
    pub(crate) last_turn: u64,
    pub(crate) pipes: BTreeMap<u64, Pipe>,
    pub(crate) next_conn: u64,
    /// Connections with something to read.
    pub(crate) readable: BTreeSet<u64>,
    /// Connections of each wid that the server knows, and since when there are none.
    pub(crate) present: BTreeMap<String, (usize, u64)>,
    pub(crate) clients: Vec<Client>,
    pub(crate) ledger: Ledger,
    /// Actions of operators that are not answered yet: token, and jobs at most.
    pub(crate) acting: BTreeMap<u64, u64>,
    pub(crate) shutting_down: bool,
    pub(crate) calm: bool,
    /// Until when everything must be worked off.
    pub(crate) patience: u64,
    pub(crate) over: bool,
    /// Ids that an operator has seen some time ago.
    pub(crate) seen: Vec<JobId>,
    pub(crate) next_token: u64,
    pub(crate) bug: Option<Bug>,
    /// A digest of everything that happened.
    pub(crate) digest: u64,
    /// Everything that happened in words; only for a failed seed, which is run again for it.
    pub(crate) trace: Option<Vec<String>>,
}

impl World {
    pub(crate) fn new(plan: Plan, bug: Option<Bug>, trace: bool) -> Self {
        let mut chance = Chance::new(plan.seed.wrapping_mul(3) ^ 0x51);
        let disk = SomeDisk::new(chance.bits(), bug);
        let model = Model::new(plan.options.rules.clone());
        let witness = Rc::new(RefCell::new(Witness::new(model, bug, plan.seed)));
        Self {
            chance,
            clock: Clock::new(),
            events: BTreeMap::new(),
            count: 0,
            disk,
            witness,
            node: None,
            frozen: false,
            heard: 0,
            grace: 0,
            last_turn: 0,
            pipes: BTreeMap::new(),
            next_conn: 1,
            readable: BTreeSet::new(),
            present: BTreeMap::new(),
            clients: Vec::new(),
            ledger: Ledger::new(plan.wall_steps || plan.options.rules.dead_max < 100, plan.scripts),
            acting: BTreeMap::new(),
            shutting_down: false,
            calm: false,
            patience: 0,
            over: false,
            seen: Vec::new(),
            next_token: 0,
            bug,
            digest: plan.seed,
            trace: trace.then(Vec::new),
            plan,
        }
    }

    /// Lives through the seed; gives the digest of everything.
    pub(crate) fn run(&mut self) -> Result<u64, Broken> {
        self.populate();
        self.at(0, Event::Start);
        self.at(self.plan.length, Event::Calm);
        self.plan_faults();
        let mut steps = 0_u32;
        while !self.over {
            self.step()?;
            steps += 1;
            if steps > 2_000_000 {
                return Err("the world does not come to an end".into());
            }
        }
        self.last_words()?;
        Ok(mix(self.digest ^ self.disk.honest.trace()))
    }

    /// To the next moment in which something happens, and everything that happens then.
    fn step(&mut self) -> Result<(), Broken> {
        let next = self.events.first_key_value().map(|((at, _), _)| *at);
        let wake = match &self.node {
            Some(node) if !self.frozen => {
                Some(self.clock.world(node.wake_at(self.idle_now())).max(self.clock.at))
            }
            _ => None,
        };
        let Some(at) = [next, wake].into_iter().flatten().min() else {
            return Err("nothing will ever happen again".into());
        };
        self.clock.at = at;
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= at) {
            let event = entry.remove();
            self.happen(event)?;
        }
        self.serve()
    }

    fn happen(&mut self, event: Event) -> Result<(), Broken> {
        match event {
            Event::Up(conn) => _ = self.readable.insert(conn),
            Event::Down(conn) => return self.arrive(conn),
            Event::Drain(conn) => return self.drain(conn),
            Event::Act(client) => return self.act(client),
            Event::Fault(fault) => return self.strike(fault),
            Event::Start => return self.start(),
            Event::Thaw => self.thaw(),
            Event::Calm => self.calm_down(),
            Event::Audit => return self.audit(),
        }
        Ok(())
    }

    pub(crate) fn at(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.insert((at.max(self.clock.at), self.count), event);
    }

    pub(crate) fn after(&mut self, delay: u64, event: Event) {
        self.at(self.clock.at + delay, event);
    }

    /// This moment for the server, with fresh chance.
    pub(crate) fn now(&mut self) -> Now {
        let chance = self.chance.bits();
        self.clock.now(self.heard, chance)
    }

    /// This moment for a question that needs no chance.
    pub(crate) fn idle_now(&self) -> Now {
        self.clock.now(self.heard, 0)
    }

    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        self.digest = mix(self.digest ^ self.clock.at);
        if let Some(trace) = &mut self.trace {
            let at = self.clock.at;
            trace.push(format!("{:>5}.{:06} {}", at / SECOND, at % SECOND, what()));
        }
    }

    pub(crate) fn digest_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.digest = mix(self.digest ^ u64::from_le_bytes(word));
        }
    }
}
