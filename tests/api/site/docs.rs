//! `GET /docs`.

use crate::support::App;

#[actix_web::test]
async fn the_page_and_all_it_needs_come_from_this_server() {
    let app = App::start().await;
    let page = app.guest().get("/docs").await.expect(200);
    let html = String::from_utf8(page.bytes).unwrap();
    let links: Vec<_> = html.split(['"', '\'']).filter(|part| part.starts_with("./") || part.contains("://")).collect();
    assert!(links.len() >= 4, "{html}");
    for link in links {
        let file = link.strip_prefix("./").unwrap_or_else(|| panic!("{link} is elsewhere"));
        let file = app.guest().get(&format!("/docs/{file}")).await.expect(200);
        assert!(!file.bytes.is_empty());
        assert!(file.header("content-security-policy").contains("default-src 'none'"));
    }
}

#[actix_web::test]
async fn the_page_reads_the_one_document_keeps_tokens_and_asks_no_validator() {
    let app = App::start().await;
    let script = app.guest().get("/docs/swagger-initializer.js").await.expect(200);
    let script = String::from_utf8(script.bytes).unwrap();
    for setting in [r#""url": "/openapi.json""#, r#""persistAuthorization": true"#, r#""validatorUrl": "none""#] {
        assert!(script.contains(setting), "{setting} is not in {script}");
    }
}

#[actix_web::test]
async fn what_is_no_file_of_the_page_is_not_found_and_the_page_takes_no_post() {
    let app = App::start().await;
    app.guest().get("/docs/none.js").await.refused(404, "not_found");
    let refused = app.guest().act("/docs/").await.refused(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
}
