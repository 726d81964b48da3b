//! `GET /threads`: the orders.

use std::cmp::Reverse;

use serde_json::Value;

use super::THREADS;
use crate::support::App;

/// Threads of three forums and two authors that differ in each order, with ties in all of them.
const ROWS: &str = "INSERT INTO threads
        (forum_id, title, slug, author_id, kind, created_at, last_post_at, post_count, like_count, view_count)
    SELECT ($1::bigint[])[1 + n % 3], 'x', 'x', ($2::bigint[])[1 + n % 2], CASE WHEN n % 4 = 0 THEN 'article' ELSE 'discussion' END,
           timestamptz '2014-01-01' + (n * 7 % 5) * interval '1 day',
           timestamptz '2015-01-01' + (n * 3 % 4) * interval '1 microsecond', n * 5 % 3, n * 11 % 6, n * 2 % 5
    FROM generate_series(1, 90) n";

const SORTS: [&str; 5] = ["latest_reply", "newest", "most_replies", "most_likes", "most_views"];

/// All pages of a list, of seven threads each.
async fn on_all_pages(app: &App, query: &str) -> Vec<i64> {
    let mut path = format!("{THREADS}?{query}&limit=7");
    let mut seen = Vec::new();
    loop {
        let page = app.guest().get(&path).await.expect(200);
        seen.extend(page.item_ids());
        assert!(seen.len() <= 90, "{query} does not end: {seen:?}");
        let Some(next) = page["next"].as_str() else {
            assert_eq!(page.header("link"), "");
            return seen;
        };
        path = linked(page.header("link")).to_owned();
        // The address is canonical: what is the default is left out.
        let mut asked = query.split('&').filter(|part| *part != "sort=latest_reply");
        assert!(path.contains(next) && asked.all(|part| path.contains(part)), "{path}");
    }
}

#[actix_web::test]
async fn each_order_goes_down_and_the_id_breaks_ties_on_every_page_of_every_filter() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await.id, app.member("ben").await.id);
    let forums = [app.forum("news").await, app.forum("talk").await, app.forum("help").await];
    app.sql().await.execute(ROWS, &[&&forums[..], &&[anna, ben][..]]).await.unwrap();
    let since = "2015-01-01T00:00:00.000002Z";
    // The one in the middle has others on both sides of it.
    let (forum, author) = (format!("forum={}", forums[1]), format!("author={anna}"));
    let filters = [
        ("true".to_owned(), Vec::new()),
        (format!("forum_id = {}", forums[1]), vec![forum.clone()]),
        (format!("author_id = {anna}"), vec![author.clone()]),
        ("kind = 'discussion'".to_owned(), vec!["kind=discussion".to_owned()]),
        ("kind = 'article'".to_owned(), vec!["kind=article".to_owned()]),
        (format!("last_post_at >= '{since}'"), vec!["since=2015-01-01T00%3A00%3A00.000002Z".to_owned()]),
        (
            format!("last_post_at >= '{since}' AND forum_id = {}", forums[1]),
            vec![forum.clone(), "since=2015-01-01T00%3A00%3A00.000002Z".to_owned()],
        ),
        (format!("kind = 'article' AND forum_id = {}", forums[1]), vec![forum.clone(), "kind=article".to_owned()]),
        (format!("author_id = {anna} AND forum_id = {}", forums[1]), vec![forum, author]),
    ];
    for (condition, filters) in &filters {
        for sort in SORTS {
            let query = filters.iter().cloned().chain([format!("sort={sort}")]).collect::<Vec<_>>().join("&");
            let expected = in_order(&app, sort, condition).await;
            assert!(expected.len() > 7, "{query}");
            assert_eq!(on_all_pages(&app, &query).await, expected, "{query}");
        }
    }
    let by_default = app.guest().get(&format!("{THREADS}?limit=100")).await.expect(200);
    assert_eq!(by_default.item_ids(), in_order(&app, "latest_reply", "true").await);
}

/// The ids as the rows say they are to stand.
async fn in_order(app: &App, sort: &str, condition: &str) -> Vec<i64> {
    let key = match sort {
        "latest_reply" => "(extract(epoch FROM last_post_at) * 1000000)::bigint",
        "newest" => "(extract(epoch FROM created_at) * 1000000)::bigint",
        "most_replies" => "post_count",
        "most_likes" => "like_count",
        _ => "view_count",
    };
    let sql = format!("SELECT {key}, id FROM threads WHERE {condition}");
    let mut rows: Vec<(i64, i64)> =
        app.sql().await.query(&sql, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
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
