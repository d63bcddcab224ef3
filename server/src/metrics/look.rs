//! The look at Redis itself: all other figures are as old as it is.

use streams::metrics::Looks;

use super::family::{Family, Kind, Subject, count, seconds, yes};

#[derive(Debug)]
pub(super) struct Look {
    pub(super) up: bool,
    pub(super) looks: Looks,
    pub(super) streams_left_out: usize,
    pub(super) groups_left_out: usize,
}

impl Subject for Look {
    const LABELS: &'static [&'static str] = &[];

    fn labels(&self) -> Vec<&str> {
        Vec::new()
    }
}

pub(super) const FAMILIES: &[Family<Look>] = &[
    Family {
        name: "dsm_redis_up",
        kind: Kind::Gauge,
        unit: "0 or 1",
        help: "1 where the newest look at Redis succeeded. While it is 0, figures of streams, groups and Redis are those of the \
               last look that did.",
        read: |look, _| Some(yes(look.up)),
    },
    Family {
        name: "dsm_look_age_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "Time since the last look at Redis that succeeded: the age of the figures of streams, groups and Redis. Absent \
               until there was one.",
        read: |look, _| look.looks.newest.map(|newest| seconds(newest.elapsed())),
    },
    Family {
        name: "dsm_look_duration_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "How long the last look at Redis took that succeeded. Absent until there was one.",
        read: |look, _| look.looks.newest.map(|_| seconds(look.looks.took)),
    },
    Family {
        name: "dsm_looks_total",
        kind: Kind::Counter,
        unit: "looks",
        help: "Looks at Redis that succeeded.",
        read: |look, _| Some(count(look.looks.succeeded)),
    },
    Family {
        name: "dsm_look_failures_total",
        kind: Kind::Counter,
        unit: "looks",
        help: "Looks at Redis that failed.",
        read: |look, _| Some(count(look.looks.failed)),
    },
    Family {
        name: "dsm_streams_left_out",
        kind: Kind::Gauge,
        unit: "streams",
        help: "Streams that have no samples here because there are more than --metrics-groups allows. Absent until Redis was \
               looked at.",
        read: |look, _| look.looks.newest.map(|_| count(look.streams_left_out as u64)),
    },
    Family {
        name: "dsm_groups_left_out",
        kind: Kind::Gauge,
        unit: "groups",
        help: "Groups that have no samples here because there are more than --metrics-groups allows; those told are the worst. \
               Absent until Redis was looked at.",
        read: |look, _| look.looks.newest.map(|_| count(look.groups_left_out as u64)),
    },
];
