//! What somebody did on this group.

use domain::{
    Status,
    audit::{AuditEntry, AuditState},
};
use leptos::prelude::*;

use crate::{
    address,
    part::{Clock, Shape},
};

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
                <a class="end" href=address::at("/audit")>
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
