//! What can go wrong, as a client is told it: one table of codes, and the problem document (RFC 9457) made from it.

mod codes;
mod database;

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

pub use codes::{Code, Flaw};
pub use database::{ConstraintName, OnConstraint};

/// One flaw of a body.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body.
    #[schema(example = "/title")]
    pub pointer: String,
    /// What kind of flaw.
    pub code: Flaw,
    /// The same in words.
    #[schema(example = "a title has at most 150 characters")]
    pub detail: String,
}

/// A problem, as it travels from where it is found to the client.
#[derive(Clone, Debug)]
pub struct Error(Box<Inside>);

/// Boxed, as results carry it everywhere.
#[derive(Clone, Debug)]
struct Inside {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    header: Option<(HeaderName, HeaderValue)>,
    lost_a_race: bool,
}

impl Error {
    /// A problem of this kind; `detail` tells this occurrence in words.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inside { code, detail: detail.into(), errors: Vec::new(), header: None, lost_a_race: false }))
    }

    /// A body with flaws.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            more => format!("{} places are wrong; `errors` lists them", more.len()),
        };
        let mut error = Self::new(Code::InvalidBody, detail);
        error.0.errors = errors;
        error
    }

    /// A body with one flaw.
    pub fn flaw(pointer: impl Into<String>, code: Flaw, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { pointer: pointer.into(), code, detail: detail.into() }])
    }

    /// What is told of everything that is not there, or may not be seen: always the same.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here that you can see.")
    }

    /// A fault of ours. What it was goes to the log, never to the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(Code::InternalError, "Something went wrong on our side.")
    }

    /// The same with one more header field.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// Whether it is of a transaction that others kept from its end, and that may well come to it if it is begun again.
    pub fn lost_a_race(&self) -> bool {
        self.0.lost_a_race
    }

    /// Which kind of problem it is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The answer: a problem document with this request's id.
    pub fn answer(&self, request_id: &str) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        if let Some((name, value)) = &self.0.header {
            answer.insert_header((name.clone(), value.clone()));
        }
        match self.0.code.status() {
            401 => {
                answer.insert_header((header::WWW_AUTHENTICATE, self.challenge()));
            }
            // What may still come of the body is no request.
            408 => {
                answer.force_close();
            }
            503 => {
                answer.insert_header((header::RETRY_AFTER, "1"));
            }
            _ => {}
        }
        answer
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .insert_header((header::CACHE_CONTROL, "no-store"));
        let problem = Problem {
            r#type: format!("/problems/{}", self.0.code.name()),
            title: self.0.code.title(),
            status: self.0.code.status(),
            detail: &self.0.detail,
            code: self.0.code.name(),
            request_id,
            errors: &self.0.errors,
        };
        match serde_json::to_vec(&problem) {
            Ok(body) => answer.body(body),
            Err(_) => answer.finish(),
        }
    }

    /// RFC 6750, section 3: a request without credentials is told no error code.
    fn challenge(&self) -> &'static str {
        match self.0.code {
            Code::InvalidToken | Code::TokenExpired | Code::SessionEnded => {
                "Bearer realm=\"folkmoot\", error=\"invalid_token\""
            }
            _ => "Bearer realm=\"folkmoot\"",
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.code.name(), self.0.detail)
    }
}

impl std::error::Error for Error {}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The outermost layer knows the request's id and writes the answer anew with it.
    fn error_response(&self) -> HttpResponse {
        self.answer("")
    }
}

/// A problem document (RFC 9457, section 3).
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

/// A missing row is a 404 where the code says so.
pub trait OrNotFound<T> {
    /// The thing, or the one answer for what is not there.
    fn or_not_found(self) -> Result<T, Error>;
}

impl<T> OrNotFound<T> for Option<T> {
    fn or_not_found(self) -> Result<T, Error> {
        self.ok_or_else(Error::not_found)
    }
}
