//! Looks ahead, on a connection of its own, which posts are here already: their bodies need not be read again.

use std::collections::HashSet;

use tokio_postgres::Client;

use super::kept::kept_id;
use super::parse::Numbered;
use super::source::Source;
use crate::archive::error::ImportError;
use crate::archive::line::Line;

/// Asks for the posts of one file.
pub struct Scout {
    client: Client,
    source: String,
    /// The file's ids are ours.
    pub keeps_ids: bool,
}

impl Scout {
    pub fn new(client: Client, source: &Source) -> Self {
        Self { client, source: source.name.clone(), keeps_ids: source.keeps_ids }
    }

    /// The ids of those posts of these lines that are here already. (What is here stays; more may come meanwhile.)
    pub async fn known_posts(&self, lines: &[Numbered]) -> Result<HashSet<String>, ImportError> {
        let posts: Vec<&str> = lines
            .iter()
            .filter_map(|line| match &line.line {
                Line::Post(post) => Some(post.id.as_str()),
                _ => None,
            })
            .collect();
        if posts.is_empty() {
            return Ok(HashSet::new());
        }
        if self.keeps_ids {
            let ids: Vec<i64> = posts.iter().filter_map(|id| kept_id(id)).collect();
            let rows = self.client.query("SELECT id FROM posts WHERE id = ANY ($1)", &[&ids]).await?;
            return Ok(rows.iter().map(|row| row.get::<_, i64>(0).to_string()).collect());
        }
        let sql = "SELECT archive_id FROM archive_ids \
                   WHERE source = $1 AND kind = 'post' AND archive_id = ANY ($2) AND present";
        let rows = self.client.query(sql, &[&self.source, &posts]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}
