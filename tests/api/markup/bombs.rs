//! Bodies made to be dear: they must not overflow the stack of a worker, and come out harmless and not
//! much larger than they went in.

use std::thread;

use folkmoot::markup::{archived_quote_ids, read, read_archived, rewrite_quote_ids};

use super::bounds::is_within_bounds;
use super::html;
use super::scanner::objection;

/// The stack that a worker of the server has.
const STACK: usize = 2 * 1024 * 1024;

/// Patterns, each repeated to the size wanted.
const PATTERNS: &[&str] = &[
    "\u{a0}",
    "©a",
    "[x](http://a?&",
    "![&",
    "http://a&",
    "a@b.c&",
    "`&",
    "http://a.b/",
    "ftp://",
    "https://a)",
    "[a]",
    "|\n",
    "|-",
    ":-:|",
    "-|-\n",
    "a|b\n-|-\n",
    "[quote post=1]",
    "[quote post=1]\n",
    "[quote post=1]x[/quote]",
    "[quote post=1]\n[/quote]",
    "[/quote]",
    "`[/quote]``",
    "\\[/quote]",
    "[quote post=",
    ">",
    "> ",
    ">\n",
    "> > \n\n",
    "[",
    "![",
    "[a](",
    "![a](",
    "](",
    "[a]",
    "[a][",
    "*a_ ",
    "*a **a ",
    "**",
    "*",
    "_a*",
    "~~a~",
    "a**b",
    "@a",
    "@a ",
    "@ab.",
    "@\"",
    "@_",
    "@_a ",
    "@\"a b\" ",
    ":a",
    ":a:",
    ":",
    "::",
    "- ",
    "-",
    "* ",
    "1. ",
    "+\n",
    "- a\n  ",
    "\t",
    " ",
    "`",
    "``a`",
    "```\n",
    "~~~\n",
    "<",
    "<a ",
    "<a b=\"",
    "</",
    "<!--",
    "<!A ",
    "<?",
    "<![CDATA[",
    "&",
    "&amp",
    "&#1",
    "\\",
    "\\\\",
    "|",
    "|a",
    "|a|\n|-|\n",
    "a|b\n",
    "a\n",
    "\n",
    "a\n\n",
    "#",
    "# ",
    "=\n",
    "---\n",
    "www.",
    "www.a",
    "http://",
    "http://a.",
    "a@b.c",
    "a.b@",
    "a@a.",
    "(http://a",
    "[a]: b\n",
    "[a]: <",
    "[a]: b '",
    "x\r",
    "\u{FDD1}",
    "é",
    "\u{301}",
    "<div>\n",
    "<pre>\n",
    "    a\n",
    "1) ",
    "> - ",
    "- > ",
    "-\n\n",
    "<b>",
    "\"",
    "'",
    ")",
    "(",
    "[](",
    "<http://a",
    "mailto:a@b.c ",
    "~",
    "~a ",
];

fn sized(pattern: &str, size: usize) -> String {
    pattern.repeat(size / pattern.len())
}

/// Rises and falls, as deep as the size allows.
fn nested(size: usize) -> Vec<String> {
    let each = |open: &str, close: &str| {
        let times = size / (open.len() + close.len());
        format!("{}x{}", open.repeat(times), close.repeat(times))
    };
    let stairs = |item: &str| -> String {
        let steps = (1..).scan(0, |written, level| {
            *written += level + item.len();
            (*written < size).then(|| format!("{}{item}", " ".repeat(level)))
        });
        steps.collect()
    };
    vec![
        each("[quote post=1]\n", "[/quote]\n"),
        each("*a **a ", " a** a*"),
        each("*", "*"),
        each("[", "](a)"),
        each("![", "](http://a)"),
        each("<b>", "</b>"),
        format!("![{}](http://a)", sized("&", size)),
        format!("[a](http://a?{})", sized("&", size)),
        format!("[a](http://a '{}')", sized("&", size)),
        format!("[a](<{}>)", sized("&amp;", size)),
        each("~~a ", " a~~"),
        each("(", ")"),
        stairs("- a\n"),
        stairs("1. a\n"),
        stairs("> a\n"),
        format!("{}{}", sized("- ", size / 2), sized("\n", size / 2)),
        format!("{}{}", stairs("- a\n"), sized("\n", size / 2)),
        format!("{}\n{}", sized("> ", size / 2), sized("a\n", size / 2)),
        format!("|{}\n|{}\n{}", sized("a|", size / 3), sized("-|", size / 3), sized("a\n", size / 3)),
        format!("[a]: {}\n\n{}", sized("b", size / 2), sized("[a]", size / 2)),
        format!("x**x{}{}", sized(" _x", size / 2), sized("x* ", size / 2)),
    ]
}

pub fn all(size: usize) -> Vec<String> {
    let mut bodies = nested(size);
    bodies.extend(PATTERNS.iter().map(|pattern| sized(pattern, size)));
    bodies
}

fn on_a_worker(work: impl FnOnce() + Send + 'static) {
    let worker = thread::Builder::new().stack_size(STACK).spawn(work);
    worker.expect("a thread").join().expect("it neither panics nor overflows");
}

#[test]
fn bombs_come_out_harmless_on_a_workers_stack() {
    on_a_worker(|| {
        for body in all(8 * 1024) {
            let head: String = body.chars().take(40).collect();
            let post = read_archived(&body).render(&Default::default());
            assert_eq!(objection(&post.html), None, "{head}");
            is_within_bounds(&body);
        }
    });
}

#[test]
fn deep_nesting_of_any_size_does_not_overflow_a_workers_stack() {
    on_a_worker(|| {
        for body in nested(128 * 1024) {
            read_archived(&body).render(&Default::default());
        }
    });
}

#[test]
fn a_mebibyte_of_markers_is_read() {
    on_a_worker(|| {
        let body = sized("[quote post=1]", 1 << 20);
        let draft = read(&body).expect("none of them is a quote");
        assert_eq!(draft.render(&Default::default()).quotes, []);
        assert_eq!(archived_quote_ids(&body), [""; 0]);
        assert_eq!(rewrite_quote_ids(&body, |_| Some(1)), body);
    });
}

#[test]
fn a_table_of_mostly_empty_cells_is_no_table() {
    let wide = |rows| format!("{0}\n{1}\n{2}", "|a".repeat(200), "|-".repeat(200), "a\n".repeat(rows));
    assert!(!html(&wide(500)).contains("<table>"));
    assert!(!html(&wide(500).replace('\n', "\n> ")).contains("<table>"));
    let full = format!("{0}\n{1}\n{2}", "|a".repeat(20), "|-".repeat(20), ("|b".repeat(20) + "\n").repeat(50));
    assert_eq!(html(&full).matches("<td>").count(), 1_000);
    assert!(html("|a|b|c|\n|-|-|-|\n|d|\n|e|f|\n").contains("<table>"));
}

#[test]
fn emphasis_deeper_than_anyone_sees_is_plain() {
    let body = format!("{}x{}", "*a **a ".repeat(500), " a** a*".repeat(500));
    let post = read(&body).expect("taken").render(&Default::default());
    assert_eq!(post.html.matches("<em>").count(), 10);
    assert_eq!(post.html.matches("<strong>").count(), 10);
    assert_eq!(post.html.matches('a').count(), 2_000);
}

#[test]
fn deep_lists_and_quotations_are_flat_beyond_a_bound_and_lose_no_text() {
    let lists = read(&format!("{}x", "- ".repeat(500))).expect("taken").render(&Default::default());
    assert_eq!(lists.html.matches("<ul>").count(), 16);
    assert_eq!(lists.text, format!("{}x", "- ".repeat(484)));
    let quotations = read(&format!("{}x", "> ".repeat(500))).expect("taken").render(&Default::default());
    assert_eq!(quotations.html.matches("<blockquote>").count(), 16);
    assert_eq!(quotations.text, format!("{}x", "> ".repeat(484)));
}
