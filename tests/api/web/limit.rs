//! Limits of use.

use chrono::Duration;
use folkmoot::clock::Clock;
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, App, Person, until};

/// A service with limits of use, and proxies that are trusted.
async fn limited(trusted: &[&str]) -> App {
    App::start_with(|setup| {
        setup.rate_limits = true;
        setup.clock = Clock::still();
        setup.trusted_proxies = trusted.iter().map(|network| network.parse().unwrap()).collect();
    })
    .await
}

/// A registration without a body that could be one: it counts all the same, and costs nothing.
async fn register(person: &Person, from: &str) -> Answer {
    person.ask("POST", "/api/v1/members", &[("X-Forwarded-For", from)], Some(json!({}))).await
}

#[actix_web::test]
async fn each_answer_says_what_is_left_and_the_one_too_many_when_to_come_again() {
    let app = limited(&[]).await;
    let guest = app.guest();
    for left in (0..10).rev() {
        let answer = guest.post("/api/v1/members", json!({})).await.expect(422);
        assert_eq!(answer.header("ratelimit-policy"), "\"requests\";q=600;w=60, \"registration\";q=10;w=3600");
        let state = answer.header("ratelimit");
        assert!(state.ends_with(&format!("\"registration\";r={left}")), "{state}");
    }
    let refused = guest.post("/api/v1/members", json!({})).await.refused(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "360");
    assert_eq!(refused.header("ratelimit"), "\"registration\";r=0;t=360");
    // Other acts go on, and so does this one when its time has come.
    let other = guest.get("/api/v1/threads").await.expect(200);
    assert_eq!(other.header("ratelimit-policy"), "\"requests\";q=600;w=60");
    app.clock.advance(Duration::seconds(360));
    guest.post("/api/v1/members", json!({})).await.expect(422);
    guest.post("/api/v1/members", json!({})).await.refused(429, "too_many_requests");
}

#[actix_web::test]
async fn members_have_limits_of_their_own_wherever_they_are() {
    let app = limited(&[]).await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let search = "/api/v1/members";
    for _ in 0..60 {
        anna.get(search).await.expect(200);
    }
    anna.get(search).await.refused(429, "too_many_requests");
    ben.get(search).await.expect(200);
    app.guest().get(search).await.expect(200);
    anna.get("/api/v1/threads").await.expect(200);
    for _ in 0..700 {
        app.guest().get("/health/live").await.expect(200);
    }
}

#[actix_web::test]
async fn at_the_same_time_no_more_pass_than_one_after_the_other() {
    let app = limited(&[]).await;
    let guest = app.guest();
    let answers = join_all((0..50).map(|_| guest.post("/api/v1/members", json!({})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 10);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 40);
}

#[actix_web::test]
async fn nodes_share_a_limit() {
    let app = limited(&[]).await;
    let other = app.another_node_with(|setup| (setup.rate_limits, setup.clock) = (true, app.clock.clone())).await;
    for node in [&app, &other] {
        node.shared.limits.share_among(2);
    }
    let mut passed = 0;
    for _ in 0..20 {
        for node in [&app, &other] {
            passed += i32::from(node.guest().post("/api/v1/members", json!({})).await.status == 422);
        }
    }
    assert_eq!(passed, 10);
    app.clock.advance(Duration::hours(1));
    for _ in 0..20 {
        for node in [&app, &other] {
            passed += i32::from(node.guest().post("/api/v1/members", json!({})).await.status == 422);
        }
    }
    assert_eq!(passed, 20);
}

#[actix_web::test]
async fn what_was_used_stays_used_when_a_node_comes_or_goes() {
    let app = limited(&[]).await;
    let guest = app.guest();
    let register = async || guest.post("/api/v1/members", json!({})).await;
    for _ in 0..6 {
        register().await.expect(422);
    }
    app.shared.limits.share_among(2);
    for _ in 0..2 {
        register().await.expect(422);
    }
    register().await.refused(429, "too_many_requests");
    app.shared.limits.share_among(1);
    register().await.refused(429, "too_many_requests");
    // What has its time is forgotten, nothing else.
    app.shared.limits.forget_idle();
    register().await.refused(429, "too_many_requests");
    app.clock.advance(Duration::minutes(6));
    register().await.expect(422);
}

#[actix_web::test]
async fn more_nodes_than_a_limit_has_let_something_pass_all_the_same() {
    let app = limited(&[]).await;
    app.shared.limits.share_among(1000);
    let guest = app.guest();
    guest.post("/api/v1/members", json!({})).await.expect(422);
    guest.post("/api/v1/members", json!({})).await.refused(429, "too_many_requests");
}

#[actix_web::test]
async fn a_guest_who_is_refused_what_is_kept_counts_once() {
    let app = limited(&[]).await;
    let guest = app.guest();
    let left = async || {
        let answer = guest.get("/api/v1/forums").await.expect(200);
        answer.header("ratelimit").strip_prefix("\"requests\";r=").unwrap().parse::<u64>().unwrap()
    };
    app.until_kept("/api/v1/forums").await;
    while left().await > 0 {}
    let refused = guest.get("/api/v1/forums").await.refused(429, "too_many_requests");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit")), ("1", "\"requests\";r=0;t=1"));
    // A tenth of a second for each: had it counted twice, none would be left.
    app.clock.advance(Duration::milliseconds(100));
    assert_eq!(left().await, 0);
    guest.get("/api/v1/forums").await.refused(429, "too_many_requests");
}

/// The path with a letter of it written otherwise (RFC 3986, section 2.1): it is the same one.
fn encoded(path: &str) -> String {
    let (head, last) = path.split_at(path.rfind(|c: char| c.is_ascii_lowercase()).unwrap());
    format!("{head}%{:02X}{}", last.as_bytes()[0], &last[1..])
}

#[actix_web::test]
async fn no_way_to_write_a_path_passes_by_a_limit() {
    let app = limited(&[]).await;
    let guest = app.guest();
    for _ in 0..10 {
        guest.post(&encoded("/api/v1/members"), json!({})).await.expect(422);
    }
    guest.post(&encoded("/api/v1/members"), json!({})).await.refused(429, "too_many_requests");
    guest.post("/api/v1/members", json!({})).await.refused(429, "too_many_requests");
    // Nor by the look at its token.
    let stranger = guest.with_token("nonsense");
    stranger.get(&encoded("/api/v1/threads")).await.refused(401, "invalid_token");
    stranger.delete(&encoded("/api/v1/threads")).await.refused(405, "method_not_allowed");
    app.member("anna").await.get(&encoded("/api/v1/me")).await.expect(200);
}

#[actix_web::test]
async fn each_policy_counts_for_the_acts_that_it_is_for() {
    let app = limited(&[]).await;
    let policy = async |person: &Person, method: &str, path: &str| {
        let answer = person.ask(method, &format!("/api/v1{path}"), &[], Some(json!({}))).await;
        answer.header("ratelimit-policy").split_once(", ").map(|(_, tighter)| tighter.to_owned()).unwrap_or_default()
    };
    let (guest, anna) = (app.guest(), app.member("anna").await);
    for (person, method, path, counts) in [
        (&guest, "POST", "/auth/login", "\"login\";q=20;w=300"),
        (&anna, "PUT", "/me/password", "\"login\";q=20;w=300"),
        (&guest, "POST", "/members", "\"registration\";q=10;w=3600"),
        (&anna, "POST", "/threads", "\"posting\";q=30;w=60"),
        (&anna, "PATCH", "/threads/1", "\"posting\";q=30;w=60"),
        (&anna, "POST", "/threads/1/posts", "\"posting\";q=30;w=60"),
        (&anna, "PATCH", "/posts/1", "\"posting\";q=30;w=60"),
        (&anna, "PUT", "/posts/1/like", "\"liking\";q=120;w=60"),
        (&anna, "DELETE", "/posts/1/like", "\"liking\";q=120;w=60"),
        (&anna, "GET", "/members", "\"searching\";q=60;w=60"),
        (&anna, "GET", "/me", ""),
    ] {
        assert_eq!(policy(person, method, path).await, counts, "{method} {path}");
    }
}

#[actix_web::test]
async fn who_is_refused_costs_the_database_nothing() {
    let app = limited(&[]).await;
    let anna = app.member("anna").await;
    for _ in 0..60 {
        anna.get("/api/v1/members").await.expect(200);
    }
    let refused = async || anna.get("/api/v1/members").await.refused(429, "too_many_requests");
    assert_eq!(app.statements(refused()).await, 0);
    let program = anna.personal_token(&["read"]).await;
    program.get("/api/v1/members").await.refused(429, "too_many_requests");
    until(&app.sql().await, "SELECT count(*) = 1 FROM tokens WHERE last_used_at IS NOT NULL").await;
    let refused = async || program.get("/api/v1/members").await.refused(429, "too_many_requests");
    assert_eq!(app.statements(refused()).await, 0);
}

#[actix_web::test]
async fn a_token_that_has_expired_is_looked_up_once() {
    let app = limited(&[]).await;
    let anna = app.member("anna").await;
    let body = json!({"name": "old", "scopes": ["read"], "expires_at": app.clock.now() + Duration::minutes(2)});
    let made = anna.post("/api/v1/me/tokens", body).await.expect(201);
    let old = app.guest().with_token(made["token"].as_str().unwrap());
    app.clock.advance(Duration::minutes(3));
    for _ in 0..60 {
        old.get("/api/v1/threads").await.refused(401, "token_expired");
    }
    // Once it is known not to hold, no statement tells more.
    let refused = async || old.get("/api/v1/threads").await.refused(429, "too_many_requests");
    assert_eq!(app.statements(refused()).await, 0);
}

#[actix_web::test]
async fn nodes_are_counted_while_they_say_that_they_serve() {
    let app = App::start().await;
    let conn = &mut app.shared.state.db.get().await.unwrap();
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for (node, nodes) in [(one, 1), (one, 1), (two, 2), (one, 2)] {
        assert_eq!(folkmoot::db::nodes::beat(node, conn).await.unwrap(), nodes);
    }
    app.sql().await.batch_execute("UPDATE nodes SET seen_at = now() - interval '16 s'").await.unwrap();
    assert_eq!(folkmoot::db::nodes::beat(two, conn).await.unwrap(), 1);
    assert_eq!(app.count("SELECT count(*) FROM nodes").await, 1);
    folkmoot::db::nodes::leave(two, conn).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM nodes").await, 0);
}

#[actix_web::test]
async fn what_an_unknown_proxy_says_of_its_clients_is_not_believed() {
    let app = limited(&["10.0.0.0/8"]).await;
    for n in 0..10 {
        register(&app.guest(), &format!("192.0.2.{n}")).await.expect(422);
    }
    register(&app.guest(), "192.0.2.99").await.refused(429, "too_many_requests");
}

#[actix_web::test]
async fn a_trusted_proxy_tells_its_clients_apart_and_they_can_not_say_they_are_others() {
    let app = limited(&["127.0.0.0/8", "10.0.0.0/8"]).await;
    let guest = app.guest();
    for n in 0..10 {
        // What the client wrote itself stands in front.
        register(&guest, &format!("198.51.100.{n}, 192.0.2.1, 10.1.1.1")).await.expect(422);
    }
    register(&guest, "192.0.2.1").await.refused(429, "too_many_requests");
    register(&guest, "192.0.2.1:4711, 10.9.9.9").await.refused(429, "too_many_requests");
    register(&guest, "192.0.2.2").await.expect(422);
    // One connection is given a /64.
    for n in 0..10 {
        register(&guest, &format!("2001:db8:1:2::{n}")).await.expect(422);
    }
    register(&guest, "[2001:db8:1:2:ffff::1]:443").await.refused(429, "too_many_requests");
    register(&guest, "2001:db8:1:3::1").await.expect(422);
    // An IPv4 address is one however it is written.
    register(&guest, "::ffff:192.0.2.1").await.refused(429, "too_many_requests");
    // Who can not be told is the proxy.
    register(&guest, "unknown").await.expect(422);
    // What can not be read ends what is believed.
    let split = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "\u{ff}")];
    guest.ask("POST", "/api/v1/members", &split, Some(json!({}))).await.expect(422);
}

#[actix_web::test]
async fn without_limits_there_are_no_fields() {
    let app = App::start().await;
    let answer = app.guest().get("/api/v1/threads").await.expect(200);
    assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), ("", ""));
}
