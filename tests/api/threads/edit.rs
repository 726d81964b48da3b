//! `PATCH /threads/{thread_id}`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{THREADS, thread_url};
use crate::support::App;

#[actix_web::test]
async fn the_author_and_moderators_edit_title_and_tags() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let body = json!({"forum_id": forum, "title": "Hello", "body": "First", "tags": ["a", "b"]});
    let made = anna.post(THREADS, body).await.expect(201);
    let url = made.header("location").to_owned();

    let edited = anna.patch(&url, 1, json!({"title": " Good  day! "})).await.expect(200);
    let mut expected = made["thread"].clone();
    expected["title"] = json!("Good  day!");
    expected["slug"] = json!("good-day");
    expected["version"] = json!(2);
    assert_eq!(edited.json, expected);
    assert!(edited.header("etag").starts_with("\"2."));

    let cleared = moderator.patch(&url, 2, json!({"tags": []})).await.expect(200);
    expected["tags"] = json!([]);
    expected["version"] = json!(3);
    assert_eq!(cleared.json, expected);
    let read = app.guest().get(&url).await.expect(200);
    assert_eq!(read.json, expected);
    assert_eq!(read.header("etag"), cleared.header("etag"));
}

#[actix_web::test]
async fn who_may_not_is_told_why() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let title = || json!({"title": "Good day"});
    anna.must_sign_in("PATCH", &url).await;
    ben.patch(&url, 1, title()).await.refused(403, "not_yours");
    moderator.put(&format!("{url}/lock")).await.expect(200);
    anna.patch(&url, 1, title()).await.refused(403, "thread_locked");
    moderator.patch(&url, 1, title()).await.expect(200);
    anna.finds_none("PATCH", "/api/v1/threads/{}", &[("If-Match", "\"1\"")], Some(title())).await;
    // 422, 404, 403, 428, 412, each before the next.
    ben.patch(&thread_url(999), 1, json!({"title": ""})).await.flawed("/title", "blank");
    ben.patch(&thread_url(999), 1, title()).await.refused(404, "not_found");
    ben.ask("PATCH", &url, &[], Some(title())).await.refused(403, "not_yours");
    moderator.ask("PATCH", &url, &[], Some(title())).await.refused(428, "version_required");
    moderator.patch(&url, 1, title()).await.refused(412, "version_mismatch");
}

#[actix_web::test]
async fn each_field_is_told_what_is_wrong_with_it_and_nothing_changes() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let before = anna.get(&url).await.json;
    anna.must_send_json("PATCH", &url, &[("If-Match", "\"1\"")]).await;
    let cases = [
        ("title", json!("ab"), "too_short"),
        ("title", json!("x".repeat(151)), "too_long"),
        ("title", Value::Null, "wrong_type"),
        ("tags", Value::Null, "wrong_type"),
        ("tags", json!(["1", "2", "3", "4", "5", "6"]), "too_long"),
        ("kind", json!("article"), "unknown_field"),
        ("forum_id", json!(1), "unknown_field"),
        ("author_id", json!(1), "unknown_field"),
        ("pinned", json!(true), "unknown_field"),
        ("locked", json!(false), "unknown_field"),
        ("deleted", json!(true), "unknown_field"),
        ("post_count", json!(7), "unknown_field"),
        ("view_count", json!(7), "unknown_field"),
        ("like_count", json!(7), "unknown_field"),
        ("created_at", json!("2014-02-12T09:00:00Z"), "unknown_field"),
        ("last_post", Value::Null, "unknown_field"),
        ("slug", json!("x"), "unknown_field"),
        ("version", json!(7), "unknown_field"),
    ];
    for (field, value, flaw) in cases {
        let mut body = json!({"title": "Changed"});
        body[field] = value;
        anna.patch(&url, 1, body).await.flawed(&format!("/{field}"), flaw);
    }
    assert_eq!(anna.get(&url).await.json, before);
}

#[actix_web::test]
async fn if_match_takes_the_version_and_the_own_tag_and_no_other() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let tag = anna.get(&url).await.header("etag").to_owned();
    let page = anna.get(&format!("{url}/posts")).await.header("etag").to_owned();
    let strong_page = page.trim_start_matches("W/").to_owned();
    let title = || Some(json!({"title": "Good day"}));
    for refused in [page, strong_page, format!("W/{tag}"), "W/\"1\"".into(), "1".into(), "\"0\"".into()] {
        anna.ask("PATCH", &url, &[("If-Match", &refused)], title()).await.refused(412, "version_mismatch");
    }
    // A reply makes another tag of the same version: the number in front counts.
    anna.post(&format!("{url}/posts"), json!({"body": "Reply"})).await.expect(201);
    anna.ask("PATCH", &url, &[("If-Match", &tag)], title()).await.expect(200);
    anna.ask("PATCH", &url, &[("If-Match", &tag)], title()).await.refused(412, "version_mismatch");
    assert_eq!(anna.get(&url).await["version"], 2);
}

#[actix_web::test]
async fn of_many_edits_of_one_version_one_wins() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let edits = (0..10).map(|n| anna.patch(&url, 1, json!({"title": format!("Edit {n}")})));
    let statuses: Vec<_> = join_all(edits).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 9, "{statuses:?}");
    assert_eq!(anna.get(&url).await["version"], 2);
}

#[actix_web::test]
async fn a_body_without_fields_changes_nothing() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let before = anna.get(&url).await.expect(200);
    let same = anna.patch(&url, 1, json!({})).await.expect(200);
    assert_eq!((&same.json, same.header("etag")), (&before.json, before.header("etag")));
    anna.patch(&url, 2, json!({})).await.refused(412, "version_mismatch");
}
