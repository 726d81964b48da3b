//! `DELETE /auth/sessions/{session_id}` and `DELETE /auth/sessions`.

use crate::support::{App, PASSWORD, Person};

/// Three sessions of one member, the oldest first.
async fn three(app: &App) -> Vec<(Person, String)> {
    let mut all = vec![app.registered("Anna").await];
    for _ in 0..2 {
        let answer = app.login("Anna", PASSWORD).await.expect(200);
        let person = all[0].0.with_token(answer["access_token"].as_str().unwrap());
        all.push((person, answer["refresh_token"].as_str().unwrap().to_owned()));
    }
    all
}

#[actix_web::test]
async fn an_ended_session_is_out_at_once_on_every_node_and_the_others_stay() {
    let app = App::start().await;
    let other = app.another_node().await;
    let all = three(&app).await;
    let ids = all[0].0.get("/api/v1/auth/sessions").await.expect(200).item_ids();
    let path = format!("/api/v1/auth/sessions/{}", ids[0]);
    all[0].0.delete(&path).await.expect(204);
    all[2].0.at(&other).get("/api/v1/me").await.refused(401, "session_ended");
    app.refresh(&all[2].1).await.refused(401, "invalid_refresh_token");
    all[1].0.get("/api/v1/me").await.expect(200);
    all[0].0.delete(&path).await.refused(404, "not_found");
}

#[actix_web::test]
async fn another_members_session_is_not_there() {
    let app = App::start().await;
    let (anna, boris) = (app.member("Anna").await, app.member("Boris").await);
    let id = anna.get("/api/v1/auth/sessions").await.expect(200).item_ids()[0];
    for path in [format!("/api/v1/auth/sessions/{id}"), "/api/v1/auth/sessions/99".into()] {
        boris.delete(&path).await.refused(404, "not_found");
        app.guest().delete(&path).await.refused(401, "not_signed_in");
    }
    anna.get("/api/v1/me").await.expect(200);
    anna.delete(&format!("/api/v1/auth/sessions/{id}")).await.expect(204);
    anna.get("/api/v1/me").await.refused(401, "session_ended");
}

#[actix_web::test]
async fn ending_all_others_keeps_this_one_and_other_members() {
    let app = App::start().await;
    let boris = app.member("Boris").await;
    let all = three(&app).await;
    for _ in 0..2 {
        all[1].0.delete("/api/v1/auth/sessions").await.expect(204);
    }
    all[0].0.get("/api/v1/me").await.refused(401, "session_ended");
    all[2].0.get("/api/v1/me").await.refused(401, "session_ended");
    all[1].0.get("/api/v1/me").await.expect(200);
    boris.get("/api/v1/me").await.expect(200);
    app.guest().delete("/api/v1/auth/sessions").await.refused(401, "not_signed_in");
}
