//! Personal tokens as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::Token;
use crate::ids::TokenId;

/// A personal token, without the token itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PersonalToken, example = json!({
    "id": 7, "name": "backup script", "scopes": ["read"], "created_at": "2026-11-24T09:00:00Z",
    "expires_at": "2027-11-24T09:00:00Z", "last_used_at": null,
}))]
pub struct TokenView {
    /// The token's id.
    pub id: TokenId,
    /// What its owner calls it.
    #[schema(max_length = 100)]
    pub name: String,
    /// What it may do.
    #[schema(max_items = 6)]
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself; null: it does not.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, exact to a minute; null: never.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A new personal token: the only answer that shows the token itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NewPersonalToken, example = json!({
    "id": 7, "name": "backup script", "scopes": ["read"], "created_at": "2026-11-24T09:00:00Z",
    "expires_at": "2027-11-24T09:00:00Z", "last_used_at": null,
    "token": "fm_n3gCiSX6JOxJYbgXnSNxlRO7Ns1K2GDCTKaVkoMMZkY",
}))]
pub struct NewTokenView {
    /// The token's id.
    pub id: TokenId,
    /// What its owner calls it.
    #[schema(max_length = 100)]
    pub name: String,
    /// What it may do.
    #[schema(max_items = 6)]
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself; null: it does not.
    pub expires_at: Option<DateTime<Utc>>,
    /// Null: it was never used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// For `Authorization: Bearer`. It is not stored, and not shown again.
    #[schema(max_length = 100)]
    pub token: String,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        let Token { id, name, scopes, created_at, expires_at, last_used_at } = token;
        Self { id, name, scopes, created_at, expires_at, last_used_at }
    }
}

impl NewTokenView {
    /// A token's row with the token itself.
    pub(super) fn new(row: Token, token: String) -> Self {
        let Token { id, name, scopes, created_at, expires_at, last_used_at } = row;
        Self { id, name, scopes, created_at, expires_at, last_used_at, token }
    }
}
