//! Lookups that come together: each is answered with what it asked for, and they need few statements.

use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use diesel::sql_types::BigInt;
use diesel_async::AsyncPgConnection;
use folkmoot::clock::Clock;
use folkmoot::db::{Lookup, fixed};
use folkmoot::error::{Code, Error};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

use crate::support::{Answer, App, Person, eventually, until, who_waits};

const MANY: usize = 24;

/// A thread page, and readers of whom every third likes its post.
async fn forum(app: &App) -> (String, Vec<Person>) {
    let anna = app.member("anna").await;
    let page = anna.post(
        "/api/v1/threads",
        serde_json::json!({
            "forum_id": app.forum("general").await, "title": "A title", "body": "The first post."
        }),
    );
    let page = page.await.expect(201);
    let (thread, post) = (page["thread"]["id"].as_i64().unwrap(), page["thread"]["last_post"]["id"].as_i64().unwrap());
    let mut readers = Vec::new();
    for n in 0..MANY {
        let reader = app.member(&format!("reader {n}")).await;
        if n % 3 == 0 {
            reader.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
        }
        readers.push(reader);
    }
    (format!("/api/v1/threads/{thread}/posts"), readers)
}

/// The same, with the page kept and the likes locked: no reader's own part can be read until the lock is let go.
async fn likes_held(app: &App) -> (String, Vec<Person>, tokio_postgres::Client) {
    let (page, readers) = forum(app).await;
    for reader in &readers {
        reader.get(&page).await.expect(200);
    }
    let lock = app.sql().await;
    lock.batch_execute("BEGIN; LOCK TABLE likes").await.unwrap();
    (page, readers, lock)
}

fn ask_at_once(page: &str, readers: &[Person]) -> Vec<JoinHandle<Answer>> {
    let ask = |reader: &Person| {
        let (reader, page) = (reader.clone(), page.to_owned());
        spawn(async move { reader.get(&page).await })
    };
    readers.iter().map(ask).collect()
}

#[actix_web::test]
async fn who_asks_at_the_same_time_gets_what_is_its_own_by_few_statements() {
    // The clock stands still: page and sessions do not grow old while the readers come one by one.
    let app = App::start_with(|setup| setup.clock = Clock::still()).await;
    let (page, readers, lock) = likes_held(&app).await;
    let asked = ask_at_once(&page, &readers);
    let before = app.shared.state.db.statements();
    app.until_in_flight(MANY).await;
    lock.batch_execute("COMMIT").await.unwrap();
    for (n, answered) in join_all(asked).await.into_iter().enumerate() {
        let page = answered.unwrap().expect(200);
        assert_eq!(page["viewer"]["member_id"], readers[n].id);
        assert_eq!(page["viewer"]["liked"].as_array().unwrap().len(), usize::from(n % 3 == 0), "reader {n}");
    }
    let statements = app.shared.state.db.statements() - before;
    assert!(statements <= MANY as u64 / 2, "{statements} statements for {MANY} readers");
}

/// Reads the likes, and then gives for each key all that were looked up with it.
struct Companions;

/// A key whose lookup panics.
const PANICS: i64 = -1;

impl Lookup for Companions {
    type Key = i64;
    type Found = Vec<i64>;

    async fn find(keys: &[i64], mut conn: &AsyncPgConnection) -> Result<Vec<Vec<i64>>, Error> {
        let likes = fixed::<BigInt>("SELECT count(*) FROM likes");
        let _: i64 = diesel_async::RunQueryDsl::get_result(likes, &mut conn).await?;
        assert!(!keys.contains(&PANICS), "a test wants it");
        Ok(keys.iter().map(|_| keys.to_vec()).collect())
    }
}

type LookedUp = JoinHandle<Result<Vec<i64>, Error>>;

/// With the likes locked: looks this key up, and once the database has been asked, as many others.
async fn looked_up(app: &App, first: i64) -> (LookedUp, Vec<LookedUp>, tokio_postgres::Client) {
    let lock = app.sql().await;
    lock.batch_execute("BEGIN; LOCK TABLE likes").await.unwrap();
    let look_up = |key: i64| {
        let db = app.shared.state.db.clone();
        spawn(async move { db.look_up::<Companions>(key).await })
    };
    let first = look_up(first);
    who_waits(&lock).await;
    let others: Vec<_> = (1..=MANY as i64).map(look_up).collect();
    until_waiting(app, MANY).await;
    (first, others, lock)
}

/// Until so many wait for a connection or for a statement that is theirs.
async fn until_waiting(app: &App, count: usize) {
    eventually(async || app.shared.state.db.load().waiting == count).await;
}

#[actix_web::test]
async fn who_goes_away_takes_nobody_along_and_nothing_is_looked_up_for_it() {
    let app = App::start().await;
    let (first, others, lock) = looked_up(&app, 0).await;
    let (gone, stay): (Vec<_>, Vec<_>) = (1_i64..).zip(others).partition(|(key, _)| key % 2 == 0);
    for gone in std::iter::once(first).chain(gone.into_iter().map(|(_, gone)| gone)) {
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    lock.batch_execute("COMMIT").await.unwrap();
    let keys: Vec<_> = stay.iter().map(|(key, _)| *key).collect();
    for (_, looked_up) in stay {
        assert_eq!(looked_up.await.unwrap().unwrap(), keys);
    }
    until_waiting(&app, 0).await;
}

#[actix_web::test]
async fn those_who_wait_for_a_lookup_that_panics_are_told_and_the_next_ones_are_looked_up() {
    let app = App::start().await;
    let (first, others, lock) = looked_up(&app, PANICS).await;
    lock.batch_execute("COMMIT").await.unwrap();
    for looked_up in std::iter::once(first).chain(others) {
        assert_eq!(looked_up.await.unwrap().unwrap_err().code(), Code::InternalError);
    }
    assert_eq!(app.shared.state.db.look_up::<Companions>(7).await.unwrap(), [7]);
}

fn is_turned_away(answer: Answer) {
    let answer = answer.refused(503, "overloaded");
    assert_eq!(answer.header("retry-after"), "1");
    // A statement that takes too long is told in other words.
    assert_eq!(answer["detail"], "The server has too many requests at the moment.");
}

#[actix_web::test]
async fn who_comes_where_too_many_wait_is_turned_away_at_once() {
    // With the first go those at most that came before it was sent.
    const WAIT: usize = 256;
    const GO_FIRST: usize = 32;
    const TOO_MANY: usize = 16;
    let app = App::start_with(|setup| setup.workers = 1).await;
    let (page, readers, lock) = likes_held(&app).await;
    let readers = readers.iter().cycle().take(WAIT + GO_FIRST + TOO_MANY);
    let mut asked: FuturesUnordered<_> = readers.map(|reader| reader.get(&page)).collect();
    for _ in 0..TOO_MANY {
        is_turned_away(asked.next().await.unwrap());
    }
    lock.batch_execute("COMMIT").await.unwrap();
    let (served, turned_away): (Vec<_>, Vec<_>) =
        asked.collect::<Vec<_>>().await.into_iter().partition(|answer| answer.status == 200);
    assert!(served.len() > WAIT, "{}", served.len());
    turned_away.into_iter().for_each(is_turned_away);
    app.member("somebody else").await.get(&page).await.expect(200);
}

#[actix_web::test]
async fn who_waits_too_long_for_a_statement_is_turned_away() {
    let app = App::start_with(|setup| (setup.workers, setup.pool.wait) = (1, Duration::from_millis(300))).await;
    let (page, readers, lock) = likes_held(&app).await;
    let first = ask_at_once(&page, &readers[..1]);
    who_waits(&lock).await;
    for answered in ask_at_once(&page, &readers[1..]) {
        is_turned_away(answered.await.unwrap());
    }
    lock.batch_execute("COMMIT").await.unwrap();
    // Its statement had begun.
    for answered in first {
        answered.await.unwrap().expect(200);
    }
    readers[1].get(&page).await.expect(200);
}

#[actix_web::test]
async fn who_waits_for_a_statement_that_does_not_end_is_turned_away() {
    let app = App::start_with(|setup| (setup.workers, setup.pool.pipelined_read) = (1, Duration::from_secs(1))).await;
    let (page, readers, lock) = likes_held(&app).await;
    is_turned_away(readers[0].get(&page).await);
    lock.batch_execute("COMMIT").await.unwrap();
    eventually(async || readers[0].get(&page).await.status == 200).await;
}

#[actix_web::test]
async fn those_who_wait_for_a_statement_are_counted() {
    let app = App::start_with(|setup| setup.workers = 1).await;
    let (page, readers, lock) = likes_held(&app).await;
    let mut asked = ask_at_once(&page, &readers[..1]);
    who_waits(&lock).await;
    asked.extend(ask_at_once(&page, &readers[1..]));
    until_waiting(&app, MANY - 1).await;
    lock.batch_execute("COMMIT").await.unwrap();
    for answered in asked {
        answered.await.unwrap().expect(200);
    }
    until_waiting(&app, 0).await;
}

#[actix_web::test]
async fn all_are_told_when_the_statement_fails() {
    let app = App::start_with(|setup| setup.pool.pipelined_lock = Duration::from_millis(300)).await;
    let (page, readers, lock) = likes_held(&app).await;
    let answers = join_all(readers.iter().map(|reader| reader.get(&page))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 503),
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    lock.batch_execute("COMMIT").await.unwrap();
    until(&app.sql().await, "SELECT count(*) = 0 FROM pg_locks WHERE NOT granted").await;
    readers[0].get(&page).await.expect(200);
}
