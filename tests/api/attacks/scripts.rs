//! Scripts in Markdown, over HTTP and by the thousand: what is given out as html is safe in any page.

use std::collections::HashMap;

use folkmoot::markup::{html_with_names, read_archived, text_with_names};
use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::json;

use super::corpus::{self, PIECES};
use super::reader::objection;
use crate::support::App;

/// As it is stored, and as it is shown.
pub fn shown(body: &str) -> (String, String) {
    let known = HashMap::from([("bob".to_owned(), 12), ("no smoking".to_owned(), 13)]);
    let post = read_archived(body).render(&known);
    let name = |id: i64| (id == 12).then_some("<b>&\"bob");
    (html_with_names(&post.html, name), text_with_names(&post.text, name))
}

#[test]
fn whatever_attackers_write_comes_out_harmless() {
    let all = corpus::all();
    assert!(all.len() > 2_500, "{}", all.len());
    let harmful = all.iter().filter_map(|body| objection(&shown(body).0).map(|why| format!("{body:?}: {why}")));
    let harmful: Vec<_> = harmful.collect();
    assert!(harmful.is_empty(), "{} of {}:\n{}", harmful.len(), all.len(), harmful[..harmful.len().min(20)].join("\n"));
}

#[test]
fn no_address_of_theirs_becomes_a_link_or_a_picture() {
    let theirs = |address: &&String| address.to_lowercase().contains("script:") && !address.contains("https");
    let addresses = corpus::addresses();
    for address in addresses.iter().filter(theirs) {
        for body in [format!("[x](<{address}>)"), format!("![x](<{address}>)"), format!("[x]: <{address}>\n\n[x]")] {
            let (html, _) = shown(&body);
            assert!(!html.contains("<img"), "{body:?}: {html}");
            let href = html.split("href=\"").nth(1).map(|rest| rest.split('"').next().unwrap());
            assert!(href.is_none_or(|href| !href.contains(':') || href.starts_with("https:")), "{body:?}: {html}");
        }
    }
}

#[test]
fn one_attempt_in_another_comes_out_harmless() {
    let (html, own) = (corpus::html(), corpus::own());
    for (n, outer) in html.iter().enumerate() {
        let inner = &own[n % own.len()];
        for body in [format!("{outer}{inner}"), format!("> {outer}\n- {inner}"), outer.replace('x', inner)] {
            assert_eq!(objection(&shown(&body).0), None, "{body:?}\n{}", shown(&body).0);
        }
    }
}

#[actix_web::test]
async fn the_service_gives_nothing_out_that_runs() {
    let app = App::start().await;
    let bob = app.member("bob").await;
    let thread = bob.start_thread(app.forum("news").await, "<script>alert(1)</script>", "First").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    // A control character is told, not shown.
    let taken = |body: &&String| !body.contains(|c: char| c.is_control() && !"\n\t\r".contains(c));
    let all = [corpus::html(), corpus::own(), corpus::linked("javascript:alert(1)")].concat();
    let bodies: Vec<_> = all.iter().filter(taken).collect();
    for some in bodies.chunks(16) {
        let posts = join_all(some.iter().map(|body| bob.post(&path, json!({"body": body})))).await;
        for (post, body) in posts.into_iter().zip(some) {
            assert_eq!(objection(post.expect(201)["html"].as_str().unwrap()), None, "{body:?}");
        }
    }
    let mut read = 0;
    for page in 1.. {
        let answer = app.guest().get(&format!("{path}?page={page}&per_page=100")).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        for post in answer["posts"].as_array().unwrap() {
            assert_eq!(objection(post["html"].as_str().unwrap()), None, "{post}");
            read += 1;
        }
        if answer["pagination"]["pages"] == page {
            break;
        }
    }
    assert_eq!(read, bodies.len() + 1);
    let last = app.count("SELECT max(id) FROM posts").await;
    let edited = json!({"body": "<img src=x onerror=alert(1)> [x](javascript:alert(1))"});
    bob.patch(&format!("/api/v1/posts/{last}"), 1, edited).await.expect(200);
    for number in [1, 2] {
        let revision = app.guest().get(&format!("/api/v1/posts/{last}/revisions/{number}")).await.expect(200);
        assert_eq!(objection(revision["html"].as_str().unwrap()), None);
    }
}

fn bodies() -> impl Strategy<Value = String> {
    let attempts = corpus::all();
    let piece = prop_oneof![
        6 => proptest::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        1 => proptest::sample::select(attempts),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 1..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_composition_is_safe_and_its_text_has_no_markup(body in bodies()) {
        let (html, text) = shown(&body);
        prop_assert_eq!(objection(&html), None, "{:?}\n{}", body, html);
        let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
        prop_assert!(!text.contains(odd), "{:?}\n{:?}", body, text);
        // Nothing of ours is in it: what looks like a tag was written by the member.
        for ours in ["<p>", "data-member", "data-post", "<em>", "<td", "&amp;amp;"] {
            prop_assert!(!text.contains(ours) || body.contains(&ours[1..3]), "{:?}\n{:?}", body, text);
        }
        // The same body gives the same html, and html as a body shows no element of its own.
        prop_assert_eq!(shown(&body).0, html.clone());
        prop_assert_eq!(objection(&shown(&html).0), None);
    }
}
