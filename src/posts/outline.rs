//! Posts as they are read first: with the size of their texts, and with the texts themselves where these are short. Memory for long texts
//! is reserved before they are read, in the round trip that reads quotes and cards.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Post, seen};
use crate::access::Viewer;
use crate::cache::{FREE_ROWS, fits, to_make};
use crate::db::schema::{posts, threads};
use crate::db::{Fixed, any_of, fixed, known};
use crate::error::{Code, Error};
use crate::ids::{PostId, ThreadId};
use crate::markup;
use crate::threads::visible;

/// A post's row, in which long texts are empty.
pub struct Outline {
    pub post: Post,
    /// Bytes of the texts; those of the body twice, as quotes repeat parts of it.
    size: i64,
    is_whole: bool,
}

/// A row of `columns`.
pub type Row = (Post, i64);

/// The columns of a post's row, and the size of its texts.
#[rustfmt::skip]
pub type Columns = (
    (
        posts::thread_id, posts::id, posts::position, posts::author_id, Fixed<'static, Text>, Fixed<'static, Text>,
        Fixed<'static, Text>, posts::mentions, posts::emoji, posts::like_count, posts::created_at, posts::last_edit_at,
        posts::last_edit_by, posts::last_edit_reason, posts::edit_count, posts::deleted_at, posts::version,
    ),
    Fixed<'static, BigInt>,
);

/// Selects rows whose texts come along up to a size of so many bytes: a quarter of it each, as the body counts twice. PostgreSQL tells the
/// length of a text that is stored outside of its row without reading it.
pub fn columns(most: i64) -> Columns {
    let short = |text: &'static str| fixed(text).with((most / 4).into_sql::<BigInt>());
    (
        (
            posts::thread_id,
            posts::id,
            posts::position,
            posts::author_id,
            short("CASE WHEN octet_length(posts.body) <= ? THEN posts.body ELSE '' END"),
            short("CASE WHEN octet_length(posts.html) <= ? THEN posts.html ELSE '' END"),
            short("CASE WHEN octet_length(posts.text) <= ? THEN posts.text ELSE '' END"),
            posts::mentions,
            posts::emoji,
            posts::like_count,
            posts::created_at,
            posts::last_edit_at,
            posts::last_edit_by,
            posts::last_edit_reason,
            posts::edit_count,
            posts::deleted_at,
            posts::version,
        ),
        fixed("(2 * octet_length(posts.body) + octet_length(posts.html) + octet_length(posts.text))::bigint"),
    )
}

/// Returns which size of texts comes with each of so many rows: together no more than is read without a reservation.
pub fn most_of_each(rows: i64) -> i64 {
    i64::try_from(FREE_ROWS).unwrap_or(i64::MAX) / rows.max(1)
}

impl Outline {
    /// Takes rows of `columns`.
    pub fn all(rows: Vec<Row>) -> Vec<Self> {
        rows.into_iter().map(Self::new).collect()
    }

    fn new((post, size): Row) -> Self {
        let came = 2 * post.body.len() + post.html.len() + post.text.len();
        Self { is_whole: i64::try_from(came) == Ok(size), post, size }
    }

    /// A post, as this viewer may see it.
    pub async fn seen_by(
        viewer: &Viewer,
        id: PostId,
        most: i64,
        mut conn: &AsyncPgConnection,
    ) -> QueryResult<Option<Self>> {
        let shown = posts::id.eq(id).and(visible(viewer.moderates())).and(seen(viewer.moderates()));
        let post = posts::table.inner_join(threads::table).filter(shown).select(columns(most));
        Ok(known!(post).get_result(&mut conn).await.optional()?.map(Self::new))
    }

    /// A post without its texts, as this viewer may see it: for what hangs on it.
    pub async fn post_seen_by(viewer: &Viewer, id: PostId, conn: &AsyncPgConnection) -> QueryResult<Option<Post>> {
        Ok(Self::seen_by(viewer, id, 0, conn).await?.map(|outline| outline.post))
    }

    /// Loads those of these posts that this viewer may see.
    pub async fn many_seen_by(viewer: &Viewer, ids: &[PostId], mut conn: &AsyncPgConnection) -> QueryResult<Vec<Self>> {
        let most = most_of_each(i64::try_from(ids.len()).unwrap_or(i64::MAX));
        let these = posts::id.eq(any_of(ids.iter().copied()));
        let shown = these.and(visible(viewer.moderates())).and(seen(viewer.moderates()));
        let posts = posts::table.inner_join(threads::table).filter(shown).select(columns(most));
        Ok(Self::all(known!(posts).load(&mut conn).await?))
    }

    /// The posts between two positions, found by the unique index of positions.
    pub async fn between(
        thread: ThreadId,
        (first, last): (i64, i64),
        mut conn: &AsyncPgConnection,
    ) -> QueryResult<Vec<Self>> {
        let most = most_of_each(last.saturating_sub(first).saturating_add(1));
        let places = posts::thread_id.eq(thread).and(posts::position.ge(first)).and(posts::position.le(last));
        let posts = posts::table.filter(places).order(posts::position).select(columns(most));
        Ok(Self::all(known!(posts).load(&mut conn).await?))
    }

    /// Tells whether the post may have quotes: of long texts this is not known.
    pub fn may_quote(&self) -> bool {
        !self.is_whole || markup::quotes_any(&self.post.html)
    }

    /// The size of what is shown of these posts.
    pub fn size(outlines: &[Self], viewer: &Viewer) -> u64 {
        outlines.iter().map(|outline| outline.shown_size(viewer)).sum()
    }

    fn shown_size(&self, viewer: &Viewer) -> u64 {
        if self.post.is_shown_to(viewer) { self.size.try_into().unwrap_or_default() } else { 0 }
    }

    /// Returns the memory to reserve for an answer that is made of these posts. `parameter` is the one that says how many they are.
    ///
    /// # Errors
    ///
    /// 400 `page_too_large` if the posts are several and too long for the whole budget.
    pub fn memory(outlines: &[Self], viewer: &Viewer, parameter: &str) -> Result<u64, Error> {
        let sizes: Vec<u64> = outlines.iter().map(|outline| outline.shown_size(viewer)).collect();
        let size = sizes.iter().sum();
        if sizes.len() > 1 && !fits(size) {
            let most = most_that_fit(&sizes);
            let detail = format!("these posts are too long for one answer; `{parameter}` takes at most {most} of them");
            return Err(Error::new(Code::PageTooLarge, detail));
        }
        Ok(to_make(size))
    }

    /// The post with its texts.
    pub async fn whole(self, viewer: &Viewer, conn: &AsyncPgConnection) -> QueryResult<Option<Post>> {
        if self.is_whole { Ok(Some(self.post)) } else { Post::seen_by(viewer, self.post.id, conn).await }
    }

    /// The long posts of these, whole.
    pub async fn long(
        outlines: &[Self],
        viewer: &Viewer,
        mut conn: &AsyncPgConnection,
    ) -> QueryResult<HashMap<PostId, Post>> {
        let long: Vec<_> =
            outlines.iter().filter(|outline| outline.is_long_for(viewer)).map(|long| &long.post).collect();
        if long.is_empty() {
            return Ok(HashMap::new());
        }
        let these = posts::id.eq(any_of(long.iter().map(|post| post.id)));
        let found: Vec<Post> = known!(posts::table.filter(these).select(Post::as_select())).load(&mut conn).await?;
        Ok(found.into_iter().map(|post| (post.id, post)).collect())
    }

    fn is_long_for(&self, viewer: &Viewer) -> bool {
        !self.is_whole && self.post.is_shown_to(viewer)
    }

    /// The posts, of which the long ones were read since.
    pub fn filled(outlines: Vec<Self>, mut long: HashMap<PostId, Post>, viewer: &Viewer) -> Vec<Post> {
        let filled = outlines.into_iter().filter_map(|outline| match outline.is_long_for(viewer) {
            true => long.remove(&outline.post.id),
            false => Some(outline.post),
        });
        filled.collect()
    }
}

/// The largest number of neighbours that fit, wherever among these posts they are. A single post always fits.
fn most_that_fit(sizes: &[u64]) -> usize {
    let all_fit = |count: usize| sizes.windows(count).all(|some| fits(some.iter().sum()));
    (2..sizes.len()).rev().find(|count| all_fit(*count)).unwrap_or(1)
}
