//! Limits of use hold attackers back, not those whose tokens or addresses they share.

use chrono::Duration;
use folkmoot::clock::Clock;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

use crate::support::{Answer, App, PASSWORD, Person, eventually};

const NEW: &str = "a longer sentence of mine";

async fn limited() -> App {
    App::start_with(|setup| (setup.rate_limits, setup.clock) = (true, Clock::still())).await
}

/// The token of one more session of this member.
async fn another_session(app: &App, anna: &Person) -> (Person, String) {
    let session = app.login("Anna", PASSWORD).await.expect(200);
    let text = |field: &str| session[field].as_str().unwrap().to_owned();
    (anna.with_token(&text("access_token")), text("refresh_token"))
}

/// Sends this token until its address has used up the quota of logins, and of requests.
async fn flood(thief: &Person, code: &str) {
    let change = async || thief.put_json("/api/v1/me/password", json!({"current": "guess", "new": NEW})).await;
    while change().await.status != 429 {}
    let read = async || thief.get("/api/v1/forums").await;
    loop {
        let answer = read().await;
        if answer.status == 429 {
            break;
        }
        answer.refused(401, code);
    }
}

/// A member can do what it does with its limits unspent: its address has none left.
async fn has_all_limits(anna: &Person) {
    let answer = anna.get("/api/v1/members").await.expect(200);
    let (requests, searching) = answer.header("ratelimit").split_once(", ").unwrap();
    let left = |policy: &str| policy.split_once("r=").unwrap().1.parse::<u64>().unwrap();
    assert!(left(requests) > 580 && left(searching) > 50, "{requests}, {searching}");
}

#[actix_web::test]
async fn the_owner_changes_the_password_while_a_signed_out_thief_floods() {
    let app = limited().await;
    let (anna, _) = app.registered("Anna").await;
    let (thief, refresh) = another_session(&app, &anna).await;
    thief.get("/api/v1/me").await.expect(200);
    app.guest().post("/api/v1/auth/logout", json!({"refresh_token": refresh})).await.expect(204);
    flood(&thief, "session_ended").await;
    has_all_limits(&anna).await;
    anna.put_json("/api/v1/me/password", json!({"current": PASSWORD, "new": NEW})).await.expect(204);
}

#[actix_web::test]
async fn an_expired_token_spends_nothing_of_its_member() {
    let app = limited().await;
    let (anna, _) = app.registered("Anna").await;
    app.clock.advance(Duration::minutes(11));
    flood(&anna, "token_expired").await;
    has_all_limits(&anna.refreshed().await).await;
}

#[actix_web::test]
async fn a_token_from_before_a_new_password_spends_nothing_of_its_member() {
    let app = limited().await;
    let (anna, _) = app.registered("Anna").await;
    let (thief, _) = another_session(&app, &anna).await;
    thief.get("/api/v1/me").await.expect(200);
    anna.put_json("/api/v1/me/password", json!({"current": PASSWORD, "new": NEW})).await.expect(204);
    flood(&thief, "session_ended").await;
    has_all_limits(&anna).await;
}

#[actix_web::test]
async fn a_suspended_member_has_its_limits_when_it_comes_back() {
    let app = limited().await;
    let moderator = app.moderator("Mia").await;
    let (anna, _) = app.registered("Anna").await;
    anna.get("/api/v1/me").await.expect(200);
    let path = format!("/api/v1/members/{}/suspension", anna.id);
    moderator.put_json(&path, json!({"reason": "x"})).await.expect(200);
    flood(&anna, "session_ended").await;
    moderator.delete(&path).await.expect(200);
    app.clock.advance(Duration::minutes(5));
    let again = app.login("Anna", PASSWORD).await.expect(200);
    has_all_limits(&anna.with_token(again["access_token"].as_str().unwrap())).await;
}

#[actix_web::test]
async fn a_personal_token_that_was_deleted_spends_nothing_of_its_member() {
    let app = limited().await;
    let anna = app.member("Anna").await;
    let token = anna.personal_token(&["read"]).await;
    token.get("/api/v1/me").await.expect(200);
    let tokens = anna.get("/api/v1/me/tokens").await.expect(200);
    anna.delete(&format!("/api/v1/me/tokens/{}", tokens.item_ids()[0])).await.expect(204);
    for _ in 0..60 {
        token.get("/api/v1/members").await.refused(401, "invalid_token");
    }
    token.get("/api/v1/members").await.refused(429, "too_many_requests");
    has_all_limits(&anna).await;
}

#[actix_web::test]
async fn a_token_that_may_not_do_an_act_spends_no_quota_of_it() {
    let app = limited().await;
    let (anna, _) = app.registered("Anna").await;
    let stolen = anna.personal_token(&["read"]).await;
    let change = json!({"current": PASSWORD, "new": NEW});
    for _ in 0..30 {
        stolen.put_json("/api/v1/me/password", change.clone()).await.refused(403, "session_required");
    }
    let changed = anna.put_json("/api/v1/me/password", change).await.expect(204);
    assert!(changed.header("ratelimit").ends_with("\"login\";r=19"), "{}", changed.header("ratelimit"));
}

#[actix_web::test]
async fn a_session_that_has_ended_is_looked_up_once() {
    let app = limited().await;
    let other = app.another_node_with(|setup| (setup.rate_limits, setup.clock) = (true, app.clock.clone())).await;
    let (anna, _) = app.registered("Anna").await;
    let (thief, refresh) = another_session(&app, &anna).await;
    app.guest().post("/api/v1/auth/logout", json!({"refresh_token": refresh})).await.expect(204);
    for node in [&app, &other] {
        let there = thief.at(node);
        there.delete("/api/v1/posts/1/like").await.refused(401, "session_ended");
        let all = async {
            for _ in 0..50 {
                there.get("/api/v1/me").await.refused(401, "session_ended");
                there.put_json("/api/v1/me/password", json!({})).await;
            }
        };
        assert_eq!(node.statements(all).await, 0);
    }
}

/// A token that was made up.
fn made_up(app: &App, n: usize) -> Person {
    app.guest().with_token(&format!("fm_{n:043}"))
}

#[actix_web::test]
async fn a_good_personal_token_passes_whatever_its_address_has_sent() {
    let app = limited().await;
    let anna = app.member("Anna").await;
    let (used, unused) = (anna.personal_token(&["read"]).await, anna.personal_token(&["read"]).await);
    used.get("/api/v1/me").await.expect(200);
    for n in 0..60 {
        made_up(&app, n).get("/api/v1/threads").await.refused(401, "invalid_token");
    }
    let refused = async |n: usize| made_up(&app, n).get("/api/v1/threads").await.refused(429, "too_many_requests");
    let answer = refused(60).await;
    assert_eq!(answer.header("ratelimit-policy"), "\"tokens\";q=60;w=60");
    assert_eq!((answer.header("ratelimit"), answer.header("retry-after")), ("\"tokens\";r=0;t=1", "1"));
    for token in [&used, &unused] {
        let passes = token.get("/api/v1/me").await.expect(200);
        assert_eq!(passes.header("ratelimit-policy"), "\"requests\";q=600;w=60");
    }
    // While others of its address are refused, and where it has no requests left either.
    let third = anna.personal_token(&["read"]).await;
    let (_, answer) = futures_util::join!(join_all((61..100).map(refused)), third.get("/api/v1/me"));
    answer.expect(200);
    while app.guest().get("/api/v1/threads").await.status != 429 {}
    anna.personal_token(&["read"]).await.get("/api/v1/me").await.expect(200);
    // A token that is known not to hold costs no statement.
    assert_eq!(app.statements(async { _ = refused(60).await }).await, 0);
}

#[actix_web::test]
async fn many_made_up_tokens_at_once_share_few_statements() {
    let app = limited().await;
    let anna = app.member("Anna").await;
    let (used, unused) = (anna.personal_token(&["read"]).await, anna.personal_token(&["read"]).await);
    used.get("/api/v1/me").await.expect(200);
    let client = app.sql().await;
    client.batch_execute("BEGIN; LOCK TABLE tokens").await.unwrap();
    let statements = async {
        let guess = |n: usize| {
            let one = made_up(&app, n);
            async move { one.get("/api/v1/threads").await }
        };
        let mut answers: FuturesUnordered<_> = (0..200).map(guess).collect();
        // 64 are looked up; no other is, while they are.
        for _ in 64..200 {
            answers.next().await.unwrap().refused(503, "overloaded");
        }
        client.batch_execute("COMMIT").await.unwrap();
        let rest: Vec<Answer> = answers.collect().await;
        assert_eq!(rest.iter().filter(|answer| answer.status == 401).count(), 60);
        assert_eq!(rest.iter().filter(|answer| answer.status == 429).count(), 4);
    };
    // For each of two workers one that waits for the lock, and one for each 32 that have gathered.
    assert!(app.statements(statements).await <= 6);
    used.get("/api/v1/me").await.expect(200);
    unused.get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn a_member_without_quota_is_refused_writes_without_a_statement() {
    let app = limited().await;
    let anna = app.member("Anna").await;
    let program = anna.personal_token(&["like"]).await;
    while anna.put("/api/v1/posts/1/like").await.status != 429 {}
    program.put("/api/v1/posts/1/like").await.refused(429, "too_many_requests");
    // The use of the token is written beside the request.
    let used = "SELECT count(*) FROM tokens WHERE last_used_at IS NOT NULL";
    eventually(async || app.count(used).await == 1).await;
    for person in [&anna, &program] {
        let refused = async || person.put("/api/v1/posts/1/like").await.refused(429, "too_many_requests");
        let all = async { assert_eq!(refused().await.header("ratelimit"), "\"liking\";r=0;t=1") };
        assert_eq!(app.statements(all).await, 0);
    }
    app.clock.advance(Duration::seconds(1));
    anna.put("/api/v1/posts/1/like").await.refused(404, "not_found");
}
