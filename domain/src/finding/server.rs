//! The servers: started anew, replaced, without replicas, without memory (F7, F8, F9).

use std::{collections::HashMap, time::Duration};

use super::{
    Kind, Limits, ServerFacts,
    symptom::{Course, Symptom, TOLD_FOR},
};
use crate::{
    Status,
    figure::grouped,
    stream::{RedisFacts, Snapshot},
    time::humane,
};

/// A server that says it is so much older than the last look was, was not started since: uptimes are whole seconds.
const UPTIME_SLACK: Duration = Duration::from_secs(2);
/// Percent of the memory limit: from here on it is nearly full …
const FULL_FROM: u64 = 90;
/// … and is so until it is below this.
const FULL_UNTIL: u64 = 85;

pub(super) fn symptoms(before: Option<&Snapshot>, now: &Snapshot, limits: &Limits) -> Vec<Symptom> {
    let mut found = Vec::new();
    if let Some(before) = before {
        found.extend(replaced(before, now));
        found.extend(evicted(&before.redis, &now.redis));
        found.extend(replica_lost(&before.redis, &now.redis));
    }
    found.extend(policy(&now.redis));
    found.extend(replication(&now.redis, limits));
    found
}

/// A server answers that did not before, and one does not any more.
fn replaced(before: &Snapshot, now: &Snapshot) -> Option<Symptom> {
    let is_known = |servers: &[ServerFacts], run_id: &str| servers.iter().any(|server| server.run_id == run_id);
    let told = |server: &&ServerFacts| !server.run_id.is_empty();
    let new = now.redis.servers.iter().filter(told).find(|server| !is_known(&before.redis.servers, &server.run_id))?;
    before.redis.servers.iter().filter(told).find(|server| !is_known(&now.redis.servers, &server.run_id))?;
    let span = now.at.since(before.at);
    let symptom = if Duration::from_secs(new.uptime_seconds) <= span + UPTIME_SLACK {
        Symptom::new(
            Kind::RedisRestarted,
            Status::Warn,
            &format!("Redis was started anew at about {}", now.at.clock()),
            "What it had not written to its disk is gone: entries, groups, and what groups had acknowledged",
        )
    } else {
        Symptom::new(
            Kind::RedisFailedOver,
            Status::Warn,
            &format!("Since about {} another Redis answers than before, as after a failover", now.at.clock()),
            "Replication is asynchronous: entries and acknowledgements that Redis had confirmed may be lost",
        )
    };
    Some(symptom.course(Course::Happened(TOLD_FOR)))
}

/// Keys that the same server has evicted since.
fn evicted(before: &RedisFacts, now: &RedisFacts) -> Option<Symptom> {
    let grown =
        same_servers(before, now).map(|(was, is)| is.evicted_keys.saturating_sub(was.evicted_keys)).sum::<u64>();
    (grown > 0).then(|| {
        Symptom::new(
            Kind::Evicted,
            Status::Bad,
            &format!("Redis has evicted {} keys by its policy {}", grouped(now.evicted_keys), now.eviction_policy),
            "A stream that is evicted is gone with its groups, and nobody is told",
        )
        .course(Course::Happened(TOLD_FOR))
    })
}

/// What the policy can do to streams.
fn policy(now: &RedisFacts) -> Option<Symptom> {
    let dangerous = |server: &&ServerFacts| !["", "noeviction"].contains(&server.eviction_policy.as_str());
    let worst = now
        .servers
        .iter()
        .filter(dangerous)
        .max_by_key(|server| (server.max_memory_bytes > 0, server.eviction_policy.starts_with("allkeys")))?;
    let policy = &worst.eviction_policy;
    let evicted = match now.evicted_keys {
        0 => String::new(),
        n => format!(", and {} keys were evicted since Redis was started", grouped(n)),
    };
    let what = format!("The policy for a full memory is {policy}{evicted}");
    Some(match (policy.starts_with("allkeys"), worst.max_memory_bytes) {
        (true, 1..) => Symptom::new(
            Kind::Eviction,
            Status::Warn,
            &what,
            "When memory is full, Redis deletes whole streams with their groups, without a trace",
        ),
        (true, 0) => Symptom::new(
            Kind::Eviction,
            Status::Idle,
            &format!("{what}, and memory has no limit"),
            "It does nothing until somebody sets maxmemory, and can delete whole streams from then on",
        ),
        (false, _) => Symptom::new(
            Kind::Eviction,
            Status::Idle,
            &what,
            "Streams that were given an expiry can be deleted when memory is full; the others are safe",
        ),
    })
}

/// Memory near its limit where nothing is evicted to make room; `was` = it was so at the last look.
pub(super) fn memory(now: &Snapshot, was: bool) -> Option<Symptom> {
    let line = if was { FULL_UNTIL } else { FULL_FROM };
    let percent =
        |server: &ServerFacts| server.used_memory_bytes.saturating_mul(100).checked_div(server.max_memory_bytes);
    let fullest = now
        .redis
        .servers
        .iter()
        // where keys of all kinds are evicted, memory is full by intent
        .filter(|server| !server.eviction_policy.starts_with("allkeys"))
        .filter_map(percent)
        .max()
        .filter(|percent| *percent >= line)?;
    Some(Symptom::new(
        Kind::MemoryFull,
        Status::Bad,
        &format!("Redis uses {fullest} % of the memory that it may use"),
        "When it is full, it takes no entry from anybody: XADD fails",
    ))
}

/// Fewer replicas than before at the same server.
fn replica_lost(before: &RedisFacts, now: &RedisFacts) -> Option<Symptom> {
    let (was, is) = same_servers(before, now).find(|(was, is)| is.replicas < was.replicas)?;
    Some(
        Symptom::new(
            Kind::ReplicaLost,
            Status::Warn,
            &format!("{} of {} replicas are left", is.replicas, was.replicas),
            "What is written now is lost if this server is, or if one that has less is promoted",
        )
        .course(Course::Happened(TOLD_FOR)),
    )
}

fn replication(now: &RedisFacts, limits: &Limits) -> Vec<Symptom> {
    let mut found = Vec::new();
    if now.servers.iter().any(|server| server.is_replica) {
        found.push(Symptom::new(
            Kind::RedisReadOnly,
            Status::Bad,
            "The server is a replica: it repeats another one",
            "It refuses what is written to it, so nothing can be published or acknowledged here",
        ));
    }
    let silence = |server: &ServerFacts| server.replica_silent_seconds.map(Duration::from_secs);
    if let Some(silence) = now.servers.iter().filter_map(silence).max().filter(|s| *s >= limits.replica_silent) {
        found.push(Symptom::new(
            Kind::ReplicaSilent,
            Status::Warn,
            &format!("A replica has not been heard of for {}", humane(silence)),
            "If it is promoted, entries and acknowledgements of that time are lost",
        ));
    }
    if now.servers.iter().any(|server| server.replicas > 0 && !server.needs_replicas) {
        found.push(Symptom::new(
            Kind::ReplicasNotAwaited,
            Status::Idle,
            "There are replicas, and min-replicas-to-write is 0",
            "A server that has lost them goes on taking entries, which are gone when one of them is promoted",
        ));
    }
    found
}

/// Servers of both looks, as they were and as they are.
fn same_servers<'a>(
    before: &'a RedisFacts,
    now: &'a RedisFacts,
) -> impl Iterator<Item = (&'a ServerFacts, &'a ServerFacts)> {
    let were: HashMap<&str, &ServerFacts> =
        before.servers.iter().map(|server| (server.run_id.as_str(), server)).collect();
    now.servers.iter().filter_map(move |server| Some((*were.get(server.run_id.as_str())?, server)))
}
