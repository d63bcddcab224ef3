//! The one sentence on top, and what needs a look beside the groups.

use std::time::Duration;

use domain::{Status, figure::grouped, health::OutboxState, stream::Snapshot, time::humane};
use leptos::prelude::*;

use super::load::Overview;
use crate::{address, clock, part::StatusWord};

/// Events of the outbox leave within a second; what waits longer is worth a look.
const OUTBOX_WARN: Duration = Duration::from_secs(10);

/// `11 groups on 6 streams: 1 falling behind, 2 behind, 8 keeping up.`
pub(super) fn lede(snapshot: &Snapshot) -> String {
    let streams = snapshot.streams.iter().filter(|stream| stream.source.is_none()).count();
    let mut counts: Vec<(Status, &str, usize)> = Vec::new();
    for verdict in snapshot.streams.iter().flat_map(|stream| &stream.groups).map(|group| &group.verdict) {
        match counts.iter_mut().find(|(_, word, _)| *word == verdict.word) {
            Some((.., count)) => *count += 1,
            None => counts.push((verdict.status, &verdict.word, 1)),
        }
    }
    counts.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let groups: usize = counts.iter().map(|(.., count)| count).sum();
    let plural =
        |count: usize, noun: &str| format!("{} {noun}{}", grouped(count as u64), if count == 1 { "" } else { "s" });
    let head = format!("{} on {}", plural(groups, "group"), plural(streams, "stream"));
    if counts.is_empty() {
        return format!("{head}.");
    }
    let list = counts.iter().map(|(_, word, count)| format!("{} {}", grouped(*count as u64), word.to_lowercase()));
    format!("{head}: {}.", list.collect::<Vec<_>>().join(", "))
}

/// Events that wait, a line for each service; nothing if none do. What is wrong with Redis are findings.
pub(super) fn alerts(overview: &Overview) -> Option<AnyView> {
    let lines: Vec<AnyView> = overview.scrum.outbox.iter().map(waiting).collect();
    (!lines.is_empty()).then(|| {
        view! {
            <section aria-labelledby="alerts">
                <h2 class="hidden-text" id="alerts">
                    "What else needs a look"
                </h2>
                <ul class="alert-list">{lines}</ul>
            </section>
        }
        .into_any()
    })
}

fn waiting(state: &OutboxState) -> AnyView {
    let age = state.oldest.map(|oldest| clock::now().since(oldest)).unwrap_or_default();
    let status = if age >= OUTBOX_WARN { Status::Warn } else { Status::Run };
    let words = format!(
        "{} of the {} service wait to be published, the oldest for {}. They are committed and leave in order.",
        if state.unsent == 1 { "1 event".to_owned() } else { format!("{} events", grouped(state.unsent)) },
        state.service,
        humane(age)
    );
    line("outbox", status, "Outbox", words, "outbox-grows")
}

fn line(key: &'static str, status: Status, word: &'static str, words: String, runbook: &'static str) -> AnyView {
    view! {
        <li data-key=key>
            <StatusWord status=status word=word />
            <span>{words}</span>
            <a href=address::runbook(runbook)>"What to do"</a>
        </li>
    }
    .into_any()
}
