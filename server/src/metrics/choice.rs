//! Which streams and groups are told where there are too many. Every name costs Prometheus memory for hours, and names are
//! chosen by strangers: a program that makes a stream for each of its customers must not bring the monitoring down.

use std::collections::HashSet;

use domain::stream::{GroupSample, Snapshot, StreamSample};

pub(super) struct Choice<'a> {
    /// By name.
    pub(super) streams: Vec<&'a StreamSample>,
    /// By stream and name.
    pub(super) groups: Vec<&'a GroupSample>,
    pub(super) streams_left_out: usize,
    pub(super) groups_left_out: usize,
}

/// At most `most` groups, the worst first, and at most as many streams: those of these groups, then the others by name.
pub(super) fn choose(snapshot: &Snapshot, most: usize) -> Choice<'_> {
    let mut groups = snapshot.groups_worst_first();
    let groups_left_out = groups.len().saturating_sub(most);
    groups.truncate(most);
    // never more than `groups`, so that each of these has its stream
    let of_groups: HashSet<&str> = groups.iter().map(|group| group.stream.as_str()).collect();
    let mut places_of_others = most.saturating_sub(of_groups.len());
    let streams: Vec<_> = snapshot
        .streams
        .iter()
        .filter(|stream| {
            if of_groups.contains(stream.name.as_str()) {
                return true;
            }
            let has_place = places_of_others > 0;
            places_of_others = places_of_others.saturating_sub(1);
            has_place
        })
        .collect();
    groups.sort_by(|a, b| (&a.stream, &a.name).cmp(&(&b.stream, &b.name)));
    Choice { streams_left_out: snapshot.streams.len() - streams.len(), groups_left_out, streams, groups }
}
