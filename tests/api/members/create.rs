//! `POST /members`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, App, PASSWORD};

async fn register(app: &App, name: &str) -> Answer {
    app.guest().post("/api/v1/members", json!({"username": name, "password": PASSWORD})).await
}

#[actix_web::test]
async fn whoever_registers_is_a_new_member_with_a_card() {
    let app = App::start().await;
    let body = json!({"username": "  no smoking ", "password": PASSWORD, "email": "Anna@Example.org", "country": "IN"});
    let answer = app.guest().post("/api/v1/members", body).await.expect(201);
    let path = format!("/api/v1/members/{}", answer.id());
    assert_eq!(answer.header("location"), path);
    assert_eq!(answer["username"], "no smoking");
    assert_eq!((&answer["rank"], &answer["role"]), (&json!("New Member"), &json!("member")));
    assert_eq!(answer["country"], json!({"code": "IN", "flag": "🇮🇳"}));
    assert_eq!((&answer["post_count"], &answer["likes_received"]), (&json!(0), &json!(0)));
    assert!(answer.json.get("email").is_none());
    let read = app.guest().get(&path).await.expect(200);
    assert_eq!((&read.json, read.header("etag")), (&answer.json, answer.header("etag")));
    let stored = "SELECT count(*) FROM members WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'
                  AND email_key = 'anna@example.org' AND NOT email_verified";
    assert_eq!(app.count(stored).await, 1);
}

#[actix_web::test]
async fn names_are_taken_as_people_write_them() {
    let app = App::start().await;
    for name in
        ["no smoking", "Srinivas_K", "J.R.-R_T", "Ольга", "नमस्ते", "李小龙", "Ali", "x2y", "Zoë", &"ж".repeat(50)]
    {
        assert_eq!(register(&app, name).await.expect(201)["username"], name);
    }
}

#[actix_web::test]
async fn names_that_could_mislead_or_break_are_refused() {
    let app = App::start().await;
    for (name, flaw) in [
        ("ab", "too_short"),
        ("  a  ", "too_short"),
        (&"x".repeat(51), "too_long"),
        ("   ", "blank"),
        ("two  spaces", "invalid"),
        ("...", "invalid"),
        ("a\u{301}b \u{301}c", "invalid"),
        ("a@example.org", "forbidden_character"),
        ("nul\0nul", "forbidden_character"),
        ("tab\tbed", "forbidden_character"),
        ("a\u{200b}bc", "forbidden_character"),
        ("\u{202e}abc", "forbidden_character"),
        ("\u{3164}\u{3164}\u{3164}", "forbidden_character"),
        ("smile😀", "forbidden_character"),
        ("a/b", "forbidden_character"),
        ("<b>x", "forbidden_character"),
        ("Admin", "reserved"),
        ("ADMINISTRATOR", "reserved"),
        ("аdmin", "reserved"),
        ("ｍｏｄｅｒａｔｏｒ", "reserved"),
        ("folkmoot", "reserved"),
    ] {
        register(&app, name).await.flawed("/username", flaw);
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 0);
}

#[actix_web::test]
async fn a_name_is_given_once_whatever_its_case_and_form() {
    let app = App::start().await;
    register(&app, "Straße Ⅷ").await.expect(201);
    for same in ["Straße Ⅷ", "STRASSE VIII", "strasse viii", "ｓｔｒａｓｓｅ viii"] {
        register(&app, same).await.refused(409, "username_taken");
    }
}

#[actix_web::test]
async fn names_that_look_like_a_taken_one_are_refused() {
    let app = App::start().await;
    for (name, looks_like_it) in [
        ("Alice", "AIice"),
        ("paypal", "рауpal"),
        ("BOB", "ВОВ"),
        ("bob10", "bobl0"),
        ("modern", "modem"),
        ("Ian_K", "1an_K"),
    ] {
        register(&app, name).await.expect(201);
        register(&app, looks_like_it).await.refused(409, "username_looks_taken");
    }
    register(&app, "Alicia").await.expect(201);
}

#[actix_web::test]
async fn of_fifty_who_take_one_name_at_once_one_gets_it() {
    let app = App::start().await;
    let other = app.another_node().await;
    let all = join_all((0..50).map(|n| register(if n % 2 == 0 { &app } else { &other }, "Anna"))).await;
    let made = all.iter().filter(|answer| answer.status == 201).count();
    let taken = all.iter().filter(|answer| answer["code"] == "username_taken").count();
    assert_eq!((made, taken), (1, 49));
    assert_eq!(app.count("SELECT count(*) FROM members").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM username_skeletons").await, 1);
}

#[actix_web::test]
async fn of_two_that_look_alike_and_come_at_once_one_is_made() {
    let app = App::start().await;
    let names = ["Alice", "AIice", "Аlice", "Alісe"];
    let all = join_all(names.map(|name| register(&app, name))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(all.iter().all(|answer| [201, 409].contains(&answer.status)));
}

#[actix_web::test]
async fn passwords_have_a_length_and_no_other_rule_but_not_to_be_the_name() {
    let app = App::start().await;
    let with = async |name: &str, password: Value| {
        app.guest().post("/api/v1/members", json!({"username": name, "password": password})).await
    };
    with("Anna", json!("1234567")).await.flawed("/password", "too_short");
    with("Anna", json!("x".repeat(257))).await.flawed("/password", "too_long");
    with("Anna", json!("12345678\0")).await.flawed("/password", "forbidden_character");
    with("Anna", json!(12345678)).await.flawed("/password", "wrong_type");
    with("Annabella", json!("annabella")).await.flawed("/password", "common_password");
    for blank in [" ", "\t", "\u{3000}", "\u{2800}", "\u{200B}", "\u{200D}", " \n\u{AD}"] {
        with("Anna", json!(blank.repeat(8))).await.flawed("/password", "blank");
    }
    app.login("Anna", &" ".repeat(8)).await.refused(401, "invalid_credentials");
    let spaces = "  💙  passwörd with spaces  ";
    with("Anna", json!(spaces)).await.expect(201);
    app.login("Anna", spaces).await.expect(200);
    app.login("Anna", spaces.trim()).await.refused(401, "invalid_credentials");
    with("Boris", json!("x".repeat(256))).await.expect(201);
}

#[actix_web::test]
async fn the_most_used_passwords_are_refused_in_any_case_and_form() {
    let app = App::start().await;
    for common in ["password1", "PassWord1", "ｐａｓｓｗｏｒｄ１", "qwertyuiop", "1q2w3e4r5t", "iloveyou"] {
        let body = json!({"username": "Anna", "password": common});
        app.guest().post("/api/v1/members", body).await.flawed("/password", "common_password");
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 0);
    let body = json!({"username": "Anna", "password": "password1 and more"});
    app.guest().post("/api/v1/members", body).await.expect(201);
}

#[actix_web::test]
async fn addresses_and_countries_are_looked_at() {
    let app = App::start().await;
    let with = async |field: &str, value: Value| {
        let mut body = json!({"username": "Anna", "password": PASSWORD});
        body[field] = value;
        app.guest().post("/api/v1/members", body).await
    };
    let long = format!("{}@example.org", "x".repeat(243));
    for address in [
        "anna",
        "@example.org",
        "anna@",
        "a@b@example.org",
        "an na@example.org",
        "anna@localhost",
        "anna@127.0.0.1",
        "anna@[::1]",
        "anna@exam%70le.org",
        "anna@example..org",
        ".anna@example.org",
        "anna.@example.org",
        "an..na@example.org",
        "\"anna\"@example.org",
        "an(na)@example.org",
        "an,na@example.org",
        "<anna>@example.org",
        "an\\na@example.org",
        "an\u{202E}na@example.org",
        "an\u{200B}na@example.org",
        "anna@-example.org",
        "anna@example-.org",
        "anna@exa_mple.org",
        "anna@example.123",
        "anna@example.org.",
        &format!("anna@{}.org", "x".repeat(64)),
        &format!("anna@{}.org", "ü".repeat(60)),
        &format!("{}@example.org", "x".repeat(65)),
        &format!("{}@example.org", "ü".repeat(33)),
        &format!("{}@{}.org", "x".repeat(60), ["ü".repeat(30).as_str(); 6].join(".")),
    ] {
        with("email", json!(address)).await.flawed("/email", "invalid");
    }
    with("email", json!(long)).await.flawed("/email", "too_long");
    for country in ["in", "XX", "IND", "ZZ", "", "I", "🇮🇳"] {
        with("country", json!(country)).await.flawed("/country", "invalid");
    }
    with("country", json!(null)).await.expect(201);
}

#[actix_web::test]
async fn nobody_registers_with_a_role_or_a_count() {
    let app = App::start().await;
    for field in ["role", "post_count", "likes_received", "custom_title", "id", "joined_at", "state", "email_verified"]
    {
        let mut body = json!({"username": "Anna", "password": PASSWORD});
        body[field] = json!("admin");
        app.guest().post("/api/v1/members", body).await.flawed(&format!("/{field}"), "unknown_field");
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 0);
}

#[actix_web::test]
async fn registering_ignores_authorization_and_malformed_bodies_are_told() {
    let app = App::start().await;
    let person = app.guest().with_token("nonsense");
    person.post("/api/v1/members", json!({"username": "Anna", "password": PASSWORD})).await.expect(201);
    let guest = app.guest();
    guest.post("/api/v1/members", json!({})).await.flawed("/username", "missing");
    guest.post_bytes("/api/v1/members", "application/json", "{").await.refused(400, "malformed_json");
    guest.post_bytes("/api/v1/members", "text/plain", "{}").await.refused(415, "unsupported_media_type");
}
