//! `GET /forums/{forum_id}`.

use super::{FORUMS, forum_url};
use crate::support::App;

#[actix_web::test]
async fn ids_that_name_nothing_are_not_found() {
    let app = App::start().await;
    app.guest().finds_none("GET", "/api/v1/forums/{}", &[], None).await;
    app.guest().finds_none("HEAD", "/api/v1/forums/{}", &[], None).await;
}

#[actix_web::test]
async fn what_the_client_has_already_is_not_sent_again() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let url = forum_url(forum);
    let tag = anna.get(&url).await.expect(200).header("etag").to_owned();
    for sent in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
        let answer = anna.ask("GET", &url, &[("If-None-Match", &sent)], None).await.expect(304);
        assert_eq!(answer.header("etag"), tag);
        assert!(answer.bytes.is_empty());
    }
    anna.ask("HEAD", &url, &[("If-None-Match", &tag)], None).await.expect(304);
    // A thread changes counters and last post, so what is shown; the version stays.
    anna.start_thread(forum, "Hello", "First").await;
    let changed = anna.ask("GET", &url, &[("If-None-Match", &tag)], None).await.expect(200);
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(changed["version"], 1);
    assert_eq!(changed["thread_count"], 1);
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let app = App::start().await;
    let url = forum_url(app.forum("news").await);
    for url in [url.as_str(), FORUMS] {
        let (get, head) = (app.guest().get(url).await.expect(200), app.guest().head(url).await.expect(200));
        assert!(head.bytes.is_empty());
        assert_eq!(head.header("etag"), get.header("etag"));
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
}

#[actix_web::test]
async fn a_bad_token_is_refused_on_public_reads_too() {
    let app = App::start().await;
    let forged = app.guest().with_token("forged");
    forged.get(FORUMS).await.refused(401, "invalid_token");
    forged.get(&forum_url(999)).await.refused(401, "invalid_token");
}

#[actix_web::test]
async fn the_last_post_is_the_latest_of_all_threads() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let forum = app.forum("news").await;
    let first = anna.start_thread(forum, "One", "First").await;
    anna.start_thread(forum, "Two", "First").await;
    let reply = ben.reply(first, "Second").await;
    let shown = app.guest().get(&forum_url(forum)).await.expect(200);
    assert_eq!(shown["thread_count"], 2);
    assert_eq!(shown["post_count"], 3);
    assert_eq!(shown["last_post"]["id"], reply);
    assert_eq!(shown["last_post"]["thread_id"], first);
    assert_eq!(shown["last_post"]["thread_title"], "One");
    assert_eq!(shown["last_post"]["position"], 2);
    assert_eq!(shown["last_post"]["author_id"], ben.id);
    app.counters_are_exact().await;
}
