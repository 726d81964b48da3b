//! How much is kept, and how often it is read.

use std::collections::BTreeMap;
use std::io::Read;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{App, CACHE, eventually};

/// A thread with a page that is worth keeping.
async fn thread(app: &App) -> String {
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let thread = anna.start_thread(forum, "A title", &"Some words. ".repeat(100)).await;
    format!("/api/v1/threads/{thread}/posts")
}

#[actix_web::test]
async fn guests_who_ask_for_the_same_page_at_once_have_it_read_once() {
    let app = App::start().await;
    let page = thread(&app).await;
    let one = app.statements(app.guest().get(&page)).await;
    app.clock.advance(chrono::Duration::seconds(5));
    let many = app.statements(join_all((0..20).map(|_| async { app.guest().get(&page).await.expect(200) }))).await;
    // A reading is joined for half a second at most: on a busy machine there may be another.
    assert!(many <= 2 * one, "{many} statements, {one} for one");
}

#[actix_web::test]
async fn guests_who_ask_for_the_same_posts_at_once_have_them_read_once() {
    let app = App::start().await;
    thread(&app).await;
    let (post, author) = (app.count("SELECT id FROM posts").await, app.count("SELECT author_id FROM posts").await);
    for list in [format!("/api/v1/posts?ids={post}"), format!("/api/v1/members/{author}/posts")] {
        app.clock.advance(chrono::Duration::seconds(5));
        let one = app.statements(app.guest().get(&list)).await;
        app.clock.advance(chrono::Duration::seconds(5));
        let many = app.statements(join_all((0..20).map(|_| async { app.guest().get(&list).await.expect(200) }))).await;
        assert!(many <= 2 * one, "{list}: {many} statements, {one} for one");
    }
}

#[actix_web::test]
async fn differently_spelled_queries_have_one_entry() {
    let app = App::start().await;
    let page = thread(&app).await;
    let anna = app.count("SELECT author_id FROM posts").await;
    let post = app.count("SELECT id FROM posts").await;
    let (posts, others) = (format!("/api/v1/posts/{post}"), format!("/api/v1/members/{anna}/posts"));
    let spellings: [(&str, &[&str]); 5] = [
        (&page, &["", "?", "?page=1", "?per_page=20&page=1", "?page=%31", "?p%61ge=1&per_page=20", "?page=1&"]),
        ("/api/v1/threads", &["", "?sort=latest_reply", "?limit=20", "?limit=%320&sort=latest%5Freply"]),
        ("/api/v1/posts", &["?ids=1,2", "?ids=1%2C2", "?ids=1,2,1", "?%69ds=1,2"]),
        (&others, &["", "?limit=20", "?lim%69t=20"]),
        (&posts, &["", "?"]),
    ];
    for (path, queries) in spellings {
        app.clock.advance(chrono::Duration::seconds(5));
        let before = app.shared.state.store.size().0;
        let mut etags = Vec::new();
        for query in queries {
            let answer = app.guest().get(&format!("{path}{query}")).await.expect(200);
            etags.push(answer.header("etag").to_owned());
        }
        assert!(etags.iter().all(|etag| *etag == etags[0]), "{path}: {etags:?}");
        assert!(app.shared.state.store.size().0 <= before + 1, "{path}");
    }
    // Other parameters are other answers.
    let before = app.shared.state.store.size().0;
    app.guest().get(&format!("{page}?per_page=21")).await.expect(200);
    app.guest().get(&format!("{page}?around={post}")).await.expect(200);
    assert_eq!(app.shared.state.store.size().0, before + 2);
}

#[actix_web::test]
async fn the_link_of_a_list_is_canonical_however_it_is_asked_for() {
    let app = App::start().await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    for n in 0..3 {
        anna.start_thread(forum, &format!("Title {n}"), "A post.").await;
    }
    for (spelled, canonical) in [
        (format!("/api/v1/threads?lim%69t=1&forum={forum}"), format!("/api/v1/threads?forum={forum}&limit=1")),
        (format!("/api/v1/members/{}/posts?%6Cimit=1", anna.id), format!("/api/v1/members/{}/posts?limit=1", anna.id)),
    ] {
        let list = app.guest().get(&spelled).await.expect(200);
        let next = list["next"].as_str().unwrap();
        assert_eq!(list.header("link"), format!("<{canonical}&cursor={next}>; rel=\"next\""));
        app.until_kept(&canonical).await;
        let next = format!("{canonical}&cursor={next}");
        app.guest().get(&next).await.expect(200);
        app.until_kept(&next).await;
    }
}

#[actix_web::test]
async fn a_page_that_is_kept_costs_guests_no_statement_and_members_one() {
    let app = App::start().await;
    let page = thread(&app).await;
    let rita = app.member("rita").await;
    app.until_kept(&page).await;
    rita.get(&page).await.expect(200);
    assert_eq!(app.statements(rita.get(&page)).await, 1);
    let etag = app.guest().get(&page).await.header("etag").to_owned();
    let unchanged = async { app.guest().ask("GET", &page, &[("If-None-Match", &etag)], None).await.expect(304) };
    assert_eq!(app.statements(unchanged).await, 0);
}

#[actix_web::test]
async fn members_who_find_a_page_old_at_once_have_it_read_once() {
    const READERS: u64 = 30;
    // A thread of its own for each of both: what they find they find at the same time.
    let app = App::start_with(|setup| (setup.workers, setup.pool.connections) = (2, 40)).await;
    let page = thread(&app).await;
    let mut readers = Vec::new();
    for n in 0..READERS {
        readers.push(app.member(&format!("reader {n}")).await);
    }
    let of_a_read = app.statements(app.guest().get(&page)).await;
    let all = async || join_all(readers.iter().map(|reader| async { reader.get(&page).await.expect(200) })).await;
    all().await;
    for n in 0..5 {
        // As another node would write it, before this one hears of it.
        let sql = "UPDATE threads SET title = $1, page_version = page_version + 1";
        let title = format!("Another {n}");
        app.sql().await.execute(sql, &[&title]).await.unwrap();
        let read = app.statements(async {
            for answer in all().await {
                assert_eq!(answer["thread"]["title"], title.as_str());
            }
        });
        // Twice its own part for each; and the page, once by each of those who were the first to find it.
        let (read, most) = (read.await, 2 * READERS + 2 * of_a_read);
        assert!(read <= most, "{read} statements, {most} at most");
    }
}

#[actix_web::test]
async fn cards_beside_posts_are_five_seconds_old_at_most() {
    let app = App::start().await;
    let page = thread(&app).await;
    app.guest().get(&page).await.expect(200);
    app.sql().await.execute("UPDATE members SET custom_title = 'STABLE GENIUS'", &[]).await.unwrap();
    app.clock.advance(chrono::Duration::seconds(5));
    let members = app.guest().get(&page).await["members"].clone();
    assert!(members.as_object().unwrap().values().all(|card| card["custom_title"] == "STABLE GENIUS"), "{members}");
}

#[actix_web::test]
async fn no_more_is_kept_than_fits() {
    let app = App::start().await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let body = "Some words. ".repeat(1_600);
    let thread = anna.start_thread(forum, "A title", &body).await;
    // Each size of a page is another answer.
    for per_page in 1..=100 {
        app.guest().get(&format!("/api/v1/threads/{thread}/posts?per_page={per_page}")).await.expect(200);
    }
    let (kept, bytes) = app.shared.state.store.size();
    assert!(kept > 1 && kept < 100, "{kept} pages");
    assert!(bytes <= CACHE, "{bytes} bytes");
}

#[actix_web::test]
async fn a_page_that_does_not_exist_is_not_kept() {
    let app = App::start().await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let next = anna.start_thread(forum, "A title", "A post.").await + 1;
    let page = format!("/api/v1/threads/{next}/posts");
    app.guest().get(&page).await.expect(404);
    let thread = anna.post("/api/v1/threads", json!({"forum_id": forum, "title": "Next", "body": "A post."})).await;
    assert_eq!(thread.expect(201)["thread"]["id"], next);
    app.guest().get(&page).await.expect(200);
}

/// The bytes of a page in a coding, unpacked.
async fn unpacked(app: &App, page: &str, coding: &str) -> Vec<u8> {
    let answer = app.http.get(format!("{}{page}", app.url)).header("Accept-Encoding", coding).send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], coding);
    let (packed, mut plain) = (answer.bytes().await.unwrap(), Vec::new());
    match coding {
        "gzip" => flate2::read::GzDecoder::new(&*packed).read_to_end(&mut plain).unwrap(),
        "br" => brotli::Decompressor::new(&*packed, 4096).read_to_end(&mut plain).unwrap(),
        _ => zstd::stream::read::Decoder::new(&*packed).unwrap().read_to_end(&mut plain).unwrap(),
    };
    plain
}

#[actix_web::test]
async fn a_page_is_the_same_in_each_coding_however_often_it_is_asked_for() {
    let app = App::start().await;
    let page = thread(&app).await;
    let plain = app.http.get(format!("{}{page}", app.url)).send().await.unwrap().bytes().await.unwrap();
    for coding in ["gzip", "br", "zstd"] {
        for _ in 0..3 {
            assert_eq!(unpacked(&app, &page, coding).await, plain, "{coding}");
        }
    }
}

/// The fields of an answer but for those that are of its moment; lists sorted, as their order says nothing.
fn fields(answer: &reqwest::Response) -> BTreeMap<String, Vec<String>> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in answer.headers() {
        if !["date", "ratelimit", "content-length", "transfer-encoding"].contains(&name.as_str()) {
            let items = value.to_str().unwrap().split(',').map(|item| item.trim().to_ascii_lowercase());
            fields.entry(name.to_string()).or_default().extend(items);
        }
    }
    fields.values_mut().for_each(|items| items.sort());
    fields
}

#[actix_web::test]
async fn an_answer_that_is_kept_has_the_fields_of_one_that_is_read() {
    let app = App::start_with(|setup| setup.rate_limits = true).await;
    let page = thread(&app).await;
    let etag = app.guest().get(&page).await.header("etag").to_owned();
    let thread = page.trim_end_matches("/posts");
    for (path, name, value) in [
        (page.as_str(), "Origin", "https://pages.example.org"),
        (&page, "Accept-Encoding", "br"),
        (&page, "Accept-Encoding", "identity, gzip;q=0.5"),
        ("/api/v1/forums", "Accept-Encoding", "zstd"),
        (&page, "If-None-Match", &etag),
        (thread, "Accept-Encoding", "gzip"),
        ("/api/v1/threads?limit=1", "Accept", "*/*"),
    ] {
        let ask = async || {
            let request = app.http.get(format!("{}{path}", app.url)).header("X-Request-Id", "its-own");
            request.header(name, value).send().await.unwrap()
        };
        app.clock.advance(chrono::Duration::seconds(5));
        let read = ask().await;
        eventually(async || app.statements(ask()).await == 0).await;
        let kept = ask().await;
        assert_eq!((kept.status(), fields(&kept)), (read.status(), fields(&read)), "{path} with {name}: {value}");
        assert!(fields(&kept).contains_key("ratelimit-policy"));
        assert_eq!(kept.headers()["x-request-id"], "its-own");
    }
}
