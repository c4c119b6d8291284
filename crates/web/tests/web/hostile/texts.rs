//! What strangers write: a corpus of what has broken pages elsewhere, and combinations of its kinds of parts, drawn from a
//! fixed seed so that a failure comes again.

use std::collections::BTreeSet;

/// Kept as it is: a text that once broke a page is added here.
const CORPUS: &[&str] = &[
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
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<svg><style><img src=x onerror=alert(1)></style>",
    "<math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(1)>",
    "<a href=\"java&#09;script:alert(1)\">",
    "<img src=`x`onerror=alert(1)>",
    "<scr\tipt>",
    "<\0script>",
    "&quot; onclick=&quot;alert(1)",
    "&#x3c;script&#x3e;",
    "\u{ff1c}script\u{ff1e}",
    "\u{fffd}<b>",
    " ",
    "",
];

/// Ways out of a text, an attribute, a tag, an element.
const WAYS: &[&str] = &[
    "",
    "\"",
    "'",
    "`",
    ">",
    "/>",
    "\">",
    "'>",
    "</bdi>",
    "</code></td>",
    "</th></tr></tbody></table>",
    "</option></select>",
    "</text></svg>",
    "</pre></section></main>",
    "--!>",
    "]]>",
    "\u{2029}",
    "\\\"",
    "&quot;",
];

/// What would be done there.
const DEEDS: &[&str] = &[
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<script src=//evil.example></script>",
    " onfocus=alert(1) autofocus x=",
    " style=position:fixed ",
    " class=\"badge good\" ",
    " href=//evil.example ",
    " formaction=//evil.example ",
    "<style>@import '//evil.example'",
    "<link rel=stylesheet href=//evil.example>",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.example>",
    "<video><source onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<body onload=alert(1)>",
    "<button formaction=//evil.example>",
    "<textarea>",
    "<plaintext>",
    "<xmp>",
    "<template><script>",
    "<select><option>",
    "<table><tr><td>",
    "<frameset><frame src=//evil.example>",
    "<a href=\"data:text/html,x\">",
    " hx-get=/debug hx-trigger=load ",
    "<div hx-get=//evil.example hx-trigger=load>",
    " data-confirm=x ",
    "<meta http-equiv=Set-Cookie content=x>",
    "<input type=hidden name=action value=delete>",
    "<form method=post action=/queues/default><button name=action value=delete>",
    "<base href=//evil.example>",
    "{{ frame }}",
    "|safe",
];

/// What stands behind it.
const ENDS: &[&str] = &["", "<!--", "\"", "'", "\0", "\r\n\r\n", "\u{202e}", "%00", "\\", "é😀", "<", "&"];

const SEED: u64 = 0x1855_0b75_5e6d_e257;

/// As many different texts, the corpus first.
pub(super) fn texts(count: usize) -> Vec<String> {
    let mut texts: Vec<String> = CORPUS.iter().map(|text| (*text).to_owned()).collect();
    let mut seen: BTreeSet<String> = texts.iter().cloned().collect();
    assert_eq!(seen.len(), texts.len(), "a text is in the corpus twice");
    let mut state = SEED;
    while texts.len() < count {
        let text = [WAYS, DEEDS, ENDS].map(|parts| draw(&mut state, parts)).concat();
        if seen.insert(text.clone()) {
            texts.push(text);
        }
    }
    texts
}

/// By xorshift, which any seed but zero keeps going.
fn draw<'t>(state: &mut u64, parts: &[&'t str]) -> &'t str {
    for shift in [13, -7, 17_i32] {
        *state ^= if shift > 0 { *state << shift } else { *state >> -shift };
    }
    parts[(*state >> 33) as usize % parts.len()]
}
