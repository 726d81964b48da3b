//! The one place where middleware and routes meet: the server and every test use it.

use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_cors::Cors;
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactoryExt, apply_fn_factory, fn_service, map_config};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use futures_util::FutureExt;
use futures_util::future::Either;
use tokio::net::TcpStream;
use utoipa_actix_web::AppExt;

use crate::access::{self, Callers, Keys, Passwords};
use crate::cache::Held;
use crate::error::Error;
use crate::revisions::Diffs;
use crate::site::{self, Document};
use crate::state::State;
use crate::web::connection::{Connection, LINGER, Patience};
use crate::web::limit::Limits;
use crate::web::metrics::Requests;
use crate::web::quick::Quick;
use crate::web::served::{Routes, Served};
use crate::web::turn::{InTurn, Turn};
use crate::web::{body, changed, direct, encoding, etag, frame, limit};
use crate::{openapi, routes};

/// For how long requests in flight may go on when the service stops, in seconds: none takes longer (`RequestLimits`). After the
/// longest drain all has ended within 30 s.
const LAST_REQUESTS: u64 = 16;

/// What all workers of a node share.
#[derive(Clone)]
pub struct Shared {
    pub state: Data<State>,
    pub keys: Data<Keys>,
    pub passwords: Data<Passwords>,
    callers: Data<Callers>,
    pub limits: Data<Limits>,
    pub requests: Data<Requests>,
    pub diffs: Data<Diffs>,
    routes: Data<Routes>,
    document: Data<Document>,
}

impl Shared {
    /// Puts it together; reads the signing keys, and makes the first where there is none.
    pub async fn new(state: State, limits: Limits) -> Result<Self, Error> {
        let keys = Keys::load(&state).await?;
        // Collecting the routes of the document costs as much for each worker as once.
        let document = openapi::document();
        let page = site::DOCS_PATHS.map(|path| (path.to_owned(), vec![Served::page(path)]));
        let routes = Routes::new(openapi::paths(&document).into_iter().chain(page));
        Ok(Self {
            state: Data::new(state),
            keys: Data::new(keys),
            passwords: Data::new(Passwords::new()),
            callers: Data::default(),
            limits: Data::new(limits),
            requests: Data::new(Requests::default()),
            diffs: Data::default(),
            routes: Data::new(routes),
            document: Data::new(Document::new(&document)?),
        })
    }

    /// The same for one of so many workers, with connections to the database of its own.
    pub fn for_one_of(&self, workers: usize) -> Self {
        let (db, replicas) = (self.state.db.for_one_of(workers), self.state.replicas.for_one_of(workers));
        let state = State { db, replicas, ..State::clone(&self.state) };
        // What is cloned for each request is cloned where no other worker does.
        let requests = Requests::clone(&self.requests);
        Self { state: Data::new(state), requests: Data::new(requests), ..self.clone() }
    }

    fn quick(&self) -> Quick {
        let Self { state, limits, requests, routes, .. } = self.clone();
        Quick { state, limits, requests, routes }
    }
}

/// The server of these workers, that listens.
pub fn listen(shared: &Shared, workers: usize, listener: TcpListener, patience: Patience) -> std::io::Result<Server> {
    let for_workers = shared.clone();
    let server = Server::build().workers(workers).disable_signals().shutdown_timeout(LAST_REQUESTS);
    let stops = server.graceful_shutdown_signal();
    let connections = move || {
        let stops = stops.clone();
        let worker = for_workers.for_one_of(workers);
        let (quick, held) = (worker.quick(), worker.state.store.held.clone());
        let app = build_app(worker).into_factory().map_err(|error: actix_web::Error| error.error_response());
        let app = map_config(app, |()| AppConfig::default());
        let requests = HttpService::build()
            // The connection itself waits for heads, which it does not hand over in parts.
            .client_request_timeout(Duration::ZERO)
            .keep_alive(KeepAlive::Os)
            .client_disconnect_timeout(LINGER)
            .graceful_shutdown_signal(move || {
                let stops = stops.clone();
                async move { stops.notified().await }
            })
            .h1_write_buffer_size(direct::FIRST)
            .on_connect_ext(|connection: &Connection, data| connection.known_to(data))
            .finish(apply_fn_factory(app, move |request, app: &_| answer(&quick, request, app)));
        fn_service(move |stream| ready(take(stream, patience, held.clone()))).and_then(requests)
    };
    Ok(server.listen("requests", listener, connections)?.run())
}

/// The answer that is kept, else that of the application.
fn answer<A, B, E>(
    quick: &Quick,
    request: Request,
    app: &A,
) -> impl Future<Output = Result<Response<InTurn>, E>> + use<A, B, E>
where
    A: Service<Request, Response = ServiceResponse<B>, Error = E>,
    B: MessageBody + 'static,
    E: Into<Response<BoxBody>>,
{
    let taken = request.conn_data::<Turn>().cloned().unwrap_or_default().take();
    match quick.answer(&request) {
        Some(kept) => Either::Left(ready(Ok(taken.answered(kept)))),
        None => Either::Right(app.call(request).map(|made| {
            let answer = made.map_or_else(E::into, |made| Response::from(made).map_into_boxed_body());
            Ok(taken.answered(answer))
        })),
    }
}

fn take(
    stream: TcpStream,
    patience: Patience,
    held: Held,
) -> Result<(Connection, Protocol, Option<SocketAddr>), DispatchError> {
    let peer = stream.peer_addr()?;
    Ok((Connection::new(stream, patience, held)?, Protocol::Http1, Some(peer)))
}

/// The application, for one worker.
fn build_app(
    shared: Shared,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let (app, _) = actix_web::App::new().into_utoipa_app().configure(routes::routes).split_for_parts();
    // The last one wrapped is the first one met. What `quick` answers meets none of them: it sets the fields that they would.
    app.app_data(shared.state)
        .app_data(shared.keys)
        .app_data(shared.passwords)
        .app_data(shared.callers)
        .app_data(shared.limits)
        .app_data(shared.requests)
        .app_data(shared.diffs)
        .app_data(shared.routes)
        .app_data(shared.document)
        .app_data(web::PathConfig::default().error_handler(|_, _| Error::not_found().into()))
        .configure(site::docs)
        .default_service(web::to(frame::unrouted))
        .wrap(from_fn(body::read_body))
        .wrap(from_fn(etag::conditional))
        .wrap(from_fn(encoding::encode))
        .wrap(from_fn(changed::void_changed))
        .wrap(from_fn(limit::limit))
        .wrap(from_fn(access::authenticate))
        .wrap(from_fn(frame::problems))
        .wrap(cors())
        .wrap(from_fn(frame::frame))
}

/// Any origin, without credentials: tokens travel in a field of their own, so there is nothing a foreign page could ride on.
fn cors() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers(frame::EXPOSED.split(", "))
        .max_age(3600)
}
