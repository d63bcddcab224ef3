//! What the console found out that Redis does not say, and what somebody did here.

use domain::{
    Figure, Status,
    audit::{AuditEntry, AuditState},
    figure::grouped,
    stream::{GroupSample, StreamSample},
};
use leptos::prelude::*;

use crate::{
    address,
    part::{Clock, Shape},
    stream::risks,
};

/// Corrections and losses, worst first.
pub(super) fn findings(stream: &StreamSample, group: &GroupSample) -> Option<AnyView> {
    let mut lines: Vec<(Status, String)> = risks(stream, group)
        .into_iter()
        .filter(|risk| risk.status != Status::Idle)
        .map(|r| (r.status, r.words))
        .collect();
    match (&group.lag, group.lag_reported) {
        (Figure::Unknown(reason), _) => lines.push((Status::Unknown, format!("its lag is unknown: {reason}"))),
        (lag, Some(reported)) => {
            let truth = match lag {
                Figure::AtLeast(n) => format!("at least {}", grouped(*n)),
                lag => grouped(lag.lower_bound().unwrap_or(0)),
            };
            let words = format!(
                "its lag is corrected: Redis says {}, and {truth} entries are there after its last delivered one. Redis \
                 counts wrong after entries ahead of a group were deleted or it was moved",
                grouped(reported)
            );
            lines.push((Status::Unknown, words));
        }
        _ => {}
    }
    if lines.is_empty() {
        return None;
    }
    let lines = lines.into_iter().enumerate().map(|(n, (status, words))| {
        view! {
            <li data-key=n.to_string() data-status=status.as_str()>
                <Shape status=status />
                <span>{words} "."</span>
            </li>
        }
    });
    let found = view! {
        <section aria-labelledby="findings">
            <div class="section-head">
                <h2 id="findings">"What Redis does not say"</h2>
                <a class="end" href=address::runbook("lag-unknown")>
                    "What to do"
                </a>
            </div>
            <ul class="timeline on-page">{lines.collect_view()}</ul>
        </section>
    };
    Some(found.into_any())
}

/// Acts on this group, newest first.
pub(super) fn changes(changes: &[AuditEntry]) -> AnyView {
    let body = if changes.is_empty() {
        view! { <p class="muted">"Nobody has changed anything on this group with this console."</p> }.into_any()
    } else {
        view! { <ol class="timeline on-page">{changes.iter().map(change).collect_view()}</ol> }.into_any()
    };
    view! {
        <section aria-labelledby="changes">
            <div class="section-head">
                <h2 id="changes">"What was done here"</h2>
                <a class="end" href="/audit">
                    "Audit"
                </a>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn change(entry: &AuditEntry) -> impl IntoView + use<> {
    let (status, became) = match entry.state {
        AuditState::Done => (Status::Ok, entry.result.clone().unwrap_or_else(|| "done".to_owned())),
        AuditState::Failed => (Status::Bad, entry.result.clone().unwrap_or_else(|| "failed".to_owned())),
        AuditState::Intended => (Status::Unknown, "begun; nobody knows how far it came".to_owned()),
    };
    let reason = entry.reason.as_ref().map(|reason| format!(" · {reason}")).unwrap_or_default();
    view! {
        <li data-key=entry.id.to_string() data-status=status.as_str()>
            <Shape status=status />
            <span>{entry.request.clone()}</span>
            <Clock at=entry.at />
            <small>{format!("{} · {became}{reason}", entry.who)}</small>
        </li>
    }
}
