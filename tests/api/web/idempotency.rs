//! `Idempotency-Key`: a repeated request has one effect and one answer.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, App, PASSWORD, Person};

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

async fn keyed(person: &Person, key: &str, method: &str, path: &str, body: Value) -> Answer {
    person.ask(method, path, &[("Idempotency-Key", key)], Some(body)).await
}

/// The second answer is the first one, said to be so.
#[track_caller]
fn same(first: &Answer, again: &Answer) {
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    for field in ["location", "etag", "content-type", "cache-control"] {
        assert_eq!(again.header(field), first.header(field), "{field}");
    }
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
}

#[actix_web::test]
async fn every_act_that_takes_a_key_gives_its_first_answer_again() {
    let app = App::start().await;
    let (anna, admin) = (app.member("anna").await, app.admin("ada").await);
    let (forum, other) = (app.forum("news").await, app.forum("old").await);
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let (url, of_thread) = (format!("/api/v1/threads/{thread}"), format!("/api/v1/threads/{thread}/posts"));
    let post = format!("/api/v1/posts/{}", anna.reply(thread, "one").await);
    admin.delete(&post).await.expect(204);
    let acts = [
        ("create_post", &anna, "POST", of_thread.clone(), json!({"body": "two"})),
        (
            "create_thread",
            &anna,
            "POST",
            "/api/v1/threads".into(),
            json!({"forum_id": forum, "title": "Again", "body": "First"}),
        ),
        ("edit_thread", &anna, "PATCH", url.clone(), json!({"title": "Good day"})),
        ("restore_post", &admin, "POST", format!("{post}/restore"), json!(null)),
        ("edit_post", &anna, "PATCH", post.clone(), json!({"body": "one, edited"})),
        ("move_thread", &admin, "POST", format!("{url}/move"), json!({"forum_id": other})),
        (
            "create_forum",
            &admin,
            "POST",
            "/api/v1/forums".into(),
            json!({"title": "New", "slug": "new", "kind": "forum"}),
        ),
        ("edit_forum", &admin, "PATCH", format!("/api/v1/forums/{other}"), json!({"title": "Older"})),
        ("edit_me", &anna, "PATCH", "/api/v1/me".into(), json!({"bio": "Reads."})),
        (
            "create_member",
            &app.guest(),
            "POST",
            "/api/v1/members".into(),
            json!({"username": "Boris", "password": PASSWORD}),
        ),
    ];
    let mut tried = vec!["restore_thread"];
    for (act, person, method, path, body) in acts {
        tried.push(act);
        let key = format!("{KEY}-{act}");
        let fields = [("Idempotency-Key", key.as_str()), ("If-Match", "\"1\"")];
        let body = Some(body).filter(|body| !body.is_null());
        let first = person.ask(method, &path, &fields, body.clone()).await;
        assert!([200, 201].contains(&first.status), "{method} {path}: {}", first.json);
        let again = person.ask(method, &path, &fields, body).await;
        same(&first, &again);
    }
    // A deleted thread comes back once.
    admin.delete(&url).await.expect(204);
    let restore = async || admin.ask("POST", &format!("{url}/restore"), &[("Idempotency-Key", KEY)], None).await;
    let first = restore().await.expect(200);
    admin.delete(&url).await.expect(204);
    same(&first, &restore().await);
    admin.get(&url).await.expect(200);
    assert_eq!(app.count("SELECT count(*) FROM threads WHERE deleted_at IS NOT NULL").await, 1);
    app.counters_are_exact().await;
    let mut all = acts_with_a_key();
    all.sort();
    tried.sort();
    assert_eq!(tried, all);
}

/// The acts of the document that take a key.
fn acts_with_a_key() -> Vec<String> {
    let document = folkmoot::openapi::document();
    let acts = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let takes = acts.filter(|act| {
        let parameters = act["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|parameter| parameter["name"] == "Idempotency-Key")
    });
    takes.map(|act| act["operationId"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn many_at_once_on_two_nodes_have_one_effect() {
    let app = App::start().await;
    let other = app.another_node().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    let people = [anna.clone(), anna.at(&other)];
    let ask = |n: usize| keyed(&people[n % 2], KEY, "POST", &path, json!({"body": "once"}));
    let answers = join_all((0..40).map(ask)).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert!(!made.is_empty());
    assert_eq!(made.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
    assert!(made.iter().all(|answer| answer.bytes == made[0].bytes));
    refused.into_iter().for_each(|answer| drop(answer.refused(409, "idempotency_key_in_use")));
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 2);
    // Once it has ended, the other node knows.
    let again = keyed(&people[1], KEY, "POST", &path, json!({"body": "once"})).await.expect(201);
    assert_eq!(again.bytes, made[0].bytes);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn a_key_is_for_one_request_of_one_member() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    let first = keyed(&anna, KEY, "POST", &path, json!({"body": "one"})).await.expect(201);
    keyed(&anna, KEY, "POST", &path, json!({"body": "two"})).await.refused(422, "idempotency_key_reused");
    let other = json!({"forum_id": 1, "title": "Hello", "body": "one"});
    keyed(&anna, KEY, "POST", "/api/v1/threads", other).await.refused(422, "idempotency_key_reused");
    let post = format!("/api/v1/posts/{}", first.id());
    let edit = [("Idempotency-Key", KEY), ("If-Match", "\"1\"")];
    anna.ask("PATCH", &post, &edit, Some(json!({"body": "one"}))).await.refused(422, "idempotency_key_reused");
    // The same bytes are the same request, however else it is sent; other bytes of the same JSON are another.
    let spaced = "{\"body\":  \"one\"}";
    let answer = anna.send_bytes("POST", &path, &[("Idempotency-Key", KEY)], "application/json", spaced).await;
    answer.refused(422, "idempotency_key_reused");
    let bens = keyed(&ben, KEY, "POST", &path, json!({"body": "one"})).await.expect(201);
    assert_ne!(bens.id(), first.id());
    assert_eq!(bens["author_id"], ben.id);
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 3);
}

#[actix_web::test]
async fn guests_with_one_key_do_not_get_each_others_answer() {
    let app = App::start().await;
    let registration = |name: &str, password: &str| json!({"username": name, "password": password});
    let ask = async |body: Value| keyed(&app.guest(), KEY, "POST", "/api/v1/members", body).await;
    let anna = ask(registration("anna", PASSWORD)).await.expect(201);
    let boris = ask(registration("Boris", PASSWORD)).await.expect(201);
    assert_ne!(anna.id(), boris.id());
    same(&anna, &ask(registration("anna", PASSWORD)).await);
    // Who knows the name but not the password is told what anyone is told.
    ask(registration("anna", "another long sentence")).await.refused(409, "username_taken");
    assert_eq!(app.count("SELECT count(*) FROM idempotency_keys WHERE key LIKE '%8e03978e%'").await, 0);
}

#[actix_web::test]
async fn what_was_refused_is_not_kept() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let url = format!("/api/v1/threads/{thread}");
    let path = format!("{url}/posts");
    keyed(&anna, KEY, "POST", &path, json!({"body": ""})).await.flawed("/body", "blank");
    moderator.put(&format!("{url}/lock")).await.expect(200);
    keyed(&anna, KEY, "POST", &path, json!({"body": "one"})).await.refused(403, "thread_locked");
    moderator.delete(&format!("{url}/lock")).await.expect(200);
    let first = keyed(&anna, KEY, "POST", &path, json!({"body": "one"})).await.expect(201);
    // What was done stays done, whatever became of it since.
    moderator.put(&format!("{url}/lock")).await.expect(200);
    same(&first, &keyed(&anna, KEY, "POST", &path, json!({"body": "one"})).await);
    let edited = format!("/api/v1/posts/{}", first.id());
    moderator.delete(&format!("{url}/lock")).await.expect(200);
    let edit = [("Idempotency-Key", "edit"), ("If-Match", "\"1\"")];
    let body = || Some(json!({"body": "two"}));
    let first = anna.ask("PATCH", &edited, &edit, body()).await.expect(200);
    same(&first, &anna.ask("PATCH", &edited, &edit, body()).await);
    anna.ask("PATCH", &edited, &edit[1..], body()).await.refused(412, "version_mismatch");
}

#[actix_web::test]
async fn a_key_is_1_to_255_visible_characters_with_quotes_or_without() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    let long = "k".repeat(255);
    for key in ["k", "\"quoted\"", &long, "!~", "\"a\\\"b\\\\\""] {
        let first = keyed(&anna, key, "POST", &path, json!({"body": key})).await.expect(201);
        same(&first, &keyed(&anna, key, "POST", &path, json!({"body": key})).await);
    }
    let again = keyed(&anna, "\"k\"", "POST", &path, json!({"body": "k"})).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    for key in ["", "\"\"", "a b", "\"open", "\"a\"b\"", "\"\\n\"", "\u{e9}", &"k".repeat(256)] {
        keyed(&anna, key, "POST", &path, json!({"body": "x"})).await.refused(400, "invalid_idempotency_key");
    }
    let twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")];
    anna.ask("POST", &path, &twice, Some(json!({"body": "x"}))).await.refused(400, "invalid_idempotency_key");
    // In its turn: after who calls and the body's type, before what is in it.
    keyed(&app.guest(), "", "POST", &path, json!({"body": ""})).await.refused(401, "not_signed_in");
    let text = anna.send_bytes("POST", &path, &[("Idempotency-Key", "")], "text/plain", "x").await;
    text.refused(415, "unsupported_media_type");
    keyed(&anna, "", "POST", &path, json!({"body": ""})).await.refused(400, "invalid_idempotency_key");
}

#[actix_web::test]
async fn after_a_day_a_key_is_new() {
    let app = App::start().await;
    let (forum, key) = (app.forum("news").await, KEY);
    let body = || json!({"forum_id": forum, "title": "Hello", "body": "First"});
    let admin = app.admin("ada").await;
    let first = keyed(&admin, key, "POST", "/api/v1/threads", body()).await.expect(201);
    app.clock.advance(chrono::Duration::hours(23));
    let admin = admin.refreshed().await;
    same(&first, &keyed(&admin, key, "POST", "/api/v1/threads", body()).await);
    app.clock.advance(chrono::Duration::hours(2));
    let admin = admin.refreshed().await;
    let new = keyed(&admin, key, "POST", "/api/v1/threads", body()).await.expect(201);
    assert_ne!(new["thread"]["id"], first["thread"]["id"]);
    same(&new, &keyed(&admin, key, "POST", "/api/v1/threads", body()).await);
}

#[actix_web::test]
async fn a_stored_answer_is_given_again_only_to_who_still_has_the_right() {
    let app = App::start().await;
    let (anna, mia) = (app.member("anna").await, app.moderator("mia").await);
    let (forum, other) = (app.forum("news").await, app.forum("old").await);
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let url = format!("/api/v1/threads/{thread}");
    let post = format!("/api/v1/posts/{}", anna.reply(thread, "one").await);
    let own = json!({"forum_id": forum, "title": "Mine", "body": "Mine"});
    let acts = [
        ("restored", "POST", format!("{post}/restore"), json!(null)),
        ("edited", "PATCH", post.clone(), json!({"body": "two"})),
        ("moved", "POST", format!("{url}/move"), json!({"forum_id": other})),
        ("titled", "PATCH", url.clone(), json!({"title": "Good day"})),
        ("replied", "POST", format!("{url}/posts"), json!({"body": "three"})),
        ("started", "POST", "/api/v1/threads".to_owned(), own),
    ];
    let call = async |key: &str, method: &str, path: &str, body: &Value| {
        let fields: &[_] = match method {
            "PATCH" => &[("Idempotency-Key", key), ("If-Match", "\"1\"")],
            _ => &[("Idempotency-Key", key)],
        };
        mia.ask(method, path, fields, (!body.is_null()).then(|| body.clone())).await
    };
    for (key, method, path, body) in &acts {
        let first = call(key, method, path, body).await;
        assert!(first.status < 300, "{key}: {}", first.json);
        same(&first, &call(key, method, path, body).await);
    }
    let admin = app.admin("ada").await;
    admin.delete(&post).await.expect(204);
    admin.put_json(&format!("/api/v1/members/{}/role", mia.id), json!({"role": "member"})).await.expect(200);
    for (key, status, code) in [
        ("restored", 404, "not_found"),
        ("edited", 404, "not_found"),
        ("moved", 403, "insufficient_role"),
        ("titled", 403, "not_yours"),
    ] {
        let (_, method, path, body) = acts.iter().find(|act| act.0 == key).unwrap();
        call(key, method, path, body).await.refused(status, code);
    }
    // The member's own posts stay.
    for key in ["replied", "started"] {
        let (_, method, path, body) = acts.iter().find(|act| act.0 == key).unwrap();
        assert_eq!(call(key, method, path, body).await.expect(201).header("idempotency-replayed"), "true");
    }
    admin.delete(&url).await.expect(204);
    let (_, method, path, body) = acts.iter().find(|act| act.0 == "replied").unwrap();
    call("replied", method, path, body).await.refused(404, "not_found");
}
