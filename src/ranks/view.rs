//! Ranks as they are shown.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Rank;

/// One step of the ladder.
#[derive(Serialize, ToSchema)]
#[schema(as = Rank, example = json!({"name": "Regular Member", "from": 100}))]
pub struct RankView {
    /// Its name.
    #[schema(max_length = 50)]
    pub name: String,
    /// The post count that reaches it.
    #[schema(minimum = 0)]
    pub from: i64,
}

/// The ladder, from the bottom up.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [{"name": "New Member", "from": 0}, {"name": "Regular Member", "from": 100}], "next": null}))]
pub struct RankList {
    /// The ranks, the lowest first.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<RankView>,
    /// Always null: the whole ladder is there.
    pub next: Option<String>,
}

impl RankList {
    /// The ladder, as it is in the database.
    pub fn new(ladder: Vec<Rank>) -> Self {
        let items = ladder.into_iter().map(|rank| RankView { name: rank.name, from: rank.from_posts }).collect();
        Self { items, next: None }
    }
}
