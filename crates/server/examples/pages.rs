//! How long pages and searches take among very many jobs, and what they cost the workers: the figures of
//! docs/performance.md about the dashboard.
//!
//! ```text
//! cargo run --release -p bessemer-server --example pages -- make 1000000 > jobs.jsonl
//! bessemer import jobs.jsonl pages-db
//! bessemer --directory pages-db &
//! cargo run --release -p bessemer-server --example pages -- 127.0.0.1:7419 127.0.0.1:7420 1000000
//! ```
//!
//! The jobs wait for their next retry, belong to 100 queues, and have failed with an error text and a back trace. Pages
//! are asked for one after the other, and at last workers fetch and acknowledge, first alone and then beside somebody who
//! searches without a pause. That alone, for as many rounds as one likes: `pages workers 127.0.0.1:7419 127.0.0.1:7420 9`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufWriter, Write};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const QUEUES: usize = 100;
const TYPES: usize = 40;

/// Each page is asked for so often.
const LOOKS: usize = 40;

/// Workers, and for how long they are watched.
const WORKERS: usize = 10;
const WATCHED: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (server, web, jobs) = match &words[..] {
        [verb, jobs] if verb == "make" => return make(jobs.parse()?),
        [verb, server, web, rounds] if verb == "workers" => {
            return rounds_of_work(server, web, rounds.parse()?).await;
        }
        [server, web, jobs] => (server, web, jobs.parse::<usize>()?),
        _ => return Err("usage: pages make JOBS, or pages SERVER WEB JOBS".into()),
    };
    look(web, jobs / 25).await?;
    println!("\n| search of all jobs | first page ms | to the end ms | found |\n|---|---|---|---|");
    for q in ["error:Rare", "error:timeout", "arg:user-4711@", "needle", "type:Type7"] {
        let (first, all, found) = search(web, q).await?;
        println!("| `{q}` | {} | {} | {found} |", ms(first), ms(all));
    }
    rounds_of_work(server, web, 3).await
}

/// Workers alone and beside searches, in turns.
async fn rounds_of_work(server: &str, web: &str, rounds: usize) -> Result<()> {
    println!("\n| workers' FETCH | jobs/s | p50 ms | p99 ms | p99, times alone |\n|---|---|---|---|---|");
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 1..=rounds {
        let mut alone = Duration::ZERO;
        for searched in [None, Some("error:Rare"), Some("type:NoSuchType")] {
            let (rate, mut took) = work(server, web, searched, round).await?;
            let (p50, p99) = (at(&mut took, 50), at(&mut took, 99));
            let Some(q) = searched else {
                alone = p99;
                println!("| alone | {rate} | {} | {} | 1 |", ms(p50), ms(p99));
                continue;
            };
            let ratio = p99.as_secs_f64() / alone.as_secs_f64();
            times.entry(q).or_default().push(ratio);
            println!("| beside `{q}` | {rate} | {} | {} | {ratio:.2} |", ms(p50), ms(p99));
        }
    }
    for (q, mut ratios) in times {
        ratios.sort_unstable_by(f64::total_cmp);
        let [median, lowest, highest] = [ratios.len() / 2, 0, ratios.len() - 1].map(|place| ratios[place]);
        println!("beside `{q}`: {median:.2} [{lowest:.2}..{highest:.2}] times alone");
    }
    Ok(())
}

/// Asks for every page.
async fn look(web: &str, last: usize) -> Result<()> {
    println!("| page | p50 ms | p95 ms |\n|---|---|---|");
    for path in [
        "/".into(),
        "/busy".into(),
        "/queues".into(),
        "/queues/q-7".into(),
        "/retries".into(),
        format!("/retries?page={}", last / 2),
        format!("/retries?page={last}"),
        "/scheduled".into(),
        "/morgue".into(),
        "/stats".into(),
        "/search?q=type:Type7".into(),
        "/search?q=type:NoSuchType".into(),
        "/search?q=jid:job-00000777".into(),
        "/retries?q=queue:q-7".into(),
        "/retries?q=retries%3E0+age%3C90d".into(),
        "/act?in=retries&q=type:Type7&action=kill".into(),
    ] {
        let mut took = Vec::new();
        for _ in 0..LOOKS {
            let began = Instant::now();
            get(web, &path).await?;
            took.push(began.elapsed());
        }
        println!("| `{path}` | {} | {} |", ms(at(&mut took, 50)), ms(at(&mut took, 95)));
    }
    Ok(())
}

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

/// A percentile; zero where nothing was timed.
fn at(took: &mut [Duration], percent: usize) -> Duration {
    took.sort_unstable();
    took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// A connection to the server, as a worker.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(server: &str, wid: &str) -> Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let mut client = Self(BufReader::new(stream));
        client.reply().await?;
        let hello =
            format!("HELLO {{\"v\":2,\"wid\":\"{wid}\",\"hostname\":\"pages\",\"pid\":1,\"labels\":[]}}\r\n");
        client.call(&hello).await?;
        Ok(client)
    }

    async fn call(&mut self, line: &str) -> Result<String> {
        self.0.get_mut().write_all(line.as_bytes()).await?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        match line.as_bytes().first() {
            Some(b'$') => {
                let Ok(len) = line[1..].trim_end().parse::<usize>() else { return Ok(String::new()) };
                let mut text = vec![0; len + 2];
                self.0.read_exact(&mut text).await?;
                text.truncate(len);
                Ok(String::from_utf8(text)?)
            }
            Some(b'+') => Ok(line),
            _ => Err(format!("the server said {line:?}").into()),
        }
    }
}

/// The text between a status line and the end of an answer.
async fn get(web: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(web).await?;
    stream.set_nodelay(true)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    if !(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 302")) {
        return Err(format!("{path}: {}", answer.lines().next().unwrap_or_default()).into());
    }
    Ok(answer)
}

/// Writes an export of so many jobs that wait for their next retry.
fn make(jobs: usize) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(
        out,
        r#"{{"export":{{"format":1,"bessemer":"0.1.0","made":"2026-01-02T03:04:05Z","processed":{jobs},"failures":{jobs}}}}}"#
    )?;
    for n in 0..QUEUES {
        writeln!(out, r#"{{"queue":{{"name":"q-{n}","paused":false}}}}"#)?;
    }
    for n in 0..jobs {
        // Years ahead, and not in the order in which they failed.
        let at = format!(
            "2096-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            n * 7 % 12 + 1,
            n * 13 % 28 + 1,
            n % 24,
            n % 60,
            n * 31 % 60,
            n
        );
        writeln!(
            out,
            r#"{{"job":{{"order":{n},"state":"retrying","at":"{at}","failure":{{"retry_count":{},"remaining":20,"failed_at":"2026-01-02T03:05:00Z","next_at":"{at}","report":{}}},"body":{}}}}}"#,
            n % 5,
            report(n),
            body(n)
        )?;
    }
    writeln!(out, r#"{{"end":{{"jobs":{jobs}}}}}"#)?;
    Ok(out.flush()?)
}

fn body(n: usize) -> String {
    let (jobtype, queue) = (n * 7_919 % TYPES, n % QUEUES);
    let account = n * 2_654_435_761 % 4_294_967_296;
    format!(
        r#"{{"jid":"job-{n:08}","jobtype":"Type{jobtype}","queue":"q-{queue}","retry":25,"created_at":"2026-01-02T03:04:05Z","args":["user-{n}@example.org",{n},{{"account":"{account:x}","reason":"because of the weather"}}]}}"#
    )
}

fn report(n: usize) -> String {
    let (errtype, message) = match n % 50_000 {
        777 => ("RareError", "needle in the haystack"),
        n if n % 3 == 0 => ("Net::ReadTimeout", "timeout after 5 s"),
        _ => ("RuntimeError", "something went wrong"),
    };
    let line =
        |at| format!("\"/srv/app/vendor/bundle/gems/some-gem-1.2.3/lib/file_{at}.rb:{}:in `call'\"", n % 900);
    let trace: Vec<String> = (0..6).map(line).collect();
    format!(r#"{{"errtype":"{errtype}","message":"{message} (job {n})","backtrace":[{}]}}"#, trace.join(","))
}

/// Follows a search to its end: until its first page was there, until all was looked at, and how many were found.
async fn search(web: &str, q: &str) -> Result<(Duration, Duration, String)> {
    let began = Instant::now();
    let mut page = get(web, &format!("/search?q={}", q.replace(' ', "+"))).await?;
    let first = began.elapsed();
    while let Some(rest) = page.split("hx-get=\"/search/more").nth(1) {
        let query = rest.split('"').next().unwrap_or_default().replace("&#38;", "&");
        page = get(web, &format!("/search/more{query}")).await?;
    }
    let all = began.elapsed();
    let found = page.split("role=\"status\">").find(|text| text.contains("match")).unwrap_or_default();
    Ok((first, all, found.split('<').next().unwrap_or_default().trim().to_owned()))
}

/// Workers fetch and acknowledge for a while; how many jobs a second, and what each FETCH took.
async fn work(server: &str, web: &str, searched: Option<&str>, round: usize) -> Result<(u64, Vec<Duration>)> {
    let until = Instant::now() + WATCHED;
    let queue = format!("work-{round}-{}", searched.map_or(0, str::len));
    let local = tokio::task::LocalSet::new();
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let (server, queue) = (server.to_owned(), queue.clone());
        let one = async move {
            let mut client = Client::connect(&server, &format!("pages-{worker}")).await.ok()?;
            let mut took = Vec::new();
            while Instant::now() < until {
                let n = took.len();
                let jid = format!("{queue}-{worker}-{n}");
                let push =
                    format!(r#"PUSH {{"jid":"{jid}","jobtype":"Work","queue":"{queue}","args":[{n}]}}"#);
                client.call(&format!("{push}\r\n")).await.ok()?;
                let began = Instant::now();
                let job = client.call(&format!("FETCH {queue}\r\n")).await.ok()?;
                took.push(began.elapsed());
                let jid = job.split("\"jid\":\"").nth(1)?.split('"').next()?.to_owned();
                client.call(&format!("ACK {{\"jid\":\"{jid}\"}}\r\n")).await.ok()?;
            }
            Some(took)
        };
        workers.push(local.spawn_local(one));
    }
    if let Some(q) = searched {
        let (web, q) = (web.to_owned(), q.to_owned());
        local.spawn_local(async move {
            while Instant::now() < until {
                if let Err(error) = search(&web, &q).await {
                    eprintln!("{error}");
                }
            }
        });
    }
    let mut all = Vec::new();
    local
        .run_until(async {
            for worker in workers {
                all.extend(worker.await.ok().flatten().ok_or("a worker failed").unwrap_or_default());
            }
        })
        .await;
    Ok((all.len() as u64 / WATCHED.as_secs(), all))
}
