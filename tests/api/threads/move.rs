//! `POST /threads/{thread_id}/move`.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::thread_url;
use crate::support::App;

#[actix_web::test]
async fn a_moved_thread_takes_its_counts_and_last_post_along() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let (from, to) = (app.forum("from").await, app.forum("to").await);
    let stays = anna.start_thread(from, "Stays", "First").await;
    let there = anna.start_thread(to, "There", "First").await;
    let goes = anna.start_thread(from, "Goes", "First").await;
    let last = anna.reply(goes, "Second").await;
    let moved = moderator.post(&format!("{}/move", thread_url(goes)), json!({"forum_id": to})).await.expect(200);
    assert_eq!((&moved["forum_id"], &moved["version"]), (&json!(to), &json!(1)));
    assert_eq!(app.guest().get(&thread_url(goes)).await.json, moved.json);

    let forum = |id| {
        let guest = app.guest();
        async move { guest.get(&format!("/api/v1/forums/{id}")).await.expect(200).json }
    };
    let (old, new) = (forum(from).await, forum(to).await);
    assert_eq!((&old["thread_count"], &old["post_count"]), (&json!(1), &json!(1)));
    assert_eq!(old["last_post"]["thread_id"], stays);
    assert_eq!((&new["thread_count"], &new["post_count"]), (&json!(2), &json!(3)));
    assert_eq!(new["last_post"]["id"], last);
    app.counters_are_exact().await;

    // One that is older than what is there takes no last post away.
    moderator.post(&format!("{}/move", thread_url(stays)), json!({"forum_id": to})).await.expect(200);
    assert_eq!(forum(to).await["last_post"]["id"], last);
    assert_eq!(forum(from).await["last_post"], Value::Null);
    app.counters_are_exact().await;
    assert_eq!(app.guest().get(&format!("/api/v1/threads?forum={to}")).await.item_ids(), [goes, there, stays]);
}

#[actix_web::test]
async fn to_where_it_is_nothing_changes() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let url = thread_url(anna.start_thread(forum, "Hello", "First").await);
    let before = moderator.get(&url).await;
    let moved = moderator.post(&format!("{url}/move"), json!({"forum_id": forum})).await.expect(200);
    assert_eq!(moved.json, before.json);
    assert_eq!(moved.header("etag"), before.header("etag"));
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn a_deleted_thread_moves_without_being_counted() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let (from, to) = (app.forum("from").await, app.forum("to").await);
    let url = thread_url(anna.start_thread(from, "Hello", "First").await);
    moderator.delete(&url).await.expect(204);
    moderator.post(&format!("{url}/move"), json!({"forum_id": to})).await.expect(200);
    app.counters_are_exact().await;
    moderator.act(&format!("{url}/restore")).await.expect(200);
    app.counters_are_exact().await;
    assert_eq!(app.guest().get(&format!("/api/v1/forums/{to}")).await["thread_count"], 1);
}

#[actix_web::test]
async fn who_may_not_and_what_is_wrong_is_told_in_order() {
    let app = App::start().await;
    let (anna, moderator, admin) = (app.member("anna").await, app.moderator("mod").await, app.admin("ada").await);
    let (from, to) = (app.forum("from").await, app.forum("to").await);
    let url = thread_url(anna.start_thread(from, "Hello", "First").await);
    let path = format!("{url}/move");
    let category = json!({"title": "x", "slug": "category", "kind": "category"});
    let category = admin.post("/api/v1/forums", category).await.expect(201).id();
    anna.must_sign_in("POST", &path).await;
    moderator.must_send_json("POST", &path, &[]).await;
    let nowhere = format!("{}/move", thread_url(999));
    let cases = [
        (json!({}), "missing"),
        (json!({"forum_id": null}), "wrong_type"),
        (json!({"forum_id": "1"}), "wrong_type"),
        (json!({"forum_id": 999}), "not_there"),
        (json!({"forum_id": category}), "invalid"),
    ];
    for (body, flaw) in cases {
        moderator.post(&path, body.clone()).await.flawed("/forum_id", flaw);
        anna.post(&nowhere, body).await.flawed("/forum_id", flaw);
    }
    moderator.post(&path, json!({"forum_id": to, "pinned": true})).await.flawed("/pinned", "unknown_field");
    anna.post(&nowhere, json!({"forum_id": to})).await.refused(404, "not_found");
    anna.post(&path, json!({"forum_id": to})).await.refused(403, "insufficient_role");
    moderator.finds_none("POST", "/api/v1/threads/{}/move", &[], Some(json!({"forum_id": to}))).await;
    assert_eq!(anna.get(&url).await["forum_id"], from);
}

#[actix_web::test]
async fn moves_back_and_forth_at_once_with_replies_leave_every_counter_exact() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forums = [app.forum("one").await, app.forum("two").await, app.forum("three").await];
    let mut threads = Vec::new();
    for n in 0..6 {
        threads.push(thread_url(anna.start_thread(forums[n % 3], "Hello", "First").await));
    }
    for round in 0..4 {
        let moves = threads.iter().enumerate().map(|(n, url)| {
            let (moderator, to) = (&moderator, forums[(n + round) % 3]);
            async move { moderator.post(&format!("{url}/move"), json!({"forum_id": to})).await.expect(200) }
        });
        let replies = threads.iter().map(|url| {
            let anna = &anna;
            async move { anna.post(&format!("{url}/posts"), json!({"body": "Reply"})).await.expect(201) }
        });
        join(join_all(moves), join_all(replies)).await;
        app.counters_are_exact().await;
    }
}
