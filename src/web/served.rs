//! What is served, as the document has it: which act a request is for, and what that act takes and needs.

use std::sync::Arc;

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use smallvec::SmallVec;

use super::limit::Counted;

/// An act of a path. Requests carry theirs.
pub struct Served {
    /// The path, with names of its parameters.
    pub route: Arc<str>,
    pub method: Method,
    /// Whether it takes parameters in the query.
    pub takes_query: bool,
    /// Whether it takes a body.
    pub takes_body: bool,
    /// Whether it takes an `Idempotency-Key`.
    pub takes_key: bool,
    /// What a token has to have for it; none where it does not look at who is calling.
    pub needs: Option<Needs>,
    /// What limits of use it counts for.
    pub limit: Counted,
}

/// What an act needs of a token, as the document says it.
#[derive(Debug)]
pub struct Needs {
    /// The scope.
    pub scope: String,
    /// Whether the token has to be of a session: a personal one will not do.
    pub session: bool,
}

impl Served {
    /// A page for people: what it is asked with is its own script's.
    pub fn page(route: &str) -> Self {
        Self {
            route: route.into(),
            method: Method::GET,
            takes_query: true,
            takes_body: false,
            takes_key: false,
            needs: None,
            limit: Counted::As(None),
        }
    }
}

/// Each path with its acts.
pub struct Routes {
    /// Paths of plain segments, by how many there are: looking at each request's path costs little. Those whose segments are
    /// written out come first.
    plain: Vec<Vec<Route>>,
    /// Those that a pattern describes.
    patterns: Vec<(ResourceDef, Vec<Arc<Served>>)>,
}

struct Route {
    /// Nothing where any segment will do.
    segments: Vec<Option<Box<[u8]>>>,
    acts: Vec<Arc<Served>>,
}

impl Route {
    fn new(path: &str, acts: Vec<Arc<Served>>) -> Self {
        let segments = segments(path).map(|segment| (!segment.starts_with(b"{")).then(|| segment.into()));
        Self { segments: segments.collect(), acts }
    }

    fn takes(&self, path: &[&[u8]]) -> bool {
        // From the end on: most begin alike.
        self.segments.iter().zip(path).rev().all(|(expected, segment)| match expected {
            Some(expected) => **expected == **segment,
            None => !segment.is_empty(),
        })
    }

    /// Where it stands among those with as many segments.
    fn rank(&self) -> Vec<bool> {
        self.segments.iter().map(Option::is_none).collect()
    }
}

fn segments(path: &str) -> impl Iterator<Item = &[u8]> {
    path.as_bytes().split(|byte| *byte == b'/')
}

impl Routes {
    /// Reads them from the document.
    pub fn new(paths: impl IntoIterator<Item = (String, Vec<Served>)>) -> Self {
        let (mut plain, mut patterns) = (Vec::<Vec<Route>>::new(), Vec::new());
        for (path, acts) in paths {
            let acts = acts.into_iter().map(Arc::new).collect();
            if path.contains(':') {
                patterns.push((ResourceDef::new(path), acts));
                continue;
            }
            let route = Route::new(&path, acts);
            let count = route.segments.len();
            plain.resize_with(plain.len().max(count + 1), Vec::new);
            plain[count].push(route);
        }
        plain.iter_mut().for_each(|routes| routes.sort_by_key(Route::rank));
        Self { plain, patterns }
    }

    fn acts(&self, path: &str) -> impl Iterator<Item = &Arc<Served>> {
        let segments: SmallVec<[&[u8]; 8]> = segments(path).collect();
        let plain = self.plain.get(segments.len()).into_iter().flatten();
        let plain = plain.filter(move |route| route.takes(&segments)).flat_map(|route| &route.acts);
        plain.chain(self.patterns.iter().filter(move |(route, _)| route.is_match(path)).flat_map(|(_, acts)| acts))
    }

    /// The act that takes such a request.
    pub fn act(&self, method: &Method, path: &str) -> Option<&Arc<Served>> {
        self.acts(path).find(|act| act.method == *method)
    }

    /// Which methods a path takes, for `Allow`; none where there is no such path.
    pub fn allowed(&self, path: &str) -> Option<String> {
        let mut names: Vec<_> = self.acts(path).map(|act| act.method.as_str()).collect();
        if names.is_empty() {
            return None;
        }
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        Some(names.join(", "))
    }
}
