//! The log of what happened: one entry for each change, written in its transaction. An entry gets its position once it is committed,
//! so what commits late is numbered late, nothing waits for open transactions, and whoever reads the log in the order of positions
//! never misses one. Nodes follow it to forget what has changed; it is made to carry live streams, webhooks and notifications.

mod follow;
mod log;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub use follow::follow;
pub use log::{prune, record_that_all_changed};

use crate::cache::{Thing, note};
use crate::db::schema::events;
use crate::db::{known, text_enum};
use crate::ids::{ForumId, MemberId, PostId, ThreadId};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum What {
    PostCreated,
    PostEdited,
    PostDeleted,
    PostRestored,
    PostLiked,
    PostUnliked,
    ThreadCreated,
    ThreadEdited,
    ThreadMarked,
    ThreadMoved,
    ThreadDeleted,
    ThreadRestored,
    ForumCreated,
    ForumEdited,
    ForumDeleted,
    MemberCreated,
    MemberEdited,
    MemberSuspended,
    MemberUnsuspended,
    MemberDeleted,
    RoleSet,
    SessionsEnded,
    /// An archive was imported, or counters were mended: anything may be otherwise.
    AllChanged,
}

text_enum!(What {
    PostCreated "post_created",
    PostEdited "post_edited",
    PostDeleted "post_deleted",
    PostRestored "post_restored",
    PostLiked "post_liked",
    PostUnliked "post_unliked",
    ThreadCreated "thread_created",
    ThreadEdited "thread_edited",
    ThreadMarked "thread_marked",
    ThreadMoved "thread_moved",
    ThreadDeleted "thread_deleted",
    ThreadRestored "thread_restored",
    ForumCreated "forum_created",
    ForumEdited "forum_edited",
    ForumDeleted "forum_deleted",
    MemberCreated "member_created",
    MemberEdited "member_edited",
    MemberSuspended "member_suspended",
    MemberUnsuspended "member_unsuspended",
    MemberDeleted "member_deleted",
    RoleSet "role_set",
    SessionsEnded "sessions_ended",
    AllChanged "all_changed",
});

/// One thing that happened: what, to what, and by whom.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct Event {
    kind: What,
    thread_id: Option<ThreadId>,
    post_id: Option<PostId>,
    forum_id: Option<ForumId>,
    member_id: Option<MemberId>,
    actor_id: Option<MemberId>,
}

impl Event {
    /// Something happened.
    pub const fn new(what: What) -> Self {
        Self { kind: what, thread_id: None, post_id: None, forum_id: None, member_id: None, actor_id: None }
    }

    /// To a post of a thread.
    pub const fn of_post(what: What, thread: ThreadId, post: PostId) -> Self {
        Self { thread_id: Some(thread), post_id: Some(post), ..Self::new(what) }
    }

    /// To a thread.
    pub const fn of_thread(what: What, thread: ThreadId) -> Self {
        Self { thread_id: Some(thread), ..Self::new(what) }
    }

    /// To a member.
    pub const fn of_member(what: What, member: MemberId) -> Self {
        Self { member_id: Some(member), ..Self::new(what) }
    }

    /// To a forum.
    pub const fn of_forum(what: What, forum: ForumId) -> Self {
        Self { forum_id: Some(forum), ..Self::new(what) }
    }

    /// In a forum.
    pub const fn in_forum(self, forum: ForumId) -> Self {
        Self { forum_id: Some(forum), ..self }
    }

    /// By a member.
    pub const fn by(self, actor: MemberId) -> Self {
        Self { actor_id: Some(actor), ..self }
    }

    /// Writes it, in the transaction of what it tells of.
    pub async fn record(self, mut conn: &AsyncPgConnection) -> QueryResult<()> {
        things(self.kind, self.thread_id, self.post_id, self.member_id).for_each(note);
        known!(diesel::insert_into(events::table).values(self)).execute(&mut conn).await?;
        Ok(())
    }
}

/// What is no longer as it was.
fn things(
    kind: What,
    thread: Option<ThreadId>,
    post: Option<PostId>,
    member: Option<MemberId>,
) -> impl Iterator<Item = Thing> {
    let more: &[Thing] = match kind {
        What::ThreadDeleted | What::ThreadRestored => &[Thing::Visibility, Thing::Lists],
        What::PostEdited | What::PostDeleted | What::PostRestored => &[Thing::Quotes, Thing::Lists],
        // Rare, and shown on any number of pages.
        What::AllChanged | What::ForumEdited | What::ForumDeleted | What::MemberDeleted => &[Thing::All],
        What::MemberCreated
        | What::MemberEdited
        | What::MemberSuspended
        | What::MemberUnsuspended
        | What::RoleSet
        | What::SessionsEnded => &[],
        _ => &[Thing::Lists],
    };
    let named = [thread.map(Thing::Thread), post.map(Thing::Post), member.map(Thing::Member)];
    named.into_iter().flatten().chain(more.iter().copied())
}
