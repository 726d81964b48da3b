//! Everything that is there: through the API, from both nodes in turn, and from the database what the API does not show.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use crate::Tried;
use crate::ask::{Ask, client};
use crate::setup::{Forum, expect};
use crate::world::World;

/// Requests at a time.
const AT_ONCE: usize = 6;

#[derive(Clone, Debug)]
pub struct Post {
    pub id: i64,
    pub thread: i64,
    pub position: i64,
    pub author: i64,
    pub body: String,
    pub version: i64,
    pub edits: i64,
    pub likes: i64,
}

#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub posts: Vec<Post>,
    /// By thread: the highest position and the number of posts, as they are told.
    pub totals: BTreeMap<i64, (i64, i64)>,
    /// Member and post.
    pub likes: BTreeSet<(i64, i64)>,
    /// By post: the bodies that it had and has, by number.
    pub bodies: BTreeMap<i64, BTreeMap<i64, String>>,
    /// Member and key, from the database.
    pub keys: BTreeSet<(i64, String)>,
    /// Posts, revisions and likes, as the database counts them.
    pub rows: (i64, i64, i64),
}

struct Reader {
    http: reqwest::Client,
    nodes: Vec<String>,
}

pub async fn read(world: &World, forum: &Forum) -> Tried<Seen> {
    let reader = Reader { http: client()?, nodes: world.urls() };
    let mut seen = Seen::default();
    for thread in forum.threads.iter().chain([&forum.locked]) {
        reader.thread(*thread, &mut seen).await?;
    }
    for member in forum.members.iter().chain([&forum.admin]) {
        reader.likes(member.id, &mut seen).await?;
    }
    let revisions = seen.posts.iter().flat_map(|post| (1..post.version).map(|number| (post.id, number)));
    let bodies = stream::iter(revisions.collect::<Vec<_>>()).map(|(post, number)| reader.revision(post, number));
    for (post, number, body) in bodies.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await? {
        // One that is not there is a gap, and the checker's to tell.
        if let Some(body) = body {
            seen.bodies.entry(post).or_default().insert(number, body);
        }
    }
    for post in &seen.posts {
        seen.bodies.entry(post.id).or_default().insert(post.version, post.body.clone());
    }
    from_database(world, &mut seen).await?;
    Ok(seen)
}

async fn from_database(world: &World, seen: &mut Seen) -> Tried<()> {
    let sql = world.cluster()?.sql().await?;
    // Keys of guests are their makers' registrations.
    let keys = "SELECT member_id, key FROM idempotency_keys WHERE member_id <> 0 AND status BETWEEN 200 AND 299";
    for row in sql.query(keys, &[]).await.map_err(|e| e.to_string())? {
        seen.keys.insert((row.get(0), row.get(1)));
    }
    let rows = "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM revisions), (SELECT count(*) FROM likes)";
    let row = sql.query_one(rows, &[]).await.map_err(|e| e.to_string())?;
    seen.rows = (row.get(0), row.get(1), row.get(2));
    Ok(())
}

impl Reader {
    async fn get(&self, path: String, turn: usize) -> Tried<Value> {
        let ask = Ask::get(path);
        expect(&ask, ask.send(&self.http, &self.nodes[turn % self.nodes.len()], None).await?).map(|told| told.body)
    }

    async fn thread(&self, thread: i64, seen: &mut Seen) -> Tried<()> {
        for page in 1_usize.. {
            let got = self.get(format!("/api/v1/threads/{thread}/posts?per_page=100&page={page}"), page).await?;
            for post in got["posts"].as_array().ok_or("a page has no posts")? {
                seen.posts.push(Post::read(post).ok_or_else(|| format!("a post is not whole: {post}"))?);
            }
            let told = (&got["pagination"]["total"], &got["thread"]["post_count"]);
            let (Some(total), Some(count)) = (told.0.as_i64(), told.1.as_i64()) else {
                return Err(format!("a page does not tell how many posts there are: {}", got["thread"]));
            };
            seen.totals.insert(thread, (total, count));
            if got["pagination"]["pages"].as_u64().is_none_or(|pages| page as u64 >= pages) {
                break;
            }
        }
        Ok(())
    }

    async fn likes(&self, member: i64, seen: &mut Seen) -> Tried<()> {
        let mut path = format!("/api/v1/members/{member}/likes?limit=100");
        for turn in 0.. {
            let got = self.get(path, turn).await?;
            for like in got["items"].as_array().ok_or("a list has no items")? {
                seen.likes.insert((member, like["post_id"].as_i64().ok_or("a like has no post")?));
            }
            let Some(next) = got["next"].as_str() else { break };
            path = format!("/api/v1/members/{member}/likes?limit=100&cursor={next}");
        }
        Ok(())
    }

    async fn revision(&self, post: i64, number: i64) -> Tried<(i64, i64, Option<String>)> {
        let ask = Ask::get(format!("/api/v1/posts/{post}/revisions/{number}"));
        let node = &self.nodes[number as usize % self.nodes.len()];
        let told = ask.send(&self.http, node, None).await?;
        if told.status == 404 {
            return Ok((post, number, None));
        }
        Ok((post, number, expect(&ask, told)?.body["body"].as_str().map(str::to_owned)))
    }
}

impl Post {
    fn read(json: &Value) -> Option<Self> {
        Some(Self {
            id: json["id"].as_i64()?,
            thread: json["thread_id"].as_i64()?,
            position: json["position"].as_i64()?,
            author: json["author_id"].as_i64()?,
            body: json["body"].as_str()?.to_owned(),
            version: json["version"].as_i64()?,
            edits: json["last_edit"]["count"].as_i64().unwrap_or(0),
            likes: json["like_count"].as_i64()?,
        })
    }
}
