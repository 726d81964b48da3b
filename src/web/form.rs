//! What may be wrong with a request beside its parameters and its body. It is told after who calls, and after the size and
//! type of the body: by the body where the act takes one, else by the caller.

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};

use super::idempotency;
use super::served::Served;
use crate::error::{Code, Error};

/// 400 where there is a query that the act does not take, or a malformed `Idempotency-Key` on an act that takes one.
pub fn check(request: &HttpRequest) -> Result<(), Error> {
    let extensions = request.extensions();
    let Some(act) = extensions.get::<Arc<Served>>() else { return Ok(()) };
    if !act.takes_query && !request.query_string().is_empty() {
        return Err(Error::new(Code::InvalidParameter, "this act takes no parameters in the query"));
    }
    if act.takes_key {
        idempotency::key_of(request)?;
    }
    Ok(())
}

/// The same, unless the act has a body: then that tells it.
pub fn check_without_body(request: &HttpRequest) -> Result<(), Error> {
    let has_body = request.extensions().get::<Arc<Served>>().is_some_and(|act| act.takes_body);
    if has_body { Ok(()) } else { check(request) }
}
