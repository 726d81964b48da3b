//! `DELETE /forums/{forum_id}`.

use std::time::Duration;

use futures_util::future::join;
use serde_json::json;

use super::{FORUMS, forum_url};
use crate::support::App;

#[actix_web::test]
async fn an_empty_forum_goes_for_good() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let url = forum_url(app.forum("news").await);
    let answer = admin.delete(&url).await.expect(204);
    assert!(answer.bytes.is_empty());
    admin.get(&url).await.refused(404, "not_found");
    admin.delete(&url).await.refused(404, "not_found");
}

#[actix_web::test]
async fn only_administrators_delete_forums() {
    let app = App::start().await;
    let url = forum_url(app.forum("news").await);
    let admin = app.admin("ada").await;
    admin.must_sign_in("DELETE", &url).await;
    app.moderator("mod").await.delete(&url).await.refused(403, "insufficient_role");
    app.member("anna").await.delete(&forum_url(999)).await.refused(404, "not_found");
    admin.finds_none("DELETE", "/api/v1/forums/{}", &[], None).await;
    admin.get(&url).await.expect(200);
}

#[actix_web::test]
async fn who_may_not_change_the_tree_does_not_wait_for_who_may() {
    let app = App::start_with(|setup| setup.pool.lock = Duration::from_millis(100)).await;
    let (anna, url) = (app.member("anna").await, forum_url(app.forum("news").await));
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM site FOR UPDATE").await.unwrap();
    anna.delete(&url).await.refused(403, "insufficient_role");
    anna.patch(&url, 1, json!({"title": "Old news"})).await.refused(403, "insufficient_role");
    app.admin("ada").await.delete(&url).await.refused(503, "overloaded");
    client.batch_execute("COMMIT").await.unwrap();
}

#[actix_web::test]
async fn a_forum_with_anything_in_it_stays() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let (forum, parent) = (app.forum("news").await, app.forum("parent").await);
    let thread = admin.start_thread(forum, "Hello", "First").await;
    admin.delete(&forum_url(forum)).await.refused(409, "forum_not_empty");
    admin.delete(&format!("/api/v1/threads/{thread}")).await.expect(204);
    admin.delete(&forum_url(forum)).await.refused(409, "forum_not_empty");

    let body = json!({"title": "x", "slug": "child", "kind": "forum", "parent_id": parent});
    let child = admin.post(FORUMS, body).await.expect(201).id();
    admin.delete(&forum_url(parent)).await.refused(409, "forum_not_empty");
    admin.delete(&forum_url(child)).await.expect(204);
    admin.delete(&forum_url(parent)).await.expect(204);
}

#[actix_web::test]
async fn what_is_put_into_a_forum_that_goes_is_refused_or_keeps_it() {
    let app = App::start().await;
    let (admin, anna) = (app.admin("ada").await, app.member("anna").await);
    for round in 0..8 {
        let forum = app.forum(&format!("forum-{round}")).await;
        let thread = json!({"forum_id": forum, "title": "Hello", "body": "First"});
        let url = forum_url(forum);
        let (deleted, started) = join(admin.delete(&url), anna.post("/api/v1/threads", thread)).await;
        match started.status {
            201 => drop(deleted.refused(409, "forum_not_empty")),
            _ => {
                started.flawed("/forum_id", "not_there");
                deleted.expect(204);
            }
        }
        let parent = app.forum(&format!("parent-{round}")).await;
        let child = json!({"title": "x", "slug": format!("child-{round}"), "kind": "forum", "parent_id": parent});
        let url = forum_url(parent);
        let (deleted, made) = join(admin.delete(&url), admin.post(FORUMS, child)).await;
        match made.status {
            201 => drop(deleted.refused(409, "forum_not_empty")),
            _ => {
                made.flawed("/parent_id", "not_there");
                deleted.expect(204);
            }
        }
    }
    app.counters_are_exact().await;
}
