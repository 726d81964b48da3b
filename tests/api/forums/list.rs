//! `GET /forums`: the tree.

use serde_json::{Value, json};

use super::FORUMS;
use crate::support::{App, Person};

async fn make(admin: &Person, slug: &str, kind: &str, parent: Value, position: i64) -> i64 {
    let body = json!({"title": slug, "slug": slug, "kind": kind, "parent_id": parent, "position": position});
    admin.post(FORUMS, body).await.expect(201).id()
}

#[actix_web::test]
async fn no_forums_are_an_empty_list() {
    let app = App::start().await;
    let list = app.guest().get(FORUMS).await.expect(200);
    assert_eq!(list.json, json!({"items": [], "members": {}, "next": null}));
}

#[actix_web::test]
async fn siblings_stand_by_position_and_totals_hold_what_is_below() {
    let app = App::start().await;
    let (admin, anna) = (app.admin("ada").await, app.member("anna").await);
    let top = make(&admin, "top", "category", Value::Null, 2).await;
    let other = make(&admin, "other", "forum", Value::Null, 1).await;
    let late = make(&admin, "late", "forum", json!(top), 5).await;
    let early = make(&admin, "early", "forum", json!(top), 5).await;
    let deep = make(&admin, "deep", "forum", json!(late), 0).await;
    let thread = anna.start_thread(late, "Hello", "First").await;
    anna.reply(thread, "Second").await;
    let last = anna.start_thread(deep, "Deep", "First").await;

    let list = app.guest().get(FORUMS).await.expect(200);
    assert_eq!(list.item_ids(), [other, top]);
    let node = &list["items"][1];
    assert_eq!((&node["thread_count"], &node["total_thread_count"]), (&json!(0), &json!(2)));
    assert_eq!((&node["post_count"], &node["total_post_count"]), (&json!(0), &json!(3)));
    // Equal positions stand by id.
    let children: Vec<_> = node["children"].as_array().unwrap().iter().map(|c| c["id"].as_i64().unwrap()).collect();
    assert_eq!(children, [late, early]);
    let late = &node["children"][0];
    assert_eq!((&late["post_count"], &late["total_post_count"]), (&json!(2), &json!(3)));
    assert_eq!(late["children"][0]["id"], deep);
    assert_eq!(late["children"][0]["last_post"]["thread_id"], last);
    assert_eq!(late["children"][0]["children"], json!([]));
    assert_eq!(list["members"].as_object().unwrap().keys().collect::<Vec<_>>(), [&anna.id.to_string()]);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn the_tree_has_a_tag_that_changes_with_it() {
    let app = App::start().await;
    app.forum("one").await;
    let tag = app.guest().get(FORUMS).await.expect(200).header("etag").to_owned();
    app.guest().ask("GET", FORUMS, &[("If-None-Match", &tag)], None).await.expect(304);
    app.forum("two").await;
    // No act made it, and lists may be a second old.
    app.clock.advance(chrono::Duration::seconds(1));
    app.guest().ask("GET", FORUMS, &[("If-None-Match", &tag)], None).await.expect(200);
}
