//! `GET /posts/{post_id}/revisions/{number}`.

use serde_json::json;

use super::edited_post;
use crate::support::App;

#[actix_web::test]
async fn a_revision_shows_its_body_and_what_it_changed() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    let revision = |number: i64| {
        let guest = app.guest();
        async move { guest.get(&format!("/api/v1/posts/{post}/revisions/{number}")).await.expect(200) }
    };
    let first = revision(1).await;
    assert_eq!((&first["number"], &first["body"]), (&json!(1), &json!("One\nTwo\n")));
    assert_eq!(first["diff"], json!([{"op": "insert", "text": "One\nTwo\n"}]));
    let second = revision(2).await;
    assert_eq!(second["body"], "One\nTwo and a half\n");
    assert_eq!(second["reason"], "more");
    assert_eq!(second["edited_by"], anna.id);
    let expected = json!([
        {"op": "equal", "text": "One\n"}, {"op": "delete", "text": "Two\n"},
        {"op": "insert", "text": "Two and a half\n"},
    ]);
    assert_eq!(second["diff"], expected);
    let third = revision(3).await;
    assert_eq!(third["edited_by"], moderator.id);
    assert_eq!(third["members"].as_object().unwrap().keys().collect::<Vec<_>>(), [&moderator.id.to_string()]);
    let shown = app.guest().get(&format!("/api/v1/posts/{post}")).await.expect(200);
    assert_eq!((&third["body"], &third["html"]), (&shown["body"], &shown["html"]));
}

#[actix_web::test]
async fn mentions_in_its_html_have_their_present_names() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "Thanks, @ben and @nobody: <script>alert(1)</script>").await;
    anna.patch(&format!("/api/v1/posts/{post}"), 1, json!({"body": "Thanks"})).await.expect(200);
    let url = format!("/api/v1/posts/{post}/revisions/1");
    let before = app.guest().get(&url).await.expect(200);
    let html = before["html"].as_str().unwrap();
    assert!(html.contains(&format!("<a data-member=\"{}\">@ben</a>", ben.id)), "{html}");
    assert!(html.contains("@nobody") && !html.contains("<script"), "{html}");
    assert_eq!(before["members"].as_object().unwrap().len(), 2);
    let rename = format!("UPDATE members SET username = 'Ben' WHERE id = {}", ben.id);
    app.sql().await.batch_execute(&rename).await.unwrap();
    let after = app.guest().get(&url).await.expect(200);
    assert!(after["html"].as_str().unwrap().contains(">@Ben</a>"), "{}", after.json);
}

#[actix_web::test]
async fn numbers_that_name_nothing_are_not_found() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    app.guest().finds_none("GET", &format!("/api/v1/posts/{post}/revisions/{{}}"), &[], None).await;
    app.guest().finds_none("GET", "/api/v1/posts/{}/revisions/1", &[], None).await;
    app.guest().get(&format!("/api/v1/posts/{post}/revisions/4")).await.refused(404, "not_found");
    app.guest().with_token("forged").get("/api/v1/posts/999/revisions/1").await.refused(401, "invalid_token");
}

#[actix_web::test]
async fn a_revision_has_a_tag_and_answers_head() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    let url = format!("/api/v1/posts/{post}/revisions/2");
    let tag = app.guest().get(&url).await.expect(200).header("etag").to_owned();
    app.guest().ask("GET", &url, &[("If-None-Match", &tag)], None).await.expect(304);
    let head = app.guest().head(&url).await.expect(200);
    assert!(head.bytes.is_empty());
    assert_eq!(head.header("etag"), tag);
}
