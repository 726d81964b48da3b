//! Forums that are put below others: no circle, no eleventh level, breadcrumbs that are right.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{FORUMS, forum_url};
use crate::support::{App, Person};

async fn make(admin: &Person, slug: &str, parent: Value) -> i64 {
    let body = json!({"title": slug, "slug": slug, "kind": "forum", "parent_id": parent});
    admin.post(FORUMS, body).await.expect(201).id()
}

/// Whether each forum's ancestors are its parent's and its parent.
async fn ancestors_are_right(app: &App) {
    let wrong = "SELECT count(*) FROM forums f LEFT JOIN forums p ON p.id = f.parent_id
                 WHERE f.ancestors IS DISTINCT FROM CASE WHEN p.id IS NULL THEN '{}' ELSE p.ancestors || p.id END";
    assert_eq!(app.count(wrong).await, 0);
}

#[actix_web::test]
async fn a_branch_moves_whole_and_its_breadcrumbs_follow() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let a = make(&admin, "a", Value::Null).await;
    let b = make(&admin, "b", json!(a)).await;
    let c = make(&admin, "c", json!(b)).await;
    let d = make(&admin, "d", Value::Null).await;
    let thread = admin.start_thread(c, "Hello", "First").await;
    let crumbs = || async {
        let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
        page["breadcrumbs"].as_array().unwrap().iter().map(|c| c["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(crumbs().await[..2], [a, b]);
    admin.patch(&forum_url(b), 1, json!({"parent_id": d})).await.expect(200);
    ancestors_are_right(&app).await;
    assert_eq!(crumbs().await[..2], [d, b]);
    admin.patch(&forum_url(b), 2, json!({"parent_id": null})).await.expect(200);
    ancestors_are_right(&app).await;
    assert_eq!(crumbs().await[0], b);
}

#[actix_web::test]
async fn a_forum_never_stands_below_itself() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let a = make(&admin, "a", Value::Null).await;
    let b = make(&admin, "b", json!(a)).await;
    let c = make(&admin, "c", json!(b)).await;
    for parent in [a, b, c] {
        admin.patch(&forum_url(a), 1, json!({"parent_id": parent})).await.flawed("/parent_id", "invalid");
    }
    ancestors_are_right(&app).await;
}

#[actix_web::test]
async fn a_branch_that_would_stand_too_deep_stays() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let mut parent = Value::Null;
    for depth in 1..=8 {
        parent = json!(make(&admin, &format!("at-{depth}"), parent).await);
    }
    let a = make(&admin, "a", Value::Null).await;
    let b = make(&admin, "b", json!(a)).await;
    admin.patch(&forum_url(a), 1, json!({"parent_id": parent})).await.expect(200);
    admin.patch(&forum_url(a), 2, json!({"parent_id": null})).await.expect(200);
    make(&admin, "c", json!(b)).await;
    admin.patch(&forum_url(a), 3, json!({"parent_id": parent})).await.flawed("/parent_id", "too_deep");
    ancestors_are_right(&app).await;
}

#[actix_web::test]
async fn two_moves_at_once_make_no_circle() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    for round in 0..10 {
        let a = make(&admin, &format!("a-{round}"), Value::Null).await;
        let b = make(&admin, &format!("b-{round}"), Value::Null).await;
        let (url_a, url_b) = (forum_url(a), forum_url(b));
        let below_b = admin.patch(&url_a, 1, json!({"parent_id": b}));
        let below_a = admin.patch(&url_b, 1, json!({"parent_id": a}));
        let (one, other) = join(below_b, below_a).await;
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        won.expect(200);
        lost.flawed("/parent_id", "invalid");
    }
    ancestors_are_right(&app).await;
}

#[actix_web::test]
async fn branches_and_threads_that_move_at_once_wait_for_each_other_in_one_order() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let low = app.forum("low").await;
    let high = app.forum("high").await;
    let mut threads = Vec::new();
    for n in 0..6 {
        threads.push(admin.start_thread(low, &format!("Thread {n}"), "First").await);
    }
    for round in 0..6 {
        let (to, parent) = if round % 2 == 0 { (high, json!(low)) } else { (low, Value::Null) };
        let urls: Vec<_> = threads.iter().map(|thread| format!("/api/v1/threads/{thread}/move")).collect();
        let moves = join_all(urls.iter().map(|url| admin.post(url, json!({"forum_id": to}))));
        let url = forum_url(high);
        let fields = [("If-Match", "*")];
        let edit = admin.ask("PATCH", &url, &fields, Some(json!({"parent_id": parent})));
        let (moved, edited) = join(moves, edit).await;
        edited.expect(200);
        moved.into_iter().for_each(|answer| drop(answer.expect(200)));
    }
    ancestors_are_right(&app).await;
    app.counters_are_exact().await;
}
