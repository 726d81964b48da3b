//! `GET /problems/{code}`: what an error means, for programs and for the people who wrote them.

use actix_web::http::header::{Accept, CONTENT_SECURITY_POLICY, Header, VARY};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{Code, Error, OrNotFound};
use crate::web::query::NoQuery;

/// A kind of problem.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "code": "thread_locked", "title": "The thread is locked", "status": 403,
    "help": "A locked thread takes no reply, edit or deletion from members.",
}))]
pub struct ProblemKind {
    /// Its name: the `code` of the problem documents of this kind.
    #[schema(max_length = 50)]
    code: &'static str,
    /// The kind in a few words, the same each time it occurs.
    #[schema(max_length = 100)]
    title: &'static str,
    /// The HTTP status that comes with it.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What it means and what to do about it.
    #[schema(max_length = 500)]
    help: &'static str,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ProblemPath {
    /// The `code` of a problem document.
    #[param(example = "thread_locked", max_length = 50)]
    code: String,
}

/// Read what a problem means.
///
/// The `type` of every problem document is the path of one of these. A page for people where `Accept` prefers
/// `text/html`, else JSON.
#[utoipa::path(tag = "site", params(ProblemPath), security(()), responses((
    status = 200, description = "The kind of problem",
    content((ProblemKind = "application/json"), (String = "text/html", example = "<!DOCTYPE html><title>…</title>")),
)))]
#[get("/problems/{code}")]
pub async fn read_problem(request: HttpRequest, _: NoQuery, path: Path<ProblemPath>) -> Result<HttpResponse, Error> {
    let code = Code::ALL.iter().find(|code| code.name() == path.code).or_not_found()?;
    let kind = ProblemKind { code: code.name(), title: code.title(), status: code.status(), help: code.help() };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((VARY, "Accept"));
    if !prefers_html(&request) {
        return Ok(answer.json(kind));
    }
    answer.insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"));
    Ok(answer.content_type("text/html; charset=utf-8").body(page(&kind)))
}

/// What is named first, by weight and then by place, decides.
fn prefers_html(request: &HttpRequest) -> bool {
    let accepted = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    let known = accepted.iter().find(|mime| ["text/html", "application/json"].contains(&mime.essence_str()));
    known.is_some_and(|mime| mime.essence_str() == "text/html")
}

fn page(kind: &ProblemKind) -> String {
    let ProblemKind { code, title, status, help } = kind;
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n<p>{}</p>\n<p><code>{code}</code>, HTTP status {status}. \
         <a href=\"/docs/\">The API</a></p></body></html>\n",
        marked_up(help)
    )
}

/// The table's texts have angle brackets, and code between backticks.
fn marked_up(text: &str) -> String {
    let parts = text.split('`').map(ammonia::clean_text).enumerate();
    parts.map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part }).collect()
}
