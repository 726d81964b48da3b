//! Diffs that are kept, and the bound on those that are computed.

use std::sync::Arc;

use folkmoot::cache::MAX_WAITING;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

use super::edited_post;
use crate::support::{App, Person};

#[actix_web::test]
async fn a_diff_is_computed_once_and_names_are_read_anew() {
    let app = App::start().await;
    let (anna, (ben, _)) = (app.member("anna").await, app.registered("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "Thanks, @ben").await;
    anna.patch(&format!("/api/v1/posts/{post}"), 1, json!({"body": "Thanks again, @ben"})).await.expect(200);
    let url = format!("/api/v1/posts/{post}/revisions/2");
    let before = app.guest().get(&url).await.expect(200);
    assert!(before["html"].as_str().unwrap().contains(">@ben</a>"), "{}", before.json);
    for erase in ["username = 'Benjamin'", "username = NULL, username_key = NULL, deleted_at = now()"] {
        let sql = format!("UPDATE members SET {erase} WHERE id = {}", ben.id);
        app.sql().await.batch_execute(&sql).await.unwrap();
        let after = app.guest().get(&url).await.expect(200);
        assert_eq!(after["diff"], before["diff"]);
        assert!(!after["html"].as_str().unwrap().contains(">@ben</a>"), "{}", after.json);
        assert_ne!(after["members"][ben.id.to_string()]["username"], "ben");
    }
    assert_eq!((app.shared.diffs.computed(), app.shared.diffs.size().0), (1, 1));
}

#[actix_web::test]
async fn a_hidden_revision_is_not_served_from_what_is_kept() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    let (url, path) = (format!("/api/v1/posts/{post}/revisions/2"), format!("/api/v1/posts/{post}"));
    let shown = app.guest().get(&url).await.expect(200);
    anna.delete(&path).await.expect(204);
    for person in [&app.guest(), &anna] {
        person.get(&url).await.refused(404, "not_found");
    }
    assert_eq!(moderator.get(&url).await.expect(200)["diff"], shown["diff"]);
    moderator.act(&format!("{path}/restore")).await.expect(200);
    assert_eq!(app.guest().get(&url).await.expect(200)["diff"], shown["diff"]);
    assert_eq!(app.shared.diffs.computed(), 1);
}

#[actix_web::test]
async fn a_diff_is_of_the_bodies_that_are_there() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    let url = format!("/api/v1/posts/{post}/revisions/3");
    app.guest().get(&url).await.expect(200);
    // As an import might, that brings what was not there.
    let sql = format!("UPDATE revisions SET body = 'One\nThree\n' WHERE post_id = {post} AND number = 2");
    app.sql().await.batch_execute(&sql).await.unwrap();
    let after = app.guest().get(&url).await.expect(200);
    assert_eq!(after["diff"], json!([{"op": "equal", "text": "One\nThree\n"}]));
}

#[actix_web::test]
async fn a_diff_of_very_many_pieces_is_one_replacement() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let lines = |even: &str| -> String {
        (0..3_000).map(|n| if n % 2 == 0 { format!("{even}\n") } else { format!("{n}\n") }).collect()
    };
    let (before, after) = (lines("a"), lines("b"));
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, &before).await;
    anna.patch(&format!("/api/v1/posts/{post}"), 1, json!({"body": after})).await.expect(200);
    let revision = app.guest().get(&format!("/api/v1/posts/{post}/revisions/2")).await.expect(200);
    assert_eq!(revision["diff"], json!([{"op": "delete", "text": before}, {"op": "insert", "text": after}]));
}

/// A post with two long revisions.
async fn long_post(app: &App, anna: &Person) -> i64 {
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, &"One long line.\n".repeat(500)).await;
    let body = "Another long line.\n".repeat(500);
    anna.patch(&format!("/api/v1/posts/{post}"), 1, json!({"body": body})).await.expect(200);
    post
}

#[actix_web::test]
async fn two_hundred_revisions_at_once_leave_others_served() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let post = long_post(&app, &anna).await;
    let url: Arc<str> = format!("/api/v1/posts/{post}/revisions/2").into();
    let ask = |_| {
        let (guest, url) = (app.guest(), url.clone());
        async move { guest.get(&url).await }
    };
    // As if as many as may be were computed, and none came to its end.
    let held: Vec<_> = std::iter::from_fn(|| app.shared.diffs.queue.try_turn()).collect();
    let mut answers: FuturesUnordered<_> = (0..200).map(ask).collect();
    for _ in MAX_WAITING..200 {
        assert_eq!(answers.next().await.unwrap().refused(503, "overloaded").header("retry-after"), "1");
    }
    // Long bodies take no connection, and no worker; short ones and what is written do not wait for them.
    for _ in 0..50 {
        app.guest().get("/api/v1/forums").await.expect(200);
        app.guest().get(&format!("/api/v1/posts/{post}/revisions")).await.expect(200);
    }
    let thread = anna.start_thread(app.forum("other").await, "Long", &"One long line.\n".repeat(500)).await;
    let short = anna.reply(thread, "Short").await;
    app.guest().get(&format!("/api/v1/posts/{short}/revisions/1")).await.expect(200);
    assert_eq!(app.shared.diffs.computed(), 1);
    let at_a_time = held.len() as u64;
    drop(held);
    while let Some(answer) = answers.next().await {
        assert!([200, 503].contains(&answer.status), "{}", answer.json);
    }
    app.guest().get(&url).await.expect(200);
    assert!(app.shared.diffs.computed() <= 1 + at_a_time);
}

#[actix_web::test]
async fn long_bodies_are_rendered_when_it_is_their_turn() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let first = app.count(&format!("SELECT id FROM posts WHERE thread_id = {thread}")).await;
    let (long, rendering) = ("One long line.\n".repeat(500), &app.shared.state.store.rendering);
    let held: Vec<_> = std::iter::from_fn(|| rendering.try_turn()).collect();
    let (replies, post) = (format!("/api/v1/threads/{thread}/posts"), format!("/api/v1/posts/{first}"));
    let writes = futures_util::join!(
        anna.post(&replies, json!({"body": long})),
        anna.post("/api/v1/threads", json!({"forum_id": forum, "title": "Long", "body": long})),
        anna.patch(&post, 1, json!({"body": long})),
    );
    for answer in [writes.0, writes.1, writes.2] {
        assert_eq!(answer.refused(503, "overloaded").header("retry-after"), "1");
    }
    anna.reply(thread, "Short").await;
    drop(held);
    anna.reply(thread, &long).await;
    app.counters_are_exact().await;
}
