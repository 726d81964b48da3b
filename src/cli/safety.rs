//! Refuses to serve with settings that lose what was acknowledged, or let in who should not be; warns of what is only doubtful.

use tokio_postgres::config::{Host, SslMode};
use url::Url;

use super::setup;
use crate::config::{Config, ServeConfig, is_this_machine};
use crate::db;

/// What is told by the options alone.
pub fn check_options(config: &Config, serve: &ServeConfig, public_url: &str) -> Result<(), String> {
    setup::given_secret(config)?;
    if config.database.given().is_some_and(|url| may_be_read_on_its_way(&url)) {
        tracing::warn!("what is said to the database may be read on its way: have TLS by sslmode=require in its URL");
    }
    let has_address = config.identity.public_url.is_some() || serve.mail.link_base.is_some();
    if serve.mail.mail_url.is_some() && !has_address {
        return Err("with --mail-url a --public-url is needed: links in mails lead there".into());
    }
    let url = Url::parse(public_url).map_err(|e| format!("--public-url {public_url}: {e}"))?;
    if !["http", "https"].contains(&url.scheme()) || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("--public-url {public_url}: it has to be like https://forum.example.org"));
    }
    if url.scheme() == "http" && !url.host_str().is_some_and(is_this_machine) {
        tracing::warn!("the public URL is http: passwords and tokens can be read on their way");
    }
    if let Some(network) = serve.trusted_proxies.iter().find(|network| network.prefix_len() == 0) {
        return Err(format!("--trusted-proxies {network}: every client would be believed; name the proxies alone"));
    }
    if serve.metrics_listen.is_some_and(|address| !address.ip().is_loopback()) {
        tracing::warn!("metrics are told to whoever reaches --metrics-listen: keep clients away from it");
    }
    Ok(())
}

/// Whether a database is asked over a network, and may do without TLS.
fn may_be_read_on_its_way(url: &str) -> bool {
    let Ok(config) = url.parse::<tokio_postgres::Config>() else { return false };
    let is_far = |host: &Host| match host {
        Host::Tcp(name) => !is_this_machine(name),
        Host::Unix(_) => false,
    };
    matches!(config.get_ssl_mode(), SslMode::Disable | SslMode::Prefer) && config.get_hosts().iter().any(is_far)
}

/// What is acknowledged has to be on the disk: a PostgreSQL that does not wait for it is refused.
pub async fn check_durability(serve: &ServeConfig, database_url: &str) -> Result<(), String> {
    let client = db::connect(database_url).await.map_err(|e| e.to_string())?;
    let off = "SELECT coalesce(string_agg(name, ', ' ORDER BY name), '') FROM pg_settings \
               WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'";
    let off: String = client.query_one(off, &[]).await.map_err(|e| e.to_string())?.get(0);
    match (off.is_empty(), serve.allow_data_loss) {
        (true, _) => Ok(()),
        (false, true) => {
            tracing::warn!(off, "what is acknowledged may be lost when PostgreSQL or its machine fails");
            Ok(())
        }
        (false, false) => Err(format!(
            "PostgreSQL has these settings off: {off}. What is acknowledged may be lost when it or its machine fails: \
             turn them on, or say --allow-data-loss where nothing is to be kept"
        )),
    }
}
