//! What a URL says: one server, a master that sentinels know, or a cluster.
//!
//! For a single server the forms are those of redis-rs. There is no standard for the others; the forms here are the most
//! usual ones, and host, port, user and password are read as in `redis://` (percent-decoding, IPv6 in brackets).

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsMode,
    sentinel::{Sentinel, SentinelNodeConnectionInfo},
};

use crate::Error;

/// What is said where a URL cannot be read.
const EXPECTED: &str = "expected is redis://host:port/db, rediss:// for TLS, unix:///path, \
                        redis-sentinel://host:port,host:port/service or redis-cluster://host:port,host:port";
const SENTINEL_PORT: u16 = 26_379;
const SERVER_PORT: u16 = 6_379;

/// Where Redis is. Its parts hold passwords, so it is never printed.
pub(super) enum Address {
    Server(redis::Client),
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        /// The name under which the sentinels watch the master.
        service: String,
        /// How to log in at the master, whatever its address is.
        master: SentinelNodeConnectionInfo,
        /// The user of that login.
        login: Option<String>,
    },
    /// Some of its nodes; the others are learned from them.
    Cluster(Vec<ConnectionInfo>),
}

/// What a URL says of how Redis is reached, without hosts and passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// `server`, `sentinel` or `cluster`
    pub kind: &'static str,
    pub tls: bool,
    /// The ACL user that logs in, where the URL names one.
    pub user: Option<String>,
}

impl Address {
    pub(super) fn way(&self) -> Way {
        let user = |settings: &redis::RedisConnectionInfo| settings.username().map(str::to_owned);
        let like = |kind, info: Option<&ConnectionInfo>| Way {
            kind,
            tls: info.is_some_and(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. })),
            user: info.and_then(|info| user(info.redis_settings())),
        };
        match self {
            Self::Server(client) => like("server", Some(client.get_connection_info())),
            // the sentinels are reached as the master is; its login is its own
            Self::Sentinel { sentinels, login, .. } => {
                Way { user: login.clone(), ..like("sentinel", sentinels.first()) }
            }
            Self::Cluster(nodes) => like("cluster", nodes.first()),
        }
    }

    /// Reads a URL. What is wrong is said without repeating the URL, which may hold a password.
    pub(super) fn read(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("it has no scheme"))?;
        match scheme.split_once(['-', '+']) {
            Some((base, "sentinel")) => Self::sentinel(secure(base)?, &Parts::read(rest)),
            Some((base, "cluster")) => Self::cluster(secure(base)?, &Parts::read(rest)),
            _ => {
                let client = url.into_connection_info().and_then(redis::Client::open);
                client.map(Self::Server).map_err(|cause| refused(cause.category_and_reason()))
            }
        }
    }

    fn sentinel(secure: bool, parts: &Parts) -> Result<Self, Error> {
        let (mut service, mut user, mut password) = (None, "", "");
        for (name, value) in &parts.options {
            match *name {
                "sentinelMasterId" => service = Some(*value),
                "sentinel_username" => user = value,
                "sentinel_password" => password = value,
                _ => {
                    return Err(refused(
                        "its only options are sentinel_username, sentinel_password and sentinelMasterId",
                    ));
                }
            }
        }
        // #insecure belongs to TLS, as in rediss://; any other fragment is the name, as lettuce has it
        service = service.or(parts.fragment.filter(|fragment| *fragment != "insecure"));
        let (service, database) = match (service, parts.path.split_once('/')) {
            (Some(service), _) => (service, parts.path),
            (None, Some((service, database))) => (service, database),
            (None, None) => (parts.path, ""),
        };
        if service.is_empty() || service.contains('/') {
            return Err(refused(
                "it does not name the service that the sentinels watch, as in redis-sentinel://host/mymaster",
            ));
        }
        let login = if user.is_empty() && password.is_empty() { String::new() } else { format!("{user}:{password}@") };
        let sentinels = parts.hosts(secure, &login, "", SENTINEL_PORT)?;
        let like_master = parts.hosts(secure, parts.login, database, SENTINEL_PORT)?;
        let settings = like_master.first().ok_or_else(|| refused("it names no host"))?;
        let login = settings.redis_settings().username().map(str::to_owned);
        let mut master =
            SentinelNodeConnectionInfo::default().set_redis_connection_info(settings.redis_settings().clone());
        if let ConnectionAddr::TcpTls { insecure, .. } = settings.addr() {
            master = master.set_tls_mode(if *insecure { TlsMode::Insecure } else { TlsMode::Secure });
        }
        // asked here once, so that a mistake is told at the start
        Sentinel::build(sentinels.clone()).map_err(|cause| refused(cause.category_and_reason()))?;
        Ok(Self::Sentinel { sentinels, service: service.to_owned(), master, login })
    }

    fn cluster(secure: bool, parts: &Parts) -> Result<Self, Error> {
        if !parts.options.is_empty() {
            return Err(refused("a cluster's url has no options"));
        }
        if !matches!(parts.path, "" | "0") {
            return Err(refused("a cluster has no databases but 0"));
        }
        let nodes = parts.hosts(secure, parts.login, "", SERVER_PORT)?;
        if nodes.is_empty() {
            return Err(refused("it names no host"));
        }
        Ok(Self::Cluster(nodes))
    }
}

/// A URL with several hosts, cut at its signs; nothing is decoded.
struct Parts<'a> {
    /// `user:password@`, or nothing.
    login: &'a str,
    hosts: &'a str,
    /// Without slashes around it.
    path: &'a str,
    options: Vec<(&'a str, &'a str)>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(rest: &'a str) -> Self {
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rfind('@').map_or(("", authority), |at| authority.split_at(at + 1));
        let options = options.split('&').filter(|option| !option.is_empty());
        let options = options.map(|option| option.split_once('=').unwrap_or((option, ""))).collect();
        Self { login, hosts, path: path.trim_matches('/'), options, fragment }
    }

    /// How to connect to each host, read by redis-rs as the URL of a single server.
    fn hosts(&self, secure: bool, login: &str, database: &str, port: u16) -> Result<Vec<ConnectionInfo>, Error> {
        let scheme = if secure { "rediss" } else { "redis" };
        let fragment = if secure && self.fragment == Some("insecure") { "#insecure" } else { "" };
        let one = |host: &str| {
            let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
            let port = if has_port { String::new() } else { format!(":{port}") };
            format!("{scheme}://{login}{host}{port}/{database}{fragment}")
                .into_connection_info()
                .map_err(|cause| refused(cause.category_and_reason()))
        };
        self.hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).map(one).collect()
    }
}

/// Whether TLS is wanted. The names are those that redis-rs takes for a single server.
fn secure(base: &str) -> Result<bool, Error> {
    match base {
        "redis" | "valkey" => Ok(false),
        "rediss" | "valkeys" => Ok(true),
        _ => Err(refused("it has an unknown scheme")),
    }
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::Refused(format!("not a redis url: {why}; {EXPECTED}"))
}

/// What redis-rs says, without the detail that could repeat a part of the URL.
trait Reason {
    fn category_and_reason(&self) -> String;
}

impl Reason for redis::RedisError {
    fn category_and_reason(&self) -> String {
        let whole = self.to_string();
        match self.detail() {
            Some(detail) => whole.replace(detail, "…"),
            None => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host, port, user, password and database, as far as they are there.
    fn shown(info: &ConnectionInfo) -> String {
        let settings = info.redis_settings();
        let login = |part: Option<&str>| part.unwrap_or_default().to_owned();
        format!("{} {}:{} /{}", info.addr(), login(settings.username()), login(settings.password()), settings.db())
    }

    fn sentinel(url: &str) -> (Vec<String>, String, String) {
        let Address::Sentinel { sentinels, service, master, .. } = Address::read(url).expect(url) else {
            panic!("{url} is no sentinel")
        };
        (sentinels.iter().map(shown).collect(), service, format!("{master:?}"))
    }

    fn cluster(url: &str) -> Vec<String> {
        let Address::Cluster(nodes) = Address::read(url).expect(url) else { panic!("{url} is no cluster") };
        nodes.iter().map(shown).collect()
    }

    #[test]
    fn a_sentinel_url_names_sentinels_service_login_and_database() {
        let (sentinels, service, master) = sentinel("redis-sentinel://me:p%40ss@a:1,b,[::1]:3/mymaster/2");
        assert_eq!(sentinels, ["a:1 : /0", "b:26379 : /0", "::1:3 : /0"], "the login is the master's, not theirs");
        assert_eq!(service, "mymaster");
        assert!(master.contains("db: 2") && master.contains("tls_mode: None"), "{master}");
        let (sentinels, ..) = sentinel("redis-sentinel://a/m?sentinel_username=u&sentinel_password=p%2Fw");
        assert_eq!(sentinels, ["a:26379 u:p/w /0"]);
    }

    #[test]
    fn other_usual_spellings_of_sentinel_urls_mean_the_same() {
        let expected = sentinel("redis-sentinel://:pw@a:1,b:2/mymaster/3");
        for url in [
            "redis+sentinel://:pw@a:1,b:2/mymaster/3",
            "redis-sentinel://:pw@a:1,b:2/3#mymaster",
            "redis-sentinel://:pw@a:1,b:2/3?sentinelMasterId=mymaster",
            "valkey-sentinel://:pw@a:1,b:2/mymaster/3",
        ] {
            assert_eq!(sentinel(url), expected, "{url}");
        }
    }

    #[test]
    fn tls_is_for_sentinels_and_master_alike() {
        let (_, _, master) = sentinel("rediss-sentinel://a/mymaster");
        assert!(master.contains("Secure"), "{master}");
        let (_, _, master) = sentinel("rediss+sentinel://a/mymaster#insecure");
        assert!(master.contains("Insecure"), "{master}");
        let Ok(Address::Cluster(nodes)) = Address::read("rediss-cluster://a") else { panic!("no cluster") };
        assert!(matches!(nodes[0].addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
    }

    #[test]
    fn a_cluster_url_names_nodes_and_login() {
        assert_eq!(cluster("redis-cluster://me:pw@a:1,b"), ["a:1 me:pw /0", "b:6379 me:pw /0"]);
        assert_eq!(cluster("redis+cluster://a:1/"), ["a:1 : /0"]);
        assert_eq!(cluster("redis-cluster://a:1/0"), ["a:1 : /0"]);
    }

    #[test]
    fn the_way_there_is_told_without_hosts_and_secrets() {
        let way = |url: &str| {
            let Way { kind, tls, user } = Address::read(url).expect(url).way();
            (kind, tls, user.unwrap_or_default())
        };
        assert_eq!(way("redis://watcher:secret@host"), ("server", false, "watcher".to_owned()));
        assert_eq!(way("rediss://:secret@host"), ("server", true, String::new()));
        assert_eq!(
            way("rediss-sentinel://me:secret@a:1/m?sentinel_username=they"),
            ("sentinel", true, "me".to_owned())
        );
        assert_eq!(way("redis-cluster://me:secret@a"), ("cluster", false, "me".to_owned()));
    }

    #[test]
    fn urls_of_single_servers_are_read_as_before() {
        for url in ["redis://127.0.0.1", "rediss://u:p@host:1/2", "unix:///tmp/r.sock?db=1", "valkey://host"] {
            assert!(matches!(Address::read(url), Ok(Address::Server(_))), "{url}");
        }
    }

    #[test]
    fn a_wrong_url_is_refused_with_what_was_expected_and_without_its_secrets() {
        for (url, why) in [
            ("host:6379", "no scheme"),
            ("http://secret@host", "did not parse"),
            ("http-cluster://secret@host", "unknown scheme"),
            ("redis-sentinel://u:secret@a:1,b:2", "does not name the service"),
            ("redis-sentinel://u:secret@a/m/x", "database"),
            ("redis-sentinel://u:secret@/mymaster", "names no host"),
            ("redis-sentinel://u:secret@a/m?password=secret", "only options"),
            ("redis-sentinel://u:secret@a:b/m", "did not parse"),
            ("redis-cluster://u:secret@", "names no host"),
            ("redis-cluster://u:secret@a/3", "no databases"),
            ("redis-cluster://u:secret@a?x=secret", "no options"),
            ("redis://u:secret@a?protocol=secret", "protocol"),
        ] {
            let Err(Error::Refused(message)) = Address::read(url) else { panic!("{url} was taken") };
            assert!(message.contains(why) && message.contains("redis-cluster://host"), "{url}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
