//! `GET /problems/{code}`.

use folkmoot::error::Code;

use crate::support::App;

#[actix_web::test]
async fn every_problem_has_a_page_for_programs() {
    let app = App::start().await;
    for code in Code::ALL {
        let page = app.guest().get(&format!("/problems/{}", code.name())).await.expect(200);
        assert_eq!((page["code"].as_str(), page["status"].as_u64()), (Some(code.name()), Some(code.status().into())));
        assert_eq!(page["help"], code.help());
    }
}

#[actix_web::test]
async fn a_browser_is_shown_a_page_and_its_text_is_escaped() {
    let app = App::start().await;
    let fields = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = app.guest().ask("GET", "/problems/not_signed_in", &fields, None).await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(html.contains("<code>") && html.contains("&lt;access") && !html.contains("<access"), "{html}");
    let vary: Vec<_> = page.headers.get_all("vary").iter().map(|v| v.to_str().unwrap().to_lowercase()).collect();
    assert!(vary.join(",").contains("accept"), "{vary:?}");
}

#[actix_web::test]
async fn weights_decide_between_page_and_json() {
    let app = App::start().await;
    for (accept, kind) in [
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/html;q=0.4, application/json;q=0.6", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "text/html; charset=utf-8"),
    ] {
        let page = app.guest().ask("GET", "/problems/not_found", &[("Accept", accept)], None).await.expect(200);
        assert_eq!(page.header("content-type"), kind, "{accept}");
    }
}

#[actix_web::test]
async fn what_is_no_problem_is_not_found() {
    App::start().await.guest().get("/problems/none_such").await.refused(404, "not_found");
}
