//! `GET /me`.

use crate::support::App;

#[actix_web::test]
async fn a_member_reads_its_card_and_what_only_it_sees() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let me = anna.get("/api/v1/me").await.expect(200);
    let card = app.guest().get(&format!("/api/v1/members/{}", anna.id)).await.expect(200);
    for (name, value) in card.json.as_object().unwrap() {
        assert_eq!(me[name.as_str()], *value, "{name}");
    }
    assert_eq!(me.header("cache-control"), "no-store");
    assert!(me.header("etag").starts_with("\"1."), "{}", me.header("etag"));
    let tag = me.header("etag").to_owned();
    anna.ask("GET", "/api/v1/me", &[("If-None-Match", &tag)], None).await.expect(304);
    let head = anna.head("/api/v1/me").await.expect(200);
    assert_eq!((head.header("etag"), head.bytes.len()), (tag.as_str(), 0));
}

#[actix_web::test]
async fn a_guest_has_no_profile() {
    let app = App::start().await;
    let answer = app.guest().get("/api/v1/me").await.refused(401, "not_signed_in");
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"folkmoot\"");
}
