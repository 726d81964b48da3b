//! `POST /auth/login`.

use futures_util::future::join3;
use serde_json::json;

use crate::support::{App, PASSWORD, TWO_WAIT, until};

#[actix_web::test]
async fn name_and_password_open_a_session() {
    let app = App::start().await;
    let id = app.register("no smoking").await;
    let answer = app.login(" NO Smoking", PASSWORD).await.expect(200);
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer["refresh_token"].as_str().unwrap().len(), 43);
    let me = app.guest().with_token(answer["access_token"].as_str().unwrap()).get("/api/v1/me").await.expect(200);
    assert_eq!((me.id(), &me.json), (id, &answer["member"]));
    assert_eq!(me["scopes"], json!(["read", "post", "like", "profile", "moderate", "admin"]));
    let again = app.login("no smoking", PASSWORD).await.expect(200);
    assert_ne!(again["refresh_token"], answer["refresh_token"]);
    assert_ne!(again["access_token"], answer["access_token"]);
}

#[actix_web::test]
async fn tokens_are_not_stored() {
    let app = App::start().await;
    let (_, refresh) = app.registered("Anna").await;
    let hashed = "SELECT count(*) FROM refresh_tokens WHERE length(token_hash) = 32";
    assert_eq!(app.count(hashed).await, 1);
    let plain = format!("SELECT count(*) FROM refresh_tokens WHERE position('{refresh}'::bytea IN token_hash) > 0");
    assert_eq!(app.count(&plain).await, 0);
}

#[actix_web::test]
async fn unknown_names_and_wrong_passwords_are_told_alike() {
    let app = App::start().await;
    app.register("Anna").await;
    app.member("no password").await;
    let mut wrong = app.login("Anna", "not her password").await.refused(401, "invalid_credentials");
    wrong.json["request_id"] = json!(null);
    let attempts =
        [("Boris", PASSWORD), ("no password", PASSWORD), ("a@example.org", PASSWORD), ("Anna", ""), ("😀", "x")];
    for (name, password) in attempts {
        let mut answer = app.login(name, password).await.refused(401, "invalid_credentials");
        answer.json["request_id"] = json!(null);
        assert_eq!(answer.json, wrong.json, "{name}");
        assert_eq!(answer.header("www-authenticate"), wrong.header("www-authenticate"));
    }
    assert_eq!(app.count("SELECT count(*) FROM sessions").await, 1);
}

#[actix_web::test]
async fn only_a_verified_address_signs_in() {
    let app = App::start().await;
    for (name, email) in [("Anna", "anna@Example.org"), ("Boris", "anna@example.org")] {
        let body = json!({"username": name, "password": format!("{PASSWORD} {name}"), "email": email});
        app.guest().post("/api/v1/members", body).await.expect(201);
    }
    let password = format!("{PASSWORD} Anna");
    app.login("anna@example.org", &password).await.refused(401, "invalid_credentials");
    app.sql().await.batch_execute("UPDATE members SET email_verified = true WHERE id = 1").await.unwrap();
    assert_eq!(app.login("ANNA@EXAMPLE.ORG", &password).await.expect(200)["member"]["username"], "Anna");
    app.login("anna@example.org", &format!("{PASSWORD} Boris")).await.refused(401, "invalid_credentials");
}

#[actix_web::test]
async fn a_hash_from_elsewhere_signs_in_and_is_made_anew() {
    let app = App::start().await;
    app.member("Anna").await;
    let bcrypt = bcrypt::hash("short", 4).unwrap();
    app.sql().await.execute("UPDATE members SET password_hash = $1", &[&bcrypt]).await.unwrap();
    app.login("Anna", "shorT").await.refused(401, "invalid_credentials");
    app.login("Anna", "short").await.expect(200);
    let anew = "SELECT count(*) FROM members WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'";
    assert_eq!(app.count(anew).await, 1);
    app.login("Anna", "short").await.expect(200);
}

#[actix_web::test]
async fn two_logins_at_once_make_a_hash_from_elsewhere_anew_and_both_sign_in() {
    let app = App::start().await;
    app.member("Anna").await;
    let (client, bcrypt) = (app.sql().await, bcrypt::hash("short", 4).unwrap());
    client.execute("UPDATE members SET password_hash = $1", &[&bcrypt]).await.unwrap();
    client.batch_execute("BEGIN; SELECT FROM members FOR UPDATE").await.unwrap();
    let both_have_checked = async {
        until(&client, TWO_WAIT).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (one, other, ()) = join3(app.login("Anna", "short"), app.login("Anna", "short"), both_have_checked).await;
    one.expect(200);
    other.expect(200);
}

#[actix_web::test]
async fn a_deleted_member_is_unknown() {
    let app = App::start().await;
    app.register("Anna").await;
    let sql = "UPDATE members SET username = NULL, deleted_at = now()";
    app.sql().await.batch_execute(sql).await.unwrap();
    app.login("Anna", PASSWORD).await.refused(401, "invalid_credentials");
}

#[actix_web::test]
async fn bodies_that_are_wrong_are_told_and_authorization_is_ignored() {
    let app = App::start().await;
    app.register("Anna").await;
    let path = "/api/v1/auth/login";
    let guest = app.guest();
    guest.post(path, json!({"login": "Anna"})).await.flawed("/password", "missing");
    guest.post(path, json!({"login": 5, "password": PASSWORD})).await.flawed("/login", "wrong_type");
    guest.post(path, json!({"login": "", "password": PASSWORD})).await.flawed("/login", "blank");
    guest.post(path, json!({"login": "Anna", "password": "x\0"})).await.flawed("/password", "forbidden_character");
    guest.post(path, json!({"login": "x".repeat(255), "password": "x"})).await.flawed("/login", "too_long");
    guest.post(path, json!({"login": "Anna", "password": "x".repeat(257)})).await.flawed("/password", "too_long");
    let more = json!({"login": "Anna", "password": PASSWORD, "role": "admin"});
    guest.post(path, more).await.flawed("/role", "unknown_field");
    let body = json!({"login": "Anna", "password": PASSWORD});
    guest.with_token("nonsense").post(path, body).await.expect(200);
}

#[actix_web::test]
async fn a_name_that_looks_like_an_address_signs_in_where_no_address_does() {
    let app = App::start().await;
    let (name, address) = (app.register("Anna").await, app.register("Boris").await);
    // Only archives bring such names.
    let named =
        format!("UPDATE members SET username = 'a@example.org', username_key = 'a@example.org' WHERE id = {name}");
    app.sql().await.batch_execute(&named).await.unwrap();
    assert_eq!(app.login("A@example.org", PASSWORD).await.expect(200)["member"]["id"], name);
    let verified =
        format!("UPDATE members SET email_key = 'a@example.org', email_verified = true WHERE id = {address}");
    app.sql().await.batch_execute(&verified).await.unwrap();
    assert_eq!(app.login("a@example.org", PASSWORD).await.expect(200)["member"]["id"], address);
}
