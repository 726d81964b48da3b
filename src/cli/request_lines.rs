//! How lines are written as JSON. Those of requests are by far the most, so they are written by hand; all others as the library does.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The target of those lines.
const REQUESTS: &str = "folkmoot::requests";

/// The form of all lines.
pub struct JsonLines(pub Format<Json>);

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if event.metadata().target() != REQUESTS {
            return self.0.format_event(context, out, event);
        }
        out.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut out)?;
        write!(out, "\",\"level\":\"{}\",\"fields\":{{", event.metadata().level())?;
        let mut fields = Fields { out, is_first: true, written: Ok(()) };
        event.record(&mut fields);
        fields.written?;
        fields.out.write_str("},\"target\":\"folkmoot::requests\"}\n")
    }
}

/// The fields of a line, as they come.
struct Fields<'a> {
    out: Writer<'a>,
    is_first: bool,
    written: fmt::Result,
}

impl Fields<'_> {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let begin = if std::mem::take(&mut self.is_first) { "\"" } else { ",\"" };
        let pieces = [begin, field.name(), "\":"];
        let named = pieces.into_iter().try_for_each(|piece| self.out.write_str(piece));
        self.written = self.written.and(named).and_then(|()| self.out.write_fmt(value));
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\' || b == b' ');
        match is_plain {
            true => self.write(field, format_args!("\"{value}\"")),
            false => self.write(field, format_args!("{}", serde_json::Value::from(value))),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // Six places of a millisecond are a nanosecond.
        self.write(field, format_args!("{value:.6}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
