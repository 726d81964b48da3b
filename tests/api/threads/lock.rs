//! `PUT` and `DELETE /threads/{thread_id}/lock`.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::thread_url;
use crate::support::App;

#[actix_web::test]
async fn a_locked_thread_takes_nothing_from_members_but_likes() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = ben.reply(thread, "Second").await;
    let (url, post_url) = (thread_url(thread), format!("/api/v1/posts/{post}"));
    let (lock, posts) = (format!("{url}/lock"), format!("{url}/posts"));
    let locked = moderator.put(&lock).await.expect(200);
    assert_eq!((&locked["locked"], &locked["version"]), (&json!(true), &json!(1)));
    assert_eq!(app.guest().get(&url).await.json, locked.json);

    ben.post(&posts, json!({"body": "Reply"})).await.refused(403, "thread_locked");
    ben.patch(&post_url, 1, json!({"body": "Edit"})).await.refused(403, "thread_locked");
    ben.delete(&post_url).await.refused(403, "thread_locked");
    anna.patch(&url, 1, json!({"title": "Good day"})).await.refused(403, "thread_locked");
    anna.put(&format!("{post_url}/like")).await.expect(200);
    moderator.post(&posts, json!({"body": "Closed."})).await.expect(201);
    let page = ben.get(&posts).await.expect(200);
    assert_eq!(page["viewer"]["can"]["reply"], false);
    assert_eq!(page["viewer"]["why"]["reply"], "thread_locked");

    let unlocked = moderator.delete(&lock).await.expect(200);
    assert_eq!(unlocked["locked"], false);
    ben.post(&posts, json!({"body": "Reply"})).await.expect(201);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn a_repeat_changes_nothing() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let lock = format!("{}/lock", thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await));
    let unlocked = moderator.delete(&lock).await.expect(200);
    assert_eq!(unlocked["locked"], false);
    let first = moderator.put(&lock).await.expect(200);
    assert_ne!(first.header("etag"), unlocked.header("etag"));
    for again in join_all((0..5).map(|_| moderator.put(&lock))).await {
        assert_eq!(again.expect(200).header("etag"), first.header("etag"));
    }
}

#[actix_web::test]
async fn only_moderators_lock_threads() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    for method in ["PUT", "DELETE"] {
        anna.must_sign_in(method, &format!("{url}/lock")).await;
        anna.ask(method, &format!("{url}/lock"), &[], None).await.refused(403, "insufficient_role");
        anna.ask(method, &format!("{}/lock", thread_url(999)), &[], None).await.refused(404, "not_found");
        moderator.finds_none(method, "/api/v1/threads/{}/lock", &[], None).await;
    }
    assert_eq!(anna.get(&url).await["locked"], false);
}

#[actix_web::test]
async fn no_reply_comes_after_the_lock() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let url = thread_url(thread);
    let (lock, posts) = (format!("{url}/lock"), format!("{url}/posts"));
    for _ in 0..5 {
        let replies = join_all((0..8).map(|_| anna.post(&posts, json!({"body": "Reply"}))));
        let counted = async { moderator.put(&lock).await.expect(200)["post_count"].as_i64().unwrap() };
        let (counted, replies) = join(counted, replies).await;
        for answer in replies {
            match answer.status {
                201 => assert!(answer["position"].as_i64().unwrap() <= counted, "{}", answer.json),
                _ => drop(answer.refused(403, "thread_locked")),
            }
        }
        assert_eq!(anna.get(&url).await["post_count"], counted);
        moderator.delete(&lock).await.expect(200);
    }
    app.counters_are_exact().await;
}
