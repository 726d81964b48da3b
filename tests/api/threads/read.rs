//! `GET /threads/{thread_id}`.

use serde_json::json;

use super::thread_url;
use crate::support::App;

#[actix_web::test]
async fn ids_that_name_nothing_are_not_found() {
    let app = App::start().await;
    app.guest().finds_none("GET", "/api/v1/threads/{}", &[], None).await;
    app.guest().finds_none("HEAD", "/api/v1/threads/{}", &[], None).await;
    app.guest().with_token("forged").get(&thread_url(999)).await.refused(401, "invalid_token");
}

#[actix_web::test]
async fn what_the_client_has_already_is_not_sent_again() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let first = app.guest().get(&url).await.expect(200);
    let post = first["last_post"]["id"].as_i64().unwrap();
    let mut tag = first.header("etag").to_owned();
    assert!(tag.starts_with("\"1.") && tag.ends_with('"'), "{tag}");
    for change in 0..6 {
        let same = ben.ask("GET", &url, &[("If-None-Match", &tag)], None).await.expect(304);
        assert!(same.bytes.is_empty());
        assert_eq!(same.header("etag"), tag);
        assert_eq!(same.header("cache-control"), "private, no-cache");
        app.guest().ask("HEAD", &url, &[("If-None-Match", &tag)], None).await.expect(304);
        match change {
            0 => drop(ben.post(&format!("{url}/posts"), json!({"body": "Reply"})).await.expect(201)),
            1 => drop(ben.put(&format!("/api/v1/posts/{post}/like")).await.expect(200)),
            2 => drop(anna.patch(&url, 1, json!({"title": "Good day"})).await.expect(200)),
            3 => drop(moderator.put(&format!("{url}/lock")).await.expect(200)),
            4 => drop(moderator.put(&format!("{url}/pin")).await.expect(200)),
            _ => {
                let forum = app.forum("other").await;
                moderator.post(&format!("{url}/move"), json!({"forum_id": forum})).await.expect(200);
            }
        }
        let changed = app.guest().ask("GET", &url, &[("If-None-Match", &tag)], None).await.expect(200);
        assert_ne!(changed.header("etag"), tag, "change {change}");
        tag = changed.header("etag").to_owned();
    }
}

#[actix_web::test]
async fn likes_and_replies_do_not_change_the_version() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let reply = anna.reply(thread, "Second").await;
    ben.put(&format!("/api/v1/posts/{reply}/like")).await.expect(200);
    let shown = app.guest().get(&thread_url(thread)).await.expect(200);
    assert_eq!((&shown["version"], &shown["like_count"], &shown["post_count"]), (&json!(1), &json!(1), &json!(2)));
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let (get, head) = (anna.get(&url).await.expect(200), anna.head(&url).await.expect(200));
    assert!(head.bytes.is_empty());
    assert_eq!(head.header("etag"), get.header("etag"));
    assert_eq!(head.header("content-type"), get.header("content-type"));
}
