//! `GET /threads`: the orders.

use std::cmp::Reverse;

use serde_json::Value;

use super::THREADS;
use crate::support::App;

/// Threads that differ in each order, with ties in all of them.
const ROWS: &str = "INSERT INTO threads
        (forum_id, title, slug, author_id, created_at, last_post_at, post_count, like_count, view_count)
    SELECT $1, 'x', 'x', $2, timestamptz '2014-01-01' + (n * 7 % 5) * interval '1 day',
           timestamptz '2015-01-01' + (n * 3 % 4) * interval '1 µs', n * 5 % 3, n * 11 % 6, n * 2 % 5
    FROM generate_series(1, 30) n";

#[actix_web::test]
async fn each_order_goes_down_and_the_id_breaks_ties_on_every_page() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    app.sql()
        .await
        .execute(&ROWS.replace('µ', "u").replace("1 us", "1 microsecond"), &[&forum, &anna.id])
        .await
        .unwrap();
    let orders = [
        ("", "created_at"),
        ("latest_reply", "last"),
        ("newest", "created_at"),
        ("most_replies", "post_count"),
        ("most_likes", "like_count"),
        ("most_views", "view_count"),
    ];
    let everything = app.guest().get(&format!("{THREADS}?limit=100")).await.expect(200)["items"].clone();
    for (sort, field) in orders.into_iter().skip(1) {
        let mut expected: Vec<i64> = in_order(&app, sort).await;
        let mut path = format!("{THREADS}?sort={sort}&limit=7");
        let mut seen = Vec::new();
        loop {
            let page = app.guest().get(&path).await.expect(200);
            seen.extend(page.item_ids());
            let Some(next) = page["next"].as_str() else {
                assert_eq!(page.header("link"), "");
                break;
            };
            path = linked(page.header("link")).to_owned();
            assert!(path.contains(next) && path.contains(&format!("sort={sort}")), "{path}");
        }
        assert_eq!(seen, expected, "{sort} by {field}");
        expected.sort_unstable();
        assert_eq!(expected.len(), everything.as_array().map_or(0, Vec::len));
    }
    let latest = app.guest().get(&format!("{THREADS}?sort=latest_reply&limit=100")).await.expect(200);
    assert_eq!(latest["items"], everything);
}

/// The ids as the rows say they are to stand.
async fn in_order(app: &App, sort: &str) -> Vec<i64> {
    let key = match sort {
        "latest_reply" => "(extract(epoch FROM last_post_at) * 1000000)::bigint",
        "newest" => "(extract(epoch FROM created_at) * 1000000)::bigint",
        "most_replies" => "post_count",
        "most_likes" => "like_count",
        _ => "view_count",
    };
    let rows = app.sql().await.query(&format!("SELECT {key}, id FROM threads"), &[]).await.unwrap();
    let mut rows: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    rows.sort_by_key(|row| Reverse(*row));
    rows.into_iter().map(|(_, id)| id).collect()
}

/// The address in a `Link` field.
fn linked(link: &str) -> &str {
    link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap()
}

#[actix_web::test]
async fn a_reply_lifts_its_thread() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let forum = app.forum("news").await;
    let first = anna.start_thread(forum, "First", "First").await;
    let second = anna.start_thread(forum, "Second", "First").await;
    let ids = |sort: &'static str| {
        let guest = app.guest();
        async move { guest.get(&format!("{THREADS}?sort={sort}")).await.expect(200).item_ids() }
    };
    assert_eq!(ids("latest_reply").await, [second, first]);
    let reply = ben.reply(first, "Reply").await;
    assert_eq!(ids("latest_reply").await, [first, second]);
    assert_eq!(ids("newest").await, [second, first]);
    assert_eq!(ids("most_replies").await, [first, second]);
    anna.put(&format!("/api/v1/posts/{reply}/like")).await.expect(200);
    assert_eq!(ids("most_likes").await, [first, second]);
    // The reply gone, the thread falls back.
    ben.delete(&format!("/api/v1/posts/{reply}")).await.expect(204);
    for sort in ["latest_reply", "most_replies", "most_likes"] {
        assert_eq!(ids(sort).await, [second, first], "{sort}");
    }
    let items = app.guest().get(THREADS).await.json["items"].clone();
    assert_eq!(items[1]["last_post"]["position"], Value::from(1));
    app.counters_are_exact().await;
}
