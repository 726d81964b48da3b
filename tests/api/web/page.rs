//! Lists: what every one of them holds of its cursors.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{App, PASSWORD, Person};

/// Every list that goes on, each with two items at least, as the person sees it who can read them all.
async fn lists(app: &App) -> (Person, Vec<String>) {
    let (anna, ben) = (app.registered("anna").await.0, app.member("ben").await);
    app.login("anna", PASSWORD).await.expect(200);
    let forum = app.forum("news").await;
    anna.start_thread(forum, "Again", "First").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let post = anna.reply(thread, "one").await;
    let of_post = format!("/api/v1/posts/{post}");
    anna.patch(&of_post, 1, json!({"body": "two"})).await.expect(200);
    for liked in [post, anna.reply(thread, "three").await] {
        for person in [&ben, &app.member(&format!("carl{liked}")).await] {
            person.put(&format!("/api/v1/posts/{liked}/like")).await.expect(200);
        }
    }
    let mut lists = vec![
        format!("/api/v1/members/{}/posts?limit=1", anna.id),
        format!("/api/v1/members/{}/threads?limit=1", anna.id),
        format!("/api/v1/members/{}/likes?limit=1", ben.id),
        format!("{of_post}/likes?limit=1"),
        format!("{of_post}/revisions?limit=1"),
        "/api/v1/auth/sessions?limit=1".into(),
    ];
    lists.extend(["joined", "posts", "likes", "username"].map(|by| format!("/api/v1/members?limit=1&sort={by}")));
    let sorts = ["latest_reply", "newest", "most_replies", "most_likes", "most_views"];
    lists.extend(sorts.map(|by| format!("/api/v1/threads?limit=1&sort={by}")));
    (anna, lists)
}

/// The same key with each of its values in turn replaced by each of those that no key of ours has, or may have.
fn forgeries(key: &Value) -> Vec<Value> {
    let odd = [
        json!(i64::MAX),
        json!(i64::MIN),
        json!(-8_270_000_000_000_000_000_i64),
        json!(1e300),
        json!(-1),
        json!("\u{0}"),
        json!("x"),
        json!(null),
        json!([]),
        json!({"Joined": ["+262142-12-31T23:59:59Z", 1]}),
        json!("+262142-12-31T23:59:59Z"),
    ];
    let mut forged: Vec<Value> = odd.to_vec();
    for at in 0..key.as_array().map_or(0, Vec::len) {
        forged.extend(odd.iter().map(|value| {
            let mut key = key.clone();
            key[at] = value.clone();
            key
        }));
    }
    forged
}

#[actix_web::test]
async fn forged_cursors_are_refused_or_lead_to_a_place_in_the_list() {
    let app = App::start().await;
    let (anna, lists) = lists(&app).await;
    for list in lists {
        let next = anna.get(&list).await.expect(200)["next"].clone();
        let cursor: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(next.as_str().unwrap()).unwrap()).unwrap();
        let mut refused = 0;
        for key in forgeries(&cursor[1]) {
            let forged = BASE64_URL_SAFE_NO_PAD.encode(json!([cursor[0], key]).to_string());
            let answer = anna.get(&format!("{list}&cursor={forged}")).await;
            if answer.status != 200 {
                answer.refused(400, "invalid_cursor");
                refused += 1;
            }
        }
        assert!(refused >= 5, "{list}: {refused}");
        anna.get(&format!("{list}&cursor={}", next.as_str().unwrap())).await.expect(200);
    }
}

#[actix_web::test]
async fn a_cursor_of_one_list_is_none_of_another() {
    let app = App::start().await;
    let (anna, lists) = lists(&app).await;
    let mut cursors = Vec::new();
    for list in &lists {
        cursors.push(anna.get(list).await.expect(200)["next"].as_str().unwrap().to_owned());
    }
    let newest = |list: &String| list.contains("sort=newest") || list.contains(&format!("members/{}/threads", anna.id));
    let newest: Vec<usize> = (0..lists.len()).filter(|n| newest(&lists[*n])).collect();
    assert_eq!(newest.len(), 2);
    for (n, list) in lists.iter().enumerate() {
        for (of, cursor) in cursors.iter().enumerate().filter(|(of, _)| *of != n) {
            let answer = anna.get(&format!("{list}&cursor={cursor}")).await;
            // A member's threads are in the order of the newest ones: a cursor is a place in both.
            if newest.contains(&n) && newest.contains(&of) {
                answer.expect(200);
            } else {
                answer.refused(400, "invalid_cursor");
            }
        }
    }
}

#[actix_web::test]
async fn a_wrong_cursor_is_told_before_what_is_not_there() {
    let app = App::start().await;
    let lists =
        ["members/999/posts", "members/999/threads", "members/999/likes", "posts/999/likes", "posts/999/revisions"];
    for list in lists {
        app.guest().get(&format!("/api/v1/{list}?cursor=abc")).await.refused(400, "invalid_cursor");
        app.guest().get(&format!("/api/v1/{list}")).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn numbers_in_a_query_are_written_one_way_only() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let thread = format!("/api/v1/threads/{thread}/posts");
    let queries = [
        (thread.as_str(), "page"),
        (&thread, "around"),
        (&thread, "per_page"),
        ("/api/v1/threads", "limit"),
        ("/api/v1/threads", "forum"),
        ("/api/v1/posts", "ids"),
    ];
    for (path, name) in queries {
        for number in ["%2B1", "01", "1.0", "1e0", "%201", "\u{661}"] {
            let answer = app.guest().get(&format!("{path}?{name}={number}")).await;
            assert_eq!(answer.status, 400, "{path}?{name}={number}");
            answer.refused(400, "invalid_parameter");
        }
        app.guest().get(&format!("{path}?{name}=1")).await.expect(200);
    }
    for bytes in ["%ff", "%C3%28", "%ED%A0%80"] {
        app.guest().get(&format!("/api/v1/threads?tag={bytes}")).await.refused(400, "invalid_parameter");
    }
}
