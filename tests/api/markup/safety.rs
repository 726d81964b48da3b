//! Nothing that a body holds gets to run, to load what it must not, or to look like ours.

use super::scanner::objection;
use super::{html, rendered_among};
use crate::attacks::corpus::PIECES;

/// Attempts, each of a kind of its own.
const ATTEMPTS: &[&str] = &[
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<div style=\"background:url(javascript:alert(1))\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "<form><input name=innerHTML></form>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<style>@import '//evil.example'</style>",
    "<template><script>alert(1)</script></template>",
    "<details open ontoggle=alert(1)>",
    "<blockquote data-post=\"7\">forged</blockquote>",
    "<a data-member=\"1\"></a>",
    "<p id=x class=y style=z>",
    "</p></blockquote></div><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](<java&Tab;script:alert(1)>)",
    "[x](<&#1;javascript:alert(1)>)",
    "[x](<  javascript:alert(1)>)",
    "[x](\\j\\avascript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](javascript\u{1}:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://example.org/1)",
    "[x](view-source:javascript:alert(1))",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "![x](/api/v1/me)",
    "![x](//evil.example/x.png)",
    "![x\" onerror=\"alert(1)](https://example.org/x.png)",
    "![x](https://example.org/x.png \"\\\" onerror=\\\"alert(1)\")",
    "![x](https://example.org/\"onerror=\"alert(1))",
    "[x](https://example.org 'y\" onclick=\"alert(1)')",
    "[x](https://example.org/'onclick='alert(1))",
    "[a](https://example.org/<script>alert(1)</script>)",
    "https://example.org/\"onmouseover=alert(1)",
    "https://example.org/<script>alert(1)</script>",
    "www.example.org/'onmouseover='alert(1)",
    "a\"onclick=alert(1)//@example.org",
    "```x\" onclick=\"alert(1)\ncode\n```",
    "```x class\ncode\n```",
    "```\u{a0}\u{2028}x\ncode\n```",
    "```</code></pre><script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "# <script>alert(1)</script>\n\n<script>\n\nalert(1)\n\n</script>",
    "| <script> | onclick=\"x\" |\n|:-:|---|\n| </td><script>alert(1)</script> | `\\|` |",
    "[quote post=7]<script>alert(1)</script>[/quote]",
    "[quote post=7\"onclick=\"x]x[/quote]",
    "[quote post=7]</blockquote><script>alert(1)</script>[/quote]",
    "@bob<script>alert(1)</script> @\"<script>\"",
    "[@bob](javascript:@bob) ![@bob](https://example.org/@bob '@bob')",
    ":rofl:<script>:rofl:</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<\u{0}script>alert(1)</\u{0}script>",
    "\u{1}0\u{2} &#1;0&#2; \u{FDD0}\u{FDD1}<\u{FDD1}script>alert(1)</\u{FDD1}script>",
    "<a\u{FDD1} href=javascript:alert(1)>",
    "[x](java\u{FDD1}script:alert(1)) [x](<java&#xFDD1;script:alert(1)>)",
    "[x](<https://example.org/\u{202e}>) <b\u{2028}onclick=x>",
    "- <script>\n  - <script>\n\n    <script>",
    "~~<script>~~ **<svg/onload=alert(1)>** _<img src=x>_",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<select><style><script>alert(1)</script></style></select>",
];

#[test]
fn every_attempt_comes_out_harmless() {
    for attempt in ATTEMPTS {
        let html = rendered_among(attempt, &[("bob", 12)]).html;
        assert_eq!(objection(&html), None, "{attempt}\n{html}");
    }
}

#[test]
fn every_pair_of_attempts_comes_out_harmless() {
    for first in ATTEMPTS {
        for second in ATTEMPTS {
            let html = html(&format!("{first}{second}"));
            assert_eq!(objection(&html), None, "{first}{second}\n{html}");
        }
    }
}

#[test]
fn html_is_shown_as_the_text_that_it_is() {
    assert_eq!(html("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    assert_eq!(html("<div>\n*x*\n</div>"), "<p>&lt;div&gt;\n*x*\n&lt;/div&gt;</p>\n");
}

#[test]
fn a_link_that_may_not_lead_there_is_its_text() {
    assert_eq!(html("[x](javascript:alert(1))"), "<p>x</p>\n");
    assert_eq!(html("![x](data:image/png,y)"), "<p>x</p>\n");
    for half in ["http:javascript", "https:logout", "https:/logout", "HTTPS:logout"] {
        assert_eq!(html(&format!("![x]({half})")), "<p>x</p>\n");
    }
}

/// A small generator of its own, so that a seed means the same everywhere (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn whatever_is_written_the_html_is_harmless_and_what_is_listed_agrees_with_it() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..4_000 {
        let length = 1 + random.below(60);
        let body: String = (0..length).map(|_| PIECES[random.below(PIECES.len())]).collect();
        let draft = folkmoot::markup::read_archived(&body);
        let members = [("bob", 12), ("no smoking", 13)].map(|(name, id)| (name.to_owned(), id)).into();
        let post = draft.render(&members);
        assert_eq!(objection(&post.html), None, "round {round}: {body:?}\n{}", post.html);
        for id in [12, 13] {
            let link = format!("<a data-member=\"{id}\"></a>");
            assert_eq!(post.mentions.contains(&id), post.html.contains(&link), "round {round}: {body:?}");
        }
        let blocks = post.html.matches("<blockquote data-post=\"7\">").count();
        assert_eq!(post.quotes.len(), blocks, "round {round}: {body:?}");
        assert_eq!(folkmoot::markup::quotes_any(&post.html), blocks > 0, "round {round}: {body:?}");
    }
}
