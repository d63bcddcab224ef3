-- The master task list. The checks repeat rules that the code holds, because a task with progress 150 would be neither
-- finished nor unfinished for ever.

create table tasks (
    task_id text not null,
    project_id text not null,
    title text not null,
    description text,
    status text not null default 'unassigned',
    assigned_to text,
    sprint_id text,
    progress_percentage bigint not null default 0,
    -- time of the last change that was applied: the two streams have no common order, so an older event is skipped
    changed_at_us bigint not null default 0,
    constraint tasks_pk primary key (task_id),
    constraint tasks_status_known check (status in ('unassigned', 'assigned_to_sprint', 'in_progress', 'completed')),
    constraint tasks_progress_in_range check (progress_percentage between 0 and 100)
);
create index tasks_by_project on tasks (project_id, status);

-- Delivery is at least once. An event's id goes in here in the transaction of its effect, so that a repeat has none.
create table processed_events (
    event_id text not null,
    project_id text not null,
    processed_at_us bigint not null,
    constraint processed_events_pk primary key (event_id)
);
create index processed_events_by_age on processed_events (processed_at_us);
