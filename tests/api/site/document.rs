//! `GET /openapi.json`.

use crate::support::App;

#[actix_web::test]
async fn the_document_that_is_served_is_the_one_that_is_printed_and_is_sent_once() {
    let app = App::start().await;
    let first = app.guest().get("/openapi.json").await.expect(200);
    assert_eq!(first.json, folkmoot::openapi::document());
    let tag = first.header("etag");
    let again = app.guest().ask("GET", "/openapi.json", &[("If-None-Match", tag)], None).await.expect(304);
    assert!(again.bytes.is_empty());
    assert_eq!(again.header("etag"), tag);
}
