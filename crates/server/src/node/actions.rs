//! What reaches the engine by no line of a connection: operators' actions, jobs of the API, and what inquiries act on.
//! Also who is told that a verb of operators has settled (the audit log).

use std::task::Context;

use bessemer_core::{Action, ConnId, Now, Reply, Ticket};
use bessemer_store::Engine;
use bessemer_web::Refused;

use super::conn::{self, conn_of};
use super::inquiry::Running;
use super::{Node, Output};
use crate::rejected::Reason;
use crate::verb::{self, Call, Deed, Report};

/// What somebody has changed by a verb of operators, and how much it reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) conn: ConnId,
    pub(crate) deed: Deed,
    pub(crate) count: u64,
}

/// Who wanted a command that no connection sent.
pub(super) enum Actor {
    /// A page; this is its token.
    Desk(u64),
    /// The inquiry with this number.
    Inquiry(u64),
    /// The API, under this token, for jobs that are to be told about like this.
    Producer(u64, Report),
}

/// The connection number that stands for operators' actions in tickets.
const DESK: u64 = 0;

impl<E: Engine> Node<E> {
    /// An operator acts; [`Output::Acted`] with this token follows when it is durable.
    pub fn act(&mut self, now: Now, token: u64, action: &Action) {
        self.submit_action(now, Actor::Desk(token), action);
    }

    /// The API was sent jobs: one, or an array of them. [`Output::Pushed`] with this token follows when they are durable.
    pub fn push(&mut self, token: u64, text: String) {
        self.pushes.push_back((token, text));
        self.dirty = true;
    }

    /// Takes the jobs of the API, as far as the engine has room.
    pub(super) fn take_pushes(&mut self, now: Now, out: &mut Vec<Output>) {
        while self.engine.room() > 0
            && let Some((token, text)) = self.pushes.pop_front()
        {
            self.next_action += 1;
            let ticket = conn::ticket(DESK, self.next_action);
            let mut call = Call {
                engine: &mut self.engine,
                limits: &self.limits,
                memory_full: self.memory.is_full(),
                now,
                conn: ConnId(DESK),
                ticket,
                leases: false,
                scratch: &mut self.scratch,
                rejected: &self.rejected,
                deeds: &mut self.deeds,
            };
            let taken = match self.shutting_down {
                true => Err((Reason::Shutdown, "shutdown in progress".to_owned())),
                false => verb::take(&mut call, &text),
            };
            match taken {
                Ok(report) => _ = self.actions.insert(ticket, Actor::Producer(token, report)),
                Err((reason, text)) => out.push(self.refuse_push(token, reason, text)),
            }
        }
    }

    fn refuse_push(&self, token: u64, reason: Reason, text: String) -> Output {
        self.rejected.count(reason);
        Output::Pushed { token, outcome: Err(Refused { reason: reason.as_str(), text }) }
    }

    fn submit_action(&mut self, now: Now, actor: Actor, action: &Action) {
        self.next_action += 1;
        let ticket = conn::ticket(DESK, self.next_action);
        self.actions.insert(ticket, actor);
        action.command(|command| self.submit(now, ticket, command));
    }

    /// Commands under way that ask the engine before they answer.
    pub fn inquiries(&self) -> usize {
        self.inquiries.len()
    }

    /// What operators have done by their verbs since this was asked last; it is durable.
    pub(crate) fn take_done(&mut self) -> Vec<Done> {
        std::mem::take(&mut self.done)
    }

    /// A verb of an operator has settled, if it was one, and reached so much.
    pub(super) fn tell(&mut self, ticket: Ticket, count: Option<u64>) {
        let Some(deed) = self.deeds.remove(&ticket) else { return };
        self.done.extend(count.map(|count| Done {
            conn: ConnId(conn_of(ticket)),
            count: count.max(deed.least),
            deed,
        }));
    }

    /// Lets the inquiries go on as far as they can, and hands in their replies.
    pub(super) fn inquire(&mut self, cx: &mut Context<'_>, now: Now) {
        for (number, mut running) in std::mem::take(&mut self.inquiries) {
            while running.poll(cx, now, &self.reader) {
                self.dirty = true;
            }
            if self.engine.room() > 0
                && let Some(action) = running.action()
            {
                self.submit_action(now, Actor::Inquiry(number), &action);
            }
            if running.reply().is_some() {
                // Those that have reached nothing have changed nothing.
                self.tell(running.ticket, Some(running.reached).filter(|reached| *reached > 0));
            }
            if !self.hand_in(&running) {
                self.inquiries.insert(number, running);
            }
        }
    }

    /// Answers an inquiry that is done, once its connection has come to it; `true`: there is nothing more to do.
    fn hand_in(&mut self, running: &Running) -> bool {
        let Some(reply) = running.reply() else { return false };
        let conn = ConnId(conn_of(running.ticket));
        let Some(state) = self.conns.get_mut(&conn) else { return true };
        if !state.is_next(running.ticket) {
            return false;
        }
        state.settle(running.ticket);
        state.out.extend_from_slice(reply);
        state.release();
        self.ready.push(conn);
        self.dirty = true;
        true
    }

    pub(super) fn settle_action(&mut self, actor: Actor, reply: Reply, out: &mut Vec<Output>) {
        match (actor, reply) {
            (Actor::Producer(token, mut report), Reply::Pushed(outcomes)) => {
                report.settle(outcomes, &self.rejected);
                out.push(Output::Pushed { token, outcome: Ok(report.pushed()) });
            }
            (Actor::Producer(token, _), reply) => {
                let (reason, text) = match reply {
                    Reply::Refused(refusal) => (Reason::from(&refusal), refusal.to_string()),
                    _ => (Reason::Internal, "internal error".to_owned()),
                };
                out.push(self.refuse_push(token, reason, text));
            }
            (Actor::Desk(token), Reply::Refused(refusal)) => {
                out.push(Output::Acted { token, outcome: Err(refusal) });
            }
            (Actor::Desk(token), reply) => out.push(Output::Acted { token, outcome: Ok(count(&reply)) }),
            (Actor::Inquiry(number), reply) => {
                if let Some(running) = self.inquiries.get_mut(&number) {
                    match &reply {
                        Reply::Refused(refusal) => running.refused(refusal, &self.reader),
                        _ => running.acted(count(&reply), &self.reader),
                    }
                }
            }
        }
    }
}

/// How many jobs or workers were reached.
pub(super) fn count(reply: &Reply) -> u64 {
    if let Reply::Count(count) = reply { *count } else { 0 }
}
