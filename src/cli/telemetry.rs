//! The log, and where spans of requests are sent.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::lines::Lines;
use super::request_lines::{JsonFields, JsonLines};
use crate::config::LogConfig;
use crate::web::trace;

/// Ended by the end of the program: spans and lines that wait are sent then.
pub struct Telemetry {
    spans: Option<SdkTracerProvider>,
    lines: Option<Lines>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.spans.take().map(|spans| spans.shutdown_with_timeout(Duration::from_secs(2))) {
            tracing::warn!(%error, "the last spans were not sent");
        }
        if let Some(lines) = self.lines.take() {
            lines.write_out();
        }
    }
}

/// The log goes to standard error: for people on a terminal, as JSON elsewhere.
pub fn start(config: &LogConfig) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|e| format!("--log {}: {e}", config.log))?;
    let spans = config.otlp_endpoint.as_deref().map(exporter).transpose()?;
    let lines = (!std::io::IsTerminal::is_terminal(&std::io::stderr())).then(Lines::start);
    let log = tracing_subscriber::fmt::layer();
    let log = match &lines {
        None => log.with_writer(std::io::stderr).boxed(),
        Some(lines) => {
            let log = log.with_writer(lines.clone()).json().with_ansi(false).fmt_fields(JsonFields);
            log.map_event_format(JsonLines).boxed()
        }
    };
    let traced = spans.as_ref().map(|spans| {
        trace::collect();
        let ours = Targets::new().with_target("folkmoot", LevelFilter::INFO);
        tracing_opentelemetry::layer().with_tracer(spans.tracer("folkmoot")).with_filter(ours)
    });
    // One filter of both: with one around the other, every event of all libraries would be made, to be thrown away.
    let log = log.with_filter(filter.and(without_secrets()));
    tracing_subscriber::registry().with(log).with(traced).init();
    Ok(Telemetry { spans, lines })
}

/// Below these levels libraries write values of statements and fields of requests, whatever the operator wants to see.
fn without_secrets() -> Targets {
    let capped = ["tokio_postgres", "postgres_protocol", "actix_http", "h2", "hyper", "hyper_util"];
    Targets::new().with_default(LevelFilter::TRACE).with_targets(capped.map(|name| (name, LevelFilter::INFO)))
}

/// OTLP over HTTP, in protobuf: spans are gathered and sent by a thread of their own. How many are taken is up to
/// `OTEL_TRACES_SAMPLER`.
fn exporter(endpoint: &str) -> Result<SdkTracerProvider, String> {
    let failed = |error: &dyn std::fmt::Display| format!("--otlp-endpoint {endpoint}: {error}");
    let url = url::Url::parse(endpoint).map_err(|e| failed(&e))?;
    if url.scheme() != "http" {
        return Err(failed(&"spans are sent by http:// alone, to a collector that is near"));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(|e| failed(&e))?;
    let resource = Resource::builder().with_service_name("folkmoot").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
