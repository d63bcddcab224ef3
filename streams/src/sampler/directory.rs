//! Which streams there are, and whose dead letters they hold: found out slowly, kept between looks.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use domain::{Figure, stream::EntryId};
use redis::Value;

use crate::{Error, Redis, dead_letter::record::Record, inspect, keys, reply::StreamFacts};

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

    /// Walks on. A server with few keys is gone through at every look.
    pub(super) async fn refresh(&mut self, redis: &Redis) -> Result<(), Error> {
        let begins = self.cursor == 0;
        if begins && !self.small && self.last_walk.is_some_and(|last| last.elapsed() < WALK_EVERY) {
            return Ok(());
        }
        if begins {
            self.last_walk = Some(Instant::now());
        }
        for _ in 0..SCANS_AT_ONCE {
            let mut scan = redis::cmd("SCAN");
            scan.arg(self.cursor).arg("COUNT").arg(SCAN_COUNT).arg("TYPE").arg("stream");
            let (cursor, found): (u64, Vec<Vec<u8>>) = redis.query(&scan).await?;
            // a name that is not text cannot be shown or asked for by anybody here
            self.names.extend(found.into_iter().filter_map(|name| String::from_utf8(name).ok()));
            self.cursor = cursor;
            if cursor == 0 {
                self.small = begins;
                return Ok(());
            }
        }
        self.small = false;
        Ok(())
    }
}

/// Records fetched at once, and counted at most, of one dead-letter stream.
const PAGE: usize = 500;
const COUNT_AT_MOST: usize = 5_000;

/// How many dead letters each group has. Counted anew only when the dead-letter stream has changed.
#[derive(Default)]
pub(super) struct Graves(HashMap<String, Counted>);

struct Counted {
    length: u64,
    last_id: EntryId,
    by_group: HashMap<String, u64>,
    complete: bool,
}

impl Graves {
    /// Brings the count of a stream's dead letters up to date; `None` = there are none.
    pub(super) async fn refresh(
        &mut self,
        redis: &Redis,
        stream: &str,
        facts: Option<&StreamFacts>,
    ) -> Result<(), Error> {
        let Some(facts) = facts else {
            self.0.remove(stream);
            return Ok(());
        };
        let (length, last_id) = (facts.length, facts.last_id);
        if self.0.get(stream).is_some_and(|known| known.length == length && known.last_id == last_id) {
            return Ok(());
        }
        // only additions: count those; anything else: count all
        let known = self.0.remove(stream).filter(|known| known.complete && known.length < length);
        let (mut from, mut by_group, mut count) = match known {
            Some(known) => (Some(known.last_id), known.by_group, known.length),
            None => (None, HashMap::new(), 0),
        };
        let name = keys::dead_letter_stream(stream);
        let mut complete = false;
        for _ in 0..COUNT_AT_MOST / PAGE {
            let page = inspect::range(redis, &name, from, true, PAGE).await?;
            let at_end = page.len() < PAGE;
            count += page.len() as u64;
            from = page.last().map(|raw| raw.id).or(from);
            for raw in page {
                *by_group.entry(Record::read(stream, raw).provenance.group).or_default() += 1;
            }
            if at_end {
                complete = true;
                break;
            }
        }
        // added to or taken from meanwhile: told as it is, and counted again at the next look
        let length = if complete && count != length { u64::MAX } else { length };
        self.0.insert(stream.to_owned(), Counted { length, last_id, by_group, complete });
        Ok(())
    }

    pub(super) fn of(&self, stream: &str, group: &str) -> Figure {
        let Some(counted) = self.0.get(stream) else { return Figure::Exact(0) };
        let count = counted.by_group.get(group).copied().unwrap_or(0);
        if counted.complete { Figure::Exact(count) } else { Figure::AtLeast(count) }
    }
}

/// The server's own figures, from the text of INFO and the answer of TIME.
pub(super) fn facts(info: &str) -> domain::stream::RedisFacts {
    let values: HashMap<&str, &str> = info.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
    let text = |name: &str| values.get(name).copied().unwrap_or_default().to_owned();
    let number = |name: &str| values.get(name).and_then(|value| value.parse().ok()).unwrap_or(0);
    let valkey = values.get("server_name").is_some_and(|name| *name == "valkey");
    domain::stream::RedisFacts {
        version: text(if valkey { "valkey_version" } else { "redis_version" }),
        product: if valkey { "valkey" } else { "redis" }.to_owned(),
        mode: text(if valkey { "server_mode" } else { "redis_mode" }),
        used_memory_bytes: number("used_memory"),
        max_memory_bytes: number("maxmemory"),
        eviction_policy: text("maxmemory_policy"),
        evicted_keys: number("evicted_keys"),
        connected_clients: number("connected_clients"),
        uptime_seconds: number("uptime_in_seconds"),
    }
}

/// Milliseconds since 1970 by the server's clock.
pub(super) fn server_time_ms(answer: &Value) -> Result<u64, Error> {
    let (seconds, micros): (u64, u64) = redis::from_redis_value_ref(answer)?;
    Ok(seconds * 1_000 + micros / 1_000)
}
