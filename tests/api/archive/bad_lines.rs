//! A bad line stops the import with its number, the field and the reason.

use folkmoot::archive::ImportError;
use serde_json::json;

use super::*;
use crate::support::database;

/// What is said of a line that stands behind the usual ground, as line 6.
async fn said_of(line: &str) -> String {
    let url = database::empty().await;
    let text = format!("{}{line}\n", text(&ground()));
    let error = take_in_bytes(&url, text.as_bytes()).await.unwrap_err();
    let ImportError::Line(bad) = error else { panic!("{error}") };
    assert_eq!(bad.line, 6, "{bad}");
    let field = bad.field.map_or(String::new(), |field| format!("{field}: "));
    format!("{field}{}", bad.reason)
}

const NO_COUNTRY: &str = "country: a country is a code of two capital letters from ISO 3166-1";
const NO_PICTURE: &str = "avatar_url: the address of a picture is an https URL without credentials";

#[actix_web::test]
async fn a_line_of_the_wrong_form_names_its_field() {
    let member = |fields| with(member("c", "Carol"), fields).to_string();
    let post = |fields| with(post("1", "t", "ann", "Text."), fields).to_string();
    let thread = |fields| with(thread("u", "talk", "ann"), fields).to_string();
    let forum = |fields| with(forum("other"), fields).to_string();
    for (line, said) in [
        ("nonsense".into(), "this is not JSON: expected ident (column 2)"),
        ("{\"type\": \"post\"".into(), "this is not JSON: EOF while parsing an object (column 15)"),
        ("[\"rank\", \"x\", 5]".into(), "a line is a JSON object"),
        ("7".into(), "a line is a JSON object"),
        (json!({"type": "poll"}).to_string(), "type: \"poll\" is not a type of line"),
        (json!({"kind": "post"}).to_string(), "type: this field is missing"),
        (
            json!({"type": "archive", "version": 1, "source": "x"}).to_string(),
            "type: only the first line of a file is of this type",
        ),
        (member(json!({"joined_at": null})), "joined_at: invalid type: null, expected a string"),
        (member(json!({"joined_at": "yesterday"})), "joined_at: \"yesterday\" is not a time as RFC 3339 has it"),
        (member(json!({"nickname": "C"})), "nickname: there is no such field in a line of this type"),
        (member(json!({"username": null})), "username: only a deleted member has none"),
        (member(json!({"state": "deleted"})), "username: a deleted member has none"),
        (
            member(json!({"state": "away"})),
            "state: unknown variant `away`, expected one of `active`, `suspended`, `deleted`",
        ),
        (member(json!({"username": "Ca\u{0}rol"})), "username: this may not hold the character U+0000"),
        (member(json!({"username": "C".repeat(51)})), "username: this has at most 50 characters, and here 51"),
        (member(json!({"country": "India"})), NO_COUNTRY),
        (member(json!({"country": "XX"})), NO_COUNTRY),
        (member(json!({"country": "in"})), NO_COUNTRY),
        (
            member(json!({"role": "king"})),
            "role: unknown variant `king`, expected one of `member`, `moderator`, `admin`",
        ),
        (member(json!({"post_count": -1})), "post_count: this may not be below 0"),
        (member(json!({"post_count": "7"})), "post_count: invalid type: string \"7\", expected i64"),
        (member(json!({"email_verified": true})), "email_verified: there is no `email`"),
        (member(json!({"suspend_reason": "Rude"})), "suspend_reason: `state` is not \"suspended\""),
        (member(json!({"avatar_url": "javascript:alert(1)"})), NO_PICTURE),
        (member(json!({"avatar_url": "http://example.com/ann.png"})), NO_PICTURE),
        (member(json!({"avatar_url": "https://ann:secret@example.com/ann.png"})), NO_PICTURE),
        (member(json!({"avatar_url": "https://"})), NO_PICTURE),
        (post(json!({"body": ""})), "body: a body may not be blank"),
        (post(json!({"body": "a\u{0}b"})), "body: a body may not hold the character U+0000"),
        (
            post(json!({"body": "a".repeat(1024 * 1024 + 1)})),
            "body: a body has at most 1048576 bytes, and this one 1048577",
        ),
        (post(json!({"edited_by": "ann"})), "edited_by: there is no `edited_at`"),
        (post(json!({"delete_reason": "Rude"})), "delete_reason: there is no `deleted_at`"),
        (thread(json!({"tags": ["a", 1]})), "tags[1]: invalid type: integer `1`, expected a string"),
        (thread(json!({"tags": ["a", "b", "c", "d", "e", "f"]})), "tags: a thread has at most 5 tags"),
        (thread(json!({"title": "x".repeat(151)})), "title: a title has at most 150 characters; this one has 151"),
        (forum(json!({"slug": "Not A Slug"})), "slug: a slug is words of a-z and 0-9 with single hyphens between them"),
        (forum(json!({"slug": "a".repeat(101)})), "slug: a slug has at most 100 characters"),
        (json!({"type": "rank", "name": "x", "from": -5}).to_string(), "from: this may not be below 0"),
        ("{\"type\": \"rank\", \"name\": \"x\", \"from\": 5, \"from\": 6}".into(), "from: this field is there twice"),
        (post(json!({})).replace(",\"created_at\":\"2011-01-01T00:00:01Z\"", ""), "created_at: this field is missing"),
    ] {
        assert_eq!(said_of(&line).await, said, "{}", &line[..line.len().min(200)]);
    }
}

#[actix_web::test]
async fn a_hash_that_can_never_be_checked_is_not_taken() {
    let bcrypt = "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";
    let hashes = [
        "secret".into(),
        format!("$bcrypt{bcrypt}"),
        bcrypt.replace("$12$", "$31$"),
        "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".into(),
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ".into(),
        "$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".into(),
    ];
    for hash in hashes {
        let said = said_of(&with(member("c", "Carol"), json!({"password_hash": hash})).to_string()).await;
        assert_eq!(
            said,
            "password_hash: this is no hash that can be checked here: argon2 or scrypt as a PHC string, with at most 256 MiB \
             of memory and 16 passes, or bcrypt as `$2b$...`, with a cost of at most 15",
            "{hash}"
        );
    }
    for hash in [bcrypt, "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"] {
        let lines = [first_line("a-place"), with(member("c", "Carol"), json!({"password_hash": hash}))];
        take_in(&database::empty().await, &lines).await.unwrap();
    }
}

#[actix_web::test]
async fn a_line_that_refers_to_what_is_not_before_it_names_its_field() {
    let revision = |fields| {
        let line =
            json!({"type": "revision", "post": "1", "number": 1, "body": "Was.", "edited_at": "2011-01-01T00:00:00Z"});
        with(line, fields).to_string()
    };
    let like = |member| {
        json!({"type": "like", "post": "1", "member": member, "created_at": "2011-01-01T00:00:00Z"}).to_string()
    };
    for (line, said) in [
        (post("1", "nowhere", "ann", "Text.").to_string(), "thread: thread `nowhere` is not known"),
        (post("1", "t", "nobody", "Text.").to_string(), "author: member `nobody` is not known"),
        (thread("u", "nowhere", "ann").to_string(), "forum: forum `nowhere` is not known"),
        (with(forum("f"), json!({"parent": "nowhere"})).to_string(), "parent: forum `nowhere` is not known"),
        (with(forum("f"), json!({"parent": "f"})).to_string(), "parent: a forum can not stand below itself"),
        (revision(json!({})), "post: post `1` is not known"),
        (like("ann"), "post: post `1` is not known"),
    ] {
        assert_eq!(said_of(&line).await, said, "{line}");
    }
}

#[actix_web::test]
async fn a_taken_name_slug_or_address_stops_at_its_line() {
    for (line, said) in [
        (member("c", "ANN"), "username: `ANN` is taken by another member"),
        (with(forum("f"), json!({"slug": "talk"})), "slug: `talk` is taken by another forum"),
    ] {
        assert_eq!(said_of(&line.to_string()).await, said);
    }
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let verified = json!({"email": "Ann@example.com", "email_verified": true});
    let other = [first_line("another-place"), with(member("c", "Carol"), verified)];
    let error = take_in(&url, &other).await.unwrap_err();
    assert_eq!(error.to_string(), "line 2: `email`: this address is another member's");
    let other = [first_line("another-place"), member("c", "ann")];
    let error = take_in(&url, &other).await.unwrap_err();
    assert_eq!(error.to_string(), "line 2: `username`: `ann` is taken by another member");
}

#[actix_web::test]
async fn a_revision_out_of_order_is_told() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "t", "ann", "Text."));
    lines.push(
        json!({"type": "revision", "post": "1", "number": 2, "body": "Was.", "edited_at": "2011-01-01T00:00:00Z"}),
    );
    let error = take_in(&url, &lines).await.unwrap_err();
    assert_eq!(error.to_string(), "line 7: `number`: revision 1 of this post is to come first");
}

#[actix_web::test]
async fn a_category_holds_no_threads() {
    let url = database::empty().await;
    let mut lines = ground();
    lines[1]["kind"] = json!("category");
    let error = take_in(&url, &lines).await.unwrap_err();
    assert_eq!(error.to_string(), "line 5: `forum`: forum `talk` is a category: it holds no threads");
}

#[actix_web::test]
async fn a_file_that_is_no_archive_is_told() {
    let url = database::empty().await;
    for (text, said) in [
        ("", "line 1: the file is empty: an archive begins with a line of type \"archive\""),
        (
            "\n\n{\"type\":\"rank\",\"name\":\"x\",\"from\":1}\n",
            "line 3: `type`: an archive begins with a line of type \"archive\"",
        ),
        (
            "{\"type\":\"archive\",\"version\":2,\"source\":\"x\"}",
            "line 1: `version`: this program reads version 1, not 2",
        ),
        ("{\"type\":\"archive\",\"version\":1,\"source\":\" \"}", "line 1: `source`: this may not be blank"),
        ("<html>", "line 1: this is not JSON: expected value (column 1)"),
    ] {
        assert_eq!(take_in_bytes(&url, text.as_bytes()).await.unwrap_err().to_string(), said);
    }
    let before = contents(&url).await;
    let error = take_in_bytes(&url, &[0x1F, 0x8B, 1, 2, 3]).await.unwrap_err();
    assert!(error.to_string().starts_with("the archive can not be read"), "{error}");
    assert_eq!(contents(&url).await, before);
}

#[actix_web::test]
async fn the_first_of_two_bad_lines_is_told() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "nowhere", "ann", "Refers to nothing."));
    let text = format!("{}nonsense\n", text(&lines));
    let error = take_in_bytes(&url, text.as_bytes()).await.unwrap_err();
    assert_eq!(error.to_string(), "line 6: `thread`: thread `nowhere` is not known");
}
