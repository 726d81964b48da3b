//! Where a file is from, and whether its ids stay as they are.

use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use crate::archive::OWN_SOURCE;
use crate::archive::error::ImportError;

/// Where a file is from.
pub struct Source {
    /// As the file says it.
    pub name: String,
    /// The file is this very forum's, or an empty forum becomes the one that wrote it.
    pub keeps_ids: bool,
    /// The forum that wrote it, where it was one of this program.
    uuid: Option<Uuid>,
}

/// No threads, nothing imported, and at most the forum and the administrator of the first start, untouched.
const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT FROM threads) AND NOT EXISTS (SELECT FROM archive_ids) \
    AND NOT EXISTS (SELECT FROM members, site WHERE members.id IS DISTINCT FROM first_member_id \
        OR members.version <> 1 OR deleted_at IS NOT NULL) \
    AND NOT EXISTS (SELECT FROM forums, site WHERE forums.id IS DISTINCT FROM first_forum_id OR forums.version <> 1)";

impl Source {
    /// Finds out what is to become of the ids of a file with this source.
    pub async fn find(name: String, client: &Client) -> Result<Self, ImportError> {
        let uuid = name.strip_prefix(OWN_SOURCE).and_then(|uuid| Uuid::parse_str(uuid).ok());
        let mut keeps_ids = false;
        if let Some(uuid) = uuid {
            let ours: Uuid = client.query_one("SELECT uuid FROM site", &[]).await?.get(0);
            keeps_ids = ours == uuid || client.query_one(IS_EMPTY, &[]).await?.get(0);
        }
        Ok(Self { name, keeps_ids, uuid })
    }

    /// Lets one import work at a time. The first batch of a file that keeps its ids makes an empty forum the one that wrote it:
    /// what the first start made gives way.
    pub async fn hold(&self, is_first_batch: bool, tx: &Transaction<'_>) -> Result<(), ImportError> {
        let ours: Uuid = tx.query_one("SELECT uuid FROM site FOR UPDATE", &[]).await?.get(0);
        let Some(uuid) = self.uuid.filter(|uuid| self.keeps_ids && *uuid != ours) else {
            return Ok(());
        };
        let is_empty: bool = tx.query_one(IS_EMPTY, &[]).await?.get(0);
        if !is_first_batch || !is_empty {
            return Err(ImportError::Database("another import or a member came in between: run it again".into()));
        }
        // Only these: who registers in this very moment stays.
        let first_start = "DELETE FROM members USING site WHERE members.id = first_member_id; \
                           DELETE FROM forums USING site WHERE forums.id = first_forum_id";
        tx.batch_execute(first_start).await?;
        tx.execute("UPDATE site SET uuid = $1, first_forum_id = NULL, first_member_id = NULL", &[&uuid]).await?;
        Ok(())
    }
}
