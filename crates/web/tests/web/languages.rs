//! Every page in every language: it says so, it runs in its direction, and nothing on it is the key of a text.

use std::cell::RefCell;
use std::time::Duration;

use axum::body::Body;
use bessemer_core::command::Hello;
use bessemer_web::Site;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use crate::house::{House, Job, START, post, request, send};

/// What a page says: its text, and the attributes that are read out or shown.
#[derive(Default)]
struct Said(RefCell<String>);

impl TokenSink for Said {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut said = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => said.push_str(&text),
            Token::TagToken(tag) => {
                said.push('\n');
                for attribute in &tag.attrs {
                    let name = &*attribute.name.local;
                    if name.starts_with("data-") || ["aria-label", "title", "placeholder"].contains(&name) {
                        said.push_str(&attribute.value);
                        said.push('\n');
                    }
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn said(html: &str) -> String {
    let tokenizer = Tokenizer::new(Said::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// The keys of texts in what a page says.
fn keys(said: &str) -> Vec<&str> {
    let english = include_str!("../../messages/en.ftl");
    let firsts: Vec<&str> = english
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split(['-', ' ']).next())
        .collect();
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_key = |line: &&str| {
        let mut parts = line.split('-');
        line.contains('-')
            && parts.clone().all(is_part)
            && parts.next().is_some_and(|part| firsts.contains(&part))
    };
    said.lines().map(str::trim).filter(is_key).collect()
}

const PAGES: &[&str] = &[
    "/",
    "/?days=180",
    "/recent",
    "/recent?find=none",
    "/busy",
    "/busy?stop=all",
    "/queues",
    "/queues/default",
    "/queues/default?clear=1",
    "/retries",
    "/scheduled",
    "/morgue",
    "/search",
    "/search?q=type:Mail",
    "/search?q=age%3Ex",
    "/act?in=retries&q=&action=retry",
    "/act?in=retries&q=&action=kill",
    "/act?in=morgue&q=&action=delete",
    "/statistics",
    "/statistics?span=30d",
    "/statistics/types/Mail",
    "/statistics/queues/r",
    "/throttles",
    "/throttles?queue=w",
    "/debug",
    "/audit",
    "/tokens",
    "/jobs/queued-0001",
    "/jobs/failed-0001",
    "/jobs/dead-000001",
    "/jobs/later-0001",
    "/jobs/working-0001",
];

#[tokio::test]
async fn every_page_speaks_every_language_v05_v06() {
    let house = House::new();
    house.connect(Hello { wid: "w1", hostname: "box", pid: 1, labels: &[], rss_kb: 1 });
    let at = |jid, queue, retry, at| {
        house.push(&Job {
            jid,
            queue,
            jobtype: "Mail",
            args: "[1]",
            custom: Some("{}"),
            retry,
            at,
            unique: None,
            expires: Some(START.after(Duration::from_secs(86_400))),
        });
    };
    at("queued-0001", "default", 25, None);
    at("later-0001", "default", 25, Some(START.after(Duration::from_secs(3_600))));
    for (jid, queue, retry) in [("failed-0001", "r", 25), ("dead-000001", "d", -1)] {
        at(jid, queue, retry, None);
        house.fetch(queue);
        house.fail(jid, r#"{"errtype":"Boom","message":"m","backtrace":["a"]}"#);
    }
    at("working-0001", "w", 25, None);
    house.fetch("w");
    let router = house.router(Site { exposed: true, ..Site::default() });
    let limits = "queue=w&concurrency=1&worker=1&rate=10&per=60&burst=2";
    assert_eq!(post(&router, "/throttles", limits).await.status, 302);
    let languages = [
        ("en", "ltr", "Queues"),
        ("de", "ltr", "Warteschlangen"),
        ("fr", "ltr", "Files"),
        ("es", "ltr", "Colas"),
        ("zh-cn", "ltr", "队列"),
        ("ar", "rtl", "الطوابير"),
    ];
    for (tag, direction, queues) in languages {
        for path in PAGES {
            let get = request("GET", path).header("cookie", format!("faktory_locale={tag}"));
            let page = send(&router, get.body(Body::empty()).unwrap()).await;
            assert!(page.status == 200 || path.contains("age%3E"), "{tag} {path}: {}", page.body);
            assert_eq!(page.header("content-language"), tag, "{path}");
            page.says(&format!("<html lang=\"{tag}\" dir=\"{direction}\""));
            page.says(&format!(">{queues}</a>"));
            let said = said(&page.body);
            assert_eq!(keys(&said), [""; 0], "{tag} {path}");
            assert!(!said.contains("{ $"), "{tag} {path} leaves a variable open");
        }
    }
}

#[tokio::test]
async fn what_went_wrong_is_said_in_every_language_and_by_the_api_in_english() {
    let router = House::new().router(Site::default());
    for (tag, said) in
        [("en", "There is no such page"), ("de", "Diese Seite gibt es nicht"), ("ar", "لا توجد صفحة كهذه")]
    {
        let ask = async |method: &str, path: &str| {
            let get = request(method, path).header("cookie", format!("faktory_locale={tag}"));
            send(&router, get.body(Body::empty()).unwrap()).await
        };
        let page = ask("GET", "/none").await;
        page.says(&format!("<html lang=\"{tag}\" dir=")).says(said).says_not("lang=\"en\" dir=\"ltr\">There");
        assert_eq!(keys(&self::said(&page.body)), [""; 0], "{tag}");
        // A sentence that is not translated says so, to who hears the page.
        let page = ask("GET", "/jobs/none").await;
        assert_eq!(page.status, 404);
        page.says("<p class=\"problem\" lang=\"en\" dir=\"ltr\">There is no live job none");
        ask("GET", "/api/v1/none").await.says("There is no such address");
    }
}

#[test]
fn a_key_on_a_page_would_be_found() {
    let page = "<p title=\"home-nothing\">Home</p><p>queues-naught</p><p data-confirm=\"two-words\">a-b</p>";
    assert_eq!(keys(&said(page)), ["home-nothing", "queues-naught"]);
}
