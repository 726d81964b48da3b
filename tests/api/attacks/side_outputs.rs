//! Outputs beside the text: header fields, entity tags, cursors, numbers of statements. None of them depends on a row that the reader
//! may not see.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use folkmoot::clock::Clock;
use serde_json::{Value, json};

use super::acts::{Act, acts};
use super::world::{Target, World};
use crate::support::{Answer, App, CACHE, Person, eventually};

/// A whole response without its date, and how many statements it took. Requests of one id are told the same one.
type Told = (u16, Vec<(String, String)>, String, u64);

async fn told(person: &Person, path: &str) -> Told {
    let mut answer = None;
    let ask = async { answer = Some(person.ask("GET", path, &[("X-Request-Id", "one")], None).await) };
    let statements = person.app.statements(ask).await;
    let Answer { status, headers, bytes, .. } = answer.unwrap();
    let mut fields: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    fields.retain(|(name, _)| name != "date");
    fields.sort();
    (status, fields, String::from_utf8(bytes).unwrap(), statements)
}

/// A post and its thread that come to be, are deleted and hidden, and what may be seen beside them.
struct Scene {
    app: App,
    /// Wrote the post, and nothing else.
    ghost: Person,
    /// Started the post's thread.
    olga: Person,
    /// Quotes the post.
    boris: Person,
    mia: Person,
    /// Where the post is, and nothing else.
    forum: i64,
    /// A thread elsewhere, and its post with the quote.
    other_thread: i64,
    quoting: i64,
    /// The ids that the thread, its first post and the post have, once they are there.
    thread: i64,
    first: i64,
    post: i64,
}

impl Scene {
    /// With a cache of so many bytes. The clock stands still.
    async fn set(cache: u64) -> Self {
        let app = App::start_with(|setup| (setup.cache, setup.clock) = (cache, Clock::still())).await;
        eventually(async || app.shared.state.store.changes.is_sure()).await;
        let (ghost, olga) = (app.member("Ghost").await, app.member("Olga").await);
        let (boris, mia) = (app.member("Boris").await, app.moderator("Mia").await);
        let (forum, elsewhere) = (app.forum("hidden").await, app.forum("open").await);
        let other_thread = boris.start_thread(elsewhere, "What is quoted", "First").await;
        let last = app.count("SELECT max(id) FROM posts").await;
        let (first, post) = (last + 2, last + 3);
        let body = format!("[quote post={post}]one[/quote]\n\n[quote post={first}]two[/quote]\n\nSo it is.");
        let quoting = boris.reply(other_thread, &body).await;
        let thread = other_thread + 1;
        Self { app, ghost, olga, boris, mia, forum, other_thread, quoting, thread, first, post }
    }

    async fn write(&self) {
        let thread = self.olga.start_thread(self.forum, "It comes and goes", "First").await;
        let post = self.ghost.reply(thread, "It was here").await;
        let first = self.app.count(&format!("SELECT min(id) FROM posts WHERE thread_id = {thread}")).await;
        assert_eq!((thread, first, post), (self.thread, self.first, self.post));
    }

    fn post_path(&self, more: &str) -> String {
        format!("/api/v1/posts/{}{more}", self.post)
    }

    fn thread_path(&self, more: &str) -> String {
        format!("/api/v1/threads/{}{more}", self.thread)
    }

    /// Reads that name the post, by the document; the thread is not named by them.
    fn of_post(&self) -> Vec<String> {
        let named = acts().into_iter().filter(|act| act.method == "GET").flat_map(|act| {
            let by_path = act.parameters().contains(&"post_id").then(|| self.path(&act, self.other_thread));
            let by_query = act.query.iter().filter_map(|(name, _)| {
                let ids = match name.as_str() {
                    "ids" => format!("{},{}", self.quoting, self.post),
                    "around" => self.post.to_string(),
                    _ => return None,
                };
                Some(format!("{}?{name}={ids}", self.path(&act, self.other_thread)))
            });
            by_path.into_iter().chain(by_query).collect::<Vec<_>>()
        });
        let quoting = [
            format!("/api/v1/posts/{}", self.quoting),
            format!("/api/v1/posts/{}/revisions/1", self.quoting),
            format!("/api/v1/threads/{}", self.other_thread),
            format!("/api/v1/threads/{}/posts", self.other_thread),
            format!("/api/v1/threads/{}/posts?around={}", self.other_thread, self.quoting),
            format!("/api/v1/members/{}/posts", self.boris.id),
            format!("/api/v1/members/{}/likes", self.boris.id),
            format!("/api/v1/members/{}/posts", self.ghost.id),
        ];
        named.chain(quoting).collect()
    }

    /// Reads that name the thread, its forum, or who wrote in it, by the document.
    fn of_thread(&self) -> Vec<String> {
        let named = acts().into_iter().filter(|act| act.method == "GET").flat_map(|act| {
            // Deleted threads keep counting in a member's card.
            let is_card = ["read_member", "read_member_by_username"].contains(&act.name.as_str());
            let names = ["thread_id", "forum_id", "member_id"];
            let by_path = act.parameters().iter().any(|name| names.contains(name)) && !is_card;
            let by_path = by_path.then(|| self.path(&act, self.thread));
            let by_query = act.query.iter().filter_map(|(name, _)| {
                let id = match name.as_str() {
                    "forum" => self.forum,
                    "author" => self.olga.id,
                    "around" => self.post,
                    // Not a name of anything; each new parameter is told here apart.
                    "ids" | "page" | "per_page" | "kind" | "tag" | "since" | "sort" | "limit" | "cursor" | "q" => {
                        return None;
                    }
                    unknown => panic!("say here what ?{unknown}= names"),
                };
                Some(format!("{}?{name}={id}", self.path(&act, self.thread)))
            });
            by_path.into_iter().chain(by_query).collect::<Vec<_>>()
        });
        named.collect()
    }

    fn path(&self, act: &Act, thread: i64) -> String {
        act.path(|name| match name {
            "post_id" => self.post.to_string(),
            "thread_id" => thread.to_string(),
            "forum_id" => self.forum.to_string(),
            "member_id" => self.ghost.id.to_string(),
            "number" => "1".into(),
            unknown => panic!("say here what stands for {{{unknown}}}"),
        })
    }

    async fn told(&self, people: &[Person], paths: &[String]) -> Vec<(String, Told)> {
        let mut all = Vec::new();
        for (n, person) in people.iter().enumerate() {
            // Responses that were cached before are too old now; the session cache knows the caller from here on.
            self.app.clock.advance(chrono::Duration::seconds(10));
            person.get("/api/v1/forums").await.expect(200);
            for path in paths {
                // The second time from the cache, if it is kept.
                all.push((format!("{path} as the {n}th"), told(person, path).await));
                all.push((format!("{path} as the {n}th, again"), told(person, path).await));
            }
        }
        all
    }
}

#[track_caller]
fn alike(now: &[(String, Told)], never: &[(String, Told)], state: &str) {
    let differ: Vec<_> = now.iter().zip(never).filter(|(now, never)| now != never).collect();
    assert!(differ.is_empty(), "{state}: {} answers tell it: {:#?}", differ.len(), differ[0]);
}

#[actix_web::test]
async fn no_answer_and_no_cost_tells_what_is_deleted_or_hidden_from_what_never_was() {
    no_answer_tells(Scene::set(0).await).await;
}

#[actix_web::test]
async fn no_answer_from_the_cache_and_no_cost_of_it_tells_that_either() {
    no_answer_tells(Scene::set(CACHE).await).await;
}

async fn no_answer_tells(scene: Scene) {
    let Scene { app, ghost, olga, boris, mia, .. } = &scene;
    let people = [app.guest(), boris.clone(), app.member("Carl").await];
    let (of_post, of_thread) = (scene.of_post(), scene.of_thread());
    assert!(of_post.len() >= 14 && of_thread.len() >= 9, "{of_post:?} {of_thread:?}");
    let never = scene.told(&people, &of_post).await;
    let never_was = scene.told(&people, &of_thread).await;
    // The author's own total grows on every page, so the author asks for the post alone.
    let alone: Vec<_> = of_post.iter().filter(|path| path.starts_with(&scene.post_path(""))).cloned().collect();
    let writers = [ghost.clone(), olga.clone(), app.guest()];
    let never_alone = scene.told(&writers, &alone).await;
    scene.write().await;
    boris.put(&scene.post_path("/like")).await.expect(200);
    let there = scene.told(&people, &of_post).await;
    let told = there.iter().zip(&never).filter(|(there, never)| there != never).count();
    assert!(told > people.len() * 18, "only {told} answers of {} tell it while it is there", there.len());
    ghost.delete(&scene.post_path("")).await.expect(204);
    // The thread's first post is quoted too, and can be seen still.
    alike(&scene.told(&writers, &alone).await, &never_alone, "deleted");
    mia.delete(&scene.thread_path("")).await.expect(204);
    alike(&scene.told(&writers, &alone).await, &never_alone, "deleted, in a deleted thread");
    alike(&scene.told(&people, &of_post).await, &never, "deleted, in a deleted thread");
    alike(&scene.told(&people, &of_thread).await, &never_was, "a deleted thread");
    mia.act(&scene.post_path("/restore")).await.expect(200);
    alike(&scene.told(&people, &of_post).await, &never, "in a deleted thread");
    mia.patch(&scene.post_path(""), 1, json!({"body": "Edited", "reason": "out of sight"})).await.expect(200);
    mia.patch(&format!("/api/v1/posts/{}", scene.first), 1, json!({"body": "Edited too"})).await.expect(200);
    mia.patch(&scene.thread_path(""), 1, json!({"title": "Renamed out of sight"})).await.expect(200);
    alike(&scene.told(&people, &of_post).await, &never, "edited in a deleted thread");
    mia.delete(&scene.post_path("?reason=again")).await.expect(204);
    alike(&scene.told(&people, &of_post).await, &never, "deleted in a deleted thread");
    alike(&scene.told(&people, &of_thread).await, &never_was, "a deleted thread that was edited");
}

#[actix_web::test]
async fn a_page_that_quotes_is_the_same_whether_a_post_was_deleted_hidden_or_never_there() {
    let scene = Scene::set(0).await;
    let Scene { app, ghost, boris, mia, .. } = &scene;
    // The body quotes the post alone, whose thread can be seen.
    let body = json!({"body": format!("[quote post={}]one[/quote]", scene.post)});
    boris.patch(&format!("/api/v1/posts/{}", scene.quoting), 1, body).await.expect(200);
    let page = format!("/api/v1/threads/{}/posts", scene.other_thread);
    let paths = [
        page,
        format!("/api/v1/posts/{}", scene.quoting),
        format!("/api/v1/posts?ids={},{}", scene.quoting, scene.post),
        format!("/api/v1/members/{}/posts", boris.id),
    ];
    let people = [app.guest(), app.member("Carl").await];
    let never = scene.told(&people, &paths).await;
    scene.write().await;
    let there = scene.told(&people, &paths).await;
    assert!(there.iter().zip(&never).all(|(there, never)| there != never));
    ghost.delete(&scene.post_path("")).await.expect(204);
    alike(&scene.told(&people, &paths).await, &never, "deleted");
    mia.act(&scene.post_path("/restore")).await.expect(200);
    mia.patch(&scene.post_path(""), 1, json!({"body": "Edited"})).await.expect(200);
    mia.delete(&scene.post_path("")).await.expect(204);
    alike(&scene.told(&people, &paths).await, &never, "deleted again, after an edit");
    mia.delete(&scene.thread_path("")).await.expect(204);
    alike(&scene.told(&people, &paths).await, &never, "in a deleted thread");
    // To a moderator no deleted post is available either, one of a deleted thread is.
    let of_moderator = scene.told(std::slice::from_ref(mia), &paths[..2]).await;
    mia.act(&scene.post_path("/restore")).await.expect(200);
    assert_ne!(scene.told(std::slice::from_ref(mia), &paths[..2]).await, of_moderator);
    alike(&scene.told(&people, &paths).await, &never, "in a deleted thread, restored");
}

#[actix_web::test]
async fn writing_a_quote_tells_nothing_of_the_post_that_is_quoted() {
    let scene = Scene::set(0).await;
    let quote = async || {
        let (mut answer, path) = (None, format!("/api/v1/threads/{}/posts", scene.other_thread));
        let body = json!({"body": format!("[quote post={}]one[/quote]", scene.post)});
        let write = scene.boris.post(&path, body);
        let statements = scene.app.statements(async { answer = Some(write.await.expect(201)) }).await;
        let answer = answer.unwrap();
        (answer["quotes"].clone(), answer["html"].clone(), statements)
    };
    // The sequence of posts goes on behind the ids that are awaited.
    let sql = format!("SELECT setval('posts_id_seq', {})", scene.post + 10);
    scene.app.sql().await.batch_execute(&sql).await.unwrap();
    let never = quote().await;
    let last = scene.app.count("SELECT last_value FROM posts_id_seq").await;
    scene.app.sql().await.batch_execute(&format!("SELECT setval('posts_id_seq', {})", scene.first - 1)).await.unwrap();
    scene.write().await;
    scene.app.sql().await.batch_execute(&format!("SELECT setval('posts_id_seq', {last})")).await.unwrap();
    assert_ne!(quote().await.0, never.0);
    scene.ghost.delete(&scene.post_path("")).await.expect(204);
    assert_eq!(quote().await, never);
    scene.mia.delete(&scene.thread_path("")).await.expect(204);
    assert_eq!(quote().await, never);
}

/// Whether an item shows a value of its list's cursor: a number, a time in microseconds, or a name in its folded form.
fn shows(item: &Value, value: &Value) -> bool {
    match item {
        Value::Object(fields) => fields.values().any(|field| shows(field, value)),
        Value::Array(items) => items.iter().any(|item| shows(item, value)),
        Value::Number(_) => item == value,
        Value::String(text) => {
            let micros = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.timestamp_micros());
            micros.is_ok_and(|micros| *value == json!(micros)) || value.as_str() == Some(&text.to_lowercase())
        }
        _ => false,
    }
}

#[actix_web::test]
async fn a_cursor_holds_nothing_that_the_last_item_does_not_show() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let (owner, mia) = (&world.owner, app.moderator("Mia").await);
    owner.start_thread(world.forum, "One more thread", "One more").await;
    owner.patch(&format!("/api/v1/posts/{}", world.post), 1, json!({"body": "Edited"})).await.expect(200);
    for _ in 0..2 {
        let post = mia.reply(world.thread, "To be liked").await;
        owner.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
        app.member(&format!("Fan {post}")).await.put(&format!("/api/v1/posts/{}/like", world.post)).await.expect(200);
    }
    owner.personal_token(&["read"]).await;
    let session = "INSERT INTO sessions (member_id, scopes, created_at, last_used_at, expires_at) \
                   SELECT member_id, scopes, created_at, last_used_at, expires_at FROM sessions";
    app.sql().await.batch_execute(session).await.unwrap();
    let (mut read, has) = (Vec::new(), |act: &Act, name: &str| act.query.iter().any(|(query, _)| query == name));
    for act in acts().into_iter().filter(|act| has(act, "cursor")) {
        let path = world.path(&act, Target::Theirs);
        let sorts: &[&str] = match act.name.as_str() {
            "list_threads" => &["latest_reply", "newest", "most_replies", "most_likes", "most_views"],
            "list_members" => &["joined", "posts", "likes", "username"],
            _ => &[""],
        };
        for sort in sorts {
            let sorted = if sort.is_empty() { String::new() } else { format!("&sort={sort}") };
            let list = owner.get(&format!("{path}?limit=1{sorted}")).await.expect(200);
            let cursor = list["next"].as_str().unwrap_or_else(|| panic!("{}: {sort}: {}", act.name, list.json));
            let (_, key): (String, Value) =
                serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
            let key = key.as_array().cloned().unwrap_or_else(|| vec![key]);
            let hidden: Vec<_> = key.iter().filter(|value| !shows(&list["items"][0], value)).collect();
            assert!(hidden.is_empty(), "{} {sort}: {hidden:?} of {key:?} is not in {}", act.name, list["items"][0]);
            read.push(act.name.clone());
        }
    }
    assert!(read.len() >= 15, "{read:?}");
}

#[actix_web::test]
async fn entity_tags_of_rows_are_made_with_the_secret_and_are_the_same_on_every_node() {
    let tags = async |app: &App| {
        let mut tags = Vec::new();
        for path in ["/api/v1/forums/1", "/api/v1/threads/1"] {
            tags.push(app.guest().get(path).await.expect(200).header("etag").to_owned());
        }
        tags
    };
    // Equal rows in databases of their own: neither tag is made of times.
    let with = async |secret: &'static str| {
        let app = App::start_with(|setup| setup.secret = secret).await;
        let boris = app.member("Boris").await;
        boris.start_thread(app.forum("open").await, "Hello", "First").await;
        app.forum("empty").await;
        app.sql().await.batch_execute("UPDATE forums SET last_thread_id = NULL, last_post_at = NULL").await.unwrap();
        app
    };
    let (one, two) = ("the secret of one forum, of thirty-two or more", "the secret of another, of thirty-two or more");
    let app = with(one).await;
    let known = tags(&app).await;
    assert_eq!(tags(&app.another_node_with(|setup| setup.secret = one).await).await, known);
    assert_eq!(tags(&with(one).await).await, known);
    for (other, known) in tags(&with(two).await).await.iter().zip(&known) {
        assert_ne!(other, known);
    }
}
