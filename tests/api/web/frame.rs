//! What holds for every answer.

use crate::support::{Answer, App};

#[actix_web::test]
async fn an_unknown_path_and_a_wrong_method_are_problems_too() {
    let app = App::start().await;
    for path in
        ["/", "/nope", "/api/v1", "/api/v1/nope", "/api/v1/threads/1/nope", "/api/v1/threads/", "/API/v1/threads"]
    {
        app.guest().get(path).await.refused(404, "not_found");
    }
    let wrong = app.guest().ask("PATCH", "/api/v1/threads", &[], None).await.refused(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), "GET, POST, HEAD, OPTIONS");
    let like = app.guest().act("/api/v1/posts/1/like").await.refused(405, "method_not_allowed");
    assert_eq!(like.header("allow"), "PUT, DELETE, OPTIONS");
    let options = app.guest().ask("OPTIONS", "/api/v1/posts/1/like", &[], None).await.expect(204);
    assert_eq!(options.header("allow"), "PUT, DELETE, OPTIONS");
}

#[actix_web::test]
async fn every_answer_has_an_id_and_takes_the_clients_where_it_is_plain() {
    let app = App::start().await;
    let ask = async |id: &str| app.guest().ask("GET", "/health/live", &[("X-Request-Id", id)], None).await;
    assert_eq!(ask("my-request_1").await.header("x-request-id"), "my-request_1");
    for odd in ["", "a b", "a\u{7f}", &"x".repeat(65), "<script>"] {
        let Ok(value) = reqwest::header::HeaderValue::from_str(odd) else { continue };
        let given = ask(value.to_str().unwrap_or("a b")).await;
        assert_eq!(given.header("x-request-id").len(), 36, "{odd:?}");
    }
    let (one, two) = (app.guest().get("/nope").await, app.guest().get("/nope").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[actix_web::test]
async fn a_page_of_any_origin_may_call_and_read_every_answer() {
    let app = App::start().await;
    let from = ("Origin", "https://client.example");
    for path in ["/api/v1/threads", "/api/v1/threads/999999", "/nope"] {
        let answer = app.guest().ask("GET", path, &[from], None).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        for field in ["etag", "link", "location", "retry-after", "x-request-id", "ratelimit", "idempotency-replayed"] {
            assert!(answer.header("access-control-expose-headers").contains(field), "{path}: {field}");
        }
    }
    let preflight = [
        from,
        ("Access-Control-Request-Method", "PATCH"),
        ("Access-Control-Request-Headers", "authorization,if-match"),
    ];
    let answer = app.guest().ask("OPTIONS", "/api/v1/posts/1", &preflight, None).await.expect(200);
    assert!(answer.header("access-control-allow-methods").contains("PATCH"));
    // Tracing libraries add fields of their own.
    let traced = [preflight[0], preflight[1], ("Access-Control-Request-Headers", "authorization,traceparent,x-own")];
    let answer = app.guest().ask("OPTIONS", "/api/v1/posts/1", &traced, None).await.expect(200);
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,traceparent,x-own");
}

#[actix_web::test]
async fn a_preflight_that_is_refused_is_a_problem_too() {
    let app = App::start().await;
    let from = ("Origin", "https://client.example");
    for method in ["TRACE", "CONNECT", "NONE"] {
        let asks = [from, ("Access-Control-Request-Method", method)];
        app.guest().ask("OPTIONS", "/api/v1/posts/1", &asks, None).await.refused(400, "bad_request");
    }
}

#[actix_web::test]
async fn answers_are_compressed_as_the_client_likes() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", &"word ".repeat(1000)).await;
    for coding in ["gzip", "br", "zstd"] {
        let path = format!("/api/v1/threads/{thread}/posts");
        let url = format!("{}{path}", app.url);
        let answer = app.http.get(url).header("Accept-Encoding", coding).send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], coding);
        assert!(
            answer.headers().get_all("vary").iter().any(|v| v
                .to_str()
                .unwrap()
                .to_lowercase()
                .contains("accept-encoding"))
        );
        assert!(answer.bytes().await.unwrap().len() < 2000);
    }
}

#[actix_web::test]
async fn whatever_encodings_a_client_excludes_it_gets_an_answer() {
    let app = App::start().await;
    let encoding = async |accepted: &str| {
        let url = format!("{}/openapi.json", app.url);
        let answer = app.http.get(url).header("Accept-Encoding", accepted).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{accepted}");
        let field = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        assert!(field("vary").contains("Accept-Encoding"), "{}", field("vary"));
        field("content-encoding")
    };
    for none in
        ["identity", "identity;q=0", "*;q=0", "gzip;q=0, identity;q=0", "deflate", "compress", "x", "gzip;q=x", ""]
    {
        assert_eq!(encoding(none).await, "", "{none}");
    }
    assert_eq!(encoding("gzip;q=0.5, br;q=0, identity;q=0").await, "gzip");
    assert_eq!(encoding("deflate, GZIP").await, "gzip");
}

#[actix_web::test]
async fn what_an_answer_varies_by_is_in_one_field() {
    let app = App::start().await;
    let from = [("Origin", "https://client.example")];
    let answer = app.guest().ask("GET", "/problems/not_found", &from, None).await.expect(200);
    for field in ["Accept,", "Authorization", "Accept-Encoding"] {
        assert!(answer.header("vary").contains(field), "{}", answer.header("vary"));
    }
}

#[actix_web::test]
async fn a_bad_token_is_an_error_never_a_guest() {
    let app = App::start().await;
    let bad = ["Bearer", "Bearer ", "Bearer x", "Basic YTpi", "x", "Bearer x.y.z"];
    for credentials in bad {
        let answer: Answer = app.guest().ask("GET", "/api/v1/threads", &[("Authorization", credentials)], None).await;
        let answer = answer.refused(401, "invalid_token");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    let ended = app.member("anna").await;
    app.sql().await.execute("UPDATE sessions SET ended_at = now()", &[]).await.unwrap();
    ended.get("/api/v1/threads").await.refused(401, "session_ended");
}

#[actix_web::test]
async fn what_depends_on_the_caller_is_private() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    assert_eq!(app.guest().get("/api/v1/threads").await.header("cache-control"), "no-cache");
    let own = anna.get("/api/v1/threads").await;
    assert_eq!(own.header("cache-control"), "private, no-cache");
    assert!(own.headers.get_all("vary").iter().any(|value| value.to_str().unwrap().contains("Authorization")));
}

#[actix_web::test]
async fn a_url_of_more_than_8_kib_and_fields_of_more_than_16_are_refused_by_name() {
    let app = App::start().await;
    let path = |length: usize| format!("/problems/{}", "x".repeat(length - "/problems/".len()));
    app.guest().get(&path(8 * 1024)).await.refused(404, "not_found");
    app.guest().get(&path(8 * 1024 + 1)).await.refused(414, "uri_too_long");
    let field = "x".repeat(16 * 1024);
    let fields = [("X-Long", field.as_str())];
    app.guest().ask("GET", "/health/live", &fields, None).await.refused(431, "request_head_too_large");
}

#[actix_web::test]
async fn an_act_without_parameters_refuses_them() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    for path in ["/api/v1/forums?x=1", "/api/v1/threads/1?page=2", "/api/v1/me?x"] {
        anna.get(path).await.refused(400, "invalid_parameter");
    }
    anna.put("/api/v1/posts/1/like?x=1").await.refused(400, "invalid_parameter");
    anna.post("/api/v1/auth/login?x=1", serde_json::json!({})).await.refused(400, "invalid_parameter");
    for path in ["/health/live", "/health/ready", "/openapi.json", "/problems/not_found", "/.well-known/jwks.json"] {
        app.guest().get(path).await.expect(200);
        app.guest().get(&format!("{path}?x=1")).await.refused(400, "invalid_parameter");
    }
    app.guest().get("/api/v1/me?x=1").await.refused(401, "not_signed_in");
    app.guest().with_token("x").get("/api/v1/forums?x=1").await.refused(401, "invalid_token");
}
