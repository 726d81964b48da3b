//! `PUT /ranks`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::App;

#[actix_web::test]
async fn a_new_ladder_holds_for_every_card_at_once() {
    let app = App::start().await;
    let (anna, ada) = (app.member("Anna").await, app.admin("Ada").await);
    app.sql().await.batch_execute("UPDATE members SET post_count = 10 WHERE id = 1").await.unwrap();
    let ladder = json!({"items": [{"name": "Ten", "from": 10}, {"name": " Nought ", "from": 0}]});
    let set = ada.put_json("/api/v1/ranks", ladder).await.expect(200);
    let sorted = json!({"items": [{"name": "Nought", "from": 0}, {"name": "Ten", "from": 10}], "next": null});
    assert_eq!(set.json, sorted);
    assert_eq!(app.guest().get("/api/v1/ranks").await.expect(200).json, sorted);
    assert_eq!(anna.get("/api/v1/me").await.expect(200)["rank"], "Ten");
    assert_eq!(ada.get("/api/v1/me").await.expect(200)["rank"], "Nought");
}

#[actix_web::test]
async fn only_administrators_set_it() {
    let app = App::start().await;
    let ladder = json!({"items": [{"name": "All", "from": 0}]});
    app.guest().put_json("/api/v1/ranks", ladder.clone()).await.refused(401, "not_signed_in");
    for person in [app.member("Anna").await, app.moderator("Mo").await] {
        person.put_json("/api/v1/ranks", ladder.clone()).await.refused(403, "insufficient_role");
        person.put_json("/api/v1/ranks", json!({})).await.flawed("/items", "missing");
    }
    assert_eq!(app.count("SELECT count(*) FROM ranks").await, 3);
}

#[actix_web::test]
async fn a_ladder_without_a_bottom_or_with_two_equal_steps_is_refused() {
    let app = App::start().await;
    let ada = app.admin("Ada").await;
    let set = async |items: Value| ada.put_json("/api/v1/ranks", json!({"items": items})).await;
    set(json!([])).await.flawed("/items", "invalid");
    set(json!([{"name": "One", "from": 1}])).await.flawed("/items", "invalid");
    set(json!([{"name": "A", "from": 0}, {"name": " A ", "from": 1}])).await.flawed("/items/1/name", "duplicate");
    set(json!([{"name": "A", "from": 0}, {"name": "B", "from": 0}])).await.flawed("/items/1/from", "duplicate");
    set(json!([{"name": "A", "from": 0}, {"name": "B", "from": -1}])).await.flawed("/items/1/from", "invalid");
    set(json!([{"name": "A", "from": 0.5}])).await.flawed("/items/0/from", "wrong_type");
    set(json!([{"name": " ", "from": 0}])).await.flawed("/items/0/name", "blank");
    set(json!([{"name": "A", "from": 0, "color": "red"}])).await.flawed("/items/0/color", "unknown_field");
    let steps = |n: i64| (0..n).map(|n| json!({"name": format!("Rank {n}"), "from": n})).collect::<Value>();
    set(steps(51)).await.flawed("/items", "too_long");
    assert_eq!(app.count("SELECT count(*) FROM ranks").await, 3);
    set(steps(50)).await.expect(200);
}

#[actix_web::test]
async fn two_who_set_it_at_once_take_turns() {
    let app = App::start().await;
    let ada = app.admin("Ada").await;
    let set = async |name: String| {
        let items = json!([{"name": name, "from": 0}, {"name": format!("{name} more"), "from": 5}]);
        ada.put_json("/api/v1/ranks", json!({"items": items})).await.expect(200)
    };
    join_all((0..6).map(|n| set(format!("Rank {n}")))).await;
    assert_eq!(app.count("SELECT count(*) FROM ranks").await, 2);
}

#[actix_web::test]
async fn a_step_is_an_object_and_no_list() {
    let app = App::start().await;
    let admin = app.admin("root").await;
    let answer = admin.put_json("/api/v1/ranks", json!({"items": [["New Member", 0]]})).await;
    answer.flawed("/items/0", "wrong_type");
    let answer = admin.put_json("/api/v1/ranks", json!({"items": [{"name": "New Member", "from": 0, "x": 1}]})).await;
    answer.flawed("/items/0/x", "unknown_field");
    let answer = admin.put_json("/api/v1/ranks", json!({"items": [{"name": "New Member", "from": "0"}]})).await;
    answer.flawed("/items/0/from", "wrong_type");
}
