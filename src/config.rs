//! What an operator can set: flags, environment variables (`FOLKMOOT_` and the flag's name) and a TOML file.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

/// All of it.
#[derive(Args, Clone, Debug)]
pub struct Config {
    #[command(flatten)]
    pub database: DatabaseConfig,
    #[command(flatten)]
    pub identity: IdentityConfig,
    #[command(flatten)]
    pub log: LogConfig,
    /// A TOML file of options: `listen = "0.0.0.0:8080"`. Flags and environment variables win over it.
    #[arg(long, global = true, env = "FOLKMOOT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub struct DatabaseConfig {
    /// A PostgreSQL (15 or later) to use. `DATABASE_URL` is read too. Without it the program runs a private one in the data
    /// folder.
    #[arg(long, global = true, env = "FOLKMOOT_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The folder of the private PostgreSQL and of the secret that belongs to it, and of mails that no server sends.
    #[arg(long, global = true, env = "FOLKMOOT_DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// The most connections to the database at a time. Default: 8 for each core and 3 beside; 16 at least, 64 at most.
    #[arg(long, global = true, env = "FOLKMOOT_DATABASE_CONNECTIONS", value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub database_connections: Option<u16>,
}

impl DatabaseConfig {
    /// The database that was given: by the option, else by the variable that many platforms set.
    #[allow(clippy::disallowed_methods)]
    pub fn given(&self) -> Option<String> {
        let common = || std::env::var("DATABASE_URL").ok();
        self.database_url.clone().or_else(common).filter(|url| !url.is_empty())
    }
}

/// Who the service is, and what its tokens are made with.
#[derive(Args, Clone, Debug)]
pub struct IdentityConfig {
    /// The address under which clients reach the service: issuer and audience of its tokens. Default: http:// and the
    /// address it listens on.
    #[arg(long, global = true, env = "FOLKMOOT_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// What signing keys and mails are sealed with: 32 characters or more, kept by the operator. Made in the data folder when the
    /// private PostgreSQL is used; required with a given database.
    #[arg(long, global = true, env = "FOLKMOOT_SECRET", value_name = "TEXT", hide_env_values = true)]
    pub secret: Option<String>,
    /// The password of the first administrator. Default: one is made up and printed once.
    #[arg(long, global = true, env = "FOLKMOOT_ADMIN_PASSWORD", value_name = "TEXT", hide_env_values = true)]
    pub admin_password: Option<String>,
}

/// What is written to the log.
#[derive(Args, Clone, Debug)]
pub struct LogConfig {
    /// Which events: a level, or levels by module, such as `info,folkmoot::db=debug`.
    #[arg(
        long,
        global = true,
        env = "FOLKMOOT_LOG",
        default_value = "info,actix_server=warn,actix_http=off",
        value_name = "FILTER"
    )]
    pub log: String,
    /// Where spans of requests are sent by OTLP over HTTP, such as `http://127.0.0.1:4318`. Without it none are.
    #[arg(long, global = true, env = "FOLKMOOT_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// How `serve` is reached.
#[derive(Args, Clone, Debug)]
pub struct ServeConfig {
    /// The address and port to listen on.
    #[arg(long, env = "FOLKMOOT_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// For how many seconds the service still answers after it was told to stop, while `/health/ready` already says so.
    #[arg(long, env = "FOLKMOOT_DRAIN", default_value_t = 3, value_name = "SECONDS",
          value_parser = clap::value_parser!(u8).range(0..=8))]
    pub drain: u8,
    /// The address and port on which Prometheus finds `/metrics`: never one that clients reach. Default: 127.0.0.1:9464, where it
    /// is free.
    #[arg(long, env = "FOLKMOOT_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// Limits of use: `off` where something in front of the service limits it already.
    #[arg(long, env = "FOLKMOOT_RATE_LIMITS", default_value = "on", value_name = "on|off",
          value_parser = ["on", "off"])]
    pub rate_limits: String,
    /// Networks of proxies whose `X-Forwarded-For` is believed, such as `10.0.0.0/8,::1/128`. Without it no proxy's is.
    #[arg(long, env = "FOLKMOOT_TRUSTED_PROXIES", value_delimiter = ',', value_name = "NETWORKS")]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Serve from a PostgreSQL that acknowledges what is not on the disk (`fsync` or the like off): for trials, where nothing is
    /// to be kept.
    #[arg(long, env = "FOLKMOOT_ALLOW_DATA_LOSS")]
    pub allow_data_loss: bool,
    /// How much memory answers that are asked for again may take, in MiB. 0: none are kept.
    #[arg(long, env = "FOLKMOOT_CACHE_SIZE", default_value_t = 24, value_name = "MIB")]
    pub cache_size: u32,
    /// Replicas of the database, from which guests read while they are near enough: addresses with commas between them.
    #[arg(long, env = "FOLKMOOT_REPLICA_URLS", value_delimiter = ',', value_name = "URLS", hide_env_values = true)]
    pub replica_urls: Vec<String>,
    /// Threads that answer requests; each needs 3 connections to the database. Default: one for each core.
    #[arg(long, env = "FOLKMOOT_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    #[command(flatten)]
    pub mail: MailConfig,
}

/// How mails to members are sent.
#[derive(Args, Clone, Debug, Default)]
pub struct MailConfig {
    /// The server that sends mails: `smtps://name:password@host` (TLS, port 465), `smtp://name:password@host?tls=required`
    /// (STARTTLS, port 587) or `smtp://host` (no TLS, port 25; on this machine alone, unless `?tls=none` says that nobody is on
    /// the way, and no password elsewhere). Name and password are
    /// percent-encoded. Without it mails are written into a folder.
    #[arg(long, env = "FOLKMOOT_MAIL_URL", value_name = "URL", hide_env_values = true)]
    pub mail_url: Option<String>,
    /// Who mails are from: `forum@example.org` or `A forum <forum@example.org>`. Required with a server.
    #[arg(long, env = "FOLKMOOT_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// The folder that mails are written into where no server is given. Default: `mails` in the data folder.
    #[arg(long, env = "FOLKMOOT_MAIL_DIR", value_name = "FOLDER")]
    pub mail_dir: Option<PathBuf>,
    /// Where the pages are that links in mails lead to: `<URL>/verify-email#token=...` and `<URL>/reset-password#token=...`.
    /// Default: the public URL.
    #[arg(long, env = "FOLKMOOT_LINK_BASE", value_name = "URL")]
    pub link_base: Option<String>,
}

/// Whether a host is this very machine: what is said to it, nobody else can read.
pub fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
