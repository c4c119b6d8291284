//! Hostile data: whatever strangers put into a field, the page has the elements and attributes that it has with
//! harmless data.
//!
//! Pages are taken apart by the tokenizer of a browser engine, not by us. One house holds many texts, each in every field
//! of jobs, a worker, a mark, a token and an entry of the audit log of its own.

mod texts;

use std::cell::RefCell;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header;
use bessemer_core::command::Hello;
use bessemer_web::Site;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::house::{Answered, House, Job, START, get, page, request, send};

/// Every tag with its attributes; of their values only those that decide what happens.
#[derive(Default)]
struct Shape(RefCell<Vec<String>>);

impl TokenSink for Shape {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                let mut shape = String::with_capacity(64);
                shape.push_str(if tag.kind == TagKind::EndTag { "</" } else { "<" });
                shape.push_str(&tag.name);
                for attribute in &tag.attrs {
                    let (name, value) = (&*attribute.name.local, &*attribute.value);
                    let link = matches!(name, "href" | "src" | "action" | "formaction");
                    assert!(
                        !link || value.starts_with('/') || value.starts_with("#content"),
                        "{name}={value:?}"
                    );
                    assert!(!value.contains('\0'));
                    shape.push(' ');
                    shape.push_str(name);
                    if name == "class" {
                        shape.push('=');
                        shape.push_str(value);
                    }
                }
                self.0.borrow_mut().push(shape);
                if tag.kind == TagKind::StartTag && &*tag.name == "title" {
                    return TokenSinkResult::RawData(RawKind::Rcdata);
                }
            }
            // No page of harmless data has any of these.
            Token::CommentToken(comment) => self.0.borrow_mut().push(format!("a comment: {comment}")),
            Token::NullCharacterToken => self.0.borrow_mut().push("a NUL".into()),
            Token::ParseError(error) => self.0.borrow_mut().push(format!("no clean HTML: {error}")),
            Token::DoctypeToken(_) | Token::CharacterTokens(_) | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

thread_local! {
    /// The last head of a page, up to its contents, and its shape: most pages have the same.
    static HEAD: RefCell<(String, Vec<String>)> = const { RefCell::new((String::new(), Vec::new())) };
}

/// The shape of a page. Its head is taken apart by itself: one that did not end where text begins would say so.
fn shape(html: &str) -> Vec<String> {
    let Some((head, rest)) = html.find("<main").map(|at| html.split_at(at)) else { return taken_apart(html) };
    HEAD.with_borrow_mut(|(known, shape)| {
        if head != known {
            (*known, *shape) = (head.to_owned(), taken_apart(head));
        }
        [shape.clone(), taken_apart(rest)].concat()
    })
}

fn taken_apart(html: &str) -> Vec<String> {
    let options = TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Shape::default(), options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// Texts in a house; as many rows are on a page of a list.
const HOUSEFUL: usize = 25;
/// How many texts are tried.
const TEXTS: usize = 500;
/// Of so many texts one is tried also where another page of the same template has had them all.
const SOME: usize = 5;

/// What became of a path: its shape, and what was asked for.
type Seen = (String, u16, Vec<String>);

/// What is short and has one line, as tokens, marks and names are.
fn limited(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The beginning of a text that fits a box and an address.
fn boxed(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Somebody of this name, with the password.
fn basic(name: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = "Basic ".to_owned();
    for three in format!("{}:p", name.replace(':', ";")).as_bytes().chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        out.extend((0..=three.len()).map(|at| LETTERS[(bits >> (18 - 6 * at)) as usize & 63] as char));
    }
    out
}

/// A form, sent by somebody of this name.
async fn post_as(router: &Router, name: &str, path: &str, form: &str) -> Answered {
    let request = request("POST", path)
        .header(header::AUTHORIZATION, basic(name))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(router, request.body(Body::from(form.to_owned())).unwrap()).await
}

/// A house whose every field is filled in by a stranger.
struct Filled {
    house: House,
    /// For who has the password, and for everybody.
    operators: Router,
    router: Router,
}

/// The jid of a text's job in a state.
fn jid(n: usize, state: &str, text: &str) -> String {
    format!("{state}-{n}-{}-00000000", limited(text))
}

fn jobtype(n: usize, text: &str) -> String {
    format!("T{n}{}", limited(text))
}

impl Filled {
    fn new(texts: &[String]) -> Self {
        let house = House::new();
        for (n, text) in texts.iter().enumerate() {
            fill(&house, n, text);
        }
        let limited = limited(&texts[0]);
        let site = Site {
            binding: limited.clone(),
            environment: limited.clone(),
            data: limited.clone(),
            version: limited.clone(),
            exposed: true,
            ..Site::default()
        };
        let operators = house.router(Site { password: Some("p".into()), ..site.clone() });
        let router = house.router(site);
        Self { house, operators, router }
    }

    /// Whose entry, token and mark hold each text.
    async fn operate(&self, texts: &[String]) {
        for (n, text) in texts.iter().enumerate() {
            let limited = encoded(&limited(text));
            let made =
                post_as(&self.operators, &boxed(text), "/tokens", &format!("name=t{n}{limited}&scope=read"))
                    .await;
            assert_eq!(made.status, 200, "{text:?}: {}", made.body);
            let mark = format!("text=m{n}{limited}&span=1h");
            assert_eq!(post_as(&self.operators, &boxed(text), "/statistics/marks", &mark).await.status, 302);
            let killed = format!("action=retry&id={}", self.id(&jid(n, "k", text)).await);
            let path = format!("/jobs/{}", encoded(&jid(n, "k", text)));
            assert_eq!(post_as(&self.operators, &boxed(text), &path, &killed).await.status, 302);
        }
    }

    /// The number of the job of a jid, as its page links to it.
    async fn id(&self, jid: &str) -> String {
        let shown = page(&self.router, &format!("/jobs/{}", encoded(jid))).await.body;
        let at = shown.find("/raw?id=").expect("a job can be saved");
        shown[at + 8..].chars().take_while(char::is_ascii_digit).collect()
    }

    async fn see(&self, path: String, seen: &mut Vec<Seen>) {
        let answered = get(&self.router, &path).await;
        seen.push((path, answered.status, shape(&answered.body)));
    }

    /// Pages that show many.
    async fn lists(&self, seen: &mut Vec<Seen>) {
        for path in [
            "/",
            "/busy",
            "/queues",
            "/queues/default",
            "/queues/default?clear=1",
            "/retries",
            "/scheduled",
            "/morgue",
            "/debug",
            "/recent",
            "/statistics",
            "/statistics?span=1h",
            "/statistics/queues/default?span=1h",
            "/tokens",
            "/audit",
            "/works",
            "/search",
            "/search?q=jid:q-*",
            "/search?q=jid:r-*",
            "/search?q=jid:d-*",
            "/search?q=jid:s-*",
            "/search?q=jid:w-*",
            "/search/more?q=jid:r-*",
            "/retries?q=type:T*",
            "/queues/default?q=type:T*",
            "/act?in=retries&action=kill",
            "/act?in=retries&action=delete",
            "/act?q=type:T*&action=move",
        ] {
            self.see(path.into(), seen).await;
        }
    }

    /// Pages about one job, and what an address brings back.
    async fn alone(&self, n: usize, text: &str, seen: &mut Vec<Seen>) {
        let (limited, boxed) = (encoded(&limited(text)), encoded(&boxed(text)));
        // Arguments that are too long are not offered there, which is another page (`edit.rs` has it).
        let is_short = text.len() < 16_384;
        let dead = jid(n, "d", text);
        self.see(format!("/jobs/{}", encoded(&dead)), seen).await;
        if is_short {
            let id = self.id(&dead).await;
            self.see(format!("/jobs/{}/edit?id={id}", encoded(&dead)), seen).await;
        }
        self.see(format!("/recent?find=x{boxed}&type=x{boxed}&queue=x{boxed}"), seen).await;
        self.see(format!("/audit?q=zz9-{boxed}"), seen).await;
        for path in [
            format!("/retries/x{limited}"),
            format!("/queues/%3c{limited}"),
            format!("/queues?name=%3c{limited}"),
            format!("/jobs/none-{limited}"),
            format!("/statistics?span=x{limited}"),
            format!("/recent?outcome=x{limited}"),
            format!("/act?in=x{limited}"),
            format!("/act?in=retries&action=x{limited}"),
            format!("/none/x{limited}"),
        ] {
            self.see(path, seen).await;
        }
        let wrong = encoded(&format!("state:\"{}\"", limited_line(text)));
        self.see(format!("/search?q={wrong}"), seen).await;
        let line = encoded(&format!("zz9 \"{}\"", limited_line(text)));
        for path in ["/search?", "/act?in=retries&action=kill&"] {
            self.see(format!("{path}q={line}"), seen).await;
        }
        if n.is_multiple_of(SOME) {
            self.see(format!("/jobs/{}", encoded(&jid(n, "w", text))), seen).await;
            self.see(format!("/retries?q={line}"), seen).await;
            self.see(format!("/queues/default?q={line}"), seen).await;
            self.see(format!("/statistics/types/{}?span=1h", encoded(&jobtype(n, text))), seen).await;
        }
        // What was done to a job is told with the line that found it.
        let bin = format!("bin-{n:08}");
        self.house.push(&Job { jid: &bin, jobtype: "Bin", ..Job::default() });
        let line = encoded(&format!("type:Bin jid:{bin} jid:\"{}\"", limited_line(text)));
        let deed = format!("in=&action=delete&count=1&q={line}");
        let done = post_as(&self.router, "", "/act", &deed).await;
        assert_eq!(done.status, 302, "{text:?}: {}", done.body);
        self.see("/works".into(), seen).await;
        let works = &get(&self.router, "/works").await.body;
        let id = works.split("/works/").nth(1).expect("it is said what was done");
        let id = id.split('"').next().unwrap();
        assert_eq!(post_as(&self.router, "", &format!("/works/{id}"), "action=dismiss").await.status, 302);
    }
}

/// What stands inside quotes on one line.
fn limited_line(text: &str) -> String {
    limited(text).replace('"', "'") + "x"
}

/// A job in every state, and the worker that has one of them.
fn fill(house: &House, n: usize, text: &str) {
    let json = serde_json::to_string(text).unwrap();
    let (limited, jobtype) = (limited(text), jobtype(n, text));
    let args = format!("[{json}, {{{json}: {json}}}]");
    let custom = format!("{{{json}: {json}, \"wrapped\": {json}}}");
    let failure = format!(r#"{{"errtype":{json},"message":{json},"backtrace":[{json},{json}]}}"#);
    // The port for jobs refuses such a name, and pages do not rely on it. Blanks stand between names.
    let odd = format!("q{n}{limited}").replace(' ', "_");
    let push = |state: &str, queue: &str, retry, at| {
        let jid = &jid(n, state, text);
        house.push(&Job {
            jid,
            queue,
            jobtype: &jobtype,
            args: &args,
            custom: Some(&custom),
            retry,
            at,
            unique: None,
            expires: None,
        });
    };
    let wid = format!("w{n}{limited}");
    house.connect_as(
        n as u64 + 1,
        Hello { wid: &wid, hostname: text, pid: 1, labels: &[text, text], rss_kb: 1 },
    );
    for (state, retry) in [("r", 25), ("k", 25), ("d", -1)] {
        push(state, &odd, retry, None);
        house.fetch_as(n as u64 + 1, &odd);
        house.fail_as(n as u64 + 1, &jid(n, state, text), &failure);
    }
    push("w", &odd, 25, None);
    house.fetch_as(n as u64 + 1, &odd);
    push("s", &odd, 25, Some(START.after(Duration::from_secs(3_600))));
    push("o", &odd, 25, None);
    push("q", "default", 25, None);
}

/// Every page of a house that holds these texts.
async fn pages(texts: &[String]) -> Vec<Seen> {
    let filled = Filled::new(texts);
    filled.operate(texts).await;
    filled.house.pass(Duration::from_secs(1));
    let mut seen = Vec::new();
    filled.lists(&mut seen).await;
    for (n, text) in texts.iter().enumerate() {
        filled.alone(n, text, &mut seen).await;
    }
    seen
}

fn same(harmless: &[Seen], hostile: &[Seen]) {
    assert_eq!(harmless.len(), hostile.len());
    for ((_, status, expected), (path, found_status, found)) in harmless.iter().zip(hostile) {
        assert_eq!(status, found_status, "{path}");
        let first = expected.iter().zip(found).find(|(expected, found)| expected != found);
        assert_eq!(expected.len(), found.len(), "{path} changes: {first:?}");
        assert_eq!(first, None, "{path} changes");
    }
}

fn harmless(count: usize) -> Vec<String> {
    vec!["x".to_owned(); count]
}

/// The same on a thread of its own.
fn pages_alone(texts: &[String]) -> Vec<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(pages(texts))
}

#[test]
fn hostile_data_adds_no_element_and_no_attribute() {
    let expected = &pages_alone(&harmless(HOUSEFUL));
    assert!(expected.iter().all(|(path, _, shape)| shape.len() > 10 || path == "/works"));
    assert!(expected.iter().all(|(_, _, shape)| shape.iter().all(|tag| tag.starts_with('<'))));
    let texts = texts::texts(TEXTS);
    // Every core has its share: taking pages apart is what takes time.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|threads| {
        for core in 0..cores {
            let houses = texts.chunks(HOUSEFUL).skip(core).step_by(cores);
            threads.spawn(move || houses.for_each(|texts| same(expected, &pages_alone(texts))));
        }
    });
}

#[tokio::test]
async fn nor_does_it_where_it_is_long() {
    // A harmless text of this length is cut as well, and said to be.
    let expected = pages(&["x".repeat(20_000)]).await;
    for text in ["<\"'&".repeat(5_000), "x".repeat(1_000_000)] {
        same(&expected, &pages(&[text]).await);
    }
}
