//! Sessions as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::Session;
use crate::ids::SessionId;

/// A session: one sign-in of a member.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session, example = json!({
    "id": 7, "created_at": "2026-11-24T09:00:00Z", "last_used_at": "2026-11-24T10:00:00Z",
    "expires_at": "2026-12-24T10:00:00Z", "user_agent": "Mozilla/5.0", "current": true,
}))]
pub struct SessionView {
    /// The session's id.
    pub id: SessionId,
    /// When the member signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends if it is not refreshed: 30 days after the last time, 180 days after it began at the latest.
    pub expires_at: DateTime<Utc>,
    /// What the program that signed in called itself; cut at 200 characters.
    #[schema(max_length = 200)]
    pub user_agent: Option<String>,
    /// Whether it is the session of this request.
    pub current: bool,
}

impl SessionView {
    /// A session as the session `current` sees it.
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            current: session.id == current,
            user_agent: session.user_agent,
        }
    }
}
