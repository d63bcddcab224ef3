//! Adds up what several processes measured of one group. Percentiles are read off the sum of the histograms: a mean of
//! percentiles would be the percentile of nothing.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use domain::{
    latency::{EventType, ProcessReport, TypeHandling},
    stream::Handling,
};

use crate::{
    heartbeat::TypeRecord,
    metrics::{Measured, TYPES},
};

/// What one process measured.
pub(crate) struct Account<'a> {
    pub(crate) report: ProcessReport,
    pub(crate) types: Types<'a>,
}

/// Where its figures are: in memory, or as they came in its record. Those are unpacked one at a time, as whoever writes
/// records may try how much memory that takes.
pub(crate) enum Types<'a> {
    Here(&'a [(EventType, Measured)]),
    Told(&'a [TypeRecord]),
}

impl Types<'_> {
    fn each(&self, mut see: impl FnMut(&EventType, u64)) {
        match self {
            Self::Here(types) => types.iter().for_each(|(name, measured)| see(name, measured.weight())),
            Self::Told(types) => types.iter().for_each(|told| see(&told.event_type, told.weight())),
        }
    }

    fn add_to(&self, mut sum: impl FnMut(&EventType, &Measured)) {
        match self {
            Self::Here(types) => types.iter().for_each(|(name, measured)| sum(name, measured)),
            Self::Told(types) => types.iter().for_each(|told| sum(&told.event_type, &told.measured())),
        }
    }
}

/// `None` where nobody measured.
pub(crate) fn sum(mut accounts: Vec<Account<'_>>) -> Option<Handling> {
    if accounts.is_empty() {
        return None;
    }
    accounts.sort_by(|a, b| (!a.report.here, &a.report.instance).cmp(&(!b.report.here, &b.report.instance)));
    let own = own_places(&accounts);
    let mut sums: BTreeMap<EventType, Measured> = BTreeMap::new();
    for account in &accounts {
        account.types.add_to(|name, measured| {
            let name = if own.contains(name) { name } else { &EventType::Others };
            match sums.get_mut(name) {
                Some(sum) => sum.add(measured),
                None => drop(sums.insert(name.clone(), measured.clone())),
            }
        });
    }
    let mut all = Measured::nothing();
    for measured in sums.values() {
        all.add(measured);
    }
    let times = all.handler.percentiles();
    let types: Vec<TypeHandling> = sums.into_iter().map(|(name, measured)| measured.told(name)).collect();
    let reports: Vec<ProcessReport> = accounts.into_iter().map(|account| account.report).collect();
    let here = reports.first().filter(|report| report.here);
    let mut handling = Handling {
        handled: all.handled,
        failed: all.failed,
        dead_lettered: all.dead_lettered,
        p50_ms: times.p50_ms,
        p95_ms: times.p95_ms,
        p99_ms: times.p99_ms,
        paused: here.is_some_and(|here| here.paused),
        here: here.is_some(),
        types,
        reports,
    };
    if !handling.here {
        handling.paused = handling.held_everywhere();
    }
    Some(handling)
}

/// The types that are told by themselves: each process has so many places, and the sum has no more.
fn own_places(accounts: &[Account<'_>]) -> HashSet<EventType> {
    let mut weights: HashMap<EventType, u64> = HashMap::new();
    for account in accounts {
        account.types.each(|name, weight| {
            if let EventType::Named(_) = name {
                let sum = weights.entry(name.clone()).or_default();
                *sum = sum.saturating_add(weight);
            }
        });
    }
    let mut named: Vec<_> = weights.into_iter().collect();
    named.sort_by(|(a, of_a), (b, of_b)| (Reverse(of_a), a).cmp(&(Reverse(of_b), b)));
    named.into_iter().take(TYPES).map(|(name, _)| name).chain([EventType::Malformed]).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::How;

    fn report(instance: &str, here: bool, paused: bool) -> ProcessReport {
        let (started_at, at) = (Timestamp::default(), Timestamp::default());
        ProcessReport { instance: instance.to_owned(), version: String::new(), started_at, at, here, paused }
    }

    fn measured(times_us: &[u64]) -> Measured {
        let mut measured = Measured::nothing();
        for time in times_us {
            measured.count(How::Handled);
            measured.handler.record(Duration::from_micros(*time));
        }
        measured
    }

    fn named(n: usize) -> EventType {
        EventType::Named(format!("Type{n:03}"))
    }

    fn told(processes: &[Vec<(EventType, Measured)>]) -> Handling {
        let account = |types| Account { report: report("other", false, false), types: Types::Here(types) };
        sum(processes.iter().map(|types| account(types)).collect()).expect("somebody measured")
    }

    #[test]
    fn the_switch_here_counts_and_without_consumers_here_that_of_all() {
        let paused = |reports: Vec<ProcessReport>| {
            let accounts = reports.into_iter().map(|report| Account { report, types: Types::Here(&[]) });
            let handling = sum(accounts.collect()).expect("somebody measured");
            (handling.here, handling.paused)
        };
        assert!(sum(vec![]).is_none());
        assert_eq!(paused(vec![report("b", false, false), report("a", true, true)]), (true, true));
        assert_eq!(paused(vec![report("b", false, true), report("a", true, false)]), (true, false));
        assert_eq!(paused(vec![report("b", false, true), report("a", false, true)]), (false, true));
        assert_eq!(paused(vec![report("b", false, true), report("a", false, false)]), (false, false));
    }

    #[test]
    fn types_of_many_processes_have_no_more_places_than_those_of_one() {
        let processes: Vec<_> = (0..20)
            .map(|process| (0..TYPES).map(|n| (named(process * TYPES + n), measured(&[5]))).collect())
            .chain([vec![(named(500), measured(&[1, 2, 3]))]])
            .collect::<Vec<Vec<_>>>();
        let handling = told(&processes);
        assert_eq!(handling.types.len(), TYPES + 1);
        assert_eq!(handling.handled, 20 * TYPES as u64 + 3);
        assert_eq!(handling.types.iter().map(|one| one.handled).sum::<u64>(), handling.handled);
        assert!(handling.types.iter().any(|one| one.event_type == named(500)), "the one with most is told");
    }

    proptest! {
        #[test]
        fn the_figures_of_a_group_are_those_of_all_times_of_all_processes_together(
            times in prop::collection::vec(prop::collection::vec((0usize..4, 0u64..100_000_000), 0..60), 1..5),
        ) {
            let by_type = |times: &[(usize, u64)]| -> Vec<(EventType, Measured)> {
                let of = |n: usize| times.iter().filter(|(kind, _)| *kind == n).map(|(_, time)| *time).collect::<Vec<_>>();
                (0..4).map(|n| (named(n), measured(&of(n)))).filter(|(_, measured)| measured.weight() > 0).collect()
            };
            let merged = told(&times.iter().map(|times| by_type(times)).collect::<Vec<_>>());
            let one = told(&[by_type(&times.concat())]);
            prop_assert_eq!(&merged.types, &one.types);
            prop_assert_eq!((merged.p50_ms, merged.p95_ms, merged.p99_ms), (one.p50_ms, one.p95_ms, one.p99_ms));
        }
    }
}
