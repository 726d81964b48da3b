//! How much memory long answers take together: no more than is theirs, however slowly clients take them.

use std::io::{Read, Write};
use std::net::TcpStream;

use bytes::Bytes;

use crate::support::{App, PATIENCE, Person, eventually};

/// Takes room until there is none for this many bytes.
fn fill(app: &App, least: usize) -> Vec<Bytes> {
    let held = &app.shared.state.store.held;
    std::iter::from_fn(|| held.hold(Bytes::from(vec![0; least])).ok()).collect()
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

#[actix_web::test]
async fn what_nobody_takes_any_more_gives_its_memory_back() {
    let app = App::start_with(|setup| setup.cache = 0).await;
    let page = long_page(&app, &app.member("anna").await).await;
    let length = app.guest().get(&page).await.expect(200).bytes.len();
    // Room for one and a half.
    let mut full = fill(&app, 256 << 10);
    full.truncate(full.len() - length.div_ceil(256 << 10) - 1);
    let slow = slow(&app, &page, "").await;
    app.guest().get(&page).await.refused(503, "overloaded");
    drop(slow);
    eventually(async || app.guest().get(&page).await.status == 200).await;
}
