//! A running service with a database of its own.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::HttpServer;
use folkmoot::app::{Shared, build_app};
use folkmoot::clock::Clock;
use folkmoot::config::MailConfig;
use folkmoot::db::{Pool, PoolLimits};
use folkmoot::mails::Mailer;
use folkmoot::state::{Random, RequestLimits, Secret, State, Stopping, Views};
use folkmoot::web::limit::Limits;

use super::database;
use super::person::Person;

/// The tests share two cores: what one waits for is another's work.
pub const PATIENCE: Duration = Duration::from_secs(60);
const LIMITS: PoolLimits =
    PoolLimits { connections: 12, wait: PATIENCE, connect: PATIENCE, statement: PATIENCE, lock: PATIENCE };

const REQUEST_LIMITS: RequestLimits = RequestLimits { body: PATIENCE, request: PATIENCE };

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
        Self::on(database::empty().await, LIMITS, REQUEST_LIMITS).await
    }

    /// The same with other limits of its connections to the database.
    pub async fn start_with(change: impl FnOnce(&mut PoolLimits)) -> Self {
        let mut limits = LIMITS;
        change(&mut limits);
        Self::on(database::empty().await, limits, REQUEST_LIMITS).await
    }

    /// The same with other limits of its requests.
    pub async fn start_with_request_limits(limits: RequestLimits) -> Self {
        Self::on(database::empty().await, LIMITS, limits).await
    }

    /// A service over this database.
    pub async fn start_on(database_url: &str) -> Self {
        Self::on(database_url.to_owned(), LIMITS, REQUEST_LIMITS).await
    }

    /// One more node over the same database.
    pub async fn another_node(&self) -> Self {
        Self::on(self.database_url.clone(), LIMITS, REQUEST_LIMITS).await
    }

    async fn on(database_url: String, limits: PoolLimits, request_limits: RequestLimits) -> Self {
        let clock = Clock::default();
        let limits_of_use = Limits::new(false, Vec::new(), clock.clone());
        Self::with(database_url, limits, request_limits, clock, limits_of_use).await
    }

    /// A service with limits of use, and proxies that are trusted.
    pub async fn limited(trusted: &[&str]) -> Self {
        Self::limited_on(database::empty().await, Clock::default(), trusted).await
    }

    /// One more node of it.
    pub async fn another_limited_node(&self) -> Self {
        Self::limited_on(self.database_url.clone(), self.clock.clone(), &[]).await
    }

    async fn limited_on(database_url: String, clock: Clock, trusted: &[&str]) -> Self {
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let limits_of_use = Limits::new(true, trusted, clock.clone());
        Self::with(database_url, LIMITS, REQUEST_LIMITS, clock, limits_of_use).await
    }

    async fn with(
        database_url: String,
        limits: PoolLimits,
        request_limits: RequestLimits,
        clock: Clock,
        limits_of_use: Limits,
    ) -> Self {
        let state = State {
            db: Pool::new(&database_url, limits).unwrap(),
            clock: clock.clone(),
            random: Random,
            views: Views::default(),
            public_url: "http://forum.test".into(),
            secret: Secret::new("a secret of at least thirty-two characters".into()),
            limits: request_limits,
            stopping: Stopping::default(),
        };
        let shared = Shared::new(state, limits_of_use).await.unwrap();
        let for_workers = shared.clone();
        let server = HttpServer::new(move || build_app(for_workers.clone()))
            .workers(2)
            .client_request_timeout(PATIENCE)
            .bind("127.0.0.1:0")
            .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.disable_signals().run());
        let (mailer, mail_dir) = mailer();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
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
