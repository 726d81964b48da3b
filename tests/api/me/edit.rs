//! `PATCH /me`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::App;

#[actix_web::test]
async fn absent_leaves_and_null_clears() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let all = json!({"bio": " One.\nTwo. ", "country": "FR", "avatar_url": "https://example.org/a b.png"});
    let me = anna.patch("/api/v1/me", 1, all).await.expect(200);
    assert_eq!(me["bio"], "One.\nTwo.");
    assert_eq!(me["country"], json!({"code": "FR", "flag": "🇫🇷"}));
    assert_eq!(me["avatar_url"], "https://example.org/a%20b.png");
    assert_eq!((&me["version"], me.header("cache-control")), (&json!(2), "no-store"));
    let tag = me.header("etag").to_owned();
    let me = anna.ask("PATCH", "/api/v1/me", &[("If-Match", &tag)], Some(json!({"country": null}))).await.expect(200);
    assert_eq!((&me["country"], &me["bio"], &me["version"]), (&Value::Null, &json!("One.\nTwo."), &json!(3)));
    let same = anna.patch("/api/v1/me", 3, json!({})).await.expect(200);
    assert_eq!((&same.json, same.header("etag")), (&me.json, me.header("etag")));
    assert_eq!(anna.get("/api/v1/me").await.expect(200).json, me.json);
}

#[actix_web::test]
async fn an_edit_names_the_version_it_changes() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let body = json!({"bio": "x"});
    anna.ask("PATCH", "/api/v1/me", &[], Some(body.clone())).await.refused(428, "version_required");
    anna.patch("/api/v1/me", 2, body.clone()).await.refused(412, "version_mismatch");
    for tag in ["W/\"1\"", "\"p1.abc\"", "1", "\"\""] {
        let answer = anna.ask("PATCH", "/api/v1/me", &[("If-Match", tag)], Some(body.clone())).await;
        answer.refused(412, "version_mismatch");
    }
    assert_eq!(anna.get("/api/v1/me").await.expect(200)["bio"], Value::Null);
    let all = join_all((0..6).map(|_| anna.patch("/api/v1/me", 1, body.clone()))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(anna.get("/api/v1/me").await.expect(200)["version"], 2);
}

#[actix_web::test]
async fn nobody_makes_itself_more_than_it_is() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let before = anna.get("/api/v1/me").await.expect(200);
    for field in [
        "role",
        "post_count",
        "likes_received",
        "custom_title",
        "rank",
        "state",
        "username",
        "id",
        "joined_at",
        "email",
        "email_verified",
        "version",
        "scopes",
        "password",
    ] {
        let body = json!({"bio": "x", (field): "admin"});
        anna.patch("/api/v1/me", 1, body).await.flawed(&format!("/{field}"), "unknown_field");
    }
    assert_eq!(anna.get("/api/v1/me").await.expect(200).json, before.json);
}

#[actix_web::test]
async fn fields_that_are_wrong_are_told() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let patch = async |field: &str, value: Value| anna.patch("/api/v1/me", 1, json!({(field): value})).await;
    patch("bio", json!(" \n ")).await.flawed("/bio", "blank");
    patch("bio", json!("x".repeat(2_001))).await.flawed("/bio", "too_long");
    patch("bio", json!("x\0")).await.flawed("/bio", "forbidden_character");
    patch("bio", json!(5)).await.flawed("/bio", "wrong_type");
    patch("country", json!("fr")).await.flawed("/country", "invalid");
    for url in [
        "http://example.org/a.png",
        "javascript:alert(1)",
        "//example.org/a.png",
        "https://",
        "a.png",
        "",
        "https://anna:secret@example.org/a.png",
        "data:image/png;base64,AAAA",
    ] {
        patch("avatar_url", json!(url)).await.flawed("/avatar_url", "invalid");
    }
    let long = format!("https://example.org/{}", "x".repeat(1_981));
    patch("avatar_url", json!(long)).await.flawed("/avatar_url", "too_long");
    let grows = format!("https://example.org/{}", "é".repeat(900));
    patch("avatar_url", json!(grows)).await.flawed("/avatar_url", "too_long");
    app.guest().patch("/api/v1/me", 1, json!({})).await.refused(401, "not_signed_in");
    patch("bio", json!("é".repeat(2_000))).await.expect(200);
}
