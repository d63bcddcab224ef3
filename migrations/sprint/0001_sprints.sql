-- Sprints, the sprints' own copy of their tasks, and the events that wait to be published.

create table sprints (
    sprint_id text not null,
    project_id text not null,
    sprint_name text not null,
    start_date text not null,
    end_date text not null,
    duration_weeks bigint not null,
    status text not null,
    number bigint not null,
    -- time of the last act on the sprint; the next one is later even if the clock went back, because consumers skip
    -- what is older than what they applied
    changed_at_us bigint not null,
    constraint sprints_pk primary key (sprint_id),
    constraint sprints_status_known check (status in ('in_progress', 'completed', 'closed_with_pending_tasks'))
);
-- of two starts at the same time one must lose, whoever checked first
create unique index sprints_one_in_progress_per_project on sprints (project_id) where status = 'in_progress';
create index sprints_by_project on sprints (project_id, number);

-- counts up per project and never down, so that no sprint id is ever used twice
create table sprint_numbers (
    project_id text not null,
    last_number bigint not null,
    constraint sprint_numbers_pk primary key (project_id)
);

-- a task that was carried over is in two sprints
create table tasks (
    sprint_id text not null,
    task_id text not null,
    title text not null,
    status text not null,
    progress_percentage bigint not null default 0,
    assigned_to text,
    constraint tasks_pk primary key (sprint_id, task_id),
    constraint tasks_sprint_fk foreign key (sprint_id) references sprints (sprint_id) on delete cascade,
    constraint tasks_status_known check (status in ('unassigned', 'assigned_to_sprint', 'in_progress', 'completed')),
    constraint tasks_progress_in_range check (progress_percentage between 0 and 100)
);
create index tasks_by_id on tasks (task_id);

-- unfinished tasks when the sprint started (day 0) and after each simulated day
create table burndown (
    sprint_id text not null,
    day bigint not null,
    tasks_left bigint not null,
    recorded_at_us bigint not null,
    constraint burndown_pk primary key (sprint_id, day),
    constraint burndown_sprint_fk foreign key (sprint_id) references sprints (sprint_id) on delete cascade
);

-- An event is committed here with the rows it speaks of, and published by the relay afterwards.
create table outbox (
    id bigint not null,
    stream text not null,
    -- events of one key leave in the order of their ids
    key text not null,
    project_id text not null,
    data text not null,
    created_at_us bigint not null,
    sent_at_us bigint,
    constraint outbox_pk primary key (id)
);
create index outbox_unsent on outbox (id) where sent_at_us is null;
create index outbox_sent on outbox (sent_at_us) where sent_at_us is not null;

-- The last id given out. Its row stays locked until the writer commits, so that ids appear in the order of commits
-- and the relay, which reads upwards, cannot pass one that is still to come.
create table outbox_position (
    only_row bigint not null,
    last_id bigint not null,
    constraint outbox_position_pk primary key (only_row),
    constraint outbox_position_one_row check (only_row = 1)
);
insert into outbox_position (only_row, last_id) values (1, 0);

-- Of several processes one publishes at a time: two would overtake each other within a key.
create table outbox_lease (
    only_row bigint not null,
    holder text not null,
    until_us bigint not null,
    constraint outbox_lease_pk primary key (only_row),
    constraint outbox_lease_one_row check (only_row = 1)
);
