//! Members as they are shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Card, CardById, MemberState};
use crate::access::Role;
use crate::cache::{Kept, Terms, Thing};
use crate::db::Pool;
use crate::error::{Error, OrNotFound};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::kept;

/// A member's card: the same wherever a member is shown.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
#[schema(as = Member, example = json!({
    "id": 12, "username": "no smoking", "rank": "Senior Member", "custom_title": "STABLE GENIUS", "role": "member",
    "state": "active", "country": {"code": "IN", "flag": "🇮🇳"}, "avatar_url": null,
    "joined_at": "2019-04-02T17:20:11Z", "post_count": 1204, "likes_received": 3377,
}))]
pub struct MemberView {
    /// The member's id.
    pub id: MemberId,
    /// Its name; null once deleted.
    pub username: Option<String>,
    /// The ladder's name for its post count.
    #[schema(example = "Senior Member")]
    pub rank: String,
    /// A title given to this member alone, shown beside the rank.
    #[schema(example = "STABLE GENIUS")]
    pub custom_title: Option<String>,
    /// What it may do beyond its own things.
    pub role: Role,
    /// Whether it may act.
    pub state: MemberState,
    /// Where it is from, if it says so.
    pub country: Option<Country>,
    /// Its picture.
    #[schema(format = "uri")]
    pub avatar_url: Option<String>,
    /// When it joined.
    pub joined_at: DateTime<Utc>,
    /// Its posts that are not deleted, and those an imported archive counted beyond its own rows.
    #[schema(minimum = 0)]
    pub post_count: i64,
    /// Likes received on those posts.
    #[schema(minimum = 0)]
    pub likes_received: i64,
}

/// A country.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    #[schema(example = "IN", min_length = 2, max_length = 2)]
    pub code: String,
    /// The flag as an emoji: two regional indicator symbols.
    #[schema(example = "🇮🇳")]
    pub flag: String,
}

/// Cards by id, as answers carry them.
pub type Members = BTreeMap<String, MemberView>;

impl Country {
    /// A country by its code (two capital letters).
    pub fn new(code: String) -> Self {
        let flag = code.bytes().filter_map(|letter| char::from_u32(0x1F1E6 + u32::from(letter) - 65)).collect();
        Self { code, flag }
    }
}

impl MemberView {
    /// The member as it is at this moment, if there is one.
    pub async fn find(id: MemberId, now: DateTime<Utc>, conn: &AsyncPgConnection) -> QueryResult<Option<Self>> {
        let found = Card::with_rank(&[id], conn).await?.pop();
        Ok(found.map(|(card, rank)| Self::new(card, rank, now)))
    }

    /// The same, for those who look at it.
    pub async fn read(id: MemberId, now: DateTime<Utc>, db: &Pool) -> Result<Option<Self>, Error> {
        let found = db.look_up::<CardById>(id).await?;
        Ok(found.map(|(card, rank)| Self::new(card, rank, now)))
    }

    /// A card as it is at this moment.
    pub fn new(card: Card, rank: String, now: DateTime<Utc>) -> Self {
        let state = card.state(now);
        Self {
            id: card.id,
            username: card.username,
            rank,
            custom_title: card.custom_title,
            role: card.role,
            state,
            country: card.country.map(Country::new),
            avatar_url: card.avatar_url,
            joined_at: card.joined_at,
            post_count: card.posts_shown,
            likes_received: card.likes_shown,
        }
    }
}

/// A member's card for those who look at pages, as it is kept.
pub async fn card(id: MemberId, state: &State) -> Result<Arc<Kept>, Error> {
    let terms = Terms { key: &format!("card {id}"), of: &[Thing::Member(id)], lasts: kept::LASTS };
    let read = async || {
        let card = MemberView::read(id, state.clock.now(), &state.db).await?.or_not_found()?;
        kept::shown_by_bytes(&card)
    };
    state.store.find_or(&terms, read).await
}

/// The cards of these members, in one statement.
pub async fn cards(
    ids: impl IntoIterator<Item = MemberId>,
    now: DateTime<Utc>,
    conn: &AsyncPgConnection,
) -> QueryResult<Members> {
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = Card::with_rank(&ids, conn).await?;
    Ok(rows.into_iter().map(|(card, rank)| (card.id.to_string(), MemberView::new(card, rank, now))).collect())
}
