//! Many writers and readers on two nodes, all caches on: not one answer is older than it may be.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, App, Person, eventually};

const FOR: Duration = Duration::from_secs(4);
/// What guests are promised on a node that did not take the write.
const BOUND: Duration = Duration::from_secs(1);

/// What was acknowledged, and when: the highest position of the thread.
#[derive(Default)]
struct Acknowledged(RefCell<Vec<(Instant, i64)>>);

impl Acknowledged {
    fn add(&self, position: i64) {
        self.0.borrow_mut().push((Instant::now(), position));
    }

    /// The least that may be shown of what was acknowledged before this moment.
    fn as_of(&self, moment: Instant) -> i64 {
        self.0.borrow().iter().filter(|(at, _)| *at <= moment).map(|(_, position)| *position).max().unwrap_or(0)
    }
}

/// Reads until the time is over; each page shows all that was acknowledged this long before it was asked for.
async fn read(
    who: Person,
    page: String,
    known: Rc<Acknowledged>,
    late_by: Duration,
    end: Instant,
    reads: Rc<Cell<u32>>,
) {
    while Instant::now() < end {
        let asked = Instant::now();
        let least = asked.checked_sub(late_by).map_or(0, |moment| known.as_of(moment));
        let answer = who.get(&page).await.expect(200);
        let shown = answer["pagination"]["total"].as_i64().unwrap();
        assert!(shown >= least, "{shown} of {least} posts, {late_by:?} late at most, at {}", who.url);
        reads.set(reads.get() + 1);
    }
}

#[actix_web::test]
async fn readers_of_two_nodes_never_see_less_than_they_are_promised() {
    let here = App::start().await;
    let there = here.another_node().await;
    let (forum, anna) = (here.forum("general").await, here.member("anna").await);
    let (ben, reader) = (here.member("ben").await, here.member("rita").await);
    let page = format!("/api/v1/threads/{}/posts", anna.start_thread(forum, "Busy", "The first post.").await);
    // Writers of each node are known apart: their own guests see what they wrote at once.
    let (by_here, by_there, by_all) = (Rc::default(), Rc::default(), Rc::<Acknowledged>::default());
    let (end, reads) = (Instant::now() + FOR, Rc::new(Cell::new(0)));
    let at = |who: &Person, app: &App, known: &Rc<Acknowledged>, late_by| {
        read(who.at(app), page.clone(), known.clone(), late_by, end, reads.clone())
    };
    let guests = async {
        join_all([
            at(&here.guest(), &here, &by_here, Duration::ZERO),
            at(&there.guest(), &there, &by_there, Duration::ZERO),
            at(&here.guest(), &here, &by_there, BOUND),
            at(&there.guest(), &there, &by_here, BOUND),
            at(&reader, &here, &by_all, Duration::ZERO),
            at(&reader, &there, &by_all, Duration::ZERO),
        ])
        .await;
    };
    let writers = async {
        let writes = |who: &Person, app: &App, known: &Rc<Acknowledged>| {
            let (who, page, known, all) = (who.at(app), page.clone(), known.clone(), by_all.clone());
            async move {
                while Instant::now() < end {
                    let post = who.post(&page, json!({"body": "One more."})).await.expect(201);
                    let position = post["position"].as_i64().unwrap();
                    known.add(position);
                    all.add(position);
                }
            }
        };
        join_all([writes(&anna, &here, &by_here), writes(&ben, &there, &by_there)]).await;
    };
    tokio::join!(guests, writers);
    let written = by_all.0.borrow().len();
    println!("{written} writes, {} reads, none older than promised", reads.get());
    assert!(written > 20 && reads.get() > 100, "too little was done: {written} writes, {} reads", reads.get());
}

#[actix_web::test]
async fn a_node_that_can_not_follow_the_log_shows_nothing_that_it_keeps() {
    let app = App::start().await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let thread = anna.start_thread(forum, "A title", "The first post.").await;
    let page = format!("/api/v1/threads/{thread}/posts");
    app.guest().get(&page).await.expect(200);
    let (mut locker, writer) = (app.sql().await, app.sql().await);
    let lock = locker.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // As another node would write it, with an entry that this one can not read.
    writer.execute("UPDATE threads SET title = 'Another', page_version = page_version + 1", &[]).await.unwrap();
    let changed = Instant::now();
    loop {
        let asked = Instant::now();
        if app.guest().get(&page).await["thread"]["title"] == "Another" {
            break;
        }
        assert!(asked < changed + BOUND, "what is kept is shown for longer than a second");
    }
    lock.rollback().await.unwrap();
    // Then it follows again, and keeps again.
    app.until_kept(&page).await;
}

/// Two nodes, of which the second keeps what guests read there.
struct Nodes {
    here: App,
    there: App,
}

impl Nodes {
    async fn new() -> Self {
        let here = App::start().await;
        Self { there: here.another_node().await, here }
    }

    /// Writes here what there is shown otherwise by then: no question that is asked later than promised misses it.
    async fn show(&self, path: &str, write: impl Future<Output = Answer>, is_shown: impl Fn(&Answer) -> bool) {
        let guest = self.there.guest();
        eventually(async || self.there.statements(guest.get(path)).await == 0).await;
        let answer = write.await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.status);
        let written = Instant::now();
        assert!(is_shown(&self.here.guest().get(path).await), "{path}: where it was written");
        loop {
            let asked = Instant::now();
            if is_shown(&guest.get(path).await) {
                return;
            }
            assert!(asked < written + BOUND, "{path}: a second after it was written");
        }
    }
}

#[actix_web::test]
async fn what_guests_ask_for_beside_pages_is_a_second_old_at_most_on_another_node() {
    let nodes = Nodes::new().await;
    let app = &nodes.here;
    let (forum, anna, ben) = (app.forum("general").await, app.member("anna").await, app.member("ben").await);
    let (mona, ada) = (app.moderator("mona").await, app.admin("ada").await);
    let thread = anna.start_thread(forum, "A title", "The first post.").await;
    let (thread, reply) = (format!("/api/v1/threads/{thread}"), anna.reply(thread, "A reply.").await);
    let post = format!("/api/v1/posts/{reply}");
    let edit = json!({"body": "An edited reply."});
    nodes.show(&post, anna.patch(&post, 1, edit), |shown| shown["version"] == 2).await;
    nodes.show(&post, ben.put(&format!("{post}/like")), |shown| shown["like_count"] == 1).await;
    nodes.show(&post, mona.delete(&post), |shown| shown["body"].is_null()).await;
    let title = json!({"title": "Another title"});
    nodes.show(&thread, anna.patch(&thread, 1, title), |shown| shown["title"] == "Another title").await;
    nodes.show(&thread, mona.put(&format!("{thread}/lock")), |shown| shown["locked"] == true).await;
    let member = format!("/api/v1/members/{}", ben.id);
    let (role, moderator) = (format!("{member}/role"), json!({"role": "moderator"}));
    nodes.show(&member, ada.put_json(&role, moderator), |shown| shown["role"] == "moderator").await;
    let list = "/api/v1/threads?limit=1";
    let page = format!("{thread}/posts");
    let reply = || ben.post(&page, json!({"body": "One more."}));
    let count = app.guest().get(list).await["items"][0]["post_count"].as_i64().unwrap();
    nodes.show(list, mona.delete(&format!("{thread}/lock")), |shown| shown["items"][0]["locked"] == false).await;
    nodes.show(list, reply(), |shown| shown["items"][0]["post_count"] == count + 1).await;
    let forum = format!("/api/v1/forums/{forum}");
    let count = app.guest().get(&forum).await["post_count"].as_i64().unwrap();
    nodes.show(&forum, reply(), |shown| shown["post_count"] == count + 1).await;
    nodes.show(&thread, mona.delete(&thread), |shown| shown.status == 404).await;
}
