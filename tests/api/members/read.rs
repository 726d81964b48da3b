//! `GET /members/{member_id}`.

use crate::support::App;

#[actix_web::test]
async fn anyone_reads_a_card_and_nobody_a_secret() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let path = format!("/api/v1/members/{}", anna.id);
    for person in [app.guest(), anna.clone(), app.member("Boris").await] {
        let answer = person.get(&path).await.expect(200);
        assert_eq!(answer["username"], "Anna");
        for secret in ["email", "password_hash", "bio", "suspend_reason"] {
            assert!(answer.json.get(secret).is_none(), "{secret}");
        }
    }
    anna.with_token("nonsense").get(&path).await.refused(401, "invalid_token");
}

#[actix_web::test]
async fn what_is_no_member_is_not_found() {
    let app = App::start().await;
    for id in ["1", "0", "-1", "abc", "9007199254740992", "99999999999999999999", "1.0", "%00"] {
        app.guest().get(&format!("/api/v1/members/{id}")).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn rank_and_counts_show_what_an_archive_brought_too() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let sql = "UPDATE members SET post_count = 40, posts_elsewhere = 60, likes_received = 1, likes_elsewhere = 2";
    app.sql().await.batch_execute(sql).await.unwrap();
    let card = anna.get(&format!("/api/v1/members/{}", anna.id)).await.expect(200);
    assert_eq!((card["post_count"].as_i64(), card["likes_received"].as_i64()), (Some(100), Some(3)));
    assert_eq!(card["rank"], "Regular Member");
}

#[actix_web::test]
async fn a_deleted_member_keeps_what_it_wrote_and_loses_what_it_was_called() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let sql = "UPDATE members SET username = NULL, deleted_at = now(), post_count = 7";
    app.sql().await.batch_execute(sql).await.unwrap();
    let card = app.guest().get(&format!("/api/v1/members/{}", anna.id)).await.expect(200);
    assert_eq!((&card["state"], &card["username"]), (&"deleted".into(), &serde_json::Value::Null));
    assert_eq!(card["post_count"], 7);
    app.guest().get("/api/v1/members/by-username/Anna").await.refused(404, "not_found");
    let again = serde_json::json!({"username": "anna", "password": "a long sentence of mine"});
    app.guest().post("/api/v1/members", again).await.refused(409, "username_taken");
    anna.get("/api/v1/me").await.refused(401, "session_ended");
}

#[actix_web::test]
async fn a_card_that_has_not_changed_is_not_sent_again() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let path = format!("/api/v1/members/{}", anna.id);
    let tag = app.guest().get(&path).await.expect(200).header("etag").to_owned();
    app.guest().ask("GET", &path, &[("If-None-Match", &tag)], None).await.expect(304);
    app.sql().await.batch_execute("UPDATE members SET custom_title = 'STABLE GENIUS'").await.unwrap();
    // No act did it, and counters may be a second old.
    app.clock.advance(chrono::Duration::seconds(1));
    app.guest().ask("GET", &path, &[("If-None-Match", &tag)], None).await.expect(200);
}
