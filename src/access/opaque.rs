//! Opaque tokens: what only their holder knows, and the hash that is stored of it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::state::State;

/// 256 bits that nobody can guess, in base64url.
pub fn make_opaque(state: &State) -> Result<String, Error> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(state.random.bytes::<32>()?))
}

/// What is stored of an opaque token: SHA-256. It has so many bits that nothing slower is needed.
pub fn hash_opaque(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
