//! Rows that hang on posts, asked for once for some posts and fetched page by page: no more of them is in memory at a time.

use tokio_postgres::{Portal, Row, Transaction};

use crate::archive::error::ExportError;

/// The rows of some posts, in the order of the posts; their first column is the post.
pub struct OfPosts {
    portal: Portal,
    page: std::iter::Peekable<std::vec::IntoIter<Row>>,
    at_once: i32,
    /// Nothing comes behind this page.
    is_last: bool,
}

impl OfPosts {
    /// Nothing is fetched yet.
    pub fn new(portal: Portal, at_once: i32) -> Self {
        Self { portal, page: Vec::new().into_iter().peekable(), at_once, is_last: false }
    }

    /// The next row of this post; none where the next is another's.
    pub async fn next_of(&mut self, post_id: i64, tx: &Transaction<'_>) -> Result<Option<Row>, ExportError> {
        if self.page.peek().is_none() && !self.is_last {
            let rows = tx.query_portal(&self.portal, self.at_once).await?;
            self.is_last = rows.len() < usize::try_from(self.at_once).unwrap_or_default();
            self.page = rows.into_iter().peekable();
        }
        Ok(self.page.next_if(|row| row.get::<_, i64>(0) == post_id))
    }
}
