//! Content codings: which of those that a client takes can be had here, and entity tags that tell them apart.

use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue};

/// What answers are encoded with, as they are asked for and as tags name them.
pub const CODINGS: [&str; 3] = ["gzip", "br", "zstd"];

/// Leaves of `Accept-Encoding` what can be had. A client that excludes the plain form and everything else gets the plain one,
/// as RFC 9110, section 12.5.3, permits: it is better than none.
pub fn keep_known(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCEPT_ENCODING) {
        return;
    }
    let fields = headers.get_all(ACCEPT_ENCODING).filter_map(|field| field.to_str().ok());
    let wanted: Vec<_> = fields.flat_map(|field| field.split(',')).map(str::trim).filter(|one| is_known(one)).collect();
    let wanted = HeaderValue::from_str(&wanted.join(", "));
    headers.remove(ACCEPT_ENCODING);
    if let Ok(wanted) = wanted
        && !wanted.is_empty()
    {
        headers.insert(ACCEPT_ENCODING, wanted);
    }
}

/// Whether it is one of ours, and wanted.
fn is_known(one: &str) -> bool {
    let (coding, weight) = one.split_once(';').unwrap_or((one, "q=1"));
    let weight = weight.trim().to_ascii_lowercase();
    let is_excluded = weight.strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).is_none_or(|q| q <= 0.0);
    !is_excluded && CODINGS.iter().any(|known| known.eq_ignore_ascii_case(coding.trim()))
}

/// Tells strong tags of encoded bodies apart: their bytes are others (RFC 9110, section 8.8.3.3).
pub fn tell_in_tag(headers: &mut HeaderMap) {
    let text = |value: Option<&HeaderValue>| value.and_then(|v| v.to_str().ok()).map(str::to_owned);
    let (tag, coding) = (text(headers.get(ETAG)), text(headers.get(CONTENT_ENCODING)));
    if let (Some(tag), Some(coding)) = (tag, coding)
        && let Some(opaque) = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'))
        && let Ok(value) = HeaderValue::from_str(&format!("\"{opaque}-{coding}\""))
    {
        headers.insert(ETAG, value);
    }
}
