//! How much memory long answers take together: no more than is theirs, however slowly clients take them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use folkmoot::cache::{LONG, Reservation, fits, to_make};

use crate::support::{App, PATIENCE, Person, eventually};

/// The memory that `fill` takes at a time.
const PLACE: usize = 256 << 10;

/// Takes room until there is none for this many bytes.
fn fill(app: &App, least: usize) -> Vec<Reservation> {
    let held = &app.shared.state.store.held;
    std::iter::from_fn(|| held.try_reserve(least as u64)).collect()
}

/// A page of some 400 kB.
async fn long_page(app: &App, author: &Person) -> String {
    let thread = author.start_thread(app.forum("general").await, "A title", "The first post.").await;
    for n in 0..12 {
        author.reply(thread, &format!("{n} ").repeat(6_000)).await;
    }
    format!("/api/v1/threads/{thread}/posts")
}

#[actix_web::test]
async fn a_long_answer_for_which_there_is_no_memory_is_refused_until_there_is() {
    let app = App::start().await;
    let (anna, mona) = (app.member("anna").await, app.moderator("mona").await);
    let page = long_page(&app, &anna).await;
    let others = format!("/api/v1/members/{}/posts", anna.id);
    let full = fill(&app, 256 << 10);
    for person in [&app.guest(), &anna, &mona] {
        for path in [&page, &others] {
            let refused = person.get(path).await.refused(503, "overloaded");
            assert!(refused.header("retry-after").parse::<u64>().is_ok());
        }
        // What is short needs no room.
        person.get(&format!("{page}?per_page=1")).await.expect(200);
    }
    drop(full);
    for person in [&app.guest(), &anna, &mona] {
        person.get(&page).await.expect(200);
        person.get(&others).await.expect(200);
    }
}

/// A page of more than a megabyte that hardly gets shorter.
async fn page_of_chance(app: &App) -> String {
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let thread = anna.start_thread(forum, "A title", "The first post.").await;
    let mut chance = 1_u32;
    for _ in 0..10 {
        let letter = std::iter::repeat_with(|| {
            chance = chance.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
            char::from_u32(0x20000 + (chance >> 16) % 0xA000).unwrap()
        });
        let body: String = letter.take(15_000).collect();
        anna.reply(thread, &body).await;
    }
    format!("/api/v1/threads/{thread}/posts")
}

/// A client that takes a few bytes of an answer, and then no more.
async fn slow(app: &App, page: &str, fields: &str) -> TcpStream {
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    let asked = format!("GET {page} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
    let slow = actix_web::web::block(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 16 * 1024).unwrap();
        stream.write_all(asked.as_bytes()).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        stream
    });
    slow.await.unwrap()
}

#[actix_web::test]
async fn what_slow_clients_have_not_taken_is_counted_in_every_coding_until_they_go() {
    let app = App::start_with(|setup| setup.cache = 0).await;
    let page = page_of_chance(&app).await;
    let signed = format!("Authorization: Bearer {}\r\n", app.member("rita").await.token.unwrap());
    let places = || fill(&app, 256 << 10).len();
    let all = places();
    for who in ["", &signed] {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let slow = slow(&app, &page, &format!("{who}Accept-Encoding: {coding}\r\n")).await;
            assert!(places() < all, "{coding}");
            drop(slow);
            eventually(async || {
                // So that the service comes to see it.
                app.guest().get("/health/live").await.expect(200);
                places() == all
            })
            .await;
        }
    }
}

/// Takes memory until as much is left as one answer of all posts needs while it is made.
async fn leave_memory_for_one(app: &App) -> Vec<Reservation> {
    let rows = "SELECT sum(2 * octet_length(body) + octet_length(html) + octet_length(text))::bigint FROM posts";
    let needed = to_make(app.count(rows).await.try_into().unwrap());
    let mut full = fill(app, PLACE);
    // The memory that is for short answers alone was taken last.
    full.drain(..usize::try_from(needed).unwrap().div_ceil(PLACE));
    full
}

#[actix_web::test]
async fn what_nobody_takes_any_more_gives_its_memory_back() {
    let app = App::start_with(|setup| setup.cache = 0).await;
    let page = long_page(&app, &app.member("anna").await).await;
    let _full = leave_memory_for_one(&app).await;
    let slow = slow(&app, &page, "").await;
    app.guest().get(&page).await.refused(503, "overloaded");
    drop(slow);
    eventually(async || app.guest().get(&page).await.status == 200).await;
}

#[actix_web::test]
async fn long_answers_that_are_made_otherwise_are_counted_too() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("general").await, "A title", "1").await;
    let post = anna.reply(thread, "2").await;
    // As an archive may bring it.
    let sql = "UPDATE posts SET body = repeat('long ', 100000) WHERE position = 2";
    app.sql().await.batch_execute(sql).await.unwrap();
    let revision = format!("/api/v1/posts/{post}/revisions/1");
    let all = fill(&app, PLACE).len();
    let slow = slow(&app, &revision, "").await;
    assert!(fill(&app, PLACE).len() < all);
    drop(slow);
    let full = eventually_full(&app, all).await;
    app.guest().get(&revision).await.refused(503, "overloaded");
    // Their size alone is looked at.
    app.guest().get(&format!("/api/v1/posts/{post}/revisions")).await.expect(200);
    // A write that is done is told so, also where its answer is long.
    let _rest = fill(&app, LONG);
    let body = serde_json::json!({"body": "\u{10330} ".repeat(9_000)});
    let edited = anna.patch(&format!("/api/v1/posts/{post}"), 1, body).await.expect(200);
    assert!(edited.bytes.len() > LONG);
    drop(full);
}

/// Waits until all memory is given back, and takes it.
async fn eventually_full(app: &App, all: usize) -> Vec<Reservation> {
    eventually(async || {
        // A connection notices that its client has gone when another event wakes it.
        app.guest().get("/health/live").await.expect(200);
        fill(app, PLACE).len() == all
    })
    .await;
    fill(app, PLACE)
}

/// Reads until the service closes the connection; tells how many bytes came, and how many the head promised.
async fn got_and_promised(mut stream: TcpStream) -> (usize, usize) {
    let read = actix_web::web::block(move || {
        let mut bytes = Vec::new();
        let mut some = [0; 64 << 10];
        // A connection that is closed early may also be reset.
        while let Ok(count @ 1..) = stream.read(&mut some) {
            bytes.extend(&some[..count]);
        }
        bytes
    });
    let bytes = read.await.unwrap();
    let head_ends = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&bytes[..head_ends]).to_lowercase();
    let promised = head.split_once("content-length: ").unwrap().1.split("\r\n").next().unwrap().parse();
    (bytes.len() - head_ends, promised.unwrap())
}

#[actix_web::test]
async fn slow_clients_give_up_memory_that_others_need() {
    let app = App::start_with(|setup| (setup.cache, setup.patience.memory) = (0, Duration::ZERO)).await;
    let page = page_of_chance(&app).await;
    let _full = leave_memory_for_one(&app).await;
    let slow = slow(&app, &page, "Connection: close\r\n").await;
    // The memory comes free while this one waits for it.
    app.guest().get(&page).await.expect(200);
    let (got, promised) = got_and_promised(slow).await;
    assert!(got < promised, "{got} of {promised} bytes");
}

#[actix_web::test]
async fn slow_clients_keep_memory_that_nobody_needs() {
    let app = App::start_with(|setup| (setup.cache, setup.patience.memory) = (0, Duration::ZERO)).await;
    let page = page_of_chance(&app).await;
    let slow = slow(&app, &page, "Connection: close\r\n").await;
    app.guest().get(&page).await.expect(200);
    let (got, promised) = got_and_promised(slow).await;
    // `slow` took the first twelve bytes of the head.
    assert_eq!(got, promised);
}

/// Gives each post of the database this much html, as an archive or an older renderer may have left it.
async fn with_html(app: &App, bytes: usize) {
    let sql = format!("UPDATE posts SET html = repeat('<p>x</p>', {})", bytes / 8);
    app.sql().await.batch_execute(&sql).await.unwrap();
}

#[actix_web::test]
async fn posts_too_long_for_all_memory_are_refused_with_the_number_that_fits() {
    let app = App::start_with(|setup| setup.cache = 0).await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("general").await, "A title", "1").await;
    for n in 2..=3 {
        anna.reply(thread, &n.to_string()).await;
    }
    with_html(&app, 12 << 20).await;
    let ids =
        anna.get(&format!("/api/v1/threads/{thread}/posts?per_page=1")).await.expect(200)["posts"][0]["id"].clone();
    let first = ids.as_i64().unwrap();
    let (page, by_member) = (format!("/api/v1/threads/{thread}/posts"), format!("/api/v1/members/{}/posts", anna.id));
    let by_ids = format!("/api/v1/posts?ids={first},{},{}", first + 1, first + 2);
    for (path, parameter) in [(&page, "per_page"), (&by_ids, "ids"), (&by_member, "limit")] {
        for person in [&app.guest(), &anna] {
            let refused = person.get(path).await.refused(400, "page_too_large");
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains(&format!("`{parameter}` takes at most 2")), "{detail}");
        }
    }
    for path in [
        format!("{page}?per_page=2"),
        format!("{page}?per_page=2&page=2"),
        format!("/api/v1/posts?ids={first},{}", first + 1),
        format!("{by_member}?limit=2"),
    ] {
        app.guest().get(&path).await.expect(200);
    }
}

#[actix_web::test]
async fn a_single_post_always_fits() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("general").await, "A title", "1").await;
    // While it is made it would need more than the whole budget.
    let html = 35 << 20;
    assert!(!fits(html));
    with_html(&app, html as usize).await;
    let post = app.count("SELECT id FROM posts").await;
    for path in [
        format!("/api/v1/threads/{thread}/posts"),
        format!("/api/v1/posts?ids={post}"),
        format!("/api/v1/members/{}/posts", anna.id),
        format!("/api/v1/posts/{post}"),
    ] {
        let answer = app.http.get(format!("{}{path}", app.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.bytes().await.unwrap().len() as u64 > html, "{path}");
    }
}
