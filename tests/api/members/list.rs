//! `GET /members`.

use crate::support::{App, Person};

async fn pages(reader: &Person, path: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut next = format!("{path}limit=2");
    loop {
        let page = reader.get(&next).await.expect(200);
        assert!(page.item_ids().len() <= 2);
        ids.extend(page.item_ids());
        let Some(cursor) = page["next"].as_str() else { return ids };
        assert!(page.header("link").ends_with("rel=\"next\""), "{}", page.header("link"));
        next = format!("{path}limit=2&cursor={cursor}");
    }
}

#[actix_web::test]
async fn each_sort_shows_every_member_once_ties_by_id() {
    let app = App::start().await;
    for name in ["Dora", "anna", "Boris", "Carl", "Emil"] {
        app.member(name).await;
    }
    let sql = "UPDATE members SET joined_at = '2020-01-01Z' WHERE id IN (2, 3);
               UPDATE members SET post_count = 5 WHERE id IN (1, 4); UPDATE members SET posts_elsewhere = 9 WHERE id = 2;
               UPDATE members SET likes_received = 3 WHERE id = 5";
    app.sql().await.batch_execute(sql).await.unwrap();
    let guest = app.guest();
    assert_eq!(pages(&guest, "/api/v1/members?").await, [5, 4, 1, 3, 2]);
    assert_eq!(pages(&guest, "/api/v1/members?sort=joined&").await, [5, 4, 1, 3, 2]);
    assert_eq!(pages(&guest, "/api/v1/members?sort=posts&").await, [2, 4, 1, 5, 3]);
    assert_eq!(pages(&guest, "/api/v1/members?sort=likes&").await, [5, 4, 3, 2, 1]);
    assert_eq!(pages(&guest, "/api/v1/members?sort=username&").await, [2, 3, 4, 1, 5]);
}

#[actix_web::test]
async fn the_search_finds_names_by_their_beginning_in_any_case() {
    let app = App::start().await;
    for name in ["anna", "annika", "bert", "an_x", "an%y"] {
        app.member(name).await;
    }
    let found = async |q: &str| pages(&app.guest(), &format!("/api/v1/members?q={q}&")).await;
    assert_eq!(found("AN").await, [5, 4, 1, 2]);
    assert_eq!(found("%20ann%20").await, [1, 2]);
    assert_eq!(found("an_").await, [4]);
    assert_eq!(found("an%25").await, [5]);
    assert_eq!(found("nna").await, [0; 0]);
    assert_eq!(found("ann&sort=joined").await, [2, 1]);
}

#[actix_web::test]
async fn deleted_members_are_not_listed() {
    let app = App::start().await;
    app.member("Anna").await;
    app.member("Boris").await;
    let sql = "UPDATE members SET username = NULL, deleted_at = now() WHERE id = 1";
    app.sql().await.batch_execute(sql).await.unwrap();
    assert_eq!(pages(&app.guest(), "/api/v1/members?").await, [2]);
    assert_eq!(pages(&app.guest(), "/api/v1/members?q=a&").await, [0; 0]);
}

#[actix_web::test]
async fn wrong_parameters_are_told() {
    let app = App::start().await;
    let guest = app.guest();
    let long = format!("q={}", "x".repeat(201));
    for query in ["q=", "q=%20", "q=%00", &long, "sort=age", "limit=0", "limit=101", "limit=x", "page=1", "q=a&q=b"] {
        guest.get(&format!("/api/v1/members?{query}")).await.refused(400, "invalid_parameter");
    }
    for _ in 0..3 {
        app.member(&format!("x{}", app.count("SELECT count(*) FROM members").await)).await;
    }
    let cursor = guest.get("/api/v1/members?limit=1").await.expect(200)["next"].as_str().unwrap().to_owned();
    for (sort, cursor) in [("posts", cursor.as_str()), ("joined", "nonsense"), ("joined", "")] {
        let answer = guest.get(&format!("/api/v1/members?sort={sort}&cursor={cursor}")).await;
        answer.refused(400, "invalid_cursor");
    }
}
