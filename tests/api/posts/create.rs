//! `POST /threads/{thread_id}/posts`.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{App, eventually, who_waits};

fn posts_of(thread: i64) -> String {
    format!("/api/v1/threads/{thread}/posts")
}

#[actix_web::test]
async fn a_reply_takes_the_next_place_and_moves_every_counter() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let answer = ben.post(&posts_of(thread), json!({"body": "  Second  "})).await.expect(201);
    assert_eq!(answer["position"], 2);
    assert_eq!(answer["body"], "  Second  ");
    assert_eq!(answer["author_id"], ben.id);
    assert_eq!(answer.header("location"), format!("/api/v1/posts/{}", answer.id()));
    assert!(answer.header("etag").starts_with("\"1."));
    assert_eq!(app.guest().get(answer.header("location")).await.expect(200).json, answer.json);

    let page = app.guest().get(&posts_of(thread)).await.expect(200);
    assert_eq!(page["thread"]["post_count"], 2);
    assert_eq!(page["thread"]["last_post"]["id"], answer.id());
    assert_eq!(page["forum"]["post_count"], 2);
    assert_eq!(page["forum"]["last_post"]["id"], answer.id());
    assert_eq!(page["members"][ben.id.to_string()]["post_count"], 1);
}

#[actix_web::test]
async fn quotes_mentions_and_emoji_come_as_data_beside_the_body() {
    let app = App::start().await;
    let (anna, smoker) = (app.member("anna").await, app.member("no smoking").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "So be it.").await;
    let first = app.guest().get(&posts_of(thread)).await["posts"][0]["id"].as_i64().unwrap();
    let body = format!("[quote post={first}]\nSo be it.\n[/quote]\n\n@\"No Smoking\" :thumb: well:rofl:");
    let post = smoker.post(&posts_of(thread), json!({"body": body})).await.expect(201);
    let quote = json!({
        "post_id": first, "thread_id": thread, "position": 1, "author_id": anna.id, "excerpt": "So be it.",
        "available": true, "edited_since": false,
    });
    assert_eq!(post["quotes"], json!([quote]));
    assert_eq!(post["mentions"], json!([{"member_id": smoker.id}]));
    assert_eq!(post["emoji"], json!([{"code": "thumb", "unicode": "👍"}, {"code": "rofl", "unicode": "🤣"}]));
    let html = post["html"].as_str().unwrap();
    assert!(html.contains(&format!("<a data-member=\"{}\">@no smoking</a>", smoker.id)), "{html}");
    assert!(html.contains(&format!("<blockquote data-post=\"{first}\">")), "{html}");
    assert_eq!(post["text"], "@no smoking 👍 well🤣");
    assert_eq!(post["body"], body);
}

#[actix_web::test]
async fn a_quote_of_what_is_deleted_hidden_or_never_was_tells_nothing_of_which() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let deleted = anna.reply(thread, "gone").await;
    anna.delete(&format!("/api/v1/posts/{deleted}")).await.expect(204);
    let hidden_thread = anna.start_thread(forum, "Hidden", "hidden").await;
    let hidden = anna.get(&posts_of(hidden_thread)).await["posts"][0]["id"].as_i64().unwrap();
    moderator.delete(&format!("/api/v1/threads/{hidden_thread}")).await.expect(204);
    let never = 9_007_199_254_740_991_i64;
    let body: String = [deleted, hidden, never].map(|id| format!("[quote post={id}]\nx\n[/quote]\n")).concat();
    let post = anna.post(&posts_of(thread), json!({"body": body})).await.expect(201);
    let unavailable = |id: i64| {
        json!({"post_id": id, "thread_id": null, "position": null, "author_id": null, "excerpt": "x",
            "available": false, "edited_since": null})
    };
    assert_eq!(post["quotes"], json!([unavailable(deleted), unavailable(hidden), unavailable(never)]));
}

#[actix_web::test]
async fn a_quote_knows_that_its_post_was_edited_since() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "Frist").await;
    let first = app.guest().get(&posts_of(thread)).await["posts"][0]["id"].as_i64().unwrap();
    anna.reply(thread, &format!("[quote post={first}]\nFrist\n[/quote]\nHm.")).await;
    anna.patch(&format!("/api/v1/posts/{first}"), 1, json!({"body": "First"})).await.expect(200);
    let page = app.guest().get(&posts_of(thread)).await;
    assert_eq!(page["posts"][1]["quotes"][0]["edited_since"], true);
    assert_eq!(page["posts"][1]["quotes"][0]["excerpt"], "Frist");
}

#[actix_web::test]
async fn fifty_replies_at_once_leave_no_gap_and_no_double() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = posts_of(thread);
    let answers = join_all((0..50).map(|n| anna.post(&path, json!({"body": format!("reply {n}")})))).await;
    let mut positions: Vec<i64> = answers.into_iter().map(|a| a.expect(201)["position"].as_i64().unwrap()).collect();
    positions.sort_unstable();
    assert_eq!(positions, (2..=51).collect::<Vec<_>>());
    let page = app.guest().get(&format!("{path}?per_page=100")).await;
    assert_eq!(page["thread"]["post_count"], 51);
    assert_eq!(page["thread"]["last_post"]["position"], 51);
    assert_eq!(page["forum"]["post_count"], 51);
    assert_eq!(page["members"][anna.id.to_string()]["post_count"], 51);
}

#[actix_web::test]
async fn replies_to_many_threads_at_once_settle_the_forums_last_post() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let mut threads = Vec::new();
    for n in 0..10 {
        threads.push(anna.start_thread(forum, &format!("Thread {n}"), "First").await);
    }
    let paths: Vec<_> = threads.iter().cycle().take(40).map(|thread| posts_of(*thread)).collect();
    join_all(paths.iter().map(|path| anna.post(path, json!({"body": "reply"})))).await;
    let latest = app.guest().get("/api/v1/threads?limit=1").await["items"][0]["last_post"]["id"].clone();
    let shown = app.guest().get(&format!("/api/v1/forums/{forum}")).await;
    assert_eq!(shown["last_post"]["id"], latest);
    assert_eq!(shown["post_count"], 50);
}

#[actix_web::test]
async fn who_may_not_reply_is_told_why() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = posts_of(thread);
    let hello = || json!({"body": "hello"});
    let refused = app.guest().post(&path, hello()).await.refused(401, "not_signed_in");
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"folkmoot\"");
    anna.with_token("rubbish").post(&path, hello()).await.refused(401, "invalid_token");
    for nothing in
        ["abc", "0", "-1", "007", "999999", "9223372036854775808", "10000000000000000000000000000000000000000"]
    {
        anna.post(&format!("/api/v1/threads/{nothing}/posts"), hello()).await.refused(404, "not_found");
    }
    moderator.put(&format!("/api/v1/threads/{thread}/lock")).await.expect(200);
    anna.post(&path, hello()).await.refused(403, "thread_locked");
    moderator.post(&path, hello()).await.expect(201);
    moderator.delete(&format!("/api/v1/threads/{thread}")).await.expect(204);
    anna.post(&path, hello()).await.refused(404, "not_found");
    moderator.post(&path, hello()).await.refused(409, "thread_deleted");
}

#[actix_web::test]
async fn a_body_is_exact_at_its_limits() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let path = posts_of(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    // Counted after composing: e and an accent are one.
    anna.post(&path, json!({"body": "e\u{301}".repeat(20_000)})).await.expect(201);
    anna.post(&path, json!({"body": "a".repeat(20_001)})).await.flawed("/body", "too_long");
    for blank in ["", " \n\t ", "\u{3000}"] {
        anna.post(&path, json!({"body": blank})).await.flawed("/body", "blank");
    }
    anna.post(&path, json!({"body": "nul\u{0}"})).await.flawed("/body", "forbidden_character");
    anna.post(&path, json!({})).await.flawed("/body", "missing");
    anna.post(&path, json!({"body": 7})).await.flawed("/body", "wrong_type");
    anna.post(&path, json!({"body": null})).await.flawed("/body", "wrong_type");
    let deep = format!("{}x{}", "[quote post=1]\n".repeat(6), "\n[/quote]".repeat(6));
    anna.post(&path, json!({"body": deep})).await.flawed("/body", "too_deep");
    anna.post(&posts_of(999), json!({"body": deep})).await.flawed("/body", "too_deep");
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 2);
}

#[actix_web::test]
async fn nobody_sets_through_a_body_what_it_does_not_take() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let path = posts_of(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    for field in ["id", "author_id", "position", "like_count", "created_at", "deleted", "version", "html", "thread_id"]
    {
        let mut body = json!({"body": "hello"});
        body[field] = Value::from(7);
        anna.post(&path, body).await.flawed(&format!("/{field}"), "unknown_field");
    }
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 1);
}

#[actix_web::test]
async fn a_reply_that_was_written_is_told_so_though_its_thread_is_deleted_right_after() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let (author, deletion) = (app.sql().await, app.sql().await);
    // The lock of a counter, not of a revocation: the reply comes as far as its author's counts.
    author.batch_execute("BEGIN; SELECT FROM members FOR NO KEY UPDATE").await.unwrap();
    let interfere = async {
        // The reply has written its post and waits for its author; the deletion waits for the reply, and then is first.
        who_waits(&author).await;
        let delete = deletion.batch_execute("BEGIN; LOCK TABLE posts; UPDATE threads SET deleted_at = now(); COMMIT");
        let release = async {
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'posts'::regclass";
            eventually(async || app.count(waiting).await == 1).await;
            author.batch_execute("ROLLBACK").await.unwrap();
        };
        join(delete, release).await.0.unwrap();
    };
    let path = posts_of(thread);
    let (answer, ()) = join(anna.post(&path, json!({"body": "one"})), interfere).await;
    assert_eq!(answer.expect(201)["body"], "one");
    anna.get(&path).await.refused(404, "not_found");
}

/// Has each statement that changes threads wait, once it knows what there is, until this client lets it go on: they are numbered
/// as they come, and these are held.
struct Steps {
    client: tokio_postgres::Client,
    pid: i32,
}

impl Steps {
    async fn hold(numbers: &[i32], app: &App) -> Self {
        let client = app.sql().await;
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        for number in numbers {
            client.query("SELECT pg_advisory_lock($1, $2)", &[&pid, number]).await.unwrap();
        }
        let triggers = format!(
            "CREATE SEQUENCE steps;
            CREATE FUNCTION step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF pg_backend_pid() <> {pid} THEN
                    PERFORM pg_advisory_xact_lock({pid}, nextval('steps')::integer);
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER steps BEFORE UPDATE ON threads FOR EACH STATEMENT EXECUTE FUNCTION step();"
        );
        client.batch_execute(&triggers).await.unwrap();
        Self { client, pid }
    }

    async fn lock_threads(&self, locked: bool) {
        self.client.execute("UPDATE threads SET locked = $1", &[&locked]).await.unwrap();
    }

    /// When this one is reached, locks or opens the threads, and lets it go on.
    async fn at(&self, number: i32, locked: bool) {
        who_waits(&self.client).await;
        self.lock_threads(locked).await;
        self.client.query("SELECT pg_advisory_unlock($1, $2)", &[&self.pid, &number]).await.unwrap();
    }
}

#[actix_web::test]
async fn a_reply_to_a_thread_that_is_opened_and_locked_again_meanwhile_is_told_that_it_is_locked() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let path = posts_of(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let steps = Steps::hold(&[1, 2], &app).await;
    steps.lock_threads(true).await;
    let others = async {
        steps.at(1, false).await;
        steps.at(2, true).await;
    };
    let (answer, ()) = join(anna.post(&path, json!({"body": "hello"})), others).await;
    answer.refused(403, "thread_locked");
}

#[actix_web::test]
async fn a_reply_to_a_thread_that_is_opened_meanwhile_is_written() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let path = posts_of(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let steps = Steps::hold(&[1], &app).await;
    steps.lock_threads(true).await;
    let (answer, ()) = join(anna.post(&path, json!({"body": "hello"})), steps.at(1, false)).await;
    assert_eq!(answer.expect(201)["position"], 2);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn a_page_says_of_every_thread_and_reader_whether_a_reply_is_taken() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let path = posts_of(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let callers = [anna, app.member("ben").await, app.moderator("mod").await, app.admin("ada").await];
    let sql = app.sql().await;
    for (locked, deleted_at) in [("false", "NULL"), ("true", "NULL"), ("false", "now()"), ("true", "now()")] {
        let state = format!("locked = {locked}, deleted_at = {deleted_at}");
        sql.batch_execute(&format!("UPDATE threads SET {state}, page_version = page_version + 1")).await.unwrap();
        for caller in &callers {
            let (page, reply) = (caller.get(&path).await, caller.post(&path, json!({"body": "hello"})).await);
            let told = (reply.status == 201, reply["code"].as_str());
            let expected = match page.status {
                200 => (page["viewer"]["can"]["reply"] == true, page["viewer"]["why"]["reply"].as_str()),
                _ => (false, page["code"].as_str()),
            };
            assert_eq!(told, expected, "member {} where {state}", caller.id);
        }
    }
    // The first post, a reply of each, and those of moderators while it was locked.
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 1 + 4 + 2);
}

#[actix_web::test]
async fn a_body_has_at_most_twenty_quotes_wherever_it_is_sent() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let path = posts_of(anna.start_thread(forum, "Hello", "First").await);
    let quotes = |count: usize| "[quote post=1]x[/quote]\n".repeat(count);
    let post = anna.post(&path, json!({"body": quotes(20)})).await.expect(201);
    assert_eq!(post["quotes"].as_array().unwrap().len(), 20);
    let nested = "[quote post=1]\n[quote post=1]x[/quote]\n[/quote]\n".repeat(11);
    for body in [quotes(21), nested] {
        let thread = json!({"forum_id": forum, "title": "Hello", "body": body});
        anna.post(&path, json!({"body": body})).await.flawed("/body", "too_long");
        anna.post("/api/v1/threads", thread).await.flawed("/body", "too_long");
        let url = format!("/api/v1/posts/{}", post.id());
        anna.patch(&url, 1, json!({"body": body})).await.flawed("/body", "too_long");
    }
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 2);
}

#[actix_web::test]
async fn a_body_whose_html_would_be_too_large_is_shown_as_text_and_has_nothing_in_it() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let start = "[quote post=1]\n@anna :rofl: <b>\n[/quote]\n\n";
    let body = format!("{start}[a]: b\n\n{}", "[a] ".repeat(2_000));
    let made = anna.post(&posts_of(thread), json!({"body": body})).await.expect(201);
    let page = app.guest().get(&posts_of(thread)).await.expect(200);
    let read = app.guest().get(&format!("/api/v1/posts/{}", made.id())).await.expect(200);
    for post in [&made.json, &read.json, &page["posts"][1]] {
        let html = post["html"].as_str().unwrap();
        assert!(html.len() <= 8 * body.len() + 4096, "{}", html.len());
        assert!(
            html.starts_with("<p>[quote post=1]\n@anna :rofl: &lt;b&gt;\n[/quote]</p>\n<p>[a]: b</p>\n<p>[a] [a] "),
            "{html}"
        );
        assert_eq!((&post["quotes"], &post["mentions"], &post["emoji"]), (&json!([]), &json!([]), &json!([])));
        assert_eq!(post["body"], body);
    }
    assert_eq!(app.count("SELECT count(*) FROM quotes").await, 0);
    // An edit that lets it be small enough gives all of it back.
    let url = format!("/api/v1/posts/{}", made.id());
    let edited = anna.patch(&url, 1, json!({"body": start})).await.expect(200);
    assert_eq!(edited["mentions"], json!([{"member_id": anna.id}]));
    assert_eq!((edited["quotes"].as_array().unwrap().len(), edited["emoji"].as_array().unwrap().len()), (1, 1));
    let before = app.guest().get(&format!("{url}/revisions/1")).await.expect(200);
    assert_eq!(before["html"], made["html"]);
}
