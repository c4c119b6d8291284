//! Hostile data: whatever strangers put into a field, the page has the elements and attributes that it has with
//! harmless data.
//!
//! Pages are taken apart by the tokenizer of a browser engine, not by us.

use std::cell::RefCell;
use std::time::Duration;

use bessemer_core::command::Hello;
use bessemer_web::Site;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::house::{House, Job, START, page};

/// Every tag with its attributes; of their values only those that decide what happens.
#[derive(Default)]
struct Shape(RefCell<Vec<String>>);

impl TokenSink for Shape {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                let mut names: Vec<String> = Vec::new();
                for attribute in &tag.attrs {
                    let (name, value) = (&*attribute.name.local, &*attribute.value);
                    let link = matches!(name, "href" | "src" | "action" | "formaction");
                    assert!(
                        !link || value.starts_with('/') || value.starts_with("#content"),
                        "{name}={value:?}"
                    );
                    assert!(!value.contains('\0'));
                    names.push(if name == "class" { format!("class={value}") } else { name.to_owned() });
                }
                let slash = if tag.kind == TagKind::EndTag { "/" } else { "" };
                self.0.borrow_mut().push(format!("<{slash}{} {}>", tag.name, names.join(" ")));
                if tag.kind == TagKind::StartTag && &*tag.name == "title" {
                    return TokenSinkResult::RawData(RawKind::Rcdata);
                }
            }
            Token::CommentToken(comment) => panic!("a comment: {comment}"),
            Token::NullCharacterToken => panic!("a NUL"),
            Token::ParseError(error) => panic!("no clean HTML: {error}"),
            Token::DoctypeToken(_) | Token::CharacterTokens(_) | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

fn shape(html: &str) -> Vec<String> {
    let options = TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Shape::default(), options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// The shapes of all pages, when every field that a stranger can fill holds this text.
async fn shapes(text: &str) -> Vec<(String, Vec<String>)> {
    let house = House::new();
    let json = serde_json::to_string(text).unwrap();
    let limited: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    let jid = |state: &str| format!("{state}-{limited}-00000000");
    let jobtype = format!("T{limited}");
    let args = format!("[{json}, {{{json}: {json}}}]");
    let custom = format!("{{{json}: {json}, \"wrapped\": {json}}}");
    let failure = format!(r#"{{"errtype":{json},"message":{json},"backtrace":[{json},{json}]}}"#);
    let job = |state: &str, queue: &'static str| (jid(state), queue);
    let push = |(jid, queue): &(String, &'static str), retry, at| {
        house.push(&Job { jid, queue, jobtype: &jobtype, args: &args, custom: Some(&custom), retry, at });
    };
    let (queued, retried, dead, working, later) =
        (job("q", "default"), job("r", "r"), job("d", "d"), job("w", "w"), job("s", "s"));
    house.connect(Hello { wid: &limited, hostname: text, pid: 1, labels: &[text, text], rss_kb: 1 });
    push(&queued, 25, None);
    push(&later, 25, Some(START.after(Duration::from_secs(3_600))));
    for (job, retry) in [(&retried, 25), (&dead, -1)] {
        push(job, retry, None);
        house.fetch(job.1);
        house.fail(&job.0, &failure);
    }
    push(&working, 25, None);
    house.fetch("w");

    let site = Site {
        binding: limited.clone(),
        environment: limited.clone(),
        data: limited.clone(),
        version: limited.clone(),
        exposed: true,
        ..Site::default()
    };
    let router = house.router(site);
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let mut paths: Vec<String> =
        ["/", "/busy", "/queues", "/queues/default", "/retries", "/scheduled", "/morgue", "/debug"]
            .map(String::from)
            .into();
    let mark = format!("text=m{}&span=1h", encoded(&limited));
    assert_eq!(crate::house::post(&router, "/statistics/marks", &mark).await.status, 302);
    paths.extend(["/recent", "/statistics", "/statistics?span=1h"].map(String::from));
    paths.push(format!("/statistics/types/{}?span=1h", encoded(&jobtype)));
    paths.push(format!("/recent?find={0}&type={0}&queue={0}", encoded(text.get(..500).unwrap_or("x"))));
    for (jid, _) in [&queued, &retried, &dead, &working, &later] {
        paths.push(format!("/jobs/{}", encoded(jid)));
        let shown = page(&router, paths.last().unwrap()).await.body;
        // Arguments of this length are not offered there, which is another page (`edit.rs` has it).
        if let Some(at) = shown.find("/edit?id=").filter(|_| text.len() < 16_384) {
            let id: String = shown[at + 9..].chars().take_while(char::is_ascii_digit).collect();
            paths.push(format!("/jobs/{}/edit?id={id}", encoded(jid)));
        }
    }
    let mut shapes = Vec::new();
    for path in paths {
        shapes.push((path.clone(), shape(&page(&router, &path).await.body)));
    }
    // What a stranger writes into an address comes back on the page of the problem.
    for path in [format!("/retries/{}", encoded(&limited)), format!("/jobs/none-{}", encoded(&limited))] {
        let problem = crate::house::get(&router, &path).await;
        shapes.push((path, shape(&problem.body)));
    }
    shapes
}

fn payloads() -> Vec<String> {
    let mut payloads: Vec<String> = [
        "<script>alert(1)</script>",
        "</td></tr></table><h1>x",
        "</title><script>alert(1)</script>",
        "</pre><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)",
        "' autofocus onfocus='alert(1)",
        "\"><svg onload=alert(1)>",
        "<svg><script href=data:,alert(1) />",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?php",
        "javascript:alert(1)",
        "data:text/html,<script>",
        "//evil.example/",
        "/\\evil.example",
        "{{7*7}}",
        "{% include \"x\" %}",
        "${7*7}",
        "&lt;b&gt;&amp;&#60;&notanentity;&copy",
        "\u{202e}gnp.exe\u{202c}",
        "\u{2066}x\u{2069}",
        "\u{200b}\u{feff}",
        "\u{2028}\u{2029}",
        "a\0b",
        "\u{7f}\u{85}\u{9f}",
        "\u{1b}[31m",
        "\r\nSet-Cookie: x=1",
        "%0d%0aX: y",
        "..%2f..",
        "__proto__",
        "constructor",
        "=HYPERLINK(\"http://evil\")",
        "@SUM(A1)",
        "`${alert(1)}`",
        "<b",
        "x>",
        "\\",
        "\\u003cscript\\u003e",
        "'; DROP TABLE jobs; --",
        "😀 äöü 日本語 العربية",
        "<iframe srcdoc='<script>'>",
        "<base href=//evil>",
        "<form action=//evil><input name=x>",
        "<meta http-equiv=refresh content=0;url=//evil>",
        "<style>*{display:none}</style>",
        "<a href=javascript:alert(1)>x</a>",
        "<math><mi//xlink:href=\"data:x,<script>\">",
        "+ADw-script+AD4-",
        "|",
        "||x|",
    ]
    .map(String::from)
    .into();
    let tags = ["script", "img", "svg", "a", "input", "table", "td", "template", "textarea", "noscript"];
    payloads.extend(
        tags.iter().flat_map(|tag| [format!("<{tag}>"), format!("</{tag}>"), format!("<{tag} x=\"")]),
    );
    payloads.push("<\"'&".repeat(5_000));
    payloads.push("x".repeat(1_000_000));
    payloads
}

#[tokio::test]
async fn hostile_data_adds_no_element_and_no_attribute() {
    let harmless = shapes("x").await;
    assert!(harmless.iter().all(|(_, shape)| shape.len() > 10));
    for payload in payloads() {
        let hostile = shapes(&payload).await;
        let long = payload.len() >= 16_384;
        let harmless: Vec<_> =
            harmless.iter().filter(|(path, _)| !long || !path.contains("/edit?id=")).collect();
        assert_eq!(harmless.len(), hostile.len());
        for ((_, expected), (path, found)) in harmless.into_iter().zip(&hostile) {
            let first = expected.iter().zip(found).find(|(expected, found)| expected != found);
            let head: String = payload.chars().take(80).collect();
            assert_eq!(expected.len(), found.len(), "{head:?} changes {path}: {first:?}");
            assert_eq!(first, None, "{head:?} changes {path}");
        }
    }
}
