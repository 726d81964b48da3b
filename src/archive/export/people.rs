//! The members' lines.

use serde::de::IgnoredAny;
use tokio_postgres::{Row, Transaction};

use super::id;
use crate::access::Role;
use crate::archive::error::ExportError;
use crate::archive::line::{Line, MemberLine, Time};
use crate::archive::writer::Writer;
use crate::members::MemberState;

const MEMBERS: &str = "SELECT id, username, joined_at, email, email_verified, password_hash, custom_title, country, bio, \
    avatar_url, role, deleted_at IS NOT NULL, suspended_at IS NOT NULL, suspended_until, suspend_reason, \
    posts_shown, posts_elsewhere, likes_shown, likes_elsewhere FROM members WHERE id > $1 ORDER BY id LIMIT 1000";

/// Writes all members.
pub async fn members(tx: &Transaction<'_>, to: &mut Writer<'_>) -> Result<(), ExportError> {
    let statement = tx.prepare(MEMBERS).await?;
    let mut after = 0_i64;
    loop {
        let rows = tx.query(&statement, &[&after]).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.get(0);
        for row in &rows {
            to.line(&Line::Member(Box::new(line(row)))).await?;
        }
    }
}

fn line(row: &Row) -> MemberLine {
    let (deleted, suspended): (bool, bool) = (row.get(11), row.get(12));
    let state = match (deleted, suspended) {
        (true, _) => Some(MemberState::Deleted),
        (false, true) => Some(MemberState::Suspended),
        (false, false) => None,
    };
    let is_suspended = state == Some(MemberState::Suspended);
    // Without anything elsewhere, the rows tell.
    let total = |shown: usize, elsewhere: usize| (row.get::<_, i64>(elsewhere) > 0).then(|| row.get(shown));
    MemberLine {
        id: id(row.get(0)),
        username: row.get(1),
        joined_at: Time(row.get(2)),
        email: row.get(3),
        email_verified: (row.get::<_, Option<&str>>(3).is_some() && row.get(4)).then_some(true),
        password_hash: row.get(5),
        custom_title: row.get(6),
        country: row.get(7),
        bio: row.get(8),
        avatar_url: row.get(9),
        role: match row.get(10) {
            "admin" => Some(Role::Admin),
            "moderator" => Some(Role::Moderator),
            _ => None,
        },
        state,
        suspended_until: row.get::<_, Option<_>>(13).filter(|_| is_suspended).map(Time),
        suspend_reason: row.get::<_, Option<String>>(14).filter(|_| is_suspended),
        post_count: total(15, 16),
        likes_received: total(17, 18),
        _type: IgnoredAny,
    }
}
