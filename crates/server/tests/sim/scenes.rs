//! Small scenes with the node alone: what the simulation found once, told in the fewest words.

use std::task::{Context, Poll, Waker};

use bessemer_core::{Boot, ConnId, Now, Wall};
use bessemer_server::config::Limits;
use bessemer_server::node::{Node, Output};
use bessemer_store::embedded::disk::SimDisk;
use bessemer_store::embedded::{Embedded, Options};

use super::chance::SECOND;

/// A node on a disk without faults.
struct Scene {
    node: Node<Embedded<SimDisk>>,
    at: u64,
}

impl Scene {
    fn new() -> Self {
        let options = Options { segment_bytes: 64 << 10, ..Options::default() };
        let stall = options.rules.stall;
        let now = moment(0);
        let (engine, _) = Embedded::open(SimDisk::new(1), options, now, [1; 16]).expect("an empty disk");
        Self { node: Node::new(engine, Limits::default(), stall, now), at: 0 }
    }

    fn says(&mut self, conn: u64, text: &str) -> Vec<Output> {
        self.node.bytes(moment(self.at), ConnId(conn), text.as_bytes());
        self.turns()
    }

    /// Turns until the node wants to sleep.
    fn turns(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        let now = moment(self.at);
        while self.node.wake_at(now) <= now.boot {
            let poll = self.node.turn(&mut Context::from_waker(Waker::noop()), now, &mut outputs);
            assert!(matches!(poll, Poll::Ready(Ok(()))), "{poll:?}");
        }
        outputs
    }

    fn opens(&mut self, conn: u64) {
        self.node.opened(moment(self.at), ConnId(conn), None);
        assert_eq!(self.turns(), [write(conn, "+OK\r\n")]);
        self.node.sent(moment(self.at), ConnId(conn), 5);
    }
}

fn moment(at: u64) -> Now {
    let boot = Boot(at);
    Now { wall: Wall(1_795_000_000_000_000 + at as i64), boot, heard: boot, chance: at }
}

fn write(conn: u64, text: &str) -> Output {
    Output::Write { conn: ConnId(conn), bytes: text.into() }
}

#[test]
fn a_fetch_behind_other_commands_waits_for_its_own_reply_h05() {
    let mut scene = Scene::new();
    scene.opens(1);
    let first = scene.says(1, "ACK {\"jid\":\"unknown-1\"}\nFETCH a\nACK {\"jid\":\"unknown-2\"}\nFOO\n");
    assert_eq!(first, [write(1, "+OK\r\n")]);
    scene.at += 2 * SECOND;
    assert_eq!(scene.turns(), [write(1, "$-1\r\n"), write(1, "+OK\r\n-ERR unknown command FOO\r\n")]);
}

#[test]
fn a_client_that_takes_nothing_is_cut_however_often_it_asks_g19() {
    let mut scene = Scene::new();
    scene.opens(1);
    for second in 1..10 {
        scene.at = second * SECOND;
        assert_eq!(scene.says(1, "ACK {\"jid\":\"unknown-1\"}\n"), [write(1, "+OK\r\n")]);
        scene.node.sent(moment(scene.at), ConnId(1), 5);
    }
    scene.at = 11 * SECOND;
    assert_eq!(scene.turns(), [Output::Cut { conn: ConnId(1) }]);
}

#[test]
fn a_client_that_takes_a_little_now_and_then_is_kept_g19() {
    let mut scene = Scene::new();
    scene.opens(1);
    for second in 1..30 {
        scene.at = second * SECOND;
        assert_eq!(scene.says(1, "ACK {\"jid\":\"unknown-1\"}\n"), [write(1, "+OK\r\n")]);
        scene.node.sent(moment(scene.at), ConnId(1), 5 + second);
    }
}

#[test]
fn each_line_has_its_own_time_to_end_and_no_more() {
    let mut scene = Scene::new();
    scene.opens(1);
    assert_eq!(scene.says(1, "FOO"), []);
    // Always in the midst of a line, but each one ends.
    for second in 1..90 {
        scene.at = second * SECOND;
        assert_eq!(scene.says(1, "\nFOO"), [write(1, "-ERR unknown command FOO\r\n")]);
        scene.node.sent(moment(scene.at), ConnId(1), 5 + second * 26);
    }
    for second in 90..119 {
        scene.at = second * SECOND;
        assert_eq!(scene.says(1, "O"), []);
    }
    scene.at = 119 * SECOND;
    assert_eq!(scene.turns(), [Output::Close { conn: ConnId(1) }]);
}
