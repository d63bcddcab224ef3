//! Nothing to show, because there is no project.

use domain::Permission;
use leptos::prelude::*;

use super::{Empty, act_button};
use crate::{address, context::context};

/// What the page would show, and the two ways to begin.
#[component]
pub(crate) fn NoProject(
    /// What a project has to do with the page.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let may = context().may(Permission::ManageSprints);
    let load = act_button("off-load", "button", "Load the sample project", "/api/fn/demo/load", vec![], may);
    view! {
        <Empty title="No project yet">
            <p>{what}</p>
            <p>
                "Create a project of your own, or load the sample: a web shop with a team and a backlog, marked as demo and
                removable without a trace."
            </p>
            <div class="button-row">
                <a class="button primary" href=address::NEW_PROJECT>
                    "New project…"
                </a>
                {load}
            </div>
        </Empty>
    }
}
