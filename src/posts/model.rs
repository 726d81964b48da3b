//! Rows of posts, how they are written, and what more than one act asks of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{Role, Signed, Viewer};
use crate::db::schema::{members, posts, quotes, threads};
use crate::db::{fixed, known};
use crate::error::{Code, Error, Flaw};
use crate::ids::{MemberId, PostId, ThreadId};
use crate::markup::{self, Draft, MarkupError, Rendered};
use crate::state::State;
use crate::threads::visible;
use crate::web::body::Flaws;
use crate::web::text::PostBody;

/// Names a post in a URL.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PostPath {
    /// The post's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    pub post_id: PostId,
}

/// A post's row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = posts, check_for_backend(Pg))]
pub struct Post {
    pub thread_id: ThreadId,
    pub id: PostId,
    pub position: i64,
    pub author_id: MemberId,
    pub body: String,
    pub html: String,
    pub text: String,
    pub mentions: Vec<MemberId>,
    pub emoji: Vec<String>,
    pub like_count: i64,
    pub created_at: DateTime<Utc>,
    pub last_edit_at: Option<DateTime<Utc>>,
    pub last_edit_by: Option<MemberId>,
    pub last_edit_reason: Option<String>,
    pub edit_count: i64,
    pub deleted_at: Option<DateTime<Utc>>,
    pub version: i64,
}

/// THE rule of who sees a post by itself: with its thread, and a deleted one only who moderates. (On its thread's page its place
/// is kept for all.)
#[diesel::dsl::auto_type(no_type_alias)]
pub fn seen(moderates: bool) -> _ {
    let moderates: diesel::dsl::AsExprOf<bool, Bool> = moderates.into_sql::<Bool>();
    posts::deleted_at.is_null().or(moderates)
}

impl Post {
    /// A post, as this viewer may see it.
    pub async fn seen_by(viewer: &Viewer, id: PostId, mut conn: &AsyncPgConnection) -> QueryResult<Option<Self>> {
        let shown = posts::id.eq(id).and(visible(viewer.moderates())).and(seen(viewer.moderates()));
        let post = posts::table.inner_join(threads::table).filter(shown).select(Self::as_select());
        known!(post).get_result(&mut conn).await.optional()
    }

    /// A post that nobody else changes until the transaction ends. Its thread is to be held before.
    pub async fn hold(
        viewer: &Viewer,
        thread: ThreadId,
        id: PostId,
        mut conn: &AsyncPgConnection,
    ) -> QueryResult<Option<Self>> {
        posts::table
            .filter(posts::thread_id.eq(thread).and(posts::id.eq(id)).and(seen(viewer.moderates())))
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut conn)
            .await
            .optional()
    }

    /// Tells whether more than its place is shown on its thread's page.
    pub fn is_shown_to(&self, viewer: &Viewer) -> bool {
        self.deleted_at.is_none() || viewer.moderates()
    }

    /// May this member edit or delete it?
    pub fn may_be_changed_by(&self, signed: &Signed) -> Result<(), Error> {
        if self.author_id != signed.member_id && !signed.is(Role::Moderator) {
            return Err(Error::new(Code::NotYours, "the author and moderators change a post"));
        }
        Ok(())
    }

    /// The members that its JSON names itself: author, last editor, mentioned ones.
    pub fn named(&self) -> impl Iterator<Item = MemberId> {
        std::iter::once(self.author_id).chain(self.last_edit_by).chain(self.mentions.iter().copied())
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn nextval(sequence: Text) -> BigInt;
}

/// The id of a post that is about to be written, from the one sequence of all posts.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn next_id() -> _ {
    nextval("posts_id_seq")
}

/// A post to be written.
#[derive(Debug)]
pub struct NewPost<'a> {
    pub thread_id: ThreadId,
    pub id: PostId,
    pub position: i64,
    pub author_id: MemberId,
    pub body: &'a str,
    pub rendered: Rendered,
    pub created_at: DateTime<Utc>,
}

impl NewPost<'_> {
    /// Writes the post and its quotes, and gives its row. Counters are the act's.
    pub async fn insert(self, mut conn: &AsyncPgConnection) -> QueryResult<Post> {
        let Rendered { html, text, quotes, mentions, emoji } = self.rendered;
        let post = diesel::insert_into(posts::table)
            .values((
                posts::thread_id.eq(self.thread_id),
                posts::id.eq(self.id),
                posts::position.eq(self.position),
                posts::author_id.eq(self.author_id),
                posts::body.eq(self.body),
                (posts::html.eq(html), posts::text.eq(text), posts::renderer.eq(markup::VERSION)),
                (posts::mentions.eq(mentions), posts::emoji.eq(emoji)),
                posts::created_at.eq(self.created_at),
            ))
            .returning(Post::as_returning());
        let post = known!(post).get_result(&mut conn).await?;
        insert_quotes(self.thread_id, self.id, quotes, conn).await?;
        Ok(post)
    }
}

/// Writes what a post quotes, in one statement.
pub async fn insert_quotes(
    thread: ThreadId,
    post: PostId,
    quoted: Vec<markup::Quote>,
    mut conn: &AsyncPgConnection,
) -> QueryResult<()> {
    if quoted.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = (0..)
        .zip(quoted)
        .map(|(ordinal, quote)| {
            (
                quotes::thread_id.eq(thread),
                quotes::post_id.eq(post),
                quotes::ordinal.eq(ordinal),
                quotes::quoted_post_id.eq(quote.post_id),
                quotes::excerpt.eq(quote.excerpt),
            )
        })
        .collect();
    diesel::insert_into(quotes::table).values(rows).execute(&mut conn).await?;
    Ok(())
}

/// Settles a body that is to be written: its text, and how many quotes it has and how deep they are nested.
pub fn settle_body(body: &mut PostBody, flaws: &mut Flaws) {
    flaws.text("/body", body);
    if let Err(error) = markup::check(body.as_str()) {
        flaws.add("/body", field_error_code(error), error.to_string());
    }
}

fn field_error_code(error: MarkupError) -> Flaw {
    match error {
        MarkupError::QuotesTooDeep { .. } => Flaw::TooDeep,
        MarkupError::TooManyQuotes { .. } => Flaw::TooLong,
    }
}

/// Reads a body that is to be written, before its request has a connection: a long one waits for its turn.
pub async fn compose(body: &PostBody, state: &State) -> Result<Draft, Error> {
    let text = body.as_str().to_owned();
    let draft = state.store.rendering.run(text.len(), move || markup::read(&text)).await?;
    draft.map_err(|e| Error::flaw("/body", field_error_code(e), e.to_string()))
}

/// Renders a body that was read, before anything is locked: who is mentioned is asked of the database only if somebody is.
pub async fn render(draft: &Draft, conn: &mut AsyncPgConnection) -> QueryResult<Rendered> {
    let names = draft.mentioned_names();
    let found = if names.is_empty() { HashMap::new() } else { members_by_name(&names, conn).await? };
    Ok(draft.render(&found))
}

async fn members_by_name(names: &[String], conn: &mut AsyncPgConnection) -> QueryResult<HashMap<String, i64>> {
    // As numbers are taken (`any_of`).
    let any = fixed::<Nullable<Text>>("ANY ((SELECT ?)::text[])").with(names.into_sql::<Array<Text>>());
    let named = members::username_key.eq(any).and(members::deleted_at.is_null());
    let found = members::table.filter(named).select((members::username_key, members::id));
    let found: Vec<(Option<String>, i64)> = known!(found).load(conn).await?;
    Ok(found.into_iter().filter_map(|(name, id)| Some((name?, id))).collect())
}
