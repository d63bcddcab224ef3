//! One act, whole.

use domain::audit::AuditEntry;
use leptos::prelude::*;

use super::page::{Query, told};
use crate::{
    address,
    part::{Clock, Icon, StatusWord, report, sentence},
};

pub(super) fn panel(entry: &AuditEntry, query: &Query) -> AnyView {
    let (status, word, means) = told(entry.state);
    let result = entry.result.clone().map(|result| view! { <p class="top-gap">{sentence(&result)}</p> });
    let report = entry.report.as_ref().map(|made| {
        view! {
            <section class="panel-section">
                <h3>"What became of each"</h3>
                {report(made)}
            </section>
        }
    });
    view! {
        <aside class="panel" id="audit-panel" aria-labelledby="panel-h">
            <header class="panel-head">
                <div>
                    <p class="muted">
                        <small>{format!("Audit entry {}", entry.id)}</small>
                    </p>
                    <h2 id="panel-h">{entry.act.clone()}</h2>
                </div>
                <a class="button quiet square" href=query.address(&[]) aria-label="Close panel" title="Close" data-close="">
                    <Icon name="close" />
                </a>
            </header>
            <div class="panel-body">
                <section class="panel-section" aria-label="Result">
                    <StatusWord status=status word=word />
                    <p class="muted">
                        <small>{means}</small>
                    </p>
                    {result}
                </section>
                <section class="panel-section" aria-label="Facts">
                    {facts(entry)}
                </section>
                {report}
            </div>
        </aside>
    }
    .into_any()
}

fn facts(entry: &AuditEntry) -> AnyView {
    let ended = entry.finished_at.map(|at| {
        view! {
            <dt>"Ended"</dt>
            <dd>
                <Clock at=at />
            </dd>
        }
    });
    view! {
        <dl class="facts">
            <dt>"Asked"</dt>
            <dd>{sentence(&entry.request)}</dd>
            <dt>"Why"</dt>
            <dd>{entry.reason.clone().unwrap_or_else(|| "no reason given".to_owned())}</dd>
            <dt>"Who"</dt>
            <dd>{entry.who.clone()}</dd>
            <dt>"Permission"</dt>
            <dd>
                <a class="mono" href=format!("{}#{}", address::at("/access"), entry.permission.as_str())>
                    {entry.permission.as_str()}
                </a>
            </dd>
            <dt>"Subject"</dt>
            <dd class="mono">{entry.subject.clone()}</dd>
            <dt>"Begun"</dt>
            <dd>
                <Clock at=entry.at />
            </dd>
            {ended}
        </dl>
    }
    .into_any()
}
