//! Refuses names that are not ours. A page of another site can give its own name our address (DNS rebinding); to the
//! browser it is then of one origin with us, and only the name in `Host` tells.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header::HOST, uri::Authority},
    middleware::Next,
    response::Response,
};

use crate::api::answer::detail;

/// The names under which this program answers.
#[derive(Debug, Clone)]
pub struct Hosts {
    /// `None`: any name, because the program is reached from elsewhere and nobody said under which.
    named: Option<Arc<[String]>>,
}

impl Hosts {
    /// For a program that listens at `address`: loopback names and addresses, and `also` (without port). Where it
    /// listens elsewhere and nothing is named, any name is taken.
    pub fn of(address: IpAddr, also: impl IntoIterator<Item = String>) -> Self {
        let named: Arc<[String]> = also.into_iter().map(|name| bare(&name).to_ascii_lowercase()).collect();
        let any = !address.is_loopback() && named.is_empty();
        Self { named: (!any).then_some(named) }
    }

    fn answers_to(&self, authority: &str) -> bool {
        let Some(named) = &self.named else { return true };
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        // a user in it (`localhost@evil.example`) is nothing that a browser sends
        if authority.as_str().contains('@') {
            return false;
        }
        let host = bare(authority.host()).to_ascii_lowercase();
        let loopback = host == "localhost"
            || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
        loopback || named.contains(&host)
    }
}

/// Without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// Refuses a request for another name. One without any name is older than every browser and passes.
pub async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let in_target = request.uri().authority().map(Authority::as_str);
    let ours = request
        .headers()
        .get_all(HOST)
        .iter()
        .map(|host| host.to_str().unwrap_or_default())
        .chain(in_target)
        .all(|host| hosts.answers_to(host));
    if ours {
        return next.run(request).await;
    }
    tracing::warn!(path = request.uri().path(), "refused a request for a name that is not ours");
    detail(StatusCode::FORBIDDEN, "this program does not answer to that host name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_loopback_only_loopback_and_named_hosts_are_ours() {
        let hosts = Hosts::of(Ipv4Addr::LOCALHOST.into(), ["Console.Example".to_owned()]);
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1:1", "127.8.9.1", "[::1]:3000", "console.example:3000"] {
            assert!(hosts.answers_to(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:3000",
            "10.0.0.1",
            "0.0.0.0",
            "",
            "localhost@evil.example",
            "[::2]",
            "a b",
            "evil.example#localhost",
        ] {
            assert!(!hosts.answers_to(host), "{host}");
        }
    }

    #[test]
    fn elsewhere_any_host_is_ours_until_one_is_named() {
        let elsewhere = IpAddr::from([10, 0, 0, 1]);
        assert!(Hosts::of(elsewhere, []).answers_to("anything.example"));
        assert!(!Hosts::of(elsewhere, ["console.example".to_owned()]).answers_to("anything.example"));
    }
}
