-- Projects, the people who can work on them, and who works on which. Names of tables and columns are the wire
-- contract's (§5); one text for SQLite and PostgreSQL, so only text, bigint and named constraints.

create table projects (
    prjid text not null,
    projectname text not null,
    codename text not null,
    status text not null default 'inactive',
    -- when the status was last changed: an older event that arrives late must not overwrite a newer status
    changed_at_us bigint not null,
    constraint projects_pk primary key (prjid)
);

create table teams (
    id text not null,
    name text not null,
    gender text,
    state text,
    age bigint,
    project_assign bigint not null default 0,
    active bigint not null default 1,
    constraint teams_pk primary key (id)
);

create table project_team_mapping (
    project_id text not null,
    employee_id text not null,
    constraint project_team_mapping_pk primary key (project_id, employee_id),
    constraint project_team_mapping_project_fk foreign key (project_id) references projects (prjid) on delete cascade,
    constraint project_team_mapping_employee_fk foreign key (employee_id) references teams (id) on delete cascade
);

-- Delivery is at least once. An event's id goes in here in the transaction of its effect, so that a repeat has none.
create table processed_events (
    event_id text not null,
    project_id text not null,
    processed_at_us bigint not null,
    constraint processed_events_pk primary key (event_id)
);
create index processed_events_by_age on processed_events (processed_at_us);
