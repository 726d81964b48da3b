//! How what is kept is compressed: once for all who ask for it, beside the requests where it is long, and not where there is no room.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::Poll;

use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use folkmoot::cache::{Coding, Kept, Room};
use futures_util::future::join_all;
use futures_util::poll;
use reqwest::Response;
use serde_json::json;
use tokio::time::Instant;

use crate::support::{App, eventually};

/// An answer that is compressed beside the requests.
fn long() -> Kept {
    let words: String = (0..200_000_u64).map(|n| format!("{} ", n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40)).collect();
    Kept::new(words.into_bytes(), HeaderValue::from_static("\"1.ab\""))
}

#[actix_web::test]
async fn a_long_answer_is_compressed_once_for_all_who_ask_for_it_at_once() {
    let (kept, room) = (long(), Room::default());
    let packed = join_all((0..20).map(|_| kept.packed(Coding::Gzip, &room))).await;
    let mut packed: Vec<_> = packed.into_iter().filter_map(|packed| packed.unwrap()).collect();
    packed.push(kept.packed(Coding::Gzip, &room).await.unwrap().unwrap());
    // Whoever waited in vain was given none; who was given some was given the same.
    assert!(packed.iter().all(|one| one.bytes.as_ptr() == packed[0].bytes.as_ptr()), "{}", packed.len());
    assert!(packed[0].bytes.len() < kept.body.len());
}

#[actix_web::test]
async fn what_is_being_compressed_is_kept_though_whoever_asked_for_it_has_gone() {
    let (kept, room) = (long(), Room::default());
    {
        let mut asked = pin!(kept.packed(Coding::Zstd, &room));
        // Until it is on its way: then there is no room for others.
        eventually(async || {
            assert!(matches!(poll!(asked.as_mut()), Poll::Pending), "too short for this test");
            room.by(Instant::now()).await.is_none()
        })
        .await;
    }
    eventually(async || kept.packed_at_once(Coding::Zstd).is_some()).await;
}

/// All places of the room of a node, until they are dropped.
async fn all_of(room: &Room) -> Vec<impl Sized> {
    let mut taken = Vec::new();
    while let Some(one) = room.by(Instant::now()).await {
        taken.push(one);
    }
    taken
}

/// A thread with a page of more than 100 kB.
async fn long_page(app: &App) -> String {
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let thread = anna.start_thread(forum, "A title", &"Some words. ".repeat(1_000)).await;
    for n in 0..9 {
        let body = format!("{n} {}", "some more words. ".repeat(1_000));
        anna.post(&format!("/api/v1/threads/{thread}/posts"), json!({ "body": body })).await.expect(201);
    }
    format!("/api/v1/threads/{thread}/posts")
}

async fn ask(app: &App, path: &str, coding: &str, token: Option<&str>) -> Response {
    let ask = app.http.get(format!("{}{path}", app.url)).header("Accept-Encoding", coding);
    let ask = token.map_or(ask.try_clone().unwrap(), |token| ask.bearer_auth(token));
    ask.send().await.unwrap()
}

fn coding_of(answer: &Response) -> &str {
    answer.headers().get("content-encoding").map_or("", |coding| coding.to_str().unwrap())
}

#[actix_web::test]
async fn a_long_answer_for_which_there_is_no_room_comes_as_it_is() {
    let app = App::start().await;
    let page = long_page(&app).await;
    let rita = app.member("rita").await;
    let readers = [None, rita.token.as_deref()];
    let taken = all_of(&app.shared.state.store.room).await;
    for path in [page.as_str(), "/openapi.json"] {
        for token in readers {
            let answer = ask(&app, path, "br", token).await;
            assert_eq!((answer.status().as_u16(), coding_of(&answer)), (200, ""), "{path}");
            let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
            assert!(!tag.ends_with("-br\""), "{tag}");
            assert!(answer.headers()["vary"].to_str().unwrap().contains("Accept-Encoding"), "{path}");
            let body = answer.bytes().await.unwrap();
            assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok(), "{path}");
        }
    }
    // What is short needs none.
    assert_eq!(coding_of(&ask(&app, "/api/v1/forums", "br", None).await), "br");
    drop(taken);
    for token in readers {
        eventually(async || coding_of(&ask(&app, &page, "br", token).await) == "br").await;
    }
}

#[actix_web::test]
async fn a_strong_tag_names_the_same_bytes_always() {
    let app = App::start().await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let body = (0..400).map(|n| format!("{} ", n * n * 7919 % 10007)).collect::<String>();
    let thread = anna.start_thread(forum, "A title", &body).await;
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await;
    let post = format!("/api/v1/posts/{}", page["posts"][0]["id"]);
    let there = app.another_node().await;
    let mut named: BTreeMap<String, Bytes> = BTreeMap::new();
    for (node, coding) in
        [&app, &there].into_iter().flat_map(|node| ["gzip", "br", "zstd"].map(|coding| (node, coding)))
    {
        for _ in 0..2 {
            let answer = ask(node, &post, coding, None).await;
            let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
            let bytes = answer.bytes().await.unwrap();
            assert_eq!(*named.entry(tag.clone()).or_insert_with(|| bytes.clone()), bytes, "{tag}");
        }
    }
    assert_eq!(named.len(), 3, "{:?}", named.keys());
    for tag in named.keys() {
        app.guest().ask("GET", &post, &[("If-None-Match", tag)], None).await.expect(304);
    }
    let coded = named.keys().next().unwrap();
    anna.ask("PATCH", &post, &[("If-Match", coded)], Some(json!({"body": "Another."}))).await.expect(200);
}

#[actix_web::test]
async fn a_page_of_megabytes_is_kept() {
    let app = App::start_with(|setup| setup.cache = 24 << 20).await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    // Each letter of four bytes.
    let body = "\u{10330} ".repeat(9_000);
    let thread = anna.start_thread(forum, "A title", &body).await;
    for n in 0..19 {
        let body = format!("{n} {body}");
        anna.post(&format!("/api/v1/threads/{thread}/posts"), json!({ "body": body })).await.expect(201);
    }
    let page = format!("/api/v1/threads/{thread}/posts?per_page=100");
    let bytes = ask(&app, &page, "identity", None).await.bytes().await.unwrap().len();
    assert!(bytes > 1_500_000, "{bytes} bytes");
    app.until_kept(&page).await;
}
