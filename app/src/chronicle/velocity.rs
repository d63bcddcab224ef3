//! Finished tasks per sprint, as bars.

use domain::chronicle::Velocity;
use leptos::prelude::*;

use crate::chart::{Bar, BarChart, Caption, chart_figure};

/// Sprints in the picture: with more, nobody tells one bar from the next.
const SPRINTS: usize = 12;

/// The velocity of a project, with what the sprint in progress has finished so far.
pub(crate) fn velocity_chart(velocity: &Velocity, running: Option<(String, u64)>) -> AnyView {
    if velocity.velocity_trend_data.is_empty() && running.is_none() {
        return view! {
            <section aria-labelledby="velocity-heading">
                <div class="section-head">
                    <h2 id="velocity-heading">"Velocity"</h2>
                </div>
                <p class="muted">"Known once a sprint is closed: the tasks it finished."</p>
            </section>
        }
        .into_any();
    }
    let chart = chart(velocity, running.as_ref());
    let sprints = velocity.velocity_trend_data.len();
    let (now, note) = match sprints {
        0 => ("–".to_owned(), "no sprint closed yet".to_owned()),
        1 => (mean(velocity), "tasks in one sprint".to_owned()),
        n => (mean(velocity), format!("tasks, mean of {n} sprints")),
    };
    let caption = Caption { heading: "Velocity".to_owned(), now, note, legend: Vec::new() };
    chart_figure("velocity", caption, &chart)
}

fn mean(velocity: &Velocity) -> String {
    let tenths = (velocity.average_velocity * 10.0).round() / 10.0;
    tenths.to_string()
}

fn chart(velocity: &Velocity, running: Option<&(String, u64)>) -> BarChart {
    let project = velocity.project_id.as_str();
    let past = velocity.velocity_trend_data.iter();
    let past = past.map(|point| bar(project, &point.sprint_id, point.completed_tasks, true));
    let now = running.map(|(sprint_id, finished)| bar(project, sprint_id, *finished, false));
    let mut bars: Vec<Bar> = past.chain(now).collect();
    bars.drain(..bars.len().saturating_sub(SPRINTS));
    BarChart {
        title: format!("Velocity per sprint of {project}"),
        unit: "tasks finished".to_owned(),
        of: "Sprint".to_owned(),
        bars,
    }
}

fn bar(project_id: &str, sprint_id: &str, finished: u64, past: bool) -> Bar {
    // on an axis of one project's sprints its id says nothing
    let short = sprint_id.strip_prefix(project_id).and_then(|rest| rest.strip_prefix('-')).unwrap_or(sprint_id);
    Bar { label: short.to_owned(), value: finished as f64, past }
}

#[cfg(test)]
mod tests {
    use domain::chronicle::VelocityPoint;

    use super::*;

    fn velocity(sprints: u64) -> Velocity {
        let point = |n| VelocityPoint {
            sprint_id: format!("ACM-7-S{n:02}"),
            start_date: None,
            end_date: None,
            completed_tasks: n,
        };
        domain::chronicle::velocity("ACM-7", (1..=sprints).map(point).collect())
    }

    #[test]
    fn the_sprint_in_progress_is_the_last_bar_and_not_a_past_one() {
        let bars = chart(&velocity(2), Some(&("ACM-7-S03".to_owned(), 5))).bars;
        let seen: Vec<_> = bars.iter().map(|bar| (bar.label.as_str(), bar.past)).collect();
        assert_eq!(seen, [("S01", true), ("S02", true), ("S03", false)]);
    }

    #[test]
    fn only_the_newest_sprints_are_drawn() {
        let bars = chart(&velocity(40), None).bars;
        assert_eq!(bars.len(), SPRINTS);
        assert_eq!(bars.last().map(|bar| bar.label.as_str()), Some("S40"));
    }

    #[test]
    fn the_mean_has_one_decimal_and_none_where_it_is_whole() {
        assert_eq!(mean(&velocity(2)), "1.5");
        assert_eq!(mean(&velocity(3)), "2");
    }
}
