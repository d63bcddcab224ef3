"""The event that everybody is measured with, as `bench/src/event.rs` spells it."""


def event(number):
    key = f"ACM-7-TASK{number % 1000:03}"
    data = {"task_id": key, "project_id": "ACM-7", "sprint_id": "ACM-7-S02", "status": "in_progress",
            "progress_percentage": 42, "updated_at": "2026-03-02T09:15:04.120331", "assigned_to": "E017"}
    return {"event_id": f"5b1e8c52-7a90-4f0e-9d0b-{number:012}", "event_type": "TASK_UPDATED",
            "timestamp": "2026-03-02T09:15:04.120331", "aggregate_id": key, "aggregate_type": "Task", "event_data": data,
            "metadata": {"source_service": "SprintService", "correlation_id": "90aa41d7-13c2-4d0e-8a55-6f5b0b7f2d34"}}
