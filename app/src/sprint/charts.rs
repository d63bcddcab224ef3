//! The burndown of a sprint, and what its project's sprints finished.

use domain::sprint::{BurndownPoint, Sprint};
use leptos::prelude::*;

use super::data::Data;
use crate::{
    chart::{Caption, StepChart, chart_figure},
    chronicle::velocity_chart,
};

pub(super) fn charts(data: &Data) -> impl IntoView + use<> {
    let running = data.is_in_progress().then(|| (data.sprint.sprint_id.clone(), data.summary.completed_tasks));
    let velocity = match &data.velocity {
        Ok(velocity) => velocity_chart(velocity, running),
        Err(why) => view! { <p class="muted">{format!("Velocity is not known: {why}.")}</p> }.into_any(),
    };
    view! {
        <div class="columns of-charts">
            {burndown(data)} {velocity}
        </div>
    }
}

fn burndown(data: &Data) -> AnyView {
    let mut points = data.points.clone();
    if data.is_in_progress() {
        up_to_now(&mut points, data.summary.pending_tasks);
    }
    let chart = chart(&data.sprint, data.summary.total_tasks, &points);
    let caption = Caption {
        heading: "Burndown".to_owned(),
        now: format!("{} of {} left", data.summary.pending_tasks, data.summary.total_tasks),
        note: points.last().map(|now| beside_ideal(&data.sprint, data.summary.total_tasks, *now)).unwrap_or_default(),
        legend: Vec::new(),
    };
    chart_figure("burndown", caption, &chart)
}

/// Points are recorded by daily scrums; what a person has set since then belongs to the newest day. The start stays as
/// it was.
fn up_to_now(points: &mut [BurndownPoint], tasks_left: u64) {
    if let Some(newest) = points.last_mut().filter(|newest| newest.day > 0) {
        newest.tasks_left = tasks_left;
    }
}

fn chart(sprint: &Sprint, total: u64, points: &[BurndownPoint]) -> StepChart {
    StepChart {
        title: format!("Burndown of {}", sprint.sprint_id),
        unit: "tasks left".to_owned(),
        // days are days of work, and not of the calendar
        first_day: None,
        last_day: sprint.working_days(),
        points: points.iter().map(|point| (point.day, point.tasks_left as f64)).collect(),
        ideal_from: Some(total as f64),
        today: None,
    }
}

/// How far the newest point is from the ideal line.
fn beside_ideal(sprint: &Sprint, total: u64, now: BurndownPoint) -> String {
    let ideal = sprint.ideally_left(total, now.day);
    let tenths = ((now.tasks_left as f64 - ideal) * 10.0).round() / 10.0;
    if tenths > 0.0 {
        format!("{tenths} above ideal")
    } else if tenths < 0.0 {
        format!("{} below ideal", -tenths)
    } else {
        "on the ideal line".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use domain::sprint::SprintStatus;

    use super::*;

    fn sprint() -> Sprint {
        let day = "2026-03-02".parse().expect("a date");
        Sprint {
            sprint_id: "P-S01".into(),
            project_id: "P".into(),
            sprint_name: "Cart".into(),
            start_date: day,
            end_date: day,
            duration_weeks: 2,
            status: SprintStatus::InProgress,
        }
    }

    #[test]
    fn the_ideal_line_ends_with_the_last_working_day() {
        let chart = chart(&sprint(), 10, &[BurndownPoint { day: 0, tasks_left: 10 }]);
        assert_eq!((chart.last_day, chart.ideal_from), (10, Some(10.0)));
    }

    #[test]
    fn what_was_finished_by_hand_counts_for_the_newest_day() {
        let point = |day, tasks_left| BurndownPoint { day, tasks_left };
        let mut points = [point(0, 10), point(1, 10)];
        up_to_now(&mut points, 8);
        assert_eq!(points, [point(0, 10), point(1, 8)]);
        let mut only_start = [point(0, 10)];
        up_to_now(&mut only_start, 8);
        assert_eq!(only_start, [point(0, 10)]);
    }

    #[test]
    fn the_distance_to_the_ideal_line_is_said_in_words() {
        let said = |day, tasks_left| beside_ideal(&sprint(), 10, BurndownPoint { day, tasks_left });
        assert_eq!(said(0, 10), "on the ideal line");
        assert_eq!(said(3, 9), "2 above ideal");
        assert_eq!(said(5, 3), "2 below ideal");
        assert_eq!(said(14, 1), "1 above ideal", "after the last day the ideal is nothing left");
    }
}
