//! An entry of the log, on its way in and out.

use domain::{
    Permission, Timestamp,
    audit::{AuditEntry, AuditState},
    operation::Report,
};

use crate::{Error, act::Act};

/// Characters of a subject, request or result that are kept: names of streams can be megabytes long.
const TEXT_AT_MOST: usize = 4_000;
/// Bytes of JSON of a report that are kept. The largest act, a thousand entries of streams with names as people choose
/// them, takes about 150 kB and is kept whole. Names can be megabytes long; without a limit one act could fill the disk
/// of the log that every other act needs.
const REPORT_AT_MOST: usize = 256 * 1024;
/// Bytes of those for what is not an item or a warning.
const FRAME: usize = 1_024;

pub(super) const COLUMNS: &str =
    "id, at_us, who, permission, act, subject, request, reason, state, finished_at_us, result";

/// What somebody is about to do.
pub(crate) struct Intent {
    pub(crate) who: String,
    /// As it will be kept: with a reason, if it needs one.
    pub(crate) reason: Option<String>,
    pub(crate) act: Act,
}

/// What became of an intent.
pub(crate) struct Ended {
    state: AuditState,
    report: Option<Report>,
    result: String,
}

impl Ended {
    pub(crate) fn new(well: bool, report: Option<Report>, result: String) -> Self {
        Self { state: if well { AuditState::Done } else { AuditState::Failed }, report, result }
    }

    pub(super) fn state(&self) -> AuditState {
        self.state
    }

    pub(crate) fn result(&self) -> &str {
        &self.result
    }

    /// The report as JSON, no longer than [`REPORT_AT_MOST`]: what does not fit is left out and counted in a warning.
    pub(super) fn kept_report(&self) -> serde_json::Result<Option<String>> {
        let Some(report) = &self.report else { return Ok(None) };
        let whole = serde_json::to_string(report)?;
        if whole.len() <= REPORT_AT_MOST {
            return Ok(Some(whole));
        }
        let mut left = REPORT_AT_MOST - FRAME;
        let mut fits = |json: Result<String, serde_json::Error>| {
            let rest = json.ok().and_then(|json| left.checked_sub(json.len() + 1));
            left = rest.unwrap_or(left);
            rest.is_some()
        };
        let mut kept = report.clone();
        kept.items.retain(|item| fits(serde_json::to_string(item)));
        kept.warnings.retain(|warning| fits(serde_json::to_string(warning)));
        let (items, warnings) = (report.items.len() - kept.items.len(), report.warnings.len() - kept.warnings.len());
        kept.warnings.push(format!("{items} items and {warnings} warnings are not kept here: they are too long"));
        serde_json::to_string(&kept).map(Some)
    }
}

/// What both databases can keep, and not too much of it. PostgreSQL has no NUL in a text, Redis has it in names.
pub(crate) fn storable(text: &str) -> String {
    let mut kept: String = text.chars().take(TEXT_AT_MOST).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept.replace('\0', "\u{2400}")
}

/// What is searched, a line each.
pub(super) fn search_text(intent: &Intent) -> String {
    let act = &intent.act;
    let parts = [act.name, &act.subject, &intent.who, intent.reason.as_deref().unwrap_or_default(), &act.request];
    parts.map(storable).join("\n").to_lowercase()
}

/// An entry as stored. The report is null where it was not asked for.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: i64,
    at_us: i64,
    who: String,
    permission: String,
    act: String,
    subject: String,
    request: String,
    reason: Option<String>,
    state: String,
    finished_at_us: Option<i64>,
    report: Option<String>,
    result: Option<String>,
}

impl TryFrom<Row> for AuditEntry {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let id = row.id;
        let odd = |what: &str| Error::Internal(anyhow::anyhow!("stored {what} of audit entry {id}"));
        let permission = Permission::ALL.into_iter().find(|known| known.as_str() == row.permission);
        let report = row.report.map(|json| serde_json::from_str(&json)).transpose();
        Ok(Self {
            id,
            at: Timestamp::from_micros(row.at_us),
            who: row.who,
            permission: permission.ok_or_else(|| odd("permission"))?,
            act: row.act,
            subject: row.subject,
            request: row.request,
            reason: row.reason,
            state: AuditState::parse(&row.state).ok_or_else(|| odd("state"))?,
            finished_at: row.finished_at_us.map(Timestamp::from_micros),
            report: report.map_err(|_| odd("report"))?,
            result: row.result,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::operation::{ItemReport, Outcome};

    use super::*;

    fn report(items: usize, name: &str) -> Report {
        let item = |n| ItemReport {
            item: format!("{name}/1773152545187-{n}"),
            outcome: Outcome::Done,
            detail: "given back to backlog_service_group".to_owned(),
        };
        let warnings = vec!["w".to_owned()];
        Report { items: (0..items).map(item).collect(), warnings, state_token: "t".to_owned(), audit_id: Some(7) }
    }

    fn kept(report: Report) -> Report {
        let json = Ended::new(true, Some(report), String::new()).kept_report().expect("json").expect("a report");
        assert!(json.len() <= REPORT_AT_MOST, "{} bytes", json.len());
        serde_json::from_str(&json).expect("json")
    }

    #[test]
    fn the_largest_report_on_streams_with_ordinary_names_is_kept_whole() {
        let largest = report(1_000, "company:department:task_update_events");
        assert_eq!(kept(largest.clone()), largest);
    }

    #[test]
    fn a_report_on_absurd_names_is_kept_as_far_as_it_fits_and_says_so() {
        let mut absurd = report(10, &"n".repeat(60_000));
        absurd.items.push(report(1, "short").items.remove(0));
        let kept = kept(absurd);
        assert_eq!(kept.items.len(), 5, "four long ones and the short one");
        assert_eq!(kept.warnings, ["w", "6 items and 0 warnings are not kept here: they are too long"]);
    }

    #[test]
    fn a_text_is_kept_as_both_databases_can() {
        assert_eq!(storable("a\0b"), "a\u{2400}b");
        assert_eq!(storable(&"ä".repeat(5_000)).chars().count(), TEXT_AT_MOST + 1);
    }
}
