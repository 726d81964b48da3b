//! What signing in gives.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::LIFETIME;
use crate::me::Me;
use crate::web::body::{Flaws, Settle};
use crate::web::text;

/// A new pair of tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens, example = json!({
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMiJ9.c2lnbmF0dXJl", "token_type": "Bearer",
    "expires_in": 600, "refresh_token": "n3gCiSX6JOxJYbgXnSNxlRO7Ns1K2GDCTKaVkoMMZkY",
}))]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    #[schema(max_length = 4096)]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(max_length = 6)]
    pub token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(minimum = 1)]
    pub expires_in: i64,
    /// For the next refresh. Good for one use.
    #[schema(max_length = 100)]
    pub refresh_token: String,
}

/// A new session: its first pair of tokens, and who has signed in.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMiJ9.c2lnbmF0dXJl", "token_type": "Bearer",
    "expires_in": 600, "refresh_token": "n3gCiSX6JOxJYbgXnSNxlRO7Ns1K2GDCTKaVkoMMZkY",
    "member": {
        "id": 12, "username": "no smoking", "rank": "New Member", "custom_title": null, "role": "member",
        "state": "active", "country": null, "avatar_url": null, "joined_at": "2026-11-24T09:00:00Z", "post_count": 0,
        "likes_received": 0, "email": null, "email_verified": false, "bio": null, "version": 1,
        "scopes": ["read", "post", "like", "profile", "moderate", "admin"],
    },
}))]
pub struct SignedIn {
    /// For `Authorization: Bearer`.
    #[schema(max_length = 4096)]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(max_length = 6)]
    pub token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(minimum = 1)]
    pub expires_in: i64,
    /// For the next refresh. Good for one use.
    #[schema(max_length = 100)]
    pub refresh_token: String,
    /// Who has signed in.
    pub member: Me,
}

impl Tokens {
    /// A pair of tokens.
    pub fn new(access_token: String, refresh_token: String) -> Self {
        Self { access_token, token_type: "Bearer", expires_in: LIFETIME.num_seconds(), refresh_token }
    }

    /// With the member whose they are.
    pub fn of(self, member: Me) -> SignedIn {
        let Self { access_token, token_type, expires_in, refresh_token } = self;
        SignedIn { access_token, token_type, expires_in, refresh_token, member }
    }
}

/// A refresh token, in a body.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"refresh_token": "n3gCiSX6JOxJYbgXnSNxlRO7Ns1K2GDCTKaVkoMMZkY"}))]
pub struct GivenRefreshToken {
    /// The last one that was given.
    pub refresh_token: text::RefreshToken,
}

impl Settle for GivenRefreshToken {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/refresh_token", &mut self.refresh_token);
    }
}
