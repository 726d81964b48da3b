//! What is served, as the document has it: which act a request is for, and what that act takes and needs.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::dev::ResourceDef;
use actix_web::http::Method;

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
    /// Paths of plain segments, by how many there are: looking at each request's path costs little.
    plain: HashMap<usize, Vec<Route>>,
    /// Those that a pattern describes.
    patterns: Vec<(ResourceDef, Vec<Arc<Served>>)>,
}

struct Route {
    /// Nothing where any segment will do.
    segments: Vec<Option<Box<str>>>,
    acts: Vec<Arc<Served>>,
}

impl Route {
    fn new(path: &str, acts: Vec<Arc<Served>>) -> Self {
        let segments = path.split('/').map(|segment| (!segment.starts_with('{')).then(|| segment.into()));
        Self { segments: segments.collect(), acts }
    }

    fn takes(&self, path: &str) -> bool {
        self.segments.iter().zip(path.split('/')).all(|(expected, segment)| match expected {
            Some(expected) => **expected == *segment,
            None => !segment.is_empty(),
        })
    }
}

impl Routes {
    /// Reads them from the document.
    pub fn new(paths: impl IntoIterator<Item = (String, Vec<Served>)>) -> Self {
        let (mut plain, mut patterns) = (HashMap::<_, Vec<_>>::new(), Vec::new());
        for (path, acts) in paths {
            let acts = acts.into_iter().map(Arc::new).collect();
            if path.contains(':') {
                patterns.push((ResourceDef::new(path), acts));
            } else {
                let route = Route::new(&path, acts);
                plain.entry(route.segments.len()).or_default().push(route);
            }
        }
        Self { plain, patterns }
    }

    fn acts(&self, path: &str) -> impl Iterator<Item = &Arc<Served>> {
        let plain = self.plain.get(&path.split('/').count()).into_iter().flatten();
        let plain = plain.filter(move |route| route.takes(path)).flat_map(|route| &route.acts);
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
