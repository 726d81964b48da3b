//! Deleted text, looked for in every answer that the service can give (the incidents of `docs/security.md` are mostly of this kind):
//! pages, lists, quotes, counts, revisions, entity tags.

use serde_json::{Value, json};

use super::acts::acts;
use super::world::{SECRET, Target, World};
use crate::support::{Answer, App, Person};

/// Every read of the document, with ids of all kinds of things, and with the parameters that widen it.
async fn read_everything(person: &Person, world: &World) -> Vec<(String, Answer)> {
    let mut all = Vec::new();
    for act in acts().into_iter().filter(|act| act.method == "GET") {
        for target in [Target::Theirs, Target::Deleted, Target::Hidden] {
            let path = world.path(&act, target);
            let mut paths = vec![path.clone()];
            match act.name.as_str() {
                "list_posts" => {
                    paths = vec![format!("{path}?ids={},{},{}", world.post, world.deleted_post, world.hidden_post)];
                }
                "list_posts_by_thread" => {
                    for post in [world.post, world.deleted_post, world.hidden_post] {
                        paths.push(format!("{path}?around={post}"));
                    }
                }
                "list_threads" => {
                    for sort in ["latest_reply", "newest", "most_replies", "most_likes", "most_views"] {
                        paths.push(format!(
                            "{path}?sort={sort}&limit=100&author={}&forum={}",
                            world.owner.id, world.forum
                        ));
                    }
                }
                "list_members" => paths.push(format!("{path}?sort=posts&limit=100")),
                _ => {}
            }
            for path in paths {
                all.push((path.clone(), person.get(&path).await));
            }
        }
    }
    all
}

fn tells(answer: &Answer, secret: &str) -> bool {
    let fields = answer.headers.iter().any(|(_, value)| String::from_utf8_lossy(value.as_bytes()).contains(secret));
    fields || String::from_utf8_lossy(&answer.bytes).contains(secret)
}

#[actix_web::test]
async fn no_answer_to_anyone_but_moderators_holds_a_word_of_what_was_deleted() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let (boris, mia) = (app.member("Boris").await, app.moderator("Mia").await);
    // An edit leaves the word in the history of what is deleted afterwards.
    let edited = world.owner.reply(world.thread, &format!("{SECRET} before the edit")).await;
    let path = format!("/api/v1/posts/{edited}");
    boris.put(&format!("{path}/like")).await.expect(200);
    world.owner.patch(&path, 1, json!({"body": "After", "reason": SECRET})).await.expect(200);
    let tags = [&path, &format!("{path}/revisions"), &format!("{path}/revisions/1"), &format!("{path}/likes")];
    let mut known = Vec::new();
    for path in tags {
        known.push((path.clone(), boris.get(path).await.expect(200).header("etag").to_owned()));
    }
    mia.delete(&format!("{path}?reason={SECRET}")).await.expect(204);
    // Who quotes it is told nothing more, by any act that answers with a post.
    let quoting = |n: i64| json!({"body": format!("[quote post={n}]\nx\n[/quote]")});
    for hidden in [edited, world.deleted_post, world.hidden_post] {
        let path = format!("/api/v1/threads/{}/posts", world.thread);
        let answer = boris.post(&path, quoting(hidden)).await.expect(201);
        assert!(!tells(&answer, SECRET), "{}", answer.json);
        assert_eq!(answer["quotes"][0]["available"], false);
        assert_eq!(answer["quotes"][0]["author_id"], Value::Null);
        let own = format!("/api/v1/posts/{}", answer.id());
        assert!(!tells(&boris.patch(&own, 1, quoting(hidden)).await.expect(200), SECRET));
    }
    for person in [app.guest(), boris.clone(), world.owner.clone()] {
        let all = read_everything(&person, &world).await;
        assert!(all.len() > 60, "{}", all.len());
        for (path, answer) in all {
            assert!(!tells(&answer, SECRET), "{path}: {}", answer.json);
            for hidden in [world.deleted_thread, world.hidden_post] {
                let named = format!("\"id\":{hidden},");
                let is_thread = hidden == world.deleted_thread && answer.json["kind"].is_string();
                assert!(!is_thread || !answer.json.to_string().contains(&named), "{path}");
            }
        }
        // What someone had read before is not confirmed any more.
        for (path, tag) in &known {
            for tag in [tag.as_str(), "*"] {
                let answer = person.ask("GET", path, &[("If-None-Match", tag)], None).await;
                assert_eq!(answer.status, 404, "{path}");
                assert_eq!(person.ask("HEAD", path, &[("If-None-Match", tag)], None).await.status, 404, "{path}");
            }
        }
    }
    // The word is there for who may see it: the walk would find it.
    let found = read_everything(&mia, &world).await;
    assert!(found.iter().filter(|(_, answer)| tells(answer, SECRET)).count() >= 6);
}

/// Leaves out what a member wrote itself, which nobody rewrites: so a name in an old body is text, and mentions nobody.
fn without_bodies(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(name, _)| !["body", "excerpt", "diff"].contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), without_bodies(value))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(without_bodies).collect(),
        other => other.clone(),
    }
}

#[actix_web::test]
async fn the_name_of_a_deleted_member_is_in_no_answer_but_where_another_wrote_it() {
    let app = App::start().await;
    let name = "Quetzalcoatlus";
    let world = World::make(&app, name).await;
    let boris = app.member("Boris").await;
    let thread = boris.start_thread(world.forum, "Hello", &format!("Well said, @{name}!")).await;
    boris.patch(&format!("/api/v1/threads/{thread}"), 1, json!({"tags": ["x"]})).await.expect(200);
    let post = boris.reply(world.thread, &format!("[quote post={}]\n@{name}\n[/quote]", world.post)).await;
    boris.patch(&format!("/api/v1/posts/{post}"), 1, json!({"body": format!("@{name} again")})).await.expect(200);
    world.owner.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    world.owner.delete_account().await.expect(204);
    for person in [app.guest(), boris.clone(), app.moderator("Mia").await] {
        let mut all = read_everything(&person, &world).await;
        for path in [
            format!("/api/v1/threads/{thread}/posts"),
            format!("/api/v1/posts/{post}"),
            format!("/api/v1/posts/{post}/revisions/1"),
            format!("/api/v1/posts/{post}/likes"),
            format!("/api/v1/members/{}/likes", world.owner.id),
        ] {
            all.push((path.clone(), person.get(&path).await.expect(200)));
        }
        for (path, answer) in all {
            let is_old = path.contains("/revisions/");
            // The moderator of this world is called after it.
            let mut json = without_bodies(&answer.json);
            if is_old {
                assert!(!json["html"].as_str().unwrap_or("").contains("data-member"), "{path}: {json}");
                json["html"] = Value::Null;
            }
            let told = json.to_string().replace(&format!("{name} mod"), "");
            assert!(!told.contains(name), "{path}: {told}");
        }
    }
}

#[actix_web::test]
async fn what_was_deleted_is_in_no_count_that_anyone_sees() {
    let app = App::start().await;
    let boris = app.member("Boris").await;
    let forum = app.forum("plain").await;
    let anna = app.member("Anna").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let seen = async || {
        let paths = [
            format!("/api/v1/threads/{thread}"),
            format!("/api/v1/forums/{forum}"),
            "/api/v1/forums".to_owned(),
            format!("/api/v1/members/{}", anna.id),
            format!("/api/v1/members/{}/posts", anna.id),
            format!("/api/v1/members/{}/likes", boris.id),
            format!("/api/v1/threads?author={}", anna.id),
        ];
        let mut all = Vec::new();
        for path in paths {
            let mut json = app.guest().get(&path).await.expect(200).json;
            json["view_count"] = Value::Null;
            all.push(json);
        }
        all
    };
    let before = seen().await;
    let post = anna.reply(thread, "To be deleted").await;
    boris.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    assert_ne!(seen().await, before);
    anna.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    assert_eq!(seen().await, before);
}
