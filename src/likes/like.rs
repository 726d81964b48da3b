//! `PUT` and `DELETE /api/v1/posts/{post_id}/like`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, put};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::AsMember;
use crate::db::schema::{likes, posts, threads};
use crate::db::transaction;
use crate::error::{Code, Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::MemberId;
use crate::members;
use crate::posts::{Post, PostPath};
use crate::state::State;
use crate::threads::Thread;

/// Whether you like a post, and how many do.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"liked": true, "like_count": 5}))]
pub struct LikeState {
    /// Whether you like it now.
    liked: bool,
    /// How many members like it now.
    #[schema(minimum = 0)]
    like_count: i64,
}

/// Like a post.
///
/// Not one's own. A repeat changes nothing. A locked thread's posts can be liked too.
#[utoipa::path(tag = "likes", params(PostPath), responses((status = 200, description = "As it is now", body = LikeState)),
    security(("bearer" = ["like"])), extensions(("x-problems" = json!(["own_post"]))))]
#[put("/api/v1/posts/{post_id}/like")]
pub async fn like_post(caller: AsMember, path: Path<PostPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    change(true, &caller, &path, &state).await
}

/// Take a like back.
///
/// A repeat changes nothing.
#[utoipa::path(tag = "likes", params(PostPath), responses((status = 200, description = "As it is now", body = LikeState)),
    security(("bearer" = ["like"])))]
#[delete("/api/v1/posts/{post_id}/like")]
pub async fn unlike_post(caller: AsMember, path: Path<PostPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    change(false, &caller, &path, &state).await
}

async fn change(liked: bool, caller: &AsMember, path: &PostPath, state: &State) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let (viewer, now) = (caller.viewer(), state.clock.now());
    let post = Post::seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
    if liked && post.author_id == caller.member_id {
        return Err(Error::new(Code::OwnPost, "members like the posts of others"));
    }
    let like_count = transaction(conn, async |conn| {
        let (thread, post) =
            try_join!(Thread::hold(&viewer, post.thread_id, conn), Post::hold(&viewer, post.thread_id, post.id, conn))?;
        thread.or_not_found()?;
        let post = post.or_not_found()?;
        let changed = if liked {
            insert(&post, caller.member_id, now, conn).await
        } else {
            remove(&post, caller.member_id, conn).await
        };
        let by = changed? as i64 * if liked { 1 } else { -1 };
        if by == 0 {
            return Ok(post.like_count);
        }
        let what = if liked { What::PostLiked } else { What::PostUnliked };
        let event = Event::of_post(what, post.thread_id, post.id).by(caller.member_id);
        let (like_count, ()) = try_join!(count(&post, by, conn), event.record(conn))?;
        Ok(like_count)
    })
    .await?;
    Ok(HttpResponse::Ok().json(LikeState { liked, like_count }))
}

/// 1 if the like is new, 0 if it was there.
async fn insert(post: &Post, member: MemberId, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    diesel::insert_into(likes::table)
        .values((
            likes::thread_id.eq(post.thread_id),
            likes::post_id.eq(post.id),
            likes::member_id.eq(member),
            likes::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await
}

/// 1 if the like was there, 0 if not.
async fn remove(post: &Post, member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    diesel::delete(likes::table.find((post.thread_id, post.id, member))).execute(conn).await
}

/// Moves the counters, and gives the post's. Likes of a deleted post count for nobody but itself.
async fn count(post: &Post, by: i64, conn: &AsyncPgConnection) -> QueryResult<i64> {
    let counted = if post.deleted_at.is_none() { by } else { 0 };
    let (mut of_post, mut of_thread) = (conn, conn);
    let of_post = diesel::update(posts::table.find((post.thread_id, post.id)))
        .set(posts::like_count.eq(posts::like_count + by))
        .returning(posts::like_count)
        .get_result(&mut of_post);
    let of_thread = diesel::update(threads::table.find(post.thread_id))
        .set((
            threads::like_count.eq(threads::like_count + counted),
            threads::page_version.eq(threads::page_version + 1),
        ))
        .execute(&mut of_thread);
    let (like_count, ..) = try_join!(of_post, of_thread, members::count(post.author_id, 0, counted, conn))?;
    Ok(like_count)
}
