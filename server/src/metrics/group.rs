//! Consumer groups, of whatever program.

use std::time::Duration;

use domain::stream::GroupSample;

use super::family::{Family, Kind, Subject, count, figure, is_exact, seconds};

impl Subject for GroupSample {
    const LABELS: &'static [&'static str] = &["stream", "group"];

    fn labels(&self) -> Vec<&str> {
        vec![&self.stream, &self.name]
    }
}

pub(super) const FAMILIES: &[Family<GroupSample>] = &[
    Family {
        name: "dsm_group_lag_entries",
        kind: Kind::Gauge,
        unit: "entries",
        help: "Entries not yet delivered to the group, checked against the stream. A lower bound where \
               dsm_group_lag_exact is 0; absent where nobody can know it.",
        read: |group, _| figure(&group.lag),
    },
    Family {
        name: "dsm_group_lag_exact",
        kind: Kind::Gauge,
        unit: "0 or 1",
        help: "1 where dsm_group_lag_entries is the exact figure, 0 where it is a lower bound or absent.",
        read: |group, _| Some(is_exact(&group.lag)),
    },
    Family {
        name: "dsm_group_behind_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "Age of the oldest entry not yet delivered to the group, by its id; 0 where nothing waits. Absent where it is \
               not known.",
        read: |group, _| group.behind_ms.map(Duration::from_millis).map(seconds),
    },
    Family {
        name: "dsm_group_pending_entries",
        kind: Kind::Gauge,
        unit: "entries",
        help: "Entries delivered to the group and not acknowledged.",
        read: |group, _| Some(count(group.pending)),
    },
    Family {
        name: "dsm_group_oldest_pending_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "Time since the oldest pending entry was added, by its id. Absent while nothing is pending.",
        read: |group, _| group.oldest_pending_ms.map(Duration::from_millis).map(seconds),
    },
    Family {
        name: "dsm_group_consumers",
        kind: Kind::Gauge,
        unit: "consumers",
        help: "Consumers that the group knows, whether they live or not.",
        read: |group, _| Some(count(group.consumers.len() as u64)),
    },
    Family {
        name: "dsm_group_entries_read_total",
        kind: Kind::Counter,
        unit: "entries",
        help: "Entries delivered to the group, as Redis counts them. Absent where Redis has lost count; falls where the group \
               is moved back.",
        read: |group, _| group.entries_read.map(count),
    },
    Family {
        name: "dsm_group_dead_letters",
        kind: Kind::Gauge,
        unit: "records",
        help: "Records of the group in the dead-letter stream. A lower bound where dsm_group_dead_letters_exact is 0.",
        read: |group, _| figure(&group.dead_letters),
    },
    Family {
        name: "dsm_group_dead_letters_exact",
        kind: Kind::Gauge,
        unit: "0 or 1",
        help: "1 where dsm_group_dead_letters is the exact figure, 0 where it is a lower bound or absent.",
        read: |group, _| Some(is_exact(&group.dead_letters)),
    },
];
