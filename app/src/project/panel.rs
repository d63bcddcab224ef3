//! Forms of a project: creating it, its status, its team.

use domain::{
    Permission,
    project::{ACTIVE, IN_PROGRESS, INACTIVE, Project},
};
use leptos::prelude::*;

use crate::{
    address,
    part::{Kept, Panel, People, Submit, TextField, suggestions},
};

fn known_statuses() -> impl IntoView {
    suggestions("project-statuses", [INACTIVE, ACTIVE, IN_PROGRESS, "on_hold", "completed"].map(str::to_owned).to_vec())
}

pub(super) fn new_project() -> AnyView {
    let kept = Kept::here();
    view! {
        <Panel kicker="Create" title="New project".into_any() close="/projects">
            <form method="post" action="/api/fn/project/create">
                <div class="panel-body">
                    <div class="panel-section fields">
                        <TextField label="Id" name="id" value=kept.or("id", "") required=true hint="Short and final; tasks and sprints carry it: ACM-7" />
                        <TextField label="Name" name="name" value=kept.or("name", "") required=true />
                        <TextField label="Description" name="description" value=kept.or("description", "") />
                        <TextField
                            label="Status"
                            name="status"
                            value=kept.or("status", INACTIVE)
                            list="project-statuses"
                            hint="Any text. A sprint that starts makes it in_progress."
                        />
                        {known_statuses()}
                    </div>
                </div>
                <footer class="panel-foot">
                    <Submit label="Create project" class="primary" needs=Permission::ManageSprints id="why-create" />
                    <a class="button" href="/projects">"Cancel"</a>
                </footer>
            </form>
        </Panel>
    }
    .into_any()
}

pub(super) fn status(project: &Project) -> AnyView {
    let close = address::project(&project.id);
    let form = view! {
            <form method="post" action="/api/fn/project/set_status">
                <input type="hidden" name="project_id" value=project.id.clone() />
                <div class="panel-body">
                    <div class="panel-section fields">
                        <TextField
                            label="Status"
                            name="status"
                            value=Kept::here().or("status", project.status.clone())
                            required=true
                            list="project-statuses"
                            hint="Any text. It stays until a sprint starts (in_progress) or is closed (active)."
                        />
                        {known_statuses()}
                    </div>
                </div>
                <footer class="panel-foot">
                    <Submit label="Set status" class="primary" needs=Permission::ManageSprints id="why-set-status" />
                    <a class="button" href=close.clone()>"Cancel"</a>
                </footer>
            </form>
    };
    view! { <Panel kicker=project.id.clone() title="Change status".into_any() close=close>{form}</Panel> }
        .into_any()
}

/// `others` work on other projects.
pub(super) fn team(project: &Project, others: &People) -> AnyView {
    let kept = Kept::here();
    let close = address::project(&project.id);
    let hint = if others.iter().next().is_none() {
        "With commas between them.".to_owned()
    } else {
        let names: Vec<String> = others.iter().take(8).map(|(id, name)| format!("{id} {name}")).collect();
        format!("With commas between them. On other projects: {}.", names.join(", "))
    };
    let project_id = project.id.clone();
    view! {
        <Panel kicker=project.id.clone() title="Add people".into_any() close=close>
            <div class="panel-body">
                <form class="panel-section fields" method="post" action="/api/fn/project/add_member" aria-labelledby="new-person">
                    <h3 id="new-person">"Somebody new"</h3>
                    <input type="hidden" name="project_id" value=project_id.clone() />
                    <TextField label="Employee id" name="employee_id" value=kept.or("employee_id", "") required=true hint="As your payroll knows them: E017" />
                    <TextField label="Name" name="name" value=kept.or("name", "") required=true />
                    <p><Submit label="Add to the team" class="primary" needs=Permission::ManageSprints id="why-add-member" /></p>
                </form>
                <form class="panel-section fields" method="post" action="/api/fn/project/assign" aria-labelledby="known-people">
                    <h3 id="known-people">"People known already"</h3>
                    <input type="hidden" name="project_id" value=project_id />
                    <TextField
                        label="Employee ids"
                        name="employee_ids"
                        value=kept.or("employee_ids", "")
                        required=true
                        hint=hint
                    />
                    <p><Submit label="Assign to the team" needs=Permission::ManageSprints id="why-assign" /></p>
                </form>
            </div>
        </Panel>
    }
    .into_any()
}
