//! Posts as they are shown, with what they quote and whom they name: one statement for each relation, however many posts.

use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Post, seen};
use super::outline::Outline;
use crate::access::Viewer;
use crate::db::schema::{posts, quotes, threads};
use crate::db::{fixed, known};
use crate::ids::{MemberId, PostId, ThreadId};
use crate::markup;
use crate::members::{Card, MemberView, Members};
use crate::threads::visible;

/// A post.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
#[schema(as = Post, example = json!({
    "id": 7, "thread_id": 1, "position": 7, "author_id": 15, "body": "[quote post=1]\nSo be it.\n[/quote]\n\n:thumb:",
    "html": "<blockquote data-post=\"1\">\n<p>So be it.</p>\n</blockquote>\n<p>👍</p>\n", "text": "👍",
    "quotes": [{"post_id": 1, "thread_id": 1, "position": 1, "author_id": 12, "excerpt": "So be it.",
        "available": true, "edited_since": false}],
    "mentions": [], "emoji": [{"code": "thumb", "unicode": "👍"}], "like_count": 0,
    "created_at": "2014-02-12T09:06:00Z", "last_edit": null, "deleted": false, "version": 1
}))]
pub struct PostView {
    /// The post's id.
    pub id: PostId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// Its place in the thread, from 1; it never changes.
    #[schema(minimum = 1)]
    pub position: i64,
    /// Who wrote it; null where it is deleted and you do not moderate, as are `body`, `html`, `text`, `created_at` and `last_edit`.
    pub author_id: Option<MemberId>,
    /// Markdown, as it was written.
    #[schema(max_length = 1_048_576)]
    pub body: Option<String>,
    /// The body as HTML that is safe to put into a page as it is. At most 8 bytes for each byte of the body and 4 KiB more: a body
    /// whose Markdown would take more is shown as plain paragraphs, and has no quotes, mentions and emoji.
    #[schema(max_length = 16_777_216)]
    pub html: Option<String>,
    /// The body as plain text, without quotes.
    #[schema(max_length = 4_194_304)]
    pub text: Option<String>,
    /// What it quotes, in order, nested ones too.
    pub quotes: Vec<QuoteView>,
    /// Whom it mentions, each once, in order.
    pub mentions: Vec<Mention>,
    /// Which emoji codes it has, each once, in order.
    pub emoji: Vec<Emoji>,
    /// How many members like it.
    #[schema(minimum = 0)]
    pub like_count: i64,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// Its last edit, null if there was none.
    pub last_edit: Option<LastEdit>,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Counts edits of the body; for `If-Match`.
    #[schema(minimum = 1)]
    pub version: i64,
}

/// A quote: what the writer put into it, and what is there now.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
#[schema(as = Quote)]
pub struct QuoteView {
    /// The post that it names.
    pub post_id: PostId,
    /// That post's thread; null where the post is not available.
    pub thread_id: Option<ThreadId>,
    /// Its place there.
    #[schema(minimum = 1)]
    pub position: Option<i64>,
    /// Who wrote it.
    pub author_id: Option<MemberId>,
    /// What the writer put into the block: Markdown, without quotes inside it.
    #[schema(max_length = 1_048_576)]
    pub excerpt: String,
    /// Whether the quoted post can be seen. One that is deleted, hidden or never was can not.
    pub available: bool,
    /// Whether it was edited after the post that quotes it was last written; null where it is not available.
    pub edited_since: Option<bool>,
}

/// A member who is mentioned.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
pub struct Mention {
    /// The member.
    pub member_id: MemberId,
}

/// An emoji.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
pub struct Emoji {
    /// The code as it was written, without colons.
    #[schema(max_length = 100, example = "rofl")]
    pub code: String,
    /// What it stands for.
    #[schema(max_length = 20, example = "🤣")]
    pub unicode: String,
}

/// When, by whom and why a post was last edited.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
pub struct LastEdit {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; null where an archive did not tell.
    pub by: Option<MemberId>,
    /// Why, if that was said.
    #[schema(max_length = 200)]
    pub reason: Option<String>,
    /// How often it was edited.
    #[schema(minimum = 1)]
    pub count: i64,
}

/// A row of a post's quotes, with what is there now and may be seen.
#[derive(Clone, Debug, Queryable)]
struct QuoteRow {
    by: PostId,
    post_id: PostId,
    excerpt: String,
    target: Option<Target>,
}

/// A quoted post that the viewer may see. The statement reads no row that the viewer may not see, so no output can depend on one.
#[derive(Clone, Debug, Queryable)]
struct Target {
    thread_id: ThreadId,
    position: i64,
    author_id: MemberId,
    last_edit_at: Option<DateTime<Utc>>,
}

/// Posts with all that their JSON is made of, not yet rendered.
pub struct Loaded {
    posts: Vec<Post>,
    quotes: HashMap<PostId, Vec<QuoteView>>,
    cards: Vec<MemberView>,
    size: u64,
}

impl Loaded {
    /// Loads the cards of all whom these posts and `also` name, and beside them what those quote that quote something, and the long
    /// posts: one to three statements in one round trip, and another after them for the cards of those who are only quoted.
    ///
    /// Memory for the posts is to be reserved before (`Outline::memory`).
    pub async fn new(
        outlines: Vec<Outline>,
        also: impl IntoIterator<Item = MemberId>,
        viewer: &Viewer,
        now: DateTime<Utc>,
        conn: &AsyncPgConnection,
    ) -> QueryResult<Self> {
        let shown = || outlines.iter().filter(|outline| outline.post.is_shown_to(viewer));
        let mut named: BTreeSet<MemberId> = also.into_iter().collect();
        named.extend(shown().flat_map(|outline| outline.post.named()));
        let ids: Vec<_> = named.iter().copied().collect();
        let quoting = shown().filter(|outline| outline.may_quote()).map(|outline| &outline.post).collect();
        let (long, cards) = (Outline::long(&outlines, viewer, conn), Card::with_rank(&ids, conn));
        let (long, rows, mut cards) = try_join!(long, quotes_of(quoting, viewer, conn), cards)?;
        let quoted = rows.iter().filter_map(|row| row.target.as_ref()).map(|target| target.author_id);
        let others: BTreeSet<_> = quoted.filter(|member| !named.contains(member)).collect();
        if !others.is_empty() {
            let others: Vec<_> = others.into_iter().collect();
            cards.extend(Card::with_rank(&others, conn).await?);
        }
        let mut cards: Vec<_> = cards.into_iter().map(|(card, rank)| MemberView::new(card, rank, now)).collect();
        cards.sort_by_key(|card| card.id);
        let written: HashMap<_, _> = shown().map(|outline| (outline.post.id, written(&outline.post))).collect();
        let mut quotes: HashMap<PostId, Vec<QuoteView>> = HashMap::new();
        for row in rows {
            quotes.entry(row.by).or_default().extend(written.get(&row.by).map(|at| show_quote(row, *at)));
        }
        let size = Outline::size(&outlines, viewer);
        Ok(Self { posts: Outline::filled(outlines, long, viewer), quotes, cards, size })
    }

    /// Keeps the posts that are shown by themselves: a post may have been deleted since its outline was read.
    pub fn only_shown(mut self, viewer: &Viewer) -> Self {
        self.posts.retain(|post| post.is_shown_to(viewer));
        self
    }

    /// The size of the rows: the JSON is about as long.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The posts' ids, in their order.
    pub fn ids(&self) -> Vec<PostId> {
        self.posts.iter().map(|post| post.id).collect()
    }

    /// The posts and cards as they are shown.
    pub fn show(self, viewer: &Viewer) -> (Vec<PostView>, Members) {
        let Self { posts, mut quotes, cards, .. } = self;
        let names: HashMap<i64, String> =
            cards.iter().filter_map(|card| Some((card.id.0, card.username.clone()?))).collect();
        let name = |id: i64| names.get(&id).map(String::as_str);
        let views = posts.into_iter().map(|post| {
            let quotes = quotes.remove(&post.id).unwrap_or_default();
            if post.is_shown_to(viewer) { show(post, quotes, &name) } else { placeholder(&post) }
        });
        let views = views.collect();
        let members = cards.into_iter().map(|card| (card.id.to_string(), card));
        (views, members.collect())
    }
}

/// Hashes what a page shows beside its thread's own rows, for its entity tag.
impl Hash for Loaded {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.cards.hash(hasher);
        self.posts.iter().for_each(|post| self.quotes.get(&post.id).hash(hasher));
    }
}

/// Loads the quotes of these posts; runs no statement for an empty list.
async fn quotes_of(quoting: Vec<&Post>, viewer: &Viewer, mut conn: &AsyncPgConnection) -> QueryResult<Vec<QuoteRow>> {
    if quoting.is_empty() {
        return Ok(Vec::new());
    }
    // Each post is looked up by the whole of the key: with `= ANY` for both columns PostgreSQL reads all quotes of a thread.
    let by_key = fixed::<Bool>(
        "(quotes.thread_id, quotes.post_id) IN (SELECT * FROM unnest((SELECT ?)::bigint[], (SELECT ?)::bigint[]))",
    )
    .with_numbers(quoting.iter().map(|post| post.thread_id))
    .with_numbers(quoting.iter().map(|post| post.id));
    let found = quotes::table
        // A deleted post is available to nobody, one of a deleted thread to moderators.
        .left_join(posts::table.on(posts::id.eq(quotes::quoted_post_id).and(seen(false))))
        .left_join(threads::table.on(threads::id.eq(posts::thread_id).and(visible(viewer.moderates()))))
        .filter(by_key)
        .order((quotes::post_id, quotes::ordinal))
        .select((
            quotes::post_id,
            quotes::quoted_post_id,
            quotes::excerpt,
            // The thread's own id: without a thread that may be seen there is no target.
            (threads::id, posts::position, posts::author_id, posts::last_edit_at).nullable(),
        ));
    known!(found).load(&mut conn).await
}

fn show<'a>(post: Post, quotes: Vec<QuoteView>, name: &impl Fn(i64) -> Option<&'a str>) -> PostView {
    let emoji = post
        .emoji
        .iter()
        .filter_map(|code| Some(Emoji { code: code.clone(), unicode: markup::emoji_unicode(code)?.to_owned() }));
    PostView {
        id: post.id,
        thread_id: post.thread_id,
        position: post.position,
        author_id: Some(post.author_id),
        html: Some(markup::html_with_names(&post.html, name)),
        text: Some(markup::text_with_names(&post.text, name)),
        quotes,
        mentions: post.mentions.iter().map(|id| Mention { member_id: *id }).collect(),
        emoji: emoji.collect(),
        like_count: post.like_count,
        created_at: Some(post.created_at),
        last_edit: last_edit(&post),
        deleted: post.deleted_at.is_some(),
        version: post.version,
        body: Some(post.body),
    }
}

/// When the body of a post was written.
fn written(post: &Post) -> DateTime<Utc> {
    post.last_edit_at.unwrap_or(post.created_at)
}

fn show_quote(quote: QuoteRow, written: DateTime<Utc>) -> QuoteView {
    let target = quote.target;
    QuoteView {
        post_id: quote.post_id,
        thread_id: target.as_ref().map(|target| target.thread_id),
        position: target.as_ref().map(|target| target.position),
        author_id: target.as_ref().map(|target| target.author_id),
        available: target.is_some(),
        edited_since: target.map(|target| target.last_edit_at.is_some_and(|at| at > written)),
        excerpt: quote.excerpt,
    }
}

fn last_edit(post: &Post) -> Option<LastEdit> {
    Some(LastEdit {
        at: post.last_edit_at?,
        by: post.last_edit_by,
        reason: post.last_edit_reason.clone(),
        count: post.edit_count,
    })
}

/// What is left of a deleted post for those who do not moderate: its place.
fn placeholder(post: &Post) -> PostView {
    PostView {
        id: post.id,
        thread_id: post.thread_id,
        position: post.position,
        author_id: None,
        body: None,
        html: None,
        text: None,
        quotes: Vec::new(),
        mentions: Vec::new(),
        emoji: Vec::new(),
        like_count: 0,
        created_at: None,
        last_edit: None,
        deleted: true,
        version: post.version,
    }
}

/// One post as it is shown, without the cards. Nothing is asked for what it has not: neither quotes nor names of whom it mentions.
pub async fn show_one(post: Post, viewer: &Viewer, conn: &AsyncPgConnection) -> QueryResult<PostView> {
    if !post.is_shown_to(viewer) {
        return Ok(placeholder(&post));
    }
    let quoting = Some(&post).filter(|post| markup::quotes_any(&post.html)).into_iter().collect();
    let cards = Card::with_rank(&post.mentions, conn);
    let (quotes, mentioned) = try_join!(quotes_of(quoting, viewer, conn), cards)?;
    let quotes = quotes.into_iter().map(|quote| show_quote(quote, written(&post))).collect();
    let of = |id| mentioned.iter().find(|(card, _)| card.id.0 == id);
    Ok(show(post, quotes, &|id| of(id).and_then(|(card, _)| card.username.as_deref())))
}
