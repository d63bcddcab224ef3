//! Retrospectives, one per sprint, and the velocity that is read from them.

use domain::{
    Timestamp,
    chronicle::{
        ActionItem, CreateRetrospective, Retrospective, RetrospectiveCreated, Velocity, VelocityPoint, finished,
        velocity as velocity_of,
    },
};
use uuid::Uuid;

use super::store::{self, RetrospectiveRow};
use crate::{Error, Services, clock, error::required, sprint::store::date};

/// Stores a retrospective; 409 if its sprint has one.
pub async fn create_retrospective(
    services: &Services,
    create: CreateRetrospective,
) -> Result<RetrospectiveCreated, Error> {
    required("sprint_id", &create.sprint_id)?;
    required("project_id", &create.project_id)?;
    let row = RetrospectiveRow {
        id: Uuid::new_v4().to_string(),
        tasks_summary: serde_json::to_string(&create.tasks_summary)?,
        sprint_id: create.sprint_id,
        project_id: create.project_id,
        sprint_name: create.sprint_name,
        start_date: create.start_date.map(|date| date.to_string()),
        end_date: create.end_date.map(|date| date.to_string()),
        duration_weeks: create.duration_weeks,
        what_went_well: create.what_went_well,
        what_could_be_improved: create.what_could_be_improved,
        facilitator_id: create.facilitator_id,
        created_at_us: clock::now().micros(),
    };
    let mut transaction = services.databases().chronicle.begin().await?;
    if !store::insert_retrospective(&mut transaction, &row).await? {
        return Err(Error::conflict(format!("sprint {} has a retrospective already", row.sprint_id)));
    }
    store::insert_action_items(&mut transaction, &row.id, &create.action_items).await?;
    store::insert_attendees(&mut transaction, &row.id, &create.attendees).await?;
    transaction.commit().await?;
    Ok(RetrospectiveCreated { message: "Retrospective stored".to_owned(), retrospective_id: row.id })
}

/// Newest first; 404 if none matches.
pub async fn retrospectives(
    services: &Services,
    sprint_id: Option<&str>,
    project_id: Option<&str>,
) -> Result<Vec<Retrospective>, Error> {
    let mut connection = services.databases().chronicle.connection().await?;
    let rows = store::retrospectives(&mut connection, sprint_id, project_id).await?;
    if rows.is_empty() {
        return Err(Error::not_found("no retrospective matches"));
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut action_items = store::action_items(&mut connection, &ids).await?;
    let mut attendees = store::attendees(&mut connection, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let action_items = action_items.remove(&row.id).unwrap_or_default();
            let attendees = attendees.remove(&row.id).unwrap_or_default();
            read(row, action_items, attendees)
        })
        .collect()
}

fn read(row: RetrospectiveRow, action_items: Vec<ActionItem>, attendees: Vec<String>) -> Result<Retrospective, Error> {
    Ok(Retrospective {
        retrospective_id: row.id,
        created_at: Timestamp::from_micros(row.created_at_us),
        body: CreateRetrospective {
            tasks_summary: serde_json::from_str(&row.tasks_summary)?,
            start_date: row.start_date.as_deref().map(date).transpose()?,
            end_date: row.end_date.as_deref().map(date).transpose()?,
            sprint_id: row.sprint_id,
            project_id: row.project_id,
            sprint_name: row.sprint_name,
            duration_weeks: row.duration_weeks,
            what_went_well: row.what_went_well,
            what_could_be_improved: row.what_could_be_improved,
            action_items,
            facilitator_id: row.facilitator_id,
            attendees,
        },
    })
}

/// Finished tasks per sprint, by start, read anew each time.
pub async fn velocity(services: &Services, project_id: &str) -> Result<Velocity, Error> {
    let mut connection = services.databases().chronicle.connection().await?;
    let mut rows = store::retrospectives(&mut connection, None, Some(project_id)).await?;
    rows.sort_by(|a, b| (&a.start_date, a.created_at_us).cmp(&(&b.start_date, b.created_at_us)));
    let points = rows
        .into_iter()
        .map(|row| read(row, Vec::new(), Vec::new()))
        .map(|read| {
            read.map(|retrospective| VelocityPoint {
                completed_tasks: finished(&retrospective.body.tasks_summary),
                sprint_id: retrospective.body.sprint_id,
                start_date: retrospective.body.start_date,
                end_date: retrospective.body.end_date,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(velocity_of(project_id, points))
}
