//! `/debug`: what one asks an operator for first (rule `V-29`).

use askama::Template;
use bessemer_core::Wall;

use crate::Front;
use crate::count::thousands;
use crate::frame::{Frame, Tab};
use crate::visit::{Shown, Visit, html};

#[derive(Template)]
#[template(path = "debug.html")]
struct Debug {
    frame: Frame,
    server: Vec<(&'static str, String)>,
    tally: Vec<(&'static str, String)>,
    /// What was refused, by reason.
    rejected: Vec<(&'static str, String)>,
    /// Class and text of the time that the engine took to answer.
    round_trip: (&'static str, String),
}

/// `GET /debug`.
pub(crate) async fn show<F: Front>(visit: Visit<F>) -> Shown {
    let (web, asked) = (&visit.web, visit.web.front.now());
    let info = web.info().await?;
    let micros = u64::try_from(web.front.now().since(asked).as_micros()).unwrap_or(u64::MAX);
    let (site, figures, since) = (&web.site, web.front.figures(), &info.since_start);
    let server = vec![
        ("Version", site.version.clone()),
        ("Compatible with Faktory", crate::stats::FAKTORY_VERSION.into()),
        ("Environment", site.environment.clone()),
        ("Commands at", site.binding.clone()),
        ("Data directory", site.data.clone()),
        ("Durability", figures.condition.durability.to_string()),
        ("Disk full", if figures.condition.disk_full { "yes" } else { "no" }.into()),
        ("Memory full", if figures.memory_full { "yes" } else { "no" }.into()),
        ("Reloads refused", thousands(figures.reloads_refused)),
        ("Certificate valid until", figures.certificate_until.map_or("no TLS".into(), Wall::rfc3339)),
        ("Dashboard password", if site.password.is_some() { "set" } else { "not set" }.into()),
        ("Open to others without a password", if site.exposed { "yes" } else { "no" }.into()),
        ("Base path", format!("{}/", visit.base.0)),
        ("Uptime", format!("{} s", thousands(figures.uptime_s))),
        ("Connections", thousands(figures.connections)),
        ("Commands", thousands(figures.command_count)),
        ("Memory", format!("{} MB", thousands(figures.used_memory_mb))),
    ];
    let tally = [
        ("Jobs accepted", since.accepted),
        ("Pushes answered as repeats", since.repushed),
        ("Scheduled jobs enqueued", since.scheduled_enqueued),
        ("Retries enqueued", since.retries_enqueued),
        ("Reservations expired", since.reaped),
        ("Workers lost", since.workers_lost),
        ("Jobs taken back from lost workers", since.jobs_lost),
        ("ACKs and FAILs without effect", since.stale_acks),
        ("Deliveries that reached nobody", since.undelivered),
        ("Jobs taken back by operators", since.released),
        ("Jobs dropped from the dead set", since.dead_dropped),
    ];
    let grade = match micros {
        1..1_000 => "good",
        1_000..10_000 => "middling",
        _ => "bad", // 0: the clock stands still
    };
    html(&Debug {
        frame: visit.frame_of(&info, "Debug", Tab::Other),
        server,
        tally: tally.map(|(name, count)| (name, thousands(count))).into(),
        rejected: figures.rejected.iter().map(|(reason, count)| (*reason, thousands(*count))).collect(),
        round_trip: (grade, format!("{} µs", thousands(micros))),
    })
}
