//! Sealing: what is stored and only this service may read. ChaCha20-Poly1305 (RFC 8439), with keys that are derived from the
//! operator's secret.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};

use crate::error::Error;
use crate::state::{Random, Secret};

/// Seals and opens what has one purpose.
pub struct Seal(ChaCha20Poly1305);

impl Seal {
    /// With the key for this purpose alone.
    pub fn new(secret: &Secret, purpose: &str) -> Result<Self, Error> {
        Ok(Self(ChaCha20Poly1305::new(&secret.key(purpose)?.into())))
    }

    /// Seals bytes; the nonce stands in front. They belong to `owner`, the id of their row: elsewhere they do not open.
    pub fn close(&self, plain: &[u8], owner: &[u8], random: Random) -> Result<Vec<u8>, Error> {
        let nonce = random.bytes::<12>()?;
        let payload = Payload { msg: plain, aad: owner };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).map_err(Error::internal)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed; none where the secret or the owner is another one.
    pub fn open(&self, sealed: &[u8], owner: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<12>()?;
        self.0.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: owner }).ok()
    }
}
