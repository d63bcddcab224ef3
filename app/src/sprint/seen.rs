//! What a preview showed, in one word: acting on a preview that is no longer true is refused (law 6).

use std::hash::{DefaultHasher, Hash, Hasher};

use domain::{
    Refusal,
    sprint::{Closing, Plan},
};

/// Of a plan, what matters is which tasks, and whose. Its dates follow from today and the weeks asked for.
pub(super) fn of_plan(plan: &Plan) -> String {
    word(&plan.tasks.iter().map(|task| (&task.task_id, &task.assigned_to)).collect::<Vec<_>>())
}

/// Of a closing, what matters is which tasks stay and which return; how far those are that return is kept anyway.
pub(super) fn of_closing(closing: &Closing) -> String {
    let ids = |tasks: &[domain::sprint::SprintTask]| tasks.iter().map(|task| task.task_id.clone()).collect::<Vec<_>>();
    word(&(ids(&closing.completed), ids(&closing.returned)))
}

/// Whether `now` is what was shown. Who saw no preview (a program) asks for none.
pub(super) fn still_true(seen: Option<&str>, now: &str) -> Result<(), Refusal> {
    match seen {
        Some(seen) if seen != now => {
            Err(Refusal::conflict("what the preview showed is no longer true; look at the new one and try again"))
        }
        _ => Ok(()),
    }
}

/// No secret and no promise beyond this version: two processes of one program agree on it.
fn word(what: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use domain::{
        backlog::TaskStatus,
        refusal::RefusalKind,
        sprint::{PlannedTask, SprintTask, close},
    };

    use super::*;

    fn task(n: i64, progress: i64) -> SprintTask {
        SprintTask {
            task_id: format!("P-TASK{n:03}"),
            title: "t".into(),
            status: TaskStatus::InProgress,
            sprint_id: "P-S01".into(),
            progress_percentage: progress,
            assigned_to: None,
        }
    }

    #[test]
    fn progress_alone_does_not_change_what_closing_does() {
        let seen = of_closing(&close(&[task(1, 20), task(2, 100)]));
        assert_eq!(seen, of_closing(&close(&[task(1, 60), task(2, 100)])));
        assert_ne!(seen, of_closing(&close(&[task(1, 100), task(2, 100)])));
        assert_ne!(seen, of_closing(&close(&[task(1, 20)])));
    }

    #[test]
    fn another_assignee_is_another_plan() {
        let day = "2026-03-02".parse().expect("a date");
        let plan = |who: &str| Plan {
            tasks: vec![PlannedTask { task_id: "T".into(), title: "t".into(), assigned_to: Some(who.to_owned()) }],
            start_date: day,
            end_date: day,
            warnings: Vec::new(),
        };
        assert_ne!(of_plan(&plan("E1")), of_plan(&plan("E2")));
        assert_eq!(of_plan(&plan("E1")), of_plan(&plan("E1")));
    }

    #[test]
    fn a_stale_preview_is_refused_and_none_is_not_asked_for() {
        assert_eq!(still_true(Some("a"), "b").map_err(|refusal| refusal.kind), Err(RefusalKind::Conflict));
        assert!(still_true(Some("a"), "a").is_ok());
        assert!(still_true(None, "a").is_ok());
    }
}
