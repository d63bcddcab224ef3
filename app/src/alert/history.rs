//! What has fired, newest first.

use domain::{
    Status,
    alert::{Delivery, DeliveryState, Firing, NoticeKind},
    time::humane,
};
use leptos::prelude::*;

use super::{load::Shown, now::about};
use crate::{
    address::{Parameters, here_with},
    part::{Clock, Icon, StatusWord},
};

pub(super) fn history(shown: &Shown) -> AnyView {
    let body = if shown.history.firings.is_empty() {
        view! { <p class="muted">"Nothing has fired yet. What fires stays here for 90 days, with who was told."</p> }
            .into_any()
    } else {
        table(&shown.history.firings)
    };
    view! {
        <section aria-labelledby="history">
            <div class="section-head">
                <h2 id="history">"What has fired"</h2>
                <span class="note">"newest first"</span>
            </div>
            {body}
            {foot(shown)}
        </section>
    }
    .into_any()
}

fn table(firings: &[Firing]) -> AnyView {
    view! {
        <div class="table-wrap">
            <table class="table tall small">
                <caption class="hidden-text">"Firings, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Fired"</th>
                        <th scope="col">"Rule, and what it was about"</th>
                        <th scope="col" class="num second">
                            "Figure"
                        </th>
                        <th scope="col">"Over"</th>
                        <th scope="col">"Told"</th>
                    </tr>
                </thead>
                <tbody>{firings.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(firing: &Firing) -> AnyView {
    let over = match (firing.resolved_at, firing.reason) {
        (Some(at), reason) => {
            let reason = reason.map(domain::alert::Reason::words).unwrap_or_default();
            view! {
                <span title=format!("{reason} ({})", at.iso_millis())>
                    {format!("after {}", humane(at.since(firing.began)))}
                </span>
            }
            .into_any()
        }
        (None, _) => view! { <StatusWord status=firing.severity.status() word="Fires" /> }.into_any(),
    };
    view! {
        <tr data-key=firing.id.clone()>
            <td data-label="Fired">
                <Clock at=firing.fired_at />
            </td>
            {about(firing)}
            <td class="num second" data-label="Figure">
                {firing.watched.told(&firing.figure)}
            </td>
            <td data-label="Over">{over}</td>
            <td data-label="Told">{told(&firing.deliveries)}</td>
        </tr>
    }
    .into_any()
}

/// Whether people were told that it began: the worst of the messages, the others on hover.
fn told(deliveries: &[Delivery]) -> AnyView {
    let began: Vec<&Delivery> = deliveries.iter().filter(|delivery| delivery.kind == NoticeKind::Firing).collect();
    let has = |state| began.iter().any(|delivery| delivery.state == state);
    let (status, word) = match began.len() {
        0 => (Status::Idle, "nobody".to_owned()),
        _ if has(DeliveryState::Failed) => (Status::Bad, "not delivered".to_owned()),
        _ if has(DeliveryState::Waiting) => (Status::Unknown, "on the way".to_owned()),
        1 => (Status::Ok, began[0].channel.clone()),
        n => (Status::Ok, format!("{n} channels")),
    };
    let each = deliveries.iter().map(|delivery| {
        let why = delivery.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        format!("{} to {}: {}{why}", delivery.kind.as_str(), delivery.channel, delivery.state.as_str())
    });
    let each = each.collect::<Vec<_>>().join("; ");
    let reason = if each.is_empty() { "The rule was muted, or no channel is set.".to_owned() } else { each };
    view! { <StatusWord status=status word=word reason=reason /> }.into_any()
}

fn foot(shown: &Shown) -> AnyView {
    let newest = Parameters::here().get("before").map(|_| {
        view! {
            <a class="button quiet" href=here_with(&[("before", None)])>
                <Icon name="prev" />
                "Newest"
            </a>
        }
    });
    let older = shown.history.older.as_ref().map(|id| {
        view! {
            <a class="button quiet" href=here_with(&[("before", Some(id))]) rel="next">
                "Older"
                <Icon name="next" />
            </a>
        }
    });
    (newest.is_some() || older.is_some())
        .then(|| view! { <div class="table-foot"><nav aria-label="Pages of the history">{newest} {older}</nav></div> })
        .into_any()
}
