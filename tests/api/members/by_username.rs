//! `GET /members/by-username/{username}`.

use serde_json::Value;

use crate::support::App;

#[actix_web::test]
async fn a_member_is_found_by_its_name_in_any_case() {
    let app = App::start().await;
    let id = app.register("no smoking").await;
    for name in ["no smoking", "NO%20SMOKING", "%EF%BD%8E%EF%BD%8F%20smoking"] {
        let found = app.guest().get(&format!("/api/v1/members/by-username/{name}")).await.expect(200);
        assert_eq!(found.id(), id);
    }
}

#[actix_web::test]
async fn a_name_that_nobody_has_is_not_found() {
    let app = App::start().await;
    app.register("Anna").await;
    for name in ["Ann", "Annaa", "%00", "Anna%00", "%F0%9F%98%80", "a%2Fb", &"x".repeat(2_000)] {
        app.guest().get(&format!("/api/v1/members/by-username/{name}")).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn a_member_is_found_by_its_name_also_where_that_is_a_word_of_other_paths() {
    let app = App::start().await;
    let document: Value = serde_json::from_str(include_str!("../../../openapi/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().keys();
    let words: Vec<_> = paths.filter_map(|path| path.strip_prefix("/api/v1/members/{member_id}/")).collect();
    assert!(["posts", "threads", "likes"].iter().all(|word| words.contains(word)), "{words:?}");
    for word in words {
        let id = app.member(word).await.id;
        let found = app.guest().get(&format!("/api/v1/members/by-username/{word}")).await.expect(200);
        assert_eq!(found.id(), id, "{word}");
    }
}
