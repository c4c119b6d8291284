//! Cron entries of a real server: from a file to a job, over kills and reloads (rule `E-50`).

use bessemer_core::Wall;
use serde_json::Value;

use crate::client::{Client, Reply};
use crate::clock::until;
use crate::server::{Server, bessemer};

const EVERY_SECOND: &str = "
[[cron]]
id = 'second'
schedule = '@every 1s'
missed = 'all'
  [cron.job]
  type = 'Tick'
  queue = 'ticks'
  args = [1, 'two', { three = 3.5 }]
  [cron.job.custom]
  locale = 'fr'
";

fn started(config: &str) -> Server {
    let mut server = Server::configured("");
    server.configure("conf.d/cron.toml", config);
    server.spawn();
    server.await_ready();
    server
}

fn document(reply: Reply) -> Value {
    let Reply::Bulk(text) = reply else { panic!("no document: {reply:?}") };
    serde_json::from_slice(&text).expect("JSON")
}

fn ask(client: &mut Client, line: &str) -> Value {
    document(client.call(line).expect("a reply"))
}

/// Works on the next job; the second of its tick.
fn work(client: &mut Client) -> i64 {
    let job = until("a tick", || match client.call("FETCH ticks").expect("a reply") {
        Reply::Bulk(text) => Some(text),
        _ => None,
    });
    let job: Value = serde_json::from_slice(&job).expect("a job");
    assert_eq!((&job["jobtype"], &job["custom"]["locale"]), (&"Tick".into(), &"fr".into()));
    assert_eq!(job["args"].to_string(), r#"[1,"two",{"three":3.5}]"#);
    assert!(job["created_at"].as_str().is_some_and(|at| Wall::parse(at).is_ok()), "{job}");
    let jid = job["jid"].as_str().expect("a jid");
    assert_eq!(
        client.call(&format!("ACK {{\"jid\":\"{jid}\"}}")).expect("a reply"),
        Reply::Line("+OK".into())
    );
    let time = jid.strip_prefix("second-").expect("its entry");
    let (date, clock) = (&time[..8], &time[9..15]);
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    );
    Wall::parse(&text).expect("a time").0 / 1_000_000
}

#[test]
fn over_kills_no_tick_is_lost_or_doubled() {
    let mut server = started(EVERY_SECOND);
    server.await_said("cron second: @every 1s in UTC pushes Tick to ticks; next 20", 1);
    let mut ticks = Vec::new();
    for _ in 0..3 {
        let mut worker = server.client_as(r#","wid":"w1""#);
        ticks.extend((0..2).map(|_| work(&mut worker)));
        server.kill();
        server.spawn();
        server.await_ready();
    }
    let mut worker = server.client_as(r#","wid":"w1""#);
    ticks.extend((0..2).map(|_| work(&mut worker)));
    assert!(ticks.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ticks:?}");
    let shown = ask(&mut worker, "CRON SHOW second");
    let runs = shown["crons"][0]["runs"].as_array().expect("runs");
    let done = runs.iter().filter(|run| run["outcome"] == "done").count();
    assert_eq!(done, ticks.len(), "{shown}");
    server.stop("TERM");
}

#[test]
fn an_entry_is_run_paused_and_resumed_and_a_reload_is_all_or_nothing_row_112() {
    let server =
        started(&EVERY_SECOND.replace("@every 1s", "0 3 * * *").replace("id =", "tz = 'Europe/Paris'\nid ="));
    server.await_said("cron second: 0 3 * * * in Europe/Paris pushes Tick to ticks; next 20", 1);
    server.await_said(" 03:00:00 +0", 1);
    let mut client = server.client_as(r#","wid":"w1""#);
    let listed = ask(&mut client, "CRON LIST");
    assert_eq!(listed["crons"][0]["tz"], "Europe/Paris");
    assert_eq!(listed["crons"][0]["runs"], Value::Array(Vec::new()));
    let jid = ask(&mut client, "CRON RUN second")["jid"].as_str().expect("a jid").to_owned();
    let listed = ask(&mut client, "CRON LIST");
    assert_eq!(listed["crons"][0]["runs"][0]["jid"], jid.as_str());
    assert_eq!(listed["crons"][0]["runs"][0]["place"], "queued");
    let job = document(client.call("FETCH ticks").expect("a reply"));
    assert_eq!(job["jid"], jid.as_str());
    let mut say = |line: &str| match client.call(line).expect("a reply") {
        Reply::Line(line) => line,
        other => panic!("{other:?}"),
    };
    assert_eq!(say("CRON PAUSE second"), "+OK");
    assert_eq!(say("CRON PAUSE nobody"), "-ERR Unknown cron entry nobody");
    assert_eq!(say("CRON SHOW nobody"), "-ERR Unknown cron entry nobody");
    assert_eq!(say("CRON RUN"), "-ERR CRON RUN needs the id of an entry");
    assert_eq!(say("CRON STOP x"), "-ERR no such CRON subcommand: STOP");
    assert_eq!(ask(&mut client, "CRON LIST")["crons"][0]["next"], Value::Null);

    // A mistake in one of two: neither is in force.
    let both = format!("{EVERY_SECOND}\n[[cron]]\nid = 'b'\nschedule = '61 * * * *'\ncron.job.type = 'B'\n");
    server.configure("conf.d/cron.toml", &both.replace("cron.job.type", "job.type"));
    server.signal("HUP");
    server.await_said("not reloaded, everything is as before: ", 1);
    server.await_said("cron.toml:15:1: `cron.schedule` has \"61\" as its minute: must be from 0 to 59", 1);
    assert_eq!(ask(&mut client, "CRON LIST")["crons"][0]["schedule"], "0 3 * * *");
    server.configure("conf.d/cron.toml", &both.replace("cron.job.type", "job.type").replace("61 *", "1 *"));
    server.signal("HUP");
    server.await_said("different are cron", 1);
    server.await_said("cron b: 1 * * * * in UTC pushes B to default; next", 1);
    let listed = ask(&mut client, "CRON LIST");
    assert_eq!(listed["crons"].as_array().expect("entries").len(), 2);
    assert_eq!((&listed["crons"][1]["id"], &listed["crons"][1]["paused"]), (&"second".into(), &true.into()));
    assert_eq!(ask_ok(&mut client, "CRON RESUME second"), "+OK");
    work(&mut client);
}

fn ask_ok(client: &mut Client, line: &str) -> String {
    match client.call(line).expect("a reply") {
        Reply::Line(line) => line,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_command_says_when_a_schedule_ticks_as_the_guide_shows() {
    const GUIDE: &str = include_str!("../../../../docs/cron.md");
    let arguments =
        ["cron", "next", "30 2 * * *", "--tz", "Europe/Paris", "--from", "2026-03-28T00:00:00Z", "-n", "3"];
    let said = bessemer().args(arguments).output().expect("it runs");
    let said: Vec<String> =
        String::from_utf8_lossy(&said.stdout).lines().map(|line| format!("    {line}\n")).collect();
    let line = "    $ bessemer cron next \"30 2 * * *\" --tz Europe/Paris --from 2026-03-28T00:00:00Z -n 3\n";
    assert_eq!(said.len(), 3);
    assert!(GUIDE.contains(&format!("{line}{}", said.concat())), "{said:?}");
    let refused = bessemer().args(["cron", "next", "61 * * * *"]).output().expect("it runs");
    assert_eq!(refused.status.code(), Some(2));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("the schedule has \"61\" as its minute: must be from 0 to 59"), "{text}");
}
