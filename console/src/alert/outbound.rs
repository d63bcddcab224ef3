//! What a message may reach. The console stands inside a network, and what it calls by itself must not become a way to
//! what else stands there: only public addresses, unless the operator says otherwise; no redirects, no proxies of the
//! environment. Names are looked up by us, and exactly the addresses that were found good are connected to, so that a
//! name cannot mean something else the moment after it was checked.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

/// How long a receiver may take to be reached, and for the whole of it.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

const REFUSED: &str = "the address is not a public one; --allow-private-webhooks allows it";

/// The client by which every webhook leaves.
pub(super) fn client(allow_private: bool) -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Guarded { allow_private }))
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        .user_agent(concat!("dsm-console/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Whether a URL may be called as it stands. A name in it is judged when it has been looked up.
pub(super) fn check(url: &Url, allow_private: bool) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("a webhook is called by http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a webhook's address holds no user and password");
    }
    let host = url.host_str().ok_or("a webhook's address names a host")?;
    // an address that stands for itself is never looked up
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match literal {
        Ok(address) if !allow_private && !is_public(address) => Err(REFUSED),
        _ => Ok(()),
    }
}

struct Guarded {
    allow_private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|address| allow_private || is_public(address.ip())).collect();
            if good.is_empty() {
                return Err(REFUSED.into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the Internet, by the registries of special addresses of IANA (RFC 6890). The standard
/// library's `is_global` is not stable yet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        // this network, loopback, private use, multicast and reserved
        (0 | 10 | 127 | 224.., ..)
            // shared by providers, link-local (clouds answer there with credentials), private
            | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _)
            // protocol assignments, documentation, 6to4 relays, benchmarks
            | (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113) | (198, 18..=19, _)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let [.., a, b, c, d] = address.octets();
    let inner = Ipv4Addr::new(a, b, c, d);
    match (first, second) {
        // a V4 address in the clothes of V6: mapped, compatible, and translated
        (0, _) if address.to_ipv4_mapped().is_some() => is_public_v4(inner),
        (0x64, 0xff9b) => address.segments()[2..6] == [0, 0, 0, 0] && is_public_v4(inner),
        // 6to4 and Teredo carry a V4 address, 2001:0000–01ff are protocols, 2001:db8 and 3fff are documentation
        (0x2002 | 0x3fff, _) | (0x2001, 0..=0x1ff | 0xdb8) => false,
        // everything that is given out lies in 2000::/3
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_of_the_internet_are_refused_in_every_dress() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "3fff::1",
        ] {
            assert!(!is_public(address.parse().expect(address)), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_not_refused() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(address.parse().expect(address)), "{address}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_meant_well_is_refused_before_anything_is_looked_up() {
        let checked = |url: &str, allow| check(&Url::parse(url).expect(url), allow);
        for url in [
            "ftp://hooks.example/",
            "file:///etc/passwd",
            "gopher://x/",
            "http://user:secret@hooks.example/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://017700000001/",
            "http://[::1]/",
            "http://[::ffff:169.254.169.254]/latest/meta-data/",
            "https://10.0.0.7:8443/hook",
        ] {
            assert!(checked(url, false).is_err(), "{url}");
        }
        assert_eq!(checked("https://hooks.example/a?b=c", false), Ok(()));
        assert_eq!(checked("http://10.0.0.7/hook", true), Ok(()));
        assert!(checked("ftp://10.0.0.7/hook", true).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_when_it_is_looked_up() {
        let name = || "localhost".parse::<Name>().expect("a name");
        let refused = Guarded { allow_private: false }.resolve(name()).await.err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some(REFUSED));
        let mut allowed = Guarded { allow_private: true }.resolve(name()).await.expect("addresses");
        assert!(allowed.all(|address| address.ip().is_loopback()));
    }
}
