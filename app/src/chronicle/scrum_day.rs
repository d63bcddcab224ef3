//! The days of a sprint, told apart: the chronicle merges reports of one calendar day, but each daily scrum is a day of
//! work.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    Timestamp,
    chronicle::{DailyScrumReport, ScrumTask},
};

/// Reports farther apart than this are two daily scrums, even where no task is named twice.
const ONE_SCRUM: Duration = Duration::from_mins(10);

/// One daily scrum: what everybody reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScrumDay {
    /// From 1 on, in order.
    pub(crate) number: usize,
    pub(crate) at: Timestamp,
    /// By employee id, in the order in which they reported.
    pub(crate) people: Vec<(String, Vec<ScrumTask>)>,
}

impl ScrumDay {
    pub(crate) fn tasks(&self) -> usize {
        self.people.iter().map(|(_, tasks)| tasks.len()).sum()
    }

    pub(crate) fn impediments(&self) -> usize {
        self.people.iter().flat_map(|(_, tasks)| tasks).filter(|task| task.impediments.is_some()).count()
    }
}

/// The daily scrums in a merged report, newest first. A new one begins where a task is named again or time has passed.
pub(crate) fn scrum_days(report: DailyScrumReport) -> Vec<ScrumDay> {
    let entries = report.reports.0.into_values().flatten();
    let mut lines: Vec<(String, ScrumTask)> = entries
        .flat_map(|entry| {
            let employee_id = entry.employee_id;
            entry.tasks.into_iter().map(move |task| (employee_id.clone(), task))
        })
        .collect();
    // stable: lines of one moment stay in the order in which they were reported
    lines.sort_by_key(|(_, task)| task.created_at);
    let mut days: Vec<ScrumDay> = Vec::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (employee_id, task) in lines {
        let goes_on =
            days.last().is_some_and(|day| task.created_at.since(day.at) < ONE_SCRUM && !named.contains(&task.id));
        if !goes_on {
            named.clear();
            days.push(ScrumDay { number: days.len() + 1, at: task.created_at, people: Vec::new() });
        }
        named.insert(task.id.clone());
        let day = days.last_mut().expect("one was just pushed where there was none");
        match day.people.iter_mut().find(|(known, _)| *known == employee_id) {
            Some((_, tasks)) => tasks.push(task),
            None => day.people.push((employee_id, vec![task])),
        }
    }
    days.reverse();
    days
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::chronicle::{NewestFirst, ScrumEntry};

    use super::*;

    fn report(lines: &[(&str, &str, i64)]) -> DailyScrumReport {
        let task = |id: &str, second: i64| ScrumTask {
            id: id.to_owned(),
            yesterday_work: None,
            today_work: None,
            impediments: None,
            created_at: Timestamp::from_millis(second * 1_000),
        };
        let entry = |(who, id, second): &(&str, &str, i64)| ScrumEntry {
            employee_id: (*who).to_owned(),
            tasks: vec![task(id, *second)],
        };
        DailyScrumReport {
            project_id: "P".into(),
            sprint_id: Some("P-S01".into()),
            created_at: Timestamp::from_millis(0),
            summary: None,
            summary_metrics: None,
            reports: NewestFirst(BTreeMap::from([("1970-01-01".to_owned(), lines.iter().map(entry).collect())])),
        }
    }

    #[test]
    fn a_task_that_is_named_again_begins_the_next_day() {
        let days = scrum_days(report(&[("E1", "T1", 10), ("E2", "T2", 10), ("E1", "T1", 13), ("E2", "T2", 13)]));
        assert_eq!(days.iter().map(|day| day.number).collect::<Vec<_>>(), [2, 1]);
        assert!(days.iter().all(|day| day.people.len() == 2 && day.tasks() == 2));
    }

    #[test]
    fn reports_hours_apart_are_two_days() {
        assert_eq!(scrum_days(report(&[("E1", "T1", 0), ("E1", "T2", 7_200)])).len(), 2);
    }

    #[test]
    fn lines_of_one_scrum_need_not_have_one_time() {
        let days = scrum_days(report(&[("E1", "T1", 1), ("E1", "T2", 2), ("E2", "T3", 5)]));
        assert_eq!(days.len(), 1);
        assert_eq!(days[0].people.len(), 2);
    }

    #[test]
    fn a_report_without_a_line_has_no_day() {
        assert!(scrum_days(report(&[])).is_empty());
    }
}
