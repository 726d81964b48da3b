//! `POST /threads/{thread_id}/restore`.

use futures_util::future::join_all;
use serde_json::json;

use super::{THREADS, thread_url};
use crate::support::App;

#[actix_web::test]
async fn a_restored_thread_brings_all_of_it_back() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let post = ben.reply(thread, "Second").await;
    anna.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    let (url, forum_url) = (thread_url(thread), format!("/api/v1/forums/{forum}"));
    let (before, forum_before) = (app.guest().get(&url).await, app.guest().get(&forum_url).await);
    moderator.delete(&url).await.expect(204);
    // What is counted while it is away is counted right when it comes back.
    moderator.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    app.counters_are_exact().await;
    moderator.act(&format!("/api/v1/posts/{post}/restore")).await.expect(200);
    app.counters_are_exact().await;

    let restored = moderator.act(&format!("{url}/restore")).await.expect(200);
    assert_eq!(restored.json, before.json);
    let after = app.guest().get(&url).await.expect(200);
    assert_eq!(after.json, before.json);
    assert_eq!(after.header("etag"), restored.header("etag"));
    assert_eq!(app.guest().get(&forum_url).await.json, forum_before.json);
    assert_eq!(app.guest().get(THREADS).await.item_ids(), [thread]);
    app.guest().get(&format!("/api/v1/posts/{post}")).await.expect(200);
    let reasons = "SELECT count(*) FROM threads WHERE deleted_by IS NOT NULL OR delete_reason IS NOT NULL";
    assert_eq!(app.count(reasons).await, 0);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn an_older_thread_that_comes_back_takes_no_last_post_away() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let older = thread_url(anna.start_thread(forum, "Older", "First").await);
    moderator.delete(&older).await.expect(204);
    let newer = anna.start_thread(forum, "Newer", "First").await;
    moderator.act(&format!("{older}/restore")).await.expect(200);
    let shown = app.guest().get(&format!("/api/v1/forums/{forum}")).await.expect(200);
    assert_eq!(shown["last_post"]["thread_id"], newer);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn restoring_twice_or_at_once_counts_once() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let restore = format!("{url}/restore");
    let tag = moderator.act(&restore).await.expect(200).header("etag").to_owned();
    assert_eq!(moderator.get(&url).await.header("etag"), tag);
    moderator.delete(&url).await.expect(204);
    for answer in join_all((0..10).map(|_| moderator.act(&restore))).await {
        assert_eq!(answer.expect(200)["deleted"], false);
    }
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn deletions_and_restorations_at_once_leave_the_counters_exact() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let mut urls = Vec::new();
    for _ in 0..4 {
        urls.push(thread_url(anna.start_thread(forum, "Hello", "First").await));
    }
    let acts = (0..24).map(|n| {
        let (url, moderator) = (&urls[n % 4], &moderator);
        async move {
            if n % 3 == 0 {
                moderator.act(&format!("{url}/restore")).await.expect(200);
            } else {
                moderator.delete(url).await.expect(204);
            }
        }
    });
    join_all(acts).await;
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn only_moderators_restore_threads() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let restore = format!("{url}/restore");
    anna.must_sign_in("POST", &restore).await;
    anna.act(&restore).await.refused(403, "insufficient_role");
    moderator.delete(&url).await.expect(204);
    anna.act(&restore).await.refused(404, "not_found");
    moderator.finds_none("POST", "/api/v1/threads/{}/restore", &[], None).await;
    assert_eq!(moderator.get(&url).await.expect(200)["deleted"], json!(true));
}
