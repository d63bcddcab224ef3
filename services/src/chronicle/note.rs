//! Notes: daily scrum reports, plannings, recorded events. One table (contract §5); what a kind of note has beyond the
//! table's columns is its own JSON document, read back by the type that wrote it.

use std::collections::BTreeMap;

use domain::{
    Date, Timestamp,
    chronicle::{
        CreateDailyScrumReport, CreateSprintPlanning, DailyScrumReport, EventNote, NewestFirst, NoteCreated,
        ScrumEntry, SprintPlanning, SummaryMetrics,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::{self, NoteRow};
use crate::{Error, Services, clock, error::required};

/// Kinds of notes that are told; a recorded event has its own type as its kind.
const DAILY_SCRUM_REPORT: &str = "daily_scrum_report";
const SPRINT_PLANNING: &str = "sprint_planning";

/// What a daily scrum report has beyond the columns.
#[derive(Serialize, Deserialize)]
struct ReportDocument {
    reports: BTreeMap<String, Vec<ScrumEntry>>,
    #[serde(default)]
    orchestration_decision_details: Option<serde_json::Value>,
}

/// What a planning note has beyond the columns.
#[derive(Serialize, Deserialize)]
struct PlanningDocument {
    sprint_name: Option<String>,
    start_date: Option<Date>,
    end_date: Option<Date>,
    duration_weeks: Option<i64>,
    planned_tasks: Vec<String>,
}

pub async fn create_daily_scrum_report(
    services: &Services,
    create: CreateDailyScrumReport,
) -> Result<NoteCreated, Error> {
    required("project_id", &create.project_id)?;
    for day in create.reports.keys() {
        if day.parse::<Date>().is_err() {
            return Err(Error::invalid(format!("reports: {day:?} is not a date YYYY-MM-DD")));
        }
    }
    let document = ReportDocument {
        reports: create.reports,
        orchestration_decision_details: create.orchestration_decision_details,
    };
    let note = NoteRow {
        project_id: Some(create.project_id),
        sprint_id: create.sprint_id,
        report_date: create.report_date.map(|date| date.to_string()),
        summary: create.summary,
        summary_metrics: create.summary_metrics.as_ref().map(serde_json::to_string).transpose()?,
        additional_data: Some(serde_json::to_string(&document)?),
        ..new_note(DAILY_SCRUM_REPORT)
    };
    insert(services, note, "Daily scrum report stored").await
}

pub async fn create_sprint_planning(services: &Services, create: CreateSprintPlanning) -> Result<NoteCreated, Error> {
    required("project_id", &create.project_id)?;
    required("sprint_id", &create.sprint_id)?;
    let document = PlanningDocument {
        sprint_name: create.sprint_name,
        start_date: create.start_date,
        end_date: create.end_date,
        duration_weeks: create.duration_weeks,
        planned_tasks: create.planned_tasks,
    };
    let note = NoteRow {
        project_id: Some(create.project_id),
        sprint_id: Some(create.sprint_id),
        note_content: Some(create.sprint_goal),
        additional_data: Some(serde_json::to_string(&document)?),
        ..new_note(SPRINT_PLANNING)
    };
    insert(services, note, "Sprint planning note stored").await
}

pub(super) fn new_note(event_type: &str) -> NoteRow {
    NoteRow {
        id: Uuid::new_v4().to_string(),
        event_type: event_type.to_owned(),
        created_at_us: clock::now().micros(),
        ..NoteRow::default()
    }
}

async fn insert(services: &Services, note: NoteRow, message: &str) -> Result<NoteCreated, Error> {
    let mut transaction = services.databases().chronicle.begin().await?;
    store::insert_note(&mut transaction, &note).await?;
    transaction.commit().await?;
    Ok(NoteCreated { message: message.to_owned(), note_id: note.id })
}

/// Every report that matches, merged: the words and counts of the newest, the entries of all, by day and person.
pub async fn daily_scrum_report(
    services: &Services,
    sprint_id: Option<&str>,
    project_id: Option<&str>,
    date: Option<Date>,
) -> Result<DailyScrumReport, Error> {
    let mut connection = services.databases().chronicle.connection().await?;
    let notes = store::notes(&mut connection, &[DAILY_SCRUM_REPORT], sprint_id, project_id).await?;
    let mut documents = Vec::new();
    for note in notes {
        let mut document: ReportDocument = document(&note)?;
        if let Some(date) = date.map(|date| date.to_string()) {
            document.reports.retain(|day, _| *day == date);
            if document.reports.is_empty() && note.report_date.as_ref() != Some(&date) {
                continue;
            }
        }
        documents.push((note, document));
    }
    merge(documents)
}

/// `documents` newest first.
fn merge(documents: Vec<(NoteRow, ReportDocument)>) -> Result<DailyScrumReport, Error> {
    let Some((newest, _)) = documents.first() else {
        return Err(Error::not_found("no daily scrum report matches"));
    };
    let summary_metrics: Option<SummaryMetrics> =
        newest.summary_metrics.as_deref().map(serde_json::from_str).transpose()?;
    let head = DailyScrumReport {
        project_id: newest.project_id.clone().unwrap_or_default(),
        sprint_id: newest.sprint_id.clone(),
        created_at: Timestamp::from_micros(newest.created_at_us),
        summary: newest.summary.clone(),
        summary_metrics,
        reports: NewestFirst::default(),
    };
    let mut days = BTreeMap::<String, Vec<ScrumEntry>>::new();
    // oldest first, so that a person's lines of a day stand in the order in which they were reported
    for (day, entries) in documents.into_iter().rev().flat_map(|(_, document)| document.reports) {
        let merged = days.entry(day).or_default();
        for entry in entries {
            match merged.iter_mut().find(|known| known.employee_id == entry.employee_id) {
                Some(known) => known.tasks.extend(entry.tasks),
                None => merged.push(entry),
            }
        }
    }
    Ok(DailyScrumReport { reports: NewestFirst(days), ..head })
}

/// Planning notes, newest first.
pub async fn sprint_plannings(
    services: &Services,
    sprint_id: Option<&str>,
    project_id: Option<&str>,
) -> Result<Vec<SprintPlanning>, Error> {
    let mut connection = services.databases().chronicle.connection().await?;
    let notes = store::notes(&mut connection, &[SPRINT_PLANNING], sprint_id, project_id).await?;
    notes
        .into_iter()
        .map(|note| {
            let document: PlanningDocument = document(&note)?;
            Ok(SprintPlanning {
                note_id: note.id,
                sprint_id: note.sprint_id.unwrap_or_default(),
                project_id: note.project_id.unwrap_or_default(),
                sprint_name: document.sprint_name,
                sprint_goal: note.note_content.unwrap_or_default(),
                start_date: document.start_date,
                end_date: document.end_date,
                duration_weeks: document.duration_weeks,
                planned_tasks: document.planned_tasks,
                created_at: Timestamp::from_micros(note.created_at_us),
            })
        })
        .collect()
}

/// Recorded domain events, newest first.
pub async fn events(
    services: &Services,
    sprint_id: Option<&str>,
    project_id: Option<&str>,
) -> Result<Vec<EventNote>, Error> {
    let mut connection = services.databases().chronicle.connection().await?;
    let notes = store::notes(&mut connection, &super::handler::RECORDED, sprint_id, project_id).await?;
    Ok(notes
        .into_iter()
        .map(|note| EventNote {
            note_id: note.id,
            event_id: note.event_id.unwrap_or_default(),
            event_type: note.event_type,
            project_id: note.project_id,
            sprint_id: note.sprint_id,
            note_content: note.note_content.unwrap_or_default(),
            correlation_id: note.correlation_id,
            created_at: Timestamp::from_micros(note.created_at_us),
        })
        .collect())
}

fn document<T: serde::de::DeserializeOwned>(note: &NoteRow) -> Result<T, Error> {
    Ok(serde_json::from_str(note.additional_data.as_deref().unwrap_or("{}"))?)
}
