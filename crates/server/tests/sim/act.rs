//! What clients do, well and badly: producers, workers, and the worker that finishes everything. Operators: `operator.rs`.

use super::chance::SECOND;
use super::client::{Asked, Role, Stage};
use super::shell::Up;
use super::world::{Broken, Event, World};

/// Seconds that a worker may ask for.
pub(crate) const MORE_TIME: u64 = 200;

impl World {
    pub(crate) fn populate(&mut self) {
        let plan = self.plan.clone();
        for _ in 0..plan.producers {
            self.client(Role::Producer);
        }
        for n in 0..plan.workers {
            let wid = (!(plan.without_wid && n % 2 == 0)).then(|| format!("worker-{n}"));
            self.client(Role::Worker { wid, pid: 100 });
        }
        for _ in 0..plan.operators {
            self.client(Role::Operator);
        }
        for client in 0..self.clients.len() {
            self.at(0, Event::Act(client));
        }
    }

    /// A client does something, and will again.
    pub(crate) fn act(&mut self, client: usize) -> Result<(), Broken> {
        match self.clients[client].role.clone() {
            Role::Finisher { .. } => {
                self.finish(client);
                return Ok(());
            }
            _ if self.calm => return Ok(()),
            Role::Producer => self.produce(client),
            Role::Worker { wid, pid } => self.work(client, wid, pid),
            Role::Operator => self.operate()?,
        }
        let pause = if self.chance.one_in(30) { 20 } else { 1 };
        let pause = self.chance.below(2 * self.plan.pace) * pause + 1_000;
        self.after(pause, Event::Act(client));
        Ok(())
    }

    /// A connection that may be used for the next command.
    fn free_link(&mut self, client: usize) -> Option<usize> {
        let depth = if self.plan.pipelines { 6 } else { 1 };
        let links = &self.clients[client].links;
        let free: Vec<usize> =
            (0..links.len()).filter(|l| links[*l].asked.len() < depth && !links[*l].ended).collect();
        (!free.is_empty()).then(|| self.chance.pick(&free))
    }

    fn produce(&mut self, client: usize) {
        if self.clients[client].links.is_empty() {
            return self.connect(client);
        }
        let Some(link) = self.free_link(client) else { return self.misbehave(client) };
        if self.plan.batches && self.chance.one_in(4) {
            return self.tend_batches(client, link);
        }
        match self.chance.below(20) {
            0..=8 => {
                let job = self.new_job();
                self.push(client, link, job);
            }
            9..=11 if self.plan.bulk => {
                let jobs: Vec<usize> = (0..self.chance.between(1, 6)).map(|_| self.new_job()).collect();
                let texts: Vec<&str> = jobs.iter().map(|job| &*self.ledger.entries[*job].text).collect();
                let line = format!("PUSHB [{}]", texts.join(","));
                jobs.iter().for_each(|job| self.count_push(*job));
                self.send(client, link, &line, Asked::PushBulk(jobs));
            }
            12..=14 if !self.clients[client].unsure.is_empty() => {
                let unsure = &mut self.clients[client].unsure;
                let job = unsure.swap_remove(self.chance.below(unsure.len() as u64) as usize);
                self.push(client, link, job);
            }
            15 if self.plan.pushes_again && !self.ledger.entries.is_empty() => {
                let job = self.chance.below(self.ledger.entries.len() as u64) as usize;
                // Some the server pushes itself.
                if !self.ledger.entries[job].text.is_empty() {
                    self.push(client, link, job);
                }
            }
            16 => self.send(client, link, "INFO", Asked::Info),
            17 if self.plan.nonsense => self.talk_nonsense(client, link),
            18 if self.plan.scripts => self.run_script(client, link),
            _ => self.misbehave(client),
        }
    }

    /// What scripts do to many jobs at once.
    fn run_script(&mut self, client: usize, link: usize) {
        let queue = self.chance.pick(&self.plan.queues.clone());
        let set = self.chance.pick(&["scheduled", "retries", "dead"]);
        let filter = self.chance.pick(&[
            "{}",
            "{\"jobtype\":\"Sim\"}",
            "{\"jobtype\":\"None\"}",
            "{\"regexp\":\"*\\\"args\\\":\\\\[*1*\"}",
            "{\"jids\":[\"job-00003\",\"nobody\"]}",
        ]);
        let ok = |line: String| (line, Asked::Script);
        let look = |line: String| (line, Asked::Look);
        let (line, asked) = match self.chance.below(16) {
            0 | 1 => ok(format!("QUEUE PAUSE {queue}")),
            2..=4 => ok(format!("QUEUE RESUME {queue} nobody.pushes.here")),
            5 => ok("QUEUE RESUME *".into()),
            6 => ok(format!("QUEUE REMOVE {queue}")),
            7 if self.chance.one_in(4) => ok("FLUSH".into()),
            7 | 8 => look(format!("QUEUE LATENCY {queue} nobody.pushes.here")),
            9 => ok(format!("MUTATE {{\"cmd\":\"clear\",\"target\":\"{set}\"}}")),
            10..=12 => {
                let cmd = self.chance.pick(&["kill", "discard", "requeue"]);
                ok(format!("MUTATE {{\"cmd\":\"{cmd}\",\"target\":\"{set}\",\"filter\":{filter}}}"))
            }
            13 => look("JOBS LIST {\"count\":3}".into()),
            14 => look(format!("JOBS RETRY {{\"set\":\"{set}\",\"count\":2}}")),
            _ => look("WORKERS LIST".into()),
        };
        self.send(client, link, &line, asked);
    }

    fn push(&mut self, client: usize, link: usize, job: usize) {
        self.count_push(job);
        let line = format!("PUSH {}", self.ledger.entries[job].text);
        self.send(client, link, &line, Asked::Push(job));
    }

    fn count_push(&mut self, job: usize) {
        let surely_soon = !self.plan.freezes && !self.plan.wall_steps;
        self.ledger.pushed(job, self.clock.at, surely_soon);
    }

    /// A worker says how far it is, asks for more time, or asks how far somebody is.
    fn track(&mut self, client: usize, link: usize) {
        let held = &self.clients[client].held;
        let any = self.chance.below(self.ledger.entries.len() as u64) as usize;
        let job =
            if held.is_empty() || self.chance.one_in(4) { any } else { self.chance.pick(&held.clone()) };
        let jid = &self.ledger.entries[job].jid;
        // A clock that steps makes an hour of a moment, and of an hour a day.
        let (line, asked) = match self.chance.below(if self.plan.wall_steps { 2 } else { 4 }) {
            0 => (format!("TRACK GET {jid}"), Asked::Look),
            2 => (format!("EXTEND {{\"jid\":\"{jid}\",\"seconds\":{MORE_TIME}}}"), Asked::Extend),
            1 => {
                let percent = self.chance.below(100);
                let said = self.chance.pick(&[format!("\"percent\":{percent}"), "\"desc\":\"d\"".into()]);
                (format!("TRACK SET {{\"jid\":\"{jid}\",{said}}}"), Asked::Script)
            }
            _ => {
                let until =
                    bessemer_core::Wall(self.idle_now().wall.0 + (MORE_TIME * SECOND) as i64).rfc3339();
                (format!("TRACK SET {{\"jid\":\"{jid}\",\"reserve_until\":\"{until}\"}}"), Asked::Script)
            }
        };
        self.send(client, link, &line, asked);
    }

    fn talk_nonsense(&mut self, client: usize, link: usize) {
        let line = self.chance.pick(&[
            "PUSH {\"jid\":1}",
            "PUSH {\"jid\":\"short\",\"jobtype\":\"a\",\"args\":[]}",
            "PUSH",
            "push {}",
            "FOO bar",
            "",
            "ACK {",
            "FAIL {}",
            "FETCH",
            "BEAT x",
            "HELLO {}",
        ]);
        self.send(client, link, line, Asked::Nonsense);
    }

    /// Something that no client should do to its connection, but does.
    fn misbehave(&mut self, client: usize) {
        let links = &self.clients[client].links;
        if links.is_empty() {
            return;
        }
        let link = self.chance.below(links.len() as u64) as usize;
        let conn = self.clients[client].links[link].conn;
        match self.chance.below(6) {
            0 if self.plan.cuts => {
                let delay = self.chance.pick(&[0, 0, SECOND / 10, 3 * SECOND]);
                self.cut(conn, delay);
            }
            1 if self.plan.half_closes => self.leave_politely(client, link, Up::Eof),
            2 if self.clients[client].links[link].asked.is_empty() => {
                self.leave_politely(client, link, Up::Bytes(b"END\r\n".to_vec()));
            }
            3 | 4 if self.plan.slow_readers => {
                let Some(pipe) = self.pipes.get_mut(&conn) else { return };
                pipe.stuck = !pipe.stuck;
                pipe.excused = true;
            }
            _ => {}
        }
    }

    fn leave_politely(&mut self, client: usize, link: usize, how: Up) {
        let link = &mut self.clients[client].links[link];
        link.ended = true;
        let conn = link.conn;
        if let Some(pipe) = self.pipes.get_mut(&conn) {
            pipe.excused = true;
        }
        self.note(|| format!("client {client}: {conn} takes its leave with {how:?}"));
        self.send_up(conn, how);
    }

    fn work(&mut self, client: usize, wid: Option<String>, pid: i64) {
        let wanted = if self.plan.many_links { 3 } else { 1 };
        let links = self.clients[client].links.len();
        if links < wanted && (links == 0 || self.chance.one_in(3)) {
            return self.return_to_work(client, wid, pid);
        }
        if self.plan.vanishing && self.chance.one_in(25) {
            return self.vanish(client);
        }
        let Some(link) = self.free_link(client) else { return self.misbehave(client) };
        let held = self.clients[client].held.len();
        match self.chance.below(20) {
            0..=8 if held < 6 => {
                let line = format!("FETCH {}", self.some_queues());
                self.send(client, link, &line, Asked::Fetch);
            }
            9..=14 if held > 0 => {
                let at = self.chance.below(held as u64) as usize;
                let job = self.clients[client].held.swap_remove(at);
                self.clients[client].given.push(job);
                self.give_back(client, link, job);
            }
            15 if self.plan.cheats => {
                let others = if self.chance.one_in(2) {
                    client
                } else {
                    self.chance.below(self.clients.len() as u64) as usize
                };
                let jobs = [&self.clients[others].given[..], &self.clients[others].held[..]].concat();
                if !jobs.is_empty() {
                    let job = self.chance.pick(&jobs);
                    self.give_back(client, link, job);
                }
            }
            16 if self.plan.beats => self.beat(client, link, wid),
            18 if self.plan.tracks && !self.ledger.entries.is_empty() => self.track(client, link),
            17 if self.plan.nonsense => self.talk_nonsense(client, link),
            _ => self.misbehave(client),
        }
    }

    fn some_queues(&mut self) -> String {
        let mut queues = self.plan.queues.clone();
        queues.push("nobody.pushes.here".into());
        let mut some = Vec::new();
        while some.is_empty() || (!queues.is_empty() && !self.chance.one_in(3)) {
            some.push(queues.swap_remove(self.chance.below(queues.len() as u64) as usize));
        }
        some.join(" ")
    }

    /// ACK or FAIL, whoever has the job.
    fn give_back(&mut self, client: usize, link: usize, job: usize) {
        let fails = self.plan.fails && self.chance.one_in(3);
        // Whoever is another worker, and sends this behind nothing else, can end nothing that is not its own.
        let holder = self.ledger.entries[job].holder.map(|(holder, ..)| holder);
        let foreign = holder.is_some_and(|holder| {
            let alone = self.clients[client].links[link].asked.is_empty();
            let sure = self.ledger.holds(job, holder, self.clock.at + 10 * SECOND, self.clock.steps);
            alone && sure && !self.plan.freezes && self.other_worker(client, holder)
        });
        let jid = &self.ledger.entries[job].jid;
        let (line, asked) = if fails {
            (format!("FAIL {{\"jid\":\"{jid}\",\"errtype\":\"E\",\"message\":\"m\"}}"), Asked::Fail(job))
        } else {
            (format!("ACK {{\"jid\":\"{jid}\"}}"), Asked::Ack(job))
        };
        if !foreign {
            self.ledger.given_back(job, client, fails);
        }
        self.send(client, link, &line, asked);
    }

    fn other_worker(&self, one: usize, other: usize) -> bool {
        let wid = |client: usize| match &self.clients[client].role {
            Role::Worker { wid, .. } => wid.clone(),
            _ => None,
        };
        matches!((wid(one), wid(other)), (Some(one), Some(other)) if one != other)
    }

    fn beat(&mut self, client: usize, link: usize, wid: Option<String>) {
        let wid = wid.unwrap_or_else(|| "worker-1".into());
        let own = matches!(&self.clients[client].role, Role::Worker { wid: Some(own), .. } if *own == wid);
        let state = self.chance.below(12);
        let (word, stage) = match state {
            0 => (",\"current_state\":\"quiet\"", Stage::Quiet),
            1 => (",\"current_state\":\"terminate\"", Stage::Terminate),
            _ => ("", Stage::Running),
        };
        if own {
            self.clients[client].told = self.clients[client].told.max(stage);
        }
        self.send(client, link, &format!("BEAT {{\"wid\":\"{wid}\"{word},\"rss_kb\":7}}"), Asked::Beat);
    }

    /// The worker is away for a while, or as good as dead.
    fn vanish(&mut self, client: usize) {
        for link in 0..self.clients[client].links.len() {
            let conn = self.clients[client].links[0].conn;
            let delay = self.chance.pick(&[0, 0, SECOND, 20 * SECOND]);
            self.cut(conn, delay);
            self.digest ^= link as u64;
        }
        let away = self.chance.magnitude(SECOND, 200 * SECOND);
        self.clients[client].away_until = self.clock.at + away;
        self.note(|| format!("client {client}: away for {} s", away / SECOND));
    }

    /// Connects, as the process it was or as another one.
    fn return_to_work(&mut self, client: usize, wid: Option<String>, pid: i64) {
        if self.clients[client].away_until > self.clock.at {
            return;
        }
        let alone = self.clients[client].links.is_empty();
        let gone = self.clock.at - self.clients[client].lonely_since;
        if alone && gone > 40 * SECOND {
            self.ledger.forget_holder(client);
        }
        if alone && (self.clients[client].stage != Stage::Running || self.chance.one_in(6)) {
            // A new process under the old name; it may still remember what the old one had in hand.
            let forgets = self.chance.one_in(2);
            self.ledger.forget_holder(client);
            let client = &mut self.clients[client];
            client.role = Role::Worker { wid, pid: pid + 1 };
            (client.stage, client.told) = (Stage::Running, Stage::Running);
            client.away_until = self.clock.at;
            if forgets {
                client.held.clear();
            }
        }
        self.connect(client);
    }

    /// Works off whatever there is.
    fn finish(&mut self, client: usize) {
        let queues = self.plan.queues.join(" ");
        if self.clients[client].links.is_empty() {
            self.connect(client);
            self.connect(client);
        }
        for link in 0..self.clients[client].links.len() {
            if !self.clients[client].links[link].asked.is_empty() {
                continue;
            }
            match self.clients[client].held.pop() {
                Some(job) => {
                    self.ledger.given_back(job, client, false);
                    let line = format!("ACK {{\"jid\":\"{}\"}}", self.ledger.entries[job].jid);
                    self.send(client, link, &line, Asked::Ack(job));
                }
                None if self.plan.scripts && self.chance.one_in(6) => {
                    self.send(client, link, "QUEUE RESUME *", Asked::Script);
                }
                None if self.plan.batches && self.chance.one_in(6) => self.commit_some(client, link),
                None => self.send(client, link, &format!("FETCH {queues}"), Asked::Fetch),
            }
        }
        // It acts again when it is answered, and now and then to see whether it still lives.
        self.after(SECOND / 4, Event::Act(client));
    }
}
