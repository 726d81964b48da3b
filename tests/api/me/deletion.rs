//! `POST /me/deletion`.

use futures_util::future::{join_all, join3};
use serde_json::{Value, json};

use crate::support::{App, PASSWORD, TWO_WAIT, until};

const PATH: &str = "/api/v1/me/deletion";

#[actix_web::test]
async fn what_was_written_stays_and_nothing_of_who_wrote_it() {
    let app = App::start().await;
    let forum = app.forum("general").await;
    let body = json!({"username": "Annabella", "password": PASSWORD, "email": "a@example.org", "country": "IN"});
    app.guest().post("/api/v1/members", body).await.expect(201);
    let login = app.login("Annabella", PASSWORD).await.expect(200);
    let anna = app.guest().with_token(login["access_token"].as_str().unwrap());
    let id = login["member"]["id"].as_i64().unwrap();
    let boris = app.member("Boris").await;
    anna.patch("/api/v1/me", 1, json!({"bio": "x", "avatar_url": "https://example.org/a.png"})).await.expect(200);
    app.sql().await.batch_execute("UPDATE members SET custom_title = 'GENIUS', role = 'moderator'").await.unwrap();
    let thread = anna.start_thread(forum, "Hello", "First.").await;
    let named = boris.reply(thread, "Well said, @Annabella!").await;
    let path = format!("/api/v1/members/{id}");
    anna.put(&format!("/api/v1/posts/{named}/like")).await.expect(200);
    let before = app.guest().get(&path).await.expect(200);

    anna.delete_account().await.expect(204);

    let after = app.guest().get(&path).await.expect(200);
    for kept in ["id", "rank", "joined_at", "post_count", "likes_received"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    for gone in ["username", "custom_title", "country", "avatar_url"] {
        assert_eq!(after[gone], Value::Null, "{gone}");
    }
    assert_eq!((&after["role"], &after["state"]), (&json!("member"), &json!("deleted")));
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    assert_eq!((&page["posts"][0]["author_id"], &page["posts"][0]["body"]), (&json!(id), &json!("First.")));
    assert_eq!(page["posts"][1]["like_count"], 1);
    let shown = format!("{} {}", page["posts"][1]["html"], page["posts"][1]["text"]);
    assert!(shown.contains("data-member") && !shown.contains("Annabella"), "{shown}");
    assert!(!page["members"].to_string().contains("Annabella"));
    app.counters_are_exact().await;
    let left = "SELECT count(*) FROM members WHERE deleted_at IS NOT NULL AND username_key = 'annabella'
                AND (email, email_key, password_hash, bio) IS NOT DISTINCT FROM (NULL, NULL, NULL, NULL)";
    assert_eq!(app.count(left).await, 1);
}

#[actix_web::test]
async fn every_session_and_token_ends_on_every_node() {
    let app = App::start().await;
    let other = app.another_node().await;
    let (anna, refresh) = app.registered("Anna").await;
    let elsewhere = app.login("Anna", PASSWORD).await.expect(200);
    let there = anna.with_token(elsewhere["access_token"].as_str().unwrap());
    let token = anna.personal_token(&["read"]).await;
    anna.ask("PATCH", "/api/v1/me", &[("If-Match", "\"1\""), ("Idempotency-Key", "k")], Some(json!({"bio": "x"})))
        .await
        .expect(200);
    anna.delete_account().await.expect(204);
    anna.get("/api/v1/me").await.refused(401, "session_ended");
    there.at(&other).get("/api/v1/me").await.refused(401, "session_ended");
    token.at(&other).get("/api/v1/me").await.refused(401, "invalid_token");
    app.refresh(&refresh).await.refused(401, "invalid_refresh_token");
    app.login("Anna", PASSWORD).await.refused(401, "invalid_credentials");
    anna.delete_account().await.refused(401, "session_ended");
    for table in ["sessions", "refresh_tokens", "tokens", "idempotency_keys"] {
        assert_eq!(app.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

#[actix_web::test]
async fn the_name_is_never_given_again_nor_one_that_looks_like_it() {
    let app = App::start().await;
    let (anna, _) = app.registered("Alice").await;
    anna.delete_account().await.expect(204);
    let again = |name: &str| json!({"username": name, "password": PASSWORD});
    app.guest().post("/api/v1/members", again("ALICE")).await.refused(409, "username_taken");
    app.guest().post("/api/v1/members", again("AIice")).await.refused(409, "username_looks_taken");
    app.guest().get("/api/v1/members/by-username/Alice").await.refused(404, "not_found");
}

#[actix_web::test]
async fn the_last_administrator_stays_however_many_leave_at_once() {
    let app = App::start().await;
    let admins = join_all(["Anna", "Boris", "Clara"].map(|name| app.admin(name))).await;
    let all = join_all(admins.iter().map(|admin| admin.delete_account())).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 204).count(), 2);
    all.into_iter().find(|answer| answer.status != 204).unwrap().refused(409, "last_admin");
    assert_eq!(app.count("SELECT count(*) FROM members WHERE role = 'admin' AND deleted_at IS NULL").await, 1);
}

#[actix_web::test]
async fn only_who_has_signed_in_may_and_once() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let token = anna.personal_token(&["profile", "admin"]).await;
    token.delete_account().await.refused(403, "session_required");
    anna.must_sign_in("POST", PATH).await;
    let body = json!({"password": PASSWORD});
    anna.post(&format!("{PATH}?sure=yes"), body).await.refused(400, "invalid_parameter");
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM members FOR UPDATE").await.unwrap();
    let both_wait = async {
        until(&client, TWO_WAIT).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (one, two, ()) = join3(anna.delete_account(), anna.delete_account(), both_wait).await;
    let (first, second) = if one.status == 204 { (one, two) } else { (two, one) };
    first.expect(204);
    second.refused(401, "session_ended");
}

#[actix_web::test]
async fn it_needs_the_password() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    anna.post(PATH, json!({"password": "another sentence"})).await.refused(403, "wrong_password");
    anna.post(PATH, json!({})).await.flawed("/password", "missing");
    anna.post(PATH, json!({"password": PASSWORD, "sure": true})).await.flawed("/sure", "unknown_field");
    anna.act(PATH).await.refused(400, "malformed_json");
    anna.get("/api/v1/me").await.expect(200);
    anna.delete("/api/v1/me").await.refused(405, "method_not_allowed");
    anna.post(PATH, json!({"password": PASSWORD})).await.expect(204);
}

#[actix_web::test]
async fn an_administrator_who_is_suspended_does_not_count_as_one_who_stays() {
    let app = App::start().await;
    let (anna, boris) = (app.admin("Anna").await, app.admin("Boris").await);
    let suspend = format!(
        "UPDATE members SET suspended_at = now(), suspend_reason = 'x', suspended_by = {} WHERE id = {}",
        anna.id, boris.id
    );
    app.sql().await.batch_execute(&suspend).await.unwrap();
    anna.delete_account().await.refused(409, "last_admin");
    app.admin("Clara").await;
    anna.delete_account().await.expect(204);
}

#[actix_web::test]
async fn the_response_to_the_registration_is_forgotten_with_the_account() {
    let app = App::start().await;
    let body = json!({"username": "Anna", "password": PASSWORD});
    let register =
        async || app.guest().ask("POST", "/api/v1/members", &[("Idempotency-Key", "k")], Some(body.clone())).await;
    let id = register().await.expect(201).id();
    assert_eq!(register().await.expect(201).id(), id);
    let login = app.login("Anna", PASSWORD).await.expect(200);
    let anna = app.guest().with_token(login["access_token"].as_str().unwrap());
    anna.post(PATH, json!({"password": PASSWORD})).await.expect(204);
    register().await.refused(409, "username_taken");
}
