//! Passwords: argon2id, on a pool that is bounded, as one hash takes 19 MiB and a core for some time.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::username_key;
use crate::error::{Code, Error, Flaw};
use crate::state::Random;

/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How many wait for each core before more are turned away.
const WAITING_PER_CORE: usize = 64;
/// The most memory that a hash from elsewhere may ask for, in KiB, and the most work of a bcrypt one.
const MOST_MEMORY_KIB: u64 = 256 * 1024;
const MOST_BCRYPT_COST: u32 = 15;

/// The most used ones that are long enough to be taken, in the form of `username_key`, in the order of their bytes.
const COMMON: &str = include_str!("passwords/most_used.txt");

static COMMON_PASSWORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.lines().collect());

/// What keeps a text of the right length from being a new password: who guesses tries the most used ones and the name first.
pub fn flaw_of_password(password: &str, username: Option<&str>) -> Option<(Flaw, &'static str)> {
    let key = username_key(password);
    if username.is_some_and(|username| username_key(username) == key) {
        return Some((Flaw::CommonPassword, "the password is the username"));
    }
    COMMON_PASSWORDS
        .contains(key.as_str())
        .then_some((Flaw::CommonPassword, "this password is among the most used ones, so it is among the first tried"))
}

/// Hashes and checks passwords, as many at a time as there are cores.
pub struct Passwords {
    random: Random,
    permits: Arc<Semaphore>,
    threads: Threads,
    waiting: AtomicUsize,
    most_waiting: usize,
    runs: Arc<AtomicU64>,
}

impl Passwords {
    /// As many at a time as there are cores.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            random: Random,
            permits: Arc::new(Semaphore::new(cores)),
            threads: Threads::new(cores),
            waiting: AtomicUsize::new(0),
            most_waiting: cores * WAITING_PER_CORE,
            runs: Arc::default(),
        }
    }

    /// The hash of a password, as a PHC string. 503 where too many wait.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let (password, salt, runs) = (password.to_owned(), self.random.bytes()?, self.runs.clone());
        self.run(move || argon2id(&password, &salt, &runs)).await?
    }

    /// Whether the password is the one that this hash was made of. Every failure costs one argon2 run at least, so that
    /// its time does not tell whether there is a hash, or of which kind. 503 where too many wait.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
        let (salt, runs) = (self.random.bytes()?, self.runs.clone());
        self.run(move || {
            let kind = hash.as_deref().and_then(Kind::of);
            let ran_argon2 = matches!(kind, Some(Kind::Argon2(_)));
            if ran_argon2 {
                runs.fetch_add(1, Ordering::Relaxed);
            }
            if kind.is_some_and(|kind| kind.takes(&password)) {
                return Ok(true);
            }
            if !ran_argon2 {
                argon2id(&password, &salt, &runs)?;
            }
            Ok(false)
        })
        .await?
    }

    /// Whether a hash was made with less than is asked for today, or in another way: then it is made anew at the next login.
    pub fn needs_rehash(hash: &str) -> bool {
        let present = || {
            let hash = PasswordHash::new(hash).ok().filter(|hash| hash.algorithm.as_str() == "argon2id")?;
            Params::try_from(&hash).ok()
        };
        present().is_none_or(|p| p.m_cost() < MEMORY_KIB || p.t_cost() < PASSES || p.p_cost() < LANES)
    }

    /// In words, what [`Passwords::knows`].
    pub const KNOWN: &str = "argon2 or scrypt as a PHC string, with at most 256 MiB of memory and 16 passes, or bcrypt as \
                             `$2b$...`, with a cost of at most 15";

    /// Whether a hash from elsewhere is of a kind that can be checked here, at a cost that can be borne: argon2 and
    /// scrypt as PHC strings, bcrypt as `$2b$...`.
    pub fn knows(hash: &str) -> bool {
        Kind::of(hash).is_some()
    }

    /// How many are hashed, or wait for it.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How often argon2 has run: what a login costs must not tell whom it knows.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _place = Place::take(self)?;
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        let work = move || {
            // Held until the work is done, even where nobody waits for it any more.
            let _permit = permit;
            work()
        };
        self.threads.spawn(work).await.map_err(Error::internal)
    }
}

/// Threads that hash. They stand behind all others, where the system can do so for threads: many logins at once make logins
/// slow, and nothing else.
struct Threads(Option<Runtime>);

impl Threads {
    fn new(cores: usize) -> Self {
        let mut threads = Builder::new_current_thread();
        threads.thread_name("passwords").max_blocking_threads(cores);
        #[cfg(target_os = "linux")]
        threads.on_thread_start(|| {
            if let Err(error) = rustix::process::nice(10) {
                tracing::debug!(%error, "hashing stands behind nothing");
            }
        });
        Self(threads.build().inspect_err(|error| tracing::error!(%error, "hashing has no threads of its own")).ok())
    }

    fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match &self.0 {
            Some(threads) => threads.spawn_blocking(work),
            None => tokio::task::spawn_blocking(work),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for them is not allowed everywhere.
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

/// A place among those who wait or are served.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(passwords: &'a Passwords) -> Result<Self, Error> {
        let before = passwords.waiting.fetch_add(1, Ordering::Relaxed);
        // Made first, so that leaving early gives the place back.
        let place = Self(&passwords.waiting);
        if before >= passwords.most_waiting {
            return Err(Error::new(Code::Overloaded, "too many passwords are being checked at the moment"));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2id(password: &str, salt: &[u8; 16], runs: &AtomicU64) -> Result<String, Error> {
    runs.fetch_add(1, Ordering::Relaxed);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password_with_salt(password.as_bytes(), salt).map_err(Error::internal)?;
    Ok(hash.to_string())
}

/// The kinds of hashes that are known, with what checks them.
enum Kind {
    Argon2(PasswordHash),
    Scrypt(PasswordHash),
    Bcrypt(String),
}

impl Kind {
    fn of(hash: &str) -> Option<Self> {
        if let Some(bcrypt) = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| hash.strip_prefix(prefix)) {
            let (cost, rest) = bcrypt.split_once('$')?;
            let cost: u32 = cost.parse().ok()?;
            return (rest.len() == 53 && (4..=MOST_BCRYPT_COST).contains(&cost)).then(|| Self::Bcrypt(hash.to_owned()));
        }
        let hash = PasswordHash::new(hash).ok().filter(|hash| hash.salt.is_some() && hash.hash.is_some())?;
        match hash.algorithm.as_str() {
            "argon2id" | "argon2i" | "argon2d" => {
                let params = Params::try_from(&hash).ok()?;
                (u64::from(params.m_cost()) <= MOST_MEMORY_KIB && params.t_cost() <= 16).then_some(Self::Argon2(hash))
            }
            "scrypt" => {
                let params = scrypt::Params::try_from(&hash).ok()?;
                let kib = 1_u64.checked_shl(params.log_n().into())?.checked_mul(u64::from(params.r()))? / 8;
                (kib <= MOST_MEMORY_KIB && params.p() <= 16).then_some(Self::Scrypt(hash))
            }
            _ => None,
        }
    }

    fn takes(&self, password: &str) -> bool {
        let password = password.as_bytes();
        match self {
            Self::Argon2(hash) => Argon2::default().verify_password(password, hash).is_ok(),
            Self::Scrypt(hash) => scrypt::Scrypt::default().verify_password(password, hash).is_ok(),
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
        }
    }
}
