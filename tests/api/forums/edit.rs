//! `PATCH /forums/{forum_id}`.

use serde_json::{Value, json};

use super::{FORUMS, forum_url};
use crate::support::App;

#[actix_web::test]
async fn what_is_left_out_stays_and_null_clears() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let parent = app.forum("parent").await;
    let body = json!({
        "title": "News", "slug": "news", "kind": "forum", "description": "All of it", "parent_id": parent,
        "position": 3,
    });
    let made = admin.post(FORUMS, body).await.expect(201);
    let url = forum_url(made.id());

    let edited = admin.patch(&url, 1, json!({"title": " Old news "})).await.expect(200);
    let mut expected = made.json.clone();
    expected["title"] = json!("Old news");
    expected["version"] = json!(2);
    assert_eq!(edited.json, expected);
    assert!(edited.header("etag").starts_with("\"2."));

    let cleared = json!({"description": null, "parent_id": null, "position": 0, "slug": "old", "kind": "category"});
    let cleared = admin.patch(&url, 2, cleared).await.expect(200);
    expected["description"] = Value::Null;
    expected["parent_id"] = Value::Null;
    expected["position"] = json!(0);
    expected["slug"] = json!("old");
    expected["kind"] = json!("category");
    expected["version"] = json!(3);
    assert_eq!(cleared.json, expected);
    assert_eq!(app.guest().get(&url).await.json, expected);
}

#[actix_web::test]
async fn only_administrators_edit_forums() {
    let app = App::start().await;
    let forum = app.forum("news").await;
    let url = forum_url(forum);
    let (admin, anna) = (app.admin("ada").await, app.member("anna").await);
    admin.must_sign_in("PATCH", &url).await;
    app.moderator("mod").await.patch(&url, 1, json!({"title": "x"})).await.refused(403, "insufficient_role");
    admin.finds_none("PATCH", "/api/v1/forums/{}", &[("If-Match", "\"1\"")], Some(json!({"title": "x"}))).await;
    // 422, then 404, then 403, then 428, then 412, then 409.
    let parent = json!({"parent_id": 999});
    anna.patch(&forum_url(999), 9, json!({"title": ""})).await.flawed("/title", "blank");
    anna.patch(&forum_url(999), 9, parent.clone()).await.flawed("/parent_id", "not_there");
    anna.ask("PATCH", &url, &[], Some(parent)).await.flawed("/parent_id", "not_there");
    anna.patch(&forum_url(999), 9, json!({"title": "x"})).await.refused(404, "not_found");
    anna.ask("PATCH", &url, &[], Some(json!({"title": "x"}))).await.refused(403, "insufficient_role");
    app.forum("taken").await;
    let taken = json!({"slug": "taken"});
    admin.ask("PATCH", &url, &[], Some(taken.clone())).await.refused(428, "version_required");
    admin.patch(&url, 2, taken.clone()).await.refused(412, "version_mismatch");
    admin.patch(&url, 1, taken).await.refused(409, "slug_taken");
    assert_eq!(admin.get(&url).await["version"], 1);
}

#[actix_web::test]
async fn each_field_is_told_what_is_wrong_with_it() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let forum = app.forum("news").await;
    let url = forum_url(forum);
    admin.must_send_json("PATCH", &url, &[("If-Match", "\"1\"")]).await;
    let cases = [
        ("title", json!(" "), "blank"),
        ("title", json!("x".repeat(101)), "too_long"),
        ("title", json!("\u{0}"), "forbidden_character"),
        ("title", Value::Null, "wrong_type"),
        ("slug", json!("a_b"), "invalid"),
        ("slug", Value::Null, "wrong_type"),
        ("kind", json!("x"), "invalid"),
        ("kind", Value::Null, "wrong_type"),
        ("description", json!(""), "blank"),
        ("description", json!("x".repeat(501)), "too_long"),
        ("parent_id", json!(999), "not_there"),
        ("parent_id", json!("1"), "wrong_type"),
        ("parent_id", json!(forum), "invalid"),
        ("position", json!(1_000_001), "invalid"),
        ("position", Value::Null, "wrong_type"),
        ("id", json!(7), "unknown_field"),
        ("thread_count", json!(7), "unknown_field"),
        ("last_post", Value::Null, "unknown_field"),
        ("version", json!(7), "unknown_field"),
    ];
    for (field, value, flaw) in cases {
        admin.patch(&url, 1, json!({field: value})).await.flawed(&format!("/{field}"), flaw);
    }
    assert_eq!(admin.get(&url).await["version"], 1);
}

#[actix_web::test]
async fn if_match_takes_the_version_and_the_own_tag_and_no_other() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let url = forum_url(app.forum("news").await);
    let tag = admin.get(&url).await.header("etag").to_owned();
    for refused in [format!("W/{tag}"), "W/\"1\"".into(), "\"p1.abc\"".into(), "1".into(), "\"\"".into()] {
        let answer = admin.ask("PATCH", &url, &[("If-Match", &refused)], Some(json!({"title": "x"}))).await;
        answer.refused(412, "version_mismatch");
    }
    admin.ask("PATCH", &url, &[("If-Match", &tag)], Some(json!({"title": "x"}))).await.expect(200);
    admin.ask("PATCH", &url, &[("If-Match", &tag)], Some(json!({"title": "y"}))).await.refused(412, "version_mismatch");
    let list = [("If-Match", "\"1\", \"2\"")];
    admin.ask("PATCH", &url, &list, Some(json!({"title": "y"}))).await.expect(200);
    admin.ask("PATCH", &url, &[("If-Match", "*")], Some(json!({"title": "z"}))).await.expect(200);
    assert_eq!(admin.get(&url).await["version"], 4);
}

#[actix_web::test]
async fn a_forum_with_threads_becomes_no_category() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let forum = app.forum("news").await;
    let thread = admin.start_thread(forum, "Hello", "First").await;
    let category = json!({"kind": "category"});
    admin.patch(&forum_url(forum), 1, category.clone()).await.refused(409, "forum_not_empty");
    admin.delete(&format!("/api/v1/threads/{thread}")).await.expect(204);
    admin.patch(&forum_url(forum), 1, category).await.refused(409, "forum_not_empty");
    admin.patch(&forum_url(forum), 1, json!({"kind": "forum"})).await.expect(200);
}

#[actix_web::test]
async fn a_thread_and_a_change_to_a_category_at_once_leave_no_category_with_threads() {
    let app = App::start().await;
    let (admin, anna) = (app.admin("ada").await, app.member("anna").await);
    for round in 0..8 {
        let forum = app.forum(&format!("forum-{round}")).await;
        let url = forum_url(forum);
        let thread = json!({"forum_id": forum, "title": "Hello", "body": "First"});
        let edit = admin.patch(&url, 1, json!({"kind": "category"}));
        let (edited, started) = futures_util::future::join(edit, anna.post("/api/v1/threads", thread)).await;
        match started.status {
            201 => drop(edited.refused(409, "forum_not_empty")),
            _ => {
                started.flawed("/forum_id", "invalid");
                edited.expect(200);
            }
        }
    }
}

#[actix_web::test]
async fn a_body_without_fields_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let url = forum_url(app.forum("news").await);
    let before = admin.get(&url).await.expect(200);
    let same = admin.patch(&url, 1, json!({})).await.expect(200);
    assert_eq!((&same.json, same.header("etag")), (&before.json, before.header("etag")));
    admin.patch(&url, 2, json!({})).await.refused(412, "version_mismatch");
}
