//! Writes that are overtaken by a revocation: the head of a request comes while the caller still has the right, the last byte
//! after the right was taken away. Every writing operation of the document, each way to take a right away, on both nodes.

use std::rc::Rc;

use folkmoot::access::{Role, hash_opaque};
use folkmoot::ids::MemberId;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::acts::{Act, acts};
use crate::support::{App, PASSWORD, Person, eventually};

/// Each way to take away what a caller may do, and the credential that it ends.
const REVOCATIONS: [(&str, Kind); 8] = [
    ("sign-out", Kind::Session),
    ("sign-out of the other sessions", Kind::Session),
    ("password change", Kind::Token),
    ("password reset", Kind::Session),
    ("suspension", Kind::Session),
    ("demotion", Kind::Session),
    ("deletion of the account", Kind::Session),
    ("deletion of the token", Kind::Token),
];

/// How a caller signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Session,
    Token,
}

/// A caller with the right to do it all, its other session, and what it may try its hands on.
struct Case {
    caller: Person,
    /// The caller in the session that revokes.
    elsewhere: Person,
    role: &'static str,
    refresh_token: String,
    mail_token: String,
    forum: i64,
    other_forum: i64,
    thread: i64,
    post: i64,
    likeable: i64,
    suspended: i64,
    session: i64,
    token: i64,
}

/// The least role that an operation needs.
fn role(act: &Act) -> &'static str {
    match (act.scope.as_deref(), act.name.as_str()) {
        (Some("admin"), _) => "admin",
        (Some("moderate"), _) => "moderator",
        _ => "member",
    }
}

/// The operations that write in the name of a caller.
fn writing() -> Vec<Act> {
    acts().into_iter().filter(|act| act.method != "GET" && act.scope.is_some()).collect()
}

/// Whether a right that the operation needs can be taken away so.
fn applies(how: &str, act: &Act) -> bool {
    match (how, role(act)) {
        // An administrator cannot be suspended, and a member has no role to lose.
        ("suspension", "admin") | ("demotion", "member") => false,
        _ => true,
    }
}

async fn case(app: &App, name: &str, act: &Act, kind: Kind) -> Case {
    let role = role(act);
    let elsewhere = match role {
        "admin" => app.admin(name).await,
        "moderator" => app.moderator(name).await,
        _ => app.member(name).await,
    };
    elsewhere.has_password().await;
    let (sql, id) = (app.sql().await, elsewhere.id);
    let suspended = app.member(&format!("{name} target")).await.id;
    let (refresh_token, mail_token) = (format!("refresh {name}"), format!("mail {name}"));
    let session = "INSERT INTO sessions (member_id, scopes, created_at, last_used_at, expires_at) \
                   SELECT member_id, scopes, created_at, last_used_at, expires_at FROM sessions \
                   WHERE member_id = $1 LIMIT 1 RETURNING id";
    let own: i64 = sql.query_one(session, &[&id]).await.unwrap().get(0);
    let third: i64 = sql.query_one(session, &[&id]).await.unwrap().get(0);
    let refresh = "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES ($1, $2, now())";
    sql.execute(refresh, &[&hash_opaque(&refresh_token), &own]).await.unwrap();
    let mail = "INSERT INTO mail_tokens (member_id, purpose, token_hash, email, expires_at) \
                VALUES ($1, 'reset', $2, 'a@example.org', now() + interval '1 hour')";
    sql.execute(mail, &[&id, &hash_opaque(&mail_token)]).await.unwrap();
    let suspend = format!(
        "UPDATE members SET suspended_at = now(), suspend_reason = 'x', suspended_by = {id} WHERE id = {suspended}"
    );
    if act.name == "unsuspend_member" {
        sql.batch_execute(&suspend).await.unwrap();
    }
    let access = app.shared.keys.sign(id.into(), own.into(), app.clock.now()).unwrap();
    let in_session = elsewhere.with_token(&access);
    let caller = match kind {
        Kind::Session => in_session,
        Kind::Token => elsewhere.personal_token(&folkmoot::access::SCOPES).await,
    };
    let token = match kind {
        Kind::Session => elsewhere.personal_token(&["read"]).await,
        Kind::Token => caller.clone(),
    };
    assert_ne!(token.token, elsewhere.token);
    let token = app.count(&format!("SELECT max(id) FROM tokens WHERE member_id = {id}")).await;
    let forum = app.forum(&format!("f-{id}")).await;
    let other_forum = app.forum(&format!("g-{id}")).await;
    let thread = elsewhere.start_thread(forum, "A thread", "The first post.").await;
    let post = elsewhere.reply(thread, "Some words.").await;
    let likeable = app.member(&format!("{name} liked")).await.reply(thread, "Some words.").await;
    Case {
        caller,
        elsewhere,
        role,
        refresh_token,
        mail_token,
        forum,
        other_forum,
        thread,
        post,
        likeable,
        suspended,
        session: third,
        token,
    }
}

impl Case {
    fn path(&self, act: &Act) -> String {
        act.path(|parameter| {
            let id = match parameter {
                "thread_id" => self.thread,
                "post_id" if act.scope.as_deref() == Some("like") => self.likeable,
                "post_id" => self.post,
                "forum_id" if act.name == "delete_forum" => self.other_forum,
                "forum_id" => self.forum,
                "member_id" => self.suspended,
                "session_id" => self.session,
                "token_id" => self.token,
                unknown => panic!("say here what stands for {{{unknown}}}"),
            };
            id.to_string()
        })
    }

    fn body(&self, act: &Act) -> Option<Value> {
        let mut body = act.good_body()?;
        if !body["forum_id"].is_null() {
            body["forum_id"] = self.other_forum.into();
        }
        if !body["slug"].is_null() {
            body["slug"] = format!("h-{}", self.caller.id).into();
        }
        for password in ["password", "current"] {
            if !body[password].is_null() {
                body[password] = PASSWORD.into();
            }
        }
        Some(body)
    }

    /// Takes the right away at this node; gives the status.
    async fn revoke(&self, how: &str, node: &App) -> u16 {
        let (here, id) = (self.elsewhere.at(node), self.caller.id);
        let answer = match how {
            "sign-out" => {
                here.app.guest().post("/api/v1/auth/logout", json!({"refresh_token": self.refresh_token})).await
            }
            "sign-out of the other sessions" => here.delete("/api/v1/auth/sessions").await,
            "password change" => {
                let body = json!({"current": PASSWORD, "new": "a longer sentence of mine"});
                here.put_json("/api/v1/me/password", body).await
            }
            "password reset" => {
                let body = json!({"token": self.mail_token, "password": "a longer sentence of mine"});
                here.app.guest().at(node).post("/api/v1/auth/reset-password", body).await
            }
            "suspension" => {
                let admin = node.admin(&format!("S {id}")).await;
                admin.put_json(&format!("/api/v1/members/{id}/suspension"), json!({"reason": "x"})).await
            }
            // Administrators are demoted by the command line alone.
            "demotion" if self.role == "admin" => {
                let state = &node.shared.state;
                let conn = &mut state.db.get().await.unwrap();
                let now = state.clock.now();
                folkmoot::members::set_role(MemberId(id), Role::Member, now, conn).await.unwrap();
                return 200;
            }
            "demotion" => {
                let admin = node.admin(&format!("D {id}")).await;
                admin.put_json(&format!("/api/v1/members/{id}/role"), json!({"role": "member"})).await
            }
            "deletion of the account" => here.post("/api/v1/me/deletion", json!({"password": PASSWORD})).await,
            "deletion of the token" => here.delete(&format!("/api/v1/me/tokens/{}", self.token)).await,
            unknown => panic!("{unknown}"),
        };
        answer.status
    }
}

/// A request of which the last byte has not been sent.
struct HeldBack {
    stream: TcpStream,
    last: [u8; 1],
}

impl HeldBack {
    async fn send(case: &Case, act: &Act, body: &Value) -> Self {
        let (body, token) = (body.to_string(), case.caller.token.as_ref().unwrap());
        let if_match = if act.method == "PATCH" { "If-Match: \"1\"\r\n" } else { "" };
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             {if_match}Connection: close\r\nContent-Length: {}\r\n\r\n",
            act.method,
            case.path(act),
            body.len()
        );
        let (most, last) = body.as_bytes().split_at(body.len() - 1);
        let mut stream = TcpStream::connect(case.caller.url.strip_prefix("http://").unwrap()).await.unwrap();
        stream.write_all(&[head.as_bytes(), most].concat()).await.unwrap();
        Self { stream, last: [last[0]] }
    }

    /// Sends the last byte; gives status and code of the response.
    async fn end(mut self) -> (u16, String) {
        self.stream.write_all(&self.last).await.unwrap();
        let mut response = String::new();
        self.stream.read_to_string(&mut response).await.unwrap();
        let status = response.split(' ').nth(1).unwrap().parse().unwrap();
        let json = response.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok());
        (status, json.and_then(|json| json["code"].as_str().map(str::to_owned)).unwrap_or_default())
    }
}

/// Tells what is wrong with the response to a write whose right was taken away before it was accepted.
fn fault(case: &Case, how: &str, status: u16, code: &str) -> Option<String> {
    let right = match how {
        "demotion" => status == 403 && ["insufficient_role", "not_yours"].contains(&code),
        // The password that the request holds is another one by now: that is found first.
        "password reset" | "deletion of the account" if code == "wrong_password" => true,
        _ => status == 401 && ["session_ended", "invalid_token"].contains(&code),
    };
    (!right).then(|| format!("{how} of a {}: {status} {code}", case.role))
}

#[actix_web::test]
async fn no_write_is_accepted_after_a_revocation_that_came_before_its_last_byte() {
    let app = App::start().await;
    let there = app.another_node_with(|setup| setup.clock = app.clock.clone()).await;
    let with_body: Vec<_> = writing().into_iter().filter(|act| act.body.is_some()).collect();
    assert!(with_body.len() >= 16, "{}", with_body.len());
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (n, (how, kind)) in REVOCATIONS.into_iter().enumerate() {
        let acts = with_body.iter().filter(|act| (kind == Kind::Session || !act.session) && applies(how, act));
        let cases = acts.flat_map(|act| [(act, &app), (act, &there)]).enumerate();
        let cases = cases.map(async |(m, (act, node))| {
            let case = case(&app, &format!("Caller {n} {m}"), act, kind).await;
            let held = HeldBack::send(&case, act, &case.body(act).unwrap()).await;
            (act, node, case, held)
        });
        let cases = join_all(cases).await;
        // The head of each has been read, and no caller is looked up any more: all have passed.
        app.until_in_flight(cases.len()).await;
        eventually(async || app.shared.state.db.load().in_use == 0).await;
        let ends = cases.into_iter().map(async |(act, node, case, held)| {
            let revoked = case.revoke(how, node).await;
            assert!(revoked < 300, "{how}: {revoked}");
            let (status, code) = held.end().await;
            fault(&case, how, status, &code).map(|fault| format!("{} after {fault}", act.name))
        });
        for found in join_all(ends).await {
            tried += 1;
            wrong.extend(found);
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(tried >= 200, "{tried}");
}

/// A row that an operation without a body needs: SQL that locks it, by which the test holds the operation in its transaction.
fn needed_row(case: &Case, act: &Act) -> String {
    let row = |table: &str, id: i64| format!("SELECT FROM {table} WHERE id = {id} FOR NO KEY UPDATE");
    match act.name.as_str() {
        "delete_forum" => "SELECT FROM site FOR UPDATE".into(),
        "unsuspend_member" => row("members", case.suspended),
        "end_session" | "end_other_sessions" => row("sessions", case.session),
        "delete_token" => row("tokens", case.token),
        name if name.contains("thread") || name.contains("post") => row("threads", case.thread),
        unknown => panic!("say here which row {unknown} needs"),
    }
}

/// How many wait for a lock in this test's schema.
async fn waiting(client: &tokio_postgres::Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
               AND application_name = current_setting('application_name')";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[actix_web::test]
async fn a_revocation_waits_for_a_write_that_is_in_its_transaction() {
    let app = App::start().await;
    let there = app.another_node_with(|setup| setup.clock = app.clock.clone()).await;
    let without_body: Vec<_> = writing().into_iter().filter(|act| act.body.is_none()).collect();
    assert!(without_body.len() >= 15, "{}", without_body.len());
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (n, (how, kind)) in REVOCATIONS.into_iter().enumerate() {
        let acts = without_body.iter().filter(|act| (kind == Kind::Session || !act.session) && applies(how, act));
        for (m, (act, node)) in acts.flat_map(|act| [(act, &app), (act, &there)]).enumerate() {
            let case = Rc::new(case(&app, &format!("Caller {n} {m}"), act, kind).await);
            let (holder, watcher) = (app.sql().await, app.sql().await);
            holder.batch_execute(&format!("BEGIN; {}", needed_row(&case, act))).await.unwrap();
            let (writer, writing) = (case.clone(), act.clone());
            let write =
                actix_web::rt::spawn(async move { writing.ask(&writer.caller, &writer.path(&writing), None).await });
            eventually(async || waiting(&watcher).await == 1).await;
            let (revoker, revoking) = (case.clone(), node.clone());
            let revoke = actix_web::rt::spawn(async move { revoker.revoke(how, &revoking).await });
            eventually(async || revoke.is_finished() || waiting(&watcher).await >= 2).await;
            let overtook = revoke.is_finished();
            holder.batch_execute("COMMIT").await.unwrap();
            let (answer, revoked) = (write.await.unwrap(), revoke.await.unwrap());
            // A write that was first may have ended the session that revokes.
            let ended_it = act.name == "end_other_sessions" && revoked == 401;
            assert!(revoked < 300 || ended_it, "{} and {how}: {revoked}", act.name);
            let code = answer.json["code"].as_str().unwrap_or_default();
            if overtook && let Some(fault) = fault(&case, how, answer.status, code) {
                wrong.push(format!("{} after {fault}", act.name));
            }
            tried += 1;
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(tried >= 180, "{tried}");
}
