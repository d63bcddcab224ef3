//! In which order groups stand in a table, by the column that the address names.

use std::cmp::Ordering;

use domain::{
    Status,
    stream::{GroupSample, Snapshot},
};

/// The groups in the order of `?sort=`; figures begin with the largest, names with A, what is unknown comes last.
pub(crate) fn sorted<'a>(snapshot: &'a Snapshot, by: &str) -> Vec<&'a GroupSample> {
    let mut groups = snapshot.groups_worst_first();
    let key: fn(&GroupSample) -> Option<f64> = match by {
        "group" => {
            groups.sort_by(|a, b| a.name.cmp(&b.name));
            return groups;
        }
        "stream" => {
            groups.sort_by(|a, b| a.stream.cmp(&b.stream));
            return groups;
        }
        "lag" => |group| group.lag.lower_bound().map(|lag| lag as f64),
        "behind" => |group| group.behind_ms.map(|ms| ms as f64),
        "drained" => |group| group.drained_in_ms.map(|ms| ms as f64),
        "oldest" => |group| group.oldest_pending_ms.map(|ms| ms as f64),
        "pending" => |group| Some(group.pending as f64),
        "dead" => |group| group.dead_letters.lower_bound().map(|dead| dead as f64),
        "errors" => error_percent,
        "handled" => |group| group.handling.as_ref().map(|handling| handling.handled as f64),
        "p95" => |group| group.handling.as_ref().map(|handling| handling.p95_ms),
        _ => return groups,
    };
    groups.sort_by(|a, b| match (key(a), key(b)) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    groups
}

/// Whether a person should look at it.
pub(crate) fn is_problem(group: &GroupSample) -> bool {
    matches!(group.verdict.status, Status::Bad | Status::Warn | Status::Unknown)
}

/// Attempts that failed in the last minute; `None` where nothing was tried, or nobody measures.
pub(crate) fn error_percent(group: &GroupSample) -> Option<f64> {
    group.handling.as_ref().and_then(|handling| percent(handling.failed, handling.handled + handling.failed))
}

/// `part` of `whole` in per cent; `None` of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> Option<f64> {
    match whole.cmp(&0) {
        Ordering::Greater => Some(part as f64 * 100.0 / whole as f64),
        _ => None,
    }
}
