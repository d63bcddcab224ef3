//! What fires now, worst first.

use domain::{
    Figure, Status,
    alert::{Firing, FiringNow, Phase},
};
use leptos::prelude::*;

use super::load::Shown;
use crate::{
    address, clock,
    part::{Ago, Badge, Clock, StatusWord},
};

pub(super) fn now(shown: &Shown) -> AnyView {
    let body = if shown.now.is_empty() {
        view! {
            <p class="muted">
                "A rule fires when its figure has been beyond its threshold for long enough, and is over when it has been calm "
                "for a while. A figure that flaps fires once."
            </p>
        }
        .into_any()
    } else {
        table(&shown.now)
    };
    view! {
        <section aria-labelledby="firing">
            <div class="section-head">
                <h2 id="firing">"Fires now"</h2>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn table(firings: &[FiringNow]) -> AnyView {
    view! {
        <div class="table-wrap">
            <table class="table tall small">
                <caption class="hidden-text">"Alerts that fire, worst first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Severity"</th>
                        <th scope="col">"Rule, and what it is about"</th>
                        <th scope="col" class="num">
                            "Now"
                        </th>
                        <th scope="col" class="num second">
                            "Threshold"
                        </th>
                        <th scope="col" class="num">
                            "Since"
                        </th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{firings.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(now: &FiringNow) -> AnyView {
    let firing = &now.firing;
    let line = if firing.watched.is_yes_or_no() {
        "if so".to_owned()
    } else {
        format!("{} {}", firing.comparison.as_str(), firing.watched.amount(firing.threshold))
    };
    let figure = match &now.now {
        Figure::Unknown(why) => view! {
            <span class="figure value" data-figure="unknown" tabindex="0" data-why=why.clone()>
                "—"
                <span class="hidden-text">{format!(" unknown: {why}")}</span>
            </span>
        }
        .into_any(),
        known => firing.watched.told(known).into_any(),
    };
    view! {
        <tr data-key=firing.id.clone()>
            <td data-label="Severity">
                <StatusWord status=firing.severity.status() word=firing.severity.as_str() />
            </td>
            {about(firing)}
            <td class="num" data-label="Now">
                {figure}
            </td>
            <td class="num second" data-label="Threshold">
                {line}
            </td>
            <td class="num" data-label="Since">
                <Ago at=firing.began />
            </td>
            <td data-label="State">{state(now)}</td>
        </tr>
    }
    .into_any()
}

/// The head of a firing's row: its rule, and what it is about.
pub(super) fn about(firing: &Firing) -> AnyView {
    view! {
            <th scope="row" class="grow lead">
                <span class="two-lines">
                    <a class="name" href=address::alert_rule(&firing.rule_id)>
                        {firing.rule.clone()}
                    </a>
                    <small>
                        <a href=address::subject(&firing.subject)>{firing.subject.to_string()}</a>
                    </small>
                </span>
            </th>
    }
    .into_any()
}

/// Where it stands; what is not known, and who is not told, goes first.
fn state(now: &FiringNow) -> AnyView {
    let muted = now.muted_until.filter(|until| *until > clock::now());
    if let Some(until) = muted {
        return view! {
            <span class="muted-until">
                <Badge status=Status::Idle word="Muted" />
                " until "
                <Clock at=until />
            </span>
        }
        .into_any();
    }
    if let Figure::Unknown(why) = &now.now {
        return view! {
            <StatusWord status=Status::Unknown word="Unknown" reason=format!("It stays as it was: {why}.") />
        }
        .into_any();
    }
    match now.phase {
        Phase::Resolving => view! {
            <StatusWord status=Status::Run word="Calming" reason="It is calm, not for long enough to be over." />
        }
        .into_any(),
        _ => view! { <StatusWord status=now.firing.severity.status() word="Firing" /> }.into_any(),
    }
}
