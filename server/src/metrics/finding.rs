//! What is found, a sample for each kind.

use domain::finding::{Found, Kind as FindingKind};

use super::family::{Family, Kind, Subject, count};

/// A kind, and how many findings of it there are.
pub(super) struct OfKind {
    kind: FindingKind,
    count: u64,
}

impl Subject for OfKind {
    const LABELS: &'static [&'static str] = &["kind"];

    fn labels(&self) -> Vec<&str> {
        vec![self.kind.as_str()]
    }
}

pub(super) fn by_kind(found: &Found) -> Vec<OfKind> {
    let count = |kind| found.findings.iter().filter(|finding| finding.kind == kind).count() as u64;
    FindingKind::ALL.into_iter().map(|kind| OfKind { kind, count: count(kind) }).collect()
}

pub(super) const FAMILIES: &[Family<OfKind>] = &[Family {
    name: "dsm_findings",
    kind: Kind::Gauge,
    unit: "findings",
    help: "Findings of the kind, of those told: ways in which Redis Streams fail without an error (docs/detectors.md). 0 where \
           there is none. Absent until Redis was looked at.",
    read: |of_kind, _| Some(count(of_kind.count)),
}];
