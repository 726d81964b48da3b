//! Each act that changes what a thread page shows: guests see it at once on the node that took it, and within a second on another;
//! who is signed in sees it at once on both.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, App, Person};

/// What guests are promised on a node that did not take the write.
const BOUND: Duration = Duration::from_secs(1);

struct World {
    here: App,
    there: App,
    author: Person,
    moderator: Person,
    reader: Person,
    forum: i64,
    thread: i64,
    post: i64,
}

impl World {
    async fn new() -> Self {
        let here = App::start().await;
        let there = here.another_node().await;
        let (forum, author) = (here.forum("general").await, here.member("anna").await);
        let thread = author.start_thread(forum, "A title", "The first post.").await;
        let post = author.reply(thread, "A reply.").await;
        let (moderator, reader) = (here.moderator("mona").await, here.member("rita").await);
        Self { here, there, author, moderator, reader, forum, thread, post }
    }

    fn page(&self) -> String {
        format!("/api/v1/threads/{}/posts", self.thread)
    }

    /// Reads the page until it is kept on both nodes.
    async fn warm(&self) {
        for app in [&self.here, &self.there] {
            for _ in 0..3 {
                app.guest().get(&self.page()).await;
                self.reader.at(app).get(&self.page()).await;
            }
        }
    }

    /// What the page shows, as far as it is exact: all but views.
    async fn sees(&self, who: &Person) -> Value {
        let answer = who.get(&self.page()).await;
        match answer.status {
            200 => json!([&answer["thread"], &answer["posts"]].map(without_views)),
            status => json!(status),
        }
    }

    async fn check(&self, name: &str, answer: Answer) {
        assert!((200..300).contains(&answer.status), "{name}: {}", answer.status);
        let done = Instant::now();
        let truth = self.sees(&self.reader).await;
        assert_eq!(self.sees(&self.here.guest()).await, truth, "{name}: a guest on the node that took it");
        assert_eq!(self.sees(&self.reader.at(&self.there)).await, truth, "{name}: a member on the other node");
        loop {
            let asked = Instant::now();
            if self.sees(&self.there.guest()).await == truth {
                return;
            }
            assert!(asked < done + BOUND, "{name}: a guest on the other node, after a second");
        }
    }
}

fn without_views(shown: &Value) -> Value {
    let mut shown = shown.clone();
    if let Some(thread) = shown.as_object_mut() {
        thread.remove("view_count");
    }
    shown
}

#[actix_web::test]
async fn what_a_page_shows_is_fresh_after_each_act_that_changes_it() {
    let world = World::new().await;
    let (thread, post) = (format!("/api/v1/threads/{}", world.thread), format!("/api/v1/posts/{}", world.post));
    let other = world.here.forum("other").await;
    let edit = json!({"body": "Another reply."});
    macro_rules! then {
        ($name:literal, $act:expr) => {
            world.warm().await;
            let before = world.sees(&world.reader).await;
            world.check($name, $act.await).await;
            assert_ne!(world.sees(&world.reader).await, before, "{}: it changes nothing that is shown", $name);
        };
    }
    then!("reply", world.author.post(&world.page(), json!({"body": "One more."})));
    then!("edit of a post", world.author.patch(&post, 1, edit.clone()));
    then!("like", world.reader.put(&format!("{post}/like")));
    then!("unlike", world.reader.delete(&format!("{post}/like")));
    then!("deletion of a post", world.author.delete(&post));
    then!("restoring a post", world.moderator.act(&format!("{post}/restore")));
    then!("edit of a thread", world.author.patch(&thread, 1, json!({"title": "Another title"})));
    then!("lock", world.moderator.put(&format!("{thread}/lock")));
    then!("unlock", world.moderator.delete(&format!("{thread}/lock")));
    then!("pin", world.moderator.put(&format!("{thread}/pin")));
    then!("unpin", world.moderator.delete(&format!("{thread}/pin")));
    then!("move", world.moderator.post(&format!("{thread}/move"), json!({"forum_id": other})));
    then!("move back", world.moderator.post(&format!("{thread}/move"), json!({"forum_id": world.forum})));
    then!("deletion of a thread", world.moderator.delete(&thread));
    then!("restoring a thread", world.moderator.act(&format!("{thread}/restore")));
}

#[actix_web::test]
async fn what_a_member_may_do_is_told_by_its_role_at_once() {
    let world = World::new().await;
    let admin = world.here.admin("ada").await;
    world.warm().await;
    let role = format!("/api/v1/members/{}/role", world.reader.id);
    admin.put_json(&role, json!({"role": "moderator"})).await.expect(200);
    assert_eq!(world.reader.get(&world.page()).await["viewer"]["can"]["lock"], true);
    admin.put_json(&role, json!({"role": "member"})).await.expect(200);
    assert_eq!(world.reader.get(&world.page()).await["viewer"]["can"]["lock"], false);
}

#[actix_web::test]
async fn a_reader_finds_its_own_card_likes_and_rights_in_a_page_that_is_kept() {
    let world = World::new().await;
    world.warm().await;
    world.reader.put(&format!("/api/v1/posts/{}/like", world.post)).await.expect(200);
    world.warm().await;
    for app in [&world.here, &world.there] {
        let page = world.reader.at(app).get(&world.page()).await.expect(200);
        assert_eq!(page["viewer"]["member_id"], world.reader.id);
        assert_eq!(page["viewer"]["liked"], json!([world.post]));
        assert_eq!(page["viewer"]["can"]["reply"], true);
        assert_eq!(page["members"][world.reader.id.to_string()]["username"], "rita");
        let guest = app.guest().get(&world.page()).await.expect(200);
        assert_eq!(guest["viewer"], Value::Null);
        assert_eq!(guest["members"].get(world.reader.id.to_string()), None);
    }
}

/// What a guest sees of something, on both nodes: at once on the one that took the act, within a second on the other.
async fn guests_see(world: &World, path: &str, done: Instant, shown: impl Fn(&Answer) -> bool) {
    assert!(shown(&world.here.guest().get(path).await), "a guest on the node that took it");
    loop {
        let asked = Instant::now();
        if shown(&world.there.guest().get(path).await) {
            return;
        }
        assert!(asked < done + BOUND, "a guest on the other node, after a second");
    }
}

async fn warm(world: &World, path: &str) {
    for app in [&world.here, &world.there] {
        app.guest().get(path).await.expect(200);
        app.guest().get(path).await.expect(200);
    }
}

#[actix_web::test]
async fn a_post_by_itself_shows_what_became_of_those_that_it_quotes() {
    let world = World::new().await;
    let quoted = format!("/api/v1/posts/{}", world.post);
    let quotes = format!("[quote post={}]\nA reply.\n[/quote]\n\nIndeed.", world.post);
    let path = format!("/api/v1/posts/{}", world.author.reply(world.thread, &quotes).await);
    for (act, available) in [("DELETE", false), ("POST", true)] {
        warm(&world, &path).await;
        let done = match act {
            "DELETE" => world.author.delete(&quoted).await.expect(204),
            _ => world.moderator.act(&format!("{quoted}/restore")).await.expect(200),
        };
        drop(done);
        guests_see(&world, &path, Instant::now(), |post| post["quotes"][0]["available"] == available).await;
    }
    warm(&world, &path).await;
    world.moderator.patch(&quoted, 1, json!({"body": "Another reply."})).await.expect(200);
    guests_see(&world, &path, Instant::now(), |post| post["quotes"][0]["edited_since"] == true).await;
}

#[actix_web::test]
async fn the_title_of_a_deleted_thread_is_on_no_other_page() {
    let world = World::new().await;
    let private = world.author.start_thread(world.forum, "A private title", "A post.").await;
    let title = |page: &Answer| page["forum"]["last_post"]["thread_title"].clone();
    warm(&world, &world.page()).await;
    assert_eq!(title(&world.here.guest().get(&world.page()).await), "A private title");
    world.moderator.delete(&format!("/api/v1/threads/{private}")).await.expect(204);
    guests_see(&world, &world.page(), Instant::now(), |page| title(page) != "A private title").await;
}
