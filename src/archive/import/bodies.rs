//! Bodies on their way in: quotes get our ids, Markdown becomes HTML, names become members.

use std::collections::{HashMap, HashSet};

use tokio_postgres::Transaction;

use super::parse::{blocking, on_all_cores};
use super::rows::PostRow;
use crate::archive::checks::MAX_ARCHIVE_ID;
use crate::archive::error::ImportError;
use crate::markup::{Draft, archived_quote_ids, read_archived};

/// How far a body has been read.
pub enum Reading {
    /// There is nothing to read: no body, or one that is only kept.
    Nothing,
    /// All but who the mentioned are.
    Draft(Box<Draft>),
    /// It quotes these ids of the archive, in whose place ours are to stand first.
    Quoting(Vec<String>),
}

/// What begins a quote: where it is not, nothing is quoted.
const QUOTE: &str = "[quote post=";

impl Reading {
    /// Of a post's body.
    pub fn of_post(body: &str, keeps_ids: bool) -> Self {
        match quoted_ids(body, keeps_ids) {
            ids if ids.is_empty() => Self::Draft(Box::new(read_archived(body))),
            ids => Self::Quoting(ids),
        }
    }

    /// Of an earlier body: it is rendered when somebody asks for it.
    pub fn of_revision(body: &str, keeps_ids: bool) -> Self {
        match quoted_ids(body, keeps_ids) {
            ids if ids.is_empty() => Self::Nothing,
            ids => Self::Quoting(ids),
        }
    }

    /// The archive's ids that are quoted and to be replaced.
    pub fn quoted(&self) -> &[String] {
        match self {
            Self::Quoting(ids) => ids,
            Self::Nothing | Self::Draft(_) => &[],
        }
    }
}

fn quoted_ids(body: &str, keeps_ids: bool) -> Vec<String> {
    if keeps_ids || !body.contains(QUOTE) {
        return Vec::new();
    }
    let mut ids = archived_quote_ids(body);
    // A longer one is no post's, and its quote stays as it is.
    ids.retain(|id| id.chars().count() <= MAX_ARCHIVE_ID);
    ids
}

/// Renders the posts, with one query for all who are mentioned.
pub async fn render(posts: Vec<PostRow>, tx: &Transaction<'_>) -> Result<Vec<PostRow>, ImportError> {
    let posts = blocking(move || on_all_cores(posts, read_draft)).await;
    let drafts = posts.iter().filter_map(|post| post.draft.as_ref());
    let names: HashSet<String> = drafts.flat_map(|draft| draft.mentioned_names()).collect();
    let mut members = HashMap::new();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().collect();
        let sql = "SELECT username_key, id FROM members WHERE username_key = ANY ($1) AND deleted_at IS NULL";
        for row in tx.query(sql, &[&names]).await? {
            members.insert(row.get(0), row.get(1));
        }
    }
    Ok(posts.into_iter().map(|post| render_one(post, &members)).collect())
}

fn read_draft(mut post: PostRow) -> PostRow {
    if post.draft.is_none() {
        post.draft = Some(Box::new(read_archived(&post.line.body)));
    }
    post
}

fn render_one(mut post: PostRow, members: &HashMap<String, i64>) -> PostRow {
    if let Some(draft) = post.draft.take() {
        let rendered = draft.render(members);
        post.html = rendered.html;
        post.text = rendered.text;
        post.quotes = rendered.quotes;
        post.mentions = rendered.mentions;
        post.emoji = rendered.emoji;
    }
    post
}
