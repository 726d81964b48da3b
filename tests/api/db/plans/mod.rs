//! How much work reads make, in a forum that is large enough for PostgreSQL to care: no read of the document goes through a table that
//! grows, puts more than a page in order, looks at more rows than a page has, or is planned each time, but for lists whose filters no
//! index has, and those look at a small part of the threads.

mod asked;
mod log;

use std::collections::BTreeSet;

use folkmoot::ids::ThreadId;
use folkmoot::threads::write_views;
use serde_json::Value;

use self::asked::{Asked, Work};
use self::log::{Explaining, Statement};
use crate::attacks::acts::acts;
use crate::support::{App, PATIENCE, Person};

/// As many threads and members as there are.
const MANY: f64 = 20_000.0;
/// A page of a list, with the one row more that tells of a next one.
const PAGE: f64 = 101.0;
/// What a page of 20 may look at: rows, what they name, and the index entries of both.
const OF_A_PAGE: f64 = 400.0;
/// What may be looked at for a list without an index: between going through an order until a page is full and putting all that match
/// in order, the planner takes the cheaper, and where both are as dear that is the root of the page times the table.
const SMALL_PART: f64 = MANY / 4.0;
/// After so many times PostgreSQL thinks about a plan for all values.
const TIMES: usize = 7;
/// Tables that stay small, whatever is written.
const SMALL: [&str; 7] =
    ["forums", "ranks", "site", "signing_keys", "nodes", "event_log", "__diesel_schema_migrations"];

/// What is wrong with it.
fn faults(statement: &Statement, work: Work) -> Vec<String> {
    let mut faults = Vec::new();
    let scanned: Vec<_> = statement.scanned().into_iter().filter(|table| !SMALL.contains(table)).collect();
    if !scanned.is_empty() {
        faults.push(format!("goes through {scanned:?}"));
    }
    let (sorted, looked_at) = (statement.sorted(), statement.looked_at());
    let (most_sorted, most) = match work {
        Work::Page => (PAGE, OF_A_PAGE),
        Work::SmallPart => (SMALL_PART, SMALL_PART),
    };
    if sorted > most_sorted {
        faults.push(format!("puts {sorted} rows in order"));
    }
    if looked_at > most {
        faults.push(format!("looks at {looked_at} rows"));
    }
    faults
}

/// Whether PostgreSQL reckons that a plan for these values is worth to be made each time: that a member began few threads, or a forum has
/// few since then, it can only know by them.
fn hangs_on_values(path: &str) -> bool {
    let of_author = path.contains("author=") || path.starts_with("/api/v1/members/") && path.ends_with("/threads");
    of_author || path.contains("forum=") && path.contains("since=")
}

/// The cursor of the next page. Answers are held against the document elsewhere; here they are too many.
async fn get(person: &Person, path: &str) -> Option<String> {
    let request = person.app.http.get(format!("{}{path}", person.url));
    let request = person.token.iter().fold(request, |request, token| request.bearer_auth(token));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let next = answer.headers().get("link").is_some();
    let text = answer.text().await.unwrap();
    next.then(|| serde_json::from_str::<Value>(&text).unwrap()["next"].as_str().unwrap().to_owned())
}

/// Asks for it until plans are settled; then for the page behind it. Gives what is wrong.
async fn ask(asked: &Asked, person: &Person, explaining: &mut Explaining) -> BTreeSet<String> {
    explaining.statements();
    let mut wrong = BTreeSet::new();
    let mut note = |path: &str, statements: Vec<Statement>, time: usize| {
        for statement in statements {
            let hangs_on_values = asked.work == Work::SmallPart || hangs_on_values(&asked.path);
            let is_anew = statement.is_look_up_planned_anew() || statement.is_page_planned_anew() && !hangs_on_values;
            let anew = (time + 1 == TIMES && is_anew).then(|| "is planned anew each time".to_owned());
            for fault in faults(&statement, asked.work).into_iter().chain(anew) {
                wrong.insert(format!("{path} {fault}:\n  {}\n{}", statement.text, statement.plan()));
            }
        }
    };
    let mut next = None;
    let times = if asked.is_new { TIMES } else { 1 };
    for time in 0..times {
        next = get(person, &asked.path).await;
        note(&asked.path, explaining.statements(), time);
    }
    if let Some(cursor) = next {
        let sign = if asked.path.contains('?') { '&' } else { '?' };
        let path = format!("{}{sign}cursor={cursor}", asked.path);
        for time in 0..times {
            get(person, &path).await;
            note(&path, explaining.statements(), time);
        }
    }
    wrong
}

/// Views of many threads are written by looking each of them up.
async fn views(app: &App, explaining: &mut Explaining) -> Option<String> {
    let mut conn = app.shared.state.db.get().await.unwrap();
    let all = "SELECT sum(view_count)::bigint FROM threads";
    let before = app.count(all).await;
    let mut gathered: Vec<_> = (1..=2_000).map(|n| (ThreadId(n), 1)).collect();
    explaining.statements();
    write_views(&mut gathered, PATIENCE, &mut conn).await.unwrap();
    let statements = explaining.statements();
    assert_eq!((gathered.len(), app.count(all).await), (0, before + 2_000));
    let most = statements.iter().map(Statement::most_rows).fold(0.0, f64::max);
    (most > 500.0 || statements.len() < 4).then(|| format!("views went through {most} rows:\n{}", statements[0].plan()))
}

/// A service on a database that explains itself and has these rows. Nothing is kept: each time is to reach the database.
async fn start(explaining: &Explaining, rows: &str) -> App {
    let url = explaining.postgres.url().to_owned();
    folkmoot::db::migrate(&url).await.unwrap();
    let app = App::start_on(&url, |setup| (setup.workers, setup.pool.connections, setup.cache) = (1, 3, 0)).await;
    app.sql().await.batch_execute(rows).await.unwrap();
    app
}

fn none(wrong: BTreeSet<String>) {
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[actix_web::test]
async fn no_read_costs_more_where_there_is_more() {
    let mut explaining = Explaining::start("plans").await;
    let app = start(&explaining, include_str!("rows.sql")).await;
    let sql = app.sql().await;
    let moderator = app.moderator("mo").await;
    let own = format!(
        "INSERT INTO sessions (member_id, scopes, created_at, last_used_at, expires_at)
         SELECT {0}, '{{read}}', now(), now(), now() + interval '30 days' FROM generate_series(1, 100);
         INSERT INTO tokens (member_id, name, token_hash, scopes, created_at)
         SELECT {0}, 'A program', sha256(('mine ' || i)::bytea), '{{read}}', now() FROM generate_series(1, 100) i;
         ANALYZE sessions, tokens",
        moderator.id
    );
    sql.batch_execute(&own).await.unwrap();
    let people = [("guest", app.guest()), ("moderator", moderator)];
    let mut wrong = BTreeSet::new();
    for act in acts().iter().filter(|act| act.method == "GET") {
        for asked in asked::of(act) {
            for (who, person) in people.iter().filter(|(who, _)| *who != "guest" || act.for_guests) {
                let found = ask(&asked, person, &mut explaining).await;
                wrong.extend(found.into_iter().map(|fault| format!("{who}: {fault}")));
            }
        }
    }
    get(&app.guest(), "/api/v1/threads/1/posts").await;
    assert!(explaining.statements().iter().any(|statement| statement.text.contains("quotes")), "nothing quotes");
    wrong.extend(views(&app, &mut explaining).await);
    explaining.stop().await;
    none(wrong);
}

/// In a plan for all values the planner takes a forum's part of an index of another order for less than a tenth of its part of the list's
/// own: of the one it knows two bounds of a column, of the other a comparison of rows. It must not put all of a forum in order for that.
/// Nor is the plan for a page's members to be made each time because they are few.
#[actix_web::test]
async fn lists_of_small_forums_follow_their_index_and_are_planned_once() {
    let mut explaining = Explaining::start("small-forums").await;
    let app = start(&explaining, include_str!("small_forums.sql")).await;
    let mut wrong = BTreeSet::new();
    let lists = acts().iter().find(|act| act.name == "list_threads").map(asked::of).unwrap();
    for asked in lists.iter().filter(|asked| asked.path.contains("forum=") && asked.work == Work::Page) {
        wrong.extend(ask(asked, &app.guest(), &mut explaining).await);
    }
    explaining.stop().await;
    none(wrong);
}
