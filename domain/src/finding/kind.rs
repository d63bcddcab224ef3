//! The kinds of findings: the table of `docs/detectors.md`, which a test holds equal to this one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    UnreadTrimmed,
    BodyLost,
    StreamRestarted,
    StreamGone,
    GroupGone,
    GroupMovedBack,
    RedisRestarted,
    RedisFailedOver,
    RedisReadOnly,
    Evicted,
    Eviction,
    MemoryFull,
    ReplicaLost,
    ReplicaSilent,
    PendingVanished,
    PendingUnattended,
    DeliveredTooOften,
    TakenFromTheLiving,
    ConsumersLeftBehind,
    AskedInVain,
    NoDeadLetters,
    LagUnknown,
    LagCorrected,
    Released,
    ReplicasNotAwaited,
    NeverTrimmed,
}

/// A kind in words.
pub(super) struct Row {
    name: &'static str,
    title: &'static str,
    /// Its numbers in the catalogue of faults.
    faults: &'static str,
    looked_at: &'static str,
    statuses: &'static str,
    runbook: &'static str,
    action: &'static str,
}

impl Kind {
    pub const ALL: [Self; 26] = [
        Self::UnreadTrimmed,
        Self::BodyLost,
        Self::StreamRestarted,
        Self::StreamGone,
        Self::GroupGone,
        Self::GroupMovedBack,
        Self::RedisRestarted,
        Self::RedisFailedOver,
        Self::RedisReadOnly,
        Self::Evicted,
        Self::Eviction,
        Self::MemoryFull,
        Self::ReplicaLost,
        Self::ReplicaSilent,
        Self::PendingVanished,
        Self::PendingUnattended,
        Self::DeliveredTooOften,
        Self::TakenFromTheLiving,
        Self::ConsumersLeftBehind,
        Self::AskedInVain,
        Self::NoDeadLetters,
        Self::LagUnknown,
        Self::LagCorrected,
        Self::Released,
        Self::ReplicasNotAwaited,
        Self::NeverTrimmed,
    ];

    /// As it is in JSON, in addresses and in labels.
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// As a person says it, in a few words.
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// What is looked at to recognise it.
    pub const fn looked_at(self) -> &'static str {
        self.row().looked_at
    }

    /// The page that says what to do.
    pub const fn runbook(self) -> &'static str {
        self.row().runbook
    }

    /// The line of `docs/detectors.md`.
    pub fn documented(self) -> String {
        let Row { name, title, faults, looked_at, statuses, runbook, action } = self.row();
        format!(
            "| {title} (`{name}`) | {faults} | {looked_at} | {statuses} | [{runbook}](runbooks/{runbook}.md) | {action} |"
        )
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    const fn row(self) -> Row {
        const fn row(
            name: &'static str,
            title: &'static str,
            faults: &'static str,
            statuses: &'static str,
            runbook: &'static str,
            [looked_at, action]: [&'static str; 2],
        ) -> Row {
            Row { name, title, faults, looked_at, statuses, runbook, action }
        }
        match self {
            Self::UnreadTrimmed => row(
                "unread_trimmed",
                "Trimmed unread",
                "F4",
                "bad, 1 h; unknown where nobody saw it",
                "entries-lost",
                [
                    "the first entry lies after the last delivered one, and fewer are unread than were and came",
                    "look at what is left",
                ],
            ),
            Self::BodyLost => row(
                "body_lost",
                "Body lost",
                "F5",
                "bad",
                "body-lost",
                [
                    "ids among the ten oldest pending ones before the first entry, or deleted",
                    "preview: move to the dead letters",
                ],
            ),
            Self::StreamRestarted => row(
                "stream_restarted",
                "Stream began again",
                "F7, F9, F18",
                "bad, 1 h",
                "data-gone",
                ["the last id, or the count of entries ever added, went back", "read the runbook"],
            ),
            Self::StreamGone => row(
                "stream_gone",
                "Stream gone",
                "F7, F8, F18",
                "warn, 1 h or until it is back",
                "data-gone",
                ["a stream with groups is not there any more", "read the runbook"],
            ),
            Self::GroupGone => row(
                "group_gone",
                "Group gone",
                "F7",
                "warn, 1 h or until it is back",
                "data-gone",
                ["a group is not there any more, and its stream is", "read the runbook"],
            ),
            Self::GroupMovedBack => row(
                "group_moved_back",
                "Group moved back",
                "F7, F9",
                "warn, 1 h",
                "data-gone",
                ["the last delivered id went back", "preview: move the group"],
            ),
            Self::RedisRestarted => row(
                "redis_restarted",
                "Redis restarted",
                "F7",
                "warn, 1 h",
                "redis-restarted",
                ["`run_id` changed, and the server is younger than the last look", "read the runbook"],
            ),
            Self::RedisFailedOver => row(
                "redis_failed_over",
                "Another Redis answers",
                "F9",
                "warn, 1 h",
                "redis-restarted",
                ["`run_id` changed, and the server is older than the last look", "read the runbook"],
            ),
            Self::RedisReadOnly => row(
                "redis_read_only",
                "Redis is a replica",
                "F9",
                "bad",
                "replication",
                ["`role` is `slave`", "read the runbook"],
            ),
            Self::Evicted => row(
                "evicted",
                "Keys evicted",
                "F8",
                "bad, 1 h",
                "redis-memory",
                ["`evicted_keys` grew", "read the runbook"],
            ),
            Self::Eviction => row(
                "eviction",
                "Eviction",
                "F8",
                "warn; idle where it cannot take a stream now",
                "redis-memory",
                ["`maxmemory-policy` and `maxmemory`", "read the runbook"],
            ),
            Self::MemoryFull => row(
                "memory_full",
                "Memory nearly full",
                "F8",
                "bad from 90 %, until 85 %",
                "redis-memory",
                ["`used_memory` of `maxmemory`, where nothing is evicted", "read the runbook"],
            ),
            Self::ReplicaLost => row(
                "replica_lost",
                "Replica gone",
                "F9",
                "warn, 1 h",
                "replication",
                ["fewer replicas are connected to the same server than were", "read the runbook"],
            ),
            Self::ReplicaSilent => row(
                "replica_silent",
                "Replica silent",
                "F9",
                "warn",
                "replication",
                ["a connected replica was not heard of for 10 s (`lag` in `INFO replication`)", "read the runbook"],
            ),
            Self::PendingVanished => row(
                "pending_vanished",
                "Pending vanished",
                "F11",
                "unknown, 1 h",
                "pending-vanished",
                ["a silent consumer is gone within one look, and what it held pends nowhere", "look at the entries"],
            ),
            Self::PendingUnattended => row(
                "pending_unattended",
                "Nobody tries again",
                "F13",
                "warn",
                "entry-stuck",
                ["entries among the ten oldest pending ones that were last delivered over 5 min ago", "preview: claim"],
            ),
            Self::DeliveredTooOften => row(
                "delivered_too_often",
                "Poison",
                "F16",
                "warn",
                "poison",
                [
                    "entries among the ten oldest pending ones with 10 deliveries or more, or marked fatal",
                    "preview: move to the dead letters",
                ],
            ),
            Self::TakenFromTheLiving => row(
                "taken_from_the_living",
                "Taken from a live consumer",
                "F14",
                "warn, 15 min; unknown where it may have been started anew",
                "taken-too-early",
                [
                    "a pending entry changed hands within a minute of its delivery, and its first owner worked on after that",
                    "look at what pends",
                ],
            ),
            Self::ConsumersLeftBehind => row(
                "consumers_left_behind",
                "Consumers left behind",
                "F12",
                "warn",
                "consumers-left-behind",
                [
                    "10 or more consumers of a group, idle for 1 h with nothing pending (24 h before 7.2, which tells less: F17)",
                    "read the runbook",
                ],
            ),
            Self::AskedInVain => row(
                "asked_in_vain",
                "Asks and gets nothing",
                "F17",
                "warn",
                "asked-in-vain",
                [
                    "entries wait for over a minute, and whoever asks for entries was given none for as long (7.2 and later)",
                    "read the runbook",
                ],
            ),
            Self::NoDeadLetters => row(
                "no_dead_letters",
                "No dead letters possible",
                "F19",
                "warn",
                "no-dead-letters",
                ["in a cluster, a name with a `}` and no hash tag: nothing else lies in its slot", "read the runbook"],
            ),
            Self::LagUnknown => row(
                "lag_unknown",
                "Lag unknown",
                "F1, F3",
                "unknown",
                "lag-unknown",
                [
                    "the lag cannot be told, or only a lower bound of it, or Redis does not let us look",
                    "read the runbook",
                ],
            ),
            Self::LagCorrected => row(
                "lag_corrected",
                "Lag corrected",
                "F2",
                "unknown",
                "lag-unknown",
                [
                    "`lag` of XINFO and a count of the entries after the last delivered one differ, at two looks",
                    "read the runbook",
                ],
            ),
            Self::Released => row(
                "released",
                "Released entries wait",
                "F16",
                "idle",
                "entry-stuck",
                ["entries among the ten oldest pending ones that belong to nobody, at two looks", "look at what pends"],
            ),
            Self::ReplicasNotAwaited => row(
                "replicas_not_awaited",
                "Replicas are not awaited",
                "F9",
                "idle",
                "replication",
                ["there are replicas, and `min-replicas-to-write` is 0", "read the runbook"],
            ),
            Self::NeverTrimmed => row(
                "never_trimmed",
                "Never trimmed",
                "F6",
                "idle",
                "never-trimmed",
                ["a million entries or more, and as many as were ever added", "read the runbook"],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kinds_are_in_json_what_they_are_called_in_addresses() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("json"), kind.as_str());
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(BTreeSet::from(Kind::ALL).len(), Kind::ALL.len());
    }

    #[test]
    fn the_table_of_detectors_is_what_the_code_says() {
        let documented: BTreeSet<&str> =
            include_str!("../../../docs/detectors.md").lines().filter(|line| line.contains("](runbooks/")).collect();
        let rows: Vec<String> = Kind::ALL.into_iter().map(Kind::documented).collect();
        let rows: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
        let missing: Vec<_> = rows.difference(&documented).collect();
        let gone: Vec<_> = documented.difference(&rows).collect();
        assert!(missing.is_empty() && gone.is_empty(), "docs/detectors.md\nlacks {missing:#?}\nand has {gone:#?}");
    }
}
