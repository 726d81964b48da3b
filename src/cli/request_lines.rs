//! How lines are written as JSON. Those of requests are by far the most, so they are written by hand, as are the fields of their spans;
//! all others as the library does.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Debug};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The target of those lines.
const REQUESTS: &str = "folkmoot::requests";
/// About as long as they are.
const LENGTH: usize = 320;

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
        let mut line = LINE.take();
        line.clear();
        line.push_str("{\"timestamp\":\"");
        push_moment(&mut line);
        line.push_str("\",\"level\":\"");
        line.push_str(event.metadata().level().as_str());
        line.push_str("\",\"fields\":{");
        let mut fields = Fields { line, is_first: true };
        event.record(&mut fields);
        fields.line.push_str("},\"target\":\"folkmoot::requests\"}\n");
        let written = out.write_str(&fields.line);
        LINE.set(fields.line);
        written
    }
}

/// The form of the fields of spans: an object.
pub struct JsonFields;

impl<'a> FormatFields<'a> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut out: Writer<'a>, recorded: R) -> fmt::Result {
        let mut fields = Fields { line: String::with_capacity(LENGTH), is_first: true };
        fields.line.push('{');
        recorded.record(&mut fields);
        fields.line.push('}');
        out.write_str(&fields.line)
    }

    fn add_fields(&self, before: &'a mut FormattedFields<Self>, added: &Record<'_>) -> fmt::Result {
        let mut line = std::mem::take(&mut before.fields);
        line.truncate(line.len().saturating_sub(1));
        let mut fields = Fields { is_first: line.len() <= 1, line };
        added.record(&mut fields);
        fields.line.push('}');
        before.fields = fields.line;
        Ok(())
    }
}

/// Fields, as they come.
struct Fields {
    line: String,
    is_first: bool,
}

impl Fields {
    /// What stands in front of a value.
    fn name(&mut self, field: &Field) {
        self.line.push_str(if std::mem::take(&mut self.is_first) { "\"" } else { ",\"" });
        self.line.push_str(field.name());
        self.line.push_str("\":");
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        // Not `all`: looking at many at once is quicker than to stop at the first.
        if value.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            self.line.push('"');
            self.line.push_str(value);
            self.line.push('"');
        } else {
            self.line.push_str(&serde_json::Value::from(value).to_string());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        self.line.push_str(itoa::Buffer::new().format(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        self.line.push_str(itoa::Buffer::new().format(value));
    }

    /// With six places: those of a millisecond are nanoseconds.
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        let millionths = (value * 1e6).round() as u64;
        self.line.push_str(itoa::Buffer::new().format(millionths / 1_000_000));
        self.line.push('.');
        push_six_digits(&mut self.line, (millionths % 1_000_000) as u32);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

thread_local! {
    /// Where a line is put together, again and again.
    static LINE: Cell<String> = Cell::default();
    /// A second, and how it is written.
    static SECOND: RefCell<(u64, String)> = RefCell::default();
}

/// This moment as RFC 3339 writes it. What is before the point is the same for a second.
#[expect(
    clippy::disallowed_methods,
    reason = "a line is of the moment in which it is written, whatever the clock of requests says"
)]
fn push_moment(line: &mut String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != now.as_secs() || text.is_empty() {
            let moment = DateTime::<Utc>::from(UNIX_EPOCH + Duration::from_secs(now.as_secs()));
            (*second, *text) = (now.as_secs(), moment.format("%Y-%m-%dT%H:%M:%S.").to_string());
        }
        line.push_str(text);
    });
    push_six_digits(line, now.subsec_micros());
    line.push('Z');
}

/// A number below a million, with zeros in front.
fn push_six_digits(line: &mut String, number: u32) {
    let with_one_in_front = 1_000_000 + number;
    line.push_str(&itoa::Buffer::new().format(with_one_in_front)[1..]);
}
