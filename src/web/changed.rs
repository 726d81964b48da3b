//! What a request has changed is forgotten on this node before its answer goes out: whoever has read the answer, or been told of it,
//! finds nothing older here.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::cache::Changed;
use crate::error::Error;
use crate::state::State;

/// Voids what was kept of the things that the work noted, whatever became of it.
pub async fn void_changed(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.method() == Method::GET {
        return next.call(request).await;
    }
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    Changed::new(state.store.changes.clone()).by(next.call(request)).await
}
