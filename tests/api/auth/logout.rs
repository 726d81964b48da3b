//! `POST /auth/logout`.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn signing_out_ends_the_session_at_once_on_every_node() {
    let app = App::start().await;
    let other = app.another_node().await;
    let (anna, first) = app.registered("Anna").await;
    let second = app.refresh(&first).await.expect(200)["refresh_token"].as_str().unwrap().to_owned();
    // Any token of the session will do, a spent one too.
    for token in [&first, &second, &first] {
        app.guest().post("/api/v1/auth/logout", json!({"refresh_token": token})).await.expect(204);
    }
    anna.get("/api/v1/me").await.refused(401, "session_ended");
    anna.at(&other).get("/api/v1/me").await.refused(401, "session_ended");
    app.refresh(&second).await.refused(401, "invalid_refresh_token");
}

#[actix_web::test]
async fn an_unknown_token_is_told_nothing() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let person = app.guest().with_token("nonsense");
    person.post("/api/v1/auth/logout", json!({"refresh_token": "nonsense"})).await.expect(204);
    person.post("/api/v1/auth/logout", json!({})).await.flawed("/refresh_token", "missing");
    anna.get("/api/v1/me").await.expect(200);
}
