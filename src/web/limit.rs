//! Limits of use, by member or else by address (draft-ietf-httpapi-ratelimit-headers-10). Nodes share them: each allows its part.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::web::Data;
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use super::client;
use super::frame::problem_answer;
use super::served::Served;
use crate::clock::Clock;
use crate::error::{Code, Error};
use crate::ids::MemberId;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// What an act counts as, beside being a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub name: &'static str,
    /// So many at once, and so many more in each window.
    pub quota: u32,
    /// In seconds.
    pub window: u64,
}

/// Every request counts as one.
pub const REQUESTS: Policy = Policy { name: "requests", quota: 600, window: 60 };
/// Personal tokens that do not hold, by address. A token that holds passes whatever its address has sent.
const TOKENS: Policy = Policy { name: "tokens", quota: 60, window: 60 };
/// Tighter ones: their acts count twice, once for each.
pub const TIGHTER: [Policy; 6] = [
    Policy { name: "login", quota: 20, window: 300 },
    Policy { name: "registration", quota: 10, window: 3600 },
    Policy { name: "mails", quota: 10, window: 3600 },
    Policy { name: "posting", quota: 30, window: 60 },
    Policy { name: "liking", quota: 120, window: 60 },
    Policy { name: "searching", quota: 60, window: 60 },
];

/// Whom a limit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    Member(MemberId),
    Address(IpAddr),
}

/// Our clock, as the buckets read it: tests can set it forward.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Buckets = RateLimiter<Who, DashMapStateStore<Who>, Ticks, StateInformationMiddleware>;

/// The buckets of this node, one for each policy and whom it is of.
pub struct Limits {
    is_on: bool,
    trusted: Vec<IpNet>,
    clock: Ticks,
    nodes: AtomicU32,
    buckets: Vec<(Policy, Buckets)>,
    /// Quotas that were found used up, and until when: those of members, and of addresses for their tokens alone.
    exhausted: Mutex<HashMap<(Who, &'static str), Duration>>,
}

/// The member whose quotas a request spends, as its credential holds. Without it a request counts by address.
#[derive(Clone, Copy)]
pub struct QuotaOwner {
    pub member: MemberId,
    /// Whether the credential is enough for the act. If not, the request spends `requests` alone: a stolen token that may only read
    /// does not keep its owner from changing the password.
    pub suffices: bool,
}

/// What is left of a policy.
pub(super) struct Left {
    policy: Policy,
    /// So many more at once.
    remaining: u32,
    /// Seconds until the next one, where none is left.
    wait: u64,
}

impl Left {
    /// None, until this time has gone by.
    fn none(policy: Policy, wait: Duration) -> Self {
        Self { policy, remaining: 0, wait: wait.as_secs_f64().ceil().max(1.0) as u64 }
    }

    /// 429 with `Retry-After`.
    fn refusal(&self) -> Error {
        let detail = format!("the limit of {} is used up: come again in {} s", self.policy.name, self.wait);
        Error::new(Code::TooManyRequests, detail).with_header(RETRY_AFTER, self.wait.into())
    }
}

fn buckets(policy: Policy, clock: &Ticks) -> Option<(Policy, Buckets)> {
    let quota = Quota::with_period(Duration::from_secs(policy.window) / policy.quota)?;
    let quota = quota.allow_burst(NonZeroU32::new(policy.quota)?);
    Some((policy, RateLimiter::dashmap_with_clock(quota, clock.clone()).with_middleware()))
}

impl Limits {
    /// Limits of one node alone. `trusted` are the proxies whose word for a client's address is taken.
    pub fn new(is_on: bool, trusted: Vec<IpNet>, clock: Clock) -> Self {
        let clock = Ticks(clock);
        let policies = [REQUESTS, TOKENS].into_iter().chain(TIGHTER);
        let buckets = policies.filter_map(|policy| buckets(policy, &clock)).collect();
        Self { is_on, trusted, clock, nodes: AtomicU32::new(1), buckets, exhausted: Mutex::default() }
    }

    /// From now on there are so many nodes.
    pub fn share_among(&self, nodes: u32) {
        self.nodes.store(nodes.max(1), Ordering::Relaxed);
    }

    /// Among how many nodes the limits are shared.
    pub fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Forgets whom nobody has heard of for so long that its buckets are full again.
    pub fn forget_idle(&self) {
        for (_, buckets) in &self.buckets {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
        let now = self.clock.now();
        self.exhausted().retain(|_, until| *until > now);
    }

    /// Counts a request of an act: what its answer tells of the limits, `Err` where one is used up. What is not served costs nothing;
    /// balancers and supervisors ask for health as often as they like.
    pub(super) fn count(
        &self,
        request: &RequestHead,
        member: Option<MemberId>,
        act: Counted,
    ) -> Result<Option<Told>, Left> {
        let (true, Counted::As(act)) = (self.is_on, act) else { return Ok(None) };
        let address = || self.address(request).map(Who::Address);
        let Some(who) = member.map(Who::Member).or_else(address) else { return Ok(None) };
        self.take(who, act).map(|left| Some(Told::new(&left)))
    }

    /// Takes one from each bucket that the act counts for; `Err` with the one that is empty.
    fn take(&self, who: Who, act: Option<&'static str>) -> Result<Vec<Left>, Left> {
        let asked = self.buckets.iter().filter(|(policy, _)| counts(policy, act));
        asked.map(|(policy, buckets)| self.take_one(*policy, buckets, &who)).collect()
    }

    /// Each of n nodes takes n times as much from full buckets, so together they give what one would; and what was taken stays
    /// so when a node comes or goes.
    fn take_one(&self, policy: Policy, buckets: &Buckets, who: &Who) -> Result<Left, Left> {
        let share = self.nodes().min(policy.quota);
        match buckets.check_key_n(who, NonZeroU32::new(share).unwrap_or(NonZeroU32::MIN)) {
            Ok(Ok(state)) => Ok(Left { policy, remaining: state.remaining_burst_capacity() / share, wait: 0 }),
            Ok(Err(until)) => {
                let now = self.clock.now();
                let wait = until.wait_time_from(now);
                match who {
                    Who::Member(_) => _ = self.exhausted().insert((*who, policy.name), now + wait),
                    // For the whole window: it only means that other tokens of this address are looked up more slowly.
                    _ if policy == TOKENS => {
                        let window = Duration::from_secs(policy.window);
                        self.exhausted().insert((*who, policy.name), now + window);
                    }
                    Who::Address(_) => {}
                }
                Err(Left::none(policy, wait))
            }
            // A share is never more than a bucket holds.
            Err(_) => Err(Left::none(policy, Duration::from_secs(policy.window))),
        }
    }

    fn exhausted(&self) -> MutexGuard<'_, HashMap<(Who, &'static str), Duration>> {
        self.exhausted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a quota that was found used up remains so.
    fn exhausted_for(&self, who: Who, policy: Policy) -> Option<Duration> {
        let until = self.exhausted().get(&(who, policy.name)).copied();
        until.and_then(|until| until.checked_sub(self.clock.now())).filter(|wait| !wait.is_zero())
    }

    /// Refuses a request whose member has used up a quota, before its credential costs a statement. Spends nothing.
    ///
    /// # Errors
    ///
    /// 429, which the middleware answers with its fields.
    pub fn check_member(&self, request: &ServiceRequest, member: MemberId) -> Result<(), Error> {
        let act = request.extensions().get::<Arc<Served>>().map_or(Counted::Not, |act| act.limit);
        let (true, Counted::As(act)) = (self.is_on, act) else { return Ok(()) };
        let mut policies = self.buckets.iter().map(|(policy, _)| *policy).filter(|policy| counts(policy, act));
        let refused =
            policies.find_map(|policy| Some(Left::none(policy, self.exhausted_for(Who::Member(member), policy)?)));
        refused.map_or(Ok(()), |left| Err(refuse(request, left)))
    }

    /// Whether this address has used up its quota of personal tokens that do not hold.
    pub fn has_spent_tokens(&self, request: &ServiceRequest) -> bool {
        let address = self.address(request.head()).filter(|_| self.is_on);
        address.is_some_and(|address| self.exhausted_for(Who::Address(address), TOKENS).is_some())
    }

    /// Counts a personal token that does not hold.
    ///
    /// # Errors
    ///
    /// 429 where its address has sent too many.
    pub fn count_failed_token(&self, request: &ServiceRequest) -> Result<(), Error> {
        let Some(address) = self.address(request.head()).filter(|_| self.is_on) else { return Ok(()) };
        let Some((policy, buckets)) = self.buckets.iter().find(|(policy, _)| *policy == TOKENS) else { return Ok(()) };
        let taken = self.take_one(*policy, buckets, &Who::Address(address));
        taken.map(|_| ()).map_err(|left| refuse(request, left))
    }

    fn address(&self, request: &RequestHead) -> Option<IpAddr> {
        client::address(request, &self.trusted)
    }
}

/// Whether a request of an act counts for a policy.
fn counts(policy: &Policy, act: Option<&'static str>) -> bool {
    *policy == REQUESTS || act == Some(policy.name)
}

/// Notes that a request is refused: it counts for nothing more.
fn refuse(request: &ServiceRequest, left: Left) -> Error {
    let refusal = left.refusal();
    request.extensions_mut().insert(left);
    refusal
}

/// Counts a request, and refuses the one that is too many.
pub async fn limit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let limits = request.app_data::<Data<Limits>>().cloned().ok_or_else(|| Error::internal("no limits"))?;
    let act = request.extensions().get::<Arc<Served>>().map_or(Counted::Not, |act| act.limit);
    let refused = request.extensions_mut().remove::<Left>();
    let owner = request.extensions().get::<QuotaOwner>().copied();
    let act = if owner.is_some_and(|owner| !owner.suffices) { act.as_request() } else { act };
    let member = owner.map(|owner| owner.member);
    match refused.map_or_else(|| limits.count(request.head(), member, act), Err) {
        Ok(told) => {
            if let Some(told) = told {
                request.extensions_mut().insert(told);
            }
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(left) => {
            request.extensions_mut().insert(Told::new(std::slice::from_ref(&left)));
            Ok(problem_answer(request, &left.refusal()).map_into_right_body())
        }
    }
}

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// As nothing.
    Not,
    /// As a request, and as one of a tighter policy where one is named.
    As(Option<&'static str>),
}

impl Counted {
    /// Returns the class without its tighter policy.
    fn as_request(self) -> Self {
        match self {
            Self::Not => Self::Not,
            Self::As(_) => Self::As(None),
        }
    }
}

/// What an answer says of the limits that its request counted for.
pub(super) struct Told {
    policies: String,
    state: String,
}

impl Told {
    fn new(left: &[Left]) -> Self {
        let policy = |left: &Left| format!("\"{}\";q={};w={}", left.policy.name, left.policy.quota, left.policy.window);
        let state = |left: &Left| match left.wait {
            0 => format!("\"{}\";r={}", left.policy.name, left.remaining),
            wait => format!("\"{}\";r=0;t={wait}", left.policy.name),
        };
        let listed = |text: &dyn Fn(&Left) -> String| left.iter().map(text).collect::<Vec<_>>().join(", ");
        Self { policies: listed(&policy), state: listed(&state) }
    }

    /// Says it in an answer's fields.
    pub(super) fn tell(self, fields: &mut HeaderMap) {
        for (field, value) in [(POLICY, self.policies), (STATE, self.state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                fields.insert(field, value);
            }
        }
    }
}

/// Says it, in every answer: of what was done and of what was refused.
pub fn tell<B>(response: &mut ServiceResponse<B>) {
    let told = response.request().extensions_mut().remove::<Told>();
    if let Some(told) = told {
        told.tell(response.headers_mut());
    }
}
