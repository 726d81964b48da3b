//! `PUT` and `DELETE /api/v1/posts/{post_id}/like`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, put};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{AsMember, Signed, Viewer};
use crate::db::known;
use crate::db::schema::{likes, posts, threads};
use crate::error::{Code, Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::{MemberId, PostId, ThreadId};
use crate::members;
use crate::posts::{PostPath, seen};
use crate::state::State;
use crate::threads::{Thread, visible};

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
    let (viewer, now) = (caller.viewer(), state.clock.now());
    let place = state.db.share(async |conn| Ok(Subject::place(path.post_id, &viewer, conn).await?)).await?;
    let (thread, author) = place.or_not_found()?;
    if liked && author == caller.member_id {
        return Err(Error::new(Code::OwnPost, "members like the posts of others"));
    }
    let like = Like { thread, post: path.post_id, member: caller.member_id };
    let set = async |caller: &Signed, conn: &_| like.set(liked, &caller.viewer(), now, conn).await;
    let like_count = caller.write_pipelined(state, set).await?;
    Ok(HttpResponse::Ok().json(LikeState { liked, like_count }))
}

/// What is to be known of a post that somebody likes.
#[derive(Queryable, Selectable)]
#[diesel(table_name = posts, check_for_backend(Pg))]
struct Subject {
    author_id: MemberId,
    like_count: i64,
    deleted_at: Option<DateTime<Utc>>,
}

impl Subject {
    /// Its thread and its author, as this viewer may see it. Neither ever changes.
    async fn place(
        post: PostId,
        viewer: &Viewer,
        mut conn: &AsyncPgConnection,
    ) -> QueryResult<Option<(ThreadId, MemberId)>> {
        let shown = posts::id.eq(post).and(visible(viewer.moderates())).and(seen(viewer.moderates()));
        let post = posts::table.inner_join(threads::table).filter(shown).select((posts::thread_id, posts::author_id));
        known!(post).get_result(&mut conn).await.optional()
    }

    /// The post, changed by nobody else until the transaction ends. Its thread is to be held before.
    async fn hold(like: &Like, viewer: &Viewer, mut conn: &AsyncPgConnection) -> QueryResult<Option<Self>> {
        let shown = posts::thread_id.eq(like.thread).and(posts::id.eq(like.post)).and(seen(viewer.moderates()));
        let post = posts::table.filter(shown).select(Self::as_select()).for_no_key_update();
        known!(post).get_result(&mut conn).await.optional()
    }
}

/// Whose like of which post.
struct Like {
    thread: ThreadId,
    post: PostId,
    member: MemberId,
}

impl Like {
    /// Writes or removes the like, and returns how many members like the post now.
    async fn set(
        &self,
        liked: bool,
        viewer: &Viewer,
        now: DateTime<Utc>,
        conn: &AsyncPgConnection,
    ) -> Result<i64, Error> {
        // Sent together, and done in this order.
        let change = async { if liked { self.insert(now, conn).await } else { self.remove(conn).await } };
        let thread = Thread::hold_unread(viewer, self.thread, conn);
        let (thread, post, changed) = try_join!(thread, Subject::hold(self, viewer, conn), change)?;
        thread.or_not_found()?;
        let post = post.or_not_found()?;
        let by = changed as i64 * if liked { 1 } else { -1 };
        if by == 0 {
            return Ok(post.like_count);
        }
        let what = if liked { What::PostLiked } else { What::PostUnliked };
        let event = Event::of_post(what, self.thread, self.post).by(self.member);
        let (like_count, ()) = try_join!(self.count(&post, by, conn), event.record(conn))?;
        Ok(like_count)
    }

    /// 1 if the like is new, 0 if it was there.
    async fn insert(&self, now: DateTime<Utc>, mut conn: &AsyncPgConnection) -> QueryResult<usize> {
        let like = diesel::insert_into(likes::table)
            .values((
                likes::thread_id.eq(self.thread),
                likes::post_id.eq(self.post),
                likes::member_id.eq(self.member),
                likes::created_at.eq(now),
            ))
            .on_conflict_do_nothing();
        known!(like).execute(&mut conn).await
    }

    /// 1 if the like was there, 0 if not.
    async fn remove(&self, mut conn: &AsyncPgConnection) -> QueryResult<usize> {
        let like = diesel::delete(likes::table.find((self.thread, self.post, self.member)));
        known!(like).execute(&mut conn).await
    }

    /// Moves the counters, and gives the post's. Likes of a deleted post count for nobody but itself.
    async fn count(&self, subject: &Subject, by: i64, conn: &AsyncPgConnection) -> QueryResult<i64> {
        let counted = if subject.deleted_at.is_none() { by } else { 0 };
        let of_post = diesel::update(posts::table.find((self.thread, self.post)))
            .set(posts::like_count.eq(posts::like_count + by))
            .returning(posts::like_count);
        let of_thread = diesel::update(threads::table.find(self.thread)).set((
            threads::like_count.eq(threads::like_count + counted),
            threads::page_version.eq(threads::page_version + 1),
        ));
        let (of_post, of_thread) = (known!(of_post), known!(of_thread));
        let (mut first, mut second) = (conn, conn);
        let (like_count, ..) = try_join!(
            of_post.get_result(&mut first),
            of_thread.execute(&mut second),
            members::count(subject.author_id, 0, counted, conn)
        )?;
        Ok(like_count)
    }
}
