//! Header fields, on every act of the document: what answers must say, and what they must not believe.

use super::acts::acts;
use super::world::{Target, World};
use crate::support::{App, PASSWORD};
use serde_json::json;

#[actix_web::test]
async fn every_answer_keeps_browsers_from_guessing_and_tells_nothing_of_what_serves_it() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let people = [app.guest(), app.member("Boris").await, app.guest().with_token("nonsense")];
    for act in acts() {
        for (n, person) in people.iter().enumerate() {
            for target in [Target::Theirs, Target::Absent] {
                let person =
                    if n == 1 { app.member(&format!("B {} {target:?}", act.name)).await } else { person.clone() };
                let answer = act.ask(&person, &world.path(&act, target), world.body(&act)).await;
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{}", act.name);
                for field in ["server", "x-powered-by", "set-cookie", "refresh", "access-control-allow-credentials"] {
                    assert_eq!(answer.header(field), "", "{}: {field}", act.name);
                }
                // An address that redirects would take a token along (ASVS 4.1.2).
                assert!(answer.status < 300 || answer.status >= 400, "{} redirects", act.name);
                let kind = answer.header("content-type");
                let is_json = kind == "application/json" || kind == "application/problem+json";
                assert!(is_json || answer.bytes.is_empty(), "{}: {kind}", act.name);
                if n == 1 && act.method == "GET" && answer.status == 200 && act.scope.is_some() {
                    let kept = answer.header("cache-control");
                    assert!(kept.contains("private") || kept == "no-store", "{}: {kept}", act.name);
                }
            }
        }
    }
}

#[actix_web::test]
async fn tokens_and_who_one_is_are_kept_out_of_every_store() {
    let app = App::start().await;
    let (anna, refresh) = app.registered("Anna").await;
    let token = json!({"name": "x", "scopes": ["read"]});
    let answers = [
        app.login("Anna", PASSWORD).await.expect(200),
        app.refresh(&refresh).await.expect(200),
        anna.post("/api/v1/me/tokens", token).await.expect(201),
        anna.get("/api/v1/me/tokens").await.expect(200),
        anna.get("/api/v1/auth/sessions").await.expect(200),
        anna.get("/api/v1/me").await.expect(200),
    ];
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.header("cache-control"), "no-store", "the {n}th");
    }
}

#[actix_web::test]
async fn what_a_client_calls_the_host_is_in_no_answer() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let evil = "evil.example";
    let fields = [
        ("Host", evil),
        ("X-Forwarded-Host", evil),
        ("X-Forwarded-Proto", "evil.example"),
        ("X-Host", evil),
        ("X-Original-URL", "/evil.example"),
        ("X-Rewrite-URL", "/evil.example"),
        ("Forwarded", "host=evil.example;proto=evil.example"),
        ("X-HTTP-Method-Override", "DELETE"),
    ];
    for act in acts() {
        let person = app.member(&format!("B {}", act.name)).await;
        let path = world.path(&act, Target::Theirs);
        let fields = [&fields[..], &[("If-Match", "\"1\"")]].concat();
        let answer = person.ask(&act.method, &path, &fields, world.body(&act)).await;
        assert!(!String::from_utf8_lossy(&answer.bytes).contains(evil), "{}", act.name);
        for (name, value) in &answer.headers {
            assert!(!value.to_str().unwrap().contains(evil), "{}: {name}", act.name);
        }
        for name in ["location", "link"] {
            let value = answer.header(name).trim_start_matches('<');
            assert!(value.is_empty() || value.starts_with('/') && !value.starts_with("//"), "{}: {value}", act.name);
        }
    }
    // A method is the one of the request line: nothing was deleted by that field.
    app.guest().get(&format!("/api/v1/posts/{}", world.post)).await.expect(200);
}

#[actix_web::test]
async fn a_page_of_another_origin_gets_no_credentials_and_no_origin_of_its_own() {
    let app = App::start().await;
    for origin in ["https://evil.example", "null", "http://forum.test", "https://forum.test.evil.example", "file://"] {
        for method in ["GET", "OPTIONS"] {
            let fields = [("Origin", origin), ("Access-Control-Request-Method", "DELETE"), ("Cookie", "a=b")];
            let answer = app.guest().ask(method, "/api/v1/threads", &fields, None).await;
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{method} {origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{method} {origin}");
        }
    }
}
