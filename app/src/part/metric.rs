//! One figure that matters, with what it means below it.

use domain::Status;
use leptos::prelude::*;

use super::Shape;

/// A cell of the strip of metrics.
pub(crate) struct Metric {
    /// Unique on the page.
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: AnyView,
    pub(crate) unit: &'static str,
    /// What it is compared with, or where it comes from.
    pub(crate) note: String,
    /// Where it needs a person.
    pub(crate) status: Option<Status>,
    pub(crate) spark: Option<AnyView>,
}

pub(crate) fn metric(metric: Metric) -> AnyView {
    let Metric { id, label, value, unit, note, status, spark } = metric;
    view! {
        <div class="metric" id=id data-status=status.map(Status::as_str)>
            <dt>{status.map(|status| view! { <Shape status=status /> })} {label}</dt>
            <dd>
                <span class="value">
                    {value}" "
                    <span class="unit">{unit}</span>
                </span>
                <span class="delta" title=note.clone()>
                    {note.clone()}
                </span>
                {spark}
            </dd>
        </div>
    }
    .into_any()
}

/// The strip itself.
pub(crate) fn metrics(label: &'static str, cells: Vec<AnyView>) -> AnyView {
    view! {
        <dl class="metrics" id="metrics" aria-label=label>
            {cells}
        </dl>
    }
    .into_any()
}
