//! A running service with a database of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use folkmoot::app::{Shared, listen};
use folkmoot::cache::Store;
use folkmoot::clock::Clock;
use folkmoot::config::MailConfig;
use folkmoot::db::{Pool, PoolLimits, Replicas};
use folkmoot::mails::Mailer;
use folkmoot::state::{Random, RequestLimits, Secret, State};
use folkmoot::web::connection::Patience;
use folkmoot::web::limit::Limits;
use folkmoot::web::metrics::Requests;
use ipnet::IpNet;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::database;
use super::person::Person;

/// The tests share two cores: what one waits for is another's work.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where a test's own node is said to be, and its secret.
pub const PUBLIC_URL: &str = "http://forum.test";
pub const SECRET: &str = "a secret of at least thirty-two characters";

/// How many bytes of answers a node of a test keeps.
pub const CACHE: u64 = 4 << 20;

/// What a service of a test may have otherwise.
pub struct Setup {
    /// Its connections to the database.
    pub pool: PoolLimits,
    /// Threads that answer requests; the connections are shared out among them.
    pub workers: usize,
    /// How long clients may keep it waiting.
    pub patience: Patience,
    /// How long requests may take.
    pub requests: RequestLimits,
    /// What time it is; nodes may share it.
    pub clock: Clock,
    /// Whether use is limited.
    pub rate_limits: bool,
    /// Whose word about their clients is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Where guests may read.
    pub replicas: Vec<String>,
    /// How many bytes of answers it keeps.
    pub cache: u64,
    /// The operator's secret; nodes over one database share it.
    pub secret: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            pool: PoolLimits {
                connections: 12,
                wait: PATIENCE,
                wait_in_crowd: PATIENCE,
                connect: PATIENCE,
                statement: PATIENCE,
                lock: PATIENCE,
                pipelined_lock: PATIENCE,
                pipelined_read: PATIENCE,
            },
            workers: 2,
            patience: Patience { head: PATIENCE, answer: PATIENCE, memory: PATIENCE },
            requests: RequestLimits { body: PATIENCE, request: PATIENCE },
            clock: Clock::default(),
            rate_limits: false,
            trusted_proxies: Vec::new(),
            replicas: Vec::new(),
            cache: CACHE,
            secret: SECRET,
        }
    }
}

/// A service that listens on a free port of its own, for the time of one test.
#[derive(Clone)]
pub struct App(Rc<Inner>);

pub struct Inner {
    pub url: String,
    pub database_url: String,
    pub clock: Clock,
    pub shared: Shared,
    /// Writes mails into a folder of its own.
    pub mailer: Mailer,
    pub mail_dir: PathBuf,
    pub http: reqwest::Client,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// A service over an empty, migrated database.
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// The same, otherwise set up.
    pub async fn start_with(change: impl FnOnce(&mut Setup)) -> Self {
        Self::start_on(&database::empty().await, change).await
    }

    /// A service over an empty database that the program takes for its own too.
    pub async fn migrated() -> Self {
        let url = database::bare().await;
        folkmoot::db::migrate(&url).await.unwrap();
        Self::start_on(&url, |_| ()).await
    }

    /// A service over this database.
    pub async fn start_on(database_url: &str, change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::default();
        change(&mut setup);
        Self::with(database_url.to_owned(), setup).await
    }

    /// One more node over the same database.
    pub async fn another_node(&self) -> Self {
        self.another_node_with(|_| ()).await
    }

    /// The same, otherwise set up.
    pub async fn another_node_with(&self, change: impl FnOnce(&mut Setup)) -> Self {
        Self::start_on(&self.database_url, change).await
    }

    async fn with(database_url: String, setup: Setup) -> Self {
        let Setup { pool, workers, patience, requests, clock, rate_limits, trusted_proxies, replicas, cache, secret } =
            setup;
        let limits_of_use = Limits::new(rate_limits, trusted_proxies, clock.clone());
        let state = State {
            db: Pool::new(&database_url, pool).unwrap(),
            clock: clock.clone(),
            random: Random,
            views: Arc::default(),
            replicas: Replicas::new(&replicas, pool).unwrap(),
            store: Arc::new(Store::new(cache, clock.clone())),
            public_url: PUBLIC_URL.into(),
            secret: Secret::new(secret.into()),
            limits: requests,
            stopping: Arc::default(),
        };
        let changes = state.store.changes.clone();
        let followed = database_url.clone();
        actix_web::rt::spawn(async move { folkmoot::events::follow(&followed, changes).await });
        let (watched, primary) = (state.replicas.clone(), database_url.clone());
        actix_web::rt::spawn(async move { watched.watch(&primary).await });
        let shared = Shared::new(state, limits_of_use).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        actix_web::rt::spawn(listen(&shared, workers, listener, patience).unwrap());
        let (mailer, mail_dir) = mailer();
        // The service closes connections that nobody used for 5 s: on a busy machine just while a request is on its way.
        let idle = Duration::from_secs(2);
        let http = reqwest::Client::builder().no_proxy().pool_idle_timeout(idle).build().unwrap();
        Self(Rc::new(Inner { url, database_url, clock, shared, mailer, mail_dir, http }))
    }

    /// Someone who is not signed in.
    pub fn guest(&self) -> Person {
        Person::guest(self)
    }

    /// A client of the database, for what no act shows.
    pub async fn sql(&self) -> tokio_postgres::Client {
        folkmoot::db::connect(&self.database_url).await.unwrap()
    }

    /// How many statements the service runs for this.
    pub async fn statements<T>(&self, act: impl Future<Output = T>) -> u64 {
        let before = self.shared.state.db.statements();
        act.await;
        self.shared.state.db.statements() - before
    }

    /// Waits until this number of requests has come and has no answer.
    pub async fn until_in_flight(&self, count: usize) {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Requests::clone(&self.shared.requests)));
        let is_so = async || {
            // The requests are sent by the same thread.
            tokio::task::yield_now().await;
            let mut text = String::new();
            encode(&mut text, &registry).unwrap();
            text.lines().any(|line| line == format!("http_requests_in_flight {count}"))
        };
        database::eventually(is_so).await;
    }

    /// Asks until what guests read there is kept.
    pub async fn until_kept(&self, path: &str) {
        database::eventually(async || self.statements(self.guest().get(path)).await == 0).await;
    }

    /// One number from the database.
    pub async fn count(&self, sql: &str) -> i64 {
        self.sql().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Most tests send nothing, so most have no folder.
        std::fs::remove_dir_all(&self.mail_dir).ok();
    }
}

/// A mailer with an empty folder.
fn mailer() -> (Mailer, PathBuf) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("mails-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mail_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let config = MailConfig { mail_dir: Some(mail_dir.clone()), ..MailConfig::default() };
    (Mailer::new(&config, Path::new(""), "http://forum.test", PATIENCE).unwrap(), mail_dir)
}
