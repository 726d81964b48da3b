//! `POST /auth/refresh`.

use chrono::Duration;
use futures_util::future::{join, join_all};
use serde_json::json;

use crate::support::{Answer, App};

fn next(answer: &Answer) -> String {
    answer["refresh_token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn each_refresh_gives_a_new_pair() {
    let app = App::start().await;
    let (anna, first) = app.registered("Anna").await;
    app.clock.advance(Duration::minutes(11));
    anna.get("/api/v1/me").await.refused(401, "token_expired");
    // An expired access token does not stop it.
    let answer = anna.post("/api/v1/auth/refresh", json!({"refresh_token": first})).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(600)));
    anna.with_token(answer["access_token"].as_str().unwrap()).get("/api/v1/me").await.expect(200);
    let second = next(&answer);
    assert_ne!(second, first);
    assert_ne!(next(&app.refresh(&second).await.expect(200)), second);
}

#[actix_web::test]
async fn a_lost_answer_is_given_again_within_ten_seconds() {
    let app = App::start().await;
    let (anna, first) = app.registered("Anna").await;
    let second = next(&app.refresh(&first).await.expect(200));
    // A busy machine needs some of the ten seconds for the requests.
    app.clock.advance(Duration::seconds(4));
    let other = app.another_node().await;
    other.clock.advance(Duration::seconds(4));
    assert_eq!(next(&other.refresh(&first).await.expect(200)), second);
    assert_eq!(next(&app.refresh(&first).await.expect(200)), second);
    app.refresh(&second).await.expect(200);
    anna.get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn reuse_after_ten_seconds_ends_the_session() {
    let app = App::start().await;
    let (anna, first) = app.registered("Anna").await;
    let (boris, _) = app.registered("Boris").await;
    let second = next(&app.refresh(&first).await.expect(200));
    app.clock.advance(Duration::seconds(11));
    app.refresh(&first).await.refused(401, "refresh_token_reused");
    app.refresh(&second).await.refused(401, "invalid_refresh_token");
    app.refresh(&first).await.refused(401, "invalid_refresh_token");
    anna.get("/api/v1/me").await.refused(401, "session_ended");
    anna.at(&app.another_node().await).get("/api/v1/me").await.refused(401, "session_ended");
    boris.get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn reuse_after_the_successor_was_used_ends_the_session_at_once() {
    let app = App::start().await;
    let (anna, first) = app.registered("Anna").await;
    let second = next(&app.refresh(&first).await.expect(200));
    let third = next(&app.refresh(&second).await.expect(200));
    app.refresh(&first).await.refused(401, "refresh_token_reused");
    app.refresh(&third).await.refused(401, "invalid_refresh_token");
    anna.get("/api/v1/me").await.refused(401, "session_ended");
}

#[actix_web::test]
async fn two_at_once_with_one_token_get_one_successor() {
    let app = App::start().await;
    let other = app.another_node().await;
    let (_, first) = app.registered("Anna").await;
    let (one, two) = join(app.refresh(&first), other.refresh(&first)).await;
    assert_eq!(next(&one.expect(200)), next(&two.expect(200)));
    let many = join_all((0..8).map(|_| app.refresh(&first))).await;
    let all: Vec<_> = many.into_iter().map(|answer| next(&answer.expect(200))).collect();
    assert!(all.iter().all(|token| *token == all[0]));
    assert_eq!(app.count("SELECT count(*) FROM refresh_tokens").await, 2);
}

#[actix_web::test]
async fn a_session_ends_after_thirty_idle_days_and_after_a_hundred_and_eighty_in_any_case() {
    let app = App::start().await;
    let (_, idle) = app.registered("Anna").await;
    let (_, mut token) = app.registered("Boris").await;
    for _ in 0..8 {
        app.clock.advance(Duration::days(22));
        token = next(&app.refresh(&token).await.expect(200));
    }
    app.refresh(&idle).await.refused(401, "invalid_refresh_token");
    // 176 days have passed: four are left, not thirty.
    app.clock.advance(Duration::days(5));
    app.refresh(&token).await.refused(401, "invalid_refresh_token");
}

#[actix_web::test]
async fn what_is_no_token_is_refused() {
    let app = App::start().await;
    let (anna, first) = app.registered("Anna").await;
    let access = anna.token.clone().unwrap();
    for token in ["nonsense", &first.to_uppercase(), &first[..42]] {
        app.refresh(token).await.refused(401, "invalid_refresh_token");
    }
    app.refresh(&access).await.flawed("/refresh_token", "too_long");
    app.refresh("").await.flawed("/refresh_token", "blank");
    let more = json!({"refresh_token": first, "scope": "admin"});
    app.guest().post("/api/v1/auth/refresh", more).await.flawed("/scope", "unknown_field");
    anna.with_token(&first).get("/api/v1/me").await.refused(401, "invalid_token");
    app.refresh(&first).await.expect(200);
}
