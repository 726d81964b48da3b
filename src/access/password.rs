//! Passwords: argon2id on a bounded pool.

/// Hashes and checks passwords.
pub struct Passwords;

impl Passwords {
    /// As many at a time as there are cores.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self
    }
}
