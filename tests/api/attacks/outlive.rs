//! Tokens that must not outlive what ended them, on every node: each way to end a member's access against each kind of token.

use std::time::Instant;

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{App, PASSWORD, Person, eventually};

/// Who stays in, of: the session that acted, another session, a personal token; and the refresh tokens of the two sessions.
const ENDS: [(&str, [bool; 5]); 8] = [
    ("change_password", [true, false, false, true, false]),
    ("logout", [false, true, true, false, true]),
    ("end_session", [true, false, true, true, false]),
    ("end_other_sessions", [true, false, true, true, false]),
    ("reuse", [true, false, true, true, false]),
    ("suspension", [false, false, false, false, false]),
    ("delete_me", [false, false, false, false, false]),
    ("delete_token", [true, true, false, true, true]),
];

struct Tokens {
    acting: Person,
    other: Person,
    personal: Person,
    acting_refresh: String,
    other_refresh: String,
}

async fn tokens(app: &App, name: &str) -> Tokens {
    let (acting, acting_refresh) = app.registered(name).await;
    let login = app.login(name, PASSWORD).await.expect(200);
    let other = acting.with_token(login["access_token"].as_str().unwrap());
    let personal = acting.personal_token(&["read", "profile"]).await;
    Tokens { acting, other, personal, acting_refresh, other_refresh: login["refresh_token"].as_str().unwrap().into() }
}

async fn end(app: &App, how: &str, held: &Tokens) {
    let Tokens { acting, other, .. } = held;
    let list = async |path: &str| acting.get(path).await.expect(200).item_ids();
    match how {
        "change_password" => {
            let body = json!({"current": PASSWORD, "new": "a longer sentence of mine"});
            acting.put_json("/api/v1/me/password", body).await.expect(204);
        }
        "logout" => {
            let body = json!({"refresh_token": held.acting_refresh});
            app.guest().post("/api/v1/auth/logout", body).await.expect(204);
        }
        "end_session" => {
            let theirs = other.get("/api/v1/auth/sessions").await.expect(200).json;
            let theirs =
                theirs["items"].as_array().unwrap().iter().find(|s| s["current"] == true).unwrap()["id"].clone();
            acting.delete(&format!("/api/v1/auth/sessions/{theirs}")).await.expect(204);
        }
        "end_other_sessions" => {
            acting.delete("/api/v1/auth/sessions").await.expect(204);
        }
        // Someone else has the other session's token, and uses it after its successor was used.
        "reuse" => {
            let next = app.refresh(&held.other_refresh).await.expect(200);
            app.refresh(next["refresh_token"].as_str().unwrap()).await.expect(200);
            app.refresh(&held.other_refresh).await.refused(401, "refresh_token_reused");
        }
        "suspension" => {
            let moderator = app.moderator(&format!("M {}", acting.id)).await;
            let path = format!("/api/v1/members/{}/suspension", acting.id);
            moderator.put_json(&path, json!({"reason": "x"})).await.expect(200);
        }
        "delete_me" => {
            acting.delete_account().await.expect(204);
        }
        "delete_token" => {
            let id = list("/api/v1/me/tokens").await[0];
            acting.delete(&format!("/api/v1/me/tokens/{id}")).await.expect(204);
        }
        unknown => panic!("{unknown}"),
    }
}

#[actix_web::test]
async fn no_token_outlives_what_ended_it_on_any_node() {
    let app = App::start().await;
    let there = app.another_node_with(|setup| setup.clock = app.clock.clone()).await;
    for (how, stays) in ENDS {
        let held = tokens(&app, &how.replace('_', " ")).await;
        // Both nodes have seen all of them at work, should they remember any.
        for node in [&app, &there] {
            for person in [&held.acting, &held.other, &held.personal] {
                person.at(node).get("/api/v1/me").await.expect(200);
                person.at(node).get("/api/v1/threads").await.expect(200);
            }
        }
        end(&app, how, &held).await;
        // On its node at once, on another when it has heard of it, and on both when all that a node may have kept is over.
        let told = Instant::now();
        eventually(async || {
            let answered = [&held.acting, &held.other].map(|person| person.at(&there));
            let statuses = join_all(answered.iter().map(|person| person.get("/api/v1/me"))).await;
            statuses.iter().zip(stays).all(|(answer, stays)| (answer.status == 200) == stays)
        })
        .await;
        assert!(told.elapsed() < std::time::Duration::from_secs(5), "{how}: {:?}", told.elapsed());
        for seconds in [0, 6] {
            app.clock.advance(Duration::seconds(seconds));
            for node in [&there, &app] {
                for (n, person) in [&held.acting, &held.other, &held.personal].into_iter().enumerate() {
                    for path in ["/api/v1/me", "/api/v1/threads"] {
                        let answer = person.at(node).get(path).await;
                        let expected = if stays[n] { 200 } else { 401 };
                        assert_eq!(answer.status, expected, "{how}: the {n}th after {seconds} s: {}", answer.json);
                    }
                }
            }
        }
        for (n, refresh) in [&held.acting_refresh, &held.other_refresh].into_iter().enumerate() {
            let expected = if stays[3 + n] { 200 } else { 401 };
            assert_eq!(there.refresh(refresh).await.status, expected, "{how}: the refresh token of the {n}th");
        }
    }
}

#[actix_web::test]
async fn a_role_that_was_taken_away_is_gone_at_once_on_every_node() {
    let app = App::start().await;
    let there = app.another_node().await;
    let (admin, moderator) = (app.admin("Ada").await, app.moderator("Mia").await);
    let token = moderator.personal_token(&["moderate", "read"]).await;
    let anna = app.member("Anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "Secret words").await;
    anna.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    let lock = format!("/api/v1/threads/{thread}/lock");
    for person in [&moderator, &token] {
        person.at(&there).put(&lock).await.expect(200);
        person.at(&there).get(&format!("/api/v1/posts/{post}")).await.expect(200);
    }
    let tag = moderator.get(&format!("/api/v1/posts/{post}")).await.header("etag").to_owned();
    admin.put_json(&format!("/api/v1/members/{}/role", moderator.id), json!({"role": "member"})).await.expect(200);
    for node in [&there, &app] {
        for person in [&moderator, &token] {
            person.at(node).delete(&lock).await.refused(403, "insufficient_role");
            // What it has seen is not told to be unchanged either.
            let fields = [("If-None-Match", tag.as_str())];
            let path = format!("/api/v1/posts/{post}");
            let person = person.at(node);
            // A node that was not asked hears of it by the log.
            eventually(async || person.get(&path).await.status == 404).await;
            person.ask("GET", &path, &fields, None).await.refused(404, "not_found");
        }
    }
}
