//! What the consumers in this process did. There are as many as the program runs: none is left out.

use streams::metrics::GroupTotals;

use super::family::{Family, Kind, Subject, Value, count, yes};

impl Subject for GroupTotals {
    const LABELS: &'static [&'static str] = &["stream", "group"];

    fn labels(&self) -> Vec<&str> {
        vec![&self.stream, &self.group]
    }
}

pub(super) const FAMILIES: &[Family<GroupTotals>] = &[
    Family {
        name: "dsm_consumer_handled_entries_total",
        kind: Kind::Counter,
        unit: "entries",
        help: "Entries that the consumers in this process handled.",
        read: |group, _| Some(count(group.totals.handled)),
    },
    Family {
        name: "dsm_consumer_failed_attempts_total",
        kind: Kind::Counter,
        unit: "attempts",
        help: "Attempts of the consumers in this process that failed. An entry can fail several times; an outage of a database \
               is no failure.",
        read: |group, _| Some(count(group.totals.failed)),
    },
    Family {
        name: "dsm_consumer_dead_lettered_entries_total",
        kind: Kind::Counter,
        unit: "entries",
        help: "Entries that the consumers in this process gave up on and moved to the dead letters.",
        read: |group, _| Some(count(group.totals.dead_lettered)),
    },
    Family {
        name: "dsm_consumer_attempt_duration_seconds",
        kind: Kind::Histogram,
        unit: "seconds",
        help: "How long attempts took that ended, handled or failed. Entries handled together each took the time of all.",
        read: |group, _| Some(Value::Times(group.totals.times.clone())),
    },
    Family {
        name: "dsm_consumer_paused",
        kind: Kind::Gauge,
        unit: "0 or 1",
        help: "1 while an operator holds the consumers of the group in this process.",
        read: |group, _| Some(yes(group.paused)),
    },
];
