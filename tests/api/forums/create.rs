//! `POST /forums`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::FORUMS;
use crate::support::App;

fn forum(slug: &str) -> Value {
    json!({"title": "Off topic", "slug": slug, "kind": "forum"})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = forum("off-topic");
    body[field] = value;
    body
}

#[actix_web::test]
async fn a_new_forum_is_shown_and_can_be_read_where_location_says() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let made = admin.post(FORUMS, forum("off-topic")).await.expect(201);
    let expected = json!({
        "id": made.id(), "slug": "off-topic", "title": "Off topic", "description": null, "parent_id": null,
        "kind": "forum", "position": 0, "thread_count": 0, "post_count": 0, "last_post": null, "version": 1,
    });
    assert_eq!(made.json, expected);
    assert_eq!(made.header("location"), format!("/api/v1/forums/{}", made.id()));
    assert!(made.header("etag").starts_with("\"1."));
    let read = app.guest().get(made.header("location")).await.expect(200);
    assert_eq!(read.json, made.json);
    assert_eq!(read.header("etag"), made.header("etag"));

    let all = json!({
        "title": " Below ", "slug": "below", "kind": "category", "description": " Two\nlines ",
        "parent_id": made.id(), "position": 1_000_000,
    });
    let below = admin.post(FORUMS, all).await.expect(201);
    assert_eq!(below["title"], "Below");
    assert_eq!(below["description"], "Two\nlines");
    assert_eq!(below["kind"], "category");
    assert_eq!(below["parent_id"], made.id());
    assert_eq!(below["position"], 1_000_000);
}

#[actix_web::test]
async fn only_administrators_make_forums() {
    let app = App::start().await;
    app.admin("ada").await.must_sign_in("POST", FORUMS).await;
    app.member("anna").await.post(FORUMS, forum("a")).await.refused(403, "insufficient_role");
    app.moderator("mod").await.post(FORUMS, forum("a")).await.refused(403, "insufficient_role");
    assert_eq!(app.count("SELECT count(*) FROM forums").await, 0);
}

#[actix_web::test]
async fn what_is_wrong_with_the_body_is_told_before_the_missing_role() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    anna.post(FORUMS, json!({})).await.flawed("/title", "missing");
    anna.post(FORUMS, with("parent_id", json!(999))).await.flawed("/parent_id", "not_there");
    anna.must_send_json("POST", FORUMS, &[]).await;
}

#[actix_web::test]
async fn each_field_is_told_what_is_wrong_with_it() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    admin.must_send_json("POST", FORUMS, &[]).await;
    let cases = [
        ("title", json!(""), "blank"),
        ("title", json!(" \u{3000} "), "blank"),
        ("title", json!("x".repeat(101)), "too_long"),
        ("title", json!("a\u{0}b"), "forbidden_character"),
        ("title", json!("a\nb"), "forbidden_character"),
        ("title", json!(7), "wrong_type"),
        ("title", Value::Null, "wrong_type"),
        ("slug", json!(""), "invalid"),
        ("slug", json!("Off-Topic"), "invalid"),
        ("slug", json!("off--topic"), "invalid"),
        ("slug", json!("-off"), "invalid"),
        ("slug", json!("off topic"), "invalid"),
        ("slug", json!("x".repeat(101)), "too_long"),
        ("slug", json!("a\u{0}"), "invalid"),
        ("kind", json!("subforum"), "invalid"),
        ("kind", json!(1), "wrong_type"),
        ("description", json!("  "), "blank"),
        ("description", json!("x".repeat(501)), "too_long"),
        ("description", json!([]), "wrong_type"),
        ("parent_id", json!(999), "not_there"),
        ("parent_id", json!(0), "invalid"),
        ("parent_id", json!(1_u64 << 63), "invalid"),
        ("parent_id", json!("1"), "wrong_type"),
        ("position", json!(-1), "invalid"),
        ("position", json!(1_000_001), "invalid"),
        ("position", json!(1.5), "wrong_type"),
        ("id", json!(7), "unknown_field"),
        ("thread_count", json!(7), "unknown_field"),
        ("post_count", json!(7), "unknown_field"),
        ("ancestors", json!([1]), "unknown_field"),
        ("version", json!(7), "unknown_field"),
    ];
    for (field, value, flaw) in cases {
        admin.post(FORUMS, with(field, value)).await.flawed(&format!("/{field}"), flaw);
    }
    for field in ["title", "slug", "kind"] {
        let mut body = forum("off-topic");
        body.as_object_mut().unwrap().remove(field);
        admin.post(FORUMS, body).await.flawed(&format!("/{field}"), "missing");
    }
    assert_eq!(app.count("SELECT count(*) FROM forums").await, 0);
}

#[actix_web::test]
async fn lengths_are_exact_at_the_limit() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    // An e and a combining accent are one character after NFC; blanks around do not count.
    let body = json!({
        "title": format!("  {}  ", "e\u{301}".repeat(100)), "slug": "x".repeat(100), "kind": "forum",
        "description": "😀".repeat(500),
    });
    let made = admin.post(FORUMS, body).await.expect(201);
    assert_eq!(made["title"], "\u{e9}".repeat(100));
    assert_eq!(made["description"], "😀".repeat(500));
}

#[actix_web::test]
async fn several_flaws_are_told_at_once() {
    let app = App::start().await;
    let body = json!({"title": "", "slug": "A", "kind": "forum", "position": 2_000_000, "extra": 1});
    let answer = app.admin("ada").await.post(FORUMS, body).await.refused(422, "invalid_body");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 4, "{}", answer.json);
}

#[actix_web::test]
async fn a_slug_is_given_once_also_at_the_same_time() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let answers = join_all((0..10).map(|_| admin.post(FORUMS, forum("news")))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "slug_taken");
    }
}

#[actix_web::test]
async fn forums_stand_ten_deep_at_most() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let mut parent = Value::Null;
    for depth in 1..=10 {
        let body = json!({"title": "x", "slug": format!("at-{depth}"), "kind": "forum", "parent_id": parent});
        parent = json!(admin.post(FORUMS, body).await.expect(201).id());
    }
    let body = json!({"title": "x", "slug": "at-11", "kind": "forum", "parent_id": parent});
    admin.post(FORUMS, body).await.flawed("/parent_id", "too_deep");
}
