//! `GET /posts/{post_id}`.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn a_deleted_post_is_there_for_moderators_only() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/posts/{}", anna.reply(thread, "secret words").await);
    anna.delete(&path).await.expect(204);
    app.guest().get(&path).await.refused(404, "not_found");
    anna.get(&path).await.refused(404, "not_found");
    let shown = moderator.get(&path).await.expect(200);
    assert_eq!((&shown["deleted"], &shown["body"]), (&json!(true), &json!("secret words")));
}

#[actix_web::test]
async fn what_is_not_there_and_what_may_not_be_seen_get_the_same_answer() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.get(&format!("/api/v1/threads/{thread}/posts")).await["posts"][0]["id"].clone();
    moderator.delete(&format!("/api/v1/threads/{thread}")).await.expect(204);
    let mut hidden = anna.get(&format!("/api/v1/posts/{post}")).await.refused(404, "not_found").json;
    let mut nothing = anna.get("/api/v1/posts/999999").await.refused(404, "not_found").json;
    hidden["request_id"] = json!("");
    nothing["request_id"] = json!("");
    assert_eq!(hidden, nothing);
}

#[actix_web::test]
async fn a_post_that_did_not_change_is_not_sent_again() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/posts/{}", anna.reply(thread, "again").await);
    let first = app.guest().get(&path).await.expect(200);
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with("\"1."), "{etag}");
    let again = app.guest().ask("GET", &path, &[("If-None-Match", &etag)], None).await.expect(304);
    assert!(again.bytes.is_empty());
    assert_eq!(again.header("etag"), etag);
    ben.put(&format!("{path}/like")).await.expect(200);
    let liked = app.guest().ask("GET", &path, &[("If-None-Match", &etag)], None).await.expect(200);
    assert_eq!(liked["like_count"], 1);
    assert_eq!(liked["version"], 1);
}

#[actix_web::test]
async fn head_gives_the_fields_of_get_without_its_body() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/posts/{}", anna.reply(thread, "again").await);
    let (get, head) = (app.guest().get(&path).await.expect(200), app.guest().head(&path).await.expect(200));
    assert!(head.bytes.is_empty());
    for field in ["etag", "content-type", "content-length", "cache-control", "vary"] {
        assert_eq!(head.header(field), get.header(field), "{field}");
    }
}
