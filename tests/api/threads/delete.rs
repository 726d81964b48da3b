//! `DELETE /threads/{thread_id}`.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{THREADS, thread_url};
use crate::support::{App, Person};

#[actix_web::test]
async fn a_deleted_thread_is_there_for_moderators_only() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let post = ben.reply(thread, "Second").await;
    ben.put(&format!("/api/v1/posts/{post}/like")).await.refused(403, "own_post");
    anna.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    let url = thread_url(thread);
    assert!(moderator.delete(&format!("{url}?reason=spam")).await.expect(204).bytes.is_empty());

    for person in [&app.guest(), &ben, &anna] {
        for path in [url.clone(), format!("{url}/posts"), format!("/api/v1/posts/{post}")] {
            person.get(&path).await.refused(404, "not_found");
        }
        assert!(person.get(THREADS).await.expect(200).item_ids().is_empty());
        assert!(person.get(&format!("/api/v1/members/{}/threads", anna.id)).await.expect(200).item_ids().is_empty());
        person.get(&format!("/api/v1/posts/{post}/revisions")).await.refused(404, "not_found");
    }
    for person in [&ben, &anna] {
        person.post(&format!("{url}/posts"), json!({"body": "Reply"})).await.refused(404, "not_found");
        person.patch(&url, 1, json!({"title": "Good day"})).await.refused(404, "not_found");
        person.put(&format!("/api/v1/posts/{post}/like")).await.refused(404, "not_found");
    }
    let shown = moderator.get(&url).await.expect(200);
    assert_eq!((&shown["deleted"], &shown["post_count"]), (&json!(true), &json!(2)));
    assert_eq!(moderator.get(THREADS).await.expect(200).item_ids(), [thread]);
    moderator.get(&format!("{url}/posts")).await.expect(200);
    moderator.post(&format!("{url}/posts"), json!({"body": "Reply"})).await.refused(409, "thread_deleted");
    assert_eq!(app.count("SELECT count(*) FROM threads WHERE delete_reason = 'spam'").await, 1);
}

#[actix_web::test]
async fn it_leaves_its_forums_counters_and_not_its_members() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let stays = anna.start_thread(forum, "Stays", "First").await;
    let goes = anna.start_thread(forum, "Goes", "First").await;
    let post = ben.reply(goes, "Second").await;
    anna.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    let forum_now = || async { app.guest().get(&format!("/api/v1/forums/{forum}")).await.expect(200).json };
    assert_eq!(forum_now().await["last_post"]["id"], post);
    moderator.delete(&thread_url(goes)).await.expect(204);
    let after = forum_now().await;
    assert_eq!((&after["thread_count"], &after["post_count"]), (&json!(1), &json!(1)));
    assert_eq!(after["last_post"]["thread_id"], stays);
    let members = "SELECT sum(post_count)::bigint * 10 + sum(likes_received)::bigint FROM members";
    assert_eq!(app.count(members).await, 31);
    app.counters_are_exact().await;

    moderator.delete(&thread_url(stays)).await.expect(204);
    let after = forum_now().await;
    assert_eq!((&after["thread_count"], &after["last_post"]), (&json!(0), &Value::Null));
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn deleting_twice_or_at_once_counts_once() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    anna.start_thread(forum, "Stays", "First").await;
    let url = thread_url(anna.start_thread(forum, "Goes", "First").await);
    for answer in join_all((0..10).map(|_| moderator.delete(&url))).await {
        answer.expect(204);
    }
    moderator.delete(&url).await.expect(204);
    app.counters_are_exact().await;
    assert_eq!(app.guest().get(&format!("/api/v1/forums/{forum}")).await["thread_count"], 1);
}

#[actix_web::test]
async fn only_moderators_delete_threads() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    anna.must_sign_in("DELETE", &url).await;
    anna.delete(&url).await.refused(403, "insufficient_role");
    anna.delete(&thread_url(999)).await.refused(404, "not_found");
    moderator.finds_none("DELETE", "/api/v1/threads/{}", &[], None).await;
    app.guest().get(&url).await.expect(200);
}

#[actix_web::test]
async fn a_reason_within_its_limits_is_kept() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let long = "x".repeat(201);
    for wrong in ["reason=", "reason=%20", "reason=%00", "why=spam", "reason=a&reason=b", &format!("reason={long}")] {
        moderator.delete(&format!("{url}?{wrong}")).await.refused(400, "invalid_parameter");
        // 400 before 404 and 403.
        anna.delete(&format!("{}?{wrong}", thread_url(999))).await.refused(400, "invalid_parameter");
    }
    moderator.delete(&format!("{url}?reason={}", &long[..200])).await.expect(204);
    assert_eq!(app.count("SELECT length(delete_reason)::bigint FROM threads").await, 200);
}

async fn reply(person: &Person, thread: i64) -> u16 {
    person.post(&format!("{}/posts", thread_url(thread)), json!({"body": "Reply"})).await.status
}

#[actix_web::test]
async fn a_deletion_and_replies_at_once_leave_the_counters_exact() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    anna.start_thread(forum, "Stays", "First").await;
    for _ in 0..4 {
        let thread = anna.start_thread(forum, "Hello", "First").await;
        let url = thread_url(thread);
        let replies = join_all((0..6).map(|_| reply(&anna, thread)));
        let (deleted, replies) = join(moderator.delete(&url), replies).await;
        deleted.expect(204);
        assert!(replies.iter().all(|status| [201, 404].contains(status)), "{replies:?}");
        app.counters_are_exact().await;
        moderator.act(&format!("{url}/restore")).await.expect(200);
        app.counters_are_exact().await;
    }
}
