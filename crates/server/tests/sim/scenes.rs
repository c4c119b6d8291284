//! Small scenes with the node alone: what the simulation found once, told in the fewest words.

use std::task::{Context, Poll, Waker};

use bessemer_core::{Boot, ConnId, Now, Wall};
use bessemer_server::config::Limits;
use bessemer_server::node::{Node, Output};
use bessemer_store::Engine as _;
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
        Self::within(Limits::default())
    }

    fn within(limits: Limits) -> Self {
        let options = Options { segment_bytes: 64 << 10, ..Options::default() };
        let stall = options.rules.stall;
        let now = moment(0);
        let (engine, _) = Embedded::open(SimDisk::new(1), options, now, [1; 16]).expect("an empty disk");
        Self { node: Node::new(engine, limits, stall, now), at: 0 }
    }

    fn says(&mut self, conn: u64, text: &str) -> Vec<Output> {
        self.node.bytes(ConnId(conn), text.as_bytes());
        self.turns()
    }

    /// Turns until the node wants to sleep.
    fn turns(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        while self.node.wake_at(moment(self.at)) <= moment(self.at).boot {
            outputs.append(&mut self.turn());
        }
        outputs
    }

    fn turn(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        let poll = self.node.turn(&mut Context::from_waker(Waker::noop()), moment(self.at), &mut outputs);
        assert!(matches!(poll, Poll::Ready(Ok(()))), "{poll:?}");
        outputs
    }

    /// The client takes all that was sent to it.
    fn takes(&mut self, conn: u64, total: usize) {
        self.node.sent(moment(self.at), ConnId(conn), total as u64);
    }

    fn opens(&mut self, conn: u64) {
        self.node.opened(moment(self.at), ConnId(conn), None, false);
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
    assert_eq!(
        scene.turns(),
        [write(1, "-ERR line took longer than 30s\r\n"), Output::Close { conn: ConnId(1) }]
    );
}

/// What was written to a connection.
fn written(outputs: &[Output], to: u64) -> String {
    let bytes = outputs.iter().filter_map(|output| match output {
        Output::Write { conn, bytes } if conn.0 == to => Some(&**bytes),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Vec<_>>().concat()).expect("text")
}

#[test]
fn who_sends_thousands_of_lines_at_once_is_one_among_others_row_27() {
    let mut scene = Scene::new();
    scene.opens(1);
    scene.opens(2);
    scene.node.bytes(ConnId(1), "FOO\n".repeat(2_000).as_bytes());
    scene.node.bytes(ConnId(2), b"BAR\n");
    scene.node.listen(moment(0));
    assert!(!scene.node.wants_bytes(ConnId(1)) && scene.node.wants_bytes(ConnId(2)));
    let first = scene.turn();
    assert_eq!(written(&first, 2), "-ERR unknown command BAR\r\n");
    let answered = |outputs: &[Output]| written(outputs, 1).matches("FOO\r\n").count();
    let now = answered(&first);
    assert!((100..=512).contains(&now), "{now} lines in one turn");
    assert_eq!(now + answered(&scene.turns()), 2_000);
    assert!(scene.node.wants_bytes(ConnId(1)));
}

#[test]
fn the_last_word_of_a_client_that_is_gone_counts_a03() {
    let mut scene = Scene::new();
    scene.opens(1);
    scene
        .node
        .bytes(ConnId(1), b"PUSH {\"jid\":\"abcdefgh1\",\"jobtype\":\"T\",\"args\":[]}\nPUSH {\"jid\":");
    scene.node.closed(moment(0), ConnId(1), 5);
    scene.turns();
    assert_eq!(scene.node.engine().jobs(), 1);
}

#[test]
fn lines_wait_while_replies_do_and_a_half_closed_client_gets_them_all_row_27_row_31() {
    let mut scene = Scene::within(Limits { unsent_max: 1_000, ..Limits::default() });
    scene.opens(1);
    scene.node.bytes(ConnId(1), "FOO\n".repeat(200).as_bytes());
    scene.node.eof(moment(0), ConnId(1));
    let mut all = Vec::new();
    for _ in 0..200 {
        all.append(&mut scene.turns());
        let so_far = written(&all, 1).len();
        if all.contains(&Output::Close { conn: ConnId(1) }) {
            break;
        }
        scene.takes(1, 5 + so_far);
        assert!(scene.node.wake_at(moment(0)) <= moment(0).boot, "it goes on when they have left");
    }
    assert_eq!(written(&all, 1).matches("FOO\r\n").count(), 200);
    let most =
        all.iter().map(|output| if let Output::Write { bytes, .. } = output { bytes.len() } else { 0 });
    assert!(most.max() < Some(1_100));
    assert_eq!(all.last(), Some(&Output::Close { conn: ConnId(1) }));
}

#[test]
fn many_infos_are_answered_a_few_at_a_time_and_everybody_comes_to_it() {
    let mut scene = Scene::new();
    for conn in 1..=20 {
        scene.opens(conn);
    }
    for conn in 1..=20 {
        scene.node.bytes(ConnId(conn), b"INFO\nINFO\nINFO\nFOO\n");
    }
    let mut replies = Vec::new();
    while scene.node.wake_at(moment(0)) <= moment(0).boot {
        let turn = scene.turn();
        let infos = |conn| written(&turn, conn).matches("total_processed").count();
        assert!((1..=20).map(infos).sum::<usize>() <= 4);
        replies.extend(turn);
        let of = |conn| written(&replies, conn).matches("total_processed").count();
        let (least, most) = ((1..=20).map(of).min(), (1..=20).map(of).max());
        assert!(least > Some(0) || most < Some(3), "one has all its replies and another none");
    }
    for conn in 1..=20 {
        let said = written(&replies, conn);
        assert!(said.matches("total_processed").count() == 3 && said.ends_with("FOO\r\n"), "{said}");
    }
}

#[test]
fn infos_that_list_thousands_of_queues_are_answered_one_at_a_time() {
    let mut scene = Scene::new();
    (1..=10).for_each(|conn| scene.opens(conn));
    for queue in 0..3_000 {
        let job = format!(
            "PUSH {{\"jid\":\"job-{queue:06}\",\"jobtype\":\"T\",\"args\":[],\"queue\":\"q-{queue}\"}}\n"
        );
        scene.node.bytes(ConnId(1), job.as_bytes());
    }
    scene.node.bytes(ConnId(1), b"INFO\n");
    while scene.node.wake_at(moment(0)) <= moment(0).boot {
        scene.turn();
    }
    (1..=10).for_each(|conn| scene.node.bytes(ConnId(conn), b"INFO\n"));
    let mut turns = 0;
    while scene.node.wake_at(moment(0)) <= moment(0).boot {
        let turn = scene.turn();
        let infos: Vec<_> =
            (1..=10).map(|conn| written(&turn, conn)).filter(|said| !said.is_empty()).collect();
        assert!(infos.len() <= 1 && infos.iter().all(|info| info.contains("\"total_queues\":3000")));
        turns += infos.len();
    }
    assert_eq!(turns, 10);
}

#[test]
fn enormous_lines_leave_room_for_the_small_ones_of_others() {
    let limits = Limits { buffered_max: 1 << 20, ..Limits::default() };
    let mut scene = Scene::within(limits);
    for conn in 1..=10 {
        scene.opens(conn);
    }
    let chunk = [b"PUSH ".as_slice(), &[b'x'; 64 << 10]].concat();
    let mut held = 0;
    for round in 0..100 {
        for conn in (1..=5).filter(|conn| scene.node.wants_bytes(ConnId(*conn))).collect::<Vec<_>>() {
            scene.node.bytes(ConnId(conn), if round == 0 { &chunk } else { &chunk[5..] });
            held += chunk.len();
        }
        scene.turn();
    }
    assert!(held < (1 << 20) + 5 * chunk.len(), "{held}");
    assert!(!scene.node.wants_bytes(ConnId(1)));
    for conn in 6..=10 {
        scene.node.bytes(ConnId(conn), b"FO");
        assert!(scene.node.wants_bytes(ConnId(conn)));
        assert_eq!(scene.says(conn, "O\n"), [write(conn, "-ERR unknown command FOO\r\n")]);
    }
}
