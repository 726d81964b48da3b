//! `GET /posts/{post_id}/revisions`.

use serde_json::{Value, json};

use super::edited_post;
use crate::support::{Answer, App};

fn numbers(list: &Answer) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|item| item["number"].as_i64().unwrap()).collect()
}

#[actix_web::test]
async fn all_versions_are_listed_newest_first_with_who_when_and_why() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    let list = app.guest().get(&format!("/api/v1/posts/{post}/revisions")).await.expect(200);
    assert_eq!(numbers(&list), [3, 2, 1]);
    let by: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| &item["edited_by"]).collect();
    assert_eq!(by, [&json!(moderator.id), &json!(anna.id), &json!(anna.id)]);
    let why: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| &item["reason"]).collect();
    assert_eq!(why, [&Value::Null, &json!("more"), &Value::Null]);
    let shown = app.guest().get(&format!("/api/v1/posts/{post}")).await.expect(200);
    assert_eq!(list["items"][0]["edited_at"], shown["last_edit"]["at"]);
    assert_eq!(list["items"][2]["edited_at"], shown["created_at"]);
    assert_eq!(list["members"].as_object().unwrap().len(), 2);
    assert_eq!(list["next"], Value::Null);
}

#[actix_web::test]
async fn a_post_that_was_never_edited_has_one() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "Second").await;
    let list = app.guest().get(&format!("/api/v1/posts/{post}/revisions")).await.expect(200);
    assert_eq!(numbers(&list), [1]);
    assert_eq!(list["items"][0]["edited_by"], anna.id);
}

#[actix_web::test]
async fn pages_hold_each_version_once_while_others_edit() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    let url = format!("/api/v1/posts/{post}");
    for version in 3..6 {
        anna.patch(&url, version, json!({"body": format!("Edit {version}")})).await.expect(200);
    }
    let mut path = format!("{url}/revisions?limit=2");
    let mut seen = Vec::new();
    for version in 6.. {
        let page = app.guest().get(&path).await.expect(200);
        seen.extend(numbers(&page));
        anna.patch(&url, version, json!({"body": format!("Edit {version}")})).await.expect(200);
        if page["next"].is_null() {
            assert_eq!(page.header("link"), "");
            break;
        }
        path = page.header("link").strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1]);
    for (limit, expected) in [(1, 1), (6, 6), (8, 8), (9, 9), (100, 9)] {
        let list = app.guest().get(&format!("{url}/revisions?limit={limit}")).await.expect(200);
        assert_eq!(numbers(&list).len(), expected, "{limit}");
        assert_eq!(list["next"].is_null(), expected == 9, "{limit}");
    }
}

#[actix_web::test]
async fn what_is_wrong_is_told_in_order() {
    let app = App::start().await;
    let guest = app.guest();
    guest.finds_none("GET", "/api/v1/posts/{}/revisions", &[], None).await;
    guest.with_token("forged").get("/api/v1/posts/999/revisions?limit=0").await.refused(401, "invalid_token");
    for query in ["limit=0", "limit=101", "page=1"] {
        guest.get(&format!("/api/v1/posts/999/revisions?{query}")).await.refused(400, "invalid_parameter");
    }
    guest.get("/api/v1/posts/999/revisions?cursor=abc").await.refused(400, "invalid_cursor");
}

#[actix_web::test]
async fn revisions_of_a_deleted_post_are_for_moderators() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let post = edited_post(&app, &anna, &moderator).await;
    let url = format!("/api/v1/posts/{post}");
    anna.delete(&url).await.expect(204);
    for person in [&app.guest(), &anna] {
        person.get(&format!("{url}/revisions")).await.refused(404, "not_found");
        person.get(&format!("{url}/revisions/1")).await.refused(404, "not_found");
    }
    assert_eq!(numbers(&moderator.get(&format!("{url}/revisions")).await.expect(200)), [3, 2, 1]);
    moderator.get(&format!("{url}/revisions/1")).await.expect(200);
}
