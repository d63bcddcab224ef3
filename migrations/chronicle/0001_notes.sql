-- What happened, as it was told: notes of all kinds, and retrospectives with their lists as rows.

create table chronicle_notes (
    id text not null,
    -- daily_scrum_report, sprint_planning, or the type of a recorded domain event
    event_type text not null,
    project_id text,
    sprint_id text,
    note_content text,
    report_date text,
    summary text,
    -- json
    summary_metrics text,
    -- json: what the kind of note has beyond these columns
    additional_data text,
    correlation_id text,
    -- of a recorded domain event: the same event makes one note, however often it is delivered
    event_id text,
    created_at_us bigint not null,
    constraint chronicle_notes_pk primary key (id),
    constraint chronicle_notes_one_per_event unique (event_id)
);
create index chronicle_notes_by_sprint on chronicle_notes (event_type, sprint_id);
create index chronicle_notes_by_project on chronicle_notes (event_type, project_id);

create table sprint_retrospectives (
    id text not null,
    sprint_id text not null,
    project_id text not null,
    sprint_name text,
    start_date text,
    end_date text,
    duration_weeks bigint,
    what_went_well text,
    what_could_be_improved text,
    facilitator_id text,
    -- json
    tasks_summary text not null,
    created_at_us bigint not null,
    constraint sprint_retrospectives_pk primary key (id),
    constraint sprint_retrospectives_one_per_sprint unique (sprint_id)
);
create index sprint_retrospectives_by_project on sprint_retrospectives (project_id);

create table retrospective_action_items (
    id text not null,
    retrospective_id text not null,
    position bigint not null,
    description text not null,
    status text not null default 'open',
    constraint retrospective_action_items_pk primary key (id),
    constraint retrospective_action_items_retrospective_fk
        foreign key (retrospective_id) references sprint_retrospectives (id) on delete cascade
);
create index retrospective_action_items_by_retrospective on retrospective_action_items (retrospective_id, position);

create table retrospective_attendees (
    retrospective_id text not null,
    employee_id text not null,
    position bigint not null,
    constraint retrospective_attendees_pk primary key (retrospective_id, employee_id),
    constraint retrospective_attendees_retrospective_fk
        foreign key (retrospective_id) references sprint_retrospectives (id) on delete cascade
);

-- Delivery is at least once. An event's id goes in here in the transaction of its effect, so that a repeat has none.
create table processed_events (
    event_id text not null,
    project_id text not null,
    processed_at_us bigint not null,
    constraint processed_events_pk primary key (event_id)
);
create index processed_events_by_age on processed_events (processed_at_us);
