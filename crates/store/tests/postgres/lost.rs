//! The connection is lost while a tick is being committed: whether before or after, the tick is done once.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use bessemer_core::command::{Asks, Push};
use bessemer_core::{Boot, Command, ConnId, Now, Reply, Rules, Settled, Ticket, Wall};
use bessemer_store::{Engine, Postgres};
use tokio_postgres::{Client, Config};

use crate::server::Server;
use crate::shared;

const NOW: Now =
    Now { wall: Wall(1_700_000_000_000_000), boot: Boot(1_000_000), heard: Boot(1_000_000), chance: 0 };
const CONN: ConnId = ConnId(1);

fn push(jid: &str) -> Command<'_> {
    let body = jid.as_bytes();
    Command::Push {
        job: Push {
            jid,
            queue: "default",
            jobtype: "T",
            retry: 25,
            reserve_for: 1_800,
            on_lost: None,
            asks: Asks::default(),
            at: None,
            failure: None,
            sent: body,
            body,
        },
    }
}

async fn open(config: &Config) -> Postgres {
    let opened = Postgres::open(config.clone(), Rules::default(), NOW, *b"sixteen bytes id").await;
    opened.unwrap_or_else(|error| panic!("{error}"))
}

/// Turns until everything is settled.
async fn settle(engine: &mut Postgres) -> Vec<(Ticket, Reply)> {
    let mut out = Settled::default();
    let settled = poll_fn(|cx| engine.poll_turn(cx, NOW, &mut out)).await;
    settled.unwrap_or_else(|error| panic!("{error}"));
    out.replies
}

/// The engine's session, once it waits for what `event` says.
async fn waiting(admin: &Client, event: &str) -> i32 {
    let sql = "select pid from pg_stat_activity
               where application_name = 'bessemer' and datname = current_database()
                 and coalesce(wait_event_type || ' ' || wait_event, '') like $1";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(session) = admin.query(sql, &[&event]).await.expect("the activity").first() {
            return session.get(0);
        }
        assert!(tokio::time::Instant::now() < deadline, "the engine never waited for {event}");
        tokio::task::yield_now().await;
    }
}

/// Ends the engine's session once it waits for what `event` says.
async fn terminate(admin: &Client, event: &str) {
    let session = waiting(admin, event).await;
    admin.query("select pg_terminate_backend($1)", &[&session]).await.expect("it ends");
}

/// Statements, one after another: some may not stand in a transaction.
async fn run(admin: &Client, statements: &[&str]) {
    for sql in statements {
        admin.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// A setting is not in force at once: commits on another session until a commit waits for the standby.
async fn until_commits_wait(admin: &Client, probe: Client) {
    let probing =
        tokio::spawn(
            async move { while probe.batch_execute("insert into probe values (1)").await.is_ok() {} },
        );
    let sql = "select from pg_stat_activity where query like 'insert into probe%' and wait_event = 'SyncRep'";
    while admin.query(sql, &[]).await.expect("the activity").is_empty() {
        tokio::task::yield_now().await;
    }
    probing.abort();
}

/// A push, a fetch and a push in one tick, whose session is ended while it waits for `event`; meanwhile `release` lets
/// it go on. One job must be in somebody's hands then and one in the queue. Gives the receipts that were confirmed.
async fn a_tick_is_done_once(
    admin: &Client,
    config: &Config,
    event: &str,
    hold: impl Future<Output = ()>,
    release: impl Future<Output = ()>,
) -> i64 {
    let mut engine = open(config).await;
    engine.submit(NOW, Ticket(1), push("first job"));
    assert_eq!(settle(&mut engine).await, [(Ticket(1), Reply::Done)]);

    hold.await;
    engine.submit(NOW, Ticket(2), Command::Fetch { conn: CONN, queues: &["default"], wait: Duration::ZERO });
    engine.submit(NOW, Ticket(3), push("second job"));
    engine.submit(NOW, Ticket(4), Command::Ack { conn: CONN, jid: "no such job", lease: None });
    let chores = async {
        terminate(admin, event).await;
        release.await;
    };
    let (replies, ()) = tokio::join!(settle(&mut engine), chores);
    let [(Ticket(2), Reply::Job(job)), (Ticket(3), Reply::Done), (Ticket(4), Reply::Done)] = &replies[..]
    else {
        panic!("{replies:?}");
    };
    assert_eq!(job.body.bytes(), b"first job");

    let count = async |sql: &str| -> i64 { admin.query_one(sql, &[]).await.expect("a count").get(0) };
    assert_eq!(count("select count(*) from bessemer.ready").await, 1);
    assert_eq!(count("select count(*) from bessemer.reserved").await, 1);
    // It goes on as if nothing had been.
    engine.submit(NOW, Ticket(5), Command::Ack { conn: CONN, jid: "first job", lease: None });
    assert_eq!(settle(&mut engine).await, [(Ticket(5), Reply::Done)]);
    assert_eq!(count("select count(*) from bessemer.reserved").await, 0);
    count("select count(*) from bessemer.receipt where tick < 0").await
}

#[tokio::test]
async fn a_tick_that_was_not_committed_when_the_connection_was_lost_is_done_again() {
    let server = shared();
    let config = server.database().await;
    let admin = server.client(config.get_dbname().expect("a name")).await;
    let held = ["begin", "lock table bessemer.receipt in share mode"];
    // A transaction sees the activity as it was when it began: somebody else holds the lock.
    let holder = server.client(config.get_dbname().expect("a name")).await;
    let hold = run(&holder, &held);
    let confirmed = a_tick_is_done_once(&admin, &config, "Lock %", hold, run(&holder, &["commit"])).await;
    assert_eq!(confirmed, 0, "it had not been committed");
}

#[tokio::test]
async fn a_tick_that_was_committed_when_the_connection_was_lost_is_not_done_again() {
    // Of its own: its commits wait for a standby that is not there.
    let server = Server::start(&["fsync=off"]);
    let config = server.database().await;
    let admin = server.client(config.get_dbname().expect("a name")).await;
    admin.batch_execute("set synchronous_commit = local").await.expect("set");
    run(&admin, &["create table probe (n int)"]).await;
    let probe = server.client(config.get_dbname().expect("a name")).await;
    let reload = "select pg_reload_conf()";
    let hold = async {
        run(&admin, &["alter system set synchronous_standby_names = 'missing'", reload]).await;
        until_commits_wait(&admin, probe).await;
    };
    let released = ["alter system set synchronous_standby_names = ''", reload];
    let release = run(&admin, &released);
    let confirmed = a_tick_is_done_once(&admin, &config, "IPC SyncRep", hold, release).await;
    assert_eq!(confirmed, 1, "it had been committed");
}

#[tokio::test]
async fn the_head_of_a_queue_that_a_lost_session_still_holds_is_waited_for() {
    let server = shared();
    let config = server.database().await;
    let client = || server.client(config.get_dbname().expect("a name"));
    let (admin, holder, lost) = (client().await, client().await, client().await);
    let mut engine = open(&config).await;
    for (ticket, jid) in [(1, "first job"), (2, "second job")] {
        engine.submit(NOW, Ticket(ticket), push(jid));
    }
    settle(&mut engine).await;

    // The first try waits for a table, and is cut; the second one finds a row that a session holds which nobody has
    // noticed to be gone.
    run(&holder, &["begin", "lock table bessemer.reserved in exclusive mode"]).await;
    run(&lost, &["begin", "select from bessemer.ready order by ord limit 1 for update"]).await;
    engine.submit(NOW, Ticket(3), Command::Ack { conn: CONN, jid: "no such job", lease: None });
    engine.submit(NOW, Ticket(4), Command::Fetch { conn: CONN, queues: &["default"], wait: Duration::ZERO });
    let chores = async {
        terminate(&admin, "Lock relation").await;
        run(&holder, &["commit"]).await;
        waiting(&admin, "Lock transactionid").await;
        run(&lost, &["rollback"]).await;
    };
    let (replies, ()) = tokio::join!(settle(&mut engine), chores);
    let [(Ticket(3), Reply::Done), (Ticket(4), Reply::Job(job))] = &replies[..] else {
        panic!("{replies:?}")
    };
    assert_eq!(job.body.bytes(), b"first job");
}

#[tokio::test]
async fn a_database_that_goes_away_for_good_ends_the_engine() {
    let server = Server::start(&["fsync=off"]);
    let config = server.database().await;
    let mut engine = open(&config).await;
    drop(server);
    tokio::time::pause();
    engine.submit(NOW, Ticket(1), push("first job"));
    let mut out = Settled::default();
    let turned = poll_fn(|cx| engine.poll_turn(cx, NOW, &mut out)).await;
    assert!(turned.is_err() && out.replies.is_empty());
    let again = poll_fn(|cx| Poll::Ready(engine.poll_turn(cx, NOW, &mut out))).await;
    assert!(matches!(again, Poll::Ready(Err(_))), "it goes on after a failure");
}
