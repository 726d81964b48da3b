//! Bodies of every kind of wrong.

use serde_json::json;

use crate::support::{Answer, App, Person};

async fn send(person: &Person, body: impl Into<reqwest::Body>) -> Answer {
    person.post_bytes("/api/v1/threads", "application/json", body).await
}

#[actix_web::test]
async fn what_is_not_json_is_malformed() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    for body in ["", "{", "nope", "{\"a\":1}}", "{\"title\": \"\\ud800\"}", "[1,]", "\u{feff}{}", "{'a': 1}", "NaN"] {
        send(&anna, body.to_owned()).await.refused(400, "malformed_json");
    }
    send(&anna, b"{\"title\": \"\xff\xfe\"}".to_vec()).await.refused(400, "malformed_json");
    for body in ["[]", "1", "null", "\"text\"", "10000000000000000000000000000000000000000"] {
        send(&anna, body.to_owned()).await.flawed("", "wrong_type");
    }
}

#[actix_web::test]
async fn what_is_too_deep_or_too_long_is_refused_before_it_costs_anything() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    send(&anna, "[".repeat(10_000)).await.refused(400, "json_too_deep");
    send(&anna, format!("{}{}", "[".repeat(32), "]".repeat(32))).await.flawed("", "wrong_type");
    send(&anna, format!("{}{}", "[".repeat(33), "]".repeat(33))).await.refused(400, "json_too_deep");
    send(&anna, "[".repeat(256 * 1024)).await.refused(400, "json_too_deep");
    send(&anna, " ".repeat(256 * 1024 + 1)).await.refused(413, "body_too_large");
    send(&anna, "[".repeat(1_000_000)).await.refused(413, "body_too_large");
}

#[actix_web::test]
async fn only_json_is_taken() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data"]
    {
        anna.post_bytes("/api/v1/threads", content_type, "{}").await.refused(415, "unsupported_media_type");
    }
    let charset = anna.post_bytes("/api/v1/threads", "Application/JSON; charset=utf-8", "{}").await;
    charset.flawed("/forum_id", "missing");
    let coded = [("Content-Encoding", "gzip"), ("Content-Type", "application/json")];
    anna.ask("POST", "/api/v1/threads", &coded, Some(json!({}))).await.refused(415, "unsupported_media_type");
}

#[actix_web::test]
async fn every_flaw_is_listed_with_its_pointer() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let body = json!({
        "forum_id": 1, "title": "x", "body": " ", "tags": ["a", "", "a\nb", "ok", "a"], "role": "admin", "a/b~c": 1,
    });
    let answer = anna.post("/api/v1/threads", body).await.refused(422, "invalid_body");
    let flaws: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    let expected = [
        ("/role", "unknown_field"),
        ("/a~1b~0c", "unknown_field"),
        ("/title", "too_short"),
        ("/body", "blank"),
        ("/tags/1", "blank"),
        ("/tags/2", "forbidden_character"),
        ("/tags/4", "duplicate"),
    ];
    assert_eq!(flaws, expected);
}

#[actix_web::test]
async fn numbers_out_of_range_are_flaws_not_faults() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let numbers = [
        "0",
        "-1",
        "9007199254740992",
        "9223372036854775808",
        "1e40",
        "1.5",
        "10000000000000000000000000000000000000000",
    ];
    for number in numbers {
        let body = format!("{{\"forum_id\": {number}, \"title\": \"Hello\", \"body\": \"x\"}}");
        let answer = send(&anna, body).await.refused(422, "invalid_body");
        assert_eq!(answer["errors"][0]["pointer"], "/forum_id", "{number}");
    }
    anna.post("/api/v1/threads", json!({"forum_id": 999_999, "title": "Hello", "body": "x"}))
        .await
        .flawed("/forum_id", "not_there");
}

#[actix_web::test]
async fn what_is_wrong_is_told_in_the_order_of_the_contract() {
    let app = App::start().await;
    let (anna, guest) = (app.member("anna").await, app.guest());
    let path = "/api/v1/threads/999999/posts";
    guest.post_bytes(path, "text/plain", " ".repeat(300_000)).await.refused(401, "not_signed_in");
    anna.post_bytes(path, "text/plain", " ".repeat(300_000)).await.refused(413, "body_too_large");
    anna.post_bytes(path, "text/plain", "{").await.refused(415, "unsupported_media_type");
    anna.post_bytes(path, "application/json", "{").await.refused(400, "malformed_json");
    anna.post(path, json!({"body": ""})).await.flawed("/body", "blank");
    anna.post(path, json!({"body": "x"})).await.refused(404, "not_found");
    // A role that is missing comes after a body that is wrong.
    anna.post("/api/v1/forums", json!({})).await.flawed("/title", "missing");
    let forum = json!({"title": "News", "slug": "news", "kind": "forum"});
    anna.post("/api/v1/forums", forum.clone()).await.refused(403, "insufficient_role");
    guest.post("/api/v1/forums", json!({})).await.refused(401, "not_signed_in");
    guest.with_token("x").post_bytes("/api/v1/forums", "text/plain", "x").await.refused(401, "invalid_token");
}

#[actix_web::test]
async fn an_answer_to_rubbish_is_no_larger_than_the_rubbish() {
    let app = App::start().await;
    let fields: String = (0..20_000).map(|n| format!("\"f{n}\": 1,")).collect();
    let many = format!("{{{fields} \"x\": 1}}");
    let answer = app.guest().post_bytes("/api/v1/members", "application/json", many).await;
    // What is too much has an end, and what is missing is told beside it.
    answer.flawed("/username", "missing");
    let many = format!("{{{fields} \"username\": \"anna\", \"password\": \"a long sentence of mine\"}}");
    let answer = app.guest().post_bytes("/api/v1/members", "application/json", many).await.refused(422, "invalid_body");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 100);
    let long = format!(
        "{{\"{}\": 1, \"username\": \"anna\", \"password\": \"a long sentence of mine\"}}",
        "x".repeat(200_000)
    );
    let answer = app.guest().post_bytes("/api/v1/members", "application/json", long).await.flawed("", "unknown_field");
    assert!(answer.bytes.len() < 2_000, "{}", answer.bytes.len());
}

#[actix_web::test]
async fn a_number_that_is_too_large_is_a_wrong_value_not_wrong_json() {
    let app = App::start().await;
    for number in ["1e999", &"9".repeat(5_000), "-1e999"] {
        let body = format!("{{\"username\": {number}, \"password\": \"a long sentence of mine\"}}");
        app.guest().post_bytes("/api/v1/members", "application/json", body).await.flawed("/username", "wrong_type");
    }
}
