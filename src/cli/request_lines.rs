//! How lines are written as JSON. Those of requests are by far the most, so they are written by hand; all others as the library does.

use std::cell::RefCell;
use std::fmt::{self, Debug};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
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
        write_moment(&mut out)?;
        for piece in ["\",\"level\":\"", event.metadata().level().as_str(), "\",\"fields\":{"] {
            out.write_str(piece)?;
        }
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
    fn write(&mut self, field: &Field, value: &[&str]) {
        let begin = if std::mem::take(&mut self.is_first) { "\"" } else { ",\"" };
        let named = [begin, field.name(), "\":"];
        let mut pieces = named.iter().chain(value);
        self.written = self.written.and_then(|()| pieces.try_for_each(|piece| self.out.write_str(piece)));
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\' || b == b' ');
        match is_plain {
            true => self.write(field, &["\"", value, "\""]),
            false => self.write(field, &[&serde_json::Value::from(value).to_string()]),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, &[itoa::Buffer::new().format(value)]);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, &[itoa::Buffer::new().format(value)]);
    }

    /// With six places: those of a millisecond are nanoseconds.
    fn record_f64(&mut self, field: &Field, value: f64) {
        let millionths = (value * 1e6).round() as u64;
        let whole = millionths / 1_000_000;
        self.write(
            field,
            &[itoa::Buffer::new().format(whole), ".", six_digits((millionths % 1_000_000) as u32, &mut [0; 6])],
        );
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

thread_local! {
    /// A second, and how it is written.
    static SECOND: RefCell<(u64, String)> = RefCell::default();
}

/// This moment as RFC 3339 writes it. What is before the point is the same for a second.
#[expect(
    clippy::disallowed_methods,
    reason = "a line is of the moment in which it is written, whatever the clock of requests says"
)]
fn write_moment(out: &mut Writer<'_>) -> fmt::Result {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != now.as_secs() || text.is_empty() {
            let moment = DateTime::<Utc>::from(UNIX_EPOCH + Duration::from_secs(now.as_secs()));
            (*second, *text) = (now.as_secs(), moment.format("%Y-%m-%dT%H:%M:%S.").to_string());
        }
        out.write_str(text)?;
        out.write_str(six_digits(now.subsec_micros(), &mut [0; 6]))?;
        out.write_str("Z")
    })
}

/// A number below a million, with zeros in front.
fn six_digits(mut number: u32, digits: &mut [u8; 6]) -> &str {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    std::str::from_utf8(digits).unwrap_or_default()
}
