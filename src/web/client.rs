//! The address of a client: that of its connection, or behind proxies that are trusted the one that they tell.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Once;

use actix_web::dev::RequestHead;
use actix_web::http::header::{FORWARDED, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that limits of use count for: an IPv6 one stands for its /64, which is what one connection is given.
///
/// `X-Forwarded-For` is read from its end, where the nearest proxy has written, and only as far as proxies of this list did:
/// what stands before was written by the client.
pub fn address(request: &RequestHead, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = request.peer_addr?.ip().to_canonical();
    if !is_trusted(&nearest) {
        warn_of_proxy(request);
    }
    let fields: Vec<_> = request.headers.get_all(FORWARDED_FOR).collect();
    for told in fields.iter().rev().flat_map(|field| field.as_bytes().rsplit(|byte| *byte == b',')) {
        if !is_trusted(&nearest) {
            break;
        }
        let Some(told) = str::from_utf8(told).ok().and_then(|told| parse(told.trim())) else { break };
        nearest = told;
    }
    Some(network(nearest))
}

/// Logs, once in a process, that a proxy is in front which is not trusted: all its clients count as one.
fn warn_of_proxy(request: &RequestHead) {
    static WARNED: Once = Once::new();
    let sent = [FORWARDED_FOR, FORWARDED].into_iter().find(|field| request.headers.contains_key(field));
    if let Some(field) = sent {
        WARNED.call_once(|| {
            tracing::warn!(
                field = field.as_str(),
                "client address from an untrusted proxy ignored, its clients share one rate limit; \
                 name its network with --trusted-proxies and let it send X-Forwarded-For"
            );
        });
    }
}

/// An address as proxies write it, with a port or without.
fn parse(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}
