//! The outermost layer: a request's id, HEAD as GET, every failure as a problem document, and the answer to what no
//! route takes.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ALLOW, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use tracing::Instrument;

use super::direct::Queue;
use super::limit;
use super::log::Asked;
use super::metrics::Requests;
use super::served::Routes;
use super::turn::Turn;
use crate::error::{Code, Error};
use crate::ids::MemberId;
use crate::state::{Random, State};

/// The field that names a request, in answers and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The fields of answers that pages of any origin may read, beside those that they always may.
pub const EXPOSED: &str =
    "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, X-Request-Id";

/// Values that most answers have. They are looked at once, when the program is built, and not for each answer.
pub(super) static EXPOSES: HeaderValue = HeaderValue::from_static(EXPOSED);
pub(super) static JSON: HeaderValue = HeaderValue::from_static("application/json");
static NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");

/// A request's id, for the layers inside.
struct RequestId(String);

/// Whose token a request has: noted by whoever finds out.
#[derive(Clone, Copy)]
pub struct CallerId(pub MemberId);

type Answer<B> = ServiceResponse<EitherBody<B, BoxBody>>;

/// Wraps every request that `quick` has no answer for.
pub async fn frame<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<Answer<B>, actix_web::Error> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    let id = request_id(request.headers(), state.random)?;
    let field = HeaderValue::from_str(&id).map_err(Error::internal)?;
    request.extensions_mut().insert(RequestId(id.clone()));
    let queue = request.conn_data::<Queue>().filter(|_| request.method() != Method::HEAD).cloned();
    // Each GET is a HEAD too; the server leaves the body out by the method it read itself (RFC 9110, section 9.3.2).
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let routes = request.app_data::<Data<Routes>>().ok_or_else(|| Error::internal("no routes"))?;
    let requests = request.app_data::<Data<Requests>>().cloned().ok_or_else(|| Error::internal("no metrics"))?;
    let act = routes.act(request.method(), request.match_info().as_str()).cloned();
    let route = act.as_ref().map(|act| act.route.clone());
    let asked = Asked::new(id.clone(), &request, route, requests);
    if let Some(act) = act {
        request.extensions_mut().insert(act);
    }
    // The connection has put this request in the place of what it could not read.
    if let Some(problem) = request.conn_data().and_then(Turn::refusal) {
        asked.given_up(problem.code().status());
        return Err(Alone { problem, id, closes: true }.into());
    }
    let mut response = in_time(request, next, &id, &asked).await?;
    name(response.headers_mut(), field);
    Ok(match queue {
        Some(queue) => written_by(&queue, response),
        None => response,
    })
}

/// The same answer, its body written directly if it can be.
fn written_by<B: MessageBody + 'static>(queue: &Queue, answer: Answer<B>) -> Answer<B> {
    let (request, answer) = answer.into_parts();
    match queue.take(answer) {
        Ok(answer) => ServiceResponse::new(request, answer).map_into_right_body(),
        Err(answer) => ServiceResponse::new(request, answer),
    }
}

/// What every answer has.
pub(super) fn name(fields: &mut HeaderMap, id: HeaderValue) {
    fields.insert(REQUEST_ID, id);
    fields.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFFING.clone());
}

/// The answer, unless it takes longer than a request may.
async fn in_time<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    id: &str,
    asked: &Asked,
) -> Result<Answer<B>, actix_web::Error> {
    let state = request.app_data::<Data<State>>().cloned().ok_or_else(|| Error::internal("no state"))?;
    let answered = tokio::time::timeout(state.limits.request, next.call(request).instrument(asked.span())).await;
    let Ok(response) = answered else {
        asked.given_up(Code::Overloaded.status());
        let problem = Error::new(Code::Overloaded, "The request took too long and was given up.");
        return Err(Alone { problem, id: id.to_owned(), closes: state.stopping.is_so() }.into());
    };
    // Problems from within are told already; a preflight is refused further out than they are.
    let mut response = as_problem(response?, id);
    limit::tell(&mut response);
    if state.stopping.is_so() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    asked.answered(&response);
    Ok(response)
}

/// A problem that no layer inside has seen. So this is a whole answer by itself.
#[derive(Debug)]
struct Alone {
    problem: Error,
    id: String,
    /// Whether the connection ends with it.
    closes: bool,
}

impl std::fmt::Display for Alone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Alone {
    fn error_response(&self) -> HttpResponse {
        let mut answer = self.problem.answer(&self.id);
        if self.closes {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        let headers = answer.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFFING.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSES.clone());
        answer
    }
}

/// Makes every failure a problem document, the framework's own too.
pub async fn problems<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<Answer<B>, actix_web::Error> {
    let id = id_of(&request);
    Ok(as_problem(next.call(request).await?, &id))
}

/// A problem as the answer to a request.
pub(super) fn problem_answer(request: ServiceRequest, problem: &Error) -> ServiceResponse<BoxBody> {
    let id = id_of(&request);
    request.into_response(problem.answer(&id))
}

fn id_of(request: &ServiceRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// The client's own id where it is plain, else a new one.
pub(super) fn request_id(fields: &HeaderMap, random: Random) -> Result<String, Error> {
    let plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if let Some(id) = fields.get(REQUEST_ID).and_then(|v| v.to_str().ok()).filter(plain) {
        return Ok(id.to_owned());
    }
    Ok(uuid::Builder::from_random_bytes(random.name()?).into_uuid().to_string())
}

fn as_problem<B: MessageBody>(response: ServiceResponse<B>, id: &str) -> Answer<B> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response.map_into_left_body();
    }
    if let Some(problem) = response.response().error().and_then(problem_of) {
        return response.into_response(problem.answer(id)).map_into_right_body();
    }
    let told = response.headers().get(CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"application/problem"));
    if told {
        return response.map_into_left_body();
    }
    let code = Code::ALL.iter().find(|code| code.status() == status.as_u16()).copied();
    let problem = Error::new(code.unwrap_or(Code::BadRequest), "The request could not be answered.");
    response.into_response(problem.answer(id)).map_into_right_body()
}

/// Our own errors as they are; the framework's by their status.
fn problem_of(error: &actix_web::Error) -> Option<Error> {
    if let Some(ours) = error.as_error::<Error>() {
        return Some(ours.clone());
    }
    let status = error.as_response_error().status_code().as_u16();
    let code = Code::ALL.iter().find(|code| code.status() == status)?;
    let says = error.as_response_error().to_string();
    Some(Error::new(*code, if *code == Code::BadRequest { says } else { code.help().to_owned() }))
}

/// What no route took: 405 with `Allow` where the path is known with other methods, else 404.
pub async fn unrouted(request: HttpRequest, routes: Data<Routes>) -> Result<HttpResponse, Error> {
    let Some(allowed) = routes.allowed(request.match_info().as_str()) else {
        return Err(Error::not_found());
    };
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((ALLOW, allowed)).finish());
    }
    let detail = format!("this URL takes {allowed}");
    let allowed = HeaderValue::from_str(&allowed).map_err(Error::internal)?;
    Err(Error::new(Code::MethodNotAllowed, detail).with_header(ALLOW, allowed))
}
