//! `PUT /members/{member_id}/custom-title`.

use serde_json::{Value, json};

use crate::support::App;

#[actix_web::test]
async fn a_title_stands_beside_the_rank_until_it_is_taken_away() {
    let app = App::start().await;
    let (anna, mo) = (app.member("Anna").await, app.moderator("Mo").await);
    let path = format!("/api/v1/members/{}/custom-title", anna.id);
    let card = mo.put_json(&path, json!({"custom_title": " STABLE GENIUS "})).await.expect(200);
    assert_eq!((&card["custom_title"], &card["rank"]), (&json!("STABLE GENIUS"), &json!("New Member")));
    // Not an edit of the member's own.
    assert_eq!(anna.get("/api/v1/me").await.expect(200)["version"], 1);
    assert_eq!(mo.put_json(&path, json!({"custom_title": null})).await.expect(200)["custom_title"], Value::Null);
}

#[actix_web::test]
async fn only_moderators_give_titles_and_only_good_ones() {
    let app = App::start().await;
    let (anna, mo) = (app.member("Anna").await, app.moderator("Mo").await);
    let path = format!("/api/v1/members/{}/custom-title", anna.id);
    app.guest().put_json(&path, json!({"custom_title": "x"})).await.refused(401, "not_signed_in");
    anna.put_json(&path, json!({"custom_title": "x"})).await.refused(403, "insufficient_role");
    anna.put_json("/api/v1/members/99/custom-title", json!({"custom_title": "x"})).await.refused(404, "not_found");
    mo.put_json(&path, json!({})).await.flawed("/custom_title", "missing");
    mo.put_json(&path, json!({"custom_title": " "})).await.flawed("/custom_title", "blank");
    mo.put_json(&path, json!({"custom_title": "x".repeat(51)})).await.flawed("/custom_title", "too_long");
    mo.put_json(&path, json!({"custom_title": "x", "role": "admin"})).await.flawed("/role", "unknown_field");
    assert_eq!(app.count("SELECT count(*) FROM members WHERE custom_title IS NOT NULL OR role = 'admin'").await, 0);
}
