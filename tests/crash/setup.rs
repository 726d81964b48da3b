//! The forum that a run works in: members with tokens that do not expire, threads that everyone writes in, one that is locked.

use reqwest::Method;
use serde_json::json;

use crate::Tried;
use crate::ask::{Ask, Told, client};

/// Of everyone here.
pub const PASSWORD: &str = "a long walk to the moot";
const MEMBERS: usize = 4;
const THREADS: usize = 3;

#[derive(Clone, Debug)]
pub struct Member {
    pub id: i64,
    pub token: String,
}

#[derive(Clone, Debug)]
pub struct Forum {
    pub members: Vec<Member>,
    pub threads: Vec<i64>,
    /// It takes no reply.
    pub locked: i64,
    pub admin: Member,
}

pub async fn forum(node: &str) -> Tried<Forum> {
    let http = client()?;
    let admin = sign_in(&http, node, "admin").await?;
    let mut members = Vec::new();
    for number in 1..=MEMBERS {
        let name = format!("member {number}");
        let new = Ask::new(Method::POST, "/api/v1/members").json(json!({"username": name, "password": PASSWORD}));
        expect(&new, new.send(&http, node, None).await?)?;
        members.push(sign_in(&http, node, &name).await?);
    }
    let mut threads = Vec::new();
    for number in 0..=THREADS {
        let body =
            json!({"forum_id": 1, "title": format!("Thread {number}"), "body": format!("opens thread {number}")});
        let new = Ask::new(Method::POST, "/api/v1/threads").json(body);
        let told = expect(&new, new.send(&http, node, Some(&admin.token)).await?)?;
        threads.push(told.body["thread"]["id"].as_i64().ok_or("a thread has no id")?);
    }
    let locked = threads.pop().ok_or("no thread")?;
    let lock = Ask::new(Method::PUT, format!("/api/v1/threads/{locked}/lock"));
    expect(&lock, lock.send(&http, node, Some(&admin.token)).await?)?;
    Ok(Forum { members, threads, locked, admin })
}

async fn sign_in(http: &reqwest::Client, node: &str, name: &str) -> Tried<Member> {
    let login = Ask::new(Method::POST, "/api/v1/auth/login").json(json!({"login": name, "password": PASSWORD}));
    let told = expect(&login, login.send(http, node, None).await?)?;
    let id = told.body["member"]["id"].as_i64().ok_or("a member has no id")?;
    let session = told.body["access_token"].as_str().ok_or("no access token")?;
    let scopes = if name == "admin" { vec!["read", "post", "moderate"] } else { vec!["read", "post", "like"] };
    let new = Ask::new(Method::POST, "/api/v1/me/tokens").json(json!({"name": "crash test", "scopes": scopes}));
    let told = expect(&new, new.send(http, node, Some(session)).await?)?;
    Ok(Member { id, token: told.body["token"].as_str().ok_or("no token")?.to_owned() })
}

/// The answer, if it is a success.
pub fn expect(ask: &Ask, told: Told) -> Tried<Told> {
    if told.is_success() {
        return Ok(told);
    }
    Err(format!("{} {} was answered with {}: {}", ask.method, ask.path, told.kind(), told.body))
}
