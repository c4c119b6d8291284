//! What `[[cron]]` may say (rule E-50, row 115), and what is said of what it may not.

use bessemer_core::cron::{CronEntry, Missed};
use bessemer_core::fact::OnLost;
use bessemer_core::limits::{CRON_ID_MAX, CRON_JITTER_MAX_S, CRON_JOB_MAX};

use super::*;

fn entries(text: &str) -> Vec<CronEntry> {
    accepted(text).0.rules.cron.to_vec()
}

/// An entry with this line in it and this one in its job.
fn entry(line: &str, job_line: &str) -> String {
    format!("[[cron]]\nschedule = '@daily'\n{line}\n[cron.job]\ntype = 'T'\n{job_line}\n")
}

#[test]
fn every_example_of_the_guide_is_read() {
    const GUIDE: &str = include_str!("../../../../../docs/cron.md");
    let examples: Vec<&str> =
        GUIDE.split("```toml\n").skip(1).filter_map(|text| text.split("```").next()).collect();
    assert!(!examples.is_empty());
    let read = entries(examples[0]);
    let ids: Vec<&str> = read.iter().map(|entry| &*entry.id).collect();
    assert_eq!((read.len(), ids[1..].to_vec()), (3, vec!["nightly-report", "pulse"]));
    let report = &read[1];
    assert_eq!((report.zone_name(), report.missed, report.jitter), ("Europe/Paris", Missed::Once, 0));
    let body = report.job.body("nightly-report-1", Wall(0));
    assert_eq!(
        body,
        r#"{"retry":3,"custom":{"expires_in":7200},"jid":"nightly-report-1","queue":"reports","jobtype":"Report","created_at":"1970-01-01T00:00:00Z","args":["daily",{"pages":12}],"reserve_for":3600}"#
    );
    assert_eq!(report.job.expires_in, Some(Duration::from_secs(7_200)));
    assert!(read[0].job.unique.is_some() && read[2].jitter == 10 && read[2].missed == Missed::Skip);
}

#[test]
fn the_example_of_the_defaults_is_read_too() {
    let lines = super::super::DEFAULT.lines().skip_while(|line| *line != "#   [[cron]]");
    let text: String =
        lines.filter_map(|line| line.strip_prefix('#')).map(|line| format!("{line}\n")).collect();
    let read = entries(&text);
    assert_eq!((read.len(), &*read[0].id), (1, "nightly-report"));
}

#[test]
fn what_the_reference_reads_is_read_e50() {
    let read = entries(
        "[[cron]]\nschedule = '*/5 * * * *'\n[cron.job]\ntype = 'A'\nqueue = 'critical'\nretry = -1\n\
         args = []\nreserve_for = 60\n[cron.job.custom]\nunique_for = 60\non_lost = 'dead'\ntrack = 1\n\
         [[cron]]\nschedule = '0 0 * * sun'\n[cron.job]\njobtype = 'B'\n",
    );
    let a = read.iter().find(|entry| &*entry.job.jobtype == "A").expect("an entry");
    let b = read.iter().find(|entry| &*entry.job.jobtype == "B").expect("an entry");
    assert_eq!((&*a.job.queue, a.job.retry, a.job.reserve_for), ("critical", -1, 60));
    assert_eq!((a.job.on_lost, a.job.tracked), (Some(OnLost::Dead), true));
    assert_eq!((&*b.job.queue, b.job.retry, b.job.reserve_for), ("default", 25, 1_800));
    assert_eq!((b.zone_name(), b.missed, b.enabled), ("UTC", Missed::Once, true));
}

#[test]
fn files_are_merged_and_an_id_of_its_own_never_changes() {
    let machine = Machine::new();
    machine.write("c/conf.d/a.toml", entry("", ""));
    machine.write("c/conf.d/b.toml", entry("id = 'b'", "args = ['jid-mark-0', 'created-mark-0']"));
    let config = machine.config("-c TOP/c");
    let ids: Vec<&str> = config.rules.cron.iter().map(|entry| &*entry.id).collect();
    assert_eq!(ids, ["06c00fec820d0b8a", "b"], "hex of schedule, type, queue and args");
    let body = config.rules.cron[1].job.body("j", Wall(0));
    assert!(body.contains(r#""jid":"j""#) && body.contains(r#"["jid-mark-0","created-mark-0"]"#), "{body}");
    machine.write("c/conf.d/c.toml", entry("", ""));
    let line = machine.refusal("-c TOP/c");
    assert_eq!(
        line,
        "TOP/c/conf.d/c.toml:1:1: the id \"06c00fec820d0b8a\" is taken by the [[cron]] at TOP/c/conf.d/a.toml:1:1; \
         give it another `id`"
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place_row_115() {
    for (text, error) in [
        ("cron = 5".to_owned(), ":1:1: `cron` must be tables of their own: [[cron]]"),
        ("[cron]\nschedule = 'x'".into(), ":1:2: `cron` must be tables of their own: [[cron]]"),
        ("[[cron]]\n[cron.job]\ntype = 'T'".into(), ":1:1: there is no `cron.schedule`"),
        ("[[cron]]\nschedule = '@daily'".into(), ":1:1: there is no `cron.job`"),
        ("[[cron]]\nschedule = '@daily'\njob = 1".into(), ":3:1: `cron.job` must be a table: [cron.job]"),
        ("[[cron]]\nschedule = '@daily'\n[cron.job]\nargs = []".into(), ":3:7: there is no `cron.job.type`"),
        (
            entry("shedule = ''", ""),
            ":3:1: unknown key `cron.shedule`; the nearest known one is `cron.schedule`",
        ),
        (
            entry("", "quue = ''"),
            ":6:1: unknown key `cron.job.quue`; the nearest known one is `cron.job.queue`",
        ),
        (
            entry("tz = 'Europe/Pariss'", ""),
            ":3:1: `cron.tz` is \"Europe/Pariss\", which is no time zone; the nearest known one is \"Europe/Paris\"",
        ),
        (entry("tz = 5", ""), ":3:1: `cron.tz` must be a string, not an integer"),
        (
            entry("missed = 'never'", ""),
            ":3:1: `cron.missed` must be \"skip\", \"once\" or \"all\", not \"never\"",
        ),
        (entry("enabled = 'yes'", ""), ":3:1: `cron.enabled` must be a boolean, not a string"),
        (entry("id = 'a b'", ""), ":3:1: `cron.id` must be 1 to 100 letters, digits and"),
        (entry("jitter = -1", ""), ":3:1: `cron.jitter` must be from 0 to 3600 seconds"),
        (entry("jitter = 3601", ""), ":3:1: `cron.jitter` must be from 0 to 3600 seconds"),
        (entry("", "jobtype = 'U'"), "`cron.job.jobtype` is the same as `cron.job.type`; one is enough"),
        (entry("", "args = 5"), ":6:1: `cron.job.args` must be an array"),
        (entry("", "args = [inf]"), ":6:1: `cron.job.args` holds inf, which JSON does not know"),
        (entry("", "queue = 'a b'"), ":4:7: [cron.job]: "),
        (
            entry("", "reserve_for = 100000"),
            ":4:7: [cron.job]: jobs cannot be reserved for more than one day",
        ),
        (entry("", "custom = { unique_for = 'x' }"), ":4:7: [cron.job]: invalid custom.unique_for"),
        (
            entry("", "custom = { bid = 'b-1' }"),
            ":4:7: [cron.job]: custom.bid: a batch ends before its entry does",
        ),
    ] {
        let line = refused(&text);
        let line = line.strip_prefix("TOP/c/conf.d/a.toml").unwrap_or(&line);
        assert!(line.starts_with(error) || line.contains(error) && error.starts_with('`'), "{text}: {line}");
    }
    for (schedule, error) in [
        ("61 * * * *", "`cron.schedule` has \"61\" as its minute: must be from 0 to 59"),
        ("* * 31 2 *", "`cron.schedule` never comes"),
    ] {
        let line = refused(&entry("", "").replace("@daily", schedule));
        assert!(line.contains(&format!(":2:1: {error}")), "{line}");
    }
    let line = refused(&entry("jitter = 60", "").replace("@daily", "* * * * *"));
    assert!(line.ends_with("`cron.jitter` must be less than the 60 seconds from tick to tick"), "{line}");
    assert_eq!(entries(&entry("jitter = 59", "").replace("@daily", "* * * * *"))[0].jitter, 59);
}

#[test]
fn limits_hold_at_the_limit_and_one_beyond() {
    let many = |count: usize| {
        let one = |n: usize| entry(&format!("id = 'e{n}'"), "");
        format!("limits.cron_max = 2\n{}", (0..count).map(one).collect::<String>())
    };
    assert_eq!(entries(&many(2)).len(), 2);
    assert!(
        refused(&many(3)).ends_with("3 entries of [[cron]], `limits.cron_max` is 2"),
        "{}",
        refused(&many(3))
    );
    let id = |len: usize| entry(&format!("id = '{}'", "i".repeat(len)), "");
    assert_eq!(entries(&id(CRON_ID_MAX)).len(), 1);
    assert!(refused(&id(CRON_ID_MAX + 1)).contains("`cron.id` must be"));
    let jitter = |seconds: u32| entry(&format!("jitter = {seconds}"), "");
    assert_eq!(entries(&jitter(CRON_JITTER_MAX_S))[0].jitter, CRON_JITTER_MAX_S);
    let job = |len: usize| entry("id = 'a'", &format!("args = ['{}']", "x".repeat(len)));
    let around = entries(&job(0))[0].job.text.iter().map(|part| part.len()).sum::<usize>();
    // The marks of the jid and the creation count too.
    let marks = "jid-mark-0".len() + "created-mark-0".len();
    let room = CRON_JOB_MAX - around - marks;
    assert_eq!(entries(&job(room)).len(), 1);
    let line = refused(&job(room + 1));
    assert!(
        line.ends_with(&format!("[cron.job]: a job of {} bytes, limit {CRON_JOB_MAX}", CRON_JOB_MAX + 1)),
        "{line}"
    );
}
