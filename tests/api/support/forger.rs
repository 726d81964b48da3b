//! Who has the true signing key, and writes with it what the service never would.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::{App, Person};

/// A member, the present key, and what its tokens say.
pub struct Forger {
    pub anna: Person,
    pub key: SigningKey,
    pub header: Value,
    pub payload: Value,
}

impl Forger {
    pub async fn new(app: &App) -> Self {
        let anna = app.member("Anna").await;
        let sql = "SELECT kid, sealed_private_key FROM signing_keys";
        let row = app.sql().await.query_one(sql, &[]).await.unwrap();
        let (kid, sealed): (String, Vec<u8>) = (row.get(0), row.get(1));
        let cipher = ChaCha20Poly1305::new(&app.shared.state.secret.key("folkmoot signing keys v1").unwrap().into());
        let nonce: [u8; 12] = sealed[..12].try_into().unwrap();
        let payload = Payload { msg: &sealed[12..], aad: kid.as_bytes() };
        let seed: [u8; 32] = cipher.decrypt(&Nonce::from(nonce), payload).unwrap().try_into().unwrap();
        let token = anna.token.clone().unwrap();
        let parts: Vec<_> = token.split('.').collect();
        let read = |part: &str| serde_json::from_slice(&B64.decode(part).unwrap()).unwrap();
        Self { key: SigningKey::from_bytes(&seed), header: read(parts[0]), payload: read(parts[1]), anna }
    }

    pub fn message(header: &Value, payload: &Value) -> String {
        format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload.to_string()))
    }

    pub fn signed_by(key: &SigningKey, header: &Value, payload: &Value) -> String {
        let message = Self::message(header, payload);
        format!("{message}.{}", B64.encode(key.sign(message.as_bytes()).to_bytes()))
    }

    /// Signed with the true key, after a change of the header.
    pub fn header(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut header = self.header.clone();
        change(&mut header);
        Self::signed_by(&self.key, &header, &self.payload)
    }

    /// Signed with the true key, after a change of the claims.
    pub fn claims(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut payload = self.payload.clone();
        change(&mut payload);
        Self::signed_by(&self.key, &self.header, &payload)
    }

    pub async fn is_refused(&self, what: &str, token: &str) {
        for path in ["/api/v1/me", "/api/v1/ranks"] {
            let answer = self.anna.with_token(token).get(path).await;
            assert_eq!((answer.status, &answer["code"]), (401, &json!("invalid_token")), "{what}: {}", answer.json);
            assert!(answer.header("www-authenticate").contains("invalid_token"), "{what}");
        }
    }
}
