//! `POST /threads`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{THREADS, thread_url};
use crate::support::App;

fn thread(forum: i64) -> Value {
    json!({"forum_id": forum, "title": "Hello", "body": "First"})
}

fn with(forum: i64, field: &str, value: Value) -> Value {
    let mut body = thread(forum);
    body[field] = value;
    body
}

#[actix_web::test]
async fn a_new_thread_comes_with_its_first_post() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let body = json!({
        "forum_id": forum, "title": "  Why is Japan's Abe here?  ", "body": "  **First**  ", "kind": "article",
        "tags": [" diplomacy ", "asia"],
    });
    let made = anna.post(THREADS, body).await.expect(201);
    let (shown, post) = (&made["thread"], &made["post"]);
    let id = shown["id"].as_i64().unwrap();
    let created = shown["created_at"].clone();
    let expected = json!({
        "id": id, "forum_id": forum, "kind": "article", "title": "Why is Japan's Abe here?",
        "slug": "why-is-japan-s-abe-here", "author_id": anna.id, "tags": ["diplomacy", "asia"], "pinned": false,
        "locked": false, "deleted": false, "post_count": 1, "view_count": 0, "like_count": 0, "created_at": created,
        "last_post": {"id": post["id"], "position": 1, "author_id": anna.id, "created_at": created}, "version": 1,
    });
    assert_eq!(*shown, expected);
    assert!(created.as_str().unwrap().ends_with('Z'));
    assert_eq!((&post["position"], &post["thread_id"], &post["author_id"]), (&json!(1), &json!(id), &json!(anna.id)));
    assert_eq!(post["body"], "  **First**  ");
    assert_eq!(made.header("location"), thread_url(id));
    let read = app.guest().get(made.header("location")).await.expect(200);
    assert_eq!(read.json, expected);
    assert_eq!(read.header("etag"), made.header("etag"));
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn guests_start_no_threads() {
    let app = App::start().await;
    app.forum("news").await;
    app.member("anna").await.must_sign_in("POST", THREADS).await;
    assert_eq!(app.count("SELECT count(*) FROM threads").await, 0);
}

#[actix_web::test]
async fn each_field_is_told_what_is_wrong_with_it() {
    let app = App::start().await;
    let (anna, admin) = (app.member("anna").await, app.admin("ada").await);
    let forum = app.forum("news").await;
    let category = json!({"title": "x", "slug": "category", "kind": "category"});
    let category = admin.post("/api/v1/forums", category).await.expect(201).id();
    anna.must_send_json("POST", THREADS, &[]).await;
    let cases = [
        ("forum_id", json!(999), "not_there"),
        ("forum_id", json!(category), "invalid"),
        ("forum_id", json!(0), "invalid"),
        ("forum_id", json!(-1), "invalid"),
        ("forum_id", json!(1_i64 << 53), "invalid"),
        ("forum_id", json!(1_u64 << 63), "invalid"),
        ("forum_id", json!(1e40), "wrong_type"),
        ("forum_id", json!("1"), "wrong_type"),
        ("forum_id", Value::Null, "wrong_type"),
        ("title", json!("ab"), "too_short"),
        ("title", json!("  ab  "), "too_short"),
        ("title", json!("e\u{301}e\u{301}"), "too_short"),
        ("title", json!("   "), "blank"),
        ("title", json!("x".repeat(151)), "too_long"),
        ("title", json!("Hel\u{0}lo"), "forbidden_character"),
        ("title", json!("Hel\nlo"), "forbidden_character"),
        ("title", json!("Hel\u{202E}lo"), "forbidden_character"),
        ("title", json!("\u{2800}\u{2800}\u{2800}"), "blank"),
        ("title", json!("Hello\u{200B}"), "forbidden_character"),
        ("title", json!("Hello \u{E0048}\u{E0069}"), "forbidden_character"),
        ("title", json!("\u{200D}\u{200C}\u{FE0F}"), "blank"),
        ("title", json!(["Hello"]), "wrong_type"),
        ("title", Value::Null, "wrong_type"),
        ("body", json!(""), "blank"),
        ("body", json!(" \n\t\u{2003}"), "blank"),
        ("body", json!("x".repeat(20_001)), "too_long"),
        ("body", json!("a\u{0}b"), "forbidden_character"),
        ("body", json!(1), "wrong_type"),
        ("kind", json!("announcement"), "invalid"),
        ("kind", json!(1), "wrong_type"),
        ("kind", json!({"article": null, "x": 1}), "wrong_type"),
        ("tags", json!("news"), "wrong_type"),
        ("tags", json!(["1", "2", "3", "4", "5", "6"]), "too_long"),
        ("id", json!(7), "unknown_field"),
        ("author_id", json!(admin.id), "unknown_field"),
        ("post_count", json!(7), "unknown_field"),
        ("view_count", json!(7), "unknown_field"),
        ("like_count", json!(7), "unknown_field"),
        ("pinned", json!(true), "unknown_field"),
        ("locked", json!(true), "unknown_field"),
        ("created_at", json!("2014-02-12T09:00:00Z"), "unknown_field"),
        ("version", json!(7), "unknown_field"),
    ];
    for (field, value, flaw) in cases {
        anna.post(THREADS, with(forum, field, value)).await.flawed(&format!("/{field}"), flaw);
    }
    let tags = [
        (json!(["a", ""]), "/tags/1", "blank"),
        (json!(["x".repeat(31)]), "/tags/0", "too_long"),
        (json!(["a", " a "]), "/tags/1", "duplicate"),
        (json!(["e\u{301}", "\u{e9}"]), "/tags/1", "duplicate"),
        (json!(["a\u{0}"]), "/tags/0", "forbidden_character"),
        (json!(["a\u{2066}"]), "/tags/0", "forbidden_character"),
        (json!(["\u{200D}"]), "/tags/0", "blank"),
        (json!(["a", 1]), "/tags/1", "wrong_type"),
        (json!([null]), "/tags/0", "wrong_type"),
    ];
    for (value, pointer, flaw) in tags {
        anna.post(THREADS, with(forum, "tags", value)).await.flawed(pointer, flaw);
    }
    for field in ["forum_id", "title", "body"] {
        let mut body = thread(forum);
        body.as_object_mut().unwrap().remove(field);
        anna.post(THREADS, body).await.flawed(&format!("/{field}"), "missing");
    }
    assert_eq!(app.count("SELECT count(*) FROM threads").await, 0);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn scripts_and_emoji_keep_the_joiners_that_they_need() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let england = "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}";
    for title in ["خانه\u{200C}ها", "क्\u{200D}ष", "👩\u{200D}👩\u{200D}👧", "❤\u{FE0F} 1\u{FE0F}\u{20E3}", england]
    {
        let title = format!("Of {title}");
        let made = anna.post(THREADS, with(forum, "title", json!(title))).await.expect(201);
        assert_eq!(made["thread"]["title"], title);
    }
}

#[actix_web::test]
async fn quotes_that_are_nested_too_deep_are_a_flaw_of_the_body() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let quoted = |depth: usize| {
        let open: String = (0..depth).map(|_| "[quote post=1]\n").collect();
        format!("{open}deep\n{}", "[/quote]\n".repeat(depth))
    };
    anna.post(THREADS, with(forum, "body", json!(quoted(5)))).await.expect(201);
    anna.post(THREADS, with(forum, "body", json!(quoted(6)))).await.flawed("/body", "too_deep");
}

#[actix_web::test]
async fn lengths_are_exact_at_the_limit() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let most = json!({
        "forum_id": forum, "title": format!(" {} ", "e\u{301}".repeat(150)), "body": "😀".repeat(20_000),
        "tags": ["😀".repeat(30), "2", "3", "4", "5"],
    });
    let made = anna.post(THREADS, most).await.expect(201);
    assert_eq!(made["thread"]["title"], "\u{e9}".repeat(150));
    assert_eq!(made["post"]["body"], "😀".repeat(20_000));
    let least = json!({"forum_id": forum, "title": "abc", "body": "a", "tags": [], "kind": null});
    let made = anna.post(THREADS, least).await.expect(201);
    assert_eq!(made["thread"]["kind"], "discussion");
    let none = json!({"forum_id": forum, "title": "日本語", "body": "a", "tags": null});
    let made = anna.post(THREADS, none).await.expect(201);
    assert_eq!((&made["thread"]["tags"], &made["thread"]["slug"]), (&json!([]), &json!("日本語")));
}

#[actix_web::test]
async fn threads_started_at_once_are_all_counted() {
    let app = App::start().await;
    let forum = app.forum("news").await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let people = (0..20).map(|n| if n % 2 == 0 { &anna } else { &ben });
    let made = join_all(people.map(|person| person.post(THREADS, thread(forum)))).await;
    let mut latest: Vec<_> = made
        .into_iter()
        .map(|answer| answer.expect(201)["thread"]["created_at"].as_str().unwrap().to_owned())
        .collect();
    latest.sort();
    let shown = app.guest().get(&format!("/api/v1/forums/{forum}")).await.expect(200);
    assert_eq!((&shown["thread_count"], &shown["post_count"]), (&json!(20), &json!(20)));
    assert_eq!(shown["last_post"]["created_at"], latest[19]);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn replies_threads_and_deletions_at_once_leave_every_counter_exact() {
    let app = App::start().await;
    let forum = app.forum("news").await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let first = anna.start_thread(forum, "Hello", "First").await;
    let second = ben.start_thread(forum, "Hello again", "First").await;
    let mut replies = Vec::new();
    for n in 0..6 {
        replies.push(ben.reply(if n % 2 == 0 { first } else { second }, "Reply").await);
    }
    let acts = (0..24).map(|n| {
        let (anna, moderator, post) = (&anna, &moderator, replies[n % 6]);
        async move {
            let answer = match n % 4 {
                0 => anna.post(&format!("{}/posts", thread_url(first)), json!({"body": "More"})).await,
                1 => anna.post(THREADS, thread(forum)).await,
                2 => moderator.delete(&format!("/api/v1/posts/{post}")).await,
                _ => anna.put(&format!("/api/v1/posts/{post}/like")).await,
            };
            assert!(matches!(answer.status, 200 | 201 | 204 | 404), "{}", answer.json);
        }
    });
    join_all(acts).await;
    app.counters_are_exact().await;
}
