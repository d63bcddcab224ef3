//! The sample project: who is on it and what there is to do.

use domain::{
    backlog::{Task, TaskStatus, task_id},
    demo::PROJECT,
    project::{AssignTeamMembers, CreateEmployee, CreateProject, Done, INACTIVE},
};

use crate::{Error, Services, backlog, project};

/// Id, name, gender, state, age. The ids carry the project's, so that no real employee is meant by one.
const TEAM: [(&str, &str, &str, &str, i64); 5] = [
    ("DEMO-E001", "Amara Okafor", "female", "Oregon", 34),
    ("DEMO-E002", "Jonas Lindqvist", "male", "Minnesota", 41),
    ("DEMO-E003", "Mei Tanaka", "female", "Washington", 29),
    ("DEMO-E004", "Lucía Herrera", "female", "Texas", 37),
    ("DEMO-E005", "Tom Becker", "male", "Colorado", 52),
];

/// Title, description, and whose it is already.
const TASKS: [(&str, &str, Option<&str>); 14] = [
    (
        "Cart keeps its items when a customer signs in",
        "The cart of a visitor and the one of the account become one; quantities add up.",
        None,
    ),
    (
        "Address form checks postal codes by country",
        "A wrong code is shown at the field, before the next step, for the twelve countries we ship to.",
        Some("DEMO-E003"),
    ),
    (
        "Delivery options with price and date",
        "Standard, express and pick-up point; the earliest date is counted from the warehouse's cut-off time.",
        None,
    ),
    (
        "Pay by card with 3-D Secure",
        "The bank's page opens in place; coming back without an answer leads to a clear next step.",
        Some("DEMO-E002"),
    ),
    ("Pay by bank transfer", "The order waits for the money for seven days and reminds the customer once.", None),
    (
        "Voucher codes with clear refusals",
        "Expired, used up, below the minimum: each has its own sentence, none says only that the code is invalid.",
        None,
    ),
    (
        "Taxes per destination on every line",
        "Net, tax and gross per line and in the sum, rounded as the tax office wants it.",
        None,
    ),
    (
        "Order review before paying",
        "Everything the customer agrees to on one page, each part with a way back to change it.",
        None,
    ),
    (
        "Confirmation mail within a minute",
        "With the order number, the items and what happens next; readable without pictures.",
        None,
    ),
    (
        "Stock is held while a customer pays",
        "For fifteen minutes; two customers never buy the last one.",
        Some("DEMO-E004"),
    ),
    (
        "Checkout works with a keyboard and a screen reader",
        "Order of focus, names of fields, errors that are announced; checked on three readers.",
        None,
    ),
    (
        "Checkout answers within 300 ms",
        "Measured at the 95th percentile under the load of last year's busiest hour.",
        None,
    ),
    (
        "Abandoned carts: one reminder, easy to refuse",
        "After a day, once, with a link that brings the cart back and one that says never again.",
        None,
    ),
    (
        "Returns start from the order page",
        "Choose the items and a reason, print a label, see when the money is back.",
        None,
    ),
];

/// The tasks of the sample, as they are before any sprint.
pub(super) fn tasks() -> Vec<Task> {
    (1..)
        .zip(TASKS)
        .map(|(number, (title, description, assigned_to))| Task {
            task_id: task_id(PROJECT, number),
            project_id: PROJECT.to_owned(),
            title: title.to_owned(),
            description: Some(description.to_owned()),
            status: TaskStatus::Unassigned,
            assigned_to: assigned_to.map(str::to_owned),
            sprint_id: None,
            progress_percentage: 0,
        })
        .collect()
}

pub(super) fn employee_ids() -> Vec<String> {
    TEAM.iter().map(|(id, ..)| (*id).to_owned()).collect()
}

/// Creates the sample project with team and backlog. What is there already stays as it is, so that a load that was
/// cut short can be repeated.
pub async fn load_sample(services: &Services) -> Result<Done, Error> {
    let create = CreateProject {
        id: PROJECT.to_owned(),
        name: "Acme Web Shop".to_owned(),
        description: "Checkout: from a full cart to a paid order".to_owned(),
        status: INACTIVE.to_owned(),
    };
    match project::create(services, create).await {
        Ok(_) => {}
        Err(Error::Refused(refusal)) if refusal.kind == domain::refusal::RefusalKind::Conflict => {}
        Err(error) => return Err(error),
    }
    for (employee_id, name, gender, state, age) in TEAM {
        let create = CreateEmployee {
            employee_id: employee_id.to_owned(),
            name: name.to_owned(),
            gender: Some(gender.to_owned()),
            state: Some(state.to_owned()),
            age: Some(age),
        };
        project::create_employee(services, create).await?;
    }
    project::assign_team(services, PROJECT, AssignTeamMembers { employee_ids: employee_ids() }).await?;
    backlog::add_missing(services, &tasks()).await?;
    services.demo().reporting.send_replace(true);
    Ok(Done::new("Sample project loaded"))
}
