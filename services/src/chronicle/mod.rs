//! Notes, reports, retrospectives and what can be read from them (contract §2.4).

use domain::{
    Date,
    chronicle::{
        CreateDailyScrumReport, CreateRetrospective, CreateSprintPlanning, DailyScrumReport, EventNote, NoteCreated,
        Retrospective, RetrospectiveCreated, SprintPlanning, Velocity,
    },
};

use crate::{Error, Services};

/// x
pub async fn create_daily_scrum_report(
    _services: &Services,
    _create: CreateDailyScrumReport,
) -> Result<NoteCreated, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn daily_scrum_report(
    _services: &Services,
    _sprint_id: Option<&str>,
    _project_id: Option<&str>,
    _date: Option<Date>,
) -> Result<DailyScrumReport, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn create_sprint_planning(_services: &Services, _create: CreateSprintPlanning) -> Result<NoteCreated, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn sprint_plannings(
    _services: &Services,
    _sprint_id: Option<&str>,
    _project_id: Option<&str>,
) -> Result<Vec<SprintPlanning>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn create_retrospective(
    _services: &Services,
    _create: CreateRetrospective,
) -> Result<RetrospectiveCreated, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn retrospectives(
    _services: &Services,
    _sprint_id: Option<&str>,
    _project_id: Option<&str>,
) -> Result<Vec<Retrospective>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn events(
    _services: &Services,
    _sprint_id: Option<&str>,
    _project_id: Option<&str>,
) -> Result<Vec<EventNote>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn velocity(_services: &Services, _project_id: &str) -> Result<Velocity, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}
