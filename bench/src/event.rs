//! The event that everybody is measured with.

/// Keys of the events: as many tasks as a busy installation has in its sprints.
pub(crate) const KEYS: usize = 1_000;

/// A `TASK_UPDATED` of the usual size, as `bench/peers/event.py` spells it too.
pub(crate) fn event(number: usize) -> String {
    let (id, task) = (event_id(number), task_id(number));
    format!(
        r#"{{"event_id":"{id}","event_type":"TASK_UPDATED","timestamp":"2026-03-02T09:15:04.120331","aggregate_id":"{task}","aggregate_type":"Task","event_data":{{"task_id":"{task}","project_id":"ACM-7","sprint_id":"ACM-7-S02","status":"in_progress","progress_percentage":42,"updated_at":"2026-03-02T09:15:04.120331","assigned_to":"E017"}},"metadata":{{"source_service":"SprintService","correlation_id":"90aa41d7-13c2-4d0e-8a55-6f5b0b7f2d34"}}}}"#
    )
}

pub(crate) fn event_id(number: usize) -> String {
    format!("5b1e8c52-7a90-4f0e-9d0b-{number:012}")
}

pub(crate) fn task_id(number: usize) -> String {
    format!("ACM-7-TASK{:03}", number % KEYS)
}
