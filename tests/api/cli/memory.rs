//! The memory of the program while many ask for long pages.

use futures_util::future::join_all;

use crate::support::{App, Service};

/// The most memory that the program may ever have, argon2 apart.
const MOST_KIB: u64 = 300 << 10;
/// Requests that come at once.
const REQUESTS: usize = 64;
/// Bytes of a body; its html is ten times as long, and its page with a hundred replies some 26 MB.
const BODY: usize = 21_000;

/// A thread of a hundred long replies, as an archive may bring them; gives its page.
async fn long_thread(app: &App) -> String {
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("general").await, "Long", "First").await;
    let insert = format!(
        "INSERT INTO posts (thread_id, position, author_id, body, html, text, renderer, created_at)
         SELECT {thread}, n, {}, repeat('x', {BODY}), repeat('<p>a</p>\n', {BODY} * 10 / 9), repeat('x', {BODY}), 1, now()
         FROM generate_series(2, 101) n;
         UPDATE threads SET highest_position = 101, post_count = 101, page_version = page_version + 1",
        anna.id
    );
    app.sql().await.batch_execute(&insert).await.unwrap();
    format!("/api/v1/threads/{thread}/posts")
}

/// A query, with each of its letters percent-encoded whose bit is set.
fn spelled(query: &str, bits: usize) -> String {
    let letters = query.char_indices().map(|(at, letter)| match bits >> at & 1 {
        1 => format!("%{:02X}", letter as u32),
        _ => letter.to_string(),
    });
    letters.collect()
}

/// A client with a connection for each request, as the service closes one that is idle for some seconds.
struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    fn new(service: &Service) -> Self {
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { http, url: service.url.clone() }
    }

    /// Takes an answer as it comes and keeps nothing of it; gives the status. None: the connection was closed, as it may be where the
    /// machine lets the client take its answer too slowly.
    async fn take(&self, path: &str, coding: &str) -> Option<u16> {
        let asked = self.http.get(format!("{}{path}", self.url)).header("Accept-Encoding", coding);
        let mut answer = asked.send().await.unwrap();
        while answer.chunk().await.ok()?.is_some() {}
        Some(answer.status().as_u16())
    }
}

#[actix_web::test]
async fn many_long_pages_at_once_take_bounded_memory_and_hold_up_nobody() {
    let app = App::migrated().await;
    let page = long_thread(&app).await;
    let first = app.count("SELECT min(id) FROM posts").await;
    let ids = |from: i64| (from..from + 90).map(|id| (first + id).to_string()).collect::<Vec<_>>().join(",");
    let service = Service::beside(&app, &["--workers", "2", "--rate-limits", "off"]);
    let guest = Client::new(&service);
    assert_eq!(guest.take("/api/v1/forums", "identity").await, Some(200));
    println!("at first: {:?} KiB", service.peak_memory());
    let storms: [(&str, Vec<String>); 4] = [
        // Each of rows that are read without a reservation.
        ("short pages", (0..REQUESTS).map(|n| format!("{page}?around={}&per_page=1", first + 1 + n as i64)).collect()),
        ("one page", (0..REQUESTS).map(|n| format!("{page}?{}", spelled("per_page=100&page=1", n))).collect()),
        ("pages", (0..REQUESTS).map(|n| format!("{page}?per_page={}", 100 - n)).collect()),
        ("lists", (0..REQUESTS).map(|n| format!("/api/v1/posts?ids={}", ids(n as i64 % 11))).collect()),
    ];
    for (name, paths) in storms {
        let (mut served, mut refused) = (0, 0);
        let long = join_all(
            paths
                .iter()
                .zip(["identity", "gzip", "identity", "br"].iter().cycle())
                .map(|(path, coding)| async { guest.take(path, coding).await }),
        );
        let ordinary = async {
            let mut statuses = Vec::new();
            for n in 0..60 {
                let path = if n % 2 == 0 { "/api/v1/forums" } else { &format!("{page}?per_page=1") };
                statuses.push(guest.take(path, "gzip").await);
            }
            statuses
        };
        let (statuses, ordinary) = futures_util::join!(long, ordinary);
        for status in statuses {
            match status {
                Some(200) => served += 1,
                Some(503) | None => refused += 1,
                Some(other) => panic!("{name}: {other}"),
            }
        }
        assert!(served > 0, "{name}: none was served");
        println!("{name}: {served} served, {refused} refused, {:?} KiB", service.peak_memory());
        assert_eq!(ordinary, [Some(200); 60], "{name}: ordinary requests");
        if let Some(kib) = service.peak_memory() {
            assert!(kib < MOST_KIB, "{name}: {kib} KiB");
        }
        // All memory was given back.
        assert_eq!(guest.take(&paths[0], "identity").await, Some(200), "{name}");
    }
}
