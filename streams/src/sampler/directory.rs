//! Which streams there are, and whose dead letters they hold: found out slowly, kept between looks.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use domain::{
    Figure,
    finding::ServerFacts,
    stream::{EntryId, RedisFacts},
};
use redis::Value;

use crate::{
    Error, Redis,
    client::Node,
    dead_letter::record::Record,
    inspect::{Pace, Walk},
    keys,
    server::{Info, Mode, Server},
};

/// Keys looked at per SCAN, which holds up everybody else for well under a millisecond.
const SCAN_COUNT: usize = 1_000;
/// SCANs per look: a server with millions of other keys is gone through over many looks.
const SCANS_AT_ONCE: usize = 20;
/// A walk through all keys that needs more than one look begins this often at most.
const WALK_EVERY: Duration = Duration::from_secs(5);

/// The names of all streams.
#[derive(Default)]
pub(super) struct Directory {
    names: BTreeSet<String>,
    /// Servers whose keys are still to be gone through in this walk; the last one from the cursor on.
    ahead: Vec<Option<Node>>,
    cursor: u64,
    last_walk: Option<Instant>,
    small: bool,
}

impl Directory {
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.names.iter()
    }

    /// A stream that is not there any more.
    pub(super) fn forget(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Walks on, through all of `masters`. Servers with few keys are gone through at every look.
    pub(super) async fn refresh(&mut self, redis: &Redis, masters: &[Option<Node>]) -> Result<(), Error> {
        let begins = self.ahead.is_empty();
        if begins && !self.small && self.last_walk.is_some_and(|last| last.elapsed() < WALK_EVERY) {
            return Ok(());
        }
        if begins {
            self.last_walk = Some(Instant::now());
            self.ahead = masters.to_vec();
            self.cursor = 0;
        }
        // a master that is none any more leads nowhere; what has taken its slots is met in the next walk
        while self.ahead.last().is_some_and(|node| !masters.contains(node)) {
            self.leave();
        }
        for _ in 0..SCANS_AT_ONCE.max(masters.len()) {
            let Some(node) = self.ahead.last() else { break };
            let mut scan = redis::cmd("SCAN");
            scan.arg(self.cursor).arg("COUNT").arg(SCAN_COUNT).arg("TYPE").arg("stream");
            let (cursor, found): (u64, Vec<Vec<u8>>) = redis.query_on(node.as_ref(), &scan).await?;
            // a name that is not text cannot be shown or asked for by anybody here
            self.names.extend(found.into_iter().filter_map(|name| String::from_utf8(name).ok()));
            self.cursor = cursor;
            if cursor == 0 {
                self.leave();
            }
        }
        self.small = begins && self.ahead.is_empty();
        Ok(())
    }

    fn leave(&mut self) {
        self.ahead.pop();
        self.cursor = 0;
    }
}

/// Records fetched at once, at first and at most, and counted at most, of one dead-letter stream.
const FIRST_PAGE: usize = 50;
const PAGE: usize = 500;
const COUNT_AT_MOST: u64 = 5_000;

/// How many dead letters each group has. Counted anew only when the dead-letter stream has changed. An error is why they
/// could not be counted.
#[derive(Default)]
pub(super) struct Graves(HashMap<String, Result<Counted, String>>);

struct Counted {
    length: u64,
    last_id: EntryId,
    by_group: HashMap<String, u64>,
    complete: bool,
}

impl Graves {
    /// Brings the count of a stream's dead letters up to date, by length and last id of the stream that holds them. Fails
    /// only where Redis is away.
    pub(super) async fn refresh(&mut self, redis: &Redis, stream: &str, holding: (u64, EntryId)) -> Result<(), Error> {
        let is_same = |known: &Counted| (known.length, known.last_id) == holding;
        if self.0.get(stream).is_some_and(|known| known.as_ref().is_ok_and(is_same)) {
            return Ok(());
        }
        let known = self.0.remove(stream).and_then(Result::ok);
        match count(redis, stream, holding, known).await {
            Ok(counted) => drop(self.0.insert(stream.to_owned(), Ok(counted))),
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => self.unknown(stream, error.to_string()),
        }
        Ok(())
    }

    /// They cannot be counted.
    pub(super) fn unknown(&mut self, stream: &str, why: String) {
        self.0.insert(stream.to_owned(), Err(why));
    }

    /// There are none.
    pub(super) fn forget(&mut self, stream: &str) {
        self.0.remove(stream);
    }

    pub(super) fn of(&self, stream: &str, group: &str) -> Figure {
        let counted = match self.0.get(stream) {
            None => return Figure::Exact(0),
            Some(Err(why)) => return Figure::unknown(why.clone()),
            Some(Ok(counted)) => counted,
        };
        let count = counted.by_group.get(group).copied().unwrap_or(0);
        if counted.complete { Figure::Exact(count) } else { Figure::AtLeast(count) }
    }
}

/// Counts the records of a dead-letter stream by group; `known` is what was counted before.
async fn count(
    redis: &Redis,
    stream: &str,
    (length, last_id): (u64, EntryId),
    known: Option<Counted>,
) -> Result<Counted, Error> {
    // only additions: count those; anything else: count all
    let (from, mut by_group, mut count) = match known.filter(|known| known.complete && known.length < length) {
        Some(known) => (Some(known.last_id), known.by_group, known.length),
        None => (None, HashMap::new(), 0),
    };
    let name = keys::dead_letter_stream(stream);
    let mut walk = Walk::new(from, true, Pace::new(FIRST_PAGE, PAGE));
    let before = count;
    while !walk.is_at_end() && count - before < COUNT_AT_MOST {
        let page = walk.next(redis, &name, PAGE).await?;
        count += page.len() as u64;
        for raw in page {
            *by_group.entry(Record::read(stream, raw).provenance.group).or_default() += 1;
        }
    }
    let complete = walk.is_at_end();
    // added to or taken from meanwhile: told as it is, and counted again at the next look
    let length = if complete && count != length { u64::MAX } else { length };
    Ok(Counted { length, last_id, by_group, complete })
}

/// What the servers say of themselves (one INFO for each), added up.
pub(super) fn facts(infos: &[String], mode: Mode) -> RedisFacts {
    let infos: Vec<Info> = infos.iter().map(|info| Info::read(info)).collect();
    let servers: Vec<Server> = infos.iter().map(|info| Server::read(info, mode)).collect();
    let sum = |name: &str| infos.iter().map(|info| info.number(name)).sum();
    let limits: Vec<u64> = infos.iter().map(|info| info.number("maxmemory")).collect();
    // of several, the one that is to be worried about: it could delete streams
    let policies = || infos.iter().map(|info| info.text("maxmemory_policy"));
    let policy = policies().find(|policy| *policy != "noeviction").or_else(|| policies().next());
    // and the oldest: it decides what can be relied on
    let untold = || Server { mode, ..Server::default() };
    let server = servers.into_iter().min_by_key(Server::numbers).unwrap_or_else(untold);
    RedisFacts {
        version: server.version,
        product: server.product,
        mode: server.mode.to_string(),
        used_memory_bytes: sum("used_memory"),
        // one without a limit has none in sum
        max_memory_bytes: if limits.contains(&0) { 0 } else { limits.iter().sum() },
        eviction_policy: policy.unwrap_or_default().to_owned(),
        evicted_keys: sum("evicted_keys"),
        connected_clients: sum("connected_clients"),
        // how long all of them have been there
        uptime_seconds: infos.iter().map(|info| info.number("uptime_in_seconds")).min().unwrap_or(0),
        servers: infos.iter().map(server_facts).collect(),
        ..RedisFacts::default()
    }
}

fn server_facts(info: &Info<'_>) -> ServerFacts {
    let replicas = info.number("connected_slaves");
    // slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=0
    let silence = |line: &str| -> Option<u64> {
        line.split(',').find_map(|part| part.strip_prefix("lag=")).and_then(|seconds| seconds.parse().ok())
    };
    let silences = (0..replicas).filter_map(|n| {
        let line = info.text(&format!("slave{n}"));
        // one that is still fetching everything is not expected to report
        line.contains("state=online").then(|| silence(line)).flatten()
    });
    ServerFacts {
        run_id: info.text("run_id").to_owned(),
        uptime_seconds: info.number("uptime_in_seconds"),
        used_memory_bytes: info.number("used_memory"),
        max_memory_bytes: info.number("maxmemory"),
        eviction_policy: info.text("maxmemory_policy").to_owned(),
        evicted_keys: info.number("evicted_keys"),
        is_replica: info.text("role") == "slave",
        replicas,
        replica_silent_seconds: silences.max(),
        // told only where replicas are required
        needs_replicas: !info.text("min_slaves_good_slaves").is_empty(),
    }
}

/// Milliseconds since 1970 by the server's clock.
pub(super) fn server_time_ms(answer: &Value) -> Result<u64, Error> {
    let (seconds, micros): (u64, u64) = redis::from_redis_value_ref(answer)?;
    Ok(seconds * 1_000 + micros / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_a_cluster_are_one_in_sum_and_as_good_as_the_worst_of_them() {
        let info = |version: &str, policy: &str, limit: u64, uptime: u64| {
            format!(
                "redis_version:{version}\r\nredis_mode:cluster\r\nused_memory:10\r\nmaxmemory:{limit}\r\n\
                 maxmemory_policy:{policy}\r\nuptime_in_seconds:{uptime}\r\nevicted_keys:1\r\nconnected_clients:2\r\n"
            )
        };
        let two = [info("7.2.1", "noeviction", 50, 9), info("7.0.15", "allkeys-lru", 60, 5)];
        let facts = facts(&two, Mode::Cluster);
        assert_eq!((facts.version.as_str(), facts.mode.as_str()), ("7.0.15", "cluster"));
        assert_eq!((facts.used_memory_bytes, facts.max_memory_bytes, facts.uptime_seconds), (20, 110, 5));
        assert_eq!(
            (facts.eviction_policy.as_str(), facts.evicted_keys, facts.connected_clients),
            ("allkeys-lru", 2, 4)
        );
        let replicated = "connected_slaves:2\r\nslave0:ip=::1,port=1,state=online,offset=4,lag=12\r\n\
                          slave1:ip=::1,port=2,state=wait_bgsave,offset=0,lag=99\r\nmin_slaves_good_slaves:1\r\n";
        let server = server_facts(&Info::read(replicated));
        assert_eq!((server.replicas, server.replica_silent_seconds, server.needs_replicas), (2, Some(12), true));
        let unlimited = [info("7.2.1", "noeviction", 50, 9), info("7.2.1", "noeviction", 0, 9)];
        assert_eq!(super::facts(&unlimited, Mode::Cluster).max_memory_bytes, 0);
    }
}
