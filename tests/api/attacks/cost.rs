//! Markdown that is made to be dear: twice as much of it may cost about twice as much, and nothing that it names costs a
//! statement each.

use std::hint::black_box;

use folkmoot::markup::{check, read_archived};
use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use super::corpus::{self, PIECES};
use crate::markup::bombs;
use crate::support::App;

/// What a piece of work costs this thread: others on the same machine do not count.
fn cost(work: impl Fn()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let before = now();
    work();
    now() - before
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn render(body: &str) {
    black_box(read_archived(body).render(&Default::default()));
}

/// How much more the second costs than the first: the median of pairs that were run one right after the other.
fn ratio(one: &str, two: &str) -> f64 {
    median((0..3).map(|_| cost(|| render(two)) / cost(|| render(one)).max(1e-6)).collect())
}

/// Twice as much costs four times as much where the cost is quadratic; in between lies what a busy machine adds.
const BOUND: f64 = 3.2;

/// Looks again before it complains.
fn is_linear(one: &str, two: &str) -> Result<(), f64> {
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        least = least.min(ratio(one, two));
        if least < BOUND {
            return Ok(());
        }
    }
    Err(least)
}

/// Patterns beyond those of `markup/bombs.rs`.
const MORE: [&str; 22] = [
    "@aaa @bbb ",
    "@\"a b\"",
    "@a@a@a",
    "[quote post=1]\nx\n[/quote]\n",
    "[quote post=1]\n> \n",
    ":rofl::thumb:",
    "[a](<b",
    "[a]: <b>\n",
    "![[",
    "[x][y]",
    "***a ",
    "*a_b",
    "_*~~",
    "`` ` ",
    "<a <",
    "<!-- ",
    "&#x;",
    "|-|\n|",
    "www.a.b_c.",
    "http://a_",
    "a@b_",
    "\u{FDD3}",
];

fn large() -> Vec<(String, String)> {
    let (n, m) = (bombs::all(4_000), bombs::all(8_000));
    let more =
        MORE.iter().map(|pattern| (pattern.repeat(4_000 / pattern.len()), pattern.repeat(8_000 / pattern.len())));
    n.into_iter().zip(m).chain(more).collect()
}

#[test]
fn twice_as_much_markdown_costs_about_twice_as_much_whatever_it_is() {
    let mut dear = Vec::new();
    for (one, two) in large() {
        if let Err(ratio) = is_linear(&one, &two) {
            dear.push(format!("{:?}: {ratio:.1}", one.chars().take(40).collect::<String>()));
        }
    }
    assert!(dear.is_empty(), "\n{}\n", dear.join("\n"));
}

#[test]
fn the_measure_tells_a_square_from_a_line() {
    let square = |body: &str| black_box(body.bytes().map(|a| body.bytes().filter(|b| *b == a).count()).sum::<usize>());
    let (one, two) = ("ab".repeat(1_000), "ab".repeat(2_000));
    let square_ratio = median(
        (0..5)
            .map(|_| {
                cost(|| {
                    square(&two);
                }) / cost(|| {
                    square(&one);
                })
            })
            .collect(),
    );
    assert!(square_ratio > BOUND, "{square_ratio}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_composition_that_is_repeated_costs_what_its_length_does(pieces in
        proptest::collection::vec(proptest::sample::select([PIECES.to_vec(), MORE.to_vec()].concat()), 1..8)
    ) {
        let pattern = pieces.concat();
        let times = 5_000 / pattern.len() + 1;
        let (one, two) = (pattern.repeat(times), pattern.repeat(2 * times));
        prop_assert!(is_linear(&one, &two).is_ok(), "{:?}: {:?}", pattern, is_linear(&one, &two));
    }
}

#[test]
fn a_hundred_thousand_mentions_look_up_a_bounded_number_of_names() {
    let body: String = (0..100_000).map(|n| format!("@n{n} ")).collect();
    let (one, two) = (&body[..body.len() / 2], body.as_str());
    assert!(is_linear(one, two).is_ok());
    assert_eq!(read_archived(&body).mentioned_names().len(), 50);
    let quotes = "[quote post=1]".repeat(10_000) + &"[/quote]".repeat(10_000);
    check(&quotes).unwrap_err();
}

#[actix_web::test]
async fn a_reply_costs_no_more_statements_whatever_it_holds() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    let post = async |body: String| {
        let body = json!({"body": body});
        app.statements(async {
            anna.post(&path, body).await.expect(201);
        })
        .await
    };
    let names: String = (0..1_500).map(|n| format!("@anna{n} ")).collect();
    let quotes: String = (1..=20).map(|n| format!("[quote post={n}]x[/quote]\n")).collect();
    let few = post("@anna\n[quote post=1]\nx\n[/quote]".into()).await;
    assert!(post(format!("{names}\n[quote post=1]\nx\n[/quote]")).await <= few);
    assert!(post(format!("@anna\n{quotes}")).await <= few);
    let read = async || app.statements(app.guest().get(&path)).await;
    let before = read().await;
    for body in corpus::own().into_iter().filter(|body| !body.contains(|c: char| c.is_control() && c != '\n')) {
        post(body).await;
    }
    assert_eq!(read().await, before);
}
