//! What a request may reach: the database, the clock, chance, and the counts that are gathered in memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crossbeam_utils::CachePadded;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng, TryRng};
use sha2::Sha256;
use siphasher::sip::SipHasher13;
use thread_local::ThreadLocal;
use tokio::sync::Notify;

use crate::cache::Store;
use crate::clock::Clock;
use crate::db::{Pool, Replicas};
use crate::error::Error;
use crate::ids::ThreadId;

/// One for each worker, with connections to the database of its own; all else is shared by the workers of a node.
#[derive(Clone)]
pub struct State {
    pub db: Pool,
    /// Where guests may read.
    pub replicas: Replicas,
    pub clock: Clock,
    pub random: Random,
    pub views: Arc<Views>,
    /// The answers that are kept in memory.
    pub store: Arc<Store>,
    /// Issuer and audience of the tokens, without a slash at the end.
    pub public_url: String,
    /// The operator's secret.
    pub secret: Secret,
    pub limits: RequestLimits,
    pub stopping: Arc<Stopping>,
}

/// How long the parts of a request may take.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// For so long a body may be on its way.
    pub body: Duration,
    /// For so long all of it may take.
    pub request: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { body: Duration::from_secs(10), request: Duration::from_secs(15) }
    }
}

/// Whether the service has been told to stop: then it is no longer ready, and clients are told to go elsewhere.
#[derive(Debug, Default)]
pub struct Stopping {
    is_so: AtomicBool,
    begun: Notify,
}

impl Stopping {
    /// From now on.
    pub fn begin(&self) {
        self.is_so.store(true, Ordering::Relaxed);
        self.begun.notify_waiters();
    }

    /// Whether it is so.
    pub fn is_so(&self) -> bool {
        self.is_so.load(Ordering::Relaxed)
    }

    /// Waits until it is so.
    pub async fn begun(&self) {
        // One that begins between the question and the waiting is heard too.
        let begun = self.begun.notified();
        if !self.is_so() {
            begun.await;
        }
    }
}

/// The operator's secret; it does not show itself.
#[derive(Clone)]
pub struct Secret(Arc<Derived>);

struct Derived {
    text: String,
    /// `hash` before its first row: the key is derived once.
    hasher: OnceLock<SipHasher13>,
}

impl Secret {
    /// Takes a secret as the operator gave it.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Derived { text, hasher: OnceLock::new() }))
    }

    /// A key for one purpose alone (HKDF-SHA256, RFC 5869). Purposes end with a version: another one gives another key.
    pub fn key(&self, purpose: &str) -> Result<[u8; 32], Error> {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, self.0.text.as_bytes())
            .expand(purpose.as_bytes(), &mut key)
            .map_err(Error::internal)?;
        Ok(key)
    }

    /// HMAC-SHA256 (RFC 2104) over these parts, one after the other, with the key for this purpose.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Result<[u8; 32], Error> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key(purpose)?).map_err(Error::internal)?;
        parts.iter().for_each(|part| mac.update(part));
        Ok(mac.finalize().into_bytes().into())
    }

    /// Returns a hash of rows for entity tags: SipHash-1-3 (Aumasson and Bernstein, 2012) with a key of its own. Nodes that run the
    /// same program with the same secret compute the same hash. A hash without a secret key would confirm guesses of its input.
    pub fn hash(&self, rows: &impl Hash) -> Result<u64, Error> {
        let mut hasher = match self.0.hasher.get() {
            Some(keyed) => *keyed,
            None => {
                let mut key = [0; 16];
                key.copy_from_slice(&self.key("folkmoot entity tags v1")?[..16]);
                *self.0.hasher.get_or_init(|| SipHasher13::new_with_key(&key))
            }
        };
        rows.hash(&mut hasher);
        Ok(hasher.finish())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The only source of chance: the operating system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Random {
    /// Bytes for names that need only be different, from a generator of each thread's own: the system is asked once.
    #[allow(clippy::disallowed_methods)]
    pub fn name(self) -> Result<[u8; 16], Error> {
        thread_local! {
            static NAMES: RefCell<Option<ChaCha12Rng>> = const { RefCell::new(None) };
        }
        NAMES.with_borrow_mut(|names| {
            if names.is_none() {
                *names = Some(ChaCha12Rng::from_seed(self.bytes()?));
            }
            let mut name = [0; 16];
            if let Some(names) = names {
                names.fill_bytes(&mut name);
            }
            Ok(name)
        })
    }

    /// So many unpredictable bytes.
    #[allow(clippy::disallowed_methods)]
    pub fn bytes<const N: usize>(self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
        Ok(bytes)
    }
}

/// Views of threads since they were last written to the database. Each thread of the program gathers by itself: they would wait for each
/// other at every page.
#[derive(Debug, Default)]
pub struct Views(ThreadLocal<CachePadded<Mutex<HashMap<ThreadId, i64>>>>);

impl Views {
    /// Counts one view.
    pub fn add(&self, thread: ThreadId) {
        *self.own().entry(thread).or_default() += 1;
    }

    /// Takes what was gathered, in no order: where not all of it can be written, it is not always the same that waits.
    pub fn take(&self) -> Vec<(ThreadId, i64)> {
        let mut all = HashMap::new();
        for views in self.0.iter() {
            for (thread, count) in std::mem::take(&mut *views.lock().unwrap_or_else(PoisonError::into_inner)) {
                *all.entry(thread).or_default() += count;
            }
        }
        all.into_iter().collect()
    }

    /// Gives back what could not be written.
    pub fn give_back(&self, gathered: Vec<(ThreadId, i64)>) {
        let mut views = self.own();
        for (thread, count) in gathered {
            *views.entry(thread).or_default() += count;
        }
    }

    fn own(&self) -> MutexGuard<'_, HashMap<ThreadId, i64>> {
        self.0.get_or_default().lock().unwrap_or_else(PoisonError::into_inner)
    }
}
