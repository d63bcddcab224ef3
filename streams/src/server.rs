//! What kind of server it is: asked once for every connection, because a server may be replaced by a newer one.

use std::{collections::HashMap, fmt};

use crate::Error;

/// The oldest version whose answers this crate understands: `lag` in XINFO, deleted ids in XAUTOCLAIM.
const OLDEST: (u32, u32) = (7, 0);

/// How the servers work together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    Standalone,
    /// One master with replicas; sentinels say which one it is.
    Sentinel,
    Cluster,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standalone => "standalone",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        })
    }
}

/// Name, version and place of the server that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// `redis` or `valkey`; empty where the server does not let us ask.
    pub product: String,
    /// `7.0.15`; empty where the server does not let us ask.
    pub version: String,
    pub mode: Mode,
    /// It repeats what another server writes, and refuses writes of its own.
    pub is_replica: bool,
}

impl Server {
    /// From the text of INFO, with `mode` as far as the way there tells it.
    pub(crate) fn read(info: &Info<'_>, mode: Mode) -> Self {
        let valkey = info.text("server_name") == "valkey";
        let told = info.text(if valkey { "server_mode" } else { "redis_mode" });
        Self {
            product: if valkey { "valkey" } else { "redis" }.to_owned(),
            version: info.text(if valkey { "valkey_version" } else { "redis_version" }).to_owned(),
            mode: if told == "cluster" { Mode::Cluster } else { mode },
            is_replica: info.text("role") == "slave",
        }
    }

    /// Refuses what is too old, and a node of a cluster that was taken for a single server: most streams would be missing.
    pub(crate) fn check(&self, reached_as: Mode) -> Result<(), Error> {
        let Self { product, version, .. } = self;
        if self.numbers().is_some_and(|numbers| numbers < OLDEST) {
            let (major, minor) = OLDEST;
            return Err(Error::Refused(format!("{product} {version} is too old: {major}.{minor} or newer is needed")));
        }
        match (self.mode, reached_as) {
            (Mode::Cluster, Mode::Standalone | Mode::Sentinel) => Err(Error::Refused(
                "this server is a node of a cluster: its url must begin with redis-cluster://".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Major and minor version, where they are known.
    pub(crate) fn numbers(&self) -> Option<(u32, u32)> {
        let mut numbers = self.version.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}

/// The text of INFO, by name.
pub(crate) struct Info<'a>(HashMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        Self(text.lines().filter_map(|line| line.trim_end().split_once(':')).collect())
    }

    /// Empty where the server does not say.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// 0 where the server does not say.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(info: &str, mode: Mode) -> Server {
        Server::read(&Info::read(info), mode)
    }

    #[test]
    fn redis_and_valkey_are_told_apart_by_what_they_say() {
        let redis = read("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrole:slave\r\n", Mode::Sentinel);
        let expected =
            Server { product: "redis".into(), version: "7.0.15".into(), mode: Mode::Sentinel, is_replica: true };
        assert_eq!(redis, expected);
        let valkey = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\nserver_mode:cluster\r\n";
        let valkey = read(valkey, Mode::Cluster);
        assert_eq!((valkey.product.as_str(), valkey.version.as_str(), valkey.mode), ("valkey", "8.0.1", Mode::Cluster));
    }

    #[test]
    fn a_server_below_seven_is_refused_with_the_version_that_is_needed() {
        let old = read("redis_version:6.2.14\r\nredis_mode:standalone\r\n", Mode::Standalone);
        let Err(Error::Refused(message)) = old.check(Mode::Standalone) else { panic!("it was taken") };
        assert_eq!(message, "redis 6.2.14 is too old: 7.0 or newer is needed");
        for good in ["redis_version:7.0.15", "redis_version:255.255.255", "server_name:valkey\r\nvalkey_version:8.0.1"]
        {
            assert!(read(good, Mode::Standalone).check(Mode::Standalone).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_server_that_does_not_let_us_ask_is_taken_as_it_is() {
        assert!(Server::default().check(Mode::Standalone).is_ok());
    }

    #[test]
    fn a_node_of_a_cluster_is_not_taken_for_a_single_server() {
        let node = read("redis_version:7.0.15\r\nredis_mode:cluster\r\n", Mode::Standalone);
        assert!(matches!(node.check(Mode::Standalone), Err(Error::Refused(why)) if why.contains("redis-cluster://")));
        assert!(node.check(Mode::Cluster).is_ok());
    }
}
