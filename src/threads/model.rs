//! Rows of threads, who sees them, and what more than one act asks of them.

use chrono::{DateTime, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{self, Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Role, Signed, Viewer};
use crate::db::schema::threads;
use crate::db::{known, text_enum};
use crate::error::{Code, Error, Flaw, OrNotFound};
use crate::events::{Event, What};
use crate::ids::{ForumId, MemberId, PostId, ThreadId};
use crate::web::body::Flaws;
use crate::web::text::Tag;

/// The most tags of a thread.
pub const MAX_TAGS: usize = 5;

/// What a thread is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[diesel(sql_type = sql_types::Text)]
pub enum ThreadKind {
    /// People talk.
    #[default]
    Discussion,
    /// Somebody tells, people talk about it.
    Article,
}

text_enum!(ThreadKind { Discussion "discussion", Article "article", });

/// Names a thread in a URL.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ThreadPath {
    /// The thread's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    pub thread_id: ThreadId,
}

/// A thread's row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = threads, check_for_backend(Pg))]
pub struct Thread {
    pub id: ThreadId,
    pub forum_id: ForumId,
    pub kind: ThreadKind,
    pub title: String,
    pub slug: String,
    pub author_id: MemberId,
    pub tags: Vec<String>,
    pub pinned: bool,
    pub locked: bool,
    pub deleted_at: Option<DateTime<Utc>>,
    pub post_count: i64,
    pub like_count: i64,
    pub view_count: i64,
    pub highest_position: i64,
    pub created_at: DateTime<Utc>,
    pub last_post_id: Option<PostId>,
    pub last_post_position: Option<i64>,
    pub last_post_author_id: Option<MemberId>,
    pub last_post_at: DateTime<Utc>,
    pub version: i64,
    pub page_version: i64,
}

/// THE rule of who sees what: a deleted thread is there for moderators only. A post is seen with its thread.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn visible(moderates: bool) -> _ {
    let moderates: diesel::dsl::AsExprOf<bool, Bool> = moderates.into_sql::<Bool>();
    threads::deleted_at.is_null().or(moderates)
}

/// Whether a thread takes a reply, from a moderator or another member.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn takes_replies(moderates: bool) -> _ {
    let moderates: diesel::dsl::AsExprOf<bool, Bool> = moderates.into_sql::<Bool>();
    threads::deleted_at.is_null().and(threads::locked.eq(false).or(moderates))
}

impl Thread {
    /// A thread, as this viewer may see it.
    pub async fn seen_by(viewer: &Viewer, id: ThreadId, mut conn: &AsyncPgConnection) -> QueryResult<Option<Self>> {
        let thread = threads::table.filter(threads::id.eq(id).and(visible(viewer.moderates())));
        known!(thread.select(Self::as_select())).get_result(&mut conn).await.optional()
    }

    /// The same, changed by nobody else until the transaction ends.
    pub async fn hold(viewer: &Viewer, id: ThreadId, mut conn: &AsyncPgConnection) -> QueryResult<Option<Self>> {
        threads::table
            .filter(threads::id.eq(id).and(visible(viewer.moderates())))
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut conn)
            .await
            .optional()
    }

    /// The same without reading it: whether it is there.
    pub async fn hold_unread(
        viewer: &Viewer,
        id: ThreadId,
        mut conn: &AsyncPgConnection,
    ) -> QueryResult<Option<ThreadId>> {
        let thread = threads::table.filter(threads::id.eq(id).and(visible(viewer.moderates())));
        known!(thread.select(threads::id).for_no_key_update()).get_result(&mut conn).await.optional()
    }

    /// A thread that a moderator is about to change: 404 where there is none, 403 for others.
    pub async fn hold_to_moderate(signed: &Signed, id: ThreadId, conn: &mut AsyncPgConnection) -> Result<Self, Error> {
        let thread = Self::hold(&Viewer::from(signed.clone()), id, conn).await?.or_not_found()?;
        signed.must_be(Role::Moderator)?;
        Ok(thread)
    }

    /// 404 for a thread that this member may not see, 403 unless the member is a moderator.
    pub async fn may_be_moderated_by(signed: &Signed, id: ThreadId, conn: &AsyncPgConnection) -> Result<(), Error> {
        Self::seen_by(&signed.viewer(), id, conn).await?.or_not_found()?;
        signed.must_be(Role::Moderator)
    }

    /// May this member write a reply? `takes_replies` says the same of rows.
    pub fn may_be_replied_to_by(&self, signed: &Signed) -> Result<(), Error> {
        if self.deleted_at.is_some() {
            return Err(Error::new(Code::ThreadDeleted, "restore the thread first"));
        }
        self.may_be_written_in_by(signed)
    }

    /// A locked thread takes nothing from members; likes go on.
    pub fn may_be_written_in_by(&self, signed: &Signed) -> Result<(), Error> {
        if self.locked && !signed.is(Role::Moderator) {
            return Err(Error::new(Code::ThreadLocked, "the thread is locked"));
        }
        Ok(())
    }

    /// May this member change title and tags?
    pub fn may_be_edited_by(&self, signed: &Signed) -> Result<(), Error> {
        self.may_be_changed_by(signed)?;
        self.may_be_written_in_by(signed)
    }

    /// May this member change title and tags while the thread is not locked?
    pub fn may_be_changed_by(&self, signed: &Signed) -> Result<(), Error> {
        if self.author_id != signed.member_id && !signed.is(Role::Moderator) {
            return Err(Error::new(Code::NotYours, "the author and moderators edit a thread"));
        }
        Ok(())
    }
}

/// What moderators set on a thread; what is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, AsChangeset)]
#[diesel(table_name = threads)]
pub struct Marks {
    pub locked: Option<bool>,
    pub pinned: Option<bool>,
}

impl Thread {
    /// The thread with these marks; a repeat changes nothing.
    pub async fn mark(
        signed: &Signed,
        id: ThreadId,
        marks: Marks,
        conn: &mut AsyncPgConnection,
    ) -> Result<Self, Error> {
        let thread = Self::hold_to_moderate(signed, id, conn).await?;
        let has = |present: bool, asked: Option<bool>| asked.is_none_or(|asked| asked == present);
        if has(thread.locked, marks.locked) && has(thread.pinned, marks.pinned) {
            return Ok(thread);
        }
        let marked = diesel::update(threads::table.find(id))
            .set((marks, threads::page_version.eq(threads::page_version + 1)))
            .returning(Self::as_returning())
            .get_result(conn)
            .await?;
        Event::of_thread(What::ThreadMarked, id).by(signed.member_id).record(conn).await?;
        Ok(marked)
    }
}

/// Settles each tag, and notes what is one too many or stands there twice.
pub fn settle_tags(tags: &mut Option<Vec<Tag>>, flaws: &mut Flaws) {
    let Some(tags) = tags else { return };
    if tags.len() > MAX_TAGS {
        return flaws.add("/tags", Flaw::TooLong, format!("a thread has at most {MAX_TAGS} tags"));
    }
    for (i, tag) in tags.iter_mut().enumerate() {
        flaws.text(&format!("/tags/{i}"), tag);
    }
    for (i, tag) in tags.iter().enumerate() {
        if tags[..i].contains(tag) {
            flaws.add(&format!("/tags/{i}"), Flaw::Duplicate, "this tag stands there twice");
        }
    }
}

/// What a title is in an address: its letters and digits in lower case, words joined by hyphens, at most 80 characters.
pub fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    let cut: String = slug.chars().take(80).collect();
    cut.trim_end_matches('-').to_owned()
}
