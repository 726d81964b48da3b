//! Entity tags of encoded answers.

use crate::support::App;

#[actix_web::test]
async fn a_strong_tag_tells_encodings_apart_and_any_of_them_is_known_again() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = format!("/api/v1/posts/{}", anna.reply(thread, &"word ".repeat(1000)).await);
    let tag = async |path: &str, encoding: &str| {
        let answer =
            app.http.get(format!("{}{path}", app.url)).header("Accept-Encoding", encoding).send().await.unwrap();
        answer.headers()["etag"].to_str().unwrap().to_owned()
    };
    for path in [post.as_str(), "/openapi.json"] {
        let tags =
            [tag(path, "identity").await, tag(path, "gzip").await, tag(path, "br").await, tag(path, "zstd").await];
        let plain = tags[0].trim_matches('"');
        assert_eq!(tags[1..], ["gzip", "br", "zstd"].map(|encoding| format!("\"{plain}-{encoding}\"")));
        for tag in &tags {
            let again =
                app.guest().ask("GET", path, &[("If-None-Match", tag), ("Accept-Encoding", "gzip")], None).await;
            // The copy that the client has is named as the client named it.
            assert_eq!(again.expect(304).header("etag"), tag);
        }
    }
    // The version in front is what counts for a change.
    let gzip = tag(&post, "gzip").await;
    let body = serde_json::json!({"body": "Two"});
    anna.ask("PATCH", &post, &[("If-Match", &gzip)], Some(body)).await.expect(200);
}

#[actix_web::test]
async fn what_is_no_entity_tag_names_nothing() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let url = format!("/api/v1/threads/{thread}");
    let tag = anna.get(&url).await.header("etag").to_owned();
    let opaque = tag.trim_matches('"');
    for wrong in
        [opaque.to_owned(), format!("\"{tag}\""), format!("W/W/{tag}"), format!("\"a,{opaque},b\""), "\"".into()]
    {
        anna.ask("GET", &url, &[("If-None-Match", &wrong)], None).await.expect(200);
    }
    for right in [format!("\"a,b\", {tag}"), format!("W/{tag},"), format!(",, {tag} , \"x\"")] {
        let known = anna.ask("GET", &url, &[("If-None-Match", &right)], None).await.expect(304);
        assert_eq!(known.header("etag"), tag);
    }
    for wrong in ["\"+1\"", "\"01\"", "1", "W/\"1\"", "\"1", "\"x, 1\""] {
        let body = serde_json::json!({"title": "Good day"});
        anna.ask("PATCH", &url, &[("If-Match", wrong)], Some(body)).await.refused(412, "version_mismatch");
    }
}

#[actix_web::test]
async fn a_weak_tag_is_the_same_in_every_encoding() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", &"word ".repeat(1000)).await;
    let page = format!("/api/v1/threads/{thread}/posts");
    let plain = app.guest().get(&page).await.header("etag").to_owned();
    let gzip = app.guest().ask("GET", &page, &[("Accept-Encoding", "gzip"), ("If-None-Match", &plain)], None).await;
    assert_eq!(gzip.expect(304).header("etag"), plain);
}
