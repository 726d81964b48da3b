//! `GET /auth/sessions`.

use chrono::Duration;
use serde_json::json;

use crate::support::{App, PASSWORD};

#[actix_web::test]
async fn a_member_sees_where_it_is_signed_in_and_nobody_else_does() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let (boris, _) = app.registered("Boris").await;
    let login = json!({"login": "anna", "password": PASSWORD});
    let agent = "x".repeat(300);
    app.guest().ask("POST", "/api/v1/auth/login", &[("User-Agent", &agent)], Some(login)).await.expect(200);
    let list = anna.get("/api/v1/auth/sessions").await.expect(200);
    assert_eq!(list.header("cache-control"), "no-store");
    let items = list["items"].as_array().unwrap();
    let current: Vec<_> = items.iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true]);
    assert_eq!(items[0]["user_agent"], "x".repeat(200));
    let first = anna.get("/api/v1/auth/sessions?limit=1").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = anna.get(&format!("/api/v1/auth/sessions?limit=1&cursor={next}")).await.expect(200);
    assert_eq!([first.item_ids(), second.item_ids()].concat(), list.item_ids());
    assert_eq!(boris.get("/api/v1/auth/sessions").await.expect(200).item_ids().len(), 1);
    app.guest().get("/api/v1/auth/sessions").await.refused(401, "not_signed_in");
    anna.get("/api/v1/auth/sessions?member=2").await.refused(400, "invalid_parameter");
}

#[actix_web::test]
async fn sessions_that_have_run_out_are_not_listed() {
    let app = App::start().await;
    app.registered("Anna").await;
    app.clock.advance(Duration::days(31));
    let again = app.login("Anna", PASSWORD).await.expect(200);
    let anna = app.guest().with_token(again["access_token"].as_str().unwrap());
    assert_eq!(anna.get("/api/v1/auth/sessions").await.expect(200).item_ids().len(), 1);
}
