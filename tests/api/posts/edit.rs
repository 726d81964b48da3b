//! `PATCH /posts/{post_id}`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::App;

#[actix_web::test]
async fn an_edit_leaves_its_mark_and_the_body_before_it() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "teh").await;
    let path = format!("/api/v1/posts/{post}");
    let edited = anna.patch(&path, 1, json!({"body": "the @ben", "reason": "typo"})).await.expect(200);
    assert_eq!((&edited["body"], &edited["version"]), (&json!("the @ben"), &json!(2)));
    assert_eq!(edited["mentions"], json!([{"member_id": ben.id}]));
    let mark = &edited["last_edit"];
    assert_eq!((&mark["by"], &mark["reason"], &mark["count"]), (&json!(anna.id), &json!("typo"), &json!(1)));
    assert!(edited.header("etag").starts_with("\"2."));
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    assert_eq!(page["posts"][1], edited.json);
    let before = app.guest().get(&format!("{path}/revisions/1")).await.expect(200);
    assert_eq!(before["body"], "teh");
}

#[actix_web::test]
async fn an_edit_of_what_was_changed_meanwhile_is_refused_and_loses_nothing() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/posts/{}", anna.reply(thread, "one").await);
    let edit = |body: &str| json!({"body": body});
    anna.ask("PATCH", &path, &[], Some(edit("two"))).await.refused(428, "version_required");
    anna.patch(&path, 1, edit("two")).await.expect(200);
    anna.patch(&path, 1, edit("three")).await.refused(412, "version_mismatch");
    let post = app.guest().get(&path).await;
    let own = post.header("etag").to_owned();
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.header("etag").to_owned();
    for stale in [page.as_str(), "W/\"2\"", "2", "\"x\"", "\"1\", \"3\"", "\"\""] {
        anna.ask("PATCH", &path, &[("If-Match", stale)], Some(edit("three"))).await.refused(412, "version_mismatch");
    }
    anna.ask("PATCH", &path, &[("If-Match", &own)], Some(edit("three"))).await.expect(200);
    anna.ask("PATCH", &path, &[("If-Match", "\"1\", \"3\"")], Some(edit("four"))).await.expect(200);
    assert_eq!(app.guest().get(&path).await["body"], "four");
}

#[actix_web::test]
async fn of_twenty_edits_of_one_version_one_wins() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/posts/{}", anna.reply(thread, "one").await);
    let edits = join_all((0..20).map(|n| anna.patch(&path, 1, json!({"body": format!("edit {n}")})))).await;
    let mut statuses: Vec<_> = edits.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![412; 19]].concat());
    assert_eq!(app.count("SELECT count(*) FROM revisions").await, 1);
}

#[actix_web::test]
async fn who_may_not_edit_is_told_why() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/posts/{}", anna.reply(thread, "one").await);
    let edit = || json!({"body": "two"});
    app.guest().patch(&path, 1, edit()).await.refused(401, "not_signed_in");
    ben.patch(&path, 1, edit()).await.refused(403, "not_yours");
    // What is wrong with the caller's right is told before what is wrong with the version.
    ben.ask("PATCH", &path, &[], Some(edit())).await.refused(403, "not_yours");
    anna.patch("/api/v1/posts/999999", 1, edit()).await.refused(404, "not_found");
    moderator.patch(&path, 1, json!({"body": "by the moderator"})).await.expect(200);
    moderator.put(&format!("/api/v1/threads/{thread}/lock")).await.expect(200);
    anna.patch(&path, 2, edit()).await.refused(403, "thread_locked");
    moderator.patch(&path, 2, json!({"body": "again"})).await.expect(200);
    anna.patch(&path, 9, json!({"body": ""})).await.flawed("/body", "blank");
    let long = json!({"body": "x", "reason": "r".repeat(201)});
    anna.patch(&path, 9, long).await.flawed("/reason", "too_long");
    let mut forged = edit();
    forged["author_id"] = Value::from(ben.id);
    anna.patch(&path, 3, forged).await.flawed("/author_id", "unknown_field");
}
