//! One's own profile: the card, and what only the member itself sees.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Role;
use crate::db::schema::members;
use crate::error::Error;
use crate::ids::MemberId;
use crate::members::{Country, MemberState, MemberView};
use crate::state::Secret;
use crate::web::etag::Etag;

/// The signed-in member.
// Written out: serde's flattening buffers, and the document would show two shapes.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
#[schema(as = Me, example = json!({
    "id": 12, "username": "no smoking", "rank": "Senior Member", "custom_title": null, "role": "member",
    "state": "active", "country": {"code": "IN", "flag": "🇮🇳"}, "avatar_url": null,
    "joined_at": "2019-04-02T17:20:11Z", "post_count": 1204, "likes_received": 3377,
    "email": "anna@example.org", "email_verified": true, "bio": "Reads more than it writes.", "version": 3,
    "scopes": ["read", "post", "like", "profile", "moderate", "admin"],
}))]
pub struct Me {
    /// The member's id.
    pub id: MemberId,
    /// Its name.
    #[schema(max_length = 50)]
    pub username: Option<String>,
    /// The ladder's name for its post count.
    #[schema(max_length = 50)]
    pub rank: String,
    /// A title given to this member alone, shown beside the rank.
    #[schema(max_length = 50)]
    pub custom_title: Option<String>,
    /// What it may do beyond its own things.
    pub role: Role,
    /// Whether it may act.
    pub state: MemberState,
    /// Where it is from, if it says so.
    pub country: Option<Country>,
    /// Its picture.
    #[schema(format = "uri", max_length = 2000)]
    pub avatar_url: Option<String>,
    /// When it joined.
    pub joined_at: DateTime<Utc>,
    /// Its posts that are not deleted, and those an imported archive counted beyond its own rows.
    #[schema(minimum = 0)]
    pub post_count: i64,
    /// Likes received on those posts.
    #[schema(minimum = 0)]
    pub likes_received: i64,
    /// Its e-mail address. Nobody else sees it.
    #[schema(format = "idn-email", max_length = 254)]
    pub email: Option<String>,
    /// Whether the address has been shown to be its own; then it signs in.
    pub email_verified: bool,
    /// What it tells about itself.
    #[schema(max_length = 2000)]
    pub bio: Option<String>,
    /// Counts the edits of this profile: what `If-Match` names.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the token of this request may do; the role is looked at apart.
    #[schema(max_items = 6)]
    pub scopes: Vec<String>,
}

#[derive(Queryable)]
struct Private {
    email: Option<String>,
    email_verified: bool,
    bio: Option<String>,
    version: i64,
}

impl Me {
    /// The member as it sees itself at this moment, if there is one.
    pub async fn find(
        id: MemberId,
        scopes: Vec<String>,
        now: DateTime<Utc>,
        conn: &mut AsyncPgConnection,
    ) -> QueryResult<Option<Self>> {
        let private = (members::email, members::email_verified, members::bio, members::version);
        let private = members::table.find(id).select(private).first(conn).await.optional()?;
        let card = MemberView::find(id, now, conn).await?;
        Ok(card.zip(private).map(|(card, private)| Self::new(card, private, scopes)))
    }

    fn new(card: MemberView, private: Private, scopes: Vec<String>) -> Self {
        Self {
            id: card.id,
            username: card.username,
            rank: card.rank,
            custom_title: card.custom_title,
            role: card.role,
            state: card.state,
            country: card.country,
            avatar_url: card.avatar_url,
            joined_at: card.joined_at,
            post_count: card.post_count,
            likes_received: card.likes_received,
            email: private.email,
            email_verified: private.email_verified,
            bio: private.bio,
            version: private.version,
            scopes,
        }
    }

    /// `"<version>.<hash>"`: the hash is over all that is shown.
    pub fn etag(&self, secret: &Secret) -> Result<Etag, Error> {
        Etag::versioned(self.version, self, secret)
    }
}
