//! The Redis server; of a cluster, its masters in sum.

use std::time::Duration;

use domain::stream::RedisFacts;

use super::family::{Family, Kind, Subject, Value, count, seconds};

impl Subject for RedisFacts {
    const LABELS: &'static [&'static str] = &[];

    fn labels(&self) -> Vec<&str> {
        Vec::new()
    }
}

pub(super) const FAMILIES: &[Family<RedisFacts>] = &[
    Family {
        name: "dsm_redis_memory_used_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        help: "Memory that Redis has in use.",
        read: |facts, _| Some(count(facts.used_memory_bytes)),
    },
    Family {
        name: "dsm_redis_memory_max_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        help: "Memory that Redis may use. Absent where it has no limit.",
        read: |facts, _| Some(facts.max_memory_bytes).filter(|limit| *limit > 0).map(count),
    },
    Family {
        name: "dsm_redis_evicted_keys_total",
        kind: Kind::Counter,
        unit: "keys",
        help: "Keys that Redis deleted to stay below its memory limit since it was started. A stream may have been one.",
        read: |facts, _| Some(count(facts.evicted_keys)),
    },
    Family {
        name: "dsm_redis_connected_clients",
        kind: Kind::Gauge,
        unit: "clients",
        help: "Connections that Redis has.",
        read: |facts, _| Some(count(facts.connected_clients)),
    },
    Family {
        name: "dsm_redis_uptime_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "Time since Redis was started.",
        read: |facts, _| Some(seconds(Duration::from_secs(facts.uptime_seconds))),
    },
];

/// What Redis says of itself in words. They are labels of a sample of their own, so that a new version does not begin all
/// other samples anew.
pub(super) struct Words(pub(super) RedisFacts);

impl Subject for Words {
    const LABELS: &'static [&'static str] = &["version", "product", "mode", "eviction_policy"];

    fn labels(&self) -> Vec<&str> {
        let RedisFacts { version, product, mode, eviction_policy, .. } = &self.0;
        vec![version, product, mode, eviction_policy]
    }
}

pub(super) const WORDS: &[Family<Words>] = &[Family {
    name: "dsm_redis_info",
    kind: Kind::Info,
    unit: "1",
    help: "What kind of server it is. An eviction policy other than noeviction can delete whole streams.",
    read: |_, _| Some(Value::Number(1.0)),
}];
